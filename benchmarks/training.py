"""Training: does it wait for data, does memory grow with the data set, is anything lost when it is killed.

    python -m benchmarks.training

Waiting is the share of an epoch's time that goes into reading stored features. Memory is the highest resident set of a
process that prepares and trains on so many clips, one process for each number of clips. The killed training is started
again after each of five SIGKILLs at random moments, and its weights are compared with those of one that was left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
RATE = 8000
SIZES = (3_000, 30_000)
CLIPS_OF_AN_EPOCH = 512

NETWORKS = {
    "AlexNet": "audiomnist-alexnet-digit-fast",
    "AudibleXAI's CNN": "audible-xai-digits-fast",
    "AudioNet": "audiomnist-audionet-digit-fast",
    "log-mel CNN": "heart-fast",
}


def corpus(folder: Path, count: int) -> Path:
    """A table of so many clips of a quarter of a second: tones of two pitches in noise, each its own."""
    import soundfile

    rng = np.random.default_rng(0)
    rows = ["path,label,speaker"]
    (folder / "audio").mkdir(parents=True)
    at = np.arange(RATE // 4) / RATE
    for number in range(count):
        label = ("low", "high")[number % 2]
        tone = np.sin(2 * np.pi * rng.uniform(300, 500) * (4 if label == "high" else 1) * at)
        path = f"audio/{number:05d}.wav"
        soundfile.write(folder / path, 0.3 * tone + 0.05 * rng.normal(size=len(at)), RATE, subtype="PCM_16")
        rows.append(f"{path},{label},{number % 20}")
    table = folder / "clips.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


def one_epoch(table: Path, recipe: str, out: Path, *, epochs: int = 1) -> dict[str, Any]:
    """Train a recipe on a table and tell how long it waited and how much memory it took; runs in its own process."""
    import resource

    import torch

    from auricle.datasets import open_dataset, splits
    from auricle.training.recipe import read_recipe
    from auricle.training.train import train

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    changes = {"task": "label", "split": "holdout:80/10/10", "training.epochs": epochs, "length.seconds": 1.0}
    if recipe.startswith("heart"):
        changes["frontend"] = "digits"
    made = read_recipe(recipe, changes=changes)
    dataset = open_dataset(table)
    trained = train(made, dataset, splits(dataset, made.split, made.task)[0], out, device="cpu")
    last = trained.history[-1]
    return {
        "clips": len(dataset),
        "seconds": last.seconds,
        "waited": last.waited_seconds / last.seconds,
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "weights": _digest(trained.classifier),
    }


def _digest(classifier: Any) -> str:
    import hashlib

    weights = classifier.network.state_dict()
    return hashlib.sha256(b"".join(weights[key].numpy().tobytes() for key in sorted(weights))).hexdigest()


def _started(cache: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.training", "--one", *map(str, arguments)],
        env={**os.environ, "AURICLE_CACHE": str(cache)},
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        text=True,
    )


def _result(process: subprocess.Popen[str]) -> dict[str, Any]:
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a training ended with {process.returncode}")
    return dict(json.loads(text.splitlines()[-1]))


def waiting(folder: Path) -> dict[str, Any]:
    """Share of an epoch spent waiting, for each kind of network; the second epoch, when nothing is new to the disk."""
    table = corpus(folder / "small", CLIPS_OF_AN_EPOCH)
    found = {}
    for name, recipe in NETWORKS.items():
        measured = _result(_started(folder / "cache", table, recipe, folder / f"out-{recipe}", 2))
        found[f"share of the epoch waiting for data, {name}"] = round(measured["waited"], 4)
    return found


def memory(folder: Path) -> dict[str, Any]:
    """The highest memory of preparing and training, for each number of clips."""
    found: dict[str, Any] = {}
    for count in SIZES:
        table = corpus(folder / str(count), count)
        begun = time.perf_counter()
        measured = _result(_started(folder / "cache", table, "heart-fast", folder / f"out-{count}", 1))
        found[f"highest memory with {count:,} clips, MiB"] = round(measured["memory_mib"])
        found[f"features and an epoch of {count:,} clips, seconds"] = round(time.perf_counter() - begun)
    small, large = (found[f"highest memory with {count:,} clips, MiB"] for count in SIZES)
    found["ratio of the two memories"] = round(large / small, 3)
    found["features stored for both, MiB"] = round(
        sum(each.stat().st_size for each in (folder / "cache").rglob("rows.f32")) / 2**20
    )
    return found


def killed(folder: Path, *, times: int = 5) -> dict[str, Any]:
    """Whether a training that is killed at random moments ends with the bits of one that is not."""
    table = corpus(folder / "killed", 400)
    begun = time.perf_counter()
    whole = _result(_started(folder / "cache", table, "heart-fast", folder / "whole", 6))
    took = time.perf_counter() - begun
    rng = np.random.default_rng()
    for _ in range(times):
        process = _started(folder / "cache", table, "heart-fast", folder / "parts", 6)
        time.sleep(rng.uniform(0.4, 1.0) * took)
        process.send_signal(signal.SIGKILL)
        process.wait()
    parts = _result(_started(folder / "cache", table, "heart-fast", folder / "parts", 6))
    return {"SIGKILLs before the end": times, "same bits as without them": parts["weights"] == whole["weights"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=4, metavar=("TABLE", "RECIPE", "OUT", "EPOCHS"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        table, recipe, out, epochs = chosen.one
        print(json.dumps(one_epoch(Path(table), recipe, Path(out), epochs=int(epochs))))
        return
    lines = ["| figure | value |", "|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for measure in (waiting, memory, killed):
            for name, value in measure(Path(folder)).items():
                print(f"{name}: {value}", flush=True)
                lines.append(f"| {name} | {value} |")
    (HERE / "training.md").write_text(f"{__doc__.strip()}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
