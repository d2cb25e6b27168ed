"""LIME: a small linear model of what the classifier says when components go missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError, nearest
from auricle.methods.base import Check
from auricle.methods.coalitions.game import Game
from auricle.methods.coalitions.method import Weighed
from auricle.methods.coalitions.ridge import Penalty, Selection, cosine_distance, fit, held_out, locality, r_squared
from auricle.methods.coalitions.sampled import SampledMethod, exactness, precision
from auricle.methods.coalitions.samplers import bernoulli, everything, uniform_size
from auricle.settings import settings

MOST = 16
"""Components of which the sampler ``all`` takes every coalition."""


@dataclass(frozen=True, kw_only=True, config=settings)
class Lime(SampledMethod):
    """The coefficients of a linear model that imitates the classifier near the clip.

    Random coalitions z are drawn, the first being the clip itself; each counts as much as it resembles the clip,
    exp(-D² / 2·width²) with the cosine distance D; and a ridge regression of the score on z gives each component's
    weight. It is what audioLIME, SLIME and CoughLIME do: see `PRESETS`. The weights do not add up to the score.
    """

    name: ClassVar[str] = "lime"
    summary: ClassVar[str] = "coefficients of a linear model that imitates the classifier near the clip"
    source: ClassVar[str] = "Ribeiro, Singh & Guestrin 2016; Mishra, Sturm & Dixon 2017, SLIME; Haunschmid et al. 2020"

    samples: int = Field(1000, ge=2, le=10_000_000, description="coalitions, the clip itself among them")
    width: float = Field(0.25, gt=0, description="width of the locality kernel: small values hold on to the clip")
    alpha: float = Field(1.0, ge=0, description="how strongly large weights are penalised")
    penalty: Penalty = Field("ridge", description="ridge: squares of the weights; lasso: their amounts")
    distance: Literal["cosine", "sound"] = Field("cosine", description="between sets of components, or between sounds")
    sampler: Literal["bernoulli", "uniform-size", "all"] = Field(
        "bernoulli", description="each component by a coin; a random number of them absent; every combination"
    )
    features: int | None = Field(None, ge=1, description="components the model may use; None: all")
    selection: Selection = Field("auto", description="how they are selected: forward, highest, lasso, none, or auto")

    def _weigh(self, game: Game, seed: int) -> Weighed:
        seed = self._seed(seed)
        coalitions = self.draw(game.count, seed)
        values = game(coalitions)
        distances = cosine_distance(coalitions, game.energies() if self.distance == "sound" else None)
        weights = locality(distances, self.width)
        how: dict[str, Any] = {"alpha": self.alpha, "features": self.features, "selection": self.selection}
        found = fit(coalitions, values, weights, penalty=self.penalty, **how)
        own = float(r_squared(values, found.predict(coalitions), weights)[0])
        unseen = held_out(coalitions, values, weights, seed=seed, penalty=self.penalty, **how)
        checks = [_fidelity(own, unseen)]
        if self.sampler == "all":
            errors = torch.zeros_like(found.errors)
            checks.append(exactness(len(coalitions)))
        else:
            errors = found.errors
            remedy = f"raise samples to {4 * self.samples} or ask for fewer components"
            checks.append(precision(found.coefficients, errors, self.samples, remedy))
        return Weighed(found.coefficients, errors, additive=False, checks=checks)

    def draw(self, count: int, seed: int) -> Tensor:
        """The coalitions ``[n, K]``; in the first, everything is present."""
        if self.sampler == "all":
            if count > MOST:
                raise AuricleError(
                    f"sampler=all would need 2^{count} coalitions for {count} components; ask for at most {MOST} "
                    "components, or use another sampler"
                )
            return everything(count).flip(0)
        if self.samples < count + 2:
            raise AuricleError(
                f"{self.samples} samples are too few for {count} components: give at least {count + 2}, better "
                f"{max(1000, 64 * count)}, or ask for fewer components"
            )
        sample = bernoulli if self.sampler == "bernoulli" else uniform_size
        drawn = sample(self.samples, count, seed)
        drawn[0] = True
        return drawn


def _fidelity(own: float, unseen: float) -> Check:
    text = (
        f"The linear model predicts the score of coalitions it has not seen with R² {unseen:.2f} ({own:.2f} on its "
        "own). A low R² means that the weights tell little; a high one is no seal of truth: Haunschmid et al. 2021 "
        "found .71 for explanations that were right and .68 for wrong ones."
    )
    return Check("fidelity", unseen, None, text)


@plain_dataclass(frozen=True)
class Preset:
    """Settings of `Lime` as a paper used them: what they are, and whose."""

    settings: Mapping[str, Any]
    summary: str
    source: str


def _preset(summary: str, source: str, **settings: Any) -> Preset:
    return Preset(MappingProxyType(settings), summary, source)


_SLIME = "Mishra, Sturm & Dixon 2017, Local Interpretable Model-Agnostic Explanations for Music Content Analysis"
_COUGH = "Wullenweber et al. 2022, CoughLIME: Sonified Explanations for the Predictions of COVID-19 Cough Classifiers"
_TEXT_SAMPLER = {"samples": 1000, "sampler": "uniform-size"}

PRESETS: dict[str, Preset] = {
    "slime-time": _preset("ten slices of time, silenced", _SLIME, components="time:10", **_TEXT_SAMPLER),
    "slime-frequency": _preset("eight mel bands, silenced", _SLIME, components="bands:8", **_TEXT_SAMPLER),
    "slime-tiles": _preset(
        "6 slices × 4 mel bands, replaced by the clip's mean spectrum (the paper: the training set's)",
        _SLIME, components="tiles:6x4", samples=2000, sampler="uniform-size", baseline="mean",
    ),
    "audiolime": _preset(
        "sources × 5 slices; the paper separates 5 stems, here the harmonic and the percussive part",
        "Haunschmid, Manilow & Widmer 2020, audioLIME: Listenable Explanations Using Source Separation",
        components="sources:hpss,time:5", samples=1000,
    ),
    "coughlime-temporal": _preset("equal slices of time", _COUGH, components="time:8", samples=64),
    "coughlime-spectral": _preset("equal mel bands", _COUGH, components="bands:8", samples=64),
    "coughlime-loudness": _preset("slices between pauses", _COUGH, components="silence:8", samples=64),
    "coughlime-ls": _preset("slices between pauses × 5 bands", _COUGH, components="silence:8,bands:5", samples=64),
    "coughlime-nmf": _preset("6 spectral patterns (NMF)", _COUGH, components="sources:nmf:6", samples=64),
    "image-lime": _preset(
        "superpixels of the spectrogram (Felzenszwalb), silenced",
        "Ribeiro, Singh & Guestrin 2016; on spectrograms as in AudibleXAI, Sonifying Explanations for DNN Predictions",
        components="superpixels:felzenszwalb", samples=1000,
    ),
    "image-lime-quickshift": _preset(
        "superpixels of the spectrogram (quickshift) at their mean, the ten strongest",
        "Ribeiro, Singh & Guestrin 2016; on spectrograms as in the notebooks XAI_spec_AudioMNIST",
        components="superpixels:quickshift", samples=100, features=10, baseline="mean",
    ),
}
"""Settings of LIME for sound, as published; where auricle differs, the summary says so."""


def preset(name: str, **changes: Any) -> Lime:
    """LIME as a paper used it, with changes: ``preset("slime-time", samples=5000)``."""
    if name not in PRESETS:
        raise AuricleError(f'no preset of lime is called "{name}"; {nearest(name, PRESETS)}')
    return Lime(**{**PRESETS[name].settings, **changes})
