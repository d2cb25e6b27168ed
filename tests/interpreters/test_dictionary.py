"""A dictionary learnt from clips: what it holds, keeps, refuses, sounds and looks like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from planted_spectra import GRID, RATE, tones

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import STFT
from auricle.interpreters import (
    Dictionary,
    SparseNMF,
    component_alone,
    component_sounds,
    draw_dictionary,
    joined,
    learn_dictionary,
    load_dictionary,
)
from auricle.interpreters.picture import stripes

NMF = SparseNMF(components=3, sparsity=0.01)


@pytest.fixture(scope="module")
def learnt() -> Dictionary:
    return learn_dictionary([tones(500, 1500), tones(3000, 500)], grid=GRID, sample_rate=RATE, nmf=NMF)


@pytest.mark.parametrize("domain", ["magnitude", "log1p"])
def test_tones_are_learnt_as_columns(domain: str) -> None:
    heard: list[str] = []
    clips = [tones(500, 1500, name="a"), tones(3000, 500, name="b")]
    found = learn_dictionary(
        clips, grid=GRID, sample_rate=RATE, nmf=NMF, domain=domain, on_clip=lambda clip: heard.append(clip.name)
    )
    loudest = sorted(found.hertz[found.columns.argmax(0).numpy()])
    np.testing.assert_allclose(loudest, [500, 1500, 3000], atol=RATE / GRID.n_fft)
    assert heard == ["a", "b"]
    assert found.domain == domain


def test_clips_are_taken_one_after_the_other_in_batches() -> None:
    waiting = 0

    def clips() -> Iterator[Clip]:
        nonlocal waiting
        for number in range(30):
            waiting = max(waiting, number - heard)
            yield tones(500, 1500, 3000, seconds=0.2, level=0.1 + 0.02 * number)

    heard = 0

    def hear(clip: Clip) -> None:
        nonlocal heard
        heard += 1

    found = learn_dictionary(clips(), grid=GRID, sample_rate=RATE, nmf=NMF, frames=100, on_clip=hear)
    assert len(found.history) > 10
    assert waiting == 0
    loudest = sorted(found.hertz[found.columns.argmax(0).numpy()])
    np.testing.assert_allclose(loudest, [500, 1500, 3000], atol=RATE / GRID.n_fft)


def test_saved_and_read_again(learnt: Dictionary, tmp_path: Path) -> None:
    again = load_dictionary(learnt.save(tmp_path / "of tones"))
    assert torch.equal(again.columns, learnt.columns)
    assert (again.groups, again.grid, again.sample_rate) == (learnt.groups, learnt.grid, learnt.sample_rate)
    assert (again.domain, again.nmf, again.history) == (learnt.domain, learnt.nmf, learnt.history)


@pytest.mark.parametrize("damage", ["cut weights", "cut card", "no groups", "other groups", "bad setting"])
def test_a_damaged_file_is_told(damage: str, learnt: Dictionary, tmp_path: Path) -> None:
    learnt.save(tmp_path)
    card, weights = tmp_path / "dictionary.json", tmp_path / "dictionary.safetensors"
    values = json.loads(card.read_text())
    if damage == "cut weights":
        weights.write_bytes(weights.read_bytes()[:40])
    elif damage == "cut card":
        card.write_text(card.read_text()[:40])
    else:
        wrong = {"no groups": ("groups", None), "other groups": ("groups", ["a"]), "bad setting": ("nmf", {"beta": 7})}
        key, value = wrong[damage]
        card.write_text(json.dumps({**values, key: value}))
    with pytest.raises(AuricleError, match="damaged"):
        load_dictionary(tmp_path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match=r"holds no dictionary\.json"):
        load_dictionary(tmp_path)


def test_another_rate_or_stft_is_refused_with_both_settings(learnt: Dictionary) -> None:
    learnt.check(GRID, RATE)
    with pytest.raises(AuricleError, match=r"at 8000 Hz on STFT\(n_fft=256.*at 16000 Hz on STFT\(n_fft=256"):
        learnt.check(GRID, 16000)
    with pytest.raises(AuricleError, match=r"n_fft=256, hop=64.*n_fft=256, hop=128"):
        learnt.check(STFT(n_fft=256, hop=128), RATE)


def test_nothing_to_learn_is_told() -> None:
    silence = Clip(np.zeros(4000, np.float32), RATE)
    for clips in ([], [silence]):
        with pytest.raises(AuricleError, match="nothing to learn"):
            learn_dictionary(clips, grid=GRID, sample_rate=RATE, nmf=NMF)
    with pytest.raises(AuricleError, match="beside is a dictionary of log1p"):
        learn_dictionary(
            [tones(500)], grid=GRID, sample_rate=RATE, nmf=NMF, domain="magnitude",
            beside=learn_dictionary([tones(500)], grid=GRID, sample_rate=RATE, nmf=NMF),
        )  # fmt: skip


def test_groups_beside_noise_are_joined() -> None:
    one = SparseNMF(components=1, sparsity=0.01)
    noise = learn_dictionary([tones(3000)], grid=GRID, sample_rate=RATE, nmf=one, group="noise")
    low = learn_dictionary([tones(500, 3000)], grid=GRID, sample_rate=RATE, nmf=one, group="low", beside=noise)
    both = joined([low, noise])
    assert both.groups == ("low", "noise")
    np.testing.assert_allclose(both.hertz[both.columns.argmax(0).numpy()], [500, 3000], atol=RATE / GRID.n_fft)
    other = learn_dictionary([tones(500)], grid=STFT(n_fft=512, hop=64), sample_rate=RATE, nmf=one)
    with pytest.raises(AuricleError, match="n_fft=512"):
        joined([both, other])
    assert joined([low, low]).without_redundant(0.99).groups == ("low",)


def test_component_sounds_add_up_to_the_clip(learnt: Dictionary, clips: list[Clip]) -> None:
    for clip in (tones(500, 1500, 3000), clips[0]):
        sounds = component_sounds(learnt, clip)
        whole = torch.tensor(clip.mono(RATE), dtype=torch.float64)
        assert sounds.shape == (3, len(whole))
        torch.testing.assert_close(sounds.sum(0), whole, atol=1e-6, rtol=0)


def test_each_component_sounds_where_its_tone_does(learnt: Dictionary) -> None:
    sounds = component_sounds(learnt, tones(500, 1500, 3000))
    for part, hertz in enumerate((500, 1500, 3000)):
        k = int(np.abs(learnt.centroids() - hertz).argmin())
        energy = sounds[:, part * 4000 + 500 : part * 4000 + 3500].square().sum(1)
        assert float(energy[k] / energy.sum()) > 0.9
    with pytest.raises(AuricleError, match="not of this clip"):
        component_sounds(learnt, tones(500), torch.ones(3, 4))


def test_a_component_alone_has_its_spectrum(learnt: Dictionary) -> None:
    for k in range(3):
        sound = component_alone(learnt, k, seconds=0.5)
        assert len(sound) == 4000
        assert float(sound.abs().max()) == pytest.approx(0.5)
        spectrum = torch.fft.rfft(sound).abs()
        loudest = float(spectrum.argmax()) * 2
        assert loudest == pytest.approx(learnt.hertz[int(learnt.columns[:, k].argmax())], abs=2 * RATE / GRID.n_fft)
    with pytest.raises(AuricleError, match="no component 3; they are counted from 0 to 2"):
        component_alone(learnt, 3)


def test_the_picture_sorts_columns_by_centroid_within_groups(learnt: Dictionary) -> None:
    order = stripes(learnt)
    assert (np.diff(learnt.centroids()[order]) > 0).all()
    both = joined([learnt, learnt.only([1])])
    both = Dictionary(both.columns, ("a", "a", "a", "$b_1$"), GRID, RATE)
    assert stripes(both) == [*order, 3]
    figure = draw_dictionary(both)
    figure.canvas.draw()
    panel = figure.axes[0]
    shown = panel.images[0].get_array()
    expected = both.columns[:, stripes(both)]
    np.testing.assert_allclose(shown, (expected / expected.max(0).values).numpy(), rtol=1e-5)
    assert panel.get_ylim() == (0, RATE / 2)


def test_columns_that_do_not_fit_are_told() -> None:
    with pytest.raises(AuricleError, match=r"give \[129, 2\]"):
        Dictionary(torch.rand(100, 2), ("a", "b"), GRID, RATE)
    with pytest.raises(AuricleError, match="negative"):
        Dictionary(-torch.rand(129, 1), ("a",), GRID, RATE)
    with pytest.raises(AuricleError, match='"power"'):
        Dictionary(torch.rand(129, 1), ("a",), GRID, RATE, "power")  # type: ignore[arg-type]
