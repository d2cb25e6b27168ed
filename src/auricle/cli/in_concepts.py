"""``auricle explain CLIP --concepts DIR``: clips explained in the shares of a model's concepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auricle.classifier import Classifier
from auricle.cli.explaining import explain_into
from auricle.cli.model import classifier_of
from auricle.cli.progress import Bar
from auricle.clip import Clip
from auricle.concepts.concepts import CARD, Concepts, load_concepts
from auricle.concepts.explained import ConceptExplanation, explain_concepts
from auricle.errors import AuricleError
from auricle.explanation import Explanation
from auricle.report.concepts import save_concepts


@dataclass(frozen=True, eq=False)
class InConcepts:
    """Clips explained in concepts: a `auricle.cli.explaining.Way`."""

    classifier: Classifier
    concepts: Concepts
    target: str
    label: str | None

    def check_long(self, path: Path) -> None:
        """Everything fits: what is asked for has no place in time."""

    def into(self, folder: Path, clip: Clip, bar: Bar, *, section: bool = False) -> tuple[Explanation, None, str]:
        found = explain_concepts(clip, self.classifier, self.concepts, target=self.target, label=self.label)
        save_concepts(found, folder)
        return found.whole, None, _line(found, folder / "index.html")


def explain_in_concepts(
    paths: Sequence[Path], folder: Path, model: str | None, target: str, label: str | None, out: Path
) -> list[str]:
    """Explain every file into a folder of its own under ``out``; returns one line for each that failed as a whole."""
    classifier, concepts = opened(folder, model)
    return explain_into(paths, InConcepts(classifier, concepts, target, label), out)


def opened(folder: Path, model: str | None) -> tuple[Classifier, Concepts]:
    """The concepts of a folder and their model: the named one, or that of their card."""
    concepts = load_concepts(folder)
    path = model or concepts.facts.get("model_path")
    if path is None:
        raise AuricleError(f"{folder / CARD} does not say where the model is; give it with --model")
    classifier = classifier_of(str(path))
    concepts.check(classifier)
    return classifier, concepts


def _line(found: ConceptExplanation, page: Path) -> str:
    said = found.whole.prediction
    shares = ", ".join(f"{name} {share:+.3g}" for name, share in zip(found.names, found.sums, strict=True))
    lines = [
        f"{found.clip.name}: {said.label} ({100 * said.probability:.0f} %); relevance for {found.whole.target} "
        f"{found.sums.sum():.3g} = {shares}"
    ]
    lines += [f"Warning: {check.text}" for check in found.whole.checks if check.passed is False]
    return "\n  ".join([*lines, str(page)])
