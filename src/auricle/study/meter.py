"""What a network was asked: rows forward and backward, and what such a row costs when nothing else is done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from auricle.classifier import Classifier

ROWS = 32
"""Rows of the batches that are timed; explanations are made in such batches."""


@dataclass(frozen=True)
class Passes:
    """Rows that went through the network forward and backward, and the seconds these would take alone."""

    forward: int = 0
    backward: int = 0
    seconds: float = 0.0

    def __add__(self, other: Passes) -> Passes:
        return Passes(self.forward + other.forward, self.backward + other.backward, self.seconds + other.seconds)

    def __sub__(self, other: Passes) -> Passes:
        return Passes(self.forward - other.forward, self.backward - other.backward, self.seconds - other.seconds)


def clock(device: torch.device) -> float:
    """Seconds that this process has worked; on a GPU, where others do the work, seconds that passed."""
    return time.process_time() if device.type == "cpu" else time.perf_counter()


class Meter:
    """Counts rows with hooks that change nothing. ``spent`` is what timing bare rows has taken."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.forward = self.backward = 0
        self._seconds = 0.0
        self._counted = (0, 0)
        self._costs = (0.0, 0.0)
        self._known: dict[str, tuple[float, float]] = {}

    @property
    def passes(self) -> Passes:
        """All that was asked so far."""
        self._settle()
        return Passes(self.forward, self.backward, self._seconds)

    def watch(self, classifier: Classifier) -> None:
        """Count what this classifier's network does from now on."""
        self._settle()
        kind = repr((classifier.network, classifier.frontend, classifier.length, classifier.device))
        if kind not in self._known:  # the folds of a model differ in their weights only
            begun = clock(classifier.device)
            self._known[kind] = cost_of_a_row(classifier)
            self.spent += clock(classifier.device) - begun
        self._costs = self._known[kind]
        classifier.network.register_forward_hook(self._hook)

    def _settle(self) -> None:
        forward, backward = self.forward - self._counted[0], self.backward - self._counted[1]
        self._seconds += forward * self._costs[0] + backward * self._costs[1]
        self._counted = (self.forward, self.backward)

    def _hook(self, network: torch.nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        value = output[0] if isinstance(output, tuple) else output
        if not isinstance(value, torch.Tensor):
            return
        rows = len(value)
        self.forward += rows
        if value.requires_grad:
            value.register_hook(lambda gradient: self._count(rows))

    def _count(self, rows: int) -> None:
        self.backward += rows


def cost_of_a_row(classifier: Classifier, repeats: int = 3) -> tuple[float, float]:
    """Seconds of one row forward, front-end included, and backward; the quickest of some tries."""
    seconds = classifier.length.seconds or 1.0
    generator = torch.Generator().manual_seed(0)
    sound = 0.1 * torch.randn(ROWS, round(seconds * classifier.sample_rate), generator=generator)
    sound = sound.to(classifier.device, classifier.dtype)
    forward, both = [], []
    for _ in range(repeats):
        begun = clock(classifier.device)
        classifier.logits(sound)
        _wait(classifier)
        forward.append(clock(classifier.device) - begun)
        if classifier.differentiable:
            both.append(_there_and_back(classifier, sound))
    backward = max(min(both) - min(forward), 0.0) if both else 0.0
    return min(forward) / ROWS, backward / ROWS


def _there_and_back(classifier: Classifier, sound: torch.Tensor) -> float:
    begun = clock(classifier.device)
    with classifier.inference(), torch.enable_grad():
        features = classifier.frontend(sound).requires_grad_()
        torch.autograd.grad(classifier.logits_from_features(features).amax(1).sum(), features)
    _wait(classifier)
    return clock(classifier.device) - begun


def _wait(classifier: Classifier) -> None:
    if classifier.device.type == "cuda":
        torch.cuda.synchronize()
