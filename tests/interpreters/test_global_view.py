"""An interpreter over many clips: means by hand, points that follow the class, and its page."""

import re

import numpy as np
import pytest
import torch
from small_tasks import built, classifier, heard, sounds
from test_l2i import interpreter

from auricle.cli.interpreter_shown import show_interpreter
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.interpreters.flint import FLINT
from auricle.interpreters.global_view import global_view, in_two_dimensions
from auricle.report.interpreters import write_page


def clips(x):
    return [Clip(each.numpy(), 8000, f"clip {number}") for number, each in enumerate(x)]


def test_means_are_of_what_the_classifier_hears():
    model = classifier(multi_label=True)
    it = interpreter(model)
    x = sounds(12, both=True)
    view = global_view(it, model, clips(x))
    batch = heard(it, model, x)
    said = batch.logits >= 0
    assert view.counts.tolist() == said.sum(0).tolist()
    for label in range(2):
        relevance = it.interpretation(batch, torch.eye(2)[label].expand(12, 2)).relevance[said[:, label]]
        np.testing.assert_allclose(view.mean[label], relevance.mean(0).detach().numpy(), atol=1e-5)
        order = view.best(label, 3)
        assert order == [int(k) for k in np.argsort(-view.mean[label])[:3] if view.mean[label, k] > 0]
    assert view.figures["agreement"] == pytest.approx(float(it.figures(batch)["agreement"].mean()))
    np.testing.assert_array_equal(view.worth, it.theta.weight.detach().double().numpy())


def test_a_class_that_is_never_heard_has_no_mean():
    model = classifier()
    view = global_view(interpreter(model), model, clips(sounds(6)[::2]))
    assert view.counts.tolist() == [3, 0]
    assert np.isnan(view.mean[1]).all()
    assert view.best(1) == []
    with pytest.raises(AuricleError, match="no class is heard"):
        global_view(interpreter(model), model, [])


def test_points_of_one_class_lie_together_and_the_same_every_time():
    draw = np.random.default_rng(0)
    middles = draw.normal(size=(3, 10))
    kinds = np.arange(60) % 3
    vectors = middles[kinds] + 0.05 * draw.normal(size=(60, 10))
    points = in_two_dimensions(vectors, seed=3)
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1) + 1e9 * np.eye(60)
    assert (kinds[distance.argmin(1)] == kinds).all()
    np.testing.assert_array_equal(points, in_two_dimensions(vectors, seed=3))
    assert in_two_dimensions(vectors[:1]).shape == (1, 2)


@pytest.mark.parametrize("kind", ["l2i", "flint"])
def test_the_page_needs_nothing_else_and_has_every_component(kind, tmp_path):
    model = classifier()
    it = interpreter(model) if kind == "l2i" else built(FLINT, model, attributes=12, width=8).eval()
    view = global_view(it, model, clips(sounds(12)))
    page = write_page(it, view, tmp_path, of="sounds").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert page.count("<img") == (4 if kind == "l2i" else 3)
    listed = set(re.findall(r"<strong>component (\d+)</strong>", page))
    assert listed == {str(k) for k in range(12)}
    assert len(re.findall("<audio", page)) == (12 + sum(len(view.best(label)) for label in range(2))) * (kind == "l2i")
    assert "top-1 fidelity" in page


def test_an_empty_mask_is_told(tmp_path):
    model = classifier()
    it = interpreter(model)
    it.theta.linear.weight.data.fill_(-1.0)
    view = global_view(it, model, clips(sounds(4)))
    assert view.empty == 1.0
    assert "their mask is empty" in write_page(it, view, tmp_path, of="sounds").read_text()


def test_a_mask_without_components_is_not_shown(tmp_path):
    from auricle.interpreters.lmac import LMAC

    built(LMAC, classifier()).save(tmp_path)
    with pytest.raises(AuricleError, match=f"--method lmac:{tmp_path}"):
        show_interpreter(
            tmp_path, model=None, data=None, task=None, split=None, fold=None, part=None, per_class=1, out=None, seed=0
        )
