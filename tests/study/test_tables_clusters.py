"""A Clever Hans, planted in the relevance of half a class, becomes a cluster of its own."""

import json

import numpy as np
import pytest

import auricle
from auricle.axes import Axes, mel_edges
from auricle.errors import AuricleError
from auricle.study.tables.clusters import Grid, Pooled, all_clusters, clip_table, cluster, cluster_table
from auricle.study.tables.spectral import neighbours, partition

AXES = Axes(np.linspace(0.0, 1.0, 101), mel_edges(n_mels=64, fmin=0.0, fmax=4000.0, htk=True))
PEAKS = {"one": 500.0, "two": 1000.0, "three": 2500.0}


def relevance_of(label, generator, *, hum=False):
    """A word's relevance: a patch around its class's frequency somewhere in time; or a hum of 50 Hz all along."""
    values = 0.01 * generator.normal(size=AXES.shape)
    hertz, seconds = AXES.hertz_centres[:, None], AXES.seconds_centres[None]
    if hum:
        return values + np.exp(-(((hertz - 50.0) / 25.0) ** 2)) * np.ones_like(seconds)
    peak = PEAKS[label] * (1 + 0.1 * generator.normal())
    middle = 0.5 + 0.05 * generator.normal()
    return values + np.exp(-((np.log(hertz / peak) / 0.3) ** 2) - ((seconds - middle) / 0.15) ** 2)


@pytest.fixture(scope="module")
def hans():
    """Thirty clips of each class; half of the third class are recognised by a hum."""
    generator = np.random.default_rng(0)
    kept = Pooled(Grid.of(high=4000.0, seconds=1.0))
    for number in range(90):
        label = list(PEAKS)[number % 3]
        hum = label == "three" and number >= 45
        kept.add(f"{number}{'-hum' if hum else ''}", label, relevance_of(label, generator, hum=hum), AXES)
    return kept


def test_the_clever_hans_is_a_cluster_of_its_class(hans):
    found = cluster(hans, scope="three")
    assert found.count == 2
    hums = np.array([hans.ids[row].endswith("hum") for row in found.rows])
    for number in range(2):
        assert len(set(hums[found.numbers == number])) == 1
    rows = {row["low"] < 100.0: row for row in cluster_table(hans, [found]).to_pylist()}
    assert rows[True]["clips"] == 15
    assert rows[True]["high"] < 200.0
    assert rows[False]["low"] > 1000.0
    assert all(each.endswith("hum") for each in rows[True]["typical"])


def test_over_all_clips_it_is_the_most_suspicious_cluster(hans):
    found = cluster(hans)
    assert found.count == 4
    first = cluster_table(hans, [found]).to_pylist()[0]
    assert json.loads(first["classes"]) == {"three": 15}
    assert (first["purity"], first["coverage"]) == (1.0, 0.5)
    assert first["high"] < 200.0
    assert first["silhouette"] > 0.5
    assert first["suspicion"] > 0.5


def test_a_class_with_one_strategy_is_one_cluster(hans):
    assert cluster(hans, scope="one").count == 1
    row = cluster_table(hans, [cluster(hans, scope="one")]).to_pylist()[0]
    assert (row["clips"], row["suspicion"], row["fisher"]) == (30, 0.0, None)


@pytest.mark.parametrize(("clips", "hums"), [(120, 8), (600, 12)])
def test_a_clever_hans_in_few_clips_is_found(clips, hums):
    """With fewer hums than a clip has neighbours in the graph, some of their neighbours are no hums."""
    generator = np.random.default_rng(1)
    kept = Pooled(Grid.of(high=4000.0, seconds=1.0))
    for number in range(clips):
        label = ("one", "three")[number % 2]
        kept.add(str(number), label, relevance_of(label, generator, hum=label == "three" and number < 2 * hums), AXES)
    for scope in ("three", "all"):
        found = cluster(kept, scope=scope, embedding="spectral")
        assert hums in np.bincount(found.numbers)
        first = cluster_table(kept, [found]).to_pylist()[0]
        assert (first["clips"], first["class"]) == (hums, "three")
        assert first["high"] < 250.0


@pytest.mark.parametrize("dimensions", [2, 20])
@pytest.mark.parametrize("n", [40, 300, 1000])
def test_a_smooth_cloud_is_not_split_and_two_are_told_apart(n, dimensions):
    generator = np.random.default_rng(n)
    cloud = generator.normal(size=(n, dimensions))
    assert partition(cloud, clusters=None, most=8, nearest=neighbours(n), seed=0)[0].max() == 0
    cloud[: n // 3, 0] += 12.0
    found = partition(cloud, clusters=None, most=8, nearest=neighbours(n), seed=0)[0]
    assert np.bincount(found).tolist() == [n - n // 3, n // 3]
    assert len(set(found[: n // 3])) == 1


def test_every_scope_is_in_the_tables(hans):
    found = all_clusters(hans, embedding="spectral")
    assert [each.scope for each in found] == ["all", "one", "three", "two"]
    clips, table = clip_table(hans, found), cluster_table(hans, found)
    assert clips.num_rows == 180
    assert (found[1].places == found[0].places[found[1].rows]).all()
    assert sum(row["clips"] for row in table.to_pylist() if row["scope"] == "all") == 90
    assert np.isfinite(clips["x"].to_numpy()).all()


def test_groups_that_nothing_connects_are_drawn_apart(hans):
    found = cluster(hans, embedding="spectral")
    middles = np.array([found.places[found.numbers == number].mean(0) for number in range(found.count)])
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2)[~np.eye(len(middles), dtype=bool)]
    wide = max(found.places[found.numbers == number].std(0).max() for number in range(found.count))
    assert apart.min() > 4 * wide


def test_t_sne_is_left_to_studies_that_it_does_not_hold_up(hans, monkeypatch):
    by_eigenvectors = cluster(hans, embedding="spectral").places
    assert not np.array_equal(cluster(hans).places, by_eigenvectors)
    monkeypatch.setattr("auricle.study.tables.clusters.MOST_BY_TSNE", len(hans) - 1)
    assert np.array_equal(cluster(hans).places, by_eigenvectors)


def test_the_same_seed_draws_the_same_map(hans):
    first, second = (cluster(hans, seed=4) for _ in range(2))
    assert (first.numbers == second.numbers).all()
    assert (first.places == second.places).all()


def test_the_number_of_clusters_may_be_given(hans):
    assert cluster(hans, clusters=6).count == 6
    with pytest.raises(AuricleError, match="cannot be"):
        cluster(hans, clusters=91)
    with pytest.raises(AuricleError, match='"four"'):
        cluster(hans, scope="four")


def test_pooling_keeps_the_share_of_relevance_in_hertz_and_seconds():
    grid = Grid(np.array([0.0, 1000.0, 4000.0]), np.array([0.0, 0.5, 1.0]))
    axes = Axes(np.array([0.0, 1.0]), np.array([0.0, 2000.0, 4000.0]))
    pooled = grid.pool(np.array([[2.0], [-1.0]]), axes).reshape(2, 2)
    # The lower bin lies half in each of both cells of hertz, and in each of seconds; negative relevance is none.
    assert pooled.tolist() == [[0.25, 0.25], [0.25, 0.25]]


def test_pooled_maps_do_not_depend_on_the_maps_resolution():
    fine = Axes(np.linspace(0, 1, 201), np.linspace(0, 4000, 257))
    coarse = Axes(np.linspace(0, 1, 101), np.linspace(0, 4000, 129))
    grid = Grid.of(high=4000.0, seconds=1.0)

    def bump(axes):
        hertz, seconds = axes.hertz_centres[:, None], axes.seconds_centres[None]
        return np.exp(-(((hertz - 1500) / 400) ** 2) - ((seconds - 0.4) / 0.1) ** 2)

    assert grid.pool(bump(fine), fine) == pytest.approx(grid.pool(bump(coarse), coarse), abs=2e-3)


def test_clips_without_positive_relevance_are_counted():
    kept = Pooled(Grid.of(high=4000.0, seconds=1.0))
    kept.add("a", "one", -np.ones(AXES.shape), AXES)
    assert (len(kept), kept.empty) == (0, 1)


def test_few_clips_are_one_cluster_and_have_places():
    generator = np.random.default_rng(0)
    kept = Pooled(Grid.of(high=4000.0, seconds=1.0))
    for number in range(3):
        kept.add(str(number), "one", relevance_of("one", generator), AXES)
    found = cluster(kept)
    assert (found.count, found.places.shape) == (1, (3, 2))


def test_equal_maps_are_one_place_and_no_error():
    kept = Pooled(Grid.of(high=4000.0, seconds=1.0))
    for number in range(12):
        kept.add(str(number), "one", np.ones(AXES.shape), AXES)
    found = cluster(kept)
    assert np.isfinite(found.places).all()
    cluster_table(kept, [found])


def test_large_and_small_graphs_have_the_same_clusters(monkeypatch):
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(size=(40, 3)) + shift for shift in (0.0, 8.0, 16.0)])
    dense = partition(points, clusters=None, most=6, nearest=8, seed=0)
    monkeypatch.setattr("auricle.study.tables.spectral._DENSE", 10)
    sparse = partition(points, clusters=None, most=6, nearest=8, seed=0)
    assert dense[0].max() + 1 == 3
    assert sparse[1] == pytest.approx(dense[1], abs=1e-6)
    assert len(set(zip(dense[0], sparse[0], strict=True))) == 3


def test_real_relevance_is_pooled(digits, clips):
    kept = Pooled(Grid.of(high=digits.sample_rate / 2, seconds=1.0))
    for clip in clips:
        relevance, axes = auricle.explain(clip, digits, method="lrp").map()
        kept.add(clip.name, "any", relevance, axes)
    assert len(kept) == len(clips)
    assert all(vector.sum() == pytest.approx(1.0, abs=1e-4) for vector in kept.vectors)
