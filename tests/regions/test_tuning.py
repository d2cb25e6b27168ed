"""Tuning regions: what is known to be the best setting is found, by each of the scores, and losers are given up."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import auricle
from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.frontends.listening import listening_axes
from auricle.metrics.hearing import Listener
from auricle.regions.agreement import agreement
from auricle.regions.base import RegionKind, Regions, drawn
from auricle.regions.candidates import points_of
from auricle.regions.counting import counted
from auricle.regions.faithful import faithfulness
from auricle.regions.racing import clearly_worse, looks
from auricle.regions.rectangles import Rectangles
from auricle.regions.separation import ch_index
from auricle.regions.tuning import Tuned, chosen_kind, tune
from auricle.sonify.boxes import Box, boxes_of

AXES = Axes(seconds=np.linspace(0.0, 1.0, 25), hertz=np.linspace(0.0, 4000.0, 17))
CAUSE = np.zeros(AXES.shape, np.float32)
CAUSE[4:7, 8:14] = 1.0
GRID = {"percentile": [0, 50, 95.5, 99.5], "margin": [0, 1]}


@dataclass(frozen=True)
class Around(RegionKind):
    """Boxes around what lies above a percentile, ``margin`` columns wider."""

    percentile: float = 90.0
    margin: int = 0

    name: ClassVar[str] = "around"
    summary: ClassVar[str] = "boxes around strong cells"
    source: ClassVar[str] = "here"

    def __call__(self, relevance, axes, *, seconds=None):
        strong = (relevance > 0) & (relevance >= np.percentile(relevance, self.percentile))
        step = self.margin / 24
        boxes = tuple(
            Box(each.low, each.high, max(each.start - step, 0.0), min(each.end + step, 1.0))
            for each in boxes_of(strong, axes, seconds=1.0 if seconds is None else seconds)
        )
        return Regions(drawn(boxes, axes), axes, boxes)


class Model:
    """Hears how much of the cause a mask keeps, and is confused by what else it keeps; counts what it was asked."""

    def __init__(self, cause=CAUSE):
        self.cause, self.masks = cause, 0

    def __call__(self, masks):
        self.masks += len(masks)
        kept = np.array([(each * self.cause).sum() / self.cause.sum() for each in masks])
        return 0.1 + 0.9 * kept


def clip(seed, *, label="a", cause=CAUSE, model=None):
    noise = np.random.default_rng(seed).random(AXES.shape)
    relevance = 10 * cause + noise
    return Tuned(relevance, AXES, label, 1.0, model or Model(cause), 10 * cause + noise[::-1])


def chosen(rows):
    (row,) = [each for each in rows if each["chosen"]]
    return row


def test_faithfulness_finds_the_settings_that_keep_the_cause():
    rows = tune([clip(seed) for seed in range(6)], Around(), GRID)
    assert [(each["percentile"], each["margin"]) for each in rows[:3]] == [(0, 0), (0, 1), (50, 0)]
    assert (chosen(rows)["percentile"], chosen(rows)["margin"]) == (95.5, 0)
    assert chosen_kind(rows, Around()) == Around(95.5, 0)


def test_keeping_everything_or_nothing_is_worth_nothing():
    (whole,) = tune([clip(0)], Around(), {"percentile": [0]})
    assert (whole["faithfulness"], whole["area"]) == (0.0, 1.0)
    model = Model()
    (nothing,) = tune([dataclasses.replace(clip(0, model=model), relevance=-CAUSE)], Around(), {"percentile": [50]})
    assert (nothing["faithfulness"], nothing["clips_without_regions"], model.masks) == (0.0, 1, 0)


def test_a_method_worse_than_random_places_is_not_tuned_into_everything_or_nothing():
    """The model hears the cause, the method points anywhere else."""
    wrong = [dataclasses.replace(each, relevance=each.relevance.max() - each.relevance) for each in map(clip, range(8))]
    rows = tune(wrong, Around(), {"percentile": [0, 60, 90], "margin": [0]})
    assert rows[0]["faithfulness"] == 0.0
    assert chosen(rows)["area"] <= 0.5
    assert chosen(rows)["high"] < 0  # and the table says what it is worth


def test_controls_stay_within_the_clip():
    asked = []
    mask = np.zeros((4, 10))
    mask[1:3, 2:4] = 1.0

    def hear(masks):
        asked.extend(masks)
        return np.zeros(len(masks))

    faithfulness([mask], hear, within=slice(0, 5), controls=20)
    assert len(asked) == 21
    assert all(each[:, 5:].sum() == 0 and each.sum() == 4 for each in asked)


def test_equal_regions_are_heard_once():
    model = Model()
    tune([clip(0, model=model)], Around(), {"percentile": [95.5, 95.6, 95.55]}, controls=2)
    assert model.masks == 3


def test_equals_are_settled_by_area_and_then_by_order():
    silent = [dataclasses.replace(clip(seed), hear=lambda masks: np.zeros(len(masks))) for seed in range(3)]
    rows = tune(silent, Around(), GRID)
    least = min(each["area"] for each in rows)
    assert chosen(rows) is next(each for each in rows if each["area"] == least)


def test_separation_in_the_table_is_that_of_its_regions():
    causes = {"a": CAUSE, "b": np.roll(CAUSE, 5, axis=0)}
    maps = [clip(seed, label="ab"[seed % 2], cause=causes["ab"[seed % 2]]) for seed in range(6)]
    rows = tune(maps, Around(), GRID, by="ch")
    for row in rows:
        kind = Around(row["percentile"], row["margin"])
        found = ch_index([counted(kind(each.relevance, AXES)) for each in maps], [each.label for each in maps])
        for name in ("ch", "ch_frequency", "inter", "intra"):
            assert row[name] == (getattr(found, name) and pytest.approx(getattr(found, name), rel=1e-9))
        assert row["faithfulness"] is None
        assert row["pruned_after"] is None
    assert chosen(rows)["ch"] == max(row["ch"] for row in rows if row["ch"] is not None)


def test_stability_is_agreement_beyond_chance():
    rows = tune([clip(seed) for seed in range(4)], Around(), GRID, by="stability")
    assert chosen(rows)["percentile"] == 95.5
    assert chosen(rows)["stability"] == pytest.approx(1.0)
    assert rows[0]["stability"] == 0.0  # everything agrees with everything, by chance


def test_unrelated_masks_agree_as_chance_has_it():
    generator = np.random.default_rng(0)
    pairs = generator.random((200, 2, 16, 24)) < 0.3
    assert abs(np.mean([agreement(*each) for each in pairs.astype(float)])) < 0.01


def race(prune, clips=40):
    model = Model()
    # Two thirds of the clips are heard; in the others the model hears nothing, which is the same for all settings.
    maps = [clip(seed, model=model if seed % 3 else (lambda masks: np.zeros(len(masks)))) for seed in range(clips)]
    return tune(maps, Around(), GRID, prune=prune), model.masks


def test_the_race_gives_up_losers_and_chooses_the_same():
    (whole, asked), (raced, asked_less) = race(prune=False), race(prune=True)
    assert [each["chosen"] for each in raced] == [each["chosen"] for each in whole]
    assert asked_less < 0.7 * asked
    assert all(each["pruned_after"] is None for each in whole)
    lost = {each["pruned_after"] for each in raced} - {None}
    assert lost
    assert lost <= set(looks(40))
    assert all(each["clips"] == (each["pruned_after"] or 40) for each in raced)


def test_few_clips_give_nobody_up():
    rows = tune([clip(seed) for seed in range(8)], Around(), GRID)
    assert all(each["pruned_after"] is None for each in rows)


def test_the_race_hardly_ever_costs_anything():
    """Fifty candidates whose scores are skewed and noisy: what wins the race is as good as what wins without one."""
    generator = np.random.default_rng(0)
    lost, heard, pauses = [], [], looks(60)
    for _ in range(100):
        quality = generator.normal(scale=0.5, size=(50, 1))
        scores = quality + generator.exponential(size=(50, 60)) + generator.normal(size=60)  # clips differ
        alive, until = np.arange(50), np.full(50, 60)
        for at in pauses:
            worse = clearly_worse(scores[alive, :at], shared=len(pauses))
            until[alive[worse]] = at
            alive = alive[~worse]
        lost.append(scores.mean(axis=1).max() - scores[alive].mean(axis=1).max())
        heard.append(until.sum() / scores.size)
    assert np.mean(np.array(lost) > 0) <= 0.05
    assert np.mean(lost) < 0.002
    assert np.mean(heard) < 0.6


def test_points_that_leave_a_clip_without_regions_can_be_given_up():
    against = dataclasses.replace(clip(1), relevance=np.full(AXES.shape, -1.0))
    rows = tune([clip(0), clip(2)], Around(), GRID, all_must_have_regions=True)
    assert all(each["pruned_after"] is None for each in rows)
    with pytest.raises(AuricleError, match="without regions"):
        tune([clip(0), against], Around(), GRID, all_must_have_regions=True)


def test_the_order_of_clips_and_the_controls_come_from_the_seed():
    maps = [clip(seed) for seed in range(4)]
    one, same, other = (tune(maps, Around(), GRID, controls=10, seed=seed) for seed in (3, 3, 4))
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"by": "accuracy"}, 'cannot be tuned by "accuracy"'),
        ({"search": {"percentil": [1]}}, 'did you mean "percentile"'),
        ({"search": {"percentile": []}}, "no values of percentile"),
        ({"by": "ch"}, "1 class has no other"),
        ({"maps": []}, "no clips were given"),
    ],
)
def test_what_cannot_be_is_told(given, said):
    settings = {"maps": [clip(0), clip(1)], "search": GRID, **given}
    with pytest.raises(AuricleError, match=said):
        tune(settings.pop("maps"), Around(), settings.pop("search"), **settings)


def test_audible_xais_grid_has_185_points():
    from auricle.study.config import Search

    assert len(points_of(Rectangles(), Search().model_dump())) == 185


def heard_by(digits, sound):
    """A demo clip explained by LRP, and the classifier asked about masks on its map."""
    relevance, axes = (explanation := auricle.explain(sound, digits, method="lrp")).map()
    listener = Listener(digits, sound)
    onto = listening_axes(len(listener.samples), listener.grid, digits.sample_rate)
    target = digits.target_index(explanation.target)

    def hear(masks):
        laid = [axes.resample(np.asarray(each, np.float32), onto)[:, : listener.frames] for each in masks]
        return listener(laid).probabilities[:, target]

    return Tuned(relevance, axes, explanation.target, sound.seconds, hear)


def test_rectangles_of_real_relevance_beat_random_places(digits, clips):
    maps = [heard_by(digits, sound) for sound in clips]
    rows = tune(maps, Rectangles(), {"percentile": [98, 80], "min_cluster_size": [15], "min_samples": [5, 10]})
    assert len(rows) == 4
    assert chosen(rows)["faithfulness"] == max(each["faithfulness"] for each in rows) > 0.1
