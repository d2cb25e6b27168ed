"""The gallery of concepts: what one pass over clips says of them."""

import dataclasses
import json

import banded_concepts
import numpy as np
import pytest
import torch

from auricle.classifier import Length
from auricle.clip import Clip
from auricle.concepts.concepts import Concepts
from auricle.concepts.explained import explain_concepts
from auricle.concepts.gallery import clip_shares, gather, gathering, load_gallery, map_statistics
from auricle.concepts.learners.orthogonal import haar
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.supply import supply
from auricle.errors import AuricleError
from auricle.methods.lrp import LRP

LAYER = "features.14"
NUMBERS = ("relevance", "share", "strength", "negative_share", "removed", "centroid_hz", "centroid_time")


@pytest.fixture(scope="module")
def concepts(digits):
    """Random ones: "three" with directions that are not at right angles, "nine" with a rest."""
    sizes = {"five": (40,) * 4, "seven": (40,) * 4, "three": (40,) * 4, "nine": (20, 30)}
    found = {
        label: Subspaces(haar(1, 160, sum(each), seed)[0], each) for seed, (label, each) in enumerate(sizes.items())
    }
    oblique = found["three"].basis + 0.3 * haar(1, 160, 160, 9)[0]
    found["three"] = Subspaces(oblique, sizes["three"], torch.linalg.inv(oblique).T)
    return Concepts.of(digits, LAYER, LRP(), found)


@pytest.fixture(scope="module")
def labelled(clips):
    """The demo's digits, whole and cut, and one through two windows."""
    spoken = [(clip, clip.name) for clip in clips if clip.name != "planted"]
    cut = [
        (dataclasses.replace(clip, samples=clip.samples[:, : clip.sample_rate // 2], name=f"{label} cut"), label)
        for clip, label in spoken
    ]
    five = spoken[0][0]
    twice = Clip(np.concatenate([five.samples] * 2, 1), five.sample_rate, "five twice", "twice.wav")
    return [*spoken, *cut, (twice, "five")]


@pytest.fixture(scope="module")
def gallery(digits, concepts, labelled):
    return gather(digits, concepts, labelled, correct=False)


def rows_of(gallery, clip):
    return [row for row in gallery.rows.to_pylist() if row["clip"] == clip]


# --- a row a clip and concept -------------------------------------------------------------------------------


def test_every_clip_has_a_row_for_each_of_its_concepts(gallery, labelled):
    rows = gallery.rows.to_pylist()
    assert len(rows) == sum(3 if label == "nine" else 4 for _, label in labelled)
    assert [row["concept"] for row in rows_of(gallery, "nine")] == [1, 2, 3]
    assert not any(isinstance(value, float) and np.isnan(value) for row in rows for value in row.values())


@pytest.mark.parametrize("name", ["seven", "three", "nine cut", "five twice"])
def test_a_row_is_what_the_clip_alone_says(digits, concepts, gallery, labelled, name):
    clip, label = next(each for each in labelled if each[0].name == name)
    alone = explain_concepts(clip, digits, concepts, target=label)
    rows = rows_of(gallery, name)
    np.testing.assert_allclose([row["relevance"] for row in rows], alone.totals, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose([row["removed"] for row in rows], alone.removed, rtol=1e-3, atol=1e-4)
    for row, values in zip(rows, alone.maps, strict=True):
        for key, value in vars(map_statistics(values, alone.axes, clip.seconds)).items():
            assert row[key] == pytest.approx(value, rel=1e-3), key
        assert 0 <= row["start"] < row["end"] <= clip.seconds
    assert rows[0]["predicted"] == alone.whole.prediction.label
    assert sum(abs(row["share"]) for row in rows) == pytest.approx(1)
    assert rows[0]["source"] == clip.source


def test_strength_and_negative_share_are_of_the_layers_vectors(digits, concepts, gallery, labelled):
    clip = next(clip for clip, _ in labelled if clip.name == "nine")
    heard = digits.windows(clip).samples
    weights = digits.target_weights("nine", torch.zeros(1, 10))
    vectors = supply(digits, heard, weights, layer=LAYER, method=concepts.method)
    a, c = vectors.activation[0].double(), vectors.context[0].double()
    parts = a @ concepts["nine"].projectors().double()  # P is symmetric here: the parts of a in each, and in the rest
    rows = rows_of(gallery, "nine")
    np.testing.assert_allclose([row["strength"] for row in rows], parts.norm(dim=-1).mean(-1), rtol=1e-4)
    each = (parts * c).sum(-1)
    negative = (-each).clamp(min=0).sum(1) / each.abs().sum(1)
    np.testing.assert_allclose([row["negative_share"] for row in rows], negative, rtol=1e-3)


def test_neither_the_order_of_clips_nor_the_batches_matter(digits, concepts, gallery, labelled, monkeypatch):
    monkeypatch.setattr(clip_shares, "AT_ONCE", 1)
    monkeypatch.setattr(gathering, "AT_ONCE", 1)
    other = gather(digits, concepts, iter(labelled[::-1]), correct=False)
    assert other.rows.select(["label", "clip", "concept"]).equals(gallery.rows.select(["label", "clip", "concept"]))
    for name in NUMBERS:
        np.testing.assert_allclose(other.rows[name].to_numpy(), gallery.rows[name].to_numpy(), rtol=1e-3, atol=1e-4)
    for label in gallery.labels:
        np.testing.assert_allclose(other.table[label], gallery.table[label], atol=1e-4)
        for mine, theirs in zip(gallery.prototypes[label], other.prototypes[label], strict=True):
            assert [each.clip for each in mine] == [each.clip for each in theirs]


def test_clips_are_not_kept(digits, concepts, labelled):
    """Each goes as soon as its batch is done."""
    alive, most = 0, 0

    class Counted(Clip):
        def __del__(self):
            nonlocal alive
            alive -= 1

    def stream():
        nonlocal alive, most
        short = [(clip, label) for clip, label in labelled if clip.name.endswith("cut") and label != "nine"]
        for number in range(60):
            clip, label = short[number % 3]
            alive += 1
            most = max(most, alive)
            yield Counted(clip.samples, clip.sample_rate, f"{number}"), label

    assert gather(digits, concepts, stream(), prototypes=2, correct=False).rows.num_rows == 60 * 4
    assert most <= clip_shares.AT_ONCE + 2


# --- prototypes, statistics, table --------------------------------------------------------------------------


def test_prototypes_are_the_best_of_the_rows(digits, concepts, gallery, labelled):
    table = gallery.rows.to_pylist()
    for label in gallery.labels:
        for k, chosen in enumerate(gallery.prototypes[label]):
            rows = {row["clip"]: row for row in table if row["label"] == label and row["concept"] == k + 1}
            best = max(row["relevance"] for row in rows.values())
            assert [each.score for each in chosen][:1] == [best][: best > 0]
            for each in chosen:
                row = rows[each.clip]
                assert (each.score, each.start, each.end) == (row["relevance"], row["start"], row["end"])
    few = gather(
        digits, concepts, labelled, rank="activation", prototypes=1, correct=False,
        group_of=lambda clip: "one speaker",
    )  # fmt: skip
    (only,) = few.prototypes["seven"][2]
    rows = [row for row in few.rows.to_pylist() if row["label"] == "seven" and row["concept"] == 3]
    assert only.score == max(row["strength"] for row in rows)
    assert only.group == "one speaker"


def test_a_file_shows_a_concept_once_however_it_was_cut(gallery):
    # "five" and "five cut" come from one file, "five twice" from another
    for chosen in gallery.prototypes["five"]:
        assert len({each.source for each in chosen}) == len(chosen) <= 2


def test_statistics_are_means_over_the_clips_of_the_class(gallery):
    rows = [row for row in gallery.rows.to_pylist() if row["label"] == "five"]
    relevance = np.array([row["relevance"] for row in rows]).reshape(-1, 4)
    for k, found in enumerate(gallery.statistics["five"]):
        own = [row for row in rows if row["concept"] == k + 1]
        for name in ("share", "removed", "centroid_hz", "active_share"):
            assert found[name].mean == pytest.approx(np.mean([row[name] for row in own]))
            assert found[name].low <= found[name].mean <= found[name].high
            assert found[name].clips == 3
        assert found["leads"].mean == pytest.approx(np.mean(relevance.argmax(1) == k))
        mean = relevance.mean(0)
        assert found["class_share"].mean == pytest.approx(mean[k] / np.abs(mean).sum())
    assert sum(each["leads"].mean for each in gallery.statistics["five"]) == pytest.approx(1)


def test_the_table_has_every_concepts_share_of_every_class(digits, concepts, gallery, labelled):
    assert gallery.labels == ("five", "seven", "three", "nine")
    for place, other in enumerate(gallery.labels):
        for of in ("nine", "three"):
            totals = [
                explain_concepts(clip, digits, concepts, target=label, label=of).totals
                for clip, label in labelled
                if label == other
            ]
            shares = np.mean([each / np.abs(each).sum() for each in totals], 0)
            np.testing.assert_allclose(gallery.table[of][:, place], shares, atol=1e-4)
    own = [each["share"].mean for each in gallery.statistics["seven"]]
    np.testing.assert_allclose(gallery.table["seven"][:, 1], own, atol=1e-4)


# --- concepts that are known --------------------------------------------------------------------------------


def test_a_concept_is_found_where_its_sound_is():
    model = banded_concepts.classifier()
    low = banded_concepts.tone(100, 0.2, 0.5, "hum")
    high = banded_concepts.tone(400, 0.6, 0.8, "whistle")
    both = Clip(low.samples + high.samples, banded_concepts.RATE, "both")
    gallery = gather(model, banded_concepts.concepts(model), [(both, "low"), (low, "low"), (high, "high")])
    hum, whistle, rest = rows_of(gallery, "both")
    assert hum["centroid_hz"] == pytest.approx(100, abs=10)
    assert hum["bandwidth_hz"] < 40
    assert 0.1 < hum["start"] < 0.27 < 0.43 < hum["end"] < 0.6
    assert hum["centroid_time"] == pytest.approx(0.35, abs=0.02)
    assert hum["active_share"] == pytest.approx(0.3, abs=0.06)
    assert hum["onsets_per_second"] == pytest.approx(1, abs=0.05)
    assert hum["removed"] == pytest.approx(hum["relevance"], rel=1e-4)  # nothing here makes up for what is missing
    assert (whistle["relevance"] < 0, whistle["negative_share"]) == (True, pytest.approx(1))
    assert (rest["relevance"], rest["share"], rest["negative_share"]) == (0, 0, 0)
    assert rest["strength"] > 0
    assert rest["centroid_hz"] is None
    assert (rest["start"], rest["end"]) == (0, 1)


def test_a_concept_without_relevance_has_no_prototype_and_no_nan():
    model = banded_concepts.classifier()
    clips = [(banded_concepts.tone(100, 0.1, 0.1 + 0.1 * length, f"{length}"), "low") for length in (1, 2, 3, 4)]
    gallery = gather(model, banded_concepts.concepts(model), clips)
    hum, whistle, rest = gallery.prototypes["low"]
    assert [each.clip for each in hum] == ["4", "3", "2", "1"]  # the longer, the more
    assert rest == ()
    assert len(whistle) == 0
    found = gallery.statistics["low"][2]
    assert found["centroid_hz"] is None
    assert found["relevance"].mean == found["class_share"].mean == 0
    assert "NaN" not in json.dumps(gallery.card())
    ranked = gather(model, banded_concepts.concepts(model), clips, rank="activation").prototypes["low"][2]
    assert (ranked[0].start, ranked[0].end) == (0.0, 1.0)  # it is there, but speaks for nothing


def test_a_network_may_hear_clips_at_their_own_length():
    model = banded_concepts.classifier(Length())
    own = banded_concepts.concepts(model)
    clips = [
        banded_concepts.tone(100, 0.5 * seconds, 0.5 * seconds + 0.3, f"{seconds}", seconds=seconds)
        for seconds in (0.7, 1.0, 1.0, 2.5)
    ]
    gallery = gather(model, own, [(clip, "low") for clip in clips])
    for clip in clips:
        hum = rows_of(gallery, clip.name)[0]
        assert hum["relevance"] == pytest.approx(explain_concepts(clip, model, own, target="low").totals[0])
        assert hum["centroid_time"] == pytest.approx(0.5 + 0.15 / clip.seconds, abs=0.02)
        assert 0 <= hum["start"] < 0.5 * clip.seconds + 0.15 < hum["end"] <= clip.seconds


def test_intervals_are_over_speakers_where_they_are_known():
    model = banded_concepts.classifier()
    loud = {f"{speaker}{take}": speaker for speaker in range(5) for take in range(8)}
    clips = [
        (banded_concepts.tone(100, 0.2, 0.6, name, loud=0.1 * (speaker + 1) + 0.001 * int(name[1:])), "low")
        for name, speaker in loud.items()
    ]
    own = banded_concepts.concepts(model)
    alone = gather(model, own, clips)
    grouped = gather(model, own, clips, group_of=lambda clip: clip.name[0], prototypes=5)
    one, other = alone.statistics["low"][0]["relevance"], grouped.statistics["low"][0]["relevance"]
    assert one.mean == pytest.approx(other.mean)
    assert other.high - other.low > 2 * (one.high - one.low)
    assert sorted(each.group for each in grouped.prototypes["low"][0]) == ["0", "1", "2", "3", "4"]
    assert [each.clip for each in alone.prototypes["low"][0]][:2] == ["47", "46"]


# --- what cannot be explained -------------------------------------------------------------------------------


def test_clips_that_cannot_be_heard_are_told_and_counted(digits, concepts, labelled):
    silent = Clip(np.zeros(8000, np.float32), 8000, "hush")
    click = Clip(np.ones(3, np.float32), 8000, "click")
    told, done = [], []
    found = gather(
        digits,
        concepts,
        [(silent, "five"), *labelled[:2], (click, "five")],
        on_failure=lambda name, error: told.append((name, str(error))),
        on_clip=lambda clip: done.append(clip.name),
    )
    assert [name for name, _ in told] == ["hush", "click"]
    assert found.failed == 2
    assert done == [clip.name for clip, _ in labelled[:2]]
    with pytest.raises(AuricleError, match="hush is silent"):
        gather(digits, concepts, [(silent, "five")])


def test_a_clip_that_spoils_its_batch_fails_alone(digits, concepts, labelled, monkeypatch):
    whole = gathering.clip_shares

    def refusing(classifier, concepts, clips):
        if any(each.clip.name == "seven" for each in clips):
            raise AuricleError("logits that are NaN")
        return whole(classifier, concepts, clips)

    monkeypatch.setattr(gathering, "clip_shares", refusing)
    told = []
    found = gather(digits, concepts, labelled[:4], on_failure=lambda name, _: told.append(name))
    assert told == ["seven"]
    assert set(found.labels) == {"five", "nine", "three"}


def test_clips_that_the_model_gets_wrong_are_counted_and_left_out(digits, concepts, labelled):
    five, nine = labelled[0], next(each for each in labelled if each[1] == "nine")
    misnamed = (dataclasses.replace(five[0], name="misnamed"), "nine")
    found = gather(digits, concepts, [five, nine, misnamed])
    assert found.wrong == {"nine": 1}
    assert set(found.rows["clip"].to_pylist()) == {"five", "nine"}
    everything = gather(digits, concepts, [five, nine, misnamed], correct=False)
    assert everything.wrong == {}
    assert {row["predicted"] for row in rows_of(everything, "misnamed")} == {"five"}
    with pytest.raises(AuricleError, match="1 taken for something else"):
        gather(digits, concepts, [misnamed])


def test_classes_without_concepts_are_counted_and_left_out(digits, concepts, labelled):
    others = [(labelled[0][0], "zero"), (labelled[1][0], "zero"), (labelled[2][0], "eight")]
    found = gather(digits, concepts, [*others, *labelled[:1]])
    assert found.skipped == {"zero": 2, "eight": 1}
    assert found.labels == ("five",)
    with pytest.raises(AuricleError, match=r"no clip shows these concepts \(3 of classes without.*labelled five"):
        gather(digits, concepts, others)


def test_what_is_asked_for_must_make_sense(digits, concepts, labelled):
    with pytest.raises(AuricleError, match="ranked by"):
        gather(digits, concepts, labelled, rank="loudness")
    with pytest.raises(AuricleError, match="0 prototypes"):
        gather(digits, concepts, labelled, prototypes=0)
    with pytest.raises(AuricleError, match="another model"):
        gather(banded_concepts.classifier(), concepts, labelled)


# --- files --------------------------------------------------------------------------------------------------


def test_a_gallery_comes_back_as_it_was(gallery, concepts, tmp_path):
    gallery.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gallery.json", "gallery.parquet"]
    back = load_gallery(tmp_path, concepts.named("five", 1, "hiss"))  # a name changes nothing
    assert back.rows.equals(gallery.rows)
    assert back.card() == gallery.card()
    assert (back.labels, back.prototypes, back.rank) == (gallery.labels, gallery.prototypes, "relevance")
    assert back.statistics["nine"][2]["relevance"] == gallery.statistics["nine"][2]["relevance"]
    np.testing.assert_array_equal(back.table["nine"], gallery.table["nine"])


def test_a_gallery_of_other_concepts_or_damaged_is_refused(gallery, concepts, tmp_path):
    with pytest.raises(AuricleError, match=r"holds no gallery\.json"):
        load_gallery(tmp_path)
    gallery.save(tmp_path)
    again = {**concepts.subspaces, "five": Subspaces(haar(1, 160, 160, 99)[0], (40,) * 4)}
    with pytest.raises(AuricleError, match="gathered with other concepts"):
        load_gallery(tmp_path, dataclasses.replace(concepts, subspaces=again))
    (tmp_path / "gallery.json").write_text('{"concepts": "x"}')
    with pytest.raises(AuricleError, match="is damaged"):
        load_gallery(tmp_path)
    gallery.save(tmp_path)
    (tmp_path / "gallery.parquet").write_bytes(b"no table")
    with pytest.raises(AuricleError, match="is damaged"):
        load_gallery(tmp_path)
