"""The picture of one explanation: what is on it lies where it belongs."""

from __future__ import annotations

import numpy as np
from small_training import RATE, classifier, tone

import auricle
from auricle.callbacks.drawing import ACROSS, BAR_ACROSS, BAR_LEFT, BOTTOM, LEFT, UP, WIDTH, Drawing
from auricle.clip import Clip
from auricle.methods import LRP, ActivationMap, Method


def grey(picture: np.ndarray) -> np.ndarray:
    return picture[BOTTOM - UP : BOTTOM, LEFT : LEFT + ACROSS].mean(-1)


def test_relevance_is_coloured_where_it_is() -> None:
    explanation = auricle.explain(tone("high", 1), classifier(), target="high")
    picture = Drawing(explanation, "high")(explanation)
    assert picture.dtype == np.uint8
    assert picture.shape == (270, WIDTH, 3)
    map_ = picture[BOTTOM - UP : BOTTOM, LEFT : LEFT + ACROSS].astype(int)
    colour = map_.max(-1) - map_.min(-1)
    strong = np.unravel_index(int(np.abs(explanation.relevance).argmax()), explanation.relevance.shape)
    row, column = np.unravel_index(int(colour.argmax()), colour.shape)
    assert abs(column / ACROSS * 0.5 - explanation.axes.seconds_centres[strong[1]]) < 0.02
    bins = len(explanation.relevance)  # each as high on the picture
    assert abs((1 - row / UP) - (strong[0] + 0.5) / bins) < 1.5 / bins


def test_what_lies_after_the_last_frame_is_quiet() -> None:
    """A clip that ends between two frames: its last pixels are no sound at full level."""
    sound = np.concatenate([tone("low", 1).samples[0, :2580], np.zeros(80, np.float32)])
    clip = Clip(sound, RATE, "uneven")
    explanation = auricle.explain(clip, classifier())
    columns = grey(Drawing(explanation, None)(explanation)).mean(0)
    assert columns[-2:].min() > 230 > columns[-6]


def test_the_colour_bar_has_the_strongest_above() -> None:
    explanation = auricle.explain(tone("low", 1), classifier())
    picture = Drawing(explanation, None)(explanation).astype(int)
    bar = picture[BOTTOM - UP : BOTTOM, BAR_LEFT : BAR_LEFT + BAR_ACROSS]
    assert bar[0, 0, 0] > bar[0, 0, 2] + 100  # orange
    assert bar[-1, 0, 2] > bar[-1, 0, 0] + 100  # blue
    assert bar[UP // 2].min() > 240


def test_below_the_title_is_the_class_or_for_an_activation_map_the_layer() -> None:
    model, clip = classifier(), tone("low", 1)

    def below(target: str, method: Method) -> np.ndarray:
        explanation = auricle.explain(clip, model, target=target, method=method)
        return Drawing(explanation, "low")(explanation)[26:42]

    assert (below("low", LRP()) != below("high", LRP())).any()
    first, second = ActivationMap(layer="0"), ActivationMap(layer="5")
    assert (below("low", first) == below("high", first)).all(), "it is the same whatever the target"
    assert (below("low", first) != below("low", second)).any()
    assert (below("low", ActivationMap()) != below("low", second)).any()


def test_the_title_has_both_labels_and_changes() -> None:
    model, clip = classifier(), tone("low", 1)
    first = auricle.explain(clip, model, target="low")
    drawing = Drawing(first, "low")
    above = slice(0, 24)
    one = drawing(first)[above]
    other = Drawing(first, "high")(first)[above]
    assert (one != other).any()
    assert (one == drawing(first)[above]).all()
