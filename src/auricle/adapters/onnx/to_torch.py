"""An ONNX model as torch modules, by onnx2torch: with newer operators, and layers that were taken apart made whole."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any

from torch import Tensor, fx, nn

from auricle.adapters.onnx.operators import Slice, teach

HALF_ROOT = 2**-0.5
class NotConverted(Exception):
    """Why a model cannot be written in torch, as a clause."""


def torch_of(model: Any) -> nn.Module:
    """The model in torch, in evaluation mode; raises `NotConverted`."""
    try:
        with _without_torchvision():
            import onnx2torch
    except ImportError as error:
        raise NotConverted(
            "onnx2torch, which writes ONNX models in torch, is not installed (pip install --no-deps onnx2torch)"
        ) from error
    teach()
    model = type(model).FromString(model.SerializeToString())  # a copy
    _without_empty_shapes(model)
    try:
        network = onnx2torch.convert(model)
    except Exception as error:
        raise NotConverted(f"onnx2torch does not convert it: {_reason(error)}") from error
    _make_whole(network)
    return network.eval()


def _without_empty_shapes(model: Any) -> None:
    """Newer exports say of every reshape that a size of 0 would mean none, which onnx2torch does not take."""
    for node in model.graph.node:
        for attribute in [each for each in node.attribute if each.name == "allowzero"]:
            node.attribute.remove(attribute)


def _reason(error: Exception) -> str:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    _, found, operator = text.partition("operation_type='")
    if not found:
        return text.rstrip(".")
    version = text.partition("version=")[2].rstrip(")")
    return f"it has no {operator.partition(chr(39))[0]} of opset {version}"


@contextmanager
def _without_torchvision() -> Iterator[None]:
    """A stand-in while onnx2torch is imported, which needs torchvision for two operators on images only."""
    if find_spec("torchvision") is not None:
        yield
        return
    stand_in, operators = types.ModuleType("torchvision"), types.ModuleType("torchvision.ops")
    stand_in.__spec__, operators.__spec__ = ModuleSpec("torchvision", None), ModuleSpec("torchvision.ops", None)
    stand_in.__path__ = []
    operators.roi_align = None  # type: ignore[attr-defined]
    stand_in.ops = operators  # type: ignore[attr-defined]
    names = {"torchvision": stand_in, "torchvision.ops": operators}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)


# --- layers made whole --------------------------------------------------------------------------------------------


def _make_whole(network: fx.GraphModule) -> None:
    """Products with weights as ``nn.Linear``, with their bias; GELU, written with erf, as ``nn.GELU``."""
    for node in list(network.graph.nodes):
        kind = _kind(network, node)
        if kind == "OnnxMatMul":
            _linear(network, node)
        elif kind == "OnnxErf":
            _gelu(network, node)
        elif kind == "OnnxSlice":
            network.set_submodule(str(node.target), Slice())
    network.graph.eliminate_dead_code()
    network.delete_all_unused_submodules()
    network.recompile()


def _kind(network: fx.GraphModule, node: Any) -> str:
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return ""
    module = network.get_submodule(str(node.target))
    operation = getattr(module, "math_op_function", None)
    return type(module).__name__ if operation is None else str(getattr(operation, "__name__", "")).strip("_")


def _constant(network: fx.GraphModule, node: Any) -> Tensor | None:
    """The value of an initializer or a constant."""
    if not isinstance(node, fx.Node):
        return None
    if node.op == "get_attr":
        owner, _, name = str(node.target).rpartition(".")
        value = getattr(network.get_submodule(owner), name)
        return value if isinstance(value, Tensor) else None
    value = getattr(network.get_submodule(str(node.target)), "value", None) if node.op == "call_module" else None
    return value if isinstance(value, Tensor) else None


def _number(network: fx.GraphModule, node: Any) -> float | None:
    value = _constant(network, node)
    return float(value) if value is not None and value.numel() == 1 and value.is_floating_point() else None


def _operands(network: fx.GraphModule, node: Any, *kinds: str) -> tuple[Any, Any] | None:
    """The signal and the constant of a sum, product or quotient."""
    if _kind(network, node) not in kinds or len(node.args) != 2:
        return None
    first, second = node.args
    if _constant(network, second) is not None:
        return first, second
    return (second, first) if _constant(network, first) is not None and "div" not in _kind(network, node) else None


def _linear(network: fx.GraphModule, node: fx.Node) -> None:
    signal, weights = node.args
    weight = _constant(network, weights)
    if weight is None or weight.ndim != 2 or not weight.is_floating_point():
        return
    made = node
    users = list(node.users)
    added = _operands(network, users[0], "add") if len(users) == 1 else None
    bias = _constant(network, added[1]) if added is not None and added[0] is node else None
    if bias is not None and bias.shape == (weight.shape[1],):
        made = users[0]
    else:
        bias = None
    linear = nn.Linear(weight.shape[0], weight.shape[1], bias=bias is not None, device="meta")
    linear.weight = nn.Parameter(weight.detach().T.contiguous())
    if bias is not None:
        linear.bias = nn.Parameter(bias.detach().clone())
    network.set_submodule(str(node.target), linear)
    node.args = (signal,)
    if made is not node:
        made.replace_all_uses_with(node)
        network.graph.erase_node(made)


def _gelu(network: fx.GraphModule, erf: fx.Node) -> None:
    """x (1 + erf(x / √2)) / 2, in the orders in which exporters write it."""
    scaled = _operands(network, erf.args[0], "mul", "div", "onnx_div")
    if scaled is None or len(erf.users) != 1:
        return
    x, factor = scaled[0], _number(network, scaled[1])
    if factor is None or min(abs(factor - HALF_ROOT), abs(1 / factor - HALF_ROOT)) > 1e-4:
        return
    plus = next(iter(erf.users))
    one = _operands(network, plus, "add")
    if one is None or _number(network, one[1]) != 1.0 or len(plus.users) != 1:
        return
    product = next(iter(plus.users))
    if _kind(network, product) != "mul":
        return
    other = next(each for each in product.args if each is not plus)
    halved = _operands(network, other, "mul")
    if halved is not None and halved[0] is x and _number(network, halved[1]) == 0.5:
        whole = product
    elif other is x and len(product.users) == 1:
        whole = next(iter(product.users))
        last = _operands(network, whole, "mul")
        if last is None or last[0] is not product or _number(network, last[1]) != 0.5:
            return
    else:
        return
    network.set_submodule(str(erf.target), nn.GELU())
    with network.graph.inserting_before(whole):
        made = network.graph.call_module(str(erf.target), (x,))
    whole.replace_all_uses_with(made)
    network.graph.erase_node(whole)
