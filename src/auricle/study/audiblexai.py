"""AudibleXAI's ``run_configuration.json`` as a study's config, with a sentence on what became of each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from auricle.datasets.audioset import FIFTEEN, OF_EACH
from auricle.datasets.catalogue import home
from auricle.errors import AuricleError
from auricle.settings_files import read_settings, reason
from auricle.study.audiblexai_keys import RunConfiguration
from auricle.study.audiblexai_methods import Choice, method_of, shown

TOP = frozenset(RunConfiguration.model_fields)
"""No study of auricle's has one of these keys."""

DATA = {
    "audio_mnist_digits": ("audiomnist", "digit"),
    "audio_mnist_gender": ("audiomnist", "gender"),
    "gtzan": ("gtzan", "genre"),
    "audioset": ("audioset", "sounds"),
}
"""The data set and the label column of each of theirs."""

FRONTENDS = {
    ("audiomnist", "spectrogram"): "audiblexai-linear",
    ("audiomnist", "melspectrogram"): "audiblexai-mel",
    ("gtzan", "spectrogram"): "audiblexai-gtzan-linear",
    ("gtzan", "melspectrogram"): "audiblexai-gtzan-mel",
    ("audioset", "melspectrogram"): "yamnet",
}

SHAPES = {"RECTANGULAR_REGIONS": "rectangles", "TIMEFRAME": "timeframes"}
STAGES = {
    "saliency": ("explain",),
    "region_extraction": ("tune", "regions", "sonify"),
    "evaluation": ("evaluate",),
    "visualization": ("overview",),
}
"""Stages of a study that each of their switches stands for; prediction always runs, as theirs does."""


@dataclass(frozen=True)
class Said:
    """One of their keys (dotted), the value it had, and what became of it."""

    key: str
    value: Any
    became: str

    def __str__(self) -> str:
        return f"{self.key}: {shown_value(self.value)} → {self.became}"


@dataclass(frozen=True)
class Translation:
    """A study's settings, perhaps without ``model`` and ``data``, and what else the file asked for.

    said: one line for each key of the file, in its order. stages: those that it switched on. reset: those whose
    results it wants made anew. frontend: the preset that the model should hear through. what: the file.
    """

    settings: dict[str, Any]
    said: tuple[Said, ...]
    stages: tuple[str, ...]
    reset: tuple[str, ...]
    frontend: str
    data: str
    task: str
    what: str

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise `AuricleError` that says how to give the model and the data, if the settings still lack one."""
        model = (
            f"--model with a classifier of auricle's whose front-end is {self.frontend} (Keras files cannot be read; "
            f"{_training(self.data, self.task, self.frontend)})"
        )
        data = f"--data {self.data}:FOLDER"
        if _can_be_got(self.data):
            data += f", or get it with 'auricle data get {self.data}'"
        lacks = [key for key in ("model", "data") if not settings.get(key)]
        if lacks:
            found = {"model": "the model is not", "data": "the recordings are not"}[lacks[0]]
            found = found if len(lacks) == 1 else "neither the model nor the recordings are"
            ways = " and ".join({"model": model, "data": data}[key] for key in lacks)
            raise AuricleError(f"{self.what} is AudibleXAI's, and {found} where auricle can use them; give {ways}")


def is_audiblexai(settings: Mapping[str, Any]) -> bool:
    """Whether a file's keys are those of AudibleXAI's run configuration.

    >>> is_audiblexai({"dataset": "gtzan", "run": {}}), is_audiblexai({"model": "digits", "data": "fsdd"})
    (True, False)
    """
    return len(TOP & settings.keys()) >= 2


def translate(settings: Mapping[str, Any], *, folder: Path = Path(), what: str = "the config") -> Translation:
    """What AudibleXAI's configuration asks for; ``folder`` is where its path configuration is looked for.

    Raises `AuricleError` for a key that AudibleXAI has not, naming the nearest, and where nothing can be translated.
    """
    try:
        theirs = RunConfiguration.model_validate(settings)
    except ValidationError as error:
        raise AuricleError(f"{what} (AudibleXAI's) {reason(error, RunConfiguration)}") from error
    data, task = DATA[theirs.dataset]
    if (data, theirs.dataset_type) not in FRONTENDS:
        raise AuricleError(
            f"{what} wants {theirs.dataset} as {theirs.dataset_type}; AudibleXAI has it as melspectrogram"
        )
    frontend = FRONTENDS[data, theirs.dataset_type]
    made = _Made(theirs, data, task, frontend, folder)
    switched = [stages for switch, stages in STAGES.items() if getattr(theirs.run, switch)]
    resets = {
        "explain": theirs.settings.saliency.reset,
        "regions": theirs.settings.region_extraction.reset,
        "evaluate": theirs.settings.evaluation.reset,
    }
    return Translation(
        settings=made.settings,
        said=tuple(each for key, value in _leaves(settings) for each in made.told(key, value)),
        stages=("predict", *(stage for stages in switched for stage in stages)),
        reset=tuple(stage for stage, asked in resets.items() if asked),
        frontend=frontend,
        data=data,
        task=task,
        what=what,
    )


def shown_value(value: Any) -> str:
    """A value of theirs as JSON has it."""
    import json

    return json.dumps(value, ensure_ascii=False)


class _Made:
    """The settings of a study, and what became of each key, made side by side."""

    def __init__(self, theirs: RunConfiguration, data: str, task: str, frontend: str, folder: Path) -> None:
        self.settings: dict[str, Any] = {"task": task, "clips": {"part": "test"}}
        self.became: dict[str, str] = {}
        self._where(theirs, data, task, frontend, folder)
        self._run(theirs)
        self._clips(theirs, data)
        self._methods(theirs, frontend)
        self._regions(theirs)
        self._sound(theirs)
        self._rest(theirs)

    def told(self, key: str, value: Any) -> list[Said]:
        """What became of a key; of the methods, each has a line of its own."""
        if key == "settings.saliency.methods":
            return [Said(key, each, self.became[f"{key}.{each}"]) for each in value]
        return [Said(key, value, self.became[key])]

    def _where(self, theirs: RunConfiguration, data: str, task: str, frontend: str, folder: Path) -> None:
        found, said = _recordings(theirs, data, folder)
        if found is None and (home() / data).is_dir():
            found = data
        if found is not None:
            self.settings["data"] = found
        self.became["path_configuration"] = said
        have = f"data: {found}" if found else f"the data set {data} (--data {data}:FOLDER)"
        self.became["dataset"] = f"{have}, task: {task}; the test clips of the split that the model was trained with"
        self.became["dataset_type"] = f"the model should hear through {frontend}; its own front-end decides"

    def _run(self, theirs: RunConfiguration) -> None:
        self.became["run.preprocessing"] = "nothing: features are computed when they are needed, and not kept"
        for switch, stages in STAGES.items():
            word = "the stage" if len(stages) == 1 else "the stages"
            on = getattr(theirs.run, switch)
            self.became[f"run.{switch}"] = f"{word} {', '.join(stages)}{'' if on else ' left out'}"
        self.became["settings.preprocessing"] = "nothing: features are computed when they are needed, and not kept"

    def _clips(self, theirs: RunConfiguration, data: str) -> None:
        quick, clips = theirs.settings.miscellaneous.quick_analysis_mode, self.settings["clips"]
        most = quick.max_per_class if quick.run else None
        if data == "audioset":
            clips["where"] = {"sounds": list(FIFTEEN)}
            most = min(OF_EACH, most or OF_EACH)
            self.became["dataset"] += f"; its {len(FIFTEEN)} classes, at most {OF_EACH} clips of each"
        if most is not None:
            clips["per_class"] = most
        at = "settings.miscellaneous.quick_analysis_mode."
        self.became[at + "run"] = "clips.per_class is given" if quick.run else "clips.per_class is left out: all clips"
        self.became[at + "max_per_class"] = (
            f"clips.per_class: {most}, drawn from the seed (theirs were the first files, of few speakers)"
            if quick.run
            else "nothing, because quick_analysis_mode.run is false"
        )

    def _methods(self, theirs: RunConfiguration, frontend: str) -> None:
        chosen: list[Choice] = []
        at = "settings.saliency."
        for name in theirs.settings.saliency.methods:
            choice, said = method_of(name, frontend)
            self.became[f"{at}methods.{name}"] = said
            if choice is not None:
                chosen += [choice] if choice not in chosen else []
                self.became[f"{at}methods.{name}"] = f"methods: {shown(choice)}" + (f", {said}" if said else "")
        if not chosen:
            name = theirs.settings.saliency.methods[0]
            raise AuricleError(f"no method is left: {name} is {self.became[f'{at}methods.{name}']}; name another")
        self.settings["methods"] = chosen
        self.became[at + "save_saliency_heatmaps"] = "nothing: the site draws the map of every explanation"
        self.became[at + "reset"] = _reset(theirs.settings.saliency.reset, "explain")

    def _regions(self, theirs: RunConfiguration) -> None:
        wanted = theirs.settings.region_extraction
        at, space = "settings.region_extraction.", wanted.search_space
        kind = SHAPES[wanted.method]
        regions: dict[str, Any] = {"kind": kind, "tune": None}
        self.became[at + "method"] = f"regions.kind: {kind}"
        ours: dict[str, tuple[str, list[Any]]] = {
            "threshold_percentile": ("percentile", space.threshold_percentile),
            "min_cluster_size": ("min_cluster_size", space.min_cluster_size),
            "min_samples": ("min_samples", space.min_samples),
        }
        if kind == "rectangles":
            self.became[at + "method"] += ", with distances in bins (regions.settings.units: bins)"
            search = {name: list(dict.fromkeys(values)) for name, values in ours.values()}
            regions |= {
                "settings": {"units": "bins"},
                "tune": {"by": "ch", "all_must_have_regions": wanted.region_tuning_mode, "search": search},
            }
        for key, (name, _) in ours.items():
            self.became[at + "search_space." + key] = (
                f"regions.tune.search.{name}, by ch as theirs, but on validation clips"
                if kind == "rectangles"
                else f"nothing: {kind} have no {name}"
            )
        penalties = list(dict.fromkeys(space.max_inter_class_penalties))
        optimises = wanted.run_region_optimization and kind == "rectangles"
        if optimises:
            regions["optimise"] = {"penalties": penalties, "by": "ch"}
        self.became[at + "run_region_optimization"] = (
            "regions.optimise, which runs (theirs always stopped with an error)"
            if optimises
            else "regions.optimise: null"
        )
        self.became[at + "search_space.max_inter_class_penalties"] = (
            "regions.optimise.penalties" if optimises else "nothing, because regions are not optimised"
        )
        self.became[at + "region_tuning_mode"] = (
            f"regions.tune.all_must_have_regions: {str(wanted.region_tuning_mode).lower()}; the relevant frequencies "
            "of classes are always in the tables"
            if kind == "rectangles"
            else f"nothing: {kind} are not tuned"
        )
        self.became[at + "reload_regions_last_run"] = "nothing: what is in the store and still fits is always used"
        self.became[at + "reset"] = _reset(wanted.reset, "regions")
        self.settings["regions"] = regions

    def _sound(self, theirs: RunConfiguration) -> None:
        wanted, at = theirs.settings.region_extraction, "settings.region_extraction."
        style = "reconstruction" if wanted.audio_extraction_strategy == "AUDIO_RECONSTRUCTION" else "identification"
        runs = wanted.random_selection_comparison_runs
        write = ["relevant", *(["random"] if runs else []), "amplified"] if wanted.save_audio else []
        self.settings["sound"] = {"style": style, "random": runs, "overlap": True, "write": write}
        self.became[at + "audio_extraction_strategy"] = f"sound.style: {style}"
        self.became[at + "random_selection_comparison_runs"] = f"sound.random: {runs}, seeded"
        self.became[at + "save_audio"] = (
            f"sound.write: [{', '.join(write)}]; evaluation hears the sounds whether they are written or not"
        )

    def _rest(self, theirs: RunConfiguration) -> None:
        pictures = [each.removeprefix("overview_") for each in dict.fromkeys(theirs.settings.visualization.methods)]
        self.settings["overview"] = {"pictures": pictures}
        self.became["settings.evaluation.method"] = "nothing: what regions.kind found is evaluated"
        self.became["settings.evaluation.reset"] = _reset(theirs.settings.evaluation.reset, "evaluate")
        self.became["settings.visualization.methods"] = f"overview.pictures: [{', '.join(pictures)}]"


def _reset(asked: bool, stage: str) -> str:
    return f"--reset {stage}" if asked else "nothing: a changed setting makes anew what depends on it"


def _leaves(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that has a value rather than keys of its own, as their file has it."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and before + key != "settings.preprocessing":
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield before + key, value


def _recordings(theirs: RunConfiguration, data: str, folder: Path) -> tuple[str | None, str]:
    """The recordings that the path configuration names, as a data set of ours, and what to say of it."""
    if theirs.path_configuration is None:
        return None, "nothing"
    path = folder / theirs.path_configuration
    if not path.is_file():
        return None, f"nothing: {path} does not exist; give --model and --data"
    place: Any = read_settings(path, "AudibleXAI's path configuration")
    for key in (theirs.dataset, theirs.dataset_type, "preprocessing", "source"):
        place = place.get(key) if isinstance(place, dict) else None
    kept = "Keras weights cannot be read and results go to out, so its other paths are not used"
    if not isinstance(place, str):
        return None, f"nothing: it names no recordings of {theirs.dataset} as {theirs.dataset_type}; {kept}"
    if data != "audiomnist":
        return None, f"nothing: {data} is read in its official layout, not as AudibleXAI cut or renamed it; {kept}"
    source = folder / place
    if not source.is_dir():
        return None, f"nothing: its recordings, {place}, are not on this machine; {kept}"
    root = source.parent if source.name == "data" else source
    return f"{data}:{root}", f"data: {data}:{root}; {kept}"


def _can_be_got(data: str) -> bool:
    from auricle.datasets.catalogue import SOURCES

    return bool(SOURCES[data].remotes)


def _training(data: str, task: str, frontend: str) -> str:
    """The command that trains AudibleXAI's network for this data and representation."""
    if data == "audioset":
        return "docs/models.md describes the network yamnet, which takes YAMNet's published weights"
    recipe, changes = ("audible-xai-gender" if task == "gender" else "audible-xai-digits"), []
    linear = frontend.endswith("linear")
    if linear != (recipe == "audible-xai-gender") or data == "gtzan":
        changes += [f"frontend={frontend}", f"network.settings.bands={257 if linear else 128}"]
    if data == "gtzan":
        changes += ["length.seconds=3", "network.settings.frames=376", "task=genre", "split=tracks-75-5-20"]
    more = "".join(f" --set {each}" for each in changes)
    fold = " --fold 0" if data == "audiomnist" else ""
    return f"train one with: auricle train {recipe} --data {data}:FOLDER{fold}{more} --out MODEL"
