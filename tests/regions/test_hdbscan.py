"""HDBSCAN on a lattice: scikit-learn's labels, cell for cell, ties included."""

import numpy as np
import pytest
from plain_rectangles import GRID, labels_of
from scipy.ndimage import gaussian_filter
from sklearn.cluster import HDBSCAN

import auricle
from auricle.axes import Axes
from auricle.regions.finding import standing_out
from auricle.regions.hdbscan import Cells
from auricle.regions.lattice import WIDEST, lattice_of

METHODS = ("gradient", "lrp", "ig", "deconvnet", "grad-cam")


def mel_axes(rows, columns):
    return Axes(np.arange(columns + 1) * 0.0031, 700 * (10 ** (np.linspace(0, 2146, rows + 1) / 2595) - 1))


def bin_axes(rows, columns):
    return Axes(np.arange(columns + 1.0), np.arange(rows + 1.0))


def same_labels(kept, lattice, sizes, samples):
    points = lattice.points(kept)
    cells = Cells(kept, lattice, neighbours=max(samples))
    assert len(cells) == len(points)
    for few in samples:
        tree = cells.tree(few)
        for size in sizes:
            expected = labels_of(points, size, few)
            found = np.full(len(points), -1) if tree is None else tree.labels(size)
            np.testing.assert_array_equal(found, expected, err_msg=f"{len(points)} points, {size}, {few}")


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.9])
@pytest.mark.parametrize("kind", ["noise in bins", "blobs in bins", "noise in mel", "blobs in mel"])
def test_random_cells_get_scikit_learns_labels(kind, share):
    for seed in range(3):
        generator = np.random.default_rng(seed)
        rows, columns = generator.integers(3, 50, size=2)
        values = generator.random((rows, columns))
        values = gaussian_filter(values, 2) if "blobs" in kind else values
        axes, units = (mel_axes(rows, columns), "mel") if "mel" in kind else (bin_axes(rows, columns), "bins")
        kept = values >= np.quantile(values, 1 - share)
        same_labels(kept, lattice_of(axes, units), sizes=(2, 5, 20), samples=(1, 4, 15))


def test_clusters_with_wide_gaps_between():
    kept = np.zeros((60, 200), bool)
    for row, column in ((0, 0), (50, 5), (20, 120), (55, 190)):
        kept[row : row + 5, column : column + 7] = True
    kept[30, 60] = True
    same_labels(kept, lattice_of(bin_axes(60, 200), "bins"), sizes=(2, 10, 36, 60), samples=(1, 5, 30, 40))


@pytest.mark.parametrize("shape", [(1, 50), (50, 1), (2, 2)])
def test_thin_maps(shape):
    kept = np.random.default_rng(0).random(shape) > 0.3
    same_labels(kept, lattice_of(bin_axes(*shape), "bins"), sizes=(2, 5), samples=(1, 2, 3))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_points_make_no_cluster(count):
    kept = np.zeros((4, 5), bool)
    kept.flat[:count] = True
    cells = Cells(kept, lattice_of(bin_axes(4, 5), "bins"))
    assert cells.tree(count + 1) is None  # scikit-learn raises an error
    if count < 2:
        assert cells.tree(1) is None
    else:
        assert (cells.tree(count).labels(2) == -1).all()


def test_sizes_can_be_asked_for_in_any_order():
    kept = gaussian_filter(np.random.default_rng(3).random((40, 60)), 1.5) > 0.5
    lattice = lattice_of(bin_axes(40, 60), "bins")
    cells = Cells(kept, lattice, neighbours=3)
    for few in (3, 20, 1, 10):  # more neighbours than were announced
        expected = HDBSCAN(min_cluster_size=8, min_samples=few, copy=True).fit_predict(lattice.points(kept))
        np.testing.assert_array_equal(cells.tree(few).labels(8), expected)


def test_clusters_are_their_labels_points():
    kept = gaussian_filter(np.random.default_rng(4).random((40, 60)), 1.5) > 0.52
    tree = Cells(kept, lattice_of(bin_axes(40, 60), "bins")).tree(5)
    labels = tree.labels(6)
    clusters = tree.clusters(6)
    assert len(clusters) > 2
    for label, node in enumerate(clusters):
        assert set(tree.points(node)) == set(np.flatnonzero(labels == label))


@pytest.mark.parametrize("method", METHODS)
def test_real_maps_get_scikit_learns_labels(digits, clips, method):
    relevance, axes = auricle.explain(clips[0], digits, method=method).map()
    _, kept = standing_out(np.maximum(relevance.astype(float), 0), 80)
    same_labels(kept, lattice_of(axes, "mel"), sizes=(15, 40), samples=(5, 20))


@pytest.mark.slow
@pytest.mark.parametrize("units", ["mel", "bins"])
@pytest.mark.parametrize("method", METHODS)
def test_every_setting_of_the_grid_on_real_maps(digits, clips, method, units):
    for clip in clips:
        relevance, axes = auricle.explain(clip, digits, method=method).map()
        for percentile in GRID["percentile"]:
            _, kept = standing_out(np.maximum(relevance.astype(float), 0), percentile)
            same_labels(kept, lattice_of(axes, units), GRID["min_cluster_size"], GRID["min_samples"])


# --- the lattice -------------------------------------------------------------------------------------------------


def test_audiblexais_bins_are_square():
    axes = Axes(np.arange(11) * 0.004, np.arange(11) * 15.625)
    rows = lattice_of(axes, "hertz")
    assert np.diff(rows.rows * rows.step).tolist() == [1.0] * 9
    assert np.diff(rows.columns * rows.step).tolist() == [1.0] * 9
    mels = Axes(axes.seconds, 700 * (10 ** (np.linspace(0, 2146, 129) / 2595) - 1))
    rows = lattice_of(mels, "mel")
    np.testing.assert_allclose(np.diff(rows.rows * rows.step), 1.05, atol=0.01)


def test_an_octave_is_as_high_everywhere_above_the_lowest():
    centres = np.array([125.0, 250.0, 500.0, 1000.0])
    edges = np.array([100.0, 150.0, 350.0, 650.0, 1350.0])
    np.testing.assert_allclose((edges[1:] + edges[:-1]) / 2, centres)
    lattice = lattice_of(Axes(np.arange(3.0), edges), "octave")
    np.testing.assert_allclose(lattice.rows * lattice.step, [0, 24, 48, 72])


def test_long_recordings_stay_exact():
    axes = Axes(np.arange(75_001) * 0.004, np.arange(65) * 62.5)  # five minutes
    lattice = lattice_of(axes, "hertz")
    assert lattice.columns[-1] <= WIDEST
    assert 2 * float(WIDEST) ** 2 <= 2**53
