"""A network with random weights gives another explanation, unless the explanation never listened to the network."""

import numpy as np
import pytest
import torch
from torch import nn
from two_bands import classifier as two_bands

import auricle
from auricle.errors import AuricleError
from auricle.metrics.randomised import cascade, layer_names, randomised, similarity, ssim


def test_every_weight_is_drawn_anew_and_the_classifier_stays(digits):
    before = {name: value.clone() for name, value in digits.network.state_dict().items()}
    other = randomised(digits, 0)
    assert all(torch.equal(value, before[name]) for name, value in digits.network.state_dict().items())
    drawn = zip(digits.network.parameters(), other.network.parameters(), strict=True)
    assert all(not torch.equal(one, two) for one, two in drawn if one.ndim > 1)
    assert (other.labels, other.frontend, other.length) == (digits.labels, digits.frontend, digits.length)
    assert other.remembered == {}


def test_norms_forget_what_they_heard():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2))
    network(torch.randn(8, 1, 129, 101))
    model = two_bands()
    model.network = network.eval()
    norm = randomised(model, 0).network[1]
    assert norm.running_mean.abs().max() == 0
    assert (norm.running_var == 1).all()
    assert network[1].running_mean.abs().max() > 0


def test_weights_that_cannot_reset_keep_their_spread():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(0.3 * torch.randn(100, 100))

    model = two_bands()
    model.network = Own()
    drawn = randomised(model, 0).network.weight.detach()
    assert drawn.std() == pytest.approx(0.3, rel=0.05)
    assert not torch.equal(drawn, model.network.weight)


def test_reparametrised_weights_are_drawn_too():
    model = two_bands()
    model.network = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(6, 5)))
    assert not torch.allclose(randomised(model, 0).network[0].weight, model.network[0].weight)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_type_of_weights_follows(digits, dtype):
    import copy

    model = copy.copy(digits)
    model.network = copy.deepcopy(digits.network).to(dtype)
    assert {each.dtype for each in randomised(model, 0).network.parameters()} == {dtype}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_draw_is_the_same_on_every_device(digits):
    import copy

    model = copy.copy(digits)
    model.network = copy.deepcopy(digits.network).cuda()
    there, here = randomised(model, 3), randomised(digits, 3)
    assert there.device.type == "cuda"
    for one, other in zip(there.network.parameters(), here.network.parameters(), strict=True):
        assert torch.equal(one.cpu(), other)


def test_the_global_random_state_stays(digits):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    randomised(digits, 5)
    assert torch.equal(torch.rand(1), expected)


def test_a_cascade_goes_from_the_top_down_and_keeps_what_it_drew(digits):
    names = layer_names(digits)
    steps = list(cascade(digits, 0))
    assert [name for name, _ in steps] == names
    for number, (_, model) in enumerate(steps):
        changed = dict(model.network.named_modules())
        for place, name in enumerate(names):
            own, new = (dict(net.named_modules())[name] for net in (digits.network, model.network))
            same = all(map(torch.equal, own.parameters(recurse=False), new.parameters(recurse=False)))
            norm = isinstance(new, nn.modules.batchnorm._NormBase)
            assert same == (place > number) or norm, name
        if number:
            last = dict(steps[number - 1][1].network.named_modules())[names[0]]
            assert torch.equal(changed[names[0]].weight, last.weight)


def test_too_many_layers_and_no_weights_say_so(digits):
    with pytest.raises(AuricleError, match="layers with weights"):
        randomised(digits, 0, layers=1000)
    bare = auricle.function_classifier(lambda samples: np.zeros((len(samples), 2)), labels=["a", "b"], sample_rate=8000)
    with pytest.raises(AuricleError, match="no weights"):
        randomised(bare, 0)


def test_explanations_of_the_network_change_and_those_of_the_sound_do_not(digits, clips):
    """Adebayo's check on the bundled model: gradients, input × gradient and LRP become others; a map that shows only
    where the sound is loud, as an edge detector would, stays what it is."""
    from auricle.metrics.localisation import energy_of

    other = randomised(digits, 0)
    found = {}
    for method in ("gradient", "input-x-gradient", "lrp", "guided-backprop", "deconvnet"):
        alike = []
        for clip in clips[:3]:
            mine = auricle.explain(clip, digits, method=method)
            theirs = auricle.explain(clip, other, method=method, target=mine.target)
            alike.append(similarity(mine.map()[0], theirs.map()[0])["spearman"])
        found[method] = float(np.mean(alike))
    assert abs(found["gradient"]) < 0.3
    assert abs(found["lrp"]) < 0.8
    axes = auricle.explain(clips[0], digits, method="gradient").axes
    same = similarity(energy_of(clips[0], digits, axes), energy_of(clips[0], other, axes))
    assert same == pytest.approx({"spearman": 1.0, "spearman_abs": 1.0, "ssim": 1.0})


def test_similarity_of_structure_is_scikit_images():
    metrics = pytest.importorskip("skimage.metrics")
    generator = np.random.default_rng(0)
    one, other = generator.random((40, 50)), generator.random((40, 50))
    known, full = metrics.structural_similarity(
        one, other, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0, full=True
    )
    assert ssim(one, other) == pytest.approx(full.mean(), abs=1e-9)
    assert ssim(one, other) == pytest.approx(known, abs=0.02)


def test_similarity_knows_signs_and_scales():
    values = np.random.default_rng(0).normal(size=(20, 30))
    assert similarity(values, 5.0 * values) == pytest.approx({"spearman": 1.0, "spearman_abs": 1.0, "ssim": 1.0})
    assert similarity(values, -values)["spearman"] == pytest.approx(-1.0)
    assert similarity(values, -values)["spearman_abs"] == pytest.approx(1.0)
    assert similarity(values, np.zeros((20, 30)))["spearman"] is None
    with pytest.raises(AuricleError, match="cannot be compared"):
        similarity(values, values[:5])
