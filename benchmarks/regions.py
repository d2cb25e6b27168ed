"""Rectangles under AudibleXAI's 185 settings, beside the straightforward loop, on real relevance maps.

    python -m benchmarks.regions --model FOLDER

The loop (tests/regions/plain_rectangles.py) calls scikit-learn's HDBSCAN and SciPy for every setting from the start.
"cells" is how many the lowest percentile, 70, keeps; "same" counts settings in which both find exactly the same boxes.
Times are processor seconds for one map and all settings, so that only ratios mean something on another machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch

import auricle
from auricle import demo
from auricle.axes import Axes
from auricle.methods import Lime, Occlusion
from auricle.regions import Rectangles, rectangles_grid

HERE = Path(__file__).parent
FSDD = HERE.parents[1] / "shared/data/fsdd/recordings"
sys.path.insert(0, str(HERE.parent / "tests/regions"))

import plain_rectangles as plain  # noqa: E402

METHODS = {
    "gradient": "gradient",
    "input × gradient": "input-x-gradient",
    "ig": "ig",
    "deconvnet": "deconvnet",
    "deep-taylor": "deep-taylor",
    "lrp": "lrp",
    "grad-cam": "grad-cam",
    "occlusion": Occlusion(),
    "lime": Lime(components="superpixels"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="digits", help="a bundled model, or a folder of 'auricle train'")
    parser.add_argument("--maps", type=int, default=1, help="clips for each method")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--out", type=Path, default=HERE / "regions.md")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    classifier = auricle.load_classifier(chosen.model)
    paths = sorted(FSDD.glob("*_[0-4].wav")) or demo.clips()
    paths = paths[:: max(len(paths) // chosen.maps, 1)][: chosen.maps]
    warm_up()
    rows = []
    for name in chosen.methods:
        found = [auricle.explain(path, classifier, method=METHODS[name]) for path in paths]  # type: ignore[arg-type]
        races = [race(*each.map()) for each in found]
        rows.append({"method": name, "shape": "×".join(map(str, found[0].map()[0].shape))} | mean(races))
        print(rows[-1], flush=True)
    chosen.out.write_text(f"{__doc__}\n{table(rows)}\n{summary(rows)}\n")
    print(f"\n{table(rows)}\nSaved in {chosen.out}")


def warm_up() -> None:
    """Compile, so that it is not timed."""
    axes = Axes(np.arange(41) * 0.004, np.arange(31) * 15.625)
    for _ in rectangles_grid(np.random.default_rng(0).random((30, 40)), axes, Rectangles(), plain.GRID):
        pass


def race(relevance: np.ndarray, axes: Axes) -> dict[str, float]:
    """All settings of one map, by both; the whole map counts, padding too."""
    start = time.process_time()
    ours = list(rectangles_grid(relevance, axes, Rectangles(), plain.GRID))
    seconds = time.process_time() - start
    fits = 0.0

    def timed(points: np.ndarray, size: int, samples: int) -> np.ndarray:
        nonlocal fits
        before = time.process_time()
        labels = labels_of(points, size, samples)
        fits += time.process_time() - before
        return labels

    labels_of = plain.labels_of
    same, start = 0, time.process_time()
    with mock.patch.object(plain, "labels_of", timed):
        for point, regions in ours:
            boxes = plain.plain_rectangles(relevance, axes, **point).boxes
            same += [(b.low, b.high, b.start, b.end) for b in regions.boxes] == boxes
    loop = time.process_time() - start
    cells = int((relevance > max(np.percentile(np.maximum(relevance, 0), 70), 0)).sum())
    return {"cells": cells, "ours": seconds, "loop": loop, "fits": fits, "same": same / len(ours)}


def mean(races: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([each[key] for each in races])) for key in races[0]}


def table(rows: list[dict]) -> str:  # type: ignore[type-arg]
    lines = [
        "| method | map | cells | auricle s | loop s | faster | scikit-learn's fits alone | same |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['method']} | {row['shape']} | {row['cells']:.0f} | {row['ours']:.2f} | {row['loop']:.1f} | "
            f"**{row['loop'] / row['ours']:.0f}×** | {row['fits']:.1f} s, {row['fits'] / row['ours']:.0f}× | "
            f"{row['same']:.0%} |"
        )
    return "\n".join(lines) + "\n"


def summary(rows: list[dict]) -> str:  # type: ignore[type-arg]
    """What the grid costs for the whole of a study's tuning."""
    per_map = float(np.mean([row["ours"] for row in rows]))
    clips = 200
    minutes = clips * len(rows) * per_map / 2 / 60
    loop = clips * len(rows) * float(np.mean([row["loop"] for row in rows])) / 2 / 3600
    return (
        f"{clips} clips × 185 settings × {len(rows)} methods on two cores, from these times: {minutes:.1f} minutes "
        f"instead of {loop:.1f} hours."
    )


if __name__ == "__main__":
    main()
