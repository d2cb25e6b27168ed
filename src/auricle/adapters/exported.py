"""A program of ``torch.export`` as a classifier: it can be asked, but rules do not reach into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auricle.adapters.outputs import Outputs
from auricle.adapters.program import Program
from auricle.adapters.pt2 import read_program
from auricle.adapters.said import check_rate
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Waveform


def exported_classifier(
    path: str | Path,
    *,
    labels: Sequence[str],
    sample_rate: int,
    frontend: Frontend | None = None,
    length: Length | None = None,
    outputs: Outputs = "logits",
    multi_label: bool = False,
    name: str | None = None,
) -> Classifier:
    """A file of ``torch.export.save`` (.pt2) as a classifier, for all methods that remove parts of the sound.

    It is given the front-end's output, or without a ``frontend`` samples ``[B, n]`` at ``sample_rate`` (``[B, 1, n]``
    if it wants these), and returns ``outputs`` ``[B, C]``, one column per label. Batches of a fixed size are filled up.
    Samples of a fixed number set ``length`` unless it is given; else None takes clips of any.

    Archives with pickled objects, compiled code or operations on more than tensors are refused unopened.
    """
    path = Path(path)
    check_rate(sample_rate)
    if not path.is_file():
        raise AuricleError(f"there is no file {path}; check its name")
    program = read_program(path)
    shape = _input_shape(program, path)
    if length is None and frontend is None and shape[-1] is not None:
        length = Length(seconds=shape[-1] / sample_rate)
    called = name or path.name
    return Classifier(
        Program(
            program.module(),
            name=called,
            classes=len(labels),
            why_not="an exported program is made of low-level operations, on which rules do not act",
            shape=shape,
            samples=frontend is None,
        ),
        frontend=frontend or Waveform(channel=False),
        labels=labels,
        sample_rate=sample_rate,
        length=length,
        multi_label=multi_label,
        outputs=outputs,
        name=called,
    )


def _input_shape(program: Any, path: Path) -> tuple[int | None, ...]:
    """The shape of its only input; None where a size may be any."""
    wanted = program.graph_signature.user_inputs
    nodes = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in wanted]
    if len(nodes) != 1 or len(getattr(nodes[0].meta.get("val"), "shape", ())) < 2:
        raise AuricleError(
            f"{path} takes {len(wanted)} inputs; it must take one, a batch of sounds or of a front-end's features"
            if len(nodes) != 1
            else f"{path} takes no batch; export it for an input whose first dimension is the batch"
        )
    return tuple(size if isinstance(size, int) else None for size in nodes[0].meta["val"].shape)
