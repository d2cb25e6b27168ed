"""Clips without their most relevant cells, as a data set of its own: what ROAR trains on.

A cell is removed by silencing it on the listening STFT, so that what a network is trained on can be heard. The
transform overlaps, so a little of a removed cell's energy comes back from its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from auricle.classifier import Classifier
from auricle.clip import Clip, write_sound
from auricle.datasets import Dataset
from auricle.errors import AuricleError
from auricle.explanation import Explanation
from auricle.files import make_folder, write_whole
from auricle.methods import Method
from auricle.metrics.curves import ranks
from auricle.metrics.hearing import Listener
from auricle.protocols.masks import explained, relevance_of

AT_ONCE = 16
DONE = "done.json"


@dataclass(frozen=True, eq=False)
class Remover:
    """An explainer that says which cells go first; without a method a random order does."""

    name: str
    method: Method | None

    def relevance(self, clips: Sequence[Clip], classifier: Classifier, seed: int) -> list[np.ndarray | AuricleError]:
        """``[F, frames]`` of each clip for its predicted class."""
        listeners = [Listener(classifier, clip) for clip in clips]
        if self.method is None:
            return [
                np.random.default_rng([seed, int(clip.content_hash, 16)]).random(each.power.shape)
                for clip, each in zip(clips, listeners, strict=True)
            ]
        labels = [classifier.predict(clip).label for clip in clips]
        told = explained(self.method, clips, labels, classifier, seed=seed)
        return [
            relevance_of(each, listener) if isinstance(each, Explanation) else each
            for each, listener in zip(told, listeners, strict=True)
        ]


def without_cells(
    clip: Clip, relevance: np.ndarray, classifier: Classifier, shares: Sequence[float], *, seed: int = 0
) -> list[Clip]:
    """The clip, at the model's rate, without each of the ``shares`` of cells with most relevance; ties go by lot."""
    rank = ranks(relevance, seed=seed)
    kept = np.stack([rank >= round(share * rank.size) for share in shares]).astype(np.float64)
    sounds = Listener(classifier, clip).sounds(kept).float().cpu().numpy()
    return [Clip(sound, classifier.sample_rate, clip.name) for sound in sounds]


def write_removed(
    folder: Path,
    dataset: Dataset,
    numbers: Sequence[int],
    classifier: Classifier,
    remover: Remover,
    shares: Sequence[float],
    *,
    seed: int = 0,
    on_step: Callable[[], None] | None = None,
) -> dict[float, Dataset]:
    """The data set with these rows' clips replaced, once for each share; what is there already is not made again.

    Rows keep their numbers, ids and labels. A clip that cannot be heard or explained keeps its place without a sound,
    so training tells of it.
    """
    marker = folder / DONE
    key = json.dumps([dataset.name, sorted(map(int, numbers)), list(shares), seed, remover.name])
    homes = {share: folder / f"{share:g}" for share in shares}
    if not (marker.is_file() and marker.read_text(encoding="utf-8") == key):
        for home in homes.values():
            make_folder(home)
        for start in range(0, len(numbers), AT_ONCE):
            _write_some(homes, dataset, numbers[start : start + AT_ONCE], classifier, remover, seed)
            for _ in numbers[start : start + AT_ONCE] if on_step is not None else ():
                on_step()  # type: ignore[misc]
        write_whole(marker, key)
    return {share: _of_folder(dataset, home) for share, home in homes.items()}


def _write_some(
    homes: dict[float, Path],
    dataset: Dataset,
    numbers: Sequence[int],
    classifier: Classifier,
    remover: Remover,
    seed: int,
) -> None:
    clips = {}
    for number in numbers:
        try:
            clip = dataset.load(int(number))
            classifier.windows(clip)
        except AuricleError:
            continue
        clips[int(number)] = clip
    if not clips:
        return
    found = remover.relevance(list(clips.values()), classifier, seed)
    for (number, clip), relevance in zip(clips.items(), found, strict=True):
        if isinstance(relevance, AuricleError):
            continue
        for home, left in zip(
            homes.values(), without_cells(clip, relevance, classifier, list(homes), seed=seed), strict=True
        ):
            write_sound(home / _name(number), left.samples, left.sample_rate)


def _of_folder(dataset: Dataset, home: Path) -> Dataset:
    import pyarrow as pa

    table = dataset.table
    for name in ("path", "start", "seconds"):
        if name in table.column_names:
            table = table.drop_columns([name])
    paths = pa.array([_name(number) for number in range(len(dataset))])
    return replace(dataset, table=table.append_column("path", paths), root=home, sound_of=None)


def _name(number: int) -> str:
    return f"{number:06d}.wav"
