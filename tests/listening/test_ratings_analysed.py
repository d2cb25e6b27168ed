"""Figures of ratings beside scipy's and those done by hand."""

import csv
import json

import numpy as np
import pytest
from made_up_ratings import a_key, ratings_file, save_key, steady
from scipy.stats import wilcoxon
from typer.testing import CliRunner

from auricle.cli.listening import listening_app
from auricle.errors import AuricleError
from auricle.listening import analyse, read_result, save_analysis
from auricle.listening.analysing import holm, signed_rank


@pytest.fixture
def key():
    return a_key()


def listeners(tmp_path, key, count, *, spread=8.0, seed=0):
    """Results of people who differ in level, so that their ratings are not independent."""
    found = []
    for number in range(count):
        generator = np.random.default_rng([seed, number])
        own = spread * (2 * number / (count - 1) - 1)
        centre = {"reference": 96, "good": 70, "poor": 30, "random": 30}

        def rating(_, name, own=own, generator=generator, centre=centre):
            if name == "reference":
                return 96
            return float(np.clip(centre[name] + own + generator.normal(0, 6), 0, 100))

        found.append(read_result(ratings_file(tmp_path, key, f"p{number}", rating), key))
    return found


def test_means_medians_and_differences_are_those_of_all_ratings(tmp_path, key):
    results = listeners(tmp_path, key, 9)
    found = analyse(key, results)
    ratings = np.array([[one.ratings[item]["good"].rating for item in key.clips] for one in results])
    control = np.array([[one.ratings[item]["random"].rating for item in key.clips] for one in results])
    good = found.of("good")
    assert good.mean == pytest.approx(ratings.mean())
    assert good.median == pytest.approx(np.median(ratings))
    assert good.difference == pytest.approx((ratings - control).mean())
    assert good.p == pytest.approx(wilcoxon((ratings - control).mean(axis=1)).pvalue)
    assert good.low < good.mean < good.high
    assert good.difference_low < good.difference < good.difference_high
    assert found.of("random").p is None
    assert found.of("reference").difference is None


def test_a_common_level_of_a_listener_widens_the_mean_and_not_the_difference(tmp_path, key):
    found = analyse(key, listeners(tmp_path, key, 12, spread=20.0))
    good = found.of("good")
    assert good.high - good.low > 1.5 * (good.difference_high - good.difference_low)


def test_intervals_hold_the_true_mean_about_as_often_as_they_say(key):
    from auricle.listening.analysing import _draws, _interval

    generator = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        people, clips = generator.normal(0, 8, (20, 1)), generator.normal(0, 8, (1, 12))
        low, high = _interval(50 + people + clips + generator.normal(0, 5, (20, 12)), _draws(20, 12, trial))
        covered += low <= 50 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_signed_rank_by_hand_and_holm_by_hand():
    # All six of one sign: 2 of the 2^6 arrangements of signs are as extreme.
    assert signed_rank(np.array([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0])) == pytest.approx(2 / 64)
    assert signed_rank(np.zeros(5)) == 1.0
    assert holm([0.01, 0.02, 0.03, 0.9]) == pytest.approx([0.04, 0.06, 0.06, 0.9])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_corrected_p_belongs_to_its_method(tmp_path, key):
    found = analyse(key, listeners(tmp_path, key, 9))
    good, poor = found.of("good"), found.of("poor")
    assert good.p < poor.p
    assert good.p_holm == pytest.approx(2 * good.p)
    assert poor.p_holm == pytest.approx(max(poor.p, 2 * good.p))


def test_listeners_who_miss_the_reference_are_left_out(tmp_path):
    key = a_key(items=7)
    once = ratings_file(tmp_path, key, "once", lambda n, name: 80 if (n, name) == (0, "reference") else 100)
    twice = ratings_file(tmp_path, key, "twice", lambda n, name: 89.9 if n < 2 and name == "reference" else 100)
    results = [read_result(each, key) for each in (once, twice)]
    found = analyse(key, results)  # 1 of 7 is 14 %, 2 of 7 are 29 %
    assert [each.listener for each in found.results] == ["once"]
    assert found.excluded == {"twice": "rated the hidden reference below 90 on 2 of 7 pages"}
    assert [each.listener for each in analyse(key, results, keep_all=True).results] == ["once", "twice"]
    with pytest.raises(AuricleError, match="--keep-all"):
        analyse(key, results[1:])
    with pytest.raises(AuricleError, match="no ratings"):
        analyse(key, [])


def test_same_seed_same_figures(tmp_path, key):
    results = listeners(tmp_path, key, 5)
    assert analyse(key, results, seed=3).figures == analyse(key, results, seed=3).figures
    assert analyse(key, results, seed=3).figures != analyse(key, results, seed=4).figures


def test_too_few_listeners_are_told(tmp_path, key):
    assert analyse(key, listeners(tmp_path, key, 6)).too_few  # 2 / 64, for two methods
    assert not analyse(key, listeners(tmp_path, key, 7)).too_few


def test_one_rating_has_no_interval(tmp_path):
    key = a_key(items=1)
    found = analyse(key, [read_result(ratings_file(tmp_path, key, "p1", steady()), key)])
    assert found.of("good").low is None
    assert found.of("good").mean == 70
    page = save_analysis(found, tmp_path / "out").read_text()
    assert "nan" not in page
    assert "None" not in page


def test_the_command_writes_all_and_tells_what_it_left_out(tmp_path, key):
    folder = save_key(key, tmp_path / "test")
    for number in range(7):
        ratings_file(tmp_path, key, f"p{number}", steady(good=60 + number))
    deaf = ratings_file(tmp_path, key, "deaf", steady(reference=50))
    bad = ratings_file(tmp_path, key, "bad", steady(), test="other")
    files = [*(tmp_path / f"p{number}.json" for number in range(7)), deaf, bad]
    out = tmp_path / "out"
    ran = CliRunner().invoke(listening_app, ["analyse", str(folder), *map(str, files), "--out", str(out)])
    assert ran.exit_code == 1  # one file could not be read
    assert f"left out: {bad} is of the test other" in ran.output
    assert "left out: deaf rated the hidden reference below 90 on 4 of 4 pages" in ran.output
    assert "7 of 9 listeners, 4 clips" in ran.output
    assert "good       63.0 (61.6 to 64.4), median 63; +43.0 to random" in ran.output
    with open(out / "conditions.csv", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert float(rows["good"]["mean"]) == 63.0
    assert float(rows["good"]["p_holm"]) == pytest.approx(4 / 128)
    assert rows["random"]["p"] == ""
    with open(out / "ratings.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 7 * 4 * 4
    record = json.loads((out / "analysis.json").read_text())
    assert record["excluded"] == {"deaf": "rated the hidden reference below 90 on 4 of 4 pages"}
    assert (out / "ratings.png").read_bytes().startswith(b"\x89PNG")
    page = (out / "index.html").read_text()
    assert "<em>good</em> was rated 63 of 100, the random control 20" in page
