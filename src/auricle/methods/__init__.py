"""Methods: how relevance is found. Each is a class whose fields are its settings; `METHODS` lists them by name."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from auricle.errors import AuricleError, nearest
from auricle.methods.activations import ActivationMap, GradCAM, GradCAMPlusPlus, GuidedGradCAM, LayerCAM
from auricle.methods.base import Attribution, Method
from auricle.methods.baselines import check_name
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.methods.deeplift import DeepLIFT, DeepSHAP
from auricle.methods.gradients import Gradient, GradientSHAP, InputXGradient, IntegratedGradients, SmoothGrad
from auricle.methods.lime import PRESETS, Lime
from auricle.methods.lrp import COMPOSITES, LRP, DeepTaylor
from auricle.methods.occlusion import Occlusion
from auricle.methods.owen import Owen
from auricle.methods.rectified import Deconvnet, GuidedBackprop
from auricle.methods.rise import Rise
from auricle.methods.rollout import AttentionRollout
from auricle.methods.shap import ExactShap, KernelShap, PermutationShap
from auricle.settings import described

__all__ = [
    "COMPOSITES",
    "LRP",
    "METHODS",
    "PRESETS",
    "ActivationMap",
    "AttentionRollout",
    "Attribution",
    "Deconvnet",
    "DeepLIFT",
    "DeepSHAP",
    "DeepTaylor",
    "ExactShap",
    "GradCAM",
    "GradCAMPlusPlus",
    "Gradient",
    "GradientSHAP",
    "GuidedBackprop",
    "GuidedGradCAM",
    "InputXGradient",
    "IntegratedGradients",
    "KernelShap",
    "LayerCAM",
    "Lime",
    "Method",
    "Occlusion",
    "Owen",
    "PermutationShap",
    "Rise",
    "SmoothGrad",
    "build",
    "describe",
]

METHODS: dict[str, type[Method]] = {
    each.name: each
    for each in (
        LRP,
        DeepTaylor,
        DeepLIFT,
        DeepSHAP,
        IntegratedGradients,
        GradientSHAP,
        InputXGradient,
        Gradient,
        SmoothGrad,
        GuidedBackprop,
        Deconvnet,
        GradCAM,
        GradCAMPlusPlus,
        LayerCAM,
        GuidedGradCAM,
        ActivationMap,
        AttentionRollout,
        KernelShap,
        PermutationShap,
        ExactShap,
        Owen,
        Lime,
        Occlusion,
        Rise,
    )
}


def build(name: str, **settings: Any) -> Method:
    """A method (or a preset of lime) by name with its settings, which may be text as a command line gives it.

    >>> build("ig", steps="32").settings()["steps"]
    32
    """
    if name in PRESETS:
        return build("lime", **{**PRESETS[name].settings, **settings})
    if name not in METHODS:
        raise AuricleError(f'no method is called "{name}"; {nearest(name, [*METHODS, *PRESETS])}')
    known = [each.name for each in dataclasses.fields(METHODS[name])]  # type: ignore[arg-type]
    for key in settings:
        if key not in known:
            hint = nearest(key, known) if known else "it has no settings"
            raise AuricleError(f'{name} has no setting "{key}"; {hint}')
    if isinstance(settings.get("baseline"), str) and not issubclass(METHODS[name], CoalitionMethod):
        check_name(settings["baseline"])
    return METHODS[name](**settings)


def describe() -> list[dict[str, Any]]:
    """Every method with its meaning, source and settings, as plain values."""
    return [
        {
            "name": name,
            "summary": kind.summary,
            "source": kind.source,
            "meaning": inspect.cleandoc(kind.__doc__ or ""),
            "settings": described(kind),
        }
        for name, kind in METHODS.items()
    ]
