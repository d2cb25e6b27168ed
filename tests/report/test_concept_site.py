"""Concepts of a data set as pages: an index and a page of every class."""

import base64
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from concepts_of_digits import ATTACK, classifier, clips, concepts, explained, gallery

from auricle.clip import Clip
from auricle.concepts.learners import build_learner
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError
from auricle.report.concepts import write_site
from auricle.report.concepts.class_page import columns_of, typical
from auricle.report.concepts.crops import Shown, crop_piece, cropped, stretch
from auricle.report.concepts.facts import facts_of, fits_of
from auricle.report.concepts.site import page_name


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    steps = []
    index = write_site(classifier(), concepts(), gallery(), clips().__getitem__, folder, on_step=steps.append)
    assert index == folder / "index.html"
    assert tuple(steps) == gallery().labels
    return folder


def pieces(text):
    found = re.findall(r"<script type=\"application/json\" data-piece>(.*?)</script>", text, re.S)
    return [json.loads(each) for each in found]


def decoded(source):
    return soundfile.read(io.BytesIO(base64.b64decode(source["data"])))


def test_every_class_has_a_page_and_all_links_lead_somewhere(written):
    pages = sorted(path.name for path in written.iterdir())
    assert pages == sorted(["index.html", *(page_name(n, label) for n, label in enumerate(gallery().labels, 1))])
    for path in written.iterdir():
        text = path.read_text()
        assert set(re.findall(r"https?://[^\s'\"<)]+", text)) <= {"http://www.w3.org/2000/svg"}
        links = {each for each in re.findall(r'(?:href|src)="([^"]+)"', text) if not each.startswith("data:")}
        ids = set(re.findall(r' id="([^"]+)"', text))
        for link in links:
            file, _, place = link.partition("#")
            assert file == "" or (written / file).exists()
            assert not (file == "" and place) or place in ids


def test_the_index_tells_classes_concepts_and_the_table(written):
    text = (written / "index.html").read_text()
    assert text.count("hiss") >= 2
    label = gallery().labels[0]
    for value in gallery().table[label].ravel():
        assert f"{100 * value:.0f} %".replace("-", "−") in text
    assert "fitted on" in text.lower()


def test_prototypes_are_as_long_as_their_crops_and_at_their_loudness(written):
    label = gallery().labels[0]
    text = (written / page_name(1, label)).read_text()
    crops = [each for each in pieces(text) if len(each["sources"]) == 2]
    expected = [one for each in gallery().prototypes[label] for one in each]
    assert len(crops) == len(expected) > 0
    for data, prototype in zip(crops, expected, strict=True):
        assert data["seconds"] == pytest.approx(prototype.end - prototype.start)
        (original, rate), (alone, _) = map(decoded, data["sources"])
        assert len(original) == len(alone)
        assert len(original) / rate == pytest.approx(data["seconds"], abs=1.5 / rate)
        if alone.any():
            loud = 20 * np.log10(np.sqrt(np.mean(alone**2)) / np.sqrt(np.mean(original**2)))
            assert -15 < loud < 10


def test_a_crop_shows_and_plays_what_is_there():
    found = explained()
    prototype = replace(gallery().prototypes[gallery().labels[0]][0][0], start=0.1, end=0.3)
    shown = Shown(found)
    data = crop_piece(shown, 0, prototype, "relevance")["data"]
    samples, rate = decoded(data["sources"][0])
    whole = found.clip.mono(8000)[round(0.1 * 8000) : round(0.3 * 8000)]
    inner = slice(round(0.005 * rate), -round(0.005 * rate))
    np.testing.assert_allclose(samples[inner], whole[inner], atol=1e-4)
    assert abs(samples[0]) <= abs(whole[0])
    alone = found.sounds(loudness="equal")[0].kept.samples[0, round(0.1 * 8000) : round(0.3 * 8000)]
    played = decoded(data["sources"][1])[0]
    assert np.corrcoef(played[inner], alone[inner])[0, 1] > 0.999  # but for its level
    picture = shown.pictures[1]
    part = cropped(picture, 0.1, 0.3)
    assert part.axes.seconds[0] == 0
    assert part.axes.seconds[-1] == pytest.approx(0.2)
    column = int(np.searchsorted(picture.axes.seconds, 0.1, side="right")) - 1
    np.testing.assert_array_equal(part.relevance[:, 0], picture.relevance[:, column])


def test_a_stretch_is_faded_and_never_empty():
    clip = Clip(np.ones(8000), 8000, "one")
    part = stretch(clip, 0.5, 0.75)
    assert part.samples.shape == (1, 2000)
    assert part.samples[0, 0] < 0.1
    assert part.samples[0, -1] < 0.1
    assert part.samples[0, 1000] == 1
    assert stretch(clip, 0.5, 0.5).samples.shape == (1, 1)


def test_whole_clips_are_right_ones_with_all_concepts_and_of_different_groups():
    def rows(clip, predicted, shares, group):
        told = {"clip": clip, "predicted": predicted, "label": "a", "group": group}
        return [{**told, "share": share} for share in shares]

    listed = (
        *rows("wrong", "b", (0.5, 0.5), "1"),
        *rows("lopsided", "a", (0.9, 0.1), "2"),
        *rows("even", "a", (0.5, 0.5), "3"),
        *rows("even too", "a", (0.6, 0.4), "3"),
    )
    assert typical(listed, 2, most=2) == ["even", "lopsided"]
    assert typical(listed, 2, most=4) == ["even", "lopsided", "wrong", "even too"]


def test_columns_stack_up_and_hang_down():
    told = columns_of(
        [{"clip": clip, "relevance": value} for clip, value in (("x", 3.0), ("x", -1.0), ("y", 4.0), ("y", 2.0))],
        ("hum", "click"),
        2,
    )
    first, second = told["columns"]
    assert first["title"] == "y: hum 4.00, click 2.00"
    assert [box["top"] for box in first["boxes"]] == pytest.approx([200 / 7, 0])
    assert [box["height"] for box in first["boxes"]] == pytest.approx([400 / 7, 200 / 7])
    assert second["boxes"][1]["top"] == pytest.approx(told["zero"]) == pytest.approx(600 / 7)
    assert second["boxes"][1]["height"] == pytest.approx(100 / 7)


def test_hostile_names_are_escaped(written):
    for path in written.iterdir():
        text = path.read_text()
        assert ATTACK not in text
        assert "<img" not in text


def test_facts_of_any_kind_are_shown():
    rows = [{"method": "drsa", "mean": 0.5, "low": None}, {"method": "random", "mean": 0.75, "draws": 3}]
    found = facts_of(replace(concepts(), facts={"measured": rows, "note": "x", "split": "secret", "of": {"k": 4}}))
    assert [each["name"] for each in found] == ["measured", "note", "of"]
    assert found[0]["heads"] == ["method", "mean", "low", "draws"]
    assert found[0]["rows"] == [["drsa", "0.500", "–", "–"], ["random", "0.750", "–", "3"]]
    assert found[2]["pairs"] == [("k", "4")]


def test_what_a_real_fit_knows_of_itself_is_told():
    generator = torch.Generator().manual_seed(0)
    a, c = (torch.randn(200, 8, generator=generator).relu() for _ in range(2))
    found = build_learner("drsa", concepts=2, steps=20).fit(a, c, held_out=(a, c))
    (row,) = fits_of(replace(concepts(), subspaces={gallery().labels[0]: found}))
    assert re.fullmatch(r"\d\.\d+ to \d\.\d+", row["starts"])
    assert all(row[name] != "–" for name in ("objective", "held_out", "stability", "chance", "learner"))


def test_a_garbage_concept_and_stability_are_told():
    label = gallery().labels[0]
    known = {"learner": "drsa", "stability": 0.9, "stability_by_chance": 0.3, "garbage": [0]}
    other = replace(concepts(), subspaces={label: replace(concepts()[label], statistics=known)})
    (row,) = fits_of(other)
    assert (row["stability"], row["chance"], row["garbage"]) == ("0.900", "0.300", "hiss")


def test_other_concepts_than_the_gallerys_are_refused(tmp_path):
    label = gallery().labels[0]
    other = Subspaces(torch_eye(), (80, 80))
    changed = replace(concepts(), subspaces={**concepts().subspaces, label: other})
    with pytest.raises(AuricleError, match="gathered"):
        write_site(classifier(), changed, gallery(), clips().__getitem__, tmp_path / "site")
    (tmp_path / "file").write_text("")
    with pytest.raises(AuricleError, match="file"):
        write_site(classifier(), concepts(), gallery(), clips().__getitem__, tmp_path / "file")


def torch_eye():
    import torch

    return torch.eye(160)
