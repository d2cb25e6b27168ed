"""What is silently wrong or impossible elsewhere is right here, without help, or it is said.

Each structure is tested on a network without biases, whose relevance must sum to the logit, and, where it is small
enough, against relevance worked out by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from oracles import noise, on_samples, relevance_of, seeded, without_biases
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

import auricle
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.methods import LRP
from auricle.methods.lrp import COMPOSITES
from auricle.methods.measured import enter, measure_of
from auricle.methods.propagation import Propagation
from auricle.methods.rules import AlphaBeta, Epsilon, Gamma


class Lambda(nn.Module):
    """A network that is a function of its layers."""

    def __init__(self, function: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


def matrix(*rows: tuple[float, ...]) -> nn.Linear:
    dense = nn.Linear(len(rows[0]), len(rows), bias=False)
    dense.weight.data = torch.tensor(rows)
    return dense


def tensor(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def conserves(network: nn.Module, shape: tuple[int, ...], *, bar: float = 1e-5) -> None:
    """Relevance of a batch with mixed targets sums to the logits, by ε and by γ, without biases."""
    classifier = on_samples(without_biases(network), shape)
    size = int(torch.tensor(shape).prod())
    for method in (LRP(composite="epsilon"), LRP(composite="epsilon-gamma")):
        found = method(classifier, noise(3, size), ["class0", "class1", "class2"])
        assert not found.unruled
        assert found.gap().max() < bar
        assert ((found.relevance.sum(1) - found.score).abs() / found.score.abs()).max() < bar


def forward_is_true(network: nn.Module, shape: tuple[int, ...], *, training: bool = False) -> None:
    """Under the rules the network computes what it computes without them."""
    network = network.double().train(training)
    x = noise(3, *shape)
    mode = Propagation(COMPOSITES["epsilon-gamma"][1](1e-9, 0.25).chooser(), batch=3, network=network)
    with mode:
        under_rules = network(x.clone().requires_grad_())
    assert torch.allclose(under_rules, network(x), atol=1e-10)


def test_a_skip_connection_by_hand() -> None:
    """y = relu(W x) + x; logits = V y. Each summand gets its own share: nothing doubles."""
    network = Lambda(lambda n, x: n.v(F.relu(n.w(x)) + x), w=matrix((2.0, 0.0), (0.0, -1.0)), v=matrix((1.0, 1.0)))
    found = relevance_of(on_samples(network, (2,), classes=1), tensor((1.0, 3.0)), tensor((1.0,)), Epsilon(0.0))
    # Unit 0: 2 through the branch and 1 through the skip; unit 1: nothing (its ReLU is off) and 3.
    assert torch.allclose(found, tensor((3.0, 3.0)))


def test_skip_connections_conserve() -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        for conv in (n.a, n.b, n.c):
            x = x + F.relu(conv(x))
        return n.head(x.mean(-1))

    convs = {name: nn.Conv1d(4, 4, 3, padding=1) for name in "abc"}
    conserves(seeded(lambda: Lambda(forward, **convs, head=nn.Linear(4, 3))), (4, 10))


def test_a_functional_gelu_hands_on_what_it_received() -> None:
    network = Lambda(lambda n, x: n.v(F.gelu(n.w(x))), w=matrix((1.0, 1.0), (1.0, -1.0)), v=matrix((1.0, 2.0)))
    found = relevance_of(on_samples(network, (2,), classes=1), tensor((2.0, -0.5)), tensor((1.0,)), Epsilon(0.0))
    hidden = tensor((1.5, 2.5))
    one, two = (F.gelu(hidden) * tensor((1.0, 2.0)))[0]  # the relevance of each unit, shared by 2 : -0.5 and 2 : 0.5
    expected = tensor((2 / 1.5 * one + 2 / 2.5 * two, -0.5 / 1.5 * one + 0.5 / 2.5 * two))
    assert torch.allclose(found, expected)


@pytest.mark.parametrize("function", [F.gelu, F.silu, F.mish, F.elu, torch.tanh, F.hardswish, F.softplus, torch.square])
def test_functional_non_linearities_conserve(function: Callable[[Tensor], Tensor]) -> None:
    layers = {"a": nn.Conv1d(2, 5, 3), "head": nn.Linear(5, 3)}
    conserves(seeded(lambda: Lambda(lambda n, x: n.head(function(n.a(x)).mean(-1)), **layers)), (2, 12))


def test_a_module_used_twice_by_hand() -> None:
    """logits = W relu(W x): both uses have their own input."""
    network = Lambda(lambda n, x: n.w(F.relu(n.w(x))), w=matrix((1.0, 2.0), (3.0, -1.0)))
    found = relevance_of(on_samples(network, (2,), classes=2), tensor((1.0, 1.0)), tensor((1.0, 0.0)), Epsilon(0.0))
    # hidden = (3, 2); logit 0 = 3 + 2 · 2 = 7, of which 3 goes back as 1 : 2 and 4 as 3 : -1.
    assert torch.allclose(found, tensor((1.0 + 6.0, 2.0 - 2.0)))


def test_weight_normalisation_uses_the_effective_weight() -> None:
    plain = seeded(lambda: nn.Sequential(nn.Conv1d(2, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(60, 3)))
    normed = seeded(
        lambda: nn.Sequential(weight_norm(nn.Conv1d(2, 6, 3)), nn.ReLU(), nn.Flatten(), weight_norm(nn.Linear(60, 3)))
    )
    for ours, theirs in zip((plain[0], plain[3]), (normed[0], normed[3]), strict=True):
        theirs.parametrizations.weight.original0.data *= 1.7  # the length of each row, now unlike that of its direction
        ours.weight.data, ours.bias.data = theirs.weight.detach().clone(), theirs.bias.detach().clone()
    samples, weights = noise(2, 24), torch.eye(3, dtype=torch.float64)[:2]
    for rule in (Gamma(0.3), AlphaBeta(2, 1), AlphaBeta(1, 0)):
        expected = relevance_of(on_samples(plain, (2, 12)), samples, weights, rule)
        assert torch.allclose(relevance_of(on_samples(normed, (2, 12)), samples, weights, rule), expected)


def test_a_compiled_model_is_explained_as_if_it_were_not() -> None:
    plain = seeded(lambda: nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 18, 3)))
    classifier = on_samples(plain, (1, 20))
    compiled = Classifier(torch.compile(classifier.network), frontend=classifier.frontend, labels=classifier.labels)
    samples = noise(2, 20)
    for method in (LRP(), auricle.methods.DeepLIFT(), auricle.methods.GuidedBackprop(), auricle.methods.GradCAM()):
        expected, found = method(classifier, samples), method(compiled, samples)
        assert torch.allclose(found.relevance, expected.relevance)
        assert not found.unruled


@pytest.mark.parametrize("settings", [{}, {"bidirectional": True}, {"num_layers": 2}, {"batch_first": True}])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_an_unrolled_recurrent_layer_is_torchs_own(kind: type[nn.RNNBase], settings: dict[str, Any]) -> None:
    ways = 2 if settings.get("bidirectional") else 1

    def forward(n: Any, x: Tensor) -> Tensor:
        outputs, last = n.memory(x if settings.get("batch_first") else x.transpose(0, 1))
        last = last[0] if isinstance(last, tuple) else last
        mean = outputs.mean(1 if settings.get("batch_first") else 0)
        return n.head(mean) + last.sum(0)[:, :3]

    network = seeded(lambda: Lambda(forward, memory=kind(5, 4, **settings), head=nn.Linear(4 * ways, 3)))
    forward_is_true(network, (7, 5))
    conserves(network, (7, 5))
    classifier = on_samples(network, (7, 5))  # and with its biases, each clip on its own
    assert LRP()(classifier, noise(3, 35)).gap().max() < 1e-5


def test_an_initial_state_is_heard_too() -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        state = (torch.ones(1, len(x), 4, dtype=x.dtype), torch.full((1, len(x), 4), 0.5, dtype=x.dtype))
        return n.head(n.memory(x, state)[0][:, -1])

    layers = {"memory": nn.LSTM(5, 4, batch_first=True), "head": nn.Linear(4, 3)}
    network = seeded(lambda: Lambda(forward, **layers))
    forward_is_true(network, (6, 5))
    assert LRP()(on_samples(network, (6, 5)), noise(3, 30)).gap().max() < 1e-5


def test_a_recurrent_network_without_biases_hears_one_step_by_hand() -> None:
    """One step from nothing: logit = V o tanh(i tanh(g)); the gates are held, so all goes through g to x."""
    memory = nn.LSTM(1, 1, bias=False, batch_first=True)
    memory.weight_ih_l0.data[:] = torch.tensor([[0.5], [0.1], [1.5], [-0.3]])
    network = Lambda(lambda n, x: n.v(n.memory(x)[0][:, 0]), memory=memory, v=matrix((2.0,)))
    classifier = on_samples(network, (1, 1), classes=1)
    found = relevance_of(classifier, tensor((0.8,)), tensor((1.0,)), Epsilon(0.0))
    assert torch.allclose(found, classifier.network(tensor((0.8,))))


def test_in_place_functions_leave_what_was_heard_before_them_alone() -> None:
    def in_place(n: Any, x: Tensor) -> Tensor:
        y = n.a(x)
        torch.relu_(y)
        y += x
        F.relu(y, inplace=True)
        y[:, 0] = y[:, 1] * 2
        y.mul_(0.5)
        return n.head(n.act(y))

    def out_of_place(n: Any, x: Tensor) -> Tensor:
        y = F.relu(F.relu(n.a(x)) + x)
        y = torch.cat([y[:, 1:2] * 2, y[:, 1:]], 1) * 0.5
        return n.head(F.relu(y))

    layers = {"a": nn.Linear(6, 6), "head": nn.Linear(6, 3), "act": nn.ReLU(inplace=True)}
    samples, weights = noise(3, 6), torch.eye(3, dtype=torch.float64)
    found, expected = (
        relevance_of(on_samples(seeded(lambda f=f: Lambda(f, **layers)), (6,)), samples, weights, Gamma(0.25))
        for f in (in_place, out_of_place)
    )
    assert found.abs().sum() > 0
    assert torch.allclose(found, expected)


def test_batch_norm_is_folded_with_its_gamma_before_the_relu() -> None:
    """conv → batch norm is one linear layer with weight w γ/√(σ²+ε)."""
    network = seeded(
        lambda: nn.Sequential(nn.Conv1d(2, 5, 3), nn.BatchNorm1d(5), nn.ReLU(), nn.Flatten(), nn.Linear(50, 3))
    )
    conv, norm = network[0], network[1]
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    folded = nn.Conv1d(2, 5, 3)
    folded.weight.data = conv.weight.data * scale[:, None, None]
    folded.bias.data = (conv.bias - norm.running_mean) * scale + norm.bias
    by_hand = nn.Sequential(folded, nn.ReLU(), nn.Flatten(), network[4])
    samples, weights = noise(2, 24), torch.eye(3, dtype=torch.float64)[:2]
    for rule in (Epsilon(0.1), Gamma(0.3), AlphaBeta(2, 1)):
        found = relevance_of(on_samples(network, (2, 12)), samples, weights, rule)
        assert torch.allclose(found, relevance_of(on_samples(by_hand, (2, 12)), samples, weights, rule), rtol=1e-4)


def test_batch_norm_after_the_relu_hands_on_its_gamma() -> None:
    network = seeded(
        lambda: nn.Sequential(
            nn.Conv1d(2, 5, 3), nn.ReLU(), nn.BatchNorm1d(5), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(25, 3)
        )
    )
    conserves(network, (2, 12))
    assert LRP()(on_samples(network, (2, 12)), noise(3, 24)).gap().max() < 1e-6
    # By hand: y = γ (x - μ) / σ + β with logit y0 + y1: each input gets γ x / σ, the rest is absorbed.
    norm = nn.BatchNorm1d(2, eps=0.0)
    norm.running_mean[:], norm.running_var[:] = torch.tensor([1.0, 2.0]), torch.tensor([4.0, 9.0])
    norm.weight.data[:], norm.bias.data[:] = torch.tensor([3.0, -5.0]), torch.tensor([0.5, 0.25])
    small = on_samples(nn.Sequential(nn.ReLU(), norm, matrix((1.0, 1.0))), (2,), classes=1)
    found = LRP(composite="epsilon")(small, tensor((2.0, 6.0)), tensor((1.0,)))
    assert torch.allclose(found.relevance, tensor((3.0 * 2 / 2, -5.0 * 6 / 3)))
    assert torch.allclose(found.absorbed, tensor(((0.5 - 1.5) + (0.25 + 10 / 3),))[0])


def test_a_network_may_say_a_batch_norm_is_training() -> None:
    """Explaining happens in evaluation mode, whatever mode the network is in."""
    network = seeded(
        lambda: nn.Sequential(nn.Conv1d(2, 5, 3), nn.BatchNorm1d(5), nn.ReLU(), nn.Flatten(), nn.Linear(50, 3))
    )
    classifier = on_samples(network, (2, 12))
    expected = LRP()(classifier, noise(2, 24)).relevance
    classifier.network.train()
    assert torch.equal(LRP()(classifier, noise(2, 24)).relevance, expected)
    assert classifier.network.training


def attention_networks() -> dict[str, nn.Module]:
    def self_attention(n: Any, x: Tensor) -> Tensor:
        return n.head(x + n.attend(x, x, x)[0]).mean(1)

    def by_hand(n: Any, x: Tensor) -> Tensor:
        q, k, v = n.q(x), n.k(x), n.v(x)
        scores = (q @ k.transpose(1, 2) / 2.0).softmax(-1)
        return n.head(x + scores @ v).mean(1)

    def fused(n: Any, x: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (2, 4)).transpose(1, 2) for layer in (n.q, n.k, n.v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return n.head(mixed.transpose(1, 2).flatten(-2)).mean(1)

    def by_place(n: Any, x: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (2, 4)).transpose(1, 2) for layer in (n.q, n.k, n.v))
        place = n.place(q)  # what a query adds to its scores, by where the key is, as in a Conformer
        return n.head(F.scaled_dot_product_attention(q, k, v, attn_mask=place).transpose(1, 2).flatten(-2)).mean(1)

    projections = {name: nn.Linear(8, 8) for name in "qkv"}
    encoder = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.2, activation="gelu", batch_first=True)
    first = nn.TransformerEncoderLayer(8, 2, 16, norm_first=True)
    return {
        "MultiheadAttention": Lambda(
            self_attention, attend=nn.MultiheadAttention(8, 2, batch_first=True), head=nn.Linear(8, 3)
        ),
        "softmax and matmul": Lambda(by_hand, **projections, head=nn.Linear(8, 3)),
        "scaled_dot_product_attention": Lambda(fused, **projections, head=nn.Linear(8, 3)),
        "relative positions": Lambda(by_place, **projections, place=nn.Linear(4, 6), head=nn.Linear(8, 3)),
        "TransformerEncoderLayer": Lambda(lambda n, x: n.head(n.body(x)).mean(1), body=encoder, head=nn.Linear(8, 3)),
        "sequence first": Lambda(
            lambda n, x: n.head(n.body(x.transpose(0, 1))).mean(0), body=first, head=nn.Linear(8, 3)
        ),
    }


@pytest.mark.parametrize("name", attention_networks())
def test_attention(name: str) -> None:
    network = seeded(lambda: attention_networks()[name])
    forward_is_true(network, (6, 8))
    conserves(network, (6, 8))
    found = LRP()(on_samples(network, (6, 8)), noise(3, 48))  # 6 steps are a multiple of 3 clips: rows must not mix
    assert found.gap().max() < 1e-5
    assert not found.unruled


def test_attention_takes_the_value_path_by_hand() -> None:
    """With softmax held, relevance goes from each output to the values that it mixed, and nowhere else."""
    network = Lambda(
        lambda n, x: n.head((n.q(x) @ n.k(x).transpose(1, 2)).softmax(-1) @ x).mean(1),
        q=nn.Linear(2, 2, bias=False), k=nn.Linear(2, 2, bias=False), head=matrix((1.0, -2.0)),
    )  # fmt: skip
    network = seeded(lambda: network)
    x = noise(1, 6)
    found = relevance_of(on_samples(network, (3, 2), classes=1), x, tensor((1.0,)), Epsilon(0.0))
    tokens = x.reshape(3, 2)
    held = (network.q(tokens) @ network.k(tokens).T).softmax(-1).detach()
    expected = held.mean(0)[:, None] * tokens * tensor((1.0, -2.0))
    assert torch.allclose(found.reshape(3, 2), expected)


def test_layer_norm_holds_its_scale_by_hand() -> None:
    norm = nn.LayerNorm(3, eps=0.0)
    norm.weight.data, norm.bias.data = torch.tensor([1.0, 2.0, -1.0]), torch.tensor([0.5, 0.0, 0.0])
    classifier = on_samples(nn.Sequential(norm, matrix((1.0, 1.0, 1.0))), (3,), classes=1)
    x = tensor((1.0, 2.0, 6.0))  # mean 3, standard deviation √(14/3)
    found = LRP(composite="epsilon")(classifier, x, tensor((1.0,)))
    sigma = (14 / 3) ** 0.5
    effective = tensor((1.0, 2.0, -1.0)) - 2 / 3  # the centring takes the mean weight off each
    assert torch.allclose(found.relevance, effective * x / sigma)
    assert torch.allclose(found.absorbed, tensor((0.5,))[0])


@pytest.mark.parametrize("norm", [nn.GroupNorm(2, 4), nn.InstanceNorm1d(4, affine=True), nn.BatchNorm1d(4)])
def test_other_norms_conserve(norm: nn.Module) -> None:
    layers = {"a": nn.Conv1d(2, 4, 3), "norm": norm, "b": nn.Conv1d(4, 4, 3), "head": nn.Linear(4, 3)}
    # The mean of an instance norm's output is 0, so a convolution with a non-linearity follows it.
    conserves(seeded(lambda: Lambda(lambda n, x: n.head(F.gelu(n.b(n.norm(n.a(x)))).mean(-1)), **layers)), (2, 12))


def test_a_squeeze_and_excite_gate_is_held_where_it_multiplies() -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        y = F.relu(n.conv(x))
        gate = torch.sigmoid(n.excite(F.relu(n.squeeze(y.mean(-1)))))
        return n.head((y * gate.unsqueeze(-1)).mean(-1))

    layers = {
        "conv": nn.Conv1d(2, 6, 3),
        "squeeze": nn.Linear(6, 3),
        "excite": nn.Linear(3, 6),
        "head": nn.Linear(6, 3),
    }
    conserves(seeded(lambda: Lambda(forward, **layers)), (2, 12))
    network = Lambda(
        lambda n, x: n.v(x * torch.sigmoid(n.w(x))), w=matrix((1.0, 1.0), (0.0, 2.0)), v=matrix((1.0, 1.0))
    )
    x = tensor((0.3, -0.7))
    found = relevance_of(on_samples(network, (2,), classes=1), x, tensor((1.0,)), Epsilon(0.0))
    assert torch.allclose(found, x * torch.sigmoid(tensor((-0.4, -1.4))))


def test_a_gated_linear_unit_hands_its_first_half_everything_by_hand() -> None:
    layers = {"w": matrix((1.0, 1.0), (0.0, 2.0)), "v": matrix((3.0,))}
    network = Lambda(lambda n, x: n.v(n.gated(n.w(x))), **layers, gated=nn.GLU())
    x = tensor((0.3, -0.7))
    found = relevance_of(on_samples(network, (2,), classes=1), x, tensor((1.0,)), Epsilon(0.0))
    assert torch.allclose(found, 3 * x * torch.sigmoid(tensor((-1.4,))))
    convs = {"conv": nn.Conv1d(2, 12, 3), "head": nn.Linear(6, 3)}
    conserves(seeded(lambda: Lambda(lambda n, x: n.head(F.glu(n.conv(x), 1).mean(-1)), **convs)), (2, 12))


def test_a_gated_linear_unit_that_hears_the_features_is_counted_from_silence() -> None:
    mode = Propagation(COMPOSITES["epsilon"][1](0.0, 0.0).chooser(), batch=1, from_silence=True)
    deviation, x = enter(mode, tensor((1.0, 2.0)), tensor((0.25, -1.0)))
    with mode:
        y = F.glu(x)
    (found,) = torch.autograd.grad(measure_of(y).deviation.sum(), deviation)
    assert torch.allclose(y, torch.sigmoid(tensor((2.0,))))
    assert torch.allclose(found, tensor((float(torch.sigmoid(tensor((2.0,)))), 0.0)))


def test_one_less_a_gate_is_a_gate_by_hand() -> None:
    """y = (1 - z) a + z b: each signal gets its share and z nothing."""

    def forward(n: Any, x: Tensor) -> Tensor:
        z = torch.sigmoid(n.z(x))
        return n.v((1 - z) * n.a(x) + z * n.b(x) + (z - 1) * n.c(x))

    abc = {"a": matrix((1.0, 0.0, 0.0)), "b": matrix((0.0, 3.0, 0.0)), "c": matrix((0.0, 0.0, 1.0))}
    network = Lambda(forward, **abc, z=matrix((1.0, 1.0, 1.0)), v=matrix((1.0,)))
    x = tensor((0.3, -0.7, 0.5))
    found = relevance_of(on_samples(network, (3,), classes=1), x, tensor((1.0,)), Epsilon(0.0))
    z = float(torch.sigmoid(x.sum()))
    assert torch.allclose(found, x * tensor((1 - z, 3 * z, z - 1)))


def test_one_less_a_gate_that_is_heard_as_a_signal_books_the_one() -> None:
    layers = {"a": nn.Linear(4, 5), "head": nn.Linear(5, 3)}
    network = seeded(lambda: Lambda(lambda n, x: n.head(1 - torch.sigmoid(n.a(x))), **layers))
    found = LRP()(on_samples(network, (4,)), noise(3, 4))
    assert found.relevance.any()
    assert found.gap().max() < 1e-6


def by_hand_or_not(layers: dict[str, nn.Module]) -> tuple[nn.Module, nn.Module]:
    """The same recurrent network twice: with its cell written out, and with torch's own layer."""

    def written_out(n: Any, x: Tensor) -> Tensor:
        m = n.memory
        h = x.new_zeros(len(x), m.hidden_size)
        for step in x.unbind(1):
            inner = F.linear(step, m.weight_ih_l0).chunk(3, -1)
            outer = F.linear(h, m.weight_hh_l0).chunk(3, -1)
            r, z = torch.sigmoid(inner[0] + outer[0]), torch.sigmoid(inner[1] + outer[1])
            h = (1 - z) * torch.tanh(inner[2] + r * outer[2]) + z * h
        return n.head(h)

    return Lambda(written_out, **layers), Lambda(lambda n, x: n.head(n.memory(x)[1][0]), **layers)


@pytest.mark.parametrize("method", [LRP(), LRP(composite="epsilon-plus"), auricle.methods.DeepLIFT()])
def test_a_gru_written_by_hand_is_explained_as_torchs_own(method: auricle.methods.Method) -> None:
    layers = {"memory": nn.GRU(5, 4, batch_first=True, bias=False), "head": nn.Linear(4, 3)}
    written, own = (
        method(on_samples(seeded(lambda i=i: by_hand_or_not(layers)[i]), (6, 5)), noise(3, 30)) for i in (0, 1)
    )
    assert torch.allclose(written.score, own.score)
    assert torch.allclose(written.relevance, own.relevance)
    assert written.gap().max() < 1e-5


@pytest.mark.parametrize(
    "length", [Tensor.norm, torch.norm, torch.linalg.norm, torch.linalg.vector_norm], ids=lambda each: each.__name__
)
def test_a_signal_over_its_length_has_its_length_held(length: Callable[..., Tensor]) -> None:
    layers = {"a": nn.Linear(6, 6), "head": nn.Linear(6, 3)}
    network = Lambda(lambda n, x: n.head(n.a(x) / length(n.a(x), dim=-1, keepdim=True)), **layers)
    conserves(seeded(lambda: network), (6,))


def test_a_product_of_two_signals_is_shared_evenly() -> None:
    network = Lambda(lambda n, x: n.v(n.a(x) * n.b(x)), a=matrix((1.0, 0.0)), b=matrix((0.0, 3.0)), v=matrix((1.0,)))
    found = relevance_of(on_samples(network, (2,), classes=1), tensor((2.0, 5.0)), tensor((1.0,)), Epsilon(0.0))
    assert torch.allclose(found, tensor((15.0, 15.0)))


def test_max_pooling_is_winner_takes_all_and_overlaps_add() -> None:
    network = nn.Sequential(nn.MaxPool1d(3, 1), nn.Flatten(), matrix((1.0, 1.0, 1.0)))
    found = relevance_of(
        on_samples(network, (1, 5), classes=1), tensor((1.0, 4.0, 2.0, 0.0, 3.0)), tensor((1.0,)), Epsilon(0.0)
    )
    assert torch.allclose(found, tensor((0.0, 8.0, 0.0, 0.0, 3.0)))


def test_joined_tokens_take_up_their_share() -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        token = n.token.weight.expand(len(x), -1, -1)
        return n.head(torch.cat([token, x], dim=1).mean(1))

    network = seeded(lambda: Lambda(forward, token=nn.Embedding(1, 4), head=nn.Linear(4, 3)))
    found = LRP()(on_samples(network, (5, 4)), noise(3, 20))
    assert found.gap().max() < 1e-6
    assert (found.absorbed.abs() > 1e-3).all()


@pytest.mark.parametrize("function", [torch.special.erfcx, torch.erfinv, torch.logcumsumexp])
def test_an_unknown_function_is_named_and_warned_about(function: Callable[..., Tensor]) -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        y = torch.tanh(n.a(x)) * 0.5
        return n.head(function(y, 1) if function is torch.logcumsumexp else function(y))

    layers = {"a": nn.Linear(200, 6), "head": nn.Linear(6, 3)}
    classifier = on_samples(seeded(lambda: Lambda(forward, **layers)), (200,))
    clip = Clip(noise(200).numpy(), 8000)
    name = function.__name__.removeprefix("special_")
    for method in (LRP(), auricle.methods.DeepLIFT()):
        found = method(classifier, torch.tensor(clip.samples))
        assert [each.removeprefix("special_") for each in found.unruled] == [name]
        (check,) = [
            c for c in auricle.explain(clip, classifier, method=method).checks if c.name.startswith("functions")
        ]
        assert check.passed is False
        assert name in str(check.value)
        assert name in check.text
        assert "need not hold" in check.text
