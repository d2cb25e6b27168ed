"""The dictionary of an L2I interpreter: learnt from the clips that it is trained on, or read from a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.interpreters.dictionary import Dictionary, joined, load_dictionary
from auricle.interpreters.groups import NOISE
from auricle.interpreters.learning import learn_dictionary
from auricle.interpreters.sparse_nmf import SparseNMF

if TYPE_CHECKING:
    from auricle.interpreters.l2i import L2I

Labelled = Iterable[tuple[Clip, tuple[str, ...]]]


def dictionary_for(
    interpreter: L2I, clips: Labelled, *, folder: Path | None = None, on_clip: Callable[[], None] | None = None
) -> Dictionary:
    """The dictionary in ``folder``, or one learnt from clips with their labels, at the level the interpreter works at.

    With ``groups="class"`` every class has as many columns, learnt from the clips that have its label. The ``noise``
    columns are learnt first, from clips without any label, and stand beside while the others are learnt. on_clip is
    called after each clip.
    """
    if folder is not None:
        return load_dictionary(folder)
    settings, subject = interpreter.settings, interpreter.subject
    heard = _heard(clips, settings.level, on_clip)
    noise: Dictionary | None = None
    count = settings.components - settings.noise
    grouped: dict[str, list[Clip]] = {}
    if settings.groups == "class" or settings.noise:
        for clip, labels in heard:
            for label in labels or (NOISE,):
                grouped.setdefault(label, []).append(clip)
    if settings.noise:
        if count < 1:
            raise AuricleError(f"noise={settings.noise} leaves none of {settings.components} columns for sounds")
        if NOISE not in grouped or NOISE in subject.labels:
            raise AuricleError(f"noise={settings.noise} needs clips without a label, and there are none; set noise=0")
        noise = _learnt(interpreter, grouped[NOISE], settings.noise, NOISE, None)
    if settings.groups == "class":
        parts = _of_classes(interpreter, grouped, count, noise)
    else:
        sounding: Iterable[Clip] = (clip for clip, _ in heard)
        if settings.noise:
            sounding = list({id(clip): clip for label in subject.labels for clip in grouped.get(label, [])}.values())
        parts = [_learnt(interpreter, sounding, count, "all", noise)]
    return joined([*parts, *([] if noise is None else [noise])])


def _of_classes(
    interpreter: L2I, grouped: dict[str, list[Clip]], count: int, noise: Dictionary | None
) -> list[Dictionary]:
    labels = interpreter.subject.labels
    missing = [label for label in labels if label not in grouped]
    if missing:
        raise AuricleError(f"no training clip is of {', '.join(missing)}, so no columns can be learnt; set groups=all")
    each = count // len(labels)
    if each * len(labels) != count or not each:
        raise AuricleError(
            f"{count} columns cannot be shared evenly among {len(labels)} classes; set components="
            f"{max(each, 1) * len(labels) + interpreter.settings.noise}"
        )
    return [_learnt(interpreter, grouped[label], each, label, noise) for label in labels]


def _learnt(
    interpreter: L2I, clips: Iterable[Clip], count: int, group: str, beside: Dictionary | None
) -> Dictionary:
    subject = interpreter.subject
    return learn_dictionary(
        clips,
        grid=subject.grid,
        sample_rate=subject.sample_rate,
        nmf=SparseNMF(components=count),
        group=group,
        beside=beside,
        device=str(interpreter.columns.device),
    )


def _heard(clips: Labelled, level: str, on_clip: Callable[[], None] | None) -> Iterator[tuple[Clip, tuple[str, ...]]]:
    for clip, labels in clips:
        if level == "peak" and clip.peak > 0:
            clip = Clip(clip.samples / clip.peak, clip.sample_rate, clip.name)
        yield clip, labels
        if on_clip is not None:
            on_clip()
