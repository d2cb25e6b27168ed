"""What a learner is: a frozen dataclass whose fields are its settings, and that finds subspaces in vectors.

A new learner is one class in one file, listed in ``auricle/concepts/learners/__init__.py``.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.concepts.learners.telling import check_moments, check_vectors, told
from auricle.concepts.moments import Moments
from auricle.concepts.subspaces import Subspaces, sizes_of
from auricle.errors import AuricleError
from auricle.settings import Readable, settings


class Learner(metaclass=Readable):
    """How subspaces are found. Subclasses are frozen pydantic dataclasses; their fields are their settings.

    What comes back is on the CPU in float64, its concepts ordered by expected relevance E[R_k], the largest first. Its
    statistics, where they are lists with one entry per concept:

    relevance: E[R_k] as a share of |E[aᵀc]|; ``residual``: that of the rest of the space, one number.
    garbage: places of the concepts with E[R_k] < 0: what these take away others show as a gain.
    negative: the negative share of Σ_n |R_nk|, where vectors are known.
    eigenvalues: of the directions of each concept.
    objective, held_out: J of the basis on the vectors of the fit and on the others; ``history``: J at some steps of the
    climb, and that of all starts at its end.
    learner, settings, seed: what was asked for.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    needs: ClassVar[Literal["moments", "vectors"]] = "vectors"
    """Where moments are enough, memory is d² however many vectors there are."""

    def fit(self, a: Tensor, c: Tensor, *, held_out: tuple[Tensor, Tensor] | None = None, seed: int = 0) -> Subspaces:
        """Find subspaces in activation vectors a and context vectors c, both ``[N, d]``, on any device.

        held_out: vectors of other clips, by which learners that climb stop early and choose among their starts. seed:
        of every random draw. Raises `AuricleError` for vectors that cannot be used.
        """
        # Half precision is too coarse for a fit.
        a, c = (x.detach() if x.dtype == torch.float64 else x.detach().float() for x in (a, c))
        check_vectors(a, c)
        if held_out is not None:
            check_vectors(*held_out)
            if held_out[0].shape[1] != a.shape[1]:
                raise AuricleError(
                    f"the vectors to fit have {a.shape[1]} channels and the held-out ones {held_out[0].shape[1]}; take "
                    "both from one layer"
                )
        moments = Moments.of(a, c)
        check_moments(moments)
        found = self._fit(a, c, moments, held_out, seed)
        return self._noted(told(found, moments, (a, c)), seed)

    def fit_moments(self, moments: Moments, *, seed: int = 0) -> Subspaces:
        """As `fit`, from moments, for learners whose ``needs`` says that these are enough."""
        raise AuricleError(f"{self.name} looks at single vectors, so moments are not enough for it; call fit(a, c)")

    def check_channels(self, channels: int) -> None:
        """Raise `AuricleError` if a layer of so many channels cannot hold what is asked for."""
        sizes_of(1, channels)

    @abstractmethod
    def _fit(
        self, a: Tensor, c: Tensor, moments: Moments, held_out: tuple[Tensor, Tensor] | None, seed: int
    ) -> Subspaces: ...

    def settings(self) -> dict[str, Any]:
        """The learner's settings as plain values."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}  # type: ignore[arg-type]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}

    def _noted(self, found: Subspaces, seed: int) -> Subspaces:
        asked = {"learner": self.name, "settings": self.settings(), "seed": seed}
        return dataclasses.replace(found, statistics={**found.statistics, **asked})


class MomentLearner(Learner):
    """A learner for which second moments are enough."""

    needs: ClassVar[Literal["moments", "vectors"]] = "moments"

    def fit_moments(self, moments: Moments, *, seed: int = 0) -> Subspaces:
        check_moments(moments)
        return self._noted(told(self._find(moments, seed), moments), seed)

    def _fit(
        self, a: Tensor, c: Tensor, moments: Moments, held_out: tuple[Tensor, Tensor] | None, seed: int
    ) -> Subspaces:
        return self._find(moments, seed)

    @abstractmethod
    def _find(self, moments: Moments, seed: int) -> Subspaces: ...


@dataclass(frozen=True, kw_only=True, config=settings)
class Blocks:
    """Settings of learners whose concepts are blocks of several directions."""

    concepts: int = Field(default=4, ge=1, description="how many concepts (K)")
    size: int | None = Field(default=None, ge=1, description="directions of a concept; None shares channels equally")
    sizes: tuple[int, ...] | None = Field(
        default=None,
        description="directions of each concept, as 40,20,10, in place of concepts and size; the rest is the residual",
    )

    @field_validator("sizes", mode="before")
    @classmethod
    def _listed(cls, sizes: Any) -> Any:
        return sizes.split(",") if isinstance(sizes, str) else sizes

    def check_channels(self, channels: int) -> None:
        self.blocks(channels)

    def blocks(self, channels: int) -> tuple[int, ...]:
        """d_k of every concept in a layer of so many channels."""
        if self.sizes is None:
            return sizes_of(self.concepts, channels, self.size)
        sizes_of(1, channels)
        if min(self.sizes, default=0) < 1 or sum(self.sizes) > channels:
            raise AuricleError(
                f"sizes={list(self.sizes)} do not fit {channels} channels; give at least one direction to each of the "
                f"concepts and at most {channels} to all"
            )
        return self.sizes


