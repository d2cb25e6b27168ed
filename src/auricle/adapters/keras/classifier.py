"""A Keras 3 model on torch, with every method: Keras's graph, torch's layers, the model's own weights."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from auricle.adapters.arranging import arranged, default_frontend, written
from auricle.adapters.ending import Ending, reading_of
from auricle.adapters.keras.file import open_keras_file
from auricle.adapters.keras.network import KerasNetwork
from auricle.adapters.outputs import Outputs
from auricle.adapters.said import check_rate
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend


def keras_classifier(
    model: str | Path | Any,
    *,
    labels: Sequence[str],
    sample_rate: int,
    frontend: Frontend | None = None,
    length: Length | None = None,
    outputs: Outputs | None = None,
    multi_label: bool = False,
    name: str | None = None,
) -> Classifier:
    """A ``.keras`` file, or a ``keras.Model`` on the torch backend, as a classifier for every method.

    The model has one input and one output ``[B, C]``, one column per label. What it hears follows from its input shape:
    ``[B, n]``, ``[B, n, 1]`` or ``[B, 1, n]`` are samples at ``sample_rate``. For anything else say which ``frontend``
    the model was trained with. Its map of F bands and T frames becomes ``[B, F, T, 1]``, ``[B, F, T]`` or
    ``[B, 1, F, T]``, whichever has the model's sizes; if only the other order ``[B, T, F]`` has them, it is turned, and
    where both would fit the front-end's order counts (``layout="transposed"``: T before F). A fixed number of samples
    or frames becomes ``Length.seconds``.

    ``outputs`` is found out: ``probabilities`` where the model ends in softmax or sigmoid, else ``logits``. A last
    softmax or sigmoid is left out and taken again by the classifier, so that relevance is that of the logits. One
    sigmoid serves one label (with ``multi_label``) or two: absent and present, with logits -z/2 and z/2.

    Convolutions, dense layers, norms, LSTM and GRU run as the torch modules that they are, on the model's own weights:
    whoever trains the model further trains these. Lambda layers, which hold code, are refused in files.
    """
    keras = import_keras()
    check_rate(sample_rate)
    if isinstance(model, str | Path):
        name = name or Path(model).stem
        model = open_keras_file(keras, Path(model))
    if not isinstance(model, keras.Model):
        raise AuricleError(f"{type(model).__name__} is no keras.Model; give one, or the path of a .keras file")
    name = name or model.name
    shape = _input_shape(model, name)
    frontend = frontend or default_frontend(shape, sample_rate, name)
    frontend = frontend if frontend.sample_rate else replace(frontend, sample_rate=sample_rate)  # type: ignore[type-var]
    arrangement, length = arranged(frontend, shape, length, channel="last", name=name)
    ending, layer = _ending(model)
    columns = _columns(model, name)
    reading = reading_of(outputs, ending, labels=labels, columns=columns, multi_label=multi_label, name=name)
    return Classifier(
        KerasNetwork(model, arrangement, reading, without=layer if reading.stripped else None),
        frontend=frontend,
        labels=labels,
        sample_rate=sample_rate,
        length=length,
        multi_label=multi_label,
        outputs=reading.outputs,
        name=name,
    )


def import_keras() -> Any:
    """Keras on torch; says in a sentence what keeps it from that."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    backend = os.environ["KERAS_BACKEND"]
    try:
        if "keras" not in sys.modules and backend != "torch":
            raise AuricleError(
                f"Keras is told to use {backend} (KERAS_BACKEND), and only on torch can its models be looked into; set "
                "KERAS_BACKEND=torch"
            )
        import keras
    except ImportError as error:
        raise AuricleError("Keras models need Keras 3; install it with pip install 'auricle[keras]'") from error
    if not hasattr(keras, "config") or keras.config.backend() != "torch":
        raise AuricleError(
            "Keras has been imported with another backend than torch, which it cannot change any more; set "
            "KERAS_BACKEND=torch before it is imported, or import auricle's adapter first"
        )
    return keras


def _input_shape(model: Any, name: str) -> tuple[int | None, ...]:
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise AuricleError(
            f"{name} has not said what its input is; wrap it: keras.Sequential([keras.Input(shape), model])"
        )
    if len(inputs) != 1:
        raise AuricleError(f"{name} has {len(inputs)} inputs; a classifier of sound has one")
    if "float" not in inputs[0].dtype:
        raise AuricleError(f"{name} takes {inputs[0].dtype}, not floating-point numbers; sound is made of these")
    return tuple(inputs[0].shape[1:])


def _ending(model: Any) -> tuple[Ending, Any]:
    """What the model does last, and the layer that does it, if it is used for nothing else."""
    functional = getattr(model, "_functional", None) or model
    if not getattr(functional, "outputs", None) or not hasattr(functional, "_nodes_by_depth"):
        return "unknown", None
    layer = functional.outputs[0]._keras_history.operation
    if hasattr(layer, "_nodes_by_depth") or getattr(layer, "_functional", None) is not None:
        return _ending(layer)
    calls = [node for nodes in functional._nodes_by_depth.values() for node in nodes if node.operation is layer]
    if len(calls) != 1:
        return "unknown", None
    if type(layer).__name__ == "Softmax":
        return "softmax", layer
    kind, activation = type(layer).__name__, getattr(getattr(layer, "activation", None), "__name__", "")
    endings: dict[str, Ending] = {"softmax": "softmax", "sigmoid": "sigmoid"}
    if activation in endings and kind in ("Dense", "Activation"):
        return endings[activation], layer
    return ("nothing" if kind == "Dense" and activation == "linear" else "unknown"), None


def _columns(model: Any, name: str) -> int | None:
    """How many scores it gives."""
    shape = model.output_shape
    if not isinstance(shape, tuple) or len(shape) != 2:
        found = written(shape[1:]) if isinstance(shape, tuple) else f"{len(shape)} outputs"
        raise AuricleError(f"{name} gives {found} for each clip; it must give one score per label")
    columns: int | None = shape[1]
    return columns
