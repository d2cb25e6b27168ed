"""What is varied while training does to sound and maps what it says, and nothing else."""

from __future__ import annotations

import pytest
import torch

from auricle import demo, load_clip
from auricle.classifier import Classifier
from auricle.frontends.presets import preset
from auricle.training.augment import vary_features, vary_samples
from auricle.training.learner import Learner
from auricle.training.recipe import Augment, read_recipe

RATE = 8000


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clicks(count: int = 64) -> torch.Tensor:
    samples = torch.zeros(count, RATE)
    samples[:, 4000] = 1.0
    return samples


def varied(samples: torch.Tensor, seed: int = 0, **settings: object) -> torch.Tensor:
    augment = Augment.model_validate(settings)
    return vary_samples(samples, augment, sample_rate=RATE, generator=drawn(seed))


@pytest.fixture(scope="module")
def spoken() -> torch.Tensor:
    """A spoken word, ``[1, n]``."""
    return torch.tensor(load_clip(demo.clip("seven")).mono(RATE)).reshape(1, -1)


def correlation(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Σ_t one(t + lag) other(t) for lags from 0, ``[B, n]``."""
    n = one.shape[1]
    spectra = torch.fft.rfft(one, 2 * n) * torch.fft.rfft(other, 2 * n).conj()
    return torch.fft.irfft(spectra, 2 * n)[:, :n]


def test_nothing_is_varied_unless_asked() -> None:
    samples = torch.randn(3, 100)
    assert torch.equal(varied(samples), samples)
    assert not Augment().of_samples
    assert not Augment().of_features


def test_shift_moves_the_sound_within_its_bounds_and_lets_silence_in() -> None:
    moved = varied(clicks(), shift=0.1)
    places = moved.argmax(1) - 4000
    assert places.abs().max() <= 800
    assert places.unique().numel() > 30
    assert (moved.sum(1) == 1).all()
    assert varied(torch.ones(8, RATE), shift=0.5).sum(1).min() < RATE


def test_gain_is_in_decibels() -> None:
    level = 20 * varied(clicks(), gain=[-12, 3]).amax(1).log10()
    assert level.min() >= -12.01
    assert level.max() <= 3.01
    assert level.std() > 2


def test_gain_is_heard_behind_a_front_end_that_sets_the_level() -> None:
    front = preset("gtzan-mel")
    classifier = Classifier(torch.nn.Identity(), frontend=front, labels=["a", "b"])
    recipe = read_recipe("gtzan-melcnn").model_copy(update={"augment": Augment(gain=(-20, -20))})
    samples = torch.randn(2, 48000, generator=drawn())
    heard = Learner(classifier, recipe, steps=1, seed=0)._heard(samples)
    loud = front(samples) > -2  # far from the floor
    torch.testing.assert_close(heard[loud], front(samples)[loud] - 1, atol=1e-4, rtol=0)


def test_noise_has_the_asked_ratio_and_share() -> None:
    samples = torch.sin(torch.arange(RATE) / 3).repeat(200, 1)
    noise = varied(samples, noise=[20, 20], noise_share=0.5) - samples
    loud = noise.abs().amax(1) > 0
    assert 70 < loud.sum() < 130
    ratio = 20 * (samples[loud].square().mean(1) / noise[loud].square().mean(1)).sqrt().log10()
    torch.testing.assert_close(ratio, torch.full_like(ratio, 20.0), atol=0.01, rtol=0)


def test_pitch_moves_by_semitones_at_the_same_speed() -> None:
    tone = torch.sin(2 * torch.pi * 500 * torch.arange(RATE) / RATE).repeat(8, 1)
    for semitones, hertz in ((12, 1000), (-5, 500 * 2 ** (-5 / 12))):
        moved = varied(tone, pitch=[semitones, semitones], pitch_share=1)
        assert moved.shape == tone.shape
        assert (torch.fft.rfft(moved).abs().argmax(1) - hertz).abs().max() < 3  # one bin is one hertz
    some = varied(tone.repeat(8, 1), pitch=[-12, 12], pitch_share=0.3)
    places = torch.fft.rfft(some).abs().argmax(1)
    assert 9 < (places != 500).sum() < 31
    assert places.min() >= 248
    assert places.max() <= 1002


@pytest.mark.parametrize(("settings", "at_cutoff", "kept"), [
    ({"low_pass": [1000, 1000]}, 1000, 200), ({"high_pass": [1000, 1000]}, 1000, 3900),
])  # fmt: skip
def test_filters_halve_the_power_at_their_cutoff(settings: dict[str, list[int]], at_cutoff: int, kept: int) -> None:
    response = torch.fft.rfft(varied(clicks(), filter_share=0.5, **settings)).abs()
    filtered = response[:, at_cutoff] < 0.99
    assert 16 < filtered.sum() < 48
    torch.testing.assert_close(response[~filtered], torch.ones_like(response[~filtered]), atol=1e-4, rtol=0)
    torch.testing.assert_close(response[filtered][:, at_cutoff], torch.full((int(filtered.sum()),), 0.5**0.5))
    assert response[:, kept].min() > 0.98
    far = 3900 if kept == 200 else 200
    assert response[filtered][:, far].max() < 0.08, "12 dB an octave"


def test_of_two_filters_a_clip_gets_one() -> None:
    response = torch.fft.rfft(varied(clicks(), low_pass=[1000, 1000], high_pass=[1000, 1000], filter_share=1)).abs()
    low, high = response[:, 200], response[:, 3900]
    assert ((low > 0.9) != (high > 0.9)).all()
    assert 16 < (low > 0.9).sum() < 48


def test_an_echo_lies_where_and_is_as_loud_as_published(spoken: torch.Tensor) -> None:
    for sounds in (torch.randn(64, RATE, generator=drawn()), spoken.repeat(64, 1)):
        added = varied(sounds, delay=0.4) - sounds
        echoed = added.abs().amax(1) > 0
        assert 13 < echoed.sum() < 38
        assert torch.equal(added[~echoed], torch.zeros_like(added[~echoed]))
        sounds, added = sounds[echoed], added[echoed]
        place = correlation(added, sounds).argmax(1)
        assert place.min() >= 0.05 * RATE
        assert place.max() <= 0.3 * RATE
        assert place.unique().numel() > len(place) / 2
        for sound, echo, later in zip(sounds, added, place.tolist(), strict=True):
            torch.testing.assert_close(echo[later:], 0.5 * sound[:-later])
            assert echo[:later].abs().max() < 1e-6


def test_an_echo_is_seen_in_the_autocorrelation() -> None:
    noise = torch.randn(16, RATE, generator=drawn())
    heard = varied(noise, delay=1)
    found = correlation(heard, heard)[:, : RATE // 2]
    found = found / found[:, :1]
    place = found[:, 1:].argmax(1) + 1
    assert ((place >= 0.05 * RATE) & (place <= 0.3 * RATE)).all()
    # x + x(t - d) / 2 has the autocorrelation 0.5 / (1 + 0.25) at d; the part that is cut off takes a little of it.
    torch.testing.assert_close(found.amax(1, keepdim=True), torch.ones(16, 1))
    assert (found.gather(1, place[:, None]) - 0.4 * (1 - place[:, None] / RATE)).abs().max() < 0.06


def test_a_room_decays_exponentially_by_60_dB_in_0_2_to_1_s() -> None:
    click = torch.zeros(64, 2 * RATE)
    click[:, 0] = 1
    left = varied(click, reverb=1).square().flip(1).cumsum(1).flip(1)  # Schroeder 1965: energy still to come
    decay = 10 * (left / left[:, :1]).log10()
    # As ISO 3382 measures T30: the line from -5 to -35 dB, which the end of the response does not bend yet.
    from_5, from_20, from_35 = ((decay > level).sum(1) / RATE for level in (-5, -20, -35))
    rt60 = 2 * (from_35 - from_5)
    assert rt60.min() > 0.18
    assert rt60.max() < 1.06
    assert rt60.std() > 0.15
    torch.testing.assert_close((from_20 - from_5) / (from_35 - from_5), torch.full((64,), 0.5), atol=0.12, rtol=0)


def test_a_room_keeps_level_length_and_start_and_blurs_what_follows(spoken: torch.Tensor) -> None:
    sound = torch.cat([torch.zeros(1, 2000), spoken, torch.zeros(1, 4000)], 1).repeat(64, 1)
    heard = varied(sound, reverb=0.3)
    assert heard.shape == sound.shape
    wet = (heard != sound).any(1)
    assert 9 < wet.sum() < 31
    torch.testing.assert_close(heard.square().mean(1), sound.square().mean(1))
    assert heard[:, :2000].abs().max() < 1e-5, "nothing comes round from the end"
    assert (heard[wet][:, -4000:].abs().amax(1) > 1e-4).all(), "the room rings on"


@pytest.mark.parametrize("setting", ["delay", "reverb"])
def test_in_a_room_silence_is_silence_and_short_sounds_stay_finite(setting: str) -> None:
    assert torch.equal(varied(torch.zeros(4, RATE), **{setting: 1}), torch.zeros(4, RATE))
    for n in (1, 7, 300):
        heard = varied(torch.randn(4, n), **{setting: 1})
        assert heard.shape == (4, n)
        assert heard.isfinite().all()
    assert varied(torch.randn(4, RATE).double(), **{setting: 0.5}).dtype == torch.float64
    assert Augment.model_validate({setting: 0.1}).of_samples


@pytest.mark.parametrize("name", ["digits", "audiomnist-alexnet", "audiblexai-mel"])
def test_gaps_hold_what_silence_is(name: str) -> None:
    front = preset(name)
    features, silence = front(torch.randn(16, RATE)), front(torch.zeros(1, RATE))
    augment = Augment(time_masks=1, time_mask=0.2, frequency_masks=1, frequency_mask=0.2)
    found = vary_features(features, augment, silence=silence, generator=drawn())
    changed = found != features
    assert torch.equal(found[changed], silence.expand_as(found)[changed])
    share = changed.flatten(1).float().mean(1)
    assert share.max() <= 0.2 + 0.2 + 0.02
    assert share.mean() > 0.05
    columns = changed.all(2).sum(-1).squeeze(1)
    assert columns.max() <= 0.2 * features.shape[-1] + 1


def test_stretching_moves_bands_as_far_as_asked_and_keeps_silence() -> None:
    front = preset("digits")
    silence = front(torch.zeros(1, RATE))
    features = silence.repeat(64, 1, 1, 1)
    features[:, :, 40] += 1.0
    augment = Augment(stretch_frequency=0.1)
    found = vary_features(features, augment, silence=silence, generator=drawn()) - silence
    place = found.mean(-1).squeeze(1).argmax(1)
    assert place.min() >= 40 / 1.1 - 1.5
    assert place.max() <= 40 * 1.1 + 1.5
    assert place.unique().numel() > 4
    quiet = vary_features(silence.repeat(4, 1, 1, 1), augment, silence=silence, generator=drawn())
    torch.testing.assert_close(quiet, silence.repeat(4, 1, 1, 1))


def test_the_same_seed_varies_the_same_way() -> None:
    samples = torch.randn(4, RATE)
    settings = {"shift": 0.1, "gain": [-6, 6], "noise": [10, 30], "pitch": [-2, 2], "low_pass": [500, 2000]}
    settings |= {"delay": 0.5, "reverb": 0.5}
    assert torch.equal(varied(samples, 5, **settings), varied(samples, 5, **settings))
    assert not torch.equal(varied(samples, 5, **settings), varied(samples, 6, **settings))


def test_colour_changes_bands_by_no_more_than_asked() -> None:
    spectrum = torch.fft.rfft(varied(clicks(), colour=6)).abs()
    level = 20 * spectrum[:, 40:].log10()
    assert level.abs().max() <= 6.01
    assert level.std(0).mean() > 2
    assert (level.diff(dim=1).abs().max()) < 1.0, "an equaliser is smooth"
