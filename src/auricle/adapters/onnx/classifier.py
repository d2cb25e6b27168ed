"""An ONNX file: asked through onnxruntime, and differentiated where it can be written in torch with equal answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from auricle.adapters.arranging import arranged, default_frontend
from auricle.adapters.ending import reading_of
from auricle.adapters.onnx import file
from auricle.adapters.onnx.network import OnnxNetwork
from auricle.adapters.onnx.runtime import Runtime
from auricle.adapters.outputs import Outputs
from auricle.adapters.said import check_rate
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend


def onnx_classifier(
    path: str | Path,
    *,
    labels: Sequence[str] | None = None,
    sample_rate: int | None = None,
    frontend: Frontend | None = None,
    length: Length | None = None,
    outputs: Outputs | None = None,
    multi_label: bool = False,
    output: str | None = None,
    name: str | None = None,
) -> Classifier:
    """An ONNX file as a classifier: for coalition methods always, for gradient methods where onnx2torch converts it.

    The model has one floating-point input and an ``output`` ``[B, C]`` (named, where several could be meant), one
    column per label. ``labels`` and ``sample_rate`` may be in the file, as the metadata ``labels`` (with commas, or as
    JSON) and ``sample_rate``. Inputs ``[B, n]``, ``[B, 1, n]`` or ``[B, n, 1]`` are samples; for others say which
    ``frontend`` the model was trained with: its map of F bands and T frames is laid as ``[B, F, T]``, ``[B, 1, F, T]``
    or ``[B, F, T, 1]``, whichever has the model's sizes, or turned if only that has them. A fixed number of samples or
    frames becomes ``Length.seconds``; a fixed batch size is filled up.

    ``outputs`` is found out: ``probabilities`` where the model ends in softmax or sigmoid, else ``logits``. A last
    softmax or sigmoid is left out and taken again by the classifier, so that relevance is that of the logits.

    The network in torch is compared with onnxruntime on noise when it is opened, and on every sound that it hears: if
    it is off by more than 1e-4 of the largest answer, it is not used. ``network.why_not`` then says why.
    """
    path = Path(path)
    name = name or path.stem
    model = file.opened(path)
    told = {each.key: each.value for each in model.metadata_props}
    labels = labels if labels is not None else file.labels_in(told, name)
    sample_rate = sample_rate if sample_rate is not None else file.rate_in(told, frontend, name)
    if labels is None:
        raise AuricleError(
            f"{path.name} does not say what its outputs are called; give their labels: --labels a,b,c, or write them "
            "into its metadata as labels"
        )
    if sample_rate is None:
        raise AuricleError(
            f"{path.name} does not say at which sample rate it hears; give it, as in --rate 16000, or write it into "
            "its metadata as sample_rate"
        )
    check_rate(sample_rate)
    shape, rows, kind = file.input_of(model, name)
    chosen = file.chosen_output(model, output, len(labels), name)
    ending, columns = file.ending_of(model, chosen), file.columns_of(model, chosen)
    reading = reading_of(outputs, ending, labels=labels, columns=columns, multi_label=multi_label, name=name)
    if reading.stripped:
        chosen = file.cut_last(model, chosen)
    file.keep_only(model, chosen)
    frontend = frontend or default_frontend(shape, sample_rate, name)
    frontend = frontend if frontend.sample_rate else replace(frontend, sample_rate=sample_rate)  # type: ignore[type-var]
    arrangement, length = arranged(frontend, shape, length, channel="first", name=name)
    runtime = Runtime(model, rows, kind, name)
    network = OnnxNetwork(model, runtime, arrangement, reading, classes=len(labels))
    network.try_out(frontend, length)
    return Classifier(
        network,
        frontend=frontend,
        labels=labels,
        sample_rate=sample_rate,
        length=length,
        multi_label=multi_label,
        outputs=reading.outputs,
        name=name,
    )
