"""Fitting DRSA beside the published loop: the same vectors, one process, the time of both and what both reach.

    python -m benchmarks.drsa_fit

The loop, written anew from its formulas: one random start after the other, all vectors in every step, the gradient by
autograd with rate 1, the polar projection by an eigen-decomposition in float64; 2,000 steps, 3 starts, the best kept.
auricle's fit has its default settings. J is that of the published objective, computed for both by the same plain code.
"planted" are vectors of four concepts with heavy-tailed strengths; "after a ReLU" are activations and gradients of a
random layer between ReLUs on heavy-tailed input, without any plan.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from torch import Tensor

from auricle.concepts.learners import DRSA
from auricle.concepts.learners.orthogonal import haar

HERE = Path(__file__).parent
COLUMNS = "| vectors | device | loop: J | auricle: J | faster | with a single start |"


def planted(count: int, channels: int, concepts: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Every vector shows each concept with probability 0.4, with log-normal strength, somewhere in its block."""
    generator = torch.Generator().manual_seed(seed)
    basis = haar(1, channels, channels, seed + 1)[0].float()
    drawn = torch.randn(count, concepts, generator=generator).exp()
    strength = (drawn * (torch.rand(count, concepts, generator=generator) < 0.4)).unsqueeze(-1)
    point = torch.randn(count, concepts, channels // concepts, generator=generator)
    response = 0.5 * point + torch.randn(point.shape, generator=generator)
    noise = 0.3 * torch.randn(2, count, channels, generator=generator)
    a, c = ((strength * each).flatten(1) + more for each, more in zip((point, response), noise, strict=True))
    return a @ basis.T, c @ basis.T


def after_relu(count: int, channels: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """a = relu(W x - 0.3), c = the gradient of Σ v relu(V a - 0.2) for v ≥ 0."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 40, generator=generator) * (0.7 * torch.randn(count, 40, generator=generator)).exp()
    a = (x @ torch.randn(40, channels, generator=generator) / 40**0.5 - 0.3).relu()
    weight = torch.randn(channels, 96, generator=generator) / channels**0.5
    on = (a @ weight > 0.2).float() * torch.randn(96, generator=generator).abs()
    return a, on @ weight.T


def objective(a: Tensor, c: Tensor, basis: Tensor, concepts: int) -> Tensor:
    shares = ((a @ basis) * (c @ basis)).view(len(a), concepts, -1).sum(-1).relu()
    return shares.square().mean(0).sqrt().sqrt().mean().square()


def normalised(x: Tensor) -> Tensor:
    return x / (x.square().mean().sqrt() * x.shape[1] ** 0.25)


def published(a: Tensor, c: Tensor, concepts: int, starts: int, steps: int) -> float:
    """The largest J of all starts."""
    a, c = normalised(a), normalised(c)
    reached = []
    for start in haar(starts, a.shape[1], a.shape[1], 0):
        basis = start.to(a)
        for _ in range(steps):
            basis.requires_grad_()
            (gradient,) = torch.autograd.grad(objective(a, c, basis, concepts), basis)
            wanted = (basis.detach() + gradient).double()
            values, vectors = torch.linalg.eigh(wanted.T @ wanted)
            basis = (wanted @ (vectors * values.rsqrt()) @ vectors.T).to(a)
        reached.append(float(objective(a, c, basis, concepts)))
    return max(reached)


def timed(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def race(name: str, a: Tensor, c: Tensor, chosen: argparse.Namespace, device: str) -> str:
    a, c = a.to(device), c.to(device)
    learner = DRSA(concepts=chosen.concepts, starts=chosen.starts)
    learner.fit(a[:500], c[:500])
    published(a[:500], c[:500], chosen.concepts, 1, 3)
    begin = timed(device)
    theirs = published(a, c, chosen.concepts, chosen.starts, chosen.steps)
    loop = timed(device) - begin
    begin = timed(device)
    found = learner.fit(a, c)
    ours = timed(device) - begin
    begin = timed(device)
    quick = DRSA(concepts=chosen.concepts, starts=1).fit(a, c)
    one = timed(device) - begin
    reached, quickly = (
        float(objective(normalised(a), normalised(c), each.basis.to(a), chosen.concepts)) for each in (found, quick)
    )
    single = f"{loop / one:.1f}×, J = {quickly:.4f}"
    return f"| {name} | {device} | {theirs:.4f} | {reached:.4f} | **{loop / ours:.1f}×** | {single} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=16_000)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--concepts", type=int, default=4)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2_000)
    chosen = parser.parse_args()
    lines = [COLUMNS, "|---|---|---|---|---|---|"]
    for device in ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]:
        for name, (a, c) in {
            "planted": planted(chosen.vectors, chosen.channels, chosen.concepts),
            "after a ReLU": after_relu(chosen.vectors, chosen.channels),
        }.items():
            lines.append(race(name, a, c, chosen, device))
            print(lines[-1], flush=True)
    (HERE / "drsa_fit.md").write_text(f"{__doc__.strip()}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
