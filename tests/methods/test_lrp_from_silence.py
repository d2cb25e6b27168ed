"""LRP measures from silence: the first layer takes the distance from it, and the network is the same function."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from oracles import Residual, difference, noise, on_samples, seeded
from torch import Tensor, nn
from torch.nn import functional as F

import auricle
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.frontends import Spectrogram, Waveform, preset
from auricle.methods import COMPOSITES, LRP, Attribution, DeepTaylor, Method, build
from auricle.methods.lrp import Composite, propagate
from auricle.methods.point import Point
from auricle.methods.rules import AlphaBeta, Epsilon, Flat

LABELS = [f"class{i}" for i in range(3)]
EVERY = [*COMPOSITES, "deep-taylor"]


def method_of(name: str, **settings: Any) -> Method:
    return DeepTaylor(**settings) if name == "deep-taylor" else LRP(composite=name, **settings)


@dataclass(frozen=True, kw_only=True)
class Raised(Waveform):
    """Samples as features whose silence is not zero: ``level``, or another number everywhere."""

    level: tuple[float, ...] | None = None

    def __call__(self, samples: Tensor) -> Tensor:
        return samples + self.silence(samples)

    def silence(self, like: Tensor) -> Tensor:
        if self.level is not None:
            return torch.tensor(self.level).to(like)
        return -1.0 + 0.5 * torch.sin(torch.arange(like.shape[-1]).to(like))


class Lambda(nn.Module):
    def __init__(self, function: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


def raised(network: nn.Module, shape: tuple[int, ...], classes: int = 3, level: Tensor | None = None) -> Classifier:
    plain = on_samples(network, shape, classes=classes)
    numbers = None if level is None else tuple(level.flatten().tolist())
    front = Raised(sample_rate=8000, channel=False, level=numbers)
    return Classifier(plain.network, frontend=front, labels=plain.labels)


def by_rules(classifier: Classifier, samples: Tensor, weights: Tensor, rules: Any, baseline: Any) -> Attribution:
    composite = rules if isinstance(rules, Composite) else Composite(rules, rules)
    with torch.enable_grad(), classifier.inference():
        return propagate(Point(classifier, samples, "features"), weights, composite, baseline)


def by_hand(layer: nn.Module, silence: Tensor) -> Callable[[Tensor], Tensor]:
    """The same layer as one explicit dense layer of x - s."""
    width = silence.numel()
    with torch.no_grad():
        zero = layer(torch.zeros_like(silence))
        shape = zero.shape[1:]
        columns = layer(torch.eye(width).to(silence).reshape(width, *silence.shape[1:])) - zero
        dense = nn.Linear(width, zero.numel()).to(silence)
        dense.weight.data, dense.bias.data = columns.flatten(1).T.contiguous(), layer(silence).flatten()
    return nn.Sequential(nn.Flatten(), dense, nn.Unflatten(1, shape))


FIRST: dict[str, tuple[tuple[int, ...], Callable[[], nn.Module]]] = {
    "dense": ((24,), lambda: nn.Linear(24, 10)),
    "conv1d": ((2, 12), lambda: nn.Conv1d(2, 6, 3, padding=1)),
    "conv2d": ((1, 6, 5), lambda: nn.Conv2d(1, 6, 3, padding=1)),
    "strided": ((1, 6, 8), lambda: nn.Conv2d(1, 6, (3, 2), stride=2, padding=(1, 0))),
    "same padding": ((2, 12), lambda: nn.Conv1d(2, 6, 4, padding="same")),
    "grouped": ((4, 9), lambda: nn.Conv1d(4, 8, 3, groups=2, padding=2)),
    "dilated, no bias": ((2, 12), lambda: nn.Conv1d(2, 6, 3, dilation=2, bias=False)),
    "norm folded": ((1, 6, 5), lambda: nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6))),
    "dense and norm": ((24,), lambda: nn.Sequential(nn.Linear(24, 10), nn.BatchNorm1d(10))),
    "norm before": ((2, 12), lambda: nn.Sequential(nn.BatchNorm1d(2), nn.Conv1d(2, 6, 3, padding=1))),
}


OTHERWISE = {
    (first, name) for first in ("same padding", "norm before") for name in ("epsilon-gamma-box", "drsa-audio-gtzan")
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("first", FIRST)
def test_it_is_the_network_that_eats_the_distance_from_silence(first: str, name: str) -> None:
    """Written out as a dense layer of x - s with the bias b + W s, and explained from zero."""
    flat = name in ("epsilon-plus-flat", "drsa-audio-toy") and "dense" not in first
    if (first, name) in OTHERWISE or flat:
        pytest.skip("this rule gives shares to inputs that the written-out layer has no weight for, or not at all")
    shape, make = FIRST[first]
    layer = seeded(make).double()
    samples = noise(3, int(np.prod(shape)), signed=False)
    silence = Raised().silence(samples[:1]).reshape(1, *shape)
    outputs = layer(silence).numel()
    rest = seeded(lambda: nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(outputs, 3)), seed=1)
    classifier = raised(nn.Sequential(layer, rest), shape)
    weights = classifier.logits(samples).sign() * torch.eye(3)  # positive scores, which deep Taylor decomposes
    found = method_of(name)(classifier, samples, weights)
    assert found.relevance.any()
    plain = on_samples(nn.Sequential(by_hand(layer, silence), rest), shape)
    if name == "deep-taylor":
        expected = DeepTaylor(baseline="zero")(plain, samples, weights)
    else:  # the dense layer that was written out gets the rule that the first layer had
        composite = COMPOSITES[name][1](1e-9, 0.25)
        rule = composite.first or (composite.dense if "dense" in first else composite.conv)
        same = Composite(composite.conv, composite.dense, first=rule)
        expected = by_rules(plain, samples, weights, same, "zero")
    assert difference(found.relevance, expected.relevance) < 1e-6
    assert torch.allclose(found.score, expected.score)
    assert found.gap().max() < 1e-6 or "flat" in name
    if name != "deep-taylor":  # which from zero does not say what nobody received
        assert torch.allclose(found.absorbed, expected.absorbed, rtol=1e-6, atol=1e-9)
    assert found.baseline == "silence"


def test_two_cells_by_hand() -> None:
    """Silence is -1, full loudness 0: cells of -1 and -0.25 lie 0 and 0.75 above silence."""
    dense = nn.Linear(2, 1)
    dense.weight.data, dense.bias.data = torch.tensor([[-2.0, 4.0]]), torch.tensor([3.0])
    classifier = raised(dense, (2,), classes=1, level=torch.full((2,), -1.0))
    one = torch.ones(1, 1).double()

    def relevance(rule: Any, baseline: str) -> Attribution:
        return by_rules(classifier, torch.tensor([[0.0, 0.75]]).double(), one, rule, baseline)

    # z = 2 - 1 + 3 = 4. From zero all positive relevance goes to the silent cell: 2 / (2 + 3) of it, less the bias's.
    assert torch.allclose(relevance(AlphaBeta(1, 0), "zero").relevance, torch.tensor([[1.6, 0.0]]).double())
    # From silence: W d = (0, 3), the bias is 3 + 2 - 4 = 1, so the loud cell has 3 / 4 of the score and the bias 1.
    assert torch.allclose(relevance(AlphaBeta(2, 1), "zero").relevance, torch.tensor([[3.2, -4.0]]).double())
    for rule in (AlphaBeta(1, 0), Epsilon(0.0), AlphaBeta(2, 1)):
        found = relevance(rule, "silence")
        assert torch.allclose(found.relevance, torch.tensor([[0.0, 3.0]]).double())
        assert torch.allclose(found.absorbed, torch.tensor([1.0]).double())
    assert torch.allclose(relevance(Flat(), "silence").relevance, torch.tensor([[2.0, 2.0]]).double())


def test_deep_taylor_leaves_what_silence_alone_would_say_to_the_bias() -> None:
    """An output that is positive in silence has nobody to hand it to: it does not go to the silent cells."""
    dense = nn.Linear(2, 2)
    dense.weight.data, dense.bias.data = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([3.0, 3.0])
    network = nn.Sequential(dense, nn.ReLU(), nn.Linear(2, 1, bias=False))
    network[2].weight.data = torch.ones(1, 2)
    classifier = raised(network, (2,), classes=1, level=torch.full((2,), -1.0))
    plus = AlphaBeta(1, 0, bias=False)
    found = by_rules(classifier, torch.tensor([[0.0, 0.5]]).double(), torch.ones(1, 1).double(), plus, "silence")
    assert torch.allclose(found.relevance, torch.tensor([[0.0, 2.5]]).double())
    assert torch.allclose(found.absorbed, torch.tensor([2.0]).double())


def test_where_silence_is_zero_the_rules_see_the_same(digits: Classifier, heard: Tensor) -> None:
    for name in EVERY:
        for level in ("features", "stft"):
            silent = method_of(name)(digits, heard[:2], level=level)
            zero = method_of(name, baseline="zero")(digits, heard[:2], level=level)
            assert (silent.baseline, zero.baseline) == ("silence", "zero")
            assert silent.gap().max() < 1e-4
            if name in ("epsilon", "epsilon-gamma"):
                assert difference(silent.relevance, zero.relevance) < (1e-4 if level == "stft" else 1e-9)
                assert torch.allclose(silent.absorbed, zero.absorbed, rtol=1e-4)


@pytest.mark.parametrize("name", ["preset-a", "preset-b", "deep-taylor"])
def test_signed_shares_give_nothing_to_what_is_silent(name: str, digits: Classifier, heard: Tensor) -> None:
    """Exact zeros must not count as tiny contributions, which where nothing else sounds would be all there is."""
    samples = heard[:2].clone()
    samples[:, 6000:] = 0.0
    silent = digits.frontend.to_map(digits.frontend(samples)) == 0
    assert silent.float().mean() > 0.1
    from_silence, from_zero = (
        method_of(name, baseline=baseline)(digits, samples).relevance for baseline in ("silence", "zero")
    )
    assert not from_silence[silent].any()
    assert (from_zero[silent].abs().max() > 1e-6 * from_zero.abs().max()) == (name != "preset-a")


# --- real sound ---------------------------------------------------------------------------------------------------


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, stride=3), nn.ReLU(), nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(96, 3),
    )  # fmt: skip


def in_decibels(network: nn.Module, front: Any = None) -> Classifier:
    """AudibleXAI's features: silence -1, full loudness 0."""
    front = preset("audiblexai-mel") if front is None else front
    return Classifier(network.double(), frontend=front, labels=LABELS, length=Length(seconds=1.0))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("front", ["audiblexai-mel", "audiblexai-linear", "panns"])
def test_score_and_total_are_those_of_the_network(front: str, name: str, heard: Tensor) -> None:
    samples = heard[:2, :8000].double()
    classifier = in_decibels(seeded(cnn), preset(front) if front != "panns" else small_log_mel())
    logits = classifier.logits(samples)
    weights = logits.sign()  # so that deep Taylor has something to decompose
    found = {level: method_of(name)(classifier, samples, weights, level=level) for level in ("features", "stft")}
    for each in found.values():
        assert each.gap().max() < 1e-4
        assert torch.allclose(each.score, (logits * weights).sum(1))
        assert not each.unruled
    totals = [each.relevance.flatten(1).sum(1) for each in found.values()]
    assert torch.allclose(totals[0], totals[1], rtol=1e-6)


def small_log_mel() -> Spectrogram:
    from auricle.frontends import MelSpectrogram
    from auricle.frontends.compression import Log
    from auricle.frontends.grid import STFT

    settings = STFT(n_fft=512, hop=160)
    return MelSpectrogram(sample_rate=8000, stft_settings=settings, n_mels=40, power=2, compression=Log(offset=1e-6))


def test_the_waveform_gets_the_same_total(heard: Tensor) -> None:
    classifier = in_decibels(seeded(cnn))
    samples = heard[:2, :8000].double()
    found = [LRP()(classifier, samples, level=level) for level in ("features", "waveform")]
    totals = [each.relevance.flatten(1).sum(1) + each.absorbed for each in found]
    assert torch.allclose(totals[0], totals[1], rtol=1e-6)
    assert found[1].gap().max() < 1e-4
    assert found[1].relevance.shape == samples.shape


def test_the_loudest_cell_keeps_its_relevance(heard: Tensor) -> None:
    """In decibels under the maximum the loudest cell is exactly 0, and x times anything would be nothing."""
    classifier = in_decibels(seeded(lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(3))), preset("audiblexai-linear"))
    samples = heard[:1, :8000].double()
    features = classifier.frontend(samples)
    classifier.network(features)
    dense = classifier.network[1]
    dense.weight.data, dense.bias.data = torch.ones_like(dense.weight), torch.zeros_like(dense.bias)
    loudest = int(features.argmax())
    assert features.flatten()[loudest] == 0
    for level in ("features", "stft"):
        found = LRP(composite="epsilon")(classifier, samples, torch.tensor([[1.0, 0.0, 0.0]]), level=level).relevance
        assert int(found.argmax()) == loudest
    assert not LRP(composite="epsilon", baseline="zero")(classifier, samples).relevance.flatten()[loudest].abs() > 1e-12


@pytest.mark.parametrize("name", ["preset-a", "epsilon-gamma", "deep-taylor"])
def test_a_loud_event_in_a_quiet_background_gets_the_relevance(name: str) -> None:
    """One filter hears where it is quiet, one where it is loud; a network that hears the event."""
    time = torch.arange(8000, dtype=torch.float64) / 8000
    event = torch.where((time > 0.5) & (time < 0.6), torch.sin(2 * torch.pi * 1000 * time), 0.0)
    samples = (event + 1e-3 * noise(8000))[None]
    network = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))
    network[0].weight.data = torch.stack([torch.full((1, 2, 2), 0.25), torch.full((1, 2, 2), -0.25)])
    network[0].bias.data = torch.tensor([1.0, 0.0])
    network[4].weight.data, network[4].bias.data = torch.tensor([[1.0, 0.2], [0.0, 0.0], [0.0, 0.0]]), torch.zeros(3)
    classifier = in_decibels(network, preset("audiblexai-linear"))
    axes = classifier.frontend.axes(8000)
    inside = torch.as_tensor((axes.seconds_centres > 0.5) & (axes.seconds_centres < 0.6))
    shares = []
    for baseline in ("silence", "zero"):
        found = method_of(name, baseline=baseline)(classifier, samples, "class0").relevance[0].clamp(min=0)
        cells = found / found.sum()
        shares.append(float(cells[30:35, inside].mean() / cells.mean()))  # around 1 kHz
    assert shares[0] > 1.4
    assert shares[1] < 1.0


# --- what stands before the first layer ---------------------------------------------------------------------------


def conv_and_head(before: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> nn.Module:
    def forward(n: Any, x: Tensor) -> Tensor:
        return n.head(F.relu(n.conv(before(n, x))).flatten(1))

    return seeded(lambda: Lambda(forward, conv=nn.Conv1d(2, 4, 3), head=nn.Linear(4 * 10, 3), **layers))


BEFORE: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "standardised by constants": lambda n, x: (x + 4.5) / 3.0,
    "by buffers": lambda n, x: (x - torch.tensor([[0.2], [0.3]]).to(x)) * torch.tensor([[2.0], [-0.5]]).to(x),
    "turned round": lambda n, x: 1 - x,
    "transposed and back": lambda n, x: x.permute(0, 2, 1).reshape(x.size(0), -1).view(-1, 12, 2).mT,
    "in place": lambda n, x: x.clone().sub_(1.0).div_(2.0),
    "joined with a constant": lambda n, x: torch.cat([x[:, :1], torch.ones_like(x[:, 1:])], 1),
    "padded with loudness": lambda n, x: F.pad(x[..., 1:-1], (1, 1), value=0.7),
    "centred": lambda n, x: x - x.mean(-1, keepdim=True),
    "in the loop": lambda n, x: torch.stack([x[:, channel] for channel in range(2)], 1),
    "a logarithm": lambda n, x: torch.log(x + 4.0),
    "pooled to one": lambda n, x: F.max_pool1d(x, 1),
    "bounded": lambda n, x: x.clamp(min=-0.4),
}


@pytest.mark.parametrize("name", ["preset-a", "epsilon-gamma", "epsilon-plus-flat", "epsilon"])
@pytest.mark.parametrize("before", BEFORE)
def test_the_reference_is_handed_to_the_first_layer(before: str, name: str) -> None:
    """The rule of the first layer sees before(x) - before(s), as if the network began there."""
    network = conv_and_head(BEFORE[before])
    classifier = raised(network, (2, 12))
    samples = noise(3, 24, signed=False)
    found = LRP(composite=name)(classifier, samples, LABELS)
    adds_cells = before in ("joined with a constant", "padded with loudness")  # which the flat rule gives shares, too
    assert found.gap().max() < (1e-6 if name != "epsilon-plus-flat" or not adds_cells else torch.inf)
    assert found.baseline == "silence"
    assert not found.unruled
    if adds_cells or before == "centred":
        return  # there relevance does not stay where it is
    bare = conv_and_head(lambda n, x: x)
    features = classifier.frontend(samples).reshape(3, 2, 12)
    silence = classifier.frontend.silence(samples[:1]).reshape(1, 2, 12)
    x, s = (BEFORE[before](None, each).detach() for each in (features, silence))
    expected = LRP(composite=name)(raised(bare, (2, 12), level=s), (x - s).flatten(1), LABELS)
    assert difference(found.relevance, expected.relevance) < 1e-6


@pytest.mark.parametrize("pool", [nn.Identity(), nn.MaxPool1d(2), nn.AvgPool1d(2)])
@pytest.mark.parametrize("name", EVERY)
def test_a_batch_norm_behind_a_relu_is_folded_into_the_layer_after_it(name: str, pool: nn.Module) -> None:
    """What it adds stands for nothing that was heard: it goes into that layer's bias."""
    width = 5 if isinstance(pool, nn.Identity) else 2
    conv, norm, after, head = (
        seeded(lambda each=each: each, seed=seed).double()  # type: ignore[misc]
        for seed, each in enumerate(
            [nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.Conv1d(4, 6, 2), nn.Linear(6 * (width - 1), 3)]
        )
    )
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    shift = norm.bias - norm.running_mean * scale
    folded = copy.deepcopy(after)
    folded.weight.data = after.weight * scale[None, :, None]
    folded.bias.data = after.bias + (after.weight * shift[None, :, None]).sum((1, 2))
    rest = (nn.ReLU(), nn.Flatten(), head)
    written = on_samples(nn.Sequential(conv, nn.ReLU(), pool, folded, *rest), (2, 7))
    network = on_samples(nn.Sequential(conv, nn.ReLU(), norm, pool, after, *rest), (2, 7))
    samples = noise(3, 14)
    weights = network.logits(samples).sign() * torch.eye(3)
    found = method_of(name)(network, samples, weights)
    expected = method_of(name, baseline="zero")(written, samples, weights)
    assert found.relevance.any()
    assert difference(found.relevance, expected.relevance) < 1e-6
    assert found.gap().max() < 1e-6
    from_zero = method_of(name, baseline="zero")(network, samples, weights)
    # The ε rule divides by the whole output, so there it is one whoever adds what.
    assert (difference(from_zero.relevance, expected.relevance) > 1e-3) == (name != "epsilon")


@pytest.mark.parametrize("norm", [nn.InstanceNorm1d(2, affine=True), nn.GroupNorm(1, 2), nn.LayerNorm(12), "batch"])
def test_norms_hand_on_the_reference_with_their_scale_held(norm: Any) -> None:
    norm = nn.BatchNorm1d(2) if norm == "batch" else norm
    network = conv_and_head(lambda n, x: n.norm(x), norm=norm)
    found = LRP()(raised(network, (2, 12)), noise(3, 24, signed=False), LABELS)
    assert found.gap().max() < 1e-6
    assert found.baseline == "silence"


def test_every_branch_takes_the_reference() -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        return n.head(F.relu(n.fine(x) + n.coarse(x)).flatten(1))

    layers = {"fine": nn.Conv1d(2, 4, 3, padding=1), "coarse": nn.Conv1d(2, 4, 5, padding=2), "head": nn.Linear(48, 3)}
    found = LRP()(raised(seeded(lambda: Lambda(forward, **layers)), (2, 12)), noise(3, 24), LABELS)
    assert found.gap().max() < 1e-6
    assert found.baseline == "silence"


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers_take_the_reference_at_every_step(kind: type[nn.RNNBase]) -> None:
    layers = {"memory": kind(4, 5, batch_first=True, bidirectional=True), "head": nn.Linear(10, 3)}
    network = seeded(lambda: Lambda(lambda n, x: n.head(n.memory(x)[0].mean(1)), **layers))
    found = LRP()(raised(network, (6, 4)), noise(3, 24), LABELS)
    assert found.gap().max() < 1e-6
    assert found.baseline == "silence"


def test_attention_takes_the_reference() -> None:
    layers = {"attend": nn.MultiheadAttention(8, 2, batch_first=True), "head": nn.Linear(8, 3)}
    network = seeded(lambda: Lambda(lambda n, x: n.head(n.attend(x, x, x)[0].mean(1)), **layers))
    found = LRP()(raised(network, (6, 8)), noise(3, 48), LABELS)
    assert found.gap().max() < 1e-6
    assert found.baseline == "silence"


def skip(n: Any, x: Tensor) -> Tensor:
    return n.head((x + F.relu(n.conv(x))).flatten(1))


def multiplied(n: Any, x: Tensor) -> Tensor:
    return n.head(F.relu(n.conv(x * x)).flatten(1))


def assigned(n: Any, x: Tensor) -> Tensor:
    y = x * 1.0
    y[:, 0] = y[:, 1]
    return n.head(F.relu(n.conv(y)).flatten(1))


@pytest.mark.parametrize("forward", [skip, multiplied, assigned])
def test_where_no_layer_takes_the_reference_its_share_is_absorbed_and_said(
    forward: Callable[[Any, Tensor], Tensor],
) -> None:
    layers = {"conv": nn.Conv1d(2, 2, 3, padding=1), "head": nn.Linear(24, 3)}
    classifier = raised(seeded(lambda: Lambda(forward, **layers)), (2, 12))
    found = LRP()(classifier, noise(3, 24), LABELS)
    assert found.gap().max() < 1e-6
    assert found.baseline == "silence (whose own share is absorbed where features pass the first layer by)"


def test_what_a_skip_hands_past_the_first_layer_by_hand() -> None:
    """logit = 2 x + x with x = d + s: 3 d to the input, 3 s to what silence says."""
    network = Lambda(lambda n, x: n.conv(x) + x, conv=nn.Linear(1, 1, bias=False))
    network.conv.weight.data = torch.tensor([[2.0]])
    classifier = raised(network, (1,), classes=1, level=torch.tensor([-1.0]))
    found = LRP(composite="epsilon")(classifier, torch.tensor([[0.3]]).double())
    assert torch.allclose(found.relevance, torch.tensor([[0.9]]).double())
    assert torch.allclose(found.absorbed, torch.tensor([-3.0]).double())


def test_clips_keep_to_themselves_where_a_network_folds_time_into_the_batch() -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        frames = x.view(x.size(0) * 6, 4)
        return n.head(F.relu(n.frame(frames)).view(x.size(0), -1))

    layers = {"frame": nn.Linear(4, 5), "head": nn.Linear(30, 3)}
    classifier = raised(seeded(lambda: Lambda(forward, **layers)), (6, 4))
    samples = noise(3, 24)
    together = LRP()(classifier, samples, LABELS)
    assert together.gap().max() < 1e-6
    for index, label in enumerate(LABELS):
        alone = LRP()(classifier, samples[index : index + 1], label)
        assert torch.allclose(alone.relevance[0], together.relevance[index])
        assert torch.allclose(alone.absorbed[0], together.absorbed[index])


def test_the_first_layer_hears_silence_once_whatever_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    from auricle.methods import rules

    heard: list[int] = []
    measured_from = rules.Call.measured_from

    def count(call: rules.Call, reference: Tensor) -> rules.Call:
        shifted = measured_from(call, reference)
        assert shifted.bias is not None
        heard.append(len(shifted.bias))
        return shifted

    monkeypatch.setattr(rules.Call, "measured_from", count)
    network = seeded(lambda: nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3)))
    LRP()(raised(network, (1, 20)), noise(5, 20))
    assert heard == [1]


def test_residual_networks_compute_what_they_compute(heard: Tensor) -> None:
    classifier = in_decibels(seeded(Residual))
    samples = heard[:2, :8000].double()
    point = Point(classifier, samples, "features")
    found = LRP()(classifier, samples, "class0")
    assert torch.allclose(found.score, point.run(point.x)[:, 0])
    assert found.gap().max() < 1e-6


def test_the_baseline_is_a_setting_that_is_said(heard: Tensor) -> None:
    classifier = in_decibels(seeded(cnn))
    clip = Clip(heard[0].numpy(), 8000)
    for name in ("lrp", "deep-taylor"):
        for baseline in ("silence", "zero"):
            explanation = auricle.explain(clip, classifier, method=build(name, baseline=baseline))
            (check,) = [each for each in explanation.checks if each.name == "baseline"]
            assert check.value == baseline
        with pytest.raises(auricle.AuricleError, match="baseline=noise"):
            build(name, baseline="noise")
