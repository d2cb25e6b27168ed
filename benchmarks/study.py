"""A study of 300 and one of 3,000 clips: time for each stage and clip, and the highest memory.

    python -m benchmarks.study

The clips are the bundled recordings, each at a level of its own with a little noise of its own; the bundled model is
explained by its gradient and by Grad-CAM, from prediction to site, by one process. Bare passes are the rows that went
through the network, at the time that such a row takes when nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SIZES = (300, 3_000)


def corpus(folder: Path, count: int) -> Path:
    """A table of so many recordings, as many of each digit as can be."""
    import soundfile

    from auricle import demo, load_clip

    words = [path for path in demo.clips() if path.stem != "planted"]
    clips = {path.stem: load_clip(path) for path in words}
    rng = np.random.default_rng(0)
    rows = ["path,label"]
    (folder / "audio").mkdir(parents=True)
    for number in range(count):
        word = words[number % len(words)].stem
        clip = clips[word]
        samples = clip.mono(clip.sample_rate)
        louder = samples * rng.uniform(0.3, 0.9) / np.abs(samples).max()
        path = f"audio/{number:05d}.wav"
        noisy = louder + rng.normal(0, 2e-3, len(louder))
        soundfile.write(folder / path, noisy, clip.sample_rate, subtype="PCM_16")
        rows.append(f"{path},{word}")
    table = folder / "clips.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


def one_study(table: Path, out: Path) -> dict[str, Any]:
    """Run the whole study in this process, and tell what it took."""
    import resource

    from auricle.study.reading import read_config
    from auricle.study.run import run_study

    config = {
        "model": "digits",
        "data": str(table),
        "out": str(out),
        "methods": ["gradient", "grad-cam"],
        "clips": {"part": "all"},
        "regions": {"settings": {"percentile": 90, "min_cluster_size": 15, "min_samples": 5}},
        "sound": {"random": 1, "write": ["relevant"]},
        "evaluate": {"metrics": False, "curves": 0, "sanity": 0},
        "workers": 1,
        "device": "cpu",
    }
    study = run_study(read_config(config))
    return {
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "store": sum(each.stat().st_size for each in out.rglob("*") if each.is_file()) / 2**20,
        "overhead": study.overhead,
        "seconds": {stage.stage: stage.seconds for stage in study.stages},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=2, metavar=("TABLE", "OUT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(one_study(*map(Path, chosen.one))))
        return
    found = {}
    with tempfile.TemporaryDirectory() as text:
        for count in SIZES:
            folder = Path(text, str(count))
            command = [sys.executable, "-m", "benchmarks.study", "--one", corpus(folder, count), folder / "study"]
            ran = subprocess.run(list(map(str, command)), cwd=HERE.parent, check=True, stdout=subprocess.PIPE)
            found[count] = json.loads(ran.stdout.splitlines()[-1])
            print(count, found[count], flush=True)
    small, large = (found[count] for count in SIZES)
    lines = [f"| | {SIZES[0]:,} clips | {SIZES[1]:,} clips | ratio |", "|---|---|---|---|"]
    for stage in small["seconds"]:
        each = [1000 * found[count]["seconds"][stage] / count for count in SIZES]
        if max(each) >= 0.1:
            lines.append(f"| {stage}, milliseconds a clip | {each[0]:.1f} | {each[1]:.1f} | {each[1] / each[0]:.2f} |")
    each = [1000 * sum(found[count]["seconds"].values()) / count for count in SIZES]
    lines.append(f"| in all, milliseconds a clip | {each[0]:.1f} | {each[1]:.1f} | {each[1] / each[0]:.2f} |")
    for name, key in (("highest memory, MiB", "memory"), ("store with its site, MiB", "store")):
        lines.append(f"| {name} | {small[key]:.0f} | {large[key]:.0f} | {large[key] / small[key]:.2f} |")
    lines.append(f"| time over that of bare passes | {small['overhead']:.2f} | {large['overhead']:.2f} | |")
    (HERE / "study.md").write_text(f"{__doc__.strip()}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
