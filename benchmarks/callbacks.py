"""Explanations while a model trains: what they add to an epoch, and that the weights stay the same, bit for bit.

    python -m benchmarks.callbacks FOLDER

FOLDER holds the recordings of the Free Spoken Digit Dataset. The recipe ``digits-fast`` is trained for three epochs by
itself and for three with the default settings of `callbacks.ExplainCallback` (a clip of each of ten digits, LRP;
pictures, sounds and figures to TensorBoard), in turns, each in a process of its own. Seconds are of an epoch after the
first, which also waits for imports; the share is that of explaining beside the training of the same epochs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EPOCHS = 3


def train_once(folder: str, out: Path, *, watched: bool) -> dict[str, Any]:
    """One training: the seconds of its epochs and of explaining, and a digest of its weights."""
    from auricle.callbacks import ExplainCallback
    from auricle.callbacks.samples import by_turns
    from auricle.training.outcome import Order
    from auricle.training.recipe import read_recipe
    from auricle.training.train import train

    order = Order(recipe=read_recipe("digits-fast", changes={"training.epochs": EPOCHS}), data=f"fsdd:{folder}")
    subject = order.subjects()[0]
    dataset, split = subject.dataset, subject.split
    made: list[ExplainCallback] = []

    def explaining(board: Any) -> ExplainCallback:
        samples = by_turns(dataset.take(split.validate), order.recipe.task, 1)
        made.append(ExplainCallback(samples, to=board, quiet=True))
        return made[0]

    trained = train(
        order.recipe, dataset, split, out, device="cpu", explaining=explaining if watched else None
    )
    weights = trained.classifier.network.state_dict()
    digest = hashlib.sha256(b"".join(weights[key].numpy().tobytes() for key in sorted(weights))).hexdigest()
    return {
        "epochs": [each.seconds for each in trained.history],
        "explaining": _steps(out / "logs") if watched else [],
        "weights": digest,
        "said": made[0].overhead if made else "",
    }


def _steps(logs: Path) -> list[float]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(logs))
    read.Reload()
    return [each.value for each in read.Scalars("explaining/seconds")]


def _in_a_process(folder: str, out: Path, watched: bool) -> dict[str, Any]:
    words = ["--one", str(out), *(["--watched"] if watched else [])]
    command = [sys.executable, "-m", "benchmarks.callbacks", folder, *words]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measured(folder: str, *, turns: int = 1) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("AURICLE_CACHE", f"{place}/cache")
        runs = [
            tuple(_in_a_process(folder, Path(place) / f"{turn}-{watched}", watched) for watched in (False, True))
            for turn in range(turns)
        ]
    alone = statistics.median(second for run, _ in runs for second in run["epochs"][1:])
    training = statistics.median(second for _, run in runs for second in run["epochs"][1:])
    explaining = statistics.median(second for _, run in runs for second in run["explaining"][1:])
    return {
        "an epoch by itself, seconds": f"{alone:.2f}",
        "an epoch that is explained, without the explaining, seconds": f"{training:.2f}",
        "explaining ten clips, seconds": f"{explaining:.2f}",
        "explaining beside the training, %": f"{100 * explaining / training:.1f}",
        "the first epoch's explaining, seconds": f"{statistics.median(run['explaining'][0] for _, run in runs):.2f}",
        "what the last callback said": runs[-1][1]["said"],
        "same bits with and without": str(len({run["weights"] for pair in runs for run in pair}) == 1),
        "threads": os.environ.get("OMP_NUM_THREADS", str(os.cpu_count())),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="recordings of FSDD")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(train_once(chosen.folder, chosen.one, watched=chosen.watched)))
        return
    lines = ["| figure | value |", "|---|---|"]
    for name, value in measured(chosen.folder).items():
        print(f"{name}: {value}", flush=True)
        lines.append(f"| {name} | {value} |")
    (HERE / "callbacks.md").write_text(f"{(__doc__ or '').strip()}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
