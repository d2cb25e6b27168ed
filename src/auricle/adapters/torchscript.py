"""A TorchScript file as a classifier: it can be asked, but rules do not reach into it."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import torch

from auricle.adapters.outputs import Outputs
from auricle.adapters.program import Program
from auricle.adapters.said import check_rate
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Waveform


def torchscript_classifier(
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
    """A file of ``torch.jit.save`` as a classifier, for all methods that remove parts of the sound.

    It is given the front-end's output, or without a ``frontend`` samples ``[B, n]`` at ``sample_rate`` (``[B, 1, n]``
    if it wants these), and returns ``outputs`` ``[B, C]``, one column per label; of a tuple the first entry counts, of
    a dictionary ``logits``. A model traced for a single clip is asked one clip at a time. ``length`` is what it does
    with clips of other lengths; None takes any.

    Checkpoints of ``torch.save`` are refused unopened, as they may run code. TorchScript is a program, too, though one
    that is no Python: open only files that you trust.
    """
    path = Path(path)
    check_rate(sample_rate)
    refuse_pickle(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its deprecation: the file is there, whatever is preferred today
            program = torch.jit.load(str(path), map_location="cpu")
    except (RuntimeError, ValueError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise AuricleError(
            f"{path} cannot be opened as TorchScript ({reason}); write it again with torch.jit.save"
        ) from error
    if hasattr(program, "training"):  # frozen ones are in evaluation mode for good
        program.eval()
    called = name or path.name
    return Classifier(
        Program(
            program,
            name=called,
            classes=len(labels),
            why_not="TorchScript hides its functions, on which rules act",
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


def refuse_pickle(path: Path) -> None:
    """Say what a file is that holds no TorchScript, by the names in its archive: nothing of it is loaded."""
    if not path.is_file():
        raise AuricleError(f"there is no file {path}; check its name")
    names: list[str] = []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [each.partition("/")[2] for each in archive.namelist()]
    if any(each.startswith("code/") for each in names):
        return
    if any(each.startswith("models/") for each in names):
        raise AuricleError(f"{path} is an exported program; rename it to {path.with_suffix('.pt2').name}")
    if "data.pkl" in names or _is_pickle(path):
        raise AuricleError(
            f"{path} is a checkpoint of torch.save, which may run code when opened and is not read. Load it in a place "
            "you trust and save the network with torch.jit.save(torch.jit.script(network), …), or wrap it in an "
            "auricle.Classifier and use classifier.save(folder) or --model module:name"
        )
    raise AuricleError(f"{path} is no TorchScript file; write one with torch.jit.save(torch.jit.script(network), …)")


def _is_pickle(path: Path) -> bool:
    """Whether a file begins as old checkpoints do, with a protocol number."""
    with path.open("rb") as file:
        head = file.read(2)
    return len(head) == 2 and head[0] == 0x80 and head[1] <= 5
