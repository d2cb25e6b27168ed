"""Zeroing: against closed forms of a linear model, on a planted cause, and on real speech."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest
import torch
from linear_listener import RATE, SAMPLES, example, listener, sigmoid
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.datasets import open_dataset
from auricle.errors import AuricleError
from auricle.evaluation.manipulation import ORDERS, as_example, zeroing
from auricle.frontends import STFT, Decibel, MelSpectrogram

SHARES = (0, 1, 10, 50, 100)


def noise(seed: int = 0, n: int = SAMPLES) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32)


def without(samples: np.ndarray, first: np.ndarray, count: int) -> np.ndarray:
    """The samples without the ``count`` largest of ``first``."""
    rest = samples.astype(float)
    rest[np.argsort(-first)[:count]] = 0.0
    return rest


@pytest.mark.parametrize("length", [SAMPLES, 600])
@pytest.mark.parametrize("method", ["input-x-gradient", "ig"])
def test_a_linear_model_falls_as_its_weights_say(length: int, method: str) -> None:
    weights, samples = np.random.default_rng(1).normal(0, 1, SAMPLES), noise(n=length)
    found = zeroing([example(samples, listener(weights))], method=method, steps=SHARES)
    relevance = weights[:length] * samples
    for step, share in enumerate(SHARES):
        count = round(share / 100 * length)  # of the clip: 400 samples of padding are nothing to silence
        for order, values in (("relevance", relevance), ("loudness", np.abs(samples))):
            logit = weights[:length] @ without(samples, values, count)
            assert found.curve(order, "probability")[step].mean == pytest.approx(sigmoid(logit), abs=1e-6)
            assert found.curve(order, "accuracy")[step].mean == float(logit > 0)


def test_the_level_is_that_of_the_whole_clip() -> None:
    weights, samples = np.random.default_rng(2).normal(0, 0.1, SAMPLES), noise(3)
    found = zeroing([example(samples, listener(weights, normalisation="percentile"))], method="ig", steps=[0, 20])
    level = np.quantile(samples, 0.95) + 0.001
    expected = weights @ without(samples, np.abs(samples), 200) / level
    assert found.curve("loudness", "probability")[1].mean == pytest.approx(sigmoid(expected), abs=1e-5)


def test_random_orders_take_their_share_of_everything() -> None:
    samples = np.full(SAMPLES, 0.1)
    found = zeroing([example(samples, listener(np.full(SAMPLES, 0.05)))], method="ig", steps=[0, 30, 100], draws=3)
    expected = [sigmoid(0.1 * 0.05 * SAMPLES * share) for share in (1.0, 0.7, 0.0)]
    assert [each.mean for each in found.curve("random", "probability")] == pytest.approx(expected, abs=1e-6)


def test_equal_samples_go_in_no_order_of_time() -> None:
    """Where all are equally loud, the first tenth must not go first."""
    weights = np.where(np.arange(SAMPLES) < SAMPLES // 10, 0.5, 0.0)
    found = zeroing([example(np.full(SAMPLES, 0.1), listener(weights))], method="ig", steps=[0, 10])
    kept = found.curve("loudness", "probability")[1].mean
    assert sigmoid(0.1 * 0.5 * 100 * 0.8) < kept < sigmoid(0.1 * 0.5 * 100)
    assert found.curve("relevance", "probability")[1].mean == pytest.approx(0.5)


def test_a_quiet_cause_is_found_by_relevance_alone() -> None:
    """The model hears a quiet stretch; loud noise elsewhere means nothing to it."""
    weights = np.zeros(SAMPLES)
    weights[400:450] = 20.0
    examples = []
    for number in range(12):
        samples = noise(number)
        samples[400:450] = 0.005
        examples.append(example(samples, listener(weights), str(number)))
    found = zeroing(examples, method="lrp", steps=[0, 1, 2, 5, 10, 20])
    assert found.curve("relevance", "probability")[3].mean == pytest.approx(0.5)
    assert found.curve("loudness", "probability")[-1].mean > 0.95
    assert found.below("loudness").high < -0.2
    assert found.below("random").high < -0.2
    assert found.sentence == "Silenced by relevance, the curve is lower than by loudness and lower than at random."


class Sum(nn.Module):
    """Logits 0 and the mean of what it is given."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        mean = features.flatten(1).mean(1)
        return torch.stack([torch.zeros_like(mean), 3 * mean], 1)


@pytest.mark.parametrize("layout", ["channel", "plain", "transposed", "patches"])
def test_cells_of_a_spectrogram_become_what_silence_is(layout: str) -> None:
    front = MelSpectrogram(
        sample_rate=RATE,
        stft_settings=STFT(n_fft=64, hop=20),
        n_mels=8,
        compression=Decibel(of="magnitude", scale=80.0),
        layout=layout,  # type: ignore[arg-type]
        patch=16,
    )
    classifier = Classifier(Sum(), frontend=front, labels=["no", "yes"], length=Length(seconds=1.0))
    found = zeroing([example(noise(5), classifier)], method="ig", steps=[0, 50, 100])
    silent = classifier.probabilities(classifier.logits(torch.zeros(1, SAMPLES)))[0, 1]
    for order in ORDERS:
        assert found.curve(order, "probability")[2].mean == pytest.approx(float(silent), abs=1e-5)
    values = front.to_map(front(torch.as_tensor(noise(5))[None])).flatten().numpy().astype(float)
    frames = 51  # the last patch is filled up with silence, which is no part of the clip
    inside = values.reshape(8, -1)[:, :frames].ravel()
    quiet = values.sum() - np.sort(inside)[::-1][: len(inside) // 2].sum() - len(inside) // 2
    assert found.curve("loudness", "probability")[1].mean == pytest.approx(sigmoid(3 * quiet / len(values)), abs=1e-4)


def test_windows_count_as_one_clip() -> None:
    """A clip of two windows: half of the whole clip's samples go, whichever window they are in."""
    weights = np.full(SAMPLES, 0.02)
    samples = np.concatenate([np.full(SAMPLES, 0.2), np.full(SAMPLES, 0.1)])
    found = zeroing([example(samples, listener(weights))], method="ig", steps=[0, 50])
    assert found.curve("loudness", "probability")[1].mean == pytest.approx(sigmoid(0.02 * 0.1 * SAMPLES / 2), abs=1e-6)


def test_a_clip_s_curve_depends_on_no_other_clip() -> None:
    weights = np.random.default_rng(1).normal(0, 1, SAMPLES)
    model = listener(weights)
    examples = [example(noise(seed), model, str(seed)) for seed in range(4)]
    together, alone = zeroing(examples, method="ig", seed=3), zeroing(examples[2:3], method="ig", seed=3)
    np.testing.assert_allclose(together.probability[2], alone.probability[0], atol=1e-12)
    again = zeroing(examples, method="ig", seed=3)
    np.testing.assert_array_equal(together.probability, again.probability)
    other = zeroing(examples, method="ig", seed=4)
    assert (together.probability[:, 2] != other.probability[:, 2]).any()


def test_tables_hold_every_figure() -> None:
    model = listener(np.ones(SAMPLES))
    examples = [
        example(noise(n), model, str(n), speaker="ab"[n % 2], split=f"f{n % 2}", predicted="yes") for n in range(4)
    ]
    found = zeroing(examples, method="ig", steps=[0, 10], group="speaker")
    table = found.table()
    assert table.num_rows == 6
    means = [found.correct[:, 0, 1][[0, 2]].mean(), found.correct[:, 0, 1][[1, 3]].mean()]
    row = table.filter((pc.field("order") == "relevance") & (pc.field("share") == 10)).to_pylist()[0]
    assert row["accuracy"] == pytest.approx(found.correct[:, 0, 1].mean())
    assert row["accuracy_fold_mean"] == pytest.approx(np.mean(means))
    assert row["accuracy_fold_std"] == pytest.approx(np.std(means, ddof=1))
    clips = found.clips()
    assert clips.num_rows == 4 * 3 * 2
    assert {"id", "actual", "speaker", "split", "order", "share", "probability", "correct"} == set(clips.column_names)
    chosen = clips.filter((pc.field("id") == "2") & (pc.field("order") == "loudness"))
    np.testing.assert_array_equal(chosen["probability"].to_numpy(), found.probability[2, 1])
    assert "values of speaker" in found.interval_words


def test_what_cannot_be_heard_is_told_and_the_others_go_on() -> None:
    model = listener(np.ones(SAMPLES))
    examples = [example(np.zeros(500), model, "hush"), example(noise(), model, "sound")]
    found = zeroing(examples, method="ig", steps=[0, 5])
    assert [row["id"] for row in found.rows] == ["sound"]
    assert "silent" in found.failures["hush"]
    with pytest.raises(AuricleError, match="no clip could be heard: hush is silent"):
        zeroing([example(np.zeros(500), model, "hush")])


def test_bad_requests() -> None:
    one = example(noise(), listener(np.ones(SAMPLES)))
    with pytest.raises(AuricleError, match="weighs parts"):
        zeroing([one], method="lime")
    with pytest.raises(AuricleError, match="per cent"):
        zeroing([one], steps=[0, 120])
    with pytest.raises(AuricleError, match="at least 1"):
        zeroing([one], draws=0)
    with pytest.raises(AuricleError, match='no label "maybe"'):
        zeroing([one._replace(row={"id": "one", "actual": "maybe"})])
    with pytest.raises(AuricleError, match="no actual"):
        as_example({"id": "x"}, Clip(noise(), RATE), listener(np.ones(SAMPLES)))


def test_in_speech_relevance_finds_what_the_model_needs(fsdd: Clip, digits: Classifier) -> None:
    """40 clips of six speakers: silencing by relevance hurts most, random cells hardly matter."""
    data = open_dataset(f"fsdd:{fsdd.source.rsplit('/', 1)[0]}")  # type: ignore[union-attr]
    data = data.filter(take=[0, 1, 2, 3, 4])
    rows = [data.row(int(n)) for n in np.random.default_rng(0).choice(len(data), 40, replace=False)]
    examples = [as_example({**row, "actual": row["digit"]}, data.load(row), digits) for row in rows]
    found = zeroing(examples, method="lrp", draws=2, group="speaker")
    area = {order: found.area(order).mean for order in ORDERS}
    assert area["relevance"] < area["loudness"] < area["random"]
    assert found.below("random").high < -0.1
    assert all(found.curve(order)[0].mean > 0.95 for order in ORDERS)
