"""Whether a model behaves: on silence and noise, twice the same, alone and in company, with a gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from auricle import demo
from auricle.classifier import Classifier
from auricle.clip import load_clip
from auricle.errors import told

SAME = 1e-4
"""Answers that differ by less than this share of the largest count as the same: float32 rounds."""


@dataclass(frozen=True)
class Answer:
    """One test: whether it passed (None: for information) and what was seen, in a sentence."""

    name: str
    passed: bool | None
    text: str


def sound_of(classifier: Classifier) -> Tensor:
    """``[1, n]``: the bundled recording "planted" (a tone, a word and noise) as the classifier hears it."""
    return classifier.windows(load_clip(demo.clip("planted"))).samples[:1]


def self_test(classifier: Classifier, *, watch: Callable[[str], None] = lambda what: None) -> Iterator[Answer]:
    """Ask the classifier a few things whose answers are known; a test that cannot be made fails with the reason."""
    for name, test in TESTS.items():
        watch(name)
        try:
            passed, text = test(classifier)
        except Exception as error:  # whatever a network raises is what was to be found out
            passed, text = False, told(error)
        yield Answer(name, passed, text)


def _silence(classifier: Classifier) -> tuple[bool | None, str]:
    logits = classifier.logits(torch.zeros_like(sound_of(classifier)))
    said = classifier.prediction(logits)
    if classifier.outputs == "values":
        return None, f"of silence it gives {', '.join(f'{value:.3g}' for value in said.logits[:5])}"
    sure = " Something in it prefers a label without any evidence." if said.probability > 0.9 else ""
    return None, f"of silence it says {said.label} with {said.probability:.2f}.{sure}"


def _noise(classifier: Classifier) -> tuple[bool | None, str]:
    like = sound_of(classifier)
    noise = 0.1 * torch.randn(like.shape, generator=torch.Generator().manual_seed(0)).to(like)
    said = classifier.prediction(classifier.logits(noise))
    if classifier.outputs == "values":
        return None, "of white noise it gives finite values."
    return None, f"of white noise it says {said.label} with {said.probability:.2f}."


def _deterministic(classifier: Classifier) -> tuple[bool | None, str]:
    samples = sound_of(classifier)
    gap = _gap(classifier.logits(samples), classifier.logits(samples))
    if gap == 0:
        return True, "the same sound gets the same answer, bit for bit."
    return gap < SAME, f"the same sound asked twice differs by {_share(gap)}."


def _in_company(classifier: Classifier) -> tuple[bool | None, str]:
    samples = sound_of(classifier)
    others = torch.cat([samples.flip(-1), samples, 0.5 * samples])
    gap = _gap(classifier.logits(samples)[0], classifier.logits(others)[1])
    if gap < SAME:
        return True, f"a sound gets the same answer alone and among others (to {_share(gap)})."
    return False, (
        f"a sound's answer changes by {_share(gap)} with what else is in its batch: the network mixes clips, and no "
        "explanation of it can be trusted."
    )


def _level(classifier: Classifier) -> tuple[bool | None, str]:
    samples = sound_of(classifier)
    before, after = classifier.logits(samples), classifier.logits(0.5 * samples)
    gap = _gap(before[0], after[0])
    if gap < SAME:
        return None, "it does not hear how loud a sound is."
    changed = "another label" if int(before.argmax()) != int(after.argmax()) else "the same label"
    return None, f"at half the level it says {changed}, and its answer moves by {_share(gap)}."


def _gradient(classifier: Classifier) -> tuple[bool | None, str]:
    if not classifier.differentiable:
        return None, "it has no gradient; methods that remove parts of the sound explain it."
    with torch.inference_mode(False), torch.enable_grad(), classifier.inference():
        samples = sound_of(classifier).detach().clone().requires_grad_()
        logits = classifier.logits_from_features(classifier.frontend(samples))
        (gradient,) = torch.autograd.grad(logits.max(), samples, allow_unused=True)
    if gradient is None or not bool(gradient.any()):
        return False, "no gradient reaches the samples; something on the way is cut off (a detach, a rounding)."
    if not bool(torch.isfinite(gradient).all()):
        return False, "the gradient at the samples is not finite."
    return True, "a gradient reaches the samples."


def _gap(one: Tensor, other: Tensor) -> float:
    scale = max(float(one.abs().max()), float(other.abs().max()), 1e-12)
    return float((one - other).abs().max()) / scale


def _share(gap: float) -> str:
    return f"{100 * gap:.2g} %" if gap >= 1e-6 else "less than 0.0001 %"


TESTS: dict[str, Callable[[Classifier], tuple[bool | None, str]]] = {
    "silence": _silence,
    "noise": _noise,
    "deterministic": _deterministic,
    "batch": _in_company,
    "level": _level,
    "gradient": _gradient,
}
