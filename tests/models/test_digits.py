"""The bundled model is what its card says, and hears the demo clips right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from auricle import demo
from auricle.classifier import Classifier
from auricle.clip import Clip, load_clip
from auricle.models import BUNDLED, bundled, load_classifier

FSDD = Path(__file__).parents[2] / "../shared/data/fsdd/recordings"
TRUTH = {"five": "five", "nine": "nine", "planted": "four", "seven": "seven", "three": "three"}
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def digits() -> Classifier:
    return load_classifier("digits")


@pytest.fixture(scope="module")
def card() -> dict[str, object]:
    return bundled()["digits"]


def test_it_is_small_and_complete(digits: Classifier) -> None:
    folder = BUNDLED / "digits"
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 2_000_000
    assert digits.labels == DIGITS
    assert not digits.network.training


@pytest.mark.parametrize("path", demo.clips(), ids=lambda path: path.stem)
def test_demo_clips_are_predicted_right_and_surely(digits: Classifier, path: Path) -> None:
    prediction = digits.predict(load_clip(path))
    assert prediction.label == TRUTH[path.stem]
    assert prediction.probability > 0.9


def test_the_digit_may_be_anywhere_at_any_level(digits: Classifier) -> None:
    seven = load_clip(next(path for path in demo.clips() if path.stem == "seven")).mono(8000)
    word = seven[np.flatnonzero(seven)[0] : np.flatnonzero(seven)[-1] + 1]
    spare = 8000 - len(word)
    placed = [np.pad(word, (start, spare - start)) for start in np.linspace(0, spare, 9, dtype=int)]
    heard = torch.from_numpy(np.stack([gain * sound for sound in placed for gain in (0.05, 0.3, 1.3)]))
    probabilities = digits.probabilities(digits.logits(heard))[:, DIGITS.index("seven")]
    assert probabilities.min() > 0.9


def test_silence_is_zero_in_features_and_says_nothing(digits: Classifier) -> None:
    silence = torch.zeros(1, 8000)
    assert digits.frontend(silence).abs().max() == 0
    assert digits.probabilities(digits.logits(silence)).max() < 0.3


def test_planted_parts_are_where_the_truth_says() -> None:
    folder = Path(demo.__file__).parent
    truth = json.loads((folder / "planted.json").read_text())
    clip = load_clip(folder / truth["clip"])
    heard = np.zeros(clip.samples.shape[1], dtype=bool)
    for part in truth["parts"]:
        start, stop = (round(second * clip.sample_rate) for second in part["seconds"])
        assert not heard[start:stop].any(), f"{part['what']} overlaps with another part"
        heard[start:stop] = True
        sound = clip.samples[0, start:stop]
        assert np.abs(sound).max() > 0.1
        if part["hertz"] is not None:
            spectrum = np.abs(np.fft.rfft(sound)) ** 2
            hertz = np.fft.rfftfreq(len(sound), 1 / clip.sample_rate)
            inside = (hertz >= part["hertz"][0] - 50) & (hertz <= part["hertz"][1] + 50)
            assert spectrum[inside].sum() > 0.95 * spectrum.sum()
    assert not clip.samples[0, ~heard].any()


def test_demo_clips_are_small() -> None:
    assert sum(path.stat().st_size for path in demo.clips()) <= 300_000


def test_the_card_has_every_entry(card: dict[str, object]) -> None:
    keys = {
        "summary", "task", "training_data", "accuracy_fsdd_test", "accuracy_leave_one_speaker_out",
        "accuracy_unseen_synthetic_voices", "licence", "recipe", "limits",
    }  # fmt: skip
    assert keys <= set(card)
    for value in card.values():
        lines = value if isinstance(value, list) else [value]
        assert all(isinstance(line, str) for line in lines)


def test_fsdd_accuracy_is_what_the_card_says(digits: Classifier, card: dict[str, object]) -> None:
    if not FSDD.is_dir():
        pytest.skip(f"FSDD's recordings are not at {FSDD}; the model's accuracy cannot be measured")
    paths = [path for take in range(5) for path in sorted(FSDD.glob(f"*_{take}.wav"))]
    assert len(paths) == 300
    right = [digits.predict(load_clip(path)).label == DIGITS[int(path.name[0])] for path in paths]
    accuracy = float(np.mean(right))
    assert accuracy >= 0.97
    stated = float(str(card["accuracy_fsdd_test"]).split("%")[0]) / 100
    assert accuracy == pytest.approx(stated, abs=0.005)


def test_a_long_recording_is_heard_through_windows(digits: Classifier) -> None:
    samples, rate = soundfile.read(next(path for path in demo.clips() if path.stem == "seven"))
    twice = Clip(np.concatenate([np.pad(samples, (0, rate - len(samples)))] * 2), rate)
    assert len(digits.windows(twice).starts) == 2
    assert digits.predict(twice).label == "seven"
