"""Mixtures: parts add up, levels are as stated, every source is known, and no recording is in two parts."""

import json
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from auricle.clip import Clip, load_clip
from auricle.datasets import open_dataset, splits
from auricle.datasets.fsdd import DIGITS
from auricle.datasets.mixing import mix, noise, placed, snr_db
from auricle.datasets.mixtures import make_mixtures
from auricle.datasets.planted import causes
from auricle.datasets.planted_masks import true_mask
from auricle.errors import AuricleError
from auricle.frontends import STFT
from auricle.metrics.localisation import truth_of

SPOKEN, BEASTS = ("one", "three"), ("cow", "owl")
GRID = STFT(n_fft=256, hop=64)


def voice(hertz, seconds, rate, seed):
    """Something like a word: a few harmonics of a gliding voice that swells and fades."""
    generator = np.random.default_rng(seed)
    at = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(hertz * (1 + generator.uniform(-0.2, 0.2) * at / seconds)) / rate
    sound = sum(np.sin(number * phase + generator.uniform(0, 6)) / number for number in (1, 2, 3))
    return generator.uniform(0.05, 0.3) * np.hanning(len(at) + 2)[1:-1] * sound


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Digits in FSDD's layout, 0.4 s at 8 kHz: takes 0 to 4 test, 5 to 9 validate, the others train."""
    folder = tmp_path_factory.mktemp("fsdd")
    (folder / "recordings").mkdir()
    for digit in range(10):
        for take in range(14):
            path = folder / f"recordings/{digit}_ann_{take}.wav"
            soundfile.write(path, voice(200 + 60 * digit, 0.4, 8000, [digit, take]), 8000)
    return f"fsdd:{folder}"


@pytest.fixture(scope="module")
def beasts(tmp_path_factory):
    """Class folders without any split, 1.3 s at 16 kHz."""
    folder = tmp_path_factory.mktemp("sounds") / "beasts"
    for number, name in enumerate(BEASTS):
        (folder / name).mkdir(parents=True)
        for take in range(12):
            soundfile.write(folder / name / f"{take}.wav", voice(110 + 900 * number, 1.3, 16_000, [77, take]), 16_000)
    return str(folder)


def make(folder, speech, beasts, **settings):
    given = {"labels": (*SPOKEN, *BEASTS), "clips": 100, "seconds": 1.0, "apart": ["beasts"], "seed": 3, **settings}
    make_mixtures(folder, sources=[speech, beasts], **given)
    return open_dataset(f"mixtures:{folder}")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, speech, beasts):
    return make(tmp_path_factory.mktemp("mixtures"), speech, beasts)


# --- two sounds and noise -------------------------------------------------------------------------------------


@pytest.mark.parametrize("decibels", [-6.0, 0.0, 12.0])
def test_parts_add_up_exactly_at_the_stated_level(decibels):
    target, other = voice(200, 1.0, 8000, 1), voice(500, 1.0, 8000, 2)
    mixed = mix(target, other, snr_db=decibels)
    np.testing.assert_array_equal(mixed.mixture - mixed.target, mixed.other)
    np.testing.assert_array_equal(mixed.mixture - mixed.other, mixed.target)
    assert mixed.snr_db == pytest.approx(decibels, abs=1e-3)
    np.testing.assert_allclose(mixed.target, target, atol=1e-6)  # the target keeps its level
    energies = [np.sum(each.astype(float) ** 2) for each in (target, mixed.other)]
    assert 10 * np.log10(energies[0] / energies[1]) == pytest.approx(decibels, abs=0.01)


def test_overlap_by_weight_is_of_the_largest_absolute_samples():
    target = np.array([0.1, -0.4, 0.0, 0.2])
    mixed = mix(target, np.array([0.02, 0.0, -0.04, 0.0]), weight=0.5)
    # x1 / 0.4 + ½ · x2 / 0.04, whose peak is 1
    np.testing.assert_allclose(mixed.target, [0.25, -1.0, 0.0, 0.5], atol=1e-6)
    np.testing.assert_allclose(mixed.other, [0.25, 0.0, -0.5, 0.0], atol=1e-6)
    np.testing.assert_array_equal(mixed.mixture, mixed.target + mixed.other)


def test_too_loud_a_mixture_is_scaled_down_with_its_parts():
    loud = 0.9 * np.sign(np.sin(np.arange(4000)))
    mixed = mix(loud, loud, snr_db=0.0)
    assert 0.999 < np.abs(mixed.mixture).max() <= 1.0
    np.testing.assert_array_equal(mixed.mixture, mixed.target + mixed.other)
    assert mixed.snr_db == pytest.approx(0.0, abs=1e-6)
    cancelling = mix(loud, -loud, snr_db=-20.0)
    assert max(np.abs(each).max() for each in (cancelling.mixture, cancelling.target, cancelling.other)) <= 1.0


def test_a_shorter_sound_is_placed_and_a_longer_one_cut_by_the_seed():
    target, short = voice(200, 1.0, 8000, 1), np.ones(100)
    mixed = [mix(target, short, snr_db=0.0, seed=seed) for seed in (0, 0, 1)]
    starts = [int(np.flatnonzero(each.other)[0]) for each in mixed]
    assert starts[0] == starts[1] != starts[2]
    assert all((each.other != 0).sum() == 100 and len(each.mixture) == 8000 for each in mixed)
    long = np.concatenate([np.zeros(50_000), voice(500, 0.1, 8000, 2), np.zeros(50_000)])
    for seed in range(20):
        assert placed(long, 2000, np.random.default_rng(seed)).any()  # never a section of its silence
    cut = mix(target, np.arange(1.0, 20_001.0), snr_db=0.0, seed=5).other
    np.testing.assert_allclose(np.diff(cut) / np.diff(cut).mean(), 1.0, rtol=0.05)  # in one piece


def test_clips_are_mixed_into_clips():
    target, other = (Clip(voice(hertz, 0.5, 8000, 1), 8000, f"v{hertz}") for hertz in (200, 500))
    mixed = mix(target, other, snr_db=3.0)
    assert isinstance(mixed.mixture, Clip)
    assert mixed.mixture.sample_rate == 8000
    np.testing.assert_array_equal(mixed.mixture.samples - mixed.target.samples, mixed.other.samples)
    with pytest.raises(AuricleError, match="v200 has 8000 Hz and fast 16000 Hz; resample"):
        mix(target, Clip(np.ones(10), 16_000, "fast"), snr_db=0.0)


@pytest.mark.parametrize(("colour", "slope"), [("white", 0.0), ("pink", -3.01)])
def test_noise_has_its_colour(colour, slope):
    samples = noise(2**17, colour, seed=4)
    np.testing.assert_array_equal(samples, noise(2**17, colour, seed=4))
    assert np.abs(samples - noise(2**17, colour, seed=5)).max() > 0.1
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.1, rel=1e-4)
    power = np.abs(np.fft.rfft(samples)) ** 2
    octaves = np.array([10 * np.log10(power[2**k : 2 ** (k + 1)].mean()) for k in range(6, 16)])
    assert np.polyfit(np.arange(len(octaves)), octaves, 1)[0] == pytest.approx(slope, abs=0.2)


def test_what_cannot_be_mixed_says_so():
    sound = voice(200, 0.1, 8000, 1)
    with pytest.raises(AuricleError, match="the target is silent"):
        mix(np.zeros(100), sound, snr_db=0.0)
    with pytest.raises(AuricleError, match="the other sound is silent"):
        mix(sound, np.zeros(100), weight=1.0)
    with pytest.raises(AuricleError, match="give one of the two"):
        mix(sound, sound)
    with pytest.raises(AuricleError, match="give one of the two"):
        mix(sound, sound, snr_db=0.0, weight=1.0)
    with pytest.raises(AuricleError, match="a number above 0"):
        mix(sound, sound, weight=0.0)
    with pytest.raises(AuricleError, match="holds NaN"):
        mix(sound, np.full(10, np.nan), snr_db=0.0)
    with pytest.raises(AuricleError, match='did you mean "pink"'):
        noise(100, "pinc")


# --- the corpus -----------------------------------------------------------------------------------------------


def test_a_clip_is_the_sum_of_its_stems_at_the_stated_level(corpus):
    for row in corpus.rows():
        clip, found = corpus.load(row), causes(corpus, row)
        sounds = [each.sound.samples[0].astype(float) for each in found]
        np.testing.assert_array_equal(sum(sounds), clip.samples[0])
        assert clip.samples.shape == (1, 8000)  # a second at the lower of 8 and 16 kHz
        assert [each.kind for each in found] == row["labels"]
        assert 10 ** (-12.1 / 20) < clip.peak < 10 ** (-0.9 / 20) or len(sounds) == 2
        if len(sounds) == 2:
            assert -6.0 <= row["snr_db"] <= 6.0
            assert snr_db(*sounds) == pytest.approx(row["snr_db"], abs=0.05)
        else:
            assert row["snr_db"] is None


def test_a_cause_lies_in_its_box(corpus):
    for row in corpus.rows():
        for each in causes(corpus, row):
            sound, at = each.sound.samples[0].astype(float), np.arange(8000) / 8000
            assert not sound[(at < each.start - 1e-6) | (at >= each.end + 1e-6)].any()
            power, hertz = np.abs(np.fft.rfft(sound)) ** 2, np.fft.rfftfreq(8000, 1 / 8000)
            assert power[(hertz >= each.low) & (hertz <= each.high)].sum() > 0.97 * power.sum()
            assert 0.0 <= each.low < each.high <= 4000.0


def test_labels_pairs_and_parts_are_as_asked(corpus):
    assert corpus.classes_of("labels") == (*SPOKEN, *BEASTS)
    assert corpus.is_multi_label("labels")
    (split,) = splits(corpus, "split", "labels")
    assert (len(split.train), len(split.validate), len(split.test)) == (70, 10, 20)
    kinds = Counter(frozenset(each) for each in corpus.column("labels"))
    assert sum(count for kind, count in kinds.items() if len(kind) == 1) == 40
    pairs = {frozenset(each) for each in combinations((*SPOKEN, *BEASTS), 2)} - {frozenset(BEASTS)}
    assert {kind for kind in kinds if len(kind) == 2} == pairs
    assert max(kinds[each] for each in pairs) - min(kinds[each] for each in pairs) <= 3  # one a part
    assert {tuple(each) for each in corpus.column("labels")} >= {SPOKEN, SPOKEN[::-1]}  # either one first
    assert np.array_equal(corpus.targets("labels").sum(1), [len(each) for each in corpus.column("labels")])


def test_a_recording_is_in_one_part_only_and_the_published_one(corpus):
    parts = {}
    for row in corpus.rows():
        for name, label in zip(row["recordings"], row["labels"], strict=True):
            parts.setdefault(name, set()).add(row["split"])
            if name.startswith("fsdd/"):
                digit, _, take = name.removeprefix("fsdd/recordings/").removesuffix(".wav").split("_")
                assert DIGITS[int(digit)] == label
                assert row["split"] == ("test" if int(take) < 5 else "validate" if int(take) < 10 else "train")
            else:
                assert f"/{label}/" in name
    assert all(len(each) == 1 for each in parts.values())
    assert len({each for each in parts if each.startswith("beasts/")}) > 20  # nearly all of 24 are used


def test_the_true_mask_of_one_label(corpus):
    number = next(n for n, each in enumerate(corpus.column("labels")) if set(each) == {"three", "owl"})
    row = corpus.row(number)
    clip, axes = corpus.load(row), GRID.axes(8000, 8000)
    masks = {each: truth_of(corpus, row, axes, 1.0, label=each, stft=GRID) for each in ("three", "owl", "cow")}
    assert not masks["cow"].any()
    for cause in causes(corpus, row):
        np.testing.assert_allclose(masks[cause.kind], true_mask(clip, cause, GRID), atol=1e-6)
    heard = np.abs(GRID(_tensor(clip.samples)).numpy()[0]) ** 2 > 1e-6
    np.testing.assert_allclose((masks["three"] + masks["owl"])[heard], 1.0, atol=1e-3)
    assert truth_of(corpus, row, axes, 1.0, stft=GRID)[heard].min() > 0.999  # both together are everything
    assert [each.kind for each in causes(corpus, row, label="owl")] == ["owl"]
    with pytest.raises(AuricleError, match='no label "oul"; did you mean "owl"'):
        causes(corpus, row, label="oul")


def _tensor(samples):
    import torch

    return torch.tensor(samples.copy())


def test_a_seed_gives_the_same_bytes_and_another_one_others(corpus, tmp_path, speech, beasts):
    make(tmp_path / "same", speech, beasts)
    make(tmp_path / "other", speech, beasts, seed=4)
    files = sorted(path.relative_to(corpus.root) for path in corpus.root.rglob("*") if path.is_file())
    assert len(files) == 100 + 100 + 3
    assert all((tmp_path / "same" / each).read_bytes() == (corpus.root / each).read_bytes() for each in files)
    assert (tmp_path / "other/audio/00003.wav").read_bytes() != (corpus.root / "audio/00003.wav").read_bytes()


def test_the_command_makes_it(tmp_path, speech):
    from auricle.cli.commands import app

    words = ["data", "make", "mixtures", "--from", speech, "--labels", "one, two", "--clips", "20", "--single", "0.5"]
    words += ["--snr", "-3", "-1", "--seconds", "0.5", "--out", str(tmp_path)]
    told = CliRunner().invoke(app, words, catch_exceptions=False)
    assert told.exit_code == 0
    assert "20 clips in" in told.output
    data = open_dataset(f"mixtures:{tmp_path}")
    assert data.classes_of("labels") == ("one", "two")
    levels = [each for each in data.column("snr_db") if each is not None]
    assert len(levels) == 10
    assert all(-3.0 <= each <= -1.0 for each in levels)
    assert load_clip(tmp_path / "audio/00000.wav").seconds == 0.5
    assert json.loads(data.row(0)["causes"])[0]["kind"] in ("one", "two")


def test_bad_input(corpus, tmp_path, speech, beasts):
    with pytest.raises(AuricleError, match='has the label "thre"; did you mean "three"'):
        make(tmp_path, speech, beasts, labels=("one", "thre", "cow"))
    with pytest.raises(AuricleError, match="beasts has none of the labels one, two; known: cow, owl"):
        make(tmp_path, speech, beasts, labels=("one", "two"))
    with pytest.raises(AuricleError, match='"one" is asked for twice'):
        make(tmp_path, speech, beasts, labels=("one", "cow", "one"))
    with pytest.raises(AuricleError, match='fsdd and fsdd both have the label "one"'):
        make_mixtures(tmp_path, sources=[speech, speech], labels=["one"])
    with pytest.raises(AuricleError, match="39 clips are too few for 4 labels; ask for 40"):
        make(tmp_path, speech, beasts, clips=39)
    with pytest.raises(AuricleError, match="no two labels may meet"):
        make_mixtures(tmp_path, sources=[beasts], apart=["beasts"])
    with pytest.raises(AuricleError, match=r"fsdt is none of the data sets that are mixed \(beasts, fsdd\)"):
        make(tmp_path, speech, beasts, apart=["fsdt"])
    with pytest.raises(AuricleError, match="give the lower one first"):
        make(tmp_path, speech, beasts, snr=(6.0, -6.0))
    with pytest.raises(AuricleError, match="a number from 0 to 1"):
        make(tmp_path, speech, beasts, single=1.5)
    with pytest.raises(AuricleError, match="as --from fsdd:FOLDER"):
        make_mixtures(tmp_path)
    with pytest.raises(AuricleError, match="already; choose another folder"):
        make(corpus.root, speech, beasts)
    with pytest.raises(AuricleError, match=r"has no mixtures\.csv"):
        open_dataset(f"mixtures:{tmp_path}")
    with pytest.raises(AuricleError, match="have several labels"):
        make_mixtures(tmp_path, sources=[f"mixtures:{corpus.root}"])


def test_a_silent_recording_is_named(tmp_path, speech):
    for name in BEASTS:
        (tmp_path / "beasts" / name).mkdir(parents=True)
        for take in range(10):
            soundfile.write(tmp_path / "beasts" / name / f"{take}.wav", np.zeros(8000), 8000)
    with pytest.raises(AuricleError, match=r"beasts/.*wav is silent and cannot be mixed; take it out"):
        make(tmp_path / "out", speech, str(tmp_path / "beasts"))
