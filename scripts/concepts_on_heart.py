"""Do concepts of a heart model line up with the phases of the heart?

    python scripts/concepts_on_heart.py --model FOLD --timed pascal:FOLDER

``FOLD`` is a fold of ``auricle kfold heart-fast --data pascal:FOLDER/set_b --task condition``; concepts of "normal" are
found in its training part. They are laid beside the times of S1 and S2 that the challenge published for recordings of
set A, of those that the model takes for normal. Writes the table of docs/concepts.md.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from auricle.concepts import Concepts, explain_concepts, fit_concepts
from auricle.concepts.evaluation import random_like
from auricle.concepts.evaluation.alignment import Alignment, align, heart_phases
from auricle.datasets import open_dataset
from auricle.datasets.pascal import times
from auricle.evaluation.tested import choose_clips

PAGE = Path(__file__).parents[1] / "docs/concepts.md"
LABEL, CLIPS, DRAWS = "normal", 120, 3
TABLE = re.compile(r"(<!-- table phases -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--timed", required=True)
    parser.add_argument("--layer", default="features.14")
    asked = parser.parse_args()
    choice = choose_clips(asked.model, part="train")
    classifier, fitted_on, timed = choice.classifier, choice.dataset, open_dataset(asked.timed)
    numbers = [int(each) for each in choice.numbers if fitted_on.row(int(each))[choice.task] == LABEL]
    drawn = np.random.default_rng(0).permutation(numbers)[:CLIPS]
    concepts = fit_concepts(
        classifier, ((fitted_on.load(int(each)), LABEL) for each in drawn), layer=asked.layer, labels=[LABEL]
    )
    marked = [(timed.load(number), beats) for number in range(len(timed)) if (beats := times(timed, timed.row(number)))]
    marked = [(clip, beats) for clip, beats in marked if classifier.predict(clip).label == LABEL]

    def over_time(of: Concepts) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, list[tuple[float, float]]]]]:
        for clip, beats in marked:
            found = explain_concepts(clip, classifier, of, target=LABEL)
            yield np.maximum(found.maps, 0).sum(1), found.axes.seconds, heart_phases(beats)

    own = align(over_time(concepts))
    random = [align(over_time(each)) for each in random_like(concepts, draws=DRAWS)]
    table = as_table(own, random, len(concepts[LABEL]))
    said = concepts[LABEL].statistics
    print(f"{len(marked)} recordings; stability {said['stability']:.2f} (by chance {said['stability_by_chance']:.2f})")
    print(table)
    PAGE.write_text(TABLE.sub(lambda found: found[1] + table + found[2], PAGE.read_text()))


def as_table(own: Alignment, random: list[Alignment], count: int) -> str:
    """Percentage points above chance, with intervals; of random subspaces the range over all of them."""
    lines = ["| | " + " | ".join(own.phases) + " |", "|" + "---|" * (len(own.phases) + 1)]
    for concept in range(count):
        found = [own.above_chance(concept, phase) for phase in own.phases]
        cells = [f"{_points(each.mean)} ({_points(each.low)} to {_points(each.high)})" for each in found]
        lines.append("| " + " | ".join([f"concept {concept + 1}", *cells]) + " |")
    ranges = []
    for phase in own.phases:
        means = [each.above_chance(concept, phase).mean for each in random for concept in range(count)]
        ranges.append(f"{_points(min(means))} to {_points(max(means))}")
    lines.append("| " + " | ".join(["random subspaces", *ranges]) + " |")
    chance = [f"{100 * np.nanmean(own.chance[:, 0, place]):.0f} %" for place in range(len(own.phases))]
    lines.append("| " + " | ".join(["share of time", *chance]) + " |")
    return "\n".join(lines) + "\n"


def _points(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.0f}"


if __name__ == "__main__":
    main()
