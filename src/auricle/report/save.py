"""An explanation as a folder of files: page, numbers, picture and sounds."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from auricle.clip import write_sound
from auricle.errors import AuricleError

if TYPE_CHECKING:
    from auricle.explanation import Explanation
    from auricle.metrics import Scores
    from auricle.sonify import Masking, Sounds

FILES = (
    "relevance.npz",
    "relevance.png",
    "original.wav",
    "kept.wav",
    "removed.wav",
    "explanation.json",
    "index.html",
)
PART_FILES = ("components.csv", "top.wav", "without-top.wav")
"""What is written besides when the explanation has components."""


def save(
    explanation: Explanation,
    folder: str | Path,
    *,
    scores: Scores | None = None,
    measure: bool = True,
    masking: Masking | None = None,
    full_band: bool = False,
) -> Path:
    """Write page, JSON, relevance, picture and sounds to ``folder``, and return it.

    ``scores`` are measured when they are not given, unless ``measure`` is False or there are no probabilities. Files
    are first written beside the folder and moved in when all are complete, so a failure leaves what was there before.
    Raises `AuricleError` if nothing can be written.
    """
    folder = Path(folder)
    if scores is None and measure and explanation.classifier.outputs != "values":
        scores = explanation.measure(masking)
    sounds = explanation.sounds(masking, full_band=full_band)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError("a file of that name exists")
        workplace = Path(tempfile.mkdtemp(prefix=".auricle-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _write(explanation, workplace, scores, masking, sounds)
        _move(workplace, folder, files_of(explanation))
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return folder


def _write(
    explanation: Explanation, folder: Path, scores: Scores | None, masking: Masking | None, sounds: Sounds
) -> None:
    from auricle.report.page import page
    from auricle.report.parts import heard_together, table_csv
    from auricle.report.plot import plot, png
    from auricle.report.record import record

    hertz = explanation.axes.hertz
    np.savez_compressed(
        folder / "relevance.npz",
        relevance=explanation.relevance,
        hertz_edges=np.empty(0) if hertz is None else np.asarray(hertz, float),
        seconds_edges=np.asarray(explanation.axes.seconds, float),
    )
    (folder / "relevance.png").write_bytes(png(plot(explanation)))
    for name, clip in (("original", explanation.clip), ("kept", sounds.kept), ("removed", sounds.removed)):
        write_sound(folder / f"{name}.wav", clip.samples, clip.sample_rate)
    found = explanation.contributions
    if found is not None:
        (folder / "components.csv").write_text(table_csv(explanation), encoding="utf-8")
        for name, mode in (("top", "only"), ("without-top", "without")):
            part = explanation.listen(heard_together(len(found.components)), mode)  # type: ignore[arg-type]
            write_sound(folder / f"{name}.wav", part.samples, part.sample_rate)
    content = record(explanation, scores=scores, masking=masking, sounds=sounds, files=sorted(files_of(explanation)))
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "explanation.json").write_text(text + "\n", encoding="utf-8")
    (folder / "index.html").write_text(page(explanation, scores, sounds), encoding="utf-8")


def files_of(explanation: Explanation) -> tuple[str, ...]:
    """The names of the files that are written for an explanation."""
    return FILES if explanation.contributions is None else FILES + PART_FILES


def _move(workplace: Path, folder: Path, names: Sequence[str]) -> None:
    """The whole folder at once where there was none; into an existing one file by file, each complete."""
    mask = os.umask(0)
    os.umask(mask)
    workplace.chmod(0o777 & ~mask)
    if not folder.exists():
        workplace.rename(folder)
        return
    for name in names:
        os.replace(workplace / name, folder / name)
    for name in set(PART_FILES) - set(names):  # of an earlier explanation of another kind
        (folder / name).unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> AuricleError:
    reason = error.strerror or str(error)
    return AuricleError(f"{folder} cannot be written ({reason}); choose another folder or free its place")
