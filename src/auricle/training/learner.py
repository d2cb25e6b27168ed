"""The classifier as Lightning trains it: loss, optimiser, learning rate; every draw follows from seed and epoch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, cast

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.classifier import Classifier
from auricle.frontends import Frontend
from auricle.training.augment import vary_features, vary_samples
from auricle.training.recipe import Recipe, Training

Batch = tuple[Tensor, Tensor]


class Learner(pl.LightningModule):
    """Trains ``classifier.network`` by a recipe; batches are stored features (or samples) with their targets.

    ``steps`` is how many batches an epoch has, ``done`` how many epochs were trained before (by a run that stopped).
    """

    def __init__(
        self,
        classifier: Classifier,
        recipe: Recipe,
        *,
        steps: int,
        seed: int,
        weights: Tensor | None = None,
        done: int = 0,
        optimiser: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.network = classifier.network
        self.classifier, self.recipe, self.steps, self.seed, self.done = classifier, recipe, steps, seed, done
        self._weights = weights
        self._optimiser = optimiser
        self._totals = {"train": torch.zeros(3, dtype=torch.float64), "validate": torch.zeros(3, dtype=torch.float64)}
        self._generator = torch.Generator()
        self._silence: Tensor | None = None
        self._front_of_varied: Frontend = classifier.frontend
        if recipe.augment.gain is not None:
            # A front-end that sets each clip's level would undo the gain: it does so before the sound is varied.
            self._front_of_varied = dataclasses.replace(cast(Any, classifier.frontend), normalisation="none")

    @property
    def epoch(self) -> int:
        """The epoch that is being trained, from 0, counting those of stopped runs."""
        return self.done + self.current_epoch

    # --- one epoch ------------------------------------------------------------------------------------------

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(derived(self.seed, self.epoch, 1))  # dropout
        self._generator.manual_seed(derived(self.seed, self.epoch, 2))
        self._totals["train"].zero_()

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        del batch_index
        inputs, targets = batch
        logits = self.network(self._heard(inputs))
        loss = loss_of(logits, targets, weights=self._weights, smoothing=self.recipe.training.label_smoothing)
        self._count("train", logits, targets, loss)
        return loss

    def on_validation_epoch_start(self) -> None:
        self._totals["validate"].zero_()

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        del batch_index
        inputs, targets = batch
        with torch.autocast(self.device.type, enabled=False):
            logits = self.network(self._laid_out(self._front(inputs)))
            self._count("validate", logits, targets, loss_of(logits, targets, weights=self._weights))

    def _heard(self, inputs: Tensor) -> Tensor:
        """What the network hears of stored samples or features, varied as the recipe says."""
        augment, classifier = self.recipe.augment, self.classifier
        if augment.of_samples:
            if augment.gain is not None:
                inputs = classifier.frontend.normalise(inputs)
            inputs = vary_samples(inputs, augment, sample_rate=classifier.sample_rate, generator=self._generator)
            with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
                inputs = self._front_of_varied(inputs)
        if augment.of_features:
            if self._silence is None:
                self._silence = self._silent(inputs)
            layout = getattr(classifier.frontend, "layout", "channel")
            maps, silence = (_as_maps(each, layout) for each in (inputs, self._silence))
            maps = vary_features(maps, augment, silence=silence, generator=self._generator)
            inputs = maps if layout == "channel" else maps.transpose(-1, -2)
            inputs = inputs.squeeze(1) if layout == "sequence" else inputs
        return self._laid_out(inputs)

    def _front(self, inputs: Tensor) -> Tensor:
        return self.classifier.frontend(inputs) if self.recipe.augment.of_samples else inputs

    def _laid_out(self, inputs: Tensor) -> Tensor:
        # Convolutions over maps are a third faster where channels lie together.
        return inputs.contiguous(memory_format=torch.channels_last) if inputs.ndim == 4 else inputs

    def _silent(self, like: Tensor) -> Tensor:
        n = round((self.classifier.length.seconds or 1.0) * self.classifier.sample_rate)
        return self.classifier.frontend(torch.zeros(1, n, device=like.device)).to(like)

    def _count(self, part: str, logits: Tensor, targets: Tensor, loss: Tensor) -> None:
        right = (logits > 0) == (targets > 0.5) if targets.ndim == 2 else logits.argmax(1) == targets
        values = (loss.detach().double().cpu() * len(targets), right.double().mean().cpu() * len(targets), len(targets))
        self._totals[part] += torch.tensor([float(each) for each in values], dtype=torch.float64)

    def measured(self, part: str) -> tuple[float, float] | None:
        """Mean loss and accuracy of the epoch so far, or nothing if the part has no clips."""
        total, right, count = self._totals[part].tolist()
        return (total / count, right / count) if count else None

    # --- optimisation ---------------------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        optimiser = optimiser_of(self.network, self.recipe.training)
        follow = schedule_of(self.recipe.training, self.steps)
        start = self.done * self.steps
        if self._optimiser is not None:
            optimiser.load_state_dict(self._optimiser)
            for group in optimiser.param_groups:  # the schedule multiplies the rate that it finds
                group["lr"] = self.recipe.training.learning_rate
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: follow(start + step))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def derived(seed: int, epoch: int, purpose: int) -> int:
    """A seed for one purpose of one epoch.

    >>> derived(0, 1, 2) != derived(0, 2, 1)
    True
    """
    import numpy as np

    return int(np.random.SeedSequence([seed, epoch, purpose]).generate_state(1)[0])


def _as_maps(features: Tensor, layout: str) -> Tensor:
    """Features in a layout of the front-end as ``[B, 1, bands, frames]``."""
    maps = features.unsqueeze(1) if layout == "sequence" else features
    return maps if layout == "channel" else maps.transpose(-1, -2)


def loss_of(logits: Tensor, targets: Tensor, *, weights: Tensor | None = None, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of class numbers ``[B]``, or binary cross-entropy of several labels ``[B, C]``."""
    logits = logits.float()
    weights = None if weights is None else weights.to(logits)
    if targets.ndim == 2:
        return F.binary_cross_entropy_with_logits(logits, targets.to(logits), pos_weight=weights)
    return F.cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)


def optimiser_of(network: nn.Module, training: Training) -> torch.optim.Optimizer:
    """The recipe's optimiser over all parameters."""
    parameters = [each for each in network.parameters() if each.requires_grad]
    rate, decay = training.learning_rate, training.weight_decay
    if training.optimiser == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=training.momentum, weight_decay=decay)
    kind = torch.optim.Adam if training.optimiser == "adam" else torch.optim.AdamW
    return kind(parameters, lr=rate, weight_decay=decay)


def schedule_of(training: Training, steps: int) -> Callable[[int], float]:
    """By what the learning rate is multiplied at a step.

    ``one-cycle`` rises from a tenth over the first quarter and falls to a hundredth along a cosine (Smith 2018).
    """
    total = max(training.epochs * steps, 1)

    def follow(step: int) -> float:
        share = min(step / total, 1.0)
        if training.schedule == "step":
            return float(training.step_factor ** (step // training.step_every))
        if training.schedule == "cosine":
            return 0.5 * (1 + math.cos(math.pi * share))
        if training.schedule == "one-cycle":
            if share < 0.25:
                return 0.1 + 0.9 * share / 0.25
            return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (share - 0.25) / 0.75))
        return 1.0

    return follow
