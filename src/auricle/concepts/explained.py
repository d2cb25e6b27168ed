"""A clip's explanation in the shares of its concepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from auricle.axes import Axes
from auricle.checks import checks_of
from auricle.classifier import Classifier, Level
from auricle.clip import Clip, load_clip
from auricle.concepts.concepts import Concepts
from auricle.concepts.removing import without_each
from auricle.concepts.two_step import ConceptAttribution, take_apart
from auricle.errors import AuricleError
from auricle.explanation import Explanation, WindowPrediction
from auricle.frontends import Waveform
from auricle.methods import Attribution
from auricle.road import on_one_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auricle.sonify import Masking, Sounds
    from auricle.sonify.shares import Loudness

AT_ONCE = 8
"""Windows taken apart in one pass."""
AROUND = "around the layer"
"""What does not pass through the layer."""


@dataclass(frozen=True, eq=False)
class ConceptExplanation:
    """Why a classifier decided as it did about one clip, in K shares.

    whole: the plain explanation. label: the class whose concepts these are. names: of each share: concepts, the
    residual where there is one, and what went around the layer where something did. maps: relevance of each,
    ``[K, F, T]`` on ``axes``; they sum to ``whole``'s map. totals: relevance of each concept at the layer itself,
    ``[K]`` (not of what went around it), mean over windows. removed: by how much the target's logit falls when the
    concept is taken out of the layer, ``[K]``.
    """

    whole: Explanation
    concepts: Concepts
    label: str
    names: tuple[str, ...]
    maps: np.ndarray
    axes: Axes
    totals: np.ndarray
    removed: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def clip(self) -> Clip:
        return self.whole.clip

    @property
    def sums(self) -> np.ndarray:
        """Σ of each map, ``[K]``."""
        return self.maps.sum((1, 2))

    def part(self, k: int) -> Explanation:
        """One share as an explanation of its own, with everything an explanation can do."""
        return replace(self.whole, relevance=self.maps[k], axes=self.axes, level=self._level, checks=[])

    @property
    def _level(self) -> Level:
        return "stft" if isinstance(self.whole.classifier.frontend, Waveform) else "features"

    def sounds(
        self, masking: Masking | None = None, *, loudness: Loudness = "relevance", full_band: bool = False
    ) -> list[Sounds]:
        """Every share as sound; see `auricle.sonify.shares.sonify_shares`."""
        from auricle.sonify.shares import sonify_shares

        front = self.whole.classifier.frontend
        return sonify_shares(
            self.clip, front, self.maps, self.axes, masking, loudness=loudness, full_band=full_band
        )

    def plot(self) -> Figure:
        """A matplotlib figure: log spectrogram, standard map and every share on one scale, with their sums."""
        from auricle.report.concepts import concept_plot

        return concept_plot(self)

    def save(self, folder: str | Path) -> Path:
        """Write the page, the numbers, the picture and the sounds; see `auricle.report.concepts.save_concepts`."""
        from auricle.report.concepts import save_concepts

        return save_concepts(self, folder)

    def rest(self, sounds: Sequence[Sounds]) -> Clip:
        """What none of the shares keeps: the clip less all of ``sounds`` of loudness ``relevance``."""
        kept = np.sum([each.kept.samples.astype(np.float64) for each in sounds], axis=0)
        first = sounds[0]
        original = first.kept.samples.astype(np.float64) + first.removed.samples.astype(np.float64)
        return replace(first.kept, samples=(original - kept).astype(np.float32), name=f"{self.clip.name}-rest")


def explain_concepts(
    clip: Clip | str | Path,
    classifier: Classifier,
    concepts: Concepts,
    *,
    target: str = "predicted",
    label: str | None = None,
) -> ConceptExplanation:
    """The explanation of a clip by ``concepts``, with the method and the layer that they were found with.

    target: what is explained, ``predicted`` or a label. label: the class whose concepts are used, by default that of
    the target. Raises `AuricleError` if these are concepts of another classifier, or there are none of that class.
    """
    concepts.check(classifier)
    clip = clip if isinstance(clip, Clip) else load_clip(clip)
    heard = classifier.windows(clip)
    logits = classifier.logits(heard.samples)
    prediction = classifier.prediction(logits)
    # All windows are explained for the clip's own prediction: concepts belong to a class.
    wanted = prediction.label if target == "predicted" and "predicted" not in classifier.labels else target
    weights = classifier.target_weights(wanted, logits)
    if label is None and target == "predicted" and wanted not in concepts.subspaces:
        raise AuricleError(
            f'{clip.name} is taken for "{wanted}", which has no concepts; name a target that has some, or the class '
            f"whose concepts to take: {', '.join(concepts)}"
        )
    of = label or wanted
    subspaces = concepts[of]
    level: Level = "stft" if isinstance(classifier.frontend, Waveform) else "features"
    rows: list[ConceptAttribution] = []
    fall = []
    for start in range(0, len(heard.samples), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        own = [subspaces] * len(heard.samples[some])
        parts = take_apart(
            classifier,
            heard.samples[some],
            weights[some],
            own,
            layer=concepts.layer,
            method=concepts.method,
            level=level,
        )
        rows += [parts.row(index) for index in range(len(own))]
        before, after = without_each(classifier, heard.samples[some], own, layer=concepts.layer)
        fall.append(((before[:, None] - after) * weights[some, None]).sum(2))
    names = concepts.names_of(of)
    shares = [row.shares[0] for row in rows]
    if rows[0].around is not None:
        names = (*names, AROUND)
        shares = [torch.cat([row.shares[0], row.around]) for row in rows if row.around is not None]
    each = [[Attribution(share[k][None], rows[0].whole.score) for share in shares] for k in range(len(names))]
    placed = [on_one_axis(classifier, parts, heard, level) for parts in each]
    relevance, axes = on_one_axis(classifier, [row.whole for row in rows], heard, level)
    rate, length = classifier.sample_rate, heard.samples.shape[1]
    whole = Explanation(
        clip=clip,
        classifier=classifier,
        prediction=prediction,
        target=wanted,
        method=concepts.method,
        level=level,
        relevance=relevance,
        axes=axes,
        windows=[
            WindowPrediction(start / rate, (start + length) / rate, classifier.prediction(row[None]), wanted)
            for start, row in zip(heard.starts, logits, strict=True)
        ],
        checks=checks_of([row.whole for row in rows], relevance, axes, clip.seconds),
        seed=0,
    )
    return ConceptExplanation(
        whole=whole,
        concepts=concepts,
        label=of,
        names=names,
        maps=np.stack([values for values, _ in placed]),
        axes=axes,
        totals=torch.cat([row.totals for row in rows]).mean(0).double().cpu().numpy(),
        removed=torch.cat(fall).mean(0).double().cpu().numpy(),
    )
