"""Time every contest, print ratios, and save them beside this file."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from auricle import demo, frontends
from auricle.classifier import Classifier
from auricle.clip import load_clip
from auricle.models import load_classifier
from auricle.models.alexnet import AlexNet
from auricle.models.audionet import AudioNet
from benchmarks.peers import contests

HERE = Path(__file__).parent
NOTES = """
Speed is the peer's time over auricle's, the median over turns taken one after the other; the peer's fastest batch
setting counts. Both sides start from samples and end with relevance and its check. "plain gradient" is auricle's own.

The largest difference is relative to the largest relevance. GradientSHAP draws other random points than Captum's.
Captum's DeepLIFT goes wrong where layers with max-pooling are stacked (a calculation by hand in the tests agrees with
auricle's), so the two differ. LRP differs by rounding only, which near-ties in max-pooling can enlarge (AudioNet).
"""
LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["digits", "alexnet", "audionet"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--repeats", type=int, default=5, help="at least; short runs get up to 50")
    parser.add_argument("--steps", type=int, default=16, help="of IG and GradientSHAP, for auricle and peer alike")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    chosen = parser.parse_args()
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    rows = [
        row
        for device in devices
        for name in chosen.networks
        for batch in chosen.batches
        for row in race(name, batch, device, chosen.steps, chosen.repeats)
    ]
    result = {"versions": versions(), "repeats": chosen.repeats, "steps": chosen.steps, "rows": rows}
    chosen.out.write_text(json.dumps(result, indent=2) + "\n")
    chosen.out.with_suffix(".md").write_text(table(rows) + NOTES)
    print(f"\n{table(rows)}\nSaved in {chosen.out}")


def race(name: str, batch: int, device: str, steps: int, repeats: int) -> list[dict[str, object]]:
    """One network, one batch size: every contest, in turns so that a slow moment hits both sides."""
    classifier = network(name, device)
    samples = clips(batch, device)
    rows = []
    for contest in contests(classifier, samples, steps):
        for run in (contest.ours, *contest.theirs.values()):
            run()  # warm up
        theirs = min(contest.theirs, key=lambda key: timed(contest.theirs[key], device))
        turns = max(repeats, min(50, round(1.0 / timed(contest.ours, device))))
        pairs = [(timed(contest.ours, device), timed(contest.theirs[theirs], device)) for _ in range(turns)]
        ratio = statistics.median(b / a for a, b in pairs)
        difference = apart(contest.ours(), contest.theirs[theirs]())
        row = {
            "device": device,
            "network": name,
            "batch": batch,
            "method": contest.method,
            "peer": contest.peer,
            "peer_setting": theirs,
            "auricle_ms": 1000 * statistics.median(a for a, _ in pairs),
            "peer_ms": 1000 * statistics.median(b for _, b in pairs),
            "speed_ratio": ratio,
            "difference": None if contest.peer == "plain gradient" else difference,
        }
        rows.append(row)
        print(f"{device} {name} {batch:>2} {contest.method:<13} {contest.peer:<14} {ratio:5.2f} x", flush=True)
    return rows


def network(name: str, device: str) -> Classifier:
    """The bundled model, or a seeded AlexNet or AudioNet (speed does not depend on training)."""
    if name == "digits":
        classifier = load_classifier("digits")
    else:
        torch.manual_seed(0)
        kind, front = {"alexnet": (AlexNet, "audiomnist-alexnet"), "audionet": (AudioNet, "audiomnist-audionet")}[name]
        module: nn.Module = kind()
        classifier = Classifier(module, frontend=frontends.preset(front), labels=LABELS)
    classifier.network.eval().to(device)
    return classifier


def clips(batch: int, device: str) -> Tensor:
    """Bundled clips, padded to one second and repeated with other levels to fill the batch.

    A recorder's faint noise fills their silence: in exact silence max-pooling has ties, which each side breaks its way.
    """
    noise = torch.Generator().manual_seed(0)
    rows = []
    for index in range(batch):
        paths = demo.clips()
        mono = torch.tensor(load_clip(paths[index % len(paths)]).mono(8000))[:8000]
        spoken = nn.functional.pad(mono, (0, 8000 - len(mono))) * 0.97 ** (index // len(paths))
        rows.append(spoken + 1e-4 * torch.randn(8000, generator=noise))
    return torch.stack(rows).to(device)


def timed(run: Callable[[], Tensor], device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def apart(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference, relative to the largest relevance."""
    theirs = theirs.detach().reshape(ours.shape)
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-30))


def versions() -> dict[str, str]:
    import captum

    import auricle

    return {
        "auricle": auricle.__version__,
        "torch": torch.__version__,
        "captum": captum.__version__,
        "python": platform.python_version(),
        "threads": str(torch.get_num_threads()),
    }


def table(rows: Sequence[dict[str, object]]) -> str:
    """The results as Markdown."""
    lines = [
        "| device | network | batch | method | peer | auricle ms | peer ms | speed | largest difference |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        difference = "–" if row["difference"] is None else f"{row['difference']:.0e}"
        lines.append(
            f"| {row['device']} | {row['network']} | {row['batch']} | {row['method']} | {row['peer']} | "
            f"{row['auricle_ms']:.1f} | {row['peer_ms']:.1f} | **{row['speed_ratio']:.2f}×** | {difference} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
