"""What an explanation by a trained interpreter costs, beside what the networks in it cost alone.

    python -m benchmarks.interpreters MODEL KIND:DIR [KIND:DIR ...]

One clip of noise of the model's length, one thread. *Both* are a forward pass of the classifier and one of the
interpreter's own network on what it read; *method* is the call that gives the mask from samples, *explanation* the
whole of ``auricle.explain``, with prediction, axes and checks. Medians over turns taken one after the other, as ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

import auricle
from auricle.clip import Clip
from auricle.interpreters.componentwise import ComponentInterpreter
from auricle.interpreters.heard import Heard, hear
from auricle.interpreters.masked import MaskInterpreter
from auricle.interpreters.method import LearntMethod
from auricle.methods import build
from auricle.naming import method_named

HERE = Path(__file__).parent
TURNS = 30


def medians(contest: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each, the median over turns in which all take part."""
    times: dict[str, list[float]] = {name: [] for name in contest}
    for turn in range(TURNS + 3):
        for name, work in contest.items():
            begun = time.perf_counter()
            work()
            if turn >= 3:  # the first turns warm up
                times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("methods", nargs="+", metavar="KIND:DIR")
    given = parser.parse_args()
    torch.set_num_threads(1)
    classifier = auricle.load_classifier(given.model)
    count = round((classifier.length.seconds or 1.0) * classifier.sample_rate)
    samples = 0.1 * torch.randn(1, count, generator=torch.Generator().manual_seed(0))
    clip = Clip(samples[0].numpy(), classifier.sample_rate, "noise")
    rows = ["| method | classifier | its own network | method / both | explanation / both | LRP's explanation / both |",
            "|---|---|---|---|---|---|"]  # fmt: skip
    for name in given.methods:
        method = method_named(name)
        assert isinstance(method, LearntMethod)
        interpreter = method.interpreter
        heard = hear(classifier, samples, interpreter.subject.layers)
        weights = classifier.target_weights("predicted", heard.logits)
        level = method.level_for(classifier)

        def own(heard: Heard = heard, interpreter: object = interpreter) -> object:
            with torch.inference_mode():
                if isinstance(interpreter, ComponentInterpreter):
                    return interpreter.codes(heard)
                assert isinstance(interpreter, MaskInterpreter)
                return interpreter.mask(heard, torch.zeros(1, dtype=torch.long))

        found = medians({
            "classifier": lambda: classifier.logits(samples),
            "own": own,
            "method": lambda method=method, weights=weights, level=level: method(
                classifier, samples, weights, level=level
            ),
            "explanation": lambda method=method: auricle.explain(clip, classifier, method=method),
            "lrp": lambda: auricle.explain(clip, classifier, method=build("lrp")),
        })  # fmt: skip
        both = found["classifier"] + found["own"]
        shares = [found[each] / both for each in ("method", "explanation", "lrp")]
        rows.append(
            f"| {name.partition(':')[0]} | {1000 * found['classifier']:.1f} ms | {1000 * found['own']:.1f} ms | "
            + " | ".join(f"{each:.2f}" for each in shares)
            + " |"
        )
    text = "\n".join([*rows, ""])
    print(text)
    (HERE / "interpreters.md").write_text(f"{(__doc__ or '').strip()}\n\n{text}")


if __name__ == "__main__":
    main()
