"""How a classifier is trained, as a page of YAML that a person can read and pydantic checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveFloat, ValidationError

from auricle import frontends
from auricle.classifier import Length
from auricle.errors import AuricleError, nearest
from auricle.frontends import Frontend
from auricle.frontends.presets import preset
from auricle.settings_files import Part, laid_over, read_settings, reason

SHIPPED = Path(__file__).parent / "recipes"

Optimiser = Literal["sgd", "adam", "adamw"]
Schedule = Literal["constant", "step", "cosine", "one-cycle"]


class LengthOfClips(Part):
    """What the network hears of a clip."""

    seconds: float = Field(gt=0, description="length of the network's input")
    pad: Literal["end", "centre", "random", "none", "repeat", "loop"] = Field(
        "end", description="where a shorter clip lies in it; none leaves it as it is, for a front-end that fills up"
    )
    long: Literal["refuse", "window", "crop", "centre"] = Field("refuse", description="what becomes of a longer clip")
    hop_seconds: float | None = Field(None, gt=0, description="between windows of a longer clip; by default no overlap")


class NetworkOf(Part):
    """Which network, and its settings but for the number of classes."""

    architecture: str
    settings: dict[str, Any] = Field(default_factory=dict)
    initial: Literal["published", "standard"] = Field("published", description="first weights; standard is PyTorch's")


class Augment(Part):
    """What is varied from step to step; the default varies nothing."""

    shift: float = Field(0.0, ge=0, description="largest shift in time, in seconds; what comes in is silence")
    gain: tuple[float, float] | None = Field(None, description="level in dB, drawn between these two")
    noise: tuple[float, float] | None = Field(None, description="signal-to-noise ratio in dB, drawn between these two")
    noise_share: float = Field(0.5, ge=0, le=1, description="of the clips that get noise")
    colour: float = Field(0.0, ge=0, description="largest dB by which a random smooth equaliser lifts or cuts")
    pitch: tuple[float, float] | None = Field(None, description="semitones up, drawn between these two")
    pitch_share: float = Field(0.5, ge=0, le=1, description="of the clips whose pitch is shifted")
    low_pass: tuple[PositiveFloat, PositiveFloat] | None = Field(None, description="cutoff in Hz, between these two")
    high_pass: tuple[PositiveFloat, PositiveFloat] | None = Field(None, description="cutoff in Hz, between these two")
    filter_share: float = Field(0.5, ge=0, le=1, description="of the clips that are filtered, low or high at random")
    delay: float = Field(0.0, ge=0, le=1, description="probability of an echo: 50 to 300 ms later, amplitude halved")
    reverb: float = Field(0.0, ge=0, le=1, description="probability of a room that rings for 0.2 to 1 s (RT60)")
    stretch_time: float = Field(0.0, ge=0, lt=1, description="largest change of tempo, 0.1 is a tenth")
    stretch_frequency: float = Field(0.0, ge=0, lt=1, description="largest stretch of the frequency axis")
    time_masks: int = Field(0, ge=0, description="stretches of time silenced (SpecAugment, Park et al. 2019)")
    time_mask: float = Field(0.1, gt=0, le=1, description="longest of them, as a share of the clip")
    frequency_masks: int = Field(0, ge=0, description="bands silenced (SpecAugment)")
    frequency_mask: float = Field(0.1, gt=0, le=1, description="widest of them, as a share of the bands")

    @property
    def of_samples(self) -> bool:
        """Whether samples are changed, so that features must be made anew at every step."""
        moved_or_filtered = self.shift or self.pitch or self.low_pass or self.high_pass or self.colour
        return bool(moved_or_filtered or self.delay or self.reverb or self.noise or self.gain)

    @property
    def of_features(self) -> bool:
        """Whether maps of hertz × seconds are changed."""
        return bool(self.stretch_time or self.stretch_frequency or self.time_masks or self.frequency_masks)


class Training(Part):
    """Optimisation."""

    epochs: int = Field(gt=0)
    batch: int = Field(32, gt=0)
    optimiser: Optimiser = "adam"
    learning_rate: float = Field(1e-3, gt=0)
    momentum: float = Field(0.0, ge=0, lt=1, description="of SGD")
    weight_decay: float = Field(0.0, ge=0)
    schedule: Schedule = "constant"
    step_every: int = Field(2500, gt=0, description="steps between two drops of the learning rate, for schedule step")
    step_factor: float = Field(0.5, gt=0, le=1, description="by which it drops")
    clip_gradient: float | None = Field(None, gt=0, description="largest norm of the gradient")
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    class_weights: Literal["none", "balanced"] = Field("none", description="balanced: rare classes count as much")
    patience: int | None = Field(None, gt=0, description="epochs without a better validation before training stops")
    choose: Literal["loss", "accuracy", "last"] = Field("loss", description="the epoch kept: best validation, or last")
    # Written as the number 32 it is meant just the same.
    precision: Annotated[Literal["auto", "32", "bf16"], BeforeValidator(str)] = Field(
        "32", description="auto: bfloat16 where the hardware has it"
    )


class Recipe(Part):
    """Everything that decides how a classifier comes out, but for the recordings and the seed."""

    name: str
    summary: str
    source: str = ""
    task: str = Field(description="the label column that is learned")
    split: str = Field(description="the scheme of `auricle.datasets.splits`")
    frontend: str | dict[str, Any] = Field(description="a preset by name, or a front-end's settings")
    sample_rate: int | None = Field(None, description="of the front-end, where its settings do not say it")
    length: LengthOfClips
    network: NetworkOf
    training: Training
    augment: Augment = Augment()  # type: ignore[call-arg]

    def front_end(self) -> Frontend:
        """The front-end that the network hears through."""
        return preset(self.frontend) if isinstance(self.frontend, str) else frontends.from_settings(self.frontend)

    def policy(self, seed: int) -> Length:
        """The length policy of the trained classifier; what the recipe refuses, it hears in windows."""
        long = "window" if self.length.long == "refuse" else self.length.long
        return Length(
            seconds=self.length.seconds,
            pad=self.length.pad,
            long=long,
            hop_seconds=self.length.hop_seconds,
            seed=seed,
        )

    def as_yaml(self) -> str:
        """The recipe in full, as it is kept beside the model."""
        import yaml

        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def recipes() -> dict[str, Recipe]:
    """The recipes that come with auricle, by name."""
    return {path.stem: read_recipe(path) for path in sorted(SHIPPED.glob("*.yaml"))}


def read_recipe(name_or_file: str | Path, *, changes: dict[str, Any] | None = None) -> Recipe:
    """A shipped recipe by name, or one from a YAML file; ``changes`` are like ``{"training.epochs": 5}``.

    A recipe may say ``extends: NAME`` and then only what differs. Raises `AuricleError` for a wrong key, naming the
    nearest, and for a value that cannot be.
    """
    settings = laid_over(_settings(name_or_file, seen=()), changes, "a recipe")
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        raise AuricleError(f"the recipe {name_or_file} {reason(error, Recipe)}") from error


def _settings(name_or_file: str | Path, *, seen: tuple[str, ...]) -> dict[str, Any]:
    path = Path(name_or_file)
    if path.suffix not in (".yaml", ".yml"):
        path = SHIPPED / f"{name_or_file}.yaml"
        if not path.is_file():
            known = [each.stem for each in SHIPPED.glob("*.yaml")]
            raise AuricleError(f'no recipe is called "{name_or_file}"; {nearest(str(name_or_file), known)}')
    elif not path.is_file():
        raise AuricleError(f"{path} does not exist; give a recipe's file, or a name from 'auricle recipes'")
    if str(path) in seen:
        raise AuricleError(f"the recipe {path} extends itself; let it extend another")
    read = read_settings(path, "a recipe")
    parent = read.pop("extends", None)
    if parent is None:
        return read
    return _merged(_settings(parent, seen=(*seen, str(path))), read)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``over`` laid over ``base``; a front-end or network replaces the other whole, their settings do not mix."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict) and key not in ("frontend", "network")
        merged[key] = _merged(merged[key], value) if both else value
    return merged
