"""AudibleXAI's names of methods: its own four, and those of iNNvestigate 1.0.9 that its configuration can choose."""

from __future__ import annotations

from typing import Any

from auricle.errors import AuricleError, nearest

Choice = str | dict[str, Any]

PATCHES = {
    "audiblexai-linear": "patch:20x78.125:0",
    "audiblexai-mel": "tiles:0.02sx26",
    "audiblexai-gtzan-linear": "patch:40x78.125:0",
    "audiblexai-gtzan-mel": "tiles:0.04sx26",
    "yamnet": "tiles:0.05sx13",
}
"""Five frames by five bins of each front-end, without overlap: milliseconds × hertz, or slices × bands equal in mel."""

METHODS: dict[str, tuple[Choice, str]] = {
    "gradient": ("gradient", ""),
    "gradient.baseline": ({"name": "gradient", "as": "baseline"}, "the same as gradient, computed another way"),
    "input_t_gradient": ("input-x-gradient", "relative to silence, which is -1 in their features, not 0"),
    "INTEGRATED_GRADIENTS": (
        {"name": "ig", "steps": 100},
        "from silence (theirs began at 0, the loudest value), averaged over the way, which theirs was not",
    ),
    "integrated_gradients": ({"name": "ig", "steps": 64, "as": "innvestigate"}, "from silence"),
    "deconvnet": ("deconvnet", ""),
    "guided_backprop": ("guided-backprop", ""),
    "smoothgrad": ({"name": "smoothgrad", "draws": 64, "noise": 1.0}, "noise as wide as the clip's own range"),
    "GRAD_CAM": ("grad-cam", "at the last convolution; not scaled by the batch's maximum, not in 256 steps"),
    "OCCLUSION": ("occlusion", ""),
    "LIME": ("image-lime", "Felzenszwalb superpixels cut from the sound and silenced, 1000 samples, seeded"),
    "deep_taylor": (
        {"name": "deep-taylor", "input_rule": "z-plus"}, "from silence, with batch norm folded as it should be",
    ),
    "deep_taylor.bounded": (
        {"name": "deep-taylor", "input_rule": "box", "as": "bounded"}, "its bounds are those of the features",
    ),
    "deep_lift.wrapper": ("deeplift", "from silence"),
    "lrp.z": ({"name": "lrp", "rules": {"*": "zero"}, "as": "z"}, ""),
    "lrp.epsilon": ({"name": "lrp", "composite": "epsilon", "epsilon": 1e-7, "as": "epsilon"}, ""),
    "lrp.w_square": ({"name": "lrp", "rules": {"*": "w-square"}, "as": "w-square"}, ""),
    "lrp.flat": ({"name": "lrp", "rules": {"*": "flat"}, "as": "flat"}, ""),
    "lrp.alpha_2_beta_1": ({"name": "lrp", "rules": {"*": "alpha-beta:2"}, "as": "alpha-2-beta-1"}, ""),
    "lrp.alpha_1_beta_0": ({"name": "lrp", "rules": {"*": "z-plus"}, "as": "alpha-1-beta-0"}, ""),
    "lrp.sequential_preset_a": (
        {"name": "lrp", "composite": "preset-a", "as": "preset-a"},
        "from silence, with batch norm folded as it should be",
    ),
    "lrp.sequential_preset_b": (
        {"name": "lrp", "composite": "preset-b", "as": "preset-b"},
        "from silence, with batch norm folded as it should be",
    ),
    "lrp.sequential_preset_a_flat": (
        {"name": "lrp", "composite": "epsilon-plus-flat", "epsilon": 0.1, "as": "preset-a-flat"}, "",
    ),
}  # fmt: skip
"""What each becomes, and what is different."""

MISSING = {
    "input": ("it is no explanation; every measure has the clip's energy as a control", "input_t_gradient"),
    "random": ("it is no explanation; random regions of the same sizes are always heard beside", "gradient"),
    "lrp": ("it needs a rule, which their configuration cannot give", "lrp.epsilon"),
    "lrp.z_IB": ("biases always take their share", "lrp.z"),
    "lrp.epsilon_IB": ("biases always take their share", "lrp.epsilon"),
    "lrp.alpha_beta": ("it needs α and β, which their configuration cannot give", "lrp.alpha_2_beta_1"),
    "lrp.alpha_2_beta_1_IB": ("biases always take their share", "lrp.alpha_2_beta_1"),
    "lrp.alpha_1_beta_0_IB": ("with LRP biases always take their share", "deep_taylor"),
    "lrp.z_plus": ("with LRP biases always take their share", "deep_taylor"),
    "lrp.z_plus_fast": ("with LRP biases always take their share", "deep_taylor"),
    "lrp.sequential_preset_b_flat": ("no composite has α2β1 and a flat first layer", "lrp.sequential_preset_b"),
    "lrp.sequential_preset_b_flat_until_idx": ("it needs an index, which their configuration cannot give",
                                               "lrp.sequential_preset_b"),
    "pattern.net": ("it needs patterns learned from the training data", "guided_backprop"),
    "pattern.attribution": ("it needs patterns learned from the training data", "lrp.sequential_preset_a"),
}  # fmt: skip
"""What auricle does not have: why, and which of their names is nearest."""


def method_of(name: str, frontend: str) -> tuple[Choice | None, str]:
    """What a method of AudibleXAI is in a study's config, and what to say of it; None where auricle has none.

    >>> method_of("lrp.sequential_preset_a", "audiblexai-mel")[0]
    {'name': 'lrp', 'composite': 'preset-a', 'as': 'preset-a'}
    """
    if name in MISSING:
        why, near = MISSING[name]
        return None, f"left out: {why}; the nearest is {near}, here {shown(METHODS[near][0])}"
    if name not in METHODS:
        raise AuricleError(f'AudibleXAI has no method "{name}"; {nearest(name, [*METHODS, *MISSING])}')
    choice, said = METHODS[name]
    if name == "OCCLUSION":
        patches = PATCHES[frontend]
        size = "milliseconds × hertz" if patches.startswith("patch") else "seconds × bands equal in mel"
        choice, said = {"name": "occlusion", "components": patches}, f"5 × 5 bins as {size}, silenced in the sound"
    return choice, said


def shown(choice: Any) -> str:
    """A method as it stands in the config.

    >>> shown({"name": "ig", "steps": 100})
    '{name: ig, steps: 100}'
    """
    if not isinstance(choice, dict):
        return str(choice)
    return "{" + ", ".join(f"{key}: {shown(value)}" for key, value in choice.items()) + "}"
