"""What a classifier says of itself: what it hears, through what, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from auricle.classifier import Classifier
from auricle.frontends import Frontend, Waveform

SHOWN = 12
"""So many labels are named; of more, the first few."""
PADS = {
    "end": "followed by silence",
    "centre": "with silence around",
    "random": "with silence around, at a random place",
    "none": "as they are",
    "repeat": "repeated",
    "loop": "repeated, the last time in part",
}
LONG = {"window": "heard in windows", "crop": "cut to their beginning", "centre": "cut to their centre"}


@dataclass(frozen=True)
class Fact:
    """One line: what it is about, and what is so."""

    name: str
    text: str


def facts_of(classifier: Classifier) -> list[Fact]:
    """The network, rate, length, front-end, axes and outputs of a classifier, in words."""
    network, labels = classifier.network, classifier.labels
    named = ", ".join(labels[:SHOWN]) + (f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else "")
    return [
        Fact("network", f"{type(network).__name__}, {_weights(classifier)}, on {classifier.device}"),
        Fact("labels", f"{len(labels)}: {named}"),
        Fact("outputs", _outputs(classifier)),
        Fact("rate", f"{classifier.sample_rate} Hz; other rates are resampled, channels are averaged"),
        Fact("length", _length(classifier)),
        Fact("front-end", _frontend(classifier.frontend)),
        Fact("axes", _axes(classifier)),
    ]


def _weights(classifier: Classifier) -> str:
    count = sum(each.numel() for each in classifier.network.parameters())
    if not count:
        return "no weights that can be seen"
    kind = str(classifier.dtype).removeprefix("torch.")
    return f"{count:,} weights ({kind})"


def _outputs(classifier: Classifier) -> str:
    if classifier.outputs == "values":
        return "values that are no classes"
    kind = "each label on its own" if classifier.multi_label else "one label a clip"
    return f"{classifier.outputs}, {kind}"


def _length(classifier: Classifier) -> str:
    policy = classifier.length
    if policy.seconds is None:
        return "any"
    hop = f" every {policy.hop_seconds:g} s" if policy.long == "window" and policy.hop_seconds else ""
    return f"{policy.seconds:g} s; shorter clips {PADS[policy.pad]}, longer ones {LONG[policy.long]}{hop}"


def _frontend(frontend: Frontend) -> str:
    if isinstance(frontend, Waveform):
        level = {"none": "as they are", "peak": "at equal peak"}.get(frontend.normalisation, frontend.normalisation)
        return f"samples, {level}"
    return f"{frontend.kind}, {type(frontend).__name__}"


def _axes(classifier: Classifier) -> str:
    frontend = classifier.frontend
    n = round((classifier.length.seconds or 1.0) * classifier.sample_rate)
    on_samples = isinstance(frontend, Waveform)
    axes = frontend.stft_axes(n) if on_samples else frontend.axes(n)
    assert axes.hertz is not None
    rows, frames = axes.shape
    lowest, highest = float(axes.hertz[0]), float(axes.hertz[-1])
    step = 1000 * float(axes.seconds[1] - axes.seconds[0])
    how = " (by the inspection layer)" if on_samples else ""
    return f"{rows} rows from {max(lowest, 0.0):.0f} to {highest:.0f} Hz, {frames} frames of {step:.3g} ms{how}"
