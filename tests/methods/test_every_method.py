"""What every method promises: clips do not disturb each other, seeds decide, the user's model is untouched."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import pytest
import torch
from oracles import Residual, difference, noise, seeded
from torch import Tensor, nn

import auricle
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import Waveform, preset
from auricle.methods import COMPOSITES, LRP, METHODS, Method, build, describe
from auricle.methods.baselines import BASELINES, baseline_of
from auricle.methods.point import LEVELS, Point

FEW = {"ig": {"steps": 4}, "smoothgrad": {"draws": 3}, "gradient-shap": {"draws": 5, "noise": 0.1}}
RANDOM = ("smoothgrad", "gradient-shap", "deepshap", "kernel-shap", "permutation-shap", "lime", "rise")


ANYWHERE = [name for name in METHODS if name != "attention-rollout"]
"""Methods for any network; what needs a transformer is tested on transformers."""


def method(name: str) -> Method:
    """A method with few draws."""
    return build(name, **FEW.get(name, {}))


@pytest.fixture(scope="module")
def double(digits: Classifier) -> Classifier:
    network = copy.deepcopy(digits.network).double()
    return Classifier(network, frontend=digits.frontend, labels=digits.labels, length=digits.length)


@pytest.mark.parametrize("name", ANYWHERE)
def test_a_clips_relevance_does_not_depend_on_its_batch_mates(name: str, double: Classifier, heard: Tensor) -> None:
    samples, targets = heard[[0, 1, 3]].double(), ["predicted", "nine", "seven-one"]
    together = method(name)(double, samples, targets, seed=7)
    for index, target in enumerate(targets):
        alone = method(name)(double, samples[index : index + 1], target, seed=7)
        assert torch.allclose(together.relevance[index], alone.relevance[0], rtol=1e-9, atol=1e-12)
        assert torch.allclose(together.score[index], alone.score[0])
        row = together.row(index)
        for ours, theirs in ((row.expected, alone.expected), (row.absorbed, alone.absorbed)):
            assert (ours is None) == (theirs is None)
            assert ours is None or torch.allclose(ours, theirs)


@pytest.mark.parametrize("name", ANYWHERE)
def test_every_clip_has_its_own_target(name: str, double: Classifier, heard: Tensor) -> None:
    samples = heard[:1].double().repeat(2, 1)
    found = method(name)(double, samples, ["five", "six"])
    logits = double.logits(samples)[0, [5, 6]]
    # Deep Taylor decomposes the rectified score.
    assert torch.allclose(found.score, logits.relu() if name == "deep-taylor" else logits)
    same = difference(found.relevance[0], found.relevance[1]) < 1e-9
    assert same == (name == "activation-map")


def test_a_contrast_explains_the_difference(double: Classifier, heard: Tensor) -> None:
    samples = heard[:2].double()
    logits = double.logits(samples)
    found = method("lrp")(double, samples, "seven-one")
    assert torch.allclose(found.score, logits[:, 7] - logits[:, 1])
    assert found.gap().max() < 1e-4


@pytest.mark.parametrize("name", ANYWHERE)
def test_the_same_seed_gives_the_same_bits(name: str, digits: Classifier, heard: Tensor) -> None:
    first, again, other = (method(name)(digits, heard[:2], seed=seed).relevance for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name not in RANDOM)


@pytest.mark.parametrize("name", ANYWHERE)
@pytest.mark.parametrize("level", LEVELS)
def test_relevance_has_the_shape_of_its_axes(name: str, level: Any, digits: Classifier, clips: list[Clip]) -> None:
    if METHODS[name].levels == ("features",) and level != "features":
        with pytest.raises(AuricleError, match=r"features|components"):
            auricle.explain(clips[0], digits, method=method(name), level=level)
        return
    explanation = auricle.explain(clips[0], digits, method=method(name), level=level)
    assert explanation.relevance.shape == explanation.axes.shape
    assert explanation.relevance.any()
    assert np.isfinite(explanation.relevance).all()
    assert all(check.passed is not False for check in explanation.checks if check.name == "values")


# --- nothing is changed -------------------------------------------------------------------------------------------


class Careful(nn.Module):
    """Everything that a careless explainer would change: modes, buffers, hooks, flags, gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Residual()
        self.drop = nn.Dropout(0.5)
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(3, 3))
        self.broken = False
        self.counted = 0

    def forward(self, x: Tensor) -> Tensor:
        y = self.normed(self.drop(self.body(x)))
        if self.broken and (torch.is_grad_enabled() or torch.is_inference_mode_enabled()):
            raise RuntimeError("the network breaks off")
        return y


def state_of(network: nn.Module) -> dict[str, Any]:
    return {
        "values": {key: value.clone() for key, value in network.state_dict(keep_vars=False).items()},
        "objects": [id(value) for value in (*network.parameters(), *network.buffers())],
        "flags": [(p.requires_grad, p.grad is None) for p in network.parameters()],
        "modes": [module.training for module in network.modules()],
        "hooks": [
            (list(m._forward_hooks), list(m._backward_hooks), list(m._forward_pre_hooks)) for m in network.modules()
        ],
        "attributes": [sorted(vars(module)) for module in network.modules()],
    }


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(before["values"]) == list(after["values"])
    for key, value in before["values"].items():
        assert torch.equal(value, after["values"][key]), key
    for key in ("objects", "flags", "modes", "hooks", "attributes"):
        assert before[key] == after[key], key


@pytest.mark.parametrize("broken", [False, True], ids=["success", "failure"])
@pytest.mark.parametrize("name", ANYWHERE)
def test_the_users_model_is_untouched(name: str, broken: bool) -> None:
    network = seeded(Careful)
    classifier = Classifier(network, frontend=preset("digits"), labels=["a", "b", "c"])
    network.train()
    network.body.first_norm.eval()
    network.body.head.weight.requires_grad_(False)
    network.body.register_forward_hook(lambda *_: None)
    samples = noise(2, 2000, dtype=torch.float32)
    before, randomness = state_of(network), (torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate())  # noqa: NPY002
    network.broken = broken
    if broken:
        with pytest.raises(RuntimeError, match="breaks off"):
            method(name)(classifier, samples)
    else:
        method(name)(classifier, samples)
    assert_same(before, state_of(network))
    assert torch.equal(randomness[0], torch.get_rng_state())
    assert (randomness[1] == np.random.get_state()[1]).all()  # noqa: NPY002
    assert randomness[2] == random.getstate()
    assert torch.is_grad_enabled()
    assert samples.grad is None
    assert not samples.requires_grad


def test_explaining_works_where_gradients_are_off(digits: Classifier, heard: Tensor) -> None:
    expected = LRP()(digits, heard[:1]).relevance
    with torch.no_grad():
        assert torch.equal(LRP()(digits, heard[:1]).relevance, expected)
    with torch.inference_mode():
        assert torch.equal(LRP()(digits, heard[:1]).relevance, expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", ANYWHERE)
def test_the_gpu_says_what_the_cpu_says(name: str, double: Classifier, heard: Tensor) -> None:
    network = copy.deepcopy(double.network).cuda()
    cuda = Classifier(network, frontend=double.frontend, labels=double.labels, length=double.length)
    expected = method(name)(double, heard[:2].double()).relevance
    found = method(name)(cuda, heard[:2].double()).relevance
    assert found.device.type == "cuda"
    assert difference(found.cpu(), expected) < 1e-5


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.memory, self.head = nn.LSTM(64, 4, batch_first=True), nn.Linear(4, 3)
        self.cudnn: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        self.cudnn.append(torch.backends.cudnn.enabled)
        return self.head(self.memory(x.squeeze(1).transpose(1, 2))[0].mean(1))


@pytest.mark.parametrize("name", ["lrp", "ig", "deeplift", "gradient", "layer-cam"])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_recurrent_network_that_is_being_trained_is_explained(name: str, device: str, heard: Tensor) -> None:
    """cuDNN cannot differentiate a recurrent layer in evaluation mode, so it is kept out; on a GPU it would fail."""
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    network = seeded(Recurrent).train().to(device)
    classifier = Classifier(network, frontend=preset("digits"), labels=["a", "b", "c"])
    chosen = build(name, **({"layer": "memory"} if name == "layer-cam" else {}))
    assert torch.isfinite(chosen(classifier, heard[:2]).relevance).all()
    assert network.cudnn
    assert not any(network.cudnn)
    assert network.training


# --- settings -----------------------------------------------------------------------------------------------------

OTHER = {"layer": "features.0", "rules": {"head": "epsilon:0.1"}, "baseline": "zero"}
OTHER |= dict.fromkeys(("channel", "budget", "seed", "features"), "3")
"""Settings whose default is no text."""


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_builds_from_text(name: str) -> None:
    for setting in next(each for each in describe() if each["name"] == name)["settings"]:
        key, default = setting["name"], setting["default"]
        text = OTHER.get(key, str(default))
        built = build(name, **{key: text})
        assert built.settings()[key] == (int(text) if text == "3" else OTHER.get(key, default))
        assert setting["meaning"], f"{name}.{key} says nothing about itself"


def test_every_method_says_what_it_is() -> None:
    for each in describe():
        assert each["summary"]
        assert each["meaning"]
        assert any(digit.isdigit() for digit in each["source"]), "a source has a year"


@pytest.mark.parametrize(
    ("name", "settings", "hint"),
    [
        ("lpr", {}, 'did you mean "lrp"'),
        ("gradcam", {}, 'did you mean "grad-cam"'),
        ("ig", {"step": 3}, 'did you mean "steps"'),
        ("ig", {"steps": "many"}, "steps=many"),
        ("ig", {"steps": "1"}, "greater than or equal to 2"),
        ("guided-backprop", {"layer": "a"}, "no settings"),
        ("lrp", {"composite": "epsilon-gama-box"}, 'did you mean "epsilon-gamma-box"'),
        ("lrp", {"rules": {"*": "gama"}}, 'did you mean "gamma"'),
        ("smoothgrad", {"statistic": "median"}, "statistic=median"),
    ],
)
def test_a_wrong_setting_names_the_nearest(name: str, settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(AuricleError, match=hint):
        build(name, **settings)


@pytest.mark.parametrize(
    ("name", "settings", "hint"),
    [
        ("ig", {"baseline": "silense"}, 'did you mean "silence"'),
        ("grad-cam", {"layer": "feature.0"}, 'did you mean "features.0"'),
        ("grad-cam", {"layer": "head"}, "choose one that gives a map"),
        ("activation-map", {"channel": 999}, r"channels 0 to \d+, not 999"),
    ],
)
def test_a_setting_that_does_not_fit_the_network_is_told(
    name: str, settings: dict[str, Any], hint: str, digits: Classifier, heard: Tensor
) -> None:
    with pytest.raises(AuricleError, match=hint):
        build(name, **settings)(digits, heard[:1])


def test_targets_and_levels_that_are_not_there_name_the_nearest(digits: Classifier, clips: list[Clip]) -> None:
    with pytest.raises(AuricleError, match='did you mean "seven"'):
        auricle.explain(clips[0], digits, target="sevn")
    with pytest.raises(AuricleError, match='did you mean "features"'):
        auricle.explain(clips[0], digits, level="feature")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="2 targets were given for 1 clips"):
        auricle.explain_batch(clips[:1], digits, "lrp", ["one", "two"])


def test_every_composite_has_a_meaning_and_runs(digits: Classifier, heard: Tensor) -> None:
    for name, (meaning, _) in COMPOSITES.items():
        assert meaning
        assert LRP(composite=name)(digits, heard[:1]).relevance.any()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("baseline", [*BASELINES, "clip", "set"])
def test_every_baseline_works_at_every_level(
    baseline: str, level: Any, digits: Classifier, heard: Tensor, clips: list[Clip]
) -> None:
    kinds: dict[str, Any] = {"clip": clips[4], "set": clips[2:4]}
    chosen = kinds.get(baseline, baseline)
    for name in ("ig", "deeplift", "gradient-shap", "input-x-gradient"):
        built = build(name, baseline=chosen, **FEW.get(name, {}))
        if baseline == "mean" and level == "waveform":
            with pytest.raises(AuricleError, match="mean spectrum"):
                built(digits, heard[:2], level=level)
            continue
        found = built(digits, heard[:2], level=level, seed=1)
        assert torch.isfinite(found.relevance).all()
        assert found.baseline
        if name == "deeplift":
            assert found.gap().max() < 1e-2


def test_baselines_are_what_they_are_called(digits: Classifier, heard: Tensor, clips: list[Clip]) -> None:
    point = Point(digits, heard[:2], "features")
    silence, _ = baseline_of("silence", point, 0)
    assert torch.equal(silence[0], digits.frontend(torch.zeros(1, heard.shape[1])))
    mean, _ = baseline_of("mean", point, 0)
    assert torch.allclose(mean[0], point.x.mean(-1, keepdim=True).expand_as(point.x))
    blur, _ = baseline_of("blur", point, 0)
    assert torch.allclose(blur[0].sum(), point.x.sum(), rtol=0.05)
    assert blur[0].std() < point.x.std()
    waveform = Point(digits, heard[:2], "waveform")
    noises, _ = baseline_of("noise", waveform, 0)
    assert torch.allclose(noises[0].square().mean(-1), heard[:2].square().mean(-1), rtol=0.05)
    assert not torch.equal(noises, baseline_of("noise", waveform, 1)[0])
    another, words = baseline_of(clips[1], waveform, 0)
    assert torch.equal(another[0, 0], digits.windows(clips[1]).samples[0])
    assert clips[1].name in words


def test_silence_in_decibels_is_the_floor_and_not_zero() -> None:
    network = seeded(
        lambda: nn.Sequential(nn.Conv2d(1, 2, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    )
    classifier = Classifier(network, frontend=preset("audiblexai-linear"), labels=["a", "b"])
    point = Point(classifier, noise(1, 8000, dtype=torch.float32), "features")
    silence, _ = baseline_of("silence", point, 0)
    assert torch.equal(silence, torch.full_like(silence, -1.0))


@pytest.mark.parametrize("name", ["lrp", "ig", "deeplift", "grad-cam"])
def test_a_clip_of_another_length_may_be_the_baseline_or_the_batch_mate(name: str, digits: Classifier) -> None:
    network = seeded(
        lambda: nn.Sequential(nn.Conv1d(1, 4, 9), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    )
    classifier = Classifier(network, frontend=Waveform(sample_rate=8000), labels=["a", "b"], length=Length())
    clips = [Clip(noise(n, seed=n).numpy(), 8000, f"clip{n}") for n in (900, 1200, 900)]
    together = auricle.explain_batch(clips, classifier, method(name), ["a", "b", "a-b"])
    for clip, target, found in zip(clips, ["a", "b", "a-b"], together, strict=True):
        alone = auricle.explain(clip, classifier, method=method(name), target=target)
        assert found.relevance.shape == (clip.samples.shape[1],)
        np.testing.assert_allclose(found.relevance, alone.relevance, rtol=1e-4, atol=1e-6)
