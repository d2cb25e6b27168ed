"""Explanations by removing parts of the sound, against Captum and shap: forwards, errors and times, in one run.

    python -m benchmarks.removal

The network is the bundled one. Errors are relative: the mean absolute difference from the exact Shapley values over
their mean absolute size. Times are of one run each, taken one after the other, so only ratios mean something.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from auricle import demo, frontends
from auricle.classifier import Classifier, Length
from auricle.clip import Clip, load_clip
from auricle.components import Components, Patch, kind_of
from auricle.methods import ExactShap, KernelShap, Lime, Occlusion
from auricle.methods.coalitions import ear
from auricle.methods.coalitions.absent import Absence
from auricle.methods.coalitions.game import Game
from auricle.methods.coalitions.table import Table
from auricle.models import load_classifier

HERE = Path(__file__).parent
FSDD = HERE.parents[1] / "shared/data/fsdd/recordings"
RATE = 8000


# --- what is explained ------------------------------------------------------------------------------------------


def one_second_clips(count: int) -> list[Clip]:
    """Recordings of FSDD, or the demo's where there are none, each in one second with a recorder's faint noise."""
    paths = sorted(FSDD.glob("*_[0-4].wav"))[:: max(300 // count, 1)][:count] or demo.clips()
    generator = torch.Generator().manual_seed(0)
    found = []
    for path in paths:
        mono = torch.tensor(load_clip(path).mono(RATE))[:RATE]
        before = (RATE - len(mono)) // 2
        sound = nn.functional.pad(mono, (before, RATE - len(mono) - before))
        found.append(Clip((sound + 1e-4 * torch.randn(RATE, generator=generator)).numpy(), RATE, path.stem))
    return found


def fresh(classifier: Classifier, clip: Clip, components: str | Components) -> Table:
    """A table that remembers nothing."""
    cut = kind_of(components)(clip, RATE, classifier.frontend.grid) if isinstance(components, str) else components
    return Table(classifier, clip, cut, Absence("silence", torch.zeros(len(cut.samples), dtype=torch.float64)))


def target(classifier: Classifier, clip: Clip) -> Tensor:
    logits = classifier.logits(classifier.windows(clip).samples)
    return classifier.target_weights("predicted", logits)[0]


def function_of(classifier: Classifier) -> Callable[[Tensor], Tensor]:
    """Samples ``[B, n]`` to logits, as Captum and shap are given it."""
    return lambda samples: classifier.logits(samples)


def feature_mask(components: Components) -> Tensor:
    """Which component each sample belongs to, with hard edges, ``[1, n]``."""
    mask = torch.zeros(1, len(components.samples), dtype=torch.long)
    for k, each in enumerate(components.each):
        mask[0, round(each.start * RATE) : round(each.end * RATE)] = k
    return mask


def hard(kind: str, clip: Clip, classifier: Classifier) -> Components:
    """The components without cross-fades, so that peers can be asked exactly the same."""
    with mock.patch("auricle.components.kind.FADE_SECONDS", 0.0):
        return kind_of(kind)(clip, RATE, classifier.frontend.grid)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def error(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(found - exact).mean() / np.abs(exact).mean())


def captum_kernel_shap(forward: Callable[[Tensor], Tensor], mask: Tensor, x: Tensor, c: int, n: int, each: int = 1):  # type: ignore[no-untyped-def]
    from captum.attr import KernelShap as Captum

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Captum(forward).attribute(
            x, target=c, feature_mask=mask, n_samples=n, perturbations_per_eval=each, return_input_shape=False
        )
    return found[0].detach().double().numpy()


def shap_kernel(values: Callable[[np.ndarray], np.ndarray], count: int, n: int, l1: Any) -> np.ndarray:
    import shap

    explainer = shap.KernelExplainer(values, np.zeros((1, count)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(explainer.shap_values(np.ones((1, count)), nsamples=n, l1_reg=l1, silent=True))[0]


class Lookup:
    """A game that is already known, for estimators that ask for coalitions one by one: no network is heard."""

    def __init__(self, table: Table, c: int) -> None:
        self.count = len(table.components)
        rows = torch.tensor(list(itertools.product([False, True], repeat=self.count)))
        self.values = table.logits(rows)
        self.place = 2 ** torch.arange(self.count - 1, -1, -1)
        self.c = c

    def __call__(self, rows: Tensor) -> Tensor:
        return self.values[(rows.round().long() * self.place).sum(1)]

    def numpy(self, rows: np.ndarray) -> np.ndarray:
        return self(torch.as_tensor(rows))[:, self.c].numpy()


# --- contests -----------------------------------------------------------------------------------------------------


def kernel_error(clips: Sequence[Clip], games: Sequence[tuple[Classifier, str]], budget: int) -> dict[str, Any]:
    """12 components, ``budget`` evaluations: mean error against the exact values over clips, models and components."""
    errors: dict[str, list[float]] = {}
    for classifier, components in games:
        for clip in clips:
            table = fresh(classifier, clip, components)
            weights = target(classifier, clip)
            c = int(weights.argmax())
            game = Game(table, weights)
            exact = ExactShap()._weigh(game, 0).weights[:, 0].numpy()
            lookup = Lookup(table, c)
            mask, ones = torch.arange(12)[None], torch.ones(1, 12)
            torch.manual_seed(0)
            np.random.seed(0)  # noqa: NPY002 (shap draws from it)
            found = {
                "auricle": KernelShap(budget=budget)._weigh(game, 0).weights[:, 0].numpy(),
                "captum": captum_kernel_shap(lookup, mask, ones, c, budget),
                "shap, all features": shap_kernel(lookup.numpy, 12, budget, False),
                "shap, its default": shap_kernel(lookup.numpy, 12, budget, "num_features(10)"),
            }
            for name, each in found.items():
                errors.setdefault(name, []).append(error(each, exact))
    means = {name: float(np.mean(each)) for name, each in errors.items()}
    best_shap = min(means["shap, all features"], means["shap, its default"])
    return {
        "games": len(errors["auricle"]),
        "budget": budget,
        "mean_error": means,
        "captum_over_auricle": means["captum"] / means["auricle"],
        "shap_over_auricle": best_shap / means["auricle"],
    }


def exact_sixteen(classifier: Classifier, clip: Clip) -> dict[str, Any]:
    """All 65,536 coalitions of 16 slices × 10 classes, and 10 slices against every coalition heard on its own."""
    weights = target(classifier, clip)
    table = fresh(classifier, clip, "time:16")
    rows = torch.tensor(list(itertools.product([False, True], repeat=16)))
    first, _ = timed(lambda: fresh(classifier, clip, "time:10").logits(torch.ones(1, 10, dtype=torch.bool)))
    seconds, _ = timed(lambda: ExactShap(components="time:16")._weigh(Game(table, weights), 0))
    small = fresh(classifier, clip, "time:10")
    ours = ExactShap(components="time:10")._weigh(Game(small, weights), 0).weights
    with mock.patch.object(ear, "FEW", 10**9):
        direct = fresh(classifier, clip, "time:10")
        brute_seconds, theirs = timed(lambda: ExactShap(components="time:10")._weigh(Game(direct, weights), 0).weights)
    del first
    return {
        "coalitions": len(rows),
        "forwards": table.forwards,
        "seconds": seconds,
        "one_by_one_seconds_estimated": brute_seconds * len(rows) / 1024,
        "forwards_of_10": small.forwards,
        "brute_force_error_10": float((ours - theirs).abs().max() / theirs.abs().max()),
    }


def waveform_cnn() -> nn.Module:
    """A convolutional network on samples, of the kind of M5 (Dai et al. 2017), with seeded weights."""
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Conv1d(1, 32, 80, stride=4), nn.BatchNorm1d(32), nn.ReLU(), nn.MaxPool1d(4)]
    for before, width in ((32, 32), (32, 64)):
        layers += [nn.Conv1d(before, width, 3), nn.BatchNorm1d(width), nn.ReLU(), nn.MaxPool1d(4)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 10)).eval()


def any_length(network: nn.Module, frontend: frontends.Frontend, name: str) -> Classifier:
    labels = load_classifier("digits").labels
    return Classifier(network, frontend=frontend, labels=labels, length=Length(seconds=None), name=name)


def long_occlusion(classifier: Classifier, seconds: float) -> dict[str, Any]:
    """100 ms windows every 12.5 ms over a long clip, against Captum's with the same windows and values."""
    from captum.attr import Occlusion as Captum

    words = np.concatenate([clip.mono(RATE) for clip in one_second_clips(int(seconds))])[: int(seconds * RATE)]
    generator = np.random.default_rng(0)
    clip = Clip((words + 1e-4 * generator.standard_normal(len(words))).astype(np.float32), RATE, "long")
    weights = target(classifier, clip)
    c = int(weights.argmax())
    with mock.patch("auricle.components.patch.FADE_SECONDS", 0.0):
        cut = Patch(milliseconds=100, overlap=0.875)(clip, RATE, classifier.frontend.grid)
    table = fresh(classifier, clip, cut)
    first, found = timed(lambda: Occlusion()._weigh(Game(table, weights), 0).weights[:, 0])
    again = fresh(classifier, clip, cut)
    ours, _ = timed(lambda: Occlusion()._weigh(Game(again, weights), 0))
    x = torch.tensor(clip.mono(RATE))[None]
    runs = {}
    painted = None
    for each in (1, 8):
        runs[each], painted = timed(
            lambda each=each: Captum(function_of(classifier)).attribute(
                x, target=c, sliding_window_shapes=(800,), strides=(100,), perturbations_per_eval=each
            )
        )
    assert painted is not None
    cover, total = torch.zeros(x.shape[1]), torch.zeros(x.shape[1], dtype=torch.float64)
    for (start, stop), weight in zip(cut.supports(), found, strict=True):
        total[start:stop] += weight
        cover[start:stop] += 1
    apart = (total / cover - painted[0].double()).abs().max()
    return {
        "clip_seconds": seconds,
        "windows": len(cut),
        "forwards": table.forwards,
        "seconds_with_survey": first,
        "seconds": ours,
        "captum_seconds": {f"perturbations_per_eval={key}": value for key, value in runs.items()},
        "speed_with_survey": min(runs.values()) / first,
        "speed": min(runs.values()) / ours,
        "largest_difference_over_largest_fall": float(apart / painted.abs().max()),
        "largest_difference_over_largest_logit": float(apart / classifier.logits(x).abs().max()),
    }


def equal_error(classifier: Classifier, clip: Clip, wanted: float = 0.01) -> dict[str, Any]:
    """Shapley values of 16 slices for all classes at 1 % of the exact ones: what each side needs, and its time.

    The peers' numbers of samples are found on the known table, Captum's by doubling (to 2^17 at most) and shap's in
    steps of a quarter. Captum's time is that number times the measured time of a sample, for each class; shap
    explains all classes at once, and its time is measured.
    """
    weights = target(classifier, clip)
    cut = hard("time:16", clip, classifier)
    known = fresh(classifier, clip, cut)
    game = Game(known, weights)
    exact = ExactShap()._weigh(game, 0).weights[:, 1:].numpy()
    multiplexed, _ = timed(lambda: ExactShap()._weigh(Game(fresh(classifier, clip, cut), weights), 0))
    with mock.patch.object(ear, "FEW", 10**9):
        budget = 256
        while error(KernelShap(budget=budget)._weigh(game, 0).weights[:, 1:].numpy(), exact) > wanted:
            budget = round(budget * 1.25)
        table = fresh(classifier, clip, cut)
        direct, _ = timed(lambda: KernelShap(budget=budget)._weigh(Game(table, weights), 0))
    c = int(weights.argmax())
    lookup = Lookup(known, c)
    samples = 4096
    torch.manual_seed(0)
    ones, mask = torch.ones(1, 16), torch.arange(16)[None]
    while (left := error(captum_kernel_shap(lookup, mask, ones, c, samples), exact[:, c])) > wanted and samples < 2**17:
        samples *= 2
    np.random.seed(0)  # noqa: NPY002 (shap draws from it)
    shaps = 256
    while error(shap_kernel(lambda z: lookup(torch.as_tensor(z)).numpy(), 16, shaps, False), exact) > wanted:
        shaps = round(shaps * 1.25)
    x = torch.tensor(clip.mono(RATE))[None]
    per_sample = {
        each: timed(
            lambda each=each: captum_kernel_shap(function_of(classifier), feature_mask(cut), x, c, 400, each)
        )[0]
        / 400
        for each in (1, 8)
    }
    theirs = {each: value * samples * len(classifier.labels) for each, value in per_sample.items()}
    parts = cut.compose(torch.eye(16)).float()

    def answer(z: np.ndarray) -> np.ndarray:
        sounds = nn.functional.pad(torch.as_tensor(z).float() @ parts, (0, RATE - parts.shape[1]))
        return torch.cat([classifier.logits(each) for each in sounds.split(8)]).numpy()

    shap_seconds, _ = timed(lambda: shap_kernel(answer, 16, shaps, False))
    return {
        "wanted_error": wanted,
        "auricle_exact_multiplexed_seconds": multiplexed,
        "auricle_evaluations": budget,
        "auricle_seconds": direct,
        "captum_samples_per_class": samples,
        "captum_error_reached": left,
        "shap_evaluations": shaps,
        "shap_seconds": shap_seconds,
        "captum_seconds": {f"perturbations_per_eval={key}": value for key, value in theirs.items()},
        "captum_over_auricle_without_multiplexing": min(theirs.values()) / direct,
        "captum_over_auricle_with_multiplexing": min(theirs.values()) / multiplexed,
        "shap_over_auricle_without_multiplexing": shap_seconds / direct,
    }


def lime_all_classes(classifier: Classifier, clip: Clip) -> dict[str, Any]:
    """LIME of 16 slices, 1,000 samples, all classes."""
    from captum._utils.models.linear_model import SkLearnRidge
    from captum.attr import Lime as Captum

    cut = hard("time:16", clip, classifier)
    weights = target(classifier, clip)
    with mock.patch.object(ear, "FEW", 10**9):
        direct, _ = timed(lambda: Lime(samples=1000)._weigh(Game(fresh(classifier, clip, cut), weights), 0))
    ours, _ = timed(lambda: Lime(samples=1000)._weigh(Game(fresh(classifier, clip, cut), weights), 0))
    x = torch.tensor(clip.mono(RATE))[None]
    theirs = {}
    for each in (1, 8):
        lime = Captum(function_of(classifier), interpretable_model=SkLearnRidge(alpha=1.0))
        seconds, _ = timed(
            lambda lime=lime, each=each: lime.attribute(
                x, target=0, feature_mask=feature_mask(cut), n_samples=1000, perturbations_per_eval=each
            )
        )
        theirs[each] = seconds * len(classifier.labels)
    return {
        "seconds": ours,
        "seconds_without_multiplexing": direct,
        "captum_seconds": {f"perturbations_per_eval={key}": value for key, value in theirs.items()},
        "speed": min(theirs.values()) / ours,
        "speed_without_multiplexing": min(theirs.values()) / direct,
    }


def overhead(classifier: Classifier, clip: Clip, rows: int) -> dict[str, Any]:
    """Time of the table over the network's bare forward passes on ready sounds, in batches of the same size."""
    found = []
    for _ in range(5):
        table = fresh(classifier, clip, "time:16")
        coalitions = torch.rand(rows, 16, generator=torch.Generator().manual_seed(0)) > 0.5
        coalitions = coalitions.unique(dim=0)
        with mock.patch.object(ear, "FEW", 10**9):
            table.logits(coalitions[:1])
            ours, _ = timed(lambda table=table, coalitions=coalitions: table.logits(coalitions[1:]))
        sounds = table.components.compose(coalitions[1:]).float()
        sounds = nn.functional.pad(sounds, (0, RATE - sounds.shape[1]))
        bare, _ = timed(lambda sounds=sounds: [classifier.logits(part) for part in sounds.split(8)])
        found.append(ours / bare)
    return {"rows": rows, "table_over_bare_forwards": float(np.median(found))}


def table(results: dict[str, dict[str, Any]]) -> str:
    """The results as Markdown."""
    lines = ["| contest | figure | value |", "|---|---|---|"]
    for name, found in results.items():
        for key, value in found.items():
            for part, each in value.items() if isinstance(value, dict) else {"": value}.items():
                figure = f"{key.replace('_', ' ')}{', ' if part else ''}{part}"
                shown = f"{each:.3g}" if isinstance(each, float) else str(each)
                lines.append(f"| {name} | {figure} | {shown} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=HERE / "removal.json")
    chosen = parser.parse_args()
    classifier = load_classifier("digits")
    waveform = any_length(waveform_cnn(), frontends.Waveform(sample_rate=RATE), "waveform CNN")
    clips = one_second_clips(chosen.clips)
    contests: dict[str, Callable[[], dict[str, Any]]] = {
        "kernel-shap error, 12 components": lambda: kernel_error(
            clips, [(classifier, "time:12"), (classifier, "tiles:4x3"), (waveform, "time:12")], 200
        ),
        "exact Shapley values, 16 slices": lambda: exact_sixteen(classifier, clips[0]),
        "Shapley values at 1 % error": lambda: equal_error(classifier, clips[0]),
        "LIME, all classes": lambda: lime_all_classes(classifier, clips[0]),
        "overhead of the table": lambda: overhead(classifier, clips[0], 800),
        "occlusion of a long clip, waveform CNN": lambda: long_occlusion(
            waveform, chosen.seconds
        ),
        "occlusion of a long clip, bundled CNN": lambda: long_occlusion(
            any_length(classifier.network, classifier.frontend, "digits"), chosen.seconds
        ),
    }
    results = {}
    for name, contest in contests.items():
        results[name] = contest()
        print(f"\n{name}", *(f"  {key}: {value}" for key, value in results[name].items()), sep="\n", flush=True)
        chosen.out.write_text(json.dumps(results, indent=2) + "\n")
        chosen.out.with_suffix(".md").write_text(f"{__doc__}\n{table(results)}")
    print(f"\nSaved in {chosen.out}")


if __name__ == "__main__":
    main()
