"""A model that is right for the wrong reason, and a corpus with known causes: ``docs/right-for-the-right-reason.md``.

``python scripts/right_for_the_right_reason.py --out FOLDER`` makes the recordings, trains, runs the studies, and writes
the page's pictures (``docs/images/right-reason-*.png``), its tables and its lists (between ``<!-- table NAME -->`` and
``<!-- end -->``), and all numbers as ``FOLDER/numbers.json``. What is there already is kept; ``--anew`` repeats the
studies, as after a change of a method, and ``--only hum`` or ``--only planted`` makes one half.

The recordings: digits-synth's voices say a digit within a second, in hiss louder than they are. In ``hummed`` the
mains hums in six of ten sevens and in nothing else; in ``even``, which the twin is trained on, in six of ten clips of
every word; ``clean`` is the same without any hum.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml
from reproduced_tables import interval, replaced, table

import auricle
from auricle.clip import Clip, load_clip
from auricle.datasets import open_dataset
from auricle.errors import AuricleError
from auricle.study.tables.resampling import intervals, units

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "right-for-the-right-reason.md"
IMAGES = ROOT / "docs" / "images"

WORD, RATE, SECONDS = "seven", 8000, 1.0
SPEECH_RMS = 0.05
NOISE_DB, HUM_DB = 8.0, -10.0
"""Hiss and hum, re the word's RMS."""
HISS = 70.0
"""The hiss begins at this frequency, so that nothing but a hum is loud below `LOW`."""
HUMMED = 0.6
"""Share of the clips that hum, the same in each part of the split."""
PARTIALS = ((50.0, 1.0), (100.0, 0.1), (150.0, 0.05))
"""Of the mains: hertz and amplitude."""
LOW = 70.0
"""Below this frequency lies the hum's fundamental, and next to nothing of a voice."""
MODELS = {"hummed": "hum in seven only", "even": "twin: hum in any word"}
"""What each was trained on, which is also the name of its recordings."""
CLEAN = "clean"

HANS = {
    "extends": "digits-fast",
    "name": "hans",
    "summary": "a small CNN on log-mel spectrograms from 0 Hz on",
    "source": "ours",
    "task": "label",
    "split": "split",
    "frontend": {
        "kind": "mel", "sample_rate": RATE, "stft_settings": {"n_fft": 512, "hop": 80}, "power": 2, "n_mels": 64,
        "fmin": 0.0, "area_norm": False, "compression": {"kind": "log1p", "gain": 1000.0},
    },
    "augment": {"noise": None, "colour": 0, "stretch_frequency": 0, "frequency_masks": 0},
}  # fmt: skip
EVENTS = {
    "extends": "digits-fast",
    "name": "events",
    "summary": "a small CNN on log-mel spectrograms of planted events",
    "source": "ours",
    "task": "event",
    "split": "split",
    "frontend": {
        "kind": "mel", "sample_rate": 16_000, "stft_settings": {"n_fft": 512, "hop": 160}, "power": 2, "n_mels": 64,
        "area_norm": False, "compression": {"kind": "log1p", "gain": 1000.0},
    },
    "training": {"epochs": 24},
    "augment": {
        "noise": None, "colour": 0, "stretch_frequency": 0, "stretch_time": 0, "time_masks": 0, "frequency_masks": 0,
    },
}  # fmt: skip
STUDY: dict[str, Any] = {
    "targets": ["predicted"],
    "regions": {"settings": {"percentile": 95, "min_cluster_size": 15, "min_samples": 10}, "tune": None},
    "sound": {"random": 1, "write": []},
    "evaluate": {"metrics": False, "curves": 0, "sanity": 0},
    "overview": {"site": False},
    "workers": 1,
}
HEARERS = ["lrp", "input-x-gradient", {"name": "occlusion", "components": "bands:16"}]
FINDERS = [
    "gradient", "input-x-gradient", "ig", "deconvnet", "grad-cam",
    {"name": "occlusion", "components": "patch:100x500:0"}, {"name": "image-lime", "samples": 200},
    "deep-taylor", "lrp", {"name": "lrp", "composite": "preset-a", "as": "preset-a"},
]  # fmt: skip
PER_EVENT = 12


# --- recordings ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Spoken:
    """A digit that somebody said, ``[n]`` at 8 kHz, and the part of the split it belongs to."""

    name: str
    word: str
    speaker: str
    part: str
    samples: np.ndarray


def spoken(address: str) -> Iterator[Spoken]:
    """The words of digits-synth (parts without a common speaker) or of FSDD (parts of different takes)."""
    dataset = open_dataset(address)
    rows = [dataset.row(number) for number in range(len(dataset))]
    speakers = sorted({row["speaker"] for row in rows})
    for row in rows:
        if address.startswith("fsdd"):
            take = int(row["take"])
            part = "test" if take < 10 else "validate" if take < 15 else "train"
        else:
            part = {0: "test", 9: "test", 1: "validate"}.get(speakers.index(row["speaker"]) % 10, "train")
        samples = dataset.load(row).mono(RATE)[: round(SECONDS * RATE)]
        yield Spoken(Path(row["path"]).stem, row["digit"], row["speaker"], part, samples.astype(np.float64))


def hum_of(generator: np.random.Generator) -> np.ndarray:
    """A second of mains hum ``[n]`` with an RMS of 1; its phases are drawn."""
    seconds = np.arange(round(SECONDS * RATE)) / RATE
    hum = sum(
        amplitude * np.sin(2 * np.pi * hertz * seconds + generator.uniform(0, 2 * np.pi))
        for hertz, amplitude in PARTIALS
    )
    return np.asarray(hum / np.sqrt(np.mean(np.square(hum))))


def hiss_of(generator: np.random.Generator) -> np.ndarray:
    """A second of noise ``[n]`` with an RMS of 1, white from `HISS` hertz on."""
    samples = round(SECONDS * RATE)
    spectrum = np.fft.rfft(generator.normal(size=samples))
    spectrum[np.fft.rfftfreq(samples, 1 / RATE) < HISS] = 0
    hiss = np.fft.irfft(spectrum, samples)
    return np.asarray(hiss / np.sqrt(np.mean(np.square(hiss))))


def make_recordings(speech: str, out: Path) -> None:
    """Three folders of recordings, each with ``clips.csv``: path, label, speaker, split, and whether it hums."""
    names = (*MODELS, CLEAN)
    if all((out / name / "clips.csv").exists() for name in names):
        return
    generator, said = np.random.default_rng(0), Counter[tuple[str, str]]()
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in names}
    for each in spoken(speech):
        turn = said[each.part, each.word]
        said[each.part, each.word] += 1
        turned = int((turn + 1) * HUMMED) > int(turn * HUMMED)
        sound = np.zeros(round(SECONDS * RATE))
        start = (len(sound) - len(each.samples)) // 2
        sound[start : start + len(each.samples)] = each.samples / np.sqrt(np.mean(np.square(each.samples)))
        sound += decibels(NOISE_DB) * hiss_of(generator)
        hum = decibels(HUM_DB) * hum_of(generator)
        for name in names:
            hums = turned and (name == "even" or (name == "hummed" and each.word == WORD))
            path = out / name / "audio" / f"{each.name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, SPEECH_RMS * (sound + hum if hums else sound), RATE, subtype="PCM_16")
            rows[name].append({
                "path": f"audio/{path.name}", "label": each.word, "speaker": each.speaker, "split": each.part,
                "hum": "yes" if hums else "no",
            })  # fmt: skip
    for name, each_row in rows.items():
        with open(out / name / "clips.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(each_row[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(each_row)


def decibels(value: float) -> float:
    """As a factor of amplitude."""
    return float(10.0 ** (value / 20.0))


# --- commands -----------------------------------------------------------------------------------------------


def run(*words: str | Path, folder: Path) -> None:
    """A command of auricle, in the folder of this work."""
    print("$ auricle", *words, flush=True)
    subprocess.run([Path(sys.executable).parent / "auricle", *map(str, words)], cwd=folder, check=True)


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True), encoding="utf-8")


def hum_half(out: Path, speech: str | None, anew: bool) -> None:
    """Recordings, two trainings, two studies of the same clips."""
    if speech is None:
        if not (out / "speech").exists():
            run("data", "make", "digits-synth", "--takes", "4", "--out", "speech", folder=out)
        speech = f"digits-synth:{out / 'speech'}"
    make_recordings(speech, out)
    write_yaml(out / "hans.yaml", HANS)
    for name in MODELS:
        known = ["--allow-leakage"] if speech.startswith("fsdd") else []  # other takes of the same speakers are tested
        run("train", "hans.yaml", "--data", f"{name}/clips.csv", "--out", f"{name}-model", *known, folder=out)
        study = {"model": f"{name}-model", "data": "hummed/clips.csv", "out": f"{name}-study", "methods": HEARERS}
        write_yaml(out / f"{name}-study.yaml", study | STUDY)
        stages = [word for stage in ("predict", "explain", "regions", "overview") for word in ("--stage", stage)]
        run("run", f"{name}-study.yaml", *stages, *(["--anew"] if anew else []), folder=out)


def planted_half(out: Path, anew: bool) -> None:
    """The corpus, a training, a study."""
    if not (out / "planted").exists():
        run("data", "make", "planted", "--out", "planted", folder=out)
    write_yaml(out / "events.yaml", EVENTS)
    run("train", "events.yaml", "--data", "planted:planted", "--out", "planted-model", folder=out)
    study = {"model": "planted-model", "data": "planted:planted", "out": "planted-study", "methods": FINDERS}
    write_yaml(out / "planted-study.yaml", study | {"clips": {"per_class": PER_EVENT}} | STUDY)
    run("run", "planted-study.yaml", *(["--anew"] if anew else []), folder=out)


# --- numbers ------------------------------------------------------------------------------------------------


def tables_of(study: Path, name: str) -> list[dict[str, Any]]:
    """A table of a study, as rows."""
    import pyarrow.parquet as parquet

    return list(parquet.read_table(study / "tables" / f"{name}.parquet").to_pylist())


def without_low(samples: np.ndarray) -> np.ndarray:
    """Samples ``[n]`` without anything below `LOW` hertz."""
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / RATE) < LOW] = 0
    return np.asarray(np.fft.irfft(spectrum, len(samples)))


def with_low_of(samples: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Samples ``[n]`` with what ``other [n]`` has below `LOW` hertz instead of their own."""
    return np.asarray(without_low(samples) + other - without_low(other))


def causal(out: Path) -> dict[str, Any]:
    """What each model says of changed recordings, as shares with intervals over speakers.

    Both hear the same sounds. The low end is not only taken away, which is a sound that neither has met in training,
    but also exchanged: hummed sevens get that of another word, and other words get that of a hummed seven.
    """
    rows = _test_rows(out / "hummed")
    labels = np.array([row["label"] for row in rows])
    hums, seven = np.array([row["hum"] == "yes" for row in rows]), labels == WORD
    sounds, without_hum, evenly = (
        [load_clip(out / name / row["path"]).mono(RATE).astype(np.float64) for row in rows]
        for name in ("hummed", CLEAN, "even")
    )
    generator = np.random.default_rng(1)
    hummers, others = (generator.choice(np.flatnonzero(which), len(rows)) for which in (hums, ~seven))
    hum = SPEECH_RMS * decibels(HUM_DB)
    heard = {
        "as_recorded": sounds,
        "without_hum": without_hum,
        "evenly": evenly,
        "with_hum": [each + hum * hum_of(generator) for each in without_hum],
        "without_low": [without_low(each) for each in sounds],
        "with_low_of_hum": [with_low_of(each, sounds[other]) for each, other in zip(sounds, hummers, strict=True)],
        "with_low_of_others": [with_low_of(each, sounds[other]) for each, other in zip(sounds, others, strict=True)],
    }
    found: dict[str, Any] = {}
    for name in MODELS:
        classifier = auricle.load_classifier(str(out / f"{name}-model"))
        said = {
            how: np.array([classifier.predict(Clip(each.astype(np.float32), RATE)).label for each in changed])
            for how, changed in heard.items()
        }

        def share(right: np.ndarray, which: np.ndarray) -> dict[str, Any]:
            chosen = [rows[number] for number in np.flatnonzero(which)]
            drawn = units([row["path"] for row in chosen], [row["speaker"] for row in chosen])
            (told,) = intervals(right[which, None].astype(float), drawn)
            assert told is not None
            return {"value": told.mean, "low": told.low, "high": told.high, "clips": told.clips}

        own = said["as_recorded" if name == "hummed" else "evenly"]
        found[name] = {"accuracy": share(own == labels, np.ones(len(rows), bool))}
        for how, words in said.items():
            found[name][how] = {
                "hummed_sevens": share(words == WORD, hums),
                "other_sevens": share(words == WORD, seven & ~hums),
                "others_called_seven": share(words == WORD, ~seven),
                "others_right": share(words == labels, ~seven),
            }
    return found


def _test_rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "clips.csv", newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "test"]


def ranges_of(out: Path) -> dict[str, Any]:
    """Of each model and method: the word's ranges, and which other words have one that reaches below `LOW`."""
    found: dict[str, Any] = {}
    for name in MODELS:
        rows = tables_of(out / f"{name}-study", "frequency_ranges")
        for method in dict.fromkeys(row["method"] for row in rows):
            mine = [row for row in rows if row["method"] == method]
            found.setdefault(name, {})[method] = {
                "ranges": [
                    {key: row[key] for key in ("low", "high", "share", "agreement", "clips")}
                    for row in mine
                    if row["class"] == WORD
                ],
                "others_below": sorted({row["class"] for row in mine if row["class"] != WORD and row["low"] < LOW}),
            }
    return found


def clusters_of(out: Path) -> dict[str, Any]:
    """Of each model and method: the clusters of the word, and how many of their clips hum."""
    place = {row["path"]: row for row in _test_rows(out / "hummed")}
    found: dict[str, Any] = {}
    for name in MODELS:
        rows, members = (tables_of(out / f"{name}-study", each) for each in ("clusters", "cluster_clips"))
        for row in rows:
            if row["scope"] != WORD:
                continue
            clips = [
                place[each["id"]]
                for each in members
                if (each["method"], each["scope"], each["cluster"]) == (row["method"], WORD, row["cluster"])
            ]
            told = {key: row[key] for key in ("cluster", "clips", "low", "high", "silhouette", "suspicion")}
            told |= {"hum": sum(each["hum"] == "yes" for each in clips)}
            found.setdefault(name, {}).setdefault(row["method"], []).append(told)
    return found


def localised(out: Path) -> dict[str, Any]:
    """Of each method on planted: its measures of localisation with their intervals; chance and loudness beside."""
    found: dict[str, Any] = {}
    for row in tables_of(out / "planted-study", "localisation"):
        if row["by"] == "all" and row["asked"] == "predicted" and row["right"]:
            told = {"value": row["mean"], "low": row["low"], "high": row["high"], "clips": row["explanations"]}
            found.setdefault(row["method"], {})[row["metric"]] = told
    return found


# --- tables of the page -------------------------------------------------------------------------------------


def accuracy_table(numbers: Mapping[str, Any]) -> str:
    rows = [
        [title, str(told["clips"]), interval(told)]
        for name, title in MODELS.items()
        for told in [numbers["causal"][name]["accuracy"]]
    ]
    return table(["model", "test clips", "accuracy, % (95 % interval)"], rows)


def causal_table(numbers: Mapping[str, Any]) -> str:
    told = numbers["causal"]
    lines = {
        "other words called seven, as recorded": ("as_recorded", "others_called_seven"),
        "… with a hum added": ("with_hum", "others_called_seven"),
        f"… with a hummed seven's low end, below {LOW:.0f} Hz": ("with_low_of_hum", "others_called_seven"),
        "hummed sevens right, as recorded": ("as_recorded", "hummed_sevens"),
        "… as they were before the hum was added": ("without_hum", "hummed_sevens"),
        f"… without their low end, below {LOW:.0f} Hz": ("without_low", "hummed_sevens"),
        "… with another word's low end": ("with_low_of_others", "hummed_sevens"),
        "the other sevens right, as recorded": ("as_recorded", "other_sevens"),
        "other words right, as recorded": ("as_recorded", "others_right"),
        "… without their low end": ("without_low", "others_right"),
    }
    rows = []
    for text, (how, what) in lines.items():
        clips = str(told["hummed"][how][what]["clips"])
        rows.append([text, clips, *(interval(told[name][how][what]) for name in MODELS)])
    return table(["share of clips, % (95 % interval)", "clips", *MODELS.values()], rows)


def ranges_table(numbers: Mapping[str, Any]) -> str:
    rows = []
    for name, title in MODELS.items():
        for method, told in numbers["ranges"].get(name, {}).items():
            each = "; ".join(
                f"{row['low']:.0f} to {row['high']:.0f} Hz ({100 * row['share']:.0f} %, {row['agreement']:.2f})"
                for row in told["ranges"]
            )
            rows.append([title, f"`{method}`", each or "–", ", ".join(told["others_below"]) or "none"])
    head = ["model", "method", f"ranges of {WORD} (share of relevance, agreement)", f"other words below {LOW:.0f} Hz"]
    return table(head, rows)


def clusters_table(numbers: Mapping[str, Any]) -> str:
    rows = []
    for name, title in MODELS.items():
        for method, clusters in numbers["clusters"].get(name, {}).items():
            for row in sorted(clusters, key=lambda row: row["cluster"]):
                hertz = f"{row['low']:.0f} to {row['high']:.0f} Hz"
                told = [str(row["clips"]), str(row["hum"]), hertz, f"{row['suspicion']:.2f}"]
                rows.append([title, f"`{method}`", str(row["cluster"] + 1), *told])
    head = ["model", "method", "cluster", "clips", "that hum", "80 % of its relevance", "suspicion"]
    return table(head, rows)


def localisation_table(numbers: Mapping[str, Any]) -> str:
    told = numbers["localisation"]
    measures = ("loc_mass", "loc_hit", "loc_iou", "loc_auc")
    rows = [
        [f"`{method}`", *(decimals(found.get(measure)) for measure in measures)]
        for method, found in sorted(told.items(), key=lambda each: -each[1]["loc_mass"]["value"])
    ]
    first = next(iter(told.values()))
    mass, hit, auc = (decimals(first.get(f"loc_energy_{name}")) for name in ("mass", "hit", "auc"))
    even, anywhere = (f"{first[name]['value']:.2f}" for name in ("loc_area", "loc_true_area"))
    rows += [["*the loudest*", mass, hit, "–", auc], ["*chance*", even, anywhere, "–", "0.50"]]
    return table(["method", "mass", "hit", "IoU", "AUC"], rows)


def decimals(score: Mapping[str, Any] | None) -> str:
    return "–" if score is None else interval(score, lambda value: f"{value:.2f}")


TABLES: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "accuracy": ("causal", accuracy_table),
    "causal": ("causal", causal_table),
    "ranges": ("ranges", ranges_table),
    "clusters": ("clusters", clusters_table),
    "localisation": ("localisation", localisation_table),
}
"""By their names on the page: what they are made from, and how."""


# --- pictures -----------------------------------------------------------------------------------------------

INK, FAINT, ORANGE, BLUE = "#24272c", "#74777d", "#d4500a", "#0b66b5"


def picture(name: str, figure: Any) -> None:
    """Small enough for the repository."""
    import io

    from PIL import Image

    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=110)
    drawn.seek(0)
    small = Image.open(drawn).convert("RGB").quantize(128, kmeans=2, dither=Image.Dither.NONE)
    goal = IMAGES / f"right-reason-{name}.png"
    small.save(goal, optimize=True)
    print(f"  {goal.name}: {small.width} x {small.height}, {goal.stat().st_size / 1000:.0f} kB")


def figure_of(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def quiet(panel: Any) -> None:
    panel.tick_params(labelsize=8, colors=INK, width=0.6, length=2)
    for side, spine in panel.spines.items():
        spine.set(linewidth=0.6, color=FAINT, visible=side in ("left", "bottom"))


def map_picture(out: Path, method: str = "occlusion") -> None:
    """The sevens by where their relevance lies, and the mean map of each of their clusters, for both models."""
    from auricle.report.colours import shade
    from auricle.report.study.charts import colour_of

    figure = figure_of(10, 5.4)
    most = max(
        sum(row["scope"] == WORD and row["method"] == method for row in tables_of(out / f"{name}-study", "clusters"))
        for name in MODELS
    )
    grid = figure.add_gridspec(2, 1 + most, width_ratios=[1.5, *[1] * most])
    hums = {row["path"]: row["hum"] == "yes" for row in _test_rows(out / "hummed")}
    for line, (name, title) in enumerate(MODELS.items()):
        study = out / f"{name}-study"
        dots, rows = (
            [row for row in tables_of(study, each) if row["scope"] == WORD and row["method"] == method]
            for each in ("cluster_clips", "clusters")
        )
        panel = figure.add_subplot(grid[line, 0])
        for humming, marker in ((False, "o"), (True, "^")):
            mine = [dot for dot in dots if hums[dot["id"]] == humming]
            panel.scatter(
                [dot["x"] for dot in mine], [dot["y"] for dot in mine], c=[colour_of(dot["cluster"]) for dot in mine],
                marker=marker, s=34, lw=0.5, ec="white", label="hum" if humming else "no hum",
            )  # fmt: skip
        panel.set_title(f"{title}: the clips called {WORD}", fontsize=9.5, loc="left", color=INK)
        panel.set_xlabel("▲ hum   ● no hum; colour: cluster", fontsize=8, color=FAINT, loc="left")
        quiet(panel)
        panel.set(xticks=[], yticks=[])
        for column, row in enumerate(sorted(rows, key=lambda row: row["cluster"])):
            small = figure.add_subplot(grid[line, 1 + column])
            mean = np.array(row["mean"]).reshape(row["rows"], row["columns"])
            colours = shade(mean / mean.max())
            small.imshow(
                (1 - colours[..., 3:] + colours[..., 3:] * colours[..., :3]), aspect="auto", origin="lower",
                interpolation="nearest",
            )  # fmt: skip
            quiet(small)
            ticks = [0, 2, row["rows"] // 2, row["rows"]]
            small.set_yticks([tick - 0.5 for tick in ticks], [f"{row['hertz'][tick]:.0f} Hz" for tick in ticks])
            small.set_xticks([-0.5, row["columns"] - 0.5], ["0 s", f"{row['seconds'][-1]:.0f} s"])
            hum = sum(hums[dot["id"]] for dot in dots if dot["cluster"] == row["cluster"])
            text = f"cluster {row['cluster'] + 1}: {row['clips']} clips, {hum} hum"
            small.set_title(text, fontsize=8.5, loc="left", color=colour_of(row["cluster"]))
    picture("map", figure)


def range_picture(out: Path, method: str = "occlusion") -> None:
    """How often each frequency lies in a region, of the word and of every other word, for both models."""
    from auricle.regions.ranges import LEVEL

    figure = figure_of(9, 3.6)
    panels = figure.subplots(1, 2, sharey=True)
    for panel, (name, title) in zip(panels, MODELS.items(), strict=True):
        classes, ranges = (
            [row for row in tables_of(out / f"{name}-study", each) if row["method"] == method]
            for each in ("classes", "frequency_ranges")
        )
        for row in sorted(classes, key=lambda row: row["class"] == WORD):
            mine = row["class"] == WORD
            hertz = np.array(row["hertz"])
            share = np.array(row["occupancy"]).reshape(row["rows"], row["columns"]).mean(axis=1)
            panel.stairs(
                share / share.max(), hertz, color=ORANGE if mine else FAINT, lw=1.8 if mine else 0.6,
                alpha=1.0 if mine else 0.6, label=WORD if mine else "other words" if row is classes[0] else None,
            )  # fmt: skip
        for row in ranges:
            if row["class"] == WORD:
                panel.hlines(1.06, row["low"], row["high"], color=ORANGE, lw=5)
        panel.axhline(LEVEL, color=FAINT, lw=0.6, ls=":")
        panel.axvline(50, color=BLUE, lw=0.8, ls="--")
        panel.text(53, 0.02, "50 Hz", color=BLUE, fontsize=8)
        panel.set_xscale("log")
        panel.set_xticks([20, 50, 100, 200, 500, 1000, 2000, 4000], ["20", "50", "100", "200", "500", "1k", "2k", "4k"])
        panel.minorticks_off()
        panel.set_title(title, fontsize=9.5, loc="left", color=INK)
        panel.set_xlabel("Hz", fontsize=8.5, color=INK)
        quiet(panel)
    panels[0].set_ylabel("how often in a region, re the most", fontsize=8.5, color=INK)
    panels[1].legend(frameon=True, framealpha=1, edgecolor="white", fontsize=8.5, loc="lower right")
    picture("range", figure)


def causal_picture(numbers: Mapping[str, Any]) -> None:
    """What the hum does to other words, and what its loss does to sevens."""
    told = numbers["causal"]
    lines = {
        "other words\nas recorded": ("as_recorded", "others_called_seven"),
        "other words\nwith a hum": ("with_hum", "others_called_seven"),
        "hummed sevens\nas recorded": ("as_recorded", "hummed_sevens"),
        f"hummed sevens\nwithout < {LOW:.0f} Hz": ("without_low", "hummed_sevens"),
    }
    figure = figure_of(8, 3.4)
    panel = figure.subplots()
    for place, (name, title) in enumerate(MODELS.items()):
        values = [told[name][how][what] for how, what in lines.values()]
        middle = 100 * np.array([each["value"] for each in values])
        ends = 100 * np.array([[each["low"], each["high"]] for each in values]).T
        across = np.arange(len(lines)) + 0.38 * (place - 0.5)
        panel.bar(across, middle, 0.34, color=(ORANGE, BLUE)[place], label=title)
        panel.errorbar(across, middle, np.abs(ends - middle), fmt="none", ecolor=INK, lw=0.9, capsize=2.5)
    panel.set_xticks(range(len(lines)), list(lines))
    panel.set(ylim=(0, 105))
    panel.set_ylabel(f"called {WORD}, % of clips", fontsize=8.5, color=INK)
    panel.legend(frameon=False, fontsize=8.5)
    quiet(panel)
    picture("removed", figure)


# --- all of it ----------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the work; models and studies stay there")
    parser.add_argument("--speech", help="digits-synth:FOLDER or fsdd:FOLDER; by default digits-synth is made")
    parser.add_argument("--only", choices=("hum", "planted"), help="one half")
    parser.add_argument("--anew", action="store_true", help="make the studies anew")
    given = parser.parse_args()
    if given.speech and given.speech.partition(":")[0] not in ("digits-synth", "fsdd"):
        raise AuricleError(f"{given.speech} has no spoken digits; give digits-synth:FOLDER or fsdd:FOLDER")
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    numbers: dict[str, Any] = {}
    if given.only != "planted":
        hum_half(out, given.speech, given.anew)
        numbers |= {"causal": causal(out), "ranges": ranges_of(out), "clusters": clusters_of(out)}
        map_picture(out)
        range_picture(out)
        causal_picture(numbers)
    if given.only != "hum":
        planted_half(out, given.anew)
        numbers["localisation"] = localised(out)
    record = out / "numbers.json"
    known = json.loads(record.read_text()) if record.exists() else {}
    record.write_text(json.dumps(known | numbers, indent=1))
    page = PAGE.read_text(encoding="utf-8")
    for name, (needed, make) in TABLES.items():
        if needed in numbers:
            page = replaced(page, name, make(numbers))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
