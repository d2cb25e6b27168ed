"""Two-step attribution beside a plain explanation and beside the published way, and PRCA over 1,000 and 10,000 clips.

    python -m benchmarks.concepts

The network is DRSA-audio's for three seconds of music (418,922 parameters, random weights), one clip at a time; all
three are timed in turns, the median counts. The published way sends K + 1 copies of the clip through the whole network,
forwards and backwards, each with the relevance of one concept let through; here its K + 1 rows are explained by
auricle's own LRP in one batch. The clips of PRCA are the bundled recordings, each at a level of its own with a little
noise of its own, through the bundled model; each count in a process of its own, whose highest memory is measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).parent
CONCEPTS = 4
LAYERS = ("features.4", "features.7", "features.10", "features.13")
COUNTS = (1_000, 10_000)


def two_step(turns: int) -> list[dict[str, Any]]:
    """Milliseconds of a plain explanation, of one in four concepts, and of the published way, by layer."""
    from auricle.classifier import Classifier, Length
    from auricle.concepts.learners import build_learner
    from auricle.concepts.two_step import take_apart
    from auricle.frontends import preset
    from auricle.methods import build
    from auricle.models.melcnn import MelCNN

    torch.manual_seed(0)
    labels = [str(number) for number in range(10)]
    classifier = Classifier(MelCNN().eval(), frontend=preset("gtzan-mel"), labels=labels, length=Length(seconds=3.0))
    samples = 0.1 * torch.randn(1, 3 * classifier.sample_rate)
    weights = torch.eye(10)[:1]
    method = build("lrp")
    rows = []
    for layer in LAYERS:
        number = int(layer.split(".")[1])
        channels = classifier.network.features[number - 1].out_channels  # type: ignore[index]
        vectors = torch.randn(100, channels)
        subspaces = build_learner("random", concepts=CONCEPTS).fit(vectors, vectors)

        def plain() -> None:
            method(classifier, samples, weights)

        def in_concepts(layer: str = layer, subspaces: Any = subspaces) -> None:
            take_apart(classifier, samples, weights, [subspaces], layer=layer, method=method)

        def published() -> None:
            method(classifier, samples.repeat(CONCEPTS + 1, 1), weights.repeat(CONCEPTS + 1, 1))

        took = in_turns([plain, in_concepts, published], turns)
        rows.append({"layer": layer, "plain": took[0], "in concepts": took[1], "published": took[2]})
    return rows


def in_turns(functions: list[Callable[[], None]], turns: int) -> list[float]:
    """The median milliseconds of each, one after another, after one turn that does not count."""
    times: list[list[float]] = [[] for _ in functions]
    for turn in range(turns + 1):
        for function, into in zip(functions, times, strict=True):
            begun = time.perf_counter()
            function()
            if turn:
                into.append(1000 * (time.perf_counter() - begun))
    return [statistics.median(each) for each in times]


def clips(count: int) -> Iterator[tuple[Any, str]]:
    """So many recordings, made one after another."""
    from auricle import demo, load_clip
    from auricle.clip import Clip

    words = [(path.stem, load_clip(path)) for path in demo.clips() if path.stem != "planted"]
    generator = np.random.default_rng(0)
    for number in range(count):
        word, clip = words[number % len(words)]
        samples = clip.mono(clip.sample_rate) * generator.uniform(0.3, 0.9)
        noisy = (samples + generator.normal(0, 2e-3, len(samples))).astype(np.float32)
        yield Clip(noisy, clip.sample_rate, f"{number:05d}"), word


def one_fit(count: int) -> dict[str, Any]:
    """PRCA of so many clips in this process, and what it took."""
    import resource

    from auricle.concepts.fitting import fit_concepts
    from auricle.concepts.sampling import Sampling
    from auricle.models import load_classifier

    classifier = load_classifier("digits")
    begun = time.perf_counter()
    found = fit_concepts(
        classifier,
        clips(count),
        layer="features.14",
        learner="prca",
        sampling=Sampling(per_clip=1, vectors=2),
        correct=False,
    )
    seconds = time.perf_counter() - begun
    largest = {label: each.statistics["relevance"][0] for label, each in found.subspaces.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"clips": count, "seconds": seconds, "memory": memory, "largest": largest}


def in_own_process(count: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.concepts", "--fit", str(count)], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def as_markdown(rows: list[dict[str, Any]], fits: list[dict[str, Any]]) -> str:
    lines = [str(__doc__), "| layer | plain, ms | in 4 concepts, ms | over plain | published way over plain |"]
    lines.append("|---|---|---|---|---|")
    for row in rows:
        plain = row["plain"]
        lines.append(
            f"| {row['layer']} | {plain:.1f} | {row['in concepts']:.1f} | **{row['in concepts'] / plain:.2f}×** | "
            f"{row['published'] / plain:.2f}× |"
        )
    few, many = fits
    lines += ["", f"| PRCA | {few['clips']:,} clips | {many['clips']:,} clips | ratio |", "|---|---|---|---|"]
    for key, unit in (("memory", "highest memory, MiB"), ("per clip", "milliseconds a clip")):
        a, b = (1000 * fit["seconds"] / fit["clips"] if key == "per clip" else fit[key] for fit in fits)
        lines.append(f"| {unit} | {a:.0f} | {b:.0f} | {b / a:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=31)
    parser.add_argument("--fit", type=int, help="only fit PRCA on so many clips and print what it took")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.fit:
        print(json.dumps(one_fit(asked.fit)))
        return
    rows = two_step(asked.turns)
    text = as_markdown(rows, [in_own_process(count) for count in COUNTS])
    (HERE / "concepts.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
