"""An ONNX file: what it is, what goes in, which output is meant, and what it ends in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from auricle.adapters.arranging import Shape
from auricle.adapters.ending import Ending
from auricle.errors import AuricleError, nearest
from auricle.frontends import Frontend

FLOATS = {"float": np.float32, "double": np.float64, "float16": np.float16}
INSTALL = "ONNX models need onnx and onnxruntime; install them with pip install 'auricle[onnx]'"


def opened(path: Path) -> Any:
    try:
        import onnx
        import onnxruntime  # noqa: F401  (told now rather than halfway)
    except ImportError as error:
        raise AuricleError(INSTALL) from error
    if not path.is_file():
        raise AuricleError(f"there is no file {path}; give an .onnx file")
    try:
        model = onnx.load(path, load_external_data=False)
        if not _external(model):
            onnx.checker.check_model(model)
    except Exception as error:
        raise AuricleError(f"{path} is no ONNX model ({first_line(error)}); export it again") from error
    if not model.graph.output or not model.graph.node:
        raise AuricleError(f"{path} is no ONNX model: it has no outputs; export it again")
    for place in _external(model):
        if not (path.parent / place).is_file():
            raise AuricleError(f"the weights of {path.name} are in a file of their own, {place}; put it beside it")
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except Exception as error:
        raise AuricleError(f"the weights of {path.name} cannot be read: {first_line(error)}") from error
    return model


def _external(model: Any) -> list[str]:
    """Files with weights outside the model."""
    entries = [entry for each in model.graph.initializer for entry in each.external_data if entry.key == "location"]
    return sorted({entry.value for entry in entries})


def first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[0].rstrip(".")


def labels_in(told: dict[str, str], name: str) -> list[str] | None:
    text = told.get("labels", "").strip()
    if not text:
        return None
    try:
        found = json.loads(text) if text.startswith("[") else text.split(",")
    except ValueError as error:
        raise AuricleError(f"the labels in the metadata of {name} are no JSON ({error}); give labels") from error
    return [str(each).strip() for each in found]


def rate_in(told: dict[str, str], frontend: Frontend | None, name: str) -> int | None:
    text = told.get("sample_rate", "").strip()
    if text:
        try:
            return int(text)
        except ValueError as error:
            raise AuricleError(
                f'the sample_rate in the metadata of {name} is "{text}", no whole number of Hz; give it, as in --rate '
                "16000"
            ) from error
    return (frontend.sample_rate or None) if frontend is not None else None


def input_of(model: Any, name: str) -> tuple[Shape, int | None, str]:
    """Sizes without the batch axis, the batch size if it is fixed, and the kind of numbers."""
    weights = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in weights]
    if len(inputs) != 1:
        named = ", ".join(each.name for each in inputs)
        raise AuricleError(f"{name} has {len(inputs)} inputs ({named}); a classifier of sound has one")
    kind = _kind(inputs[0])
    if kind not in FLOATS:
        raise AuricleError(f"{name} takes {kind}, not floating-point numbers; sound is made of these")
    sizes = [each.dim_value if each.HasField("dim_value") else None for each in _dimensions(inputs[0])]
    if len(sizes) < 2:
        raise AuricleError(f"the input of {name} has {len(sizes)} axes; it needs a batch axis and one of samples")
    return tuple(size or None for size in sizes[1:]), sizes[0] or None, kind


def _dimensions(value: Any) -> list[Any]:
    return list(value.type.tensor_type.shape.dim)


def _kind(value: Any) -> str:
    from onnx import TensorProto

    return str(TensorProto.DataType.Name(value.type.tensor_type.elem_type)).lower()


def chosen_output(model: Any, output: str | None, classes: int, name: str) -> str:
    """The name of the output that gives scores."""
    names = [each.name for each in model.graph.output]
    if output is not None:
        if output not in names:
            raise AuricleError(f'{name} has no output "{output}"; {nearest(output, names)}')
        return output
    if len(names) == 1:
        return names[0]
    fitting = [
        each.name
        for each in model.graph.output
        if _kind(each) in FLOATS and len(_dimensions(each)) == 2 and _dimensions(each)[1].dim_value in (0, classes)
    ]
    if len(fitting) != 1:
        named = ", ".join(names)
        raise AuricleError(f'{name} has {len(names)} outputs ({named}); say which gives the scores: output="…"')
    return fitting[0]


def columns_of(model: Any, chosen: str) -> int | None:
    """How many scores the chosen output holds, where the file says so."""
    sizes = _dimensions(next(each for each in model.graph.output if each.name == chosen))
    return sizes[1].dim_value or None if len(sizes) == 2 else None


def _maker(model: Any, value: str) -> Any:
    return next((node for node in model.graph.node if value in node.output), None)


def ending_of(model: Any, chosen: str) -> Ending:
    """What makes the chosen output."""
    node = _maker(model, chosen)
    kinds: dict[str, Ending] = {"Softmax": "softmax", "Sigmoid": "sigmoid", "Gemm": "nothing", "MatMul": "nothing"}
    return kinds.get("" if node is None else node.op_type, "unknown")


def cut_last(model: Any, chosen: str) -> str:
    """The value before the node that makes the chosen output."""
    value: str = _maker(model, chosen).input[0]
    if value not in {each.name for each in model.graph.output}:
        before = next(each for each in model.graph.output if each.name == chosen)
        again = model.graph.output.add()
        again.CopyFrom(before)
        again.name = value
    return value


def _taken_inside(node: Any) -> Iterator[str]:
    """What branches and loops take, perhaps from outside; they may hold others."""
    for attribute in node.attribute:
        for graph in [attribute.g, *attribute.graphs]:
            for inner in graph.node:
                yield from inner.input
                yield from _taken_inside(inner)


def keep_only(model: Any, chosen: str) -> None:
    """Leave one output and what it needs."""
    kept = next(each for each in model.graph.output if each.name == chosen)
    kept = type(kept).FromString(kept.SerializeToString())
    del model.graph.output[:]
    model.graph.output.append(kept)
    needed, nodes = {chosen}, []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
            needed.update(_taken_inside(node))
    nodes = [type(node).FromString(node.SerializeToString()) for node in reversed(nodes)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
