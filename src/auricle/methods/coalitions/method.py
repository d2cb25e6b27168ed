"""What every method that removes parts of the sound has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import replace
from typing import Any, ClassVar

import torch
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.components import Kind, Patch, kind_of
from auricle.errors import AuricleError
from auricle.methods.base import Attribution, Check, Method
from auricle.methods.coalitions.absent import Absent, names_of
from auricle.methods.coalitions.contributions import Contributions, dependence
from auricle.methods.coalitions.game import Game, Score
from auricle.methods.coalitions.table import tables
from auricle.methods.point import Point
from auricle.settings import settings

SWAMPED = -20.0
"""A log-probability below this stands for a probability of 0, of which the logarithm says nothing more."""


@plain_dataclass(frozen=True, eq=False)
class Weighed:
    """What a method found in one game.

    weights ``[K, Q]`` and standard errors ``[K, Q]`` (None: none known); column 0 is the target, the others the
    classes. additive: whether the weights promise to sum to ``full - empty``. checks: what else is to be said.
    """

    weights: Tensor
    errors: Tensor | None
    additive: bool
    checks: Sequence[Check] = ()


@dataclass(frozen=True, kw_only=True, config=settings)
class CoalitionMethod(Method):
    """A method that removes components of the sound and listens to what the model says.

    A subclass implements `_weigh`. It works for any classifier, also one that is only a function.
    """

    needs_gradient: ClassVar[bool] = False
    takes_windows: ClassVar[bool] = False
    """Whether windows that overlap make sense: only if they are taken away one at a time."""
    levels = ("features",)

    components: str | Kind = Field("time:12", description="what can be removed, see 'auricle components'")
    baseline: Absent = Field("silence", description="what absent parts leave behind; several with commas between")
    score: Score = Field("logit", description="what is explained: the logit, the probability or its log-odds")

    @field_validator("components")
    @classmethod
    def _known(cls, value: str | Kind) -> str | Kind:
        if isinstance(kind_of(value), Patch) and not cls.takes_windows:
            raise AuricleError(
                f"{cls.name} combines components, and windows that overlap cannot be combined; use another kind, "
                "such as tiles:6x4, or occlusion"
            )
        return value

    @field_validator("baseline")
    @classmethod
    def _given(cls, value: Absent) -> Absent:
        names_of(value)
        return value

    def check(self, classifier: Classifier) -> None:
        super().check(classifier)
        if classifier.outputs == "values" and self.score != "logit":
            raise AuricleError(
                f"{classifier.name} gives values, which have no {self.score}; leave score out, so that the values are "
                "explained as they are"
            )

    @abstractmethod
    def _weigh(self, game: Game, seed: int) -> Weighed: ...

    def contributions(
        self, classifier: Classifier, clip: Clip, weights: Tensor, *, seed: int = 0, whole: Tensor | None = None
    ) -> Contributions:
        """What each component of ``clip`` contributes to the target, given as weights over the outputs ``[C]``.

        ``whole [C]`` is what the classifier says to the clip, if it is known, so that nothing outdated is used.
        """
        asked = tables(classifier, clip, self._kind(), self.baseline, seed=seed, whole=whole)
        before = sum(each.forwards for each in asked)
        games = [Game(each, weights, self.score) for each in asked]
        found = [self._weigh(game, seed) for game in games]
        stacked = torch.stack([each.weights for each in found])
        errors = None
        if all(each.errors is not None for each in found):
            squares = torch.stack([each.errors for each in found if each.errors is not None]).square()
            errors = squares.mean(0).sqrt() / len(found) ** 0.5
        names = [each.absence.name for each in asked]
        checks = [check for each in found for check in each.checks]
        if len(found) > 1:
            checks = [
                replace(check, text=f"Baseline {name}: {check.text}")
                for name, each in zip(names, found, strict=True)
                for check in each.checks
            ]
            checks.append(dependence(stacked[..., 0], names))
        checks += [check for check in [_swamped(classifier, self.score, games)] if check is not None]
        notes = dict.fromkeys(note for each in asked for note in each.told())
        checks += [Check("multiplexing", "not used", None, note) for note in notes]
        return Contributions(
            components=games[0].components,
            labels=classifier.labels,
            weights=stacked.mean(0),
            errors=errors,
            full=torch.stack([game.full for game in games]).mean(0),
            empty=torch.stack([game.empty for game in games]).mean(0),
            additive=all(each.additive for each in found),
            baseline=" and ".join(names),
            forwards=sum(each.forwards for each in asked) - before,
            checks=tuple(checks),
            tables=tuple(asked),
        )

    def _kind(self) -> Kind:
        return kind_of(self.components)

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        rate, place = point.classifier.sample_rate, point.samples.device
        clips = [Clip(row.detach().float().cpu().numpy(), rate) for row in point.samples]
        each = [
            self.contributions(point.classifier, clip, row, seed=seed, whole=whole).attribution()
            for clip, row, whole in zip(clips, weights, point.classifier.logits(point.samples), strict=True)
        ]
        return Attribution(
            relevance=torch.cat([one.relevance for one in each]).to(place),
            score=torch.cat([one.score for one in each]).to(place),
            expected=None if each[0].expected is None else torch.cat([one.expected for one in each]).to(place),  # type: ignore[misc]
            baseline=each[0].baseline,
        )

    def settings(self) -> dict[str, Any]:
        values = super().settings()
        values["components"] = self._kind().text()
        return values


def _swamped(classifier: Classifier, score: Score, games: Sequence[Game]) -> Check | None:
    """A warning where the logarithm of a probability of 0 outweighs all that the sound says."""
    if score == "probability" or classifier.outputs != "probabilities":
        return None
    asked = torch.nonzero(games[0].weights).flatten() + 1
    if all(float(end[asked].min()) > SWAMPED for game in games for end in (game.full, game.empty)):
        return None
    text = (
        f"{classifier.name} gives a probability of 0 to the target with everything absent, or present. Its logarithm "
        "outweighs whatever the parts say: use score=probability."
    )
    return Check("score", "swamped", False, text)
