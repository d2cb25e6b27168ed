"""Paired tests say what scipy says, and a clip counts once."""

import numpy as np
import pytest
from scipy import stats

from auricle.errors import AuricleError
from auricle.metrics import bootstrap
from auricle.study.tables.comparing import compare, compare_groups, holm
from auricle.study.tables.resampling import blocks, intervals, units


def test_tests_are_scipys():
    generator = np.random.default_rng(0)
    first = generator.random(40)
    second = first - 0.1 + 0.2 * generator.normal(size=40)
    found = compare(first, second)
    assert found.t == pytest.approx(stats.ttest_rel(first, second).statistic)
    assert found.p_t == pytest.approx(stats.ttest_rel(first, second).pvalue)
    assert found.p_wilcoxon == pytest.approx(stats.wilcoxon(first, second).pvalue)
    assert found.d_z == pytest.approx(found.t / np.sqrt(40))


def test_rank_biserial_is_the_share_of_ranks_for_less_the_share_against():
    found = compare([1.0, 2.0, -3.0, 0.0], [0.0, 0.0, 0.0, 0.0])
    assert found.rank_biserial == pytest.approx((1 + 2 - 3) / 6)
    assert compare([3.0, 2.0], [1.0, 1.0]).rank_biserial == 1.0
    assert compare([1.0, 1.0], [3.0, 2.0]).rank_biserial == -1.0


def test_equal_values_and_constant_differences_have_an_answer():
    same = compare([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert (same.p_t, same.p_wilcoxon, same.d_z, same.rank_biserial) == (1.0, 1.0, 0.0, 0.0)
    shifted = compare([1.5, 2.5, 3.5], [1.0, 2.0, 3.0])
    assert shifted.difference == 0.5
    assert (shifted.p_t, shifted.d_z, shifted.t) == (0.0, None, None)


def test_missing_values_are_left_out_and_few_clips_are_not_tested():
    found = compare([1.0, np.nan, 3.0], [0.5, 1.0, np.nan])
    assert (found.clips, found.difference, found.p_t) == (1, 0.5, None)
    assert compare([np.nan], [1.0]).clips == 0
    with pytest.raises(AuricleError, match="paired"):
        compare([1.0], [1.0, 2.0])


def test_groups_are_tested_by_their_means_however_many_clips_they_have():
    """Means 1, 2 and 6: t = 3 / (√7 / √3) with 2 degrees of freedom, p = 1 - t / √(t² + 2)."""
    found = compare_groups([1.0, 1.0, 1.0, 1.0, 0.0, 4.0, 6.0], ["a", "a", "a", "a", "b", "b", "c"])
    t = 3.0 / np.sqrt(7.0 / 3.0)
    assert (found.groups, found.difference) == (3, 3.0)
    assert found.p == pytest.approx(1.0 - t / np.sqrt(t**2 + 2.0))
    assert found.high - found.low == pytest.approx(2 * 4.30265 * np.sqrt(7.0 / 3.0), rel=1e-5)
    assert found.p == pytest.approx(stats.ttest_1samp([1.0, 2.0, 6.0], 0.0).pvalue)


def test_equal_group_means_have_an_answer_and_one_group_has_none():
    assert compare_groups([0.5, 0.5], ["a", "b"]).p == 0.0
    assert compare_groups([0.0, 0.0], ["a", "b"]).p == 1.0
    with pytest.raises(AuricleError, match="1 group "):
        compare_groups([0.5, 0.6], ["a", "a"])
    with pytest.raises(AuricleError, match="finite"):
        compare_groups([0.5, np.nan], ["a", "b"])


def test_holm_is_a_step_down():
    assert holm([0.01, 0.02, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_intervals_of_clips_are_those_of_the_metrics():
    values = np.random.default_rng(1).random((80, 2))
    first = intervals(values, units(range(80)), draws=4000)[0]
    known = bootstrap(values[:, 0], draws=4000)
    assert first.mean == pytest.approx(known.mean)
    assert (first.low, first.high) == pytest.approx((known.low, known.high), abs=0.006)


def test_whole_speakers_are_drawn_so_that_alike_clips_of_few_speakers_say_less():
    generator = np.random.default_rng(0)
    speakers = [f"speaker {each // 20}" for each in range(120)]
    values = np.repeat(generator.normal(size=6), 20)[:, None] + 0.1 * generator.normal(size=(120, 1))
    clips, groups = units(range(120)), units(range(120), speakers)
    narrow, wide = intervals(values, clips)[0], intervals(values, groups)[0]
    assert (groups.count, groups.what) == (6, "group")
    assert "6 groups are few" in groups.note
    assert wide.high - wide.low > 2.5 * (narrow.high - narrow.low)
    # The spread of the mean of six speakers:
    expected = 1.96 * values.reshape(6, 20).mean(1).std() / np.sqrt(6)
    assert (wide.high - wide.low) / 2 == pytest.approx(expected, rel=0.2)


def test_one_known_group_is_no_sample_of_groups():
    assert units(["a", "b"], ["x", None]).what == "clip"
    assert units(["a", "b", "c"], ["x", "y", None]).count == 3


def test_nothing_measured_has_no_mean_and_one_clip_no_interval():
    found = intervals(np.array([[np.nan, 1.0], [np.nan, np.nan]]), units(["a", "b"]))
    assert found[0] is None
    assert (found[1].mean, found[1].low, found[1].clips) == (1.0, None, 1)


def test_draws_are_made_in_blocks_of_bounded_size():
    sizes = [len(each) for each in blocks(5000, draws=2000)]
    assert sum(sizes) == 2000
    assert max(sizes) * 5000 <= 2**22
