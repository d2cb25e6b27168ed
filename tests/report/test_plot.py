import io

import numpy as np
import pytest
from matplotlib.image import imread

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.report import compare_plot, plot
from auricle.report.colours import shade
from auricle.report.picture import picture, spacing, stripes, within
from auricle.report.plot import hertz_text, png, thumbnail


def colours(data: bytes) -> int:
    pixels = imread(io.BytesIO(data))
    return len(np.unique((pixels[..., :3] * 255).astype(np.uint8).reshape(-1, 3), axis=0))


def test_the_figure_shows_the_clip_in_hertz_and_seconds(explanation):
    figure = plot(explanation)
    wave, sound, bar = figure.axes
    assert sound.get_xlim() == pytest.approx((0, explanation.clip.seconds))
    assert sound.get_ylim() == (0, 4000)  # low frequencies at the bottom
    assert sound.get_xlabel() == "seconds"
    assert "seven" in bar.get_ylabel()
    figure.canvas.draw()
    assert {"1 kHz", "4 kHz"} <= {label.get_text() for label in sound.get_yticklabels()}
    assert explanation.prediction.label in wave.get_title(loc="left")
    assert colours(png(figure)) > 200


def test_relevance_is_drawn_on_its_bin_edges(explanation):
    _, sound, _ = plot(explanation).axes
    corners = sound.collections[1].get_coordinates()
    _, axes = within(*explanation.map(), explanation.clip.seconds)
    assert np.allclose(corners[:, 0, 1], axes.hertz)
    assert np.allclose(corners[0, :, 0], axes.seconds)


def test_relevance_on_samples_is_shown_on_the_waveform_too(on_samples):
    wave, sound, _ = plot(on_samples).axes
    assert any(hasattr(each, "get_coordinates") for each in wave.collections)
    assert len(sound.collections) == 2
    assert picture(on_samples).wave_relevance.shape == (240,)


def test_comparison_says_how_it_is_scaled(explanation, on_samples):
    figure = compare_plot([explanation, on_samples, explanation, explanation])
    assert "own strongest cell" in figure.get_supxlabel()
    assert colours(png(figure)) > 200
    with pytest.raises(AuricleError, match="nothing to compare"):
        compare_plot([])


def test_hostile_names_are_drawn_as_they_are(hostile):
    assert colours(png(plot(hostile))) > 50
    assert colours(thumbnail(hostile)) > 20


def test_zero_is_transparent_and_signs_differ():
    against, none, favour = shade(np.array([-1.0, 0.0, 1.0]))
    assert none[3] == 0
    assert favour[0] > favour[2]
    assert against[2] > against[0]


@pytest.mark.parametrize("deficiency", ["deuteranopia", "protanopia", "tritanopia"])
def test_the_two_signs_stay_apart_in_colour_vision_deficiency(deficiency):
    # Machado et al. 2009, severity 1, on linear RGB
    matrix = {
        "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    }[deficiency]
    linear = shade(np.array([-1.0, 1.0]))[:, :3] ** 2.2
    seen = np.clip(linear @ np.array(matrix).T, 0, 1) ** (1 / 2.2)
    assert np.abs(seen[0] - seen[1]).max() > 0.35


def test_padding_is_left_out_and_fine_grids_are_averaged():
    values = np.ones((4, 5000))
    axes = Axes(seconds=np.linspace(-1, 4, 5001), hertz=np.linspace(0, 4000, 5))
    kept, onto = within(values, axes, 3.0)
    assert (onto.seconds[0], onto.seconds[-1]) == (0, 3)
    assert kept.shape == (4, 1600)
    assert onto.shape == kept.shape
    assert np.allclose(kept, 1)


def test_waveform_stripes_hold_every_peak_and_touch():
    samples = np.sin(np.arange(50_000) / 7).astype(np.float32)
    low, high = stripes(samples)
    assert low.min() == samples.min()
    assert high.max() == samples.max()
    assert (low[1:] <= high[:-1]).all()
    assert (high[1:] >= low[:-1]).all()


def test_spacing_follows_the_front_end():
    hertz, height = spacing(Axes(np.array([0.0, 1.0]), np.array([100.0, 200.0, 400.0, 800.0])), 1000.0)
    assert (hertz[0], hertz[-1], height[0], height[-1]) == (0, 1000, 0, 1)
    assert np.allclose(np.diff(height)[1:4], np.diff(height)[1])


def test_hertz_text():
    assert [hertz_text(each) for each in (0, 62.5, 1000, 22050)] == ["0 Hz", "62.5 Hz", "1 kHz", "22.05 kHz"]
