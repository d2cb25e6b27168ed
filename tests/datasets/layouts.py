"""Small data sets in their official layouts: a few short sounds each, metadata as published."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile

from auricle.datasets import Dataset
from auricle.datasets.audiomnist import GENDER_GROUPS

WOMEN = {12, 26, 28, 36, 43, 47, 52, 56, 57, 58, 59, 60}


def write_tone(path: Path, *, seconds: float = 0.05, sample_rate: int = 8000, hertz: float = 440.0) -> None:
    """A tone that begins at 0 and rises in level, so that every moment of it is another."""
    at = np.arange(round(seconds * sample_rate)) / sample_rate
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * at / max(seconds, 1e-9) * np.sin(2 * np.pi * hertz * at), sample_rate)


# --- AudioMNIST -----------------------------------------------------------------------------------------------


def audiomnist_entry(speaker: int) -> dict[str, object]:
    """What audioMNIST_meta.txt says of a speaker, with its unevenness: numbers and text, 1234, spellings of rooms."""
    age: object = {1: 30, 45: "1234"}.get(speaker, "25")
    room = {1: "Kino", 20: "Ruheraum", 23: "VR-Room", 26: "library", 31: "VR-room", 52: "vr-romm"}.get(
        speaker, "vr-room"
    )
    return {
        "accent": "german" if speaker == 1 else "German",
        "age": age,
        "gender": "female" if speaker in WOMEN else "male",
        "native speaker": "yes" if speaker in (19, 41, 60) else "no",
        "origin": "Europe, Germany, Wuerzburg",
        "recordingdate": "17-06-22-11-04-28",
        "recordingroom": room,
    }


def write_audiomnist(
    folder: Path,
    *,
    speakers: Iterable[int] = range(1, 61),
    digits: Iterable[int] = range(10),
    repetitions: int = 1,
    described: Iterable[int] | None = None,
) -> Path:
    """``data/01/0_01_0.wav`` … and ``data/audioMNIST_meta.txt``; empty files, as only names are looked at."""
    speakers, digits = list(speakers), list(digits)
    for speaker in speakers:
        home = folder / "data" / f"{speaker:02d}"
        home.mkdir(parents=True)
        for digit in digits:
            for repetition in range(repetitions):
                (home / f"{digit}_{speaker:02d}_{repetition}.wav").touch()
    entries = {f"{speaker:02d}": audiomnist_entry(speaker) for speaker in (described or speakers)}
    (folder / "data" / "audioMNIST_meta.txt").write_text(json.dumps(entries, indent=4))
    return folder


def whole_audiomnist(dataset: Dataset) -> Dataset:
    """A written AudioMNIST with one repetition as the table of the published one, with 50; without any sound."""
    tables = []
    for repetition in range(50):
        table = dataset.table.set_column(0, "id", pa.array([f"{each} {repetition}" for each in dataset.column("id")]))
        place = table.column_names.index("repetition")
        tables.append(table.set_column(place, "repetition", pa.array([repetition] * len(dataset))))
    return replace(dataset, table=pa.concat_tables(tables))


def gender_speakers() -> list[int]:
    return sorted(speaker for group in GENDER_GROUPS for speaker in group)


# --- GTZAN ----------------------------------------------------------------------------------------------------


def write_gtzan(folder: Path, tracks: dict[str, float], *, sample_rate: int = 1000) -> Path:
    """``genres_original/blues/blues.00000.wav`` … of so many seconds each."""
    for name, seconds in tracks.items():
        genre = name.partition(".")[0]
        write_tone(
            folder / "genres_original" / genre / f"{name}.wav", seconds=seconds, sample_rate=sample_rate, hertz=100
        )
    return folder


# --- ESC-50 ---------------------------------------------------------------------------------------------------


def write_esc50(folder: Path, clips: Sequence[tuple[int, int, str, int, str, bool]]) -> Path:
    """``audio`` and ``meta/esc50.csv`` of clips (fold, Freesound id, take, target, category, of ESC-10)."""
    lines = ["filename,fold,target,category,esc10,src_file,take"]
    for fold, source, take, target, category, esc10 in clips:
        name = f"{fold}-{source}-{take}-{target}.wav"
        write_tone(folder / "audio" / name)
        lines.append(f"{name},{fold},{target},{category},{esc10},{source},{take}")
    (folder / "meta").mkdir()
    (folder / "meta" / "esc50.csv").write_text("\n".join(lines) + "\n")
    return folder


# --- SONYC-UST ------------------------------------------------------------------------------------------------

FINE = {
    "1-1": "small-sounding-engine", "1-2": "medium-sounding-engine", "1-3": "large-sounding-engine",
    "1-X": "engine-of-uncertain-size", "2-1": "rock-drill", "2-2": "jackhammer", "2-3": "hoe-ram", "2-4": "pile-driver",
    "2-X": "other-unknown-impact-machinery", "3-1": "non-machinery-impact", "4-1": "chainsaw",
    "4-2": "small-medium-rotating-saw", "4-3": "large-rotating-saw", "4-X": "other-unknown-powered-saw",
    "5-1": "car-horn", "5-2": "car-alarm", "5-3": "siren", "5-4": "reverse-beeper",
    "5-X": "other-unknown-alert-signal", "6-1": "stationary-music", "6-2": "mobile-music", "6-3": "ice-cream-truck",
    "6-X": "music-from-uncertain-source", "7-1": "person-or-small-group-talking",
    "7-2": "person-or-small-group-shouting", "7-3": "large-crowd", "7-4": "amplified-speech",
    "7-X": "other-unknown-human-voice", "8-1": "dog-barking-whining",
}  # fmt: skip
COARSE = (
    "engine", "machinery-impact", "non-machinery-impact", "powered-saw", "alert-signal", "music", "human-voice", "dog",
)  # fmt: skip


def write_sonyc(folder: Path, annotations: Sequence[tuple[str, int, str, int, Sequence[str], Sequence[int]]]) -> Path:
    """``annotations.csv`` with the published columns, and the sound of each recording.

    An annotation is (split, sensor, file, annotator, fine codes heard, coarse numbers that were not asked for).
    """
    head = ["split", "sensor_id", "audio_filename", "annotator_id"]
    head += ["borough", "block", "latitude", "longitude", "year", "week", "day", "hour"]
    head += [f"{code}_{name}_presence" for code, name in FINE.items()]
    head += [f"{code}_{name}_proximity" for code, name in FINE.items() if not code.endswith("X")]
    head += [f"{number}_{name}_presence" for number, name in enumerate(COARSE, 1)]
    lines = [",".join(head)]
    for split, sensor, file, annotator, heard, unasked in annotations:
        write_tone(folder / "audio-0" / file)
        fine = [-1 if int(code[0]) in unasked else int(code in heard) for code in FINE]
        coarse = [
            -1 if number in unasked else int(any(code.startswith(f"{number}-") for code in heard))
            for number in range(1, 9)
        ]
        near = ["near" if code in heard else "-1" for code in FINE if not code.endswith("X")]
        values = [split, sensor, file, annotator, 1, 547, 40.72951, -73.99388, 2017, 44, 3, 15, *fine, *near, *coarse]
        lines.append(",".join(map(str, values)))
    (folder / "annotations.csv").write_text("\n".join(lines) + "\n")
    return folder


# --- AudioSet -------------------------------------------------------------------------------------------------

AUDIOSET_CLASSES = {
    "/m/09x0r": "Speech", "/m/03kmc9": "Siren", "/m/04qvtq": "Police car (siren)", "/m/012n7d": "Ambulance (siren)",
    "/m/0bt9lr": "Dog", "/m/05tny_": "Bark", "/m/0342h": "Guitar", "/m/01g50p": "Railroad car, train wagon",
}  # fmt: skip


def write_audioset(folder: Path, lists: dict[str, Sequence[tuple[str, float, float, str]]]) -> Path:
    """Lists of segments with their three lines of comment, ``class_labels_indices.csv`` and ``ontology.json``."""
    for name, segments in lists.items():
        lines = [
            "# Segments csv created Sun Mar  5 10:54:31 2017",
            f"# num_ytids={len(segments)}, num_segs={len(segments)}, num_unique_labels=527, num_positive_labels=9",
            "# YTID, start_seconds, end_seconds, positive_labels",
        ]
        lines += [f'{video}, {start:.3f}, {end:.3f}, "{mids}"' for video, start, end, mids in segments]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    lines = ["index,mid,display_name"]
    lines += [f'{number},{mid},"{name}"' for number, (mid, name) in enumerate(AUDIOSET_CLASSES.items())]
    (folder / "class_labels_indices.csv").write_text("\n".join(lines) + "\n")
    children = {"/m/03kmc9": ["/m/04qvtq", "/m/012n7d"], "/m/0bt9lr": ["/m/05tny_"], "/t/alarms": ["/m/03kmc9"]}
    names = {**AUDIOSET_CLASSES, "/t/alarms": "Alarm"}
    ontology = [
        {"id": mid, "name": name, "description": "", "citation_uri": "", "positive_examples": [],
         "child_ids": children.get(mid, []), "restrictions": []}
        for mid, name in names.items()
    ]  # fmt: skip
    (folder / "ontology.json").write_text(json.dumps(ontology))
    return folder
