"""What the concepts of "nine" decide: by how much its lead over other words falls without each of them.

    python scripts/concepts_of_nine.py concepts

``concepts`` is the folder of ``auricle concepts fit`` in docs/concepts.md; the clips are FSDD's official test clips of
"nine". Writes the table of that page.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import torch

from auricle.concepts import load_concepts, without_each
from auricle.evaluation.tested import choose_clips
from auricle.metrics.bootstrap import bootstrap
from auricle.models import load_classifier

PAGE = Path(__file__).parents[1] / "docs/concepts.md"
WORD, OTHERS = "nine", ("one", "five", "four", "seven")
TABLE = re.compile(r"(<!-- table lead -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("concepts", type=Path)
    parser.add_argument("--data", default="fsdd")
    asked = parser.parse_args()
    classifier = load_classifier("digits")
    concepts = load_concepts(asked.concepts, classifier)
    choice = choose_clips("digits", data=asked.data, scheme="official", classifier=classifier)
    numbers = [int(each) for each in choice.numbers if choice.dataset.row(int(each))[choice.task] == WORD]
    samples = torch.cat([classifier.windows(choice.dataset.load(each)).samples[:1] for each in numbers])
    whole, without = without_each(classifier, samples, [concepts[WORD]] * len(samples), layer=concepts.layer)
    own = classifier.target_index(WORD)
    head = ["lead over", "logits", *(f"less without {name}" for name in concepts.names_of(WORD))]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for other in OTHERS:
        place = classifier.target_index(other)
        lead = (whole[:, own] - whole[:, place]).numpy()
        falls = (lead[:, None] - (without[:, :, own] - without[:, :, place]).numpy()).T
        cells = [_interval(lead), *(_interval(each) for each in falls)]
        lines.append("| " + " | ".join([f'"{other}"', *cells]) + " |")
    table = "\n".join(lines) + "\n"
    print(table)
    PAGE.write_text(TABLE.sub(lambda found: found[1] + table + found[2], PAGE.read_text()))


def _interval(values: np.ndarray) -> str:
    found = bootstrap(values)
    assert found.low is not None
    assert found.high is not None
    return f"{found.mean:.1f} ({found.low:.1f} to {found.high:.1f})"


if __name__ == "__main__":
    main()
