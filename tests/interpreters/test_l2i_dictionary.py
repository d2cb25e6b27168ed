"""The dictionary that an L2I interpreter learns from the clips that train it, or is given."""

import pytest
import torch
from planted_spectra import tones
from small_tasks import built, classifier

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.interpreters.l2i import L2I

LOW, HIGH = (500.0, 900.0), (2500.0, 3300.0)


def clips():
    hush = 1e-3 * torch.randn(4000, generator=torch.Generator().manual_seed(0)).numpy()
    return [
        (tones(*LOW, name="a"), ("low",)),
        (tones(*HIGH, name="b"), ("high",)),
        (Clip(hush, 8000, "c"), ()),
    ]


def peaks(it):
    return {group: [] for group in it.dictionary.groups} | {
        group: sorted(
            float(it.dictionary.hertz[int(it.columns[:, k].argmax())])
            for k, other in enumerate(it.dictionary.groups)
            if other == group
        )
        for group in it.dictionary.groups
    }


def test_columns_are_learnt_from_all_clips_together():
    it = built(L2I, classifier(), components=4, width=8)
    heard = []
    it.prepare(clips()[:2], on_clip=lambda: heard.append(1))
    assert len(heard) == 2
    assert peaks(it)["all"] == pytest.approx([500, 900, 2500, 3300], abs=63)
    torch.testing.assert_close(it.columns.norm(dim=0), torch.ones(4))


def test_columns_of_classes_and_of_noise_are_kept_apart():
    it = built(L2I, classifier(), components=5, width=8, groups="class", noise=1)
    it.prepare(clips())
    assert it.dictionary.groups == ("low", "low", "high", "high", "noise")
    found = peaks(it)
    assert found["low"] == pytest.approx(LOW, abs=63)
    assert found["high"] == pytest.approx(HIGH, abs=63)
    flat = it.columns / it.columns.max(0).values
    assert flat[:, 4].mean() > 3 * flat[:, :4].mean()


@pytest.mark.parametrize("level", ["peak", "own"])
def test_a_quiet_clip_counts_as_much_as_a_loud_one_unless_levels_are_kept(level):
    loud, quiet = tones(500.0, 900.0, 1300.0), tones(2500.0, level=3e-4)
    it = built(L2I, classifier(), components=3, width=8, level=level)
    it.prepare([(loud, ("low",)), (quiet, ("high",))])
    there = any(abs(each - 2500) < 63 for each in peaks(it)["all"])
    assert there == (level == "peak")


def test_a_folder_is_read_instead(tmp_path):
    first = built(L2I, classifier(), components=4, width=8)
    first.prepare(clips())
    first.dictionary.save(tmp_path)
    second = built(L2I, classifier(), components=4, width=8)
    second.prepare([], dictionary=tmp_path)
    torch.testing.assert_close(first.columns, second.columns, rtol=1e-6, atol=0)  # scaled to length 1 once more
    with pytest.raises(AuricleError, match="components=4"):
        built(L2I, classifier(), components=5, width=8).prepare([], dictionary=tmp_path)


@pytest.mark.parametrize(
    ("given", "kept", "said"),
    [
        ({"groups": "class"}, 1, "no training clip is of high"),
        ({"groups": "class", "components": 5}, 3, "components=4"),
        ({"noise": 1}, 2, "needs clips without a label"),
        ({"noise": 4}, 3, "leaves none of 4"),
    ],
)
def test_groups_that_cannot_be_had_are_told(given, kept, said):
    it = built(L2I, classifier(), **{"components": 4, "width": 8, **given})
    with pytest.raises(AuricleError, match=said):
        it.prepare(clips()[:kept])
