"""A corpus with known causes: what is planted is where the truth says, and clips are background plus stems."""

from collections import Counter

import numpy as np
import pytest

from auricle import demo
from auricle.clip import Clip, load_clip
from auricle.datasets import open_dataset, splits
from auricle.datasets.planted import EVENTS, causes, make_planted
from auricle.datasets.planted_events import KINDS, Plant, plant
from auricle.datasets.planted_masks import box_mask, true_mask
from auricle.errors import AuricleError
from auricle.frontends import STFT

GRID = STFT(n_fft=512, hop=128)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    make_planted(folder, clips=100, seed=5)
    return open_dataset(f"planted:{folder}")


def power_inside(cause):
    """The share of a cause's energy that lies between its start and end, and its low and high."""
    sound, rate = cause.sound.samples[0].astype(float), cause.sound.sample_rate
    at = np.arange(len(sound)) / rate
    inside = np.where((at >= cause.start - 1e-6) & (at < cause.end), sound, 0.0)
    power, hertz = np.abs(np.fft.rfft(inside)) ** 2, np.fft.rfftfreq(len(sound), 1 / rate)
    return power[(hertz >= cause.low) & (hertz <= cause.high)].sum() / (np.abs(np.fft.rfft(sound)) ** 2).sum()


def test_every_cause_lies_in_its_box(corpus):
    for row in corpus.rows():
        (cause,) = causes(corpus, row)
        assert cause.kind == row["event"]
        assert power_inside(cause) > 0.95
        assert 0.0 <= cause.start < cause.end <= 1.0
        assert 0.0 <= cause.low < cause.high <= 8000.0


@pytest.mark.parametrize("rate", [4000, 22_050])
@pytest.mark.parametrize("kind", KINDS)
def test_also_at_other_rates(kind, rate):
    for seed in range(5):
        assert power_inside(plant(kind, 1.0, rate, seed)[1]) > 0.95


def test_a_clip_is_its_background_plus_its_stem_exactly(corpus):
    row = corpus.row(7)
    clip, (cause,) = corpus.load(row), causes(corpus, row)
    behind = clip.samples - cause.sound.samples
    np.testing.assert_array_equal(behind + cause.sound.samples, clip.samples)
    np.testing.assert_array_equal(np.round(behind * 32768), behind * 32768)
    outside = np.ones(clip.samples.shape[1], bool)
    outside[round(cause.start * 16_000) : round(cause.end * 16_000)] = False
    np.testing.assert_array_equal(clip.samples[0, outside], behind[0, outside])


def test_classes_and_parts_are_balanced(corpus):
    assert Counter(corpus.column("event")) == dict.fromkeys(EVENTS, 20)
    counts = Counter(zip(corpus.column("event"), corpus.column("split"), strict=True))
    assert all(counts[event, "train"] == 14 and counts[event, "test"] == 4 for event in EVENTS)
    (split,) = splits(corpus, "split", "event")
    assert (len(split.train), len(split.validate), len(split.test)) == (70, 10, 20)


def test_a_seed_gives_the_same_bytes_and_another_one_others(corpus, tmp_path):
    make_planted(tmp_path / "same", clips=100, seed=5)
    make_planted(tmp_path / "other", clips=100, seed=6)
    files = sorted(path.relative_to(corpus.root) for path in corpus.root.rglob("*") if path.is_file())
    assert len(files) == 100 + 100 + 2
    assert all((tmp_path / "same" / each).read_bytes() == (corpus.root / each).read_bytes() for each in files)
    assert (tmp_path / "other/audio/00003.wav").read_bytes() != (corpus.root / "audio/00003.wav").read_bytes()


def test_masks_agree_with_the_stems(corpus):
    """The true mask is 1 where only the cause sounds, 0 where it is silent, and takes the cause out of the mixture."""
    for number in range(5):
        clip, (cause,) = corpus.load(number), causes(corpus, number)
        mask = true_mask(clip, cause, GRID)
        box = box_mask(cause, GRID.axes(16_000, 16_000))
        assert mask.shape == box.shape == (257, 126)
        assert 0.0 <= mask.min() <= mask.max() <= 1.0
        seconds = GRID.axes(16_000, 16_000).seconds_centres
        assert not mask[:, (seconds < cause.start - 0.02) | (seconds > cause.end + 0.02)].any()
        assert mask[box].mean() > 10 * mask[~box].mean()


def test_a_cause_alone_has_a_mask_of_one_and_a_drowned_one_of_next_to_nothing():
    _, truth = plant("tone", seed=1)
    alone = true_mask(truth.sound, truth, GRID)
    assert set(np.unique(alone).round(6)) == {0.0, 1.0}
    rng = np.random.default_rng(0)
    loud = Clip(truth.sound.samples + rng.normal(size=truth.sound.samples.shape), 8000)
    assert true_mask(loud, truth, GRID).mean() < 0.01


def test_a_mask_can_be_laid_onto_what_a_model_hears(corpus):
    clip, (cause,) = corpus.load(0), causes(corpus, 0)
    hears = STFT(n_fft=256, hop=80)
    axes = hears.axes(8000, 8000)
    mask = true_mask(clip, cause, GRID, onto=axes)
    direct = true_mask(clip, cause, hears, sample_rate=8000)
    assert mask.shape == direct.shape == axes.shape
    assert np.corrcoef(mask.ravel(), direct.ravel())[0, 1] > 0.7


def test_causes_can_be_planted_into_recordings(tmp_path):
    recordings = demo.clips()[:2]
    make_planted(tmp_path, clips=10, backgrounds=recordings)
    data = open_dataset(f"planted:{tmp_path}")
    assert set(data.column("background")) <= {path.name for path in recordings}
    for row in data.rows():
        clip, (cause,) = data.load(row), causes(data, row)
        behind = (clip.samples - cause.sound.samples)[0]
        recorded = load_clip(next(path for path in recordings if path.name == row["background"])).mono(16_000)
        window = np.correlate(np.tile(recorded, 3), behind[:4000], "valid")
        norm = np.linalg.norm(behind[:4000])
        energy = np.sqrt(np.convolve(np.tile(recorded, 3).astype(float) ** 2, np.ones(4000), "valid"))
        assert (window / (energy * norm + 1e-12)).max() > 0.95


def test_bad_input(corpus, tmp_path):
    with pytest.raises(AuricleError, match='did you mean "drsa"'):
        make_planted(tmp_path, preset="drsaa")
    with pytest.raises(AuricleError, match="settings of the preset drsa"):
        make_planted(tmp_path, published=True)
    with pytest.raises(AuricleError, match="makes its own backgrounds"):
        make_planted(tmp_path, preset="drsa", backgrounds=["a.wav"])
    with pytest.raises(AuricleError, match="too few for 5 classes"):
        make_planted(tmp_path, clips=2)
    with pytest.raises(AuricleError, match="already; choose another folder"):
        make_planted(corpus.root)
    with pytest.raises(AuricleError, match=r"has no planted\.csv"):
        open_dataset(f"planted:{tmp_path}")
    with pytest.raises(AuricleError, match='did you mean "click'):
        plant("klick")
    assert isinstance(causes(corpus, 0)[0], Plant)
