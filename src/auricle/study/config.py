"""What a study does: one schema for YAML and JSON; every key is checked, and an unknown one names the nearest."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, field_validator, model_validator

from auricle.classifier import Level
from auricle.errors import AuricleError
from auricle.settings_files import Part, group

if TYPE_CHECKING:
    from auricle.methods import Method
    from auricle.regions import RegionKind

Target = Literal["predicted", "true", "contrast"]
Style = Literal["mask", "identification", "reconstruction"]
Score = Literal["ch", "ch_frequency", "faithfulness", "stability"]
Written = Literal["relevant", "removed", "random", "matched", "amplified", "joined"]
Picture = Literal["saliencies", "saliency_regions", "mispredictions", "classes", "components", "map"]

TUNABLE = ("rectangles",)
"""Kinds of regions whose settings tuning can choose."""

WITHOUT_BOXES = ("soft",)
"""Kinds of regions that are masks only."""

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a method may be called with ``as``: it becomes a folder's name."""


def _text(value: Any) -> Any:
    """A number where a name belongs is that name: ``fold: 0``."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _word(value: Any) -> Any:
    """YAML reads the word ``true`` as a switch; among targets it is the true class."""
    return "true" if value is True else value


def _each_once(values: list[Any]) -> list[Any]:
    for value in values:
        if values.count(value) > 1:
            raise AuricleError(f"{value} is given twice; give each once")
    return values


class Clips(Part):
    """Which clips of the data set are studied."""

    split: str | None = Field(None, description="how the data set is split; by default as the model was trained")
    fold: Annotated[str | None, BeforeValidator(_text)] = Field(
        None, description="which split: its name, or its number from 0"
    )
    part: Literal["test", "validate", "train", "all"] = Field("test", description="of the split, where there is one")
    where: dict[str, Any] = Field(
        default_factory=dict, description="only clips whose columns have these values, or one of a list of values"
    )
    per_class: int | None = Field(None, ge=1, description="at most so many clips of each class, drawn from the seed")
    limit: int | None = Field(None, ge=1, description="at most so many clips, evenly over the data set")
    longest: float | None = Field(
        600.0, gt=0, description="seconds of the longest clip that is explained; null: however long"
    )

    @field_validator("where")
    @classmethod
    def _values(cls, where: dict[str, Any]) -> dict[str, Any]:
        for column, wanted in where.items():
            if isinstance(wanted, dict) or wanted is None or wanted == []:
                raise AuricleError(f"{column}: {wanted} is no value of a column; give a value or a list of values")
        return where


class Search(Part):
    """The grid that tuning searches: every combination of the values of the settings of the kind of regions."""

    percentile: list[Annotated[float, Field(ge=0, lt=100)]] = Field(
        [98.0, 95.0, 90.0, 80.0, 70.0],
        min_length=1,
        description="of the positive relevance: what is above it is clustered",
    )
    min_cluster_size: list[Annotated[int, Field(ge=2)]] = Field(
        [15, 20, 30, 40, 50, 60, 70], min_length=1, description="cells of the smallest cluster (HDBSCAN)"
    )
    min_samples: list[Annotated[int, Field(ge=1)]] = Field(
        [5, 10, 15, 20, 25, 30], min_length=1, description="neighbours that make a place dense (HDBSCAN)"
    )

    _once = field_validator("percentile", "min_cluster_size", "min_samples")(_each_once)

    @model_validator(mode="after")
    def _something_to_search(self) -> Search:
        if not self.points():
            raise AuricleError(
                f"no min_samples of {self.min_samples} is as small as a min_cluster_size of {self.min_cluster_size}, "
                "and larger ones are not searched; give smaller min_samples"
            )
        return self

    def points(self) -> list[dict[str, float]]:
        """Every combination but those whose min_samples is above its min_cluster_size, in the order given.

        >>> len(Search().points())
        185
        """
        every = itertools.product(self.percentile, self.min_cluster_size, self.min_samples)
        return [
            {"percentile": percentile, "min_cluster_size": size, "min_samples": samples}
            for percentile, size, samples in every
            if samples <= size
        ]


class Tuning(Part):
    """How the settings of rectangles are chosen for each method, on clips that the study does not judge by."""

    by: Score = Field("faithfulness", description="what the best settings have most of")
    clips: int = Field(30, ge=2, description="validation clips, drawn from the seed evenly over the classes")
    search: Search = group(Search, "values of each setting; one given in regions.settings is held")
    all_must_have_regions: bool = Field(False, description="give up settings that leave any clip without regions")
    prune: bool = Field(True, description="give up settings early that are clearly worse than the best")


class Optimising(Part):
    """Regions that lie where other classes have theirs are dropped (AudibleXAI's region optimisation)."""

    penalties: list[Annotated[float, Field(ge=0)]] = Field(
        [0.5], min_length=1, description="candidates for the weight of what speaks for other classes"
    )
    by: Literal["ch", "faithfulness"] = Field("faithfulness", description="what the best penalty has most of")

    _once = field_validator("penalties")(_each_once)


class RegionSettings(Part):
    """Which part of a map counts as relevant."""

    kind: str = Field("rectangles", description="rectangles, timeframes, bands, components or soft")
    settings: dict[str, Any] = Field(default_factory=dict, description="of the kind; tuning leaves these as they are")
    tune: Tuning | None = group(Tuning, "of rectangles only; null: take the settings as they are")
    optimise: Optimising | None = Field(None, description="null: every region found is kept")

    @model_validator(mode="before")
    @classmethod
    def _tuned_unless_said(cls, given: Any) -> Any:
        """Only rectangles are tuned unless told; a setting that is given is held, and all of them leave no choice."""
        if not isinstance(given, dict):
            return given
        settings = given.get("settings") or {}
        held = [key for key in Search.model_fields if isinstance(settings, dict) and key in settings]
        tune = given.get("tune", {} if given.get("kind", "rectangles") in TUNABLE else None)
        if isinstance(tune, Tuning):
            tune = tune.model_dump(exclude_unset=True)
        if "tune" not in given and len(held) == len(Search.model_fields):
            tune = None
        if isinstance(tune, dict) and held:
            search = tune.get("search") or {}
            search = search.model_dump(exclude_unset=True) if isinstance(search, Search) else search
            if isinstance(search, dict):
                for key in held:
                    if search.get(key, [settings[key]]) != [settings[key]]:
                        raise AuricleError(f"{key} is both in settings and in tune.search; leave it out of one")
                tune = {**tune, "search": {**search, **{key: [settings[key]] for key in held}}}
        return {**given, "tune": tune}

    @model_validator(mode="after")
    def _fits(self) -> RegionSettings:
        self.finder()
        if self.tune is not None and self.kind not in TUNABLE:
            raise AuricleError(f"{self.kind} cannot be tuned, only {', '.join(TUNABLE)} can; write tune: null")
        if self.optimise is not None and self.kind in WITHOUT_BOXES:
            raise AuricleError(f"{self.kind} regions have no boxes to choose from; write optimise: null")
        return self

    def finder(self, **changes: Any) -> RegionKind:
        """What finds regions, with these settings and ``changes`` to them."""
        from auricle import regions

        return regions.build(self.kind, **{**self.settings, **changes})


class Sound(Part):
    """What is written as sound for every explanation."""

    style: Style = Field(
        "mask", description="mask: original phase; identification: band-pass; reconstruction: new phase"
    )
    random: int = Field(5, ge=0, description="random controls of the same sizes, for each explanation")
    overlap: bool = Field(True, description="whether random controls may overlap what is relevant")
    write: list[Written] = Field(
        ["relevant", "removed", "random", "joined"], description="which sounds are kept as FLAC files; [] keeps none"
    )
    amplify_db: float = Field(20.0, gt=0, description="of amplified sounds, which never clip")
    full_band: bool = Field(False, description="at the recording's own rate instead of the model's")

    _once = field_validator("write")(_each_once)

    @model_validator(mode="before")
    @classmethod
    def _random_only_where_there_is_one(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("random") == 0 and not isinstance(given["random"], bool):
            if "random" in (given.get("write") or []):
                raise AuricleError("write asks for random sounds and random: 0 for none; give random at least 1")
            default = cls.model_fields["write"].default
            return {"write": [each for each in default if each != "random"], **given}
        return given


class Evaluating(Part):
    """What is measured."""

    metrics: bool = Field(True, description="the metrics of auricle.metrics on every explanation")
    curves: int | None = Field(50, ge=0, description="clips with deletion and insertion curves; null: all, 0: none")
    steps: int = Field(10, ge=2, description="points of a curve after the first")
    stability: int = Field(0, ge=0, description="clips whose explanations are repeated under small noise; 0: none")
    sanity: int = Field(10, ge=0, description="clips explained by the network with random weights; 0: none")
    draws: int = Field(2000, ge=100, description="bootstrap draws")


class Overview(Part):
    """What is drawn."""

    pictures: list[Picture] = Field(list(get_args(Picture)), description="the grids and maps")
    clusters: int | None = Field(None, ge=2, description="of the map of relevance; null: as many as the eigengap says")
    site: bool = Field(True, description="a page of every explanation with its sounds, and tables to sort and filter")

    _once = field_validator("pictures")(_each_once)


class StudyConfig(Part):
    """One study: a trained classifier, a data set, methods, and what is done with their relevance."""

    model: str = Field(min_length=1, description="a folder of 'auricle train', a bundled model, or MODULE:FUNCTION")
    data: str = Field(min_length=1, description="NAME, NAME:FOLDER, a folder of class folders, or a table of clips")
    out: str = Field(
        "auricle-study", min_length=1, description="folder of the store; any fsspec address, as s3://bucket/study"
    )
    task: str | None = Field(None, description="the label column; by default the one that the model speaks of")
    clips: Clips = group(Clips, "which clips are studied")
    targets: list[Annotated[Target, BeforeValidator(_word)]] = Field(
        ["predicted", "true", "contrast"],
        min_length=1,
        description="what is explained; a right prediction has but the first",
    )
    methods: list[str | dict[str, Any]] = Field(
        min_length=1, description="names, or {name: ..., as: a label of yours, setting: value}"
    )
    level: Level = Field("features", description="where relevance is laid: features, stft or waveform")
    regions: RegionSettings = group(RegionSettings, "which part of a map is relevant")
    sound: Sound = group(Sound, "what is written as sound")
    evaluate: Evaluating = group(Evaluating, "what is measured")
    overview: Overview = group(Overview, "what is drawn")
    seed: int = Field(0, ge=0, description="of every random draw")
    block: int = Field(32, ge=1, description="clips in one shard of the store, which is also one step of the work")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a GPU where there is one")
    workers: int | None = Field(None, ge=1, description="processes; by default one a core, or one on a GPU")

    _once = field_validator("targets")(_each_once)

    @field_validator("methods", mode="before")
    @classmethod
    def _methods(cls, given: Any) -> Any:
        """Every method can be built; text is a list with commas, as on the command line."""
        if isinstance(given, str):
            given = [name.strip() for name in given.split(",") if name.strip()]
        if not isinstance(given, list | tuple):
            raise AuricleError(f"{given!r} is no list of methods; write for example [lrp, grad-cam]")
        planned(given)
        return list(given)

    @model_validator(mode="after")
    def _fits_together(self) -> StudyConfig:
        for key, method in self.method_plan().items():
            if self.level not in method.levels:
                raise AuricleError(
                    f"{key} lays relevance on {' or '.join(method.levels)} only, not on level={self.level}; leave it "
                    "out or change level"
                )
        if self.sound.style == "identification" and self.regions.kind in WITHOUT_BOXES:
            raise AuricleError(
                f"sound.style=identification cuts boxes out of the sound, and {self.regions.kind} regions have none; "
                "take style mask, or rectangles"
            )
        return self

    def method_plan(self) -> dict[str, Method]:
        """The methods by their keys, in the order given: ``NAME``, or ``NAME@LABEL`` of ``{name: NAME, as: LABEL}``."""
        return planned(self.methods)


def planned(methods: Sequence[str | dict[str, Any]]) -> dict[str, Method]:
    """Methods as a config gives them, by their keys.

    >>> list(planned(["ig", {"name": "lrp", "composite": "preset-a", "as": "preset-a"}]))
    ['ig', 'lrp@preset-a']
    """
    from auricle.naming import method_named, short_name

    found: dict[str, Method] = {}
    for given in methods:
        settings = {"name": given} if isinstance(given, str) else given
        if not isinstance(settings, dict) or not isinstance(settings.get("name"), str):
            raise AuricleError(f"{given!r} is no method; write its name, or {{name: lrp, composite: preset-a}}")
        settings = dict(settings)
        name, label = settings.pop("name"), _text(settings.pop("as", None))
        if label is not None and not (isinstance(label, str) and LABEL.fullmatch(label)):
            raise AuricleError(f"{label!r} cannot label {name}; 'as' takes letters, digits, dots, - and _, as preset-a")
        method = method_named(name, **{str(key): value for key, value in settings.items()})
        kind, learnt, _ = name.partition(":")
        if learnt and label is None:
            label = short_name(name).removeprefix(f"{kind}-")
        key = kind if label is None else f"{kind}@{label}"
        if key in found:
            raise AuricleError(f"{key} is given twice; label one of them, as {{name: {name}, as: another, …}}")
        found[key] = method
    return found
