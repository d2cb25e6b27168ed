"""An ONNX file as a classifier: asked through onnxruntime, differentiated where torch gives the same answers."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from same_transformer import exported
from torch import Tensor, nn
from torch.nn import functional as F

import auricle
from auricle.adapters.onnx import onnx_classifier
from auricle.adapters.onnx.operators import Slice
from auricle.classifier import Classifier
from auricle.cli import main
from auricle.clip import Clip, write_sound
from auricle.errors import AuricleError
from auricle.frontends import Spectrogram, Waveform
from auricle.frontends.grid import STFT
from auricle.methods import Method
from auricle.methods.activations import GradCAM
from auricle.methods.deeplift import DeepLIFT
from auricle.methods.gradients import IntegratedGradients
from auricle.methods.lrp import LRP
from auricle.methods.shap import KernelShap

onnx: Any = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT

LABELS = ["a", "b", "c"]
SAMPLES = Waveform(sample_rate=8000)
MAP = Spectrogram(sample_rate=8000, stft_settings=STFT(n_fft=30, hop=20))


def clip(seconds: float = 0.05) -> Clip:
    samples = 0.3 * np.random.default_rng(0).standard_normal(round(8000 * seconds))
    return Clip(samples.astype(np.float32), 8000, "noise")


def heard(path: Path, **settings: Any) -> Classifier:
    return onnx_classifier(path, **({"labels": LABELS, "sample_rate": 8000} | settings))


class OnSamples(nn.Module):
    """Convolution, batch norm, GELU, pooling, dense."""

    def __init__(self, *, last: Any = None, mean: bool = True) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv1d(1, 6, 9, stride=4), nn.BatchNorm1d(6)
        self.mixed, self.dense = nn.Linear(6, 6), nn.Linear(6, 3)
        self.last, self.mean = last, mean
        nn.init.normal_(self.first.weight)  # so that what is heard counts for more than biases
        nn.init.uniform_(self.norm.running_var, 0.5, 2.0)
        nn.init.normal_(self.norm.running_mean, 0.0, 0.3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.norm(self.first(x))).transpose(1, 2)
        x = F.relu(self.mixed(x))
        y = self.dense(x.mean(1))
        return y if self.last is None else self.last(y)


class OnMap(nn.Module):
    """A residual network on maps, flattened at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.dense = nn.BatchNorm2d(4), nn.Linear(4 * 8 * 10, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = F.max_pool2d(F.relu(x + self.norm(self.second(x))), 2)
        return self.dense(x.flatten(1))


NETWORKS: dict[str, tuple[Any, tuple[int, ...], Any]] = {
    "samples": (OnSamples, (1, 400), SAMPLES),
    "map": (OnMap, (1, 16, 21), MAP),
}


@pytest.fixture(scope="module", params=NETWORKS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Classifier, Classifier]:
    torch.manual_seed(0)
    make, shape, front = NETWORKS[request.param]
    network = make().eval()
    path = exported(network, shape, tmp_path_factory.mktemp("onnx") / "net.onnx")
    theirs = Classifier(network, frontend=front, labels=LABELS, length=auricle.Length(seconds=0.05))
    return heard(path, frontend=front), theirs


# --- the same as in torch -----------------------------------------------------------------------------------------


def test_it_is_differentiated_and_says_the_same(pair: tuple[Classifier, Classifier]) -> None:
    ours, theirs = pair
    assert ours.differentiable, ours.network.why_not
    assert ours.length.seconds == pytest.approx(0.05)
    np.testing.assert_allclose(ours.predict(clip()).logits, theirs.predict(clip()).logits, atol=1e-5)


@pytest.mark.parametrize(
    "method", [LRP(), LRP(composite="epsilon-plus"), IntegratedGradients(steps=4), DeepLIFT()],
    ids=lambda each: f"{each.name}-{getattr(each, 'composite', '')}",
)  # fmt: skip
def test_relevance_is_that_of_torch(pair: tuple[Classifier, Classifier], method: Method) -> None:
    ours, theirs = (auricle.explain(clip(), each, method=method, target="b") for each in pair)
    scale = np.abs(theirs.relevance).max()
    np.testing.assert_allclose(ours.relevance, theirs.relevance, atol=1e-4 * scale)
    if isinstance(method, LRP):
        checks = {each.name: each.value for each in ours.checks}
        assert checks["functions without a rule"] == "none"
        assert float(checks["conservation"]) < 1e-3


def test_grad_cam_is_that_of_torch(pair: tuple[Classifier, Classifier]) -> None:
    """An exporter makes one of a convolution and the batch norm after it, so the norm is what to compare with."""
    ours, theirs = pair
    layer = "norm" if isinstance(theirs.network, OnSamples) else None
    found = auricle.explain(clip(), ours, method=GradCAM(), target="b").relevance
    wanted = auricle.explain(clip(), theirs, method=GradCAM(layer=layer), target="b").relevance
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())


def test_a_black_box_has_the_same_shapley_values(pair: tuple[Classifier, Classifier]) -> None:
    ours, theirs = pair
    box = copy.copy(ours.network)
    box._modules = {}
    box.give_up("it is asked to be one")
    black = Classifier(box, frontend=ours.frontend, labels=LABELS, length=ours.length)
    method = KernelShap(components="time:5")
    boxed, found, wanted = (
        np.array([row.weight for row in auricle.explain(clip(), each, method=method, target="b").components()])
        for each in (black, ours, theirs)
    )
    for each in (boxed, found):
        np.testing.assert_allclose(each, wanted, atol=1e-5 * np.abs(wanted).max())


def test_a_batch_is_its_sounds(pair: tuple[Classifier, Classifier]) -> None:
    ours, _ = pair
    samples = torch.randn(3, 400)
    alone = torch.cat([ours.logits(each[None]) for each in samples])
    torch.testing.assert_close(ours.logits(samples), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_the_newer_exporter(tmp_path: Path) -> None:
    """Opset 20, as torch.onnx.export writes by default: GELU and means that onnx2torch has to be told of."""
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    network = OnSamples().eval()
    batch = torch.export.Dim("batch")
    torch.onnx.export(
        network, (torch.randn(2, 1, 400),), str(tmp_path / "new.onnx"), dynamo=True, dynamic_shapes=({0: batch},),
        external_data=True,
    )  # fmt: skip
    classifier = heard(tmp_path / "new.onnx")
    assert classifier.differentiable, classifier.network.why_not
    theirs = Classifier(network, frontend=SAMPLES, labels=LABELS, length=classifier.length)
    found, wanted = (auricle.explain(clip(), each, method="lrp", target="b").relevance for each in (classifier, theirs))
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())


# --- what torch does not do as onnxruntime does -------------------------------------------------------------------


def made(tmp_path: Path, nodes: list[Any], shape: Any = ("batch", 400), *, opset: int = 17, **settings: Any) -> Path:
    """An ONNX file of nodes from ``x`` to ``y``; weights by name in ``settings``, or another output."""
    outputs = settings.pop("outputs", [("y", ["batch", 3])])
    inputs = settings.pop("inputs", [helper.make_tensor_value_info("x", settings.pop("kind", FLOAT), list(shape))])
    weights = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in settings.items()]
    graph = helper.make_graph(
        nodes, "net", inputs, [helper.make_tensor_value_info(name, FLOAT, sizes) for name, sizes in outputs], weights
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


WEIGHT = np.random.default_rng(1).standard_normal((400, 3)).astype(np.float32)


def test_an_operator_that_torch_lacks_leaves_a_black_box(tmp_path: Path) -> None:
    path = made(tmp_path, [
        helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Sinh", ["z"], ["y"]),
    ], w=0.01 * WEIGHT)  # fmt: skip
    classifier = heard(path)
    assert not classifier.differentiable
    assert classifier.network.why_not == "onnx2torch does not convert it: it has no Sinh of opset 9"
    wanted = np.sinh(clip().samples.reshape(1, -1) @ (0.01 * WEIGHT))[0]
    np.testing.assert_allclose(classifier.predict(clip()).logits, wanted, atol=1e-5)
    with pytest.raises(AuricleError, match="onnx2torch does not convert it: it has no Sinh"):
        auricle.explain(clip(), classifier, method="ig")
    assert auricle.explain(clip(), classifier, method=KernelShap(components="time:4")).components()


def test_another_answer_in_torch_leaves_a_black_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On noise when it is opened; later on the very sound."""
    path = exported(OnSamples(), (1, 400), tmp_path / "net.onnx")
    classifier = heard(path)
    assert classifier.differentiable
    with torch.no_grad():
        next(classifier.network.parameters()).mul_(1.01)
    with pytest.raises(AuricleError, match=r"off by \S+ from onnxruntime on this sound"):
        auricle.explain(clip(), classifier, method="ig")
    assert "on this sound" in classifier.network.why_not
    truth = heard(path).predict(clip()).logits
    np.testing.assert_allclose(classifier.predict(clip()).logits, truth, atol=1e-6)

    def off(self: Any, x: Tensor) -> Tensor:
        return F.relu(x) + 0.01

    monkeypatch.setattr(nn.ReLU, "forward", off)
    assert "onnxruntime on noise" in heard(path).network.why_not


def test_without_onnx2torch_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exported(OnSamples(), (1, 400), tmp_path / "net.onnx")
    monkeypatch.setitem(sys.modules, "onnx2torch", None)
    assert "pip install --no-deps onnx2torch" in heard(path).network.why_not
    assert heard(path).predict(clip()).label in LABELS


def test_a_copy_may_be_changed(pair: tuple[Classifier, Classifier]) -> None:
    """Randomised weights are not compared with the file's, and the classifier stays as it is."""
    ours, _ = pair
    before = ours.predict(clip()).logits
    other = copy.deepcopy(ours.network)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(0.5)
    changed = Classifier(other, frontend=ours.frontend, labels=LABELS, length=ours.length)
    assert np.abs(changed.predict(clip()).logits - before).max() > 1e-3
    assert changed.differentiable
    np.testing.assert_array_equal(ours.predict(clip()).logits, before)


@pytest.mark.parametrize(("starts", "ends", "steps"), [([1], [-1], [1]), ([-1], [-(2**31)], [-1]), ([7], [1], [-2])])
def test_slices_are_those_of_onnx(starts: list[int], ends: list[int], steps: list[int]) -> None:
    x = torch.arange(20.0).reshape(2, 10)
    found = Slice()(x, *map(torch.tensor, (starts, ends, [1], steps)))
    end = None if ends[0] < -100 else ends[0]
    np.testing.assert_array_equal(found, x.numpy()[:, starts[0] : end : steps[0]])


# --- sizes and outputs --------------------------------------------------------------------------------------------


def test_a_fixed_batch_size_is_filled_up(tmp_path: Path) -> None:
    network = OnSamples().eval()
    for rows in (1, 4):
        path = made(tmp_path, [helper.make_node("MatMul", ["x", "w"], ["y"])], (rows, 400), w=WEIGHT,
                    outputs=[("y", [rows, 3])])  # fmt: skip
        samples = torch.randn(6, 400)
        classifier = heard(path)
        np.testing.assert_allclose(classifier.logits(samples), samples.numpy() @ WEIGHT, atol=1e-4)
        np.testing.assert_allclose(classifier.network.runtime(samples), samples.numpy() @ WEIGHT, atol=1e-4)
    fixed = heard(exported(network, (1, 400), tmp_path / "one.onnx", dynamic_axes={}))
    alone = torch.cat([fixed.logits(each[None]) for each in samples])
    torch.testing.assert_close(fixed.logits(samples), alone, atol=1e-5, rtol=1e-5)


def test_a_sound_of_any_length(tmp_path: Path) -> None:
    path = exported(OnSamples(), (1, 400), tmp_path / "net.onnx", dynamic_axes={"x": {0: "batch", 2: "length"}})
    classifier = heard(path)
    assert classifier.length.seconds is None
    assert classifier.predict(clip(0.2)).label in LABELS


def test_scores_that_change_with_the_length_are_refused(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Unsqueeze", ["x", "one"], ["u"]),
        helper.make_node("AveragePool", ["u"], ["p"], kernel_shape=[4000], strides=[4000]),
        helper.make_node("Squeeze", ["p", "one"], ["y"]),
    ]
    path = made(tmp_path, nodes, ("batch", "length"), one=np.array([1]), outputs=[("y", ["batch", "classes"])])
    with pytest.raises(AuricleError, match=r"gives 3 scores for this sound, but 2 labels .*however long the sound"):
        heard(path, labels=["a", "b"])


def test_a_last_softmax_is_taken_by_the_classifier(tmp_path: Path) -> None:
    network = OnSamples(last=nn.Softmax(-1)).eval()
    classifier = heard(exported(network, (1, 400), tmp_path / "net.onnx"))
    truth = network(torch.tensor(clip().samples).reshape(1, 1, 400)).detach()[0]
    np.testing.assert_allclose(classifier.predict(clip()).probabilities, truth, atol=1e-6)
    network.last = None
    theirs = Classifier(network, frontend=SAMPLES, labels=LABELS, length=classifier.length)
    found, wanted = (auricle.explain(clip(), each, method="lrp", target="b").relevance for each in (classifier, theirs))
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
    with pytest.raises(AuricleError, match="ends in a softmax: its outputs are probabilities"):
        heard(tmp_path / "net.onnx", outputs="logits")


def test_one_sigmoid_tells_two_labels(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Sigmoid", ["z"], ["y"])]
    path = made(tmp_path, nodes, w=0.01 * WEIGHT[:, :1], outputs=[("y", ["batch", 1])])
    present = 1 / (1 + np.exp(-float(clip().samples.reshape(-1) @ WEIGHT[:, 0]) / 100))
    found = heard(path, labels=["absent", "present"]).predict(clip()).probabilities
    assert found == pytest.approx([1 - present, present], abs=1e-5)


def test_the_output_is_chosen(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["hidden"]), helper.make_node("Relu", ["hidden"], ["y"]),
        helper.make_node("Neg", ["y"], ["z"]),
    ]  # fmt: skip
    sizes = [("hidden", ["batch", 3]), ("y", ["batch", 3]), ("z", ["batch", 3])]
    path = made(tmp_path, nodes, w=WEIGHT, outputs=sizes)
    with pytest.raises(AuricleError, match=r'has 3 outputs \(hidden, y, z\); say which gives the scores: output="…"'):
        heard(path)
    with pytest.raises(AuricleError, match='has no output "zz"'):
        heard(path, output="zz")
    samples = torch.randn(2, 400)
    found = heard(path, output="z").logits(samples)
    np.testing.assert_allclose(found, -np.maximum(samples.numpy() @ WEIGHT, 0), atol=1e-4)
    only = made(tmp_path, nodes[:2], w=WEIGHT, outputs=[("hidden", ["batch", "a", "b"]), ("y", ["batch", 3])])
    np.testing.assert_allclose(heard(only).logits(samples), -found, atol=1e-4)


def test_labels_and_rate_may_be_in_the_file(tmp_path: Path) -> None:
    path = made(tmp_path, [helper.make_node("MatMul", ["x", "w"], ["y"])], w=WEIGHT)
    with pytest.raises(AuricleError, match="does not say what its outputs are called; give their labels"):
        onnx_classifier(path)
    with pytest.raises(AuricleError, match="does not say at which sample rate it hears"):
        onnx_classifier(path, labels=LABELS)
    model = onnx.load(path)
    for key, value in {"labels": '["x", "y", "z"]', "sample_rate": "8000"}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, path)
    classifier = onnx_classifier(path)
    assert (classifier.labels, classifier.sample_rate, classifier.length.seconds) == (("x", "y", "z"), 8000, 0.05)


def test_a_rate_that_is_none_is_told(tmp_path: Path) -> None:
    path = made(tmp_path, [helper.make_node("MatMul", ["x", "w"], ["y"])], w=WEIGHT)
    for rate in (0, -8000):
        with pytest.raises(AuricleError, match=f"{rate} Hz is too low for sound"):
            heard(path, sample_rate=rate)
    for text, sentence in {
        "0": "0 Hz is too low for sound",
        "16 kHz": 'the sample_rate in the metadata of net is "16 kHz", no whole number of Hz',
        "²": 'is "²", no whole number of Hz',
    }.items():
        model = onnx.load(path)
        del model.metadata_props[:]
        entry = model.metadata_props.add()
        entry.key, entry.value = "sample_rate", text
        onnx.save(model, tmp_path / "net-with-rate.onnx")
        with pytest.raises(AuricleError, match=sentence):
            onnx_classifier(tmp_path / "net-with-rate.onnx", labels=LABELS, name="net")


def test_what_branches_within_branches_take_is_kept(tmp_path: Path) -> None:
    """Of a value that only the inner one uses, the node that makes it lies outside of both."""

    def branch(name: str, *nodes: Any) -> Any:
        return helper.make_graph(list(nodes), name, [], [helper.make_tensor_value_info(name, FLOAT, ["batch", 3])])

    def product(value: str, made: str) -> Any:
        return branch(made, helper.make_node("MatMul", [value, "w"], [made]))

    inner = helper.make_node("If", ["yes"], ["in"], then_branch=product("louder", "a"), else_branch=product("x", "b"))
    nodes = [
        helper.make_node("Add", ["x", "x"], ["louder"]),
        helper.make_node("If", ["yes"], ["y"], then_branch=branch("in", inner), else_branch=product("x", "c")),
    ]
    classifier = heard(made(tmp_path, nodes, w=WEIGHT, yes=np.array(True)))
    wanted = 2 * clip().samples.reshape(1, -1) @ WEIGHT
    np.testing.assert_allclose(classifier.predict(clip()).logits, wanted[0], atol=1e-4)


# --- what is no classifier ----------------------------------------------------------------------------------------


def test_files_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match="there is no file"):
        heard(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("this is no protobuf, but a sentence")
    with pytest.raises(AuricleError, match=r"text\.onnx is no ONNX model"):
        heard(tmp_path / "text.onnx")
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(AuricleError, match=r"empty\.onnx is no ONNX model"):
        heard(tmp_path / "empty.onnx")


def test_weights_that_lie_elsewhere(tmp_path: Path) -> None:
    path = made(tmp_path, [helper.make_node("MatMul", ["x", "w"], ["y"])], w=WEIGHT)
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights.data", size_threshold=0)
    samples = torch.randn(2, 400)
    np.testing.assert_allclose(heard(path).logits(samples), samples.numpy() @ WEIGHT, atol=1e-4)
    (tmp_path / "weights.data").unlink()
    with pytest.raises(AuricleError, match=r"are in a file of their own, weights\.data; put it beside it"):
        heard(path)


def test_models_that_are_refused(tmp_path: Path) -> None:
    product = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    with pytest.raises(AuricleError, match="gives 3 scores, but 2 labels were named"):
        heard(made(tmp_path, product, w=WEIGHT), labels=["a", "b"])
    cast = [helper.make_node("Cast", ["x"], ["f"], to=FLOAT), helper.make_node("MatMul", ["f", "w"], ["y"])]
    words = made(tmp_path, cast, kind=onnx.TensorProto.INT64, w=WEIGHT)
    with pytest.raises(AuricleError, match="takes int64, not floating-point numbers"):
        heard(words)
    two = [helper.make_tensor_value_info(name, FLOAT, ["batch", 400]) for name in ("x", "mask")]
    nodes = [helper.make_node("Mul", ["x", "mask"], ["m"]), helper.make_node("MatMul", ["m", "w"], ["y"])]
    masked = made(tmp_path, nodes, inputs=two, w=WEIGHT)
    with pytest.raises(AuricleError, match=r"has 2 inputs \(x, mask\); a classifier of sound has one"):
        heard(masked)
    with pytest.raises(AuricleError, match="which are no samples; say which front-end makes them"):
        heard(exported(OnMap(), (1, 16, 21), tmp_path / "map.onnx"))
    with pytest.raises(AuricleError, match="onnxruntime cannot run net: "):
        heard(made(tmp_path, [helper.make_node("MatMul", ["x", "w"], ["y"])], w=WEIGHT[:5]))


def test_without_onnx_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(AuricleError, match=r"pip install 'auricle\[onnx\]'"):
        heard(tmp_path / "net.onnx")


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported(OnSamples(), (1, 400), tmp_path / "mine.onnx")
    write_sound(tmp_path / "noise.wav", clip().samples, 8000)
    monkeypatch.chdir(tmp_path)
    command = ["auricle", "explain", "noise.wav", "--model", "mine.onnx", "--labels", "a,b,c", "--rate", "8000"]
    for method in ("ig", "kernel-shap"):
        monkeypatch.setattr(sys, "argv", [*command, "--method", method, "--out", method])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)
        assert list((tmp_path / method).rglob("*.html"))
