"""The table of all ten digits in docs/concepts.md, from folders of ``auricle concepts evaluate``.

    python scripts/concepts_of_ten.py ten ten-default ten-last

Each folder was fitted and evaluated by the commands of that page: with small patches, with the default ones, and at the
last layer. Figures are read from their cards; nothing is computed here.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from auricle.concepts import Concepts, load_concepts

PAGE = Path(__file__).parents[1] / "docs/concepts.md"
TABLE = re.compile(r"(<!-- table ten -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = (
    "layer", "patches", "AUPC of the concepts", "random", "plain explanation", "own concepts best", "gain, own",
    "others'", "random ", "stability",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    rows = [row_of(load_concepts(folder)) for folder in parser.parse_args().folders]
    lines = ["| " + " | ".join(each.strip() for each in HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    table = "\n".join(lines) + "\n"
    print(table)
    PAGE.write_text(TABLE.sub(lambda found: found[1] + table + found[2], PAGE.read_text()))


def row_of(concepts: Concepts) -> list[str]:
    """One line of the table."""
    found = concepts.facts["evaluation"]
    areas = {row["name"]: row["mean"] for row in found["aupc"]}
    between = found["inter_class"]["summary"]
    stabilities = [each.statistics["stability"] for each in concepts.subspaces.values()]
    patch = found["flipping"]["patch"]
    return [
        f"`{concepts.layer}`",
        f"{patch['rows']} × {patch['columns']} cells"
        if "rows" in patch
        else f"{patch['milliseconds']:g} ms × {patch['hertz']:g} Hz",
        *(_interval(areas[name]) for name in ("drsa", "random", "plain explanation")),
        f"{between['row_maxima']} of {between['classes']}",
        *(f"{between[name]['mean']:.3f}" for name in ("diagonal", "off_diagonal", "random")),
        f"{min(stabilities):.2f} to {max(stabilities):.2f}",
    ]


def _interval(value: dict[str, Any]) -> str:
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


if __name__ == "__main__":
    main()
