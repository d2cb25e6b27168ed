"""AudioMNIST: English digits by 60 speakers, 50 repetitions each, with age, accent and gender of every speaker."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.fsdd import DIGITS
from auricle.datasets.source import Remote, Source
from auricle.datasets.splits import Split, by_column
from auricle.errors import AuricleError

GENDERS = ("male", "female")

DIGIT_GROUPS = (
    (28, 56, 7, 19, 35, 1, 6, 16, 23, 34, 46, 53),
    (36, 57, 9, 24, 37, 2, 8, 17, 29, 39, 48, 54),
    (43, 58, 14, 25, 38, 3, 10, 20, 30, 40, 49, 55),
    (12, 47, 59, 15, 27, 41, 4, 11, 21, 31, 44, 50),
    (26, 52, 60, 18, 32, 42, 5, 13, 22, 33, 45, 51),
)
"""Speakers in the published order. Of fold k three groups from k on train, the next validates, the last tests."""

GENDER_GROUPS = (
    (36, 47, 56, 2, 44, 50),
    (26, 12, 57, 25, 37, 45),
    (43, 28, 52, 48, 53, 41),
    (58, 59, 60, 7, 23, 38),
)
"""All twelve women with twelve men. Of fold k two groups from k on train, the next validates, the last tests."""

NOT_DESCRIBED = {"17": "male", "22": "male", "34": "male"}
"""Speakers whom older copies of the metadata leave out; their gender, as the later ones have it."""

ROOMS = {"kino": "Kino", "ruheraum": "Ruheraum", "library": "library", "vr-room": "VR-room", "vr-romm": "VR-room"}

METADATA = "audioMNIST_meta.txt"

ABOUT = About(
    title="AudioMNIST",
    licence="MIT",
    homepage="https://github.com/soerenab/AudioMNIST",
    citation="Becker, Ackermann, Lapuschkin, Müller, Samek: Interpreting and Explaining Deep Neural Networks for "
    "Classification of Audio Signals, arXiv:1807.03418, 2018",
)


def open_audiomnist(folder: Path, *, name: str = "audiomnist", about: About = ABOUT) -> Dataset:
    """The recordings of ``folder`` (the repository, or its folder ``data``), with what is known of their speakers.

    ``name`` and ``about`` are for other corpora in the same layout.
    """
    data = folder / "data" if (folder / "data").is_dir() else folder
    described = _speakers(data / METADATA)
    rows = []
    for path in sorted(data.glob("*/*.wav")):
        parts = path.stem.split("_")
        speaker = path.parent.name
        if len(parts) != 3 or parts[1] != speaker or not (parts[0] in set("0123456789") and parts[2].isdigit()):
            raise AuricleError(
                f"{path} is not named as AudioMNIST names recordings, SPEAKER/DIGIT_SPEAKER_REPETITION.wav; take it out"
            )
        if speaker not in described:
            raise AuricleError(
                f'{data / METADATA} says nothing about speaker {speaker}; add an entry "{speaker}" to it'
            )
        relative = path.relative_to(folder).as_posix()
        rows.append({
            "id": relative, "path": relative, "digit": DIGITS[int(parts[0])], "speaker": speaker,
            "repetition": int(parts[2]), **described[speaker],
        })  # fmt: skip
    if not rows:
        raise AuricleError(f"{folder} holds no recordings of AudioMNIST; give the folder that holds data/01/0_01_0.wav")
    return Dataset(
        name=name,
        table=table_of(rows),
        root=folder,
        classes={"digit": DIGITS, "gender": GENDERS},
        group="speaker",
        schemes={
            "digit": partial(_folds, groups=DIGIT_GROUPS, training=3),
            "gender": partial(_folds, groups=GENDER_GROUPS, training=2),
        },
        about=about,
    )


def _folds(dataset: Dataset, *, groups: tuple[tuple[int, ...], ...], training: int) -> list[Split]:
    """As many folds as groups of speakers: from group k on, ``training`` train, the next validates, the last tests."""
    named = [{f"{speaker:02d}" for speaker in group} for group in groups]
    parts = []
    for fold in range(len(named)):
        *train, validate, test = (named[(fold + step) % len(named)] for step in range(training + 2))
        parts.append((f"fold {fold}", set().union(*train), validate, test))
    return by_column(dataset, "speaker", parts)


def _speakers(path: Path) -> dict[str, dict[str, Any]]:
    """What the metadata file knows of each speaker, in clean values."""
    if not path.is_file():
        raise AuricleError(f"{path} does not exist; it says who spoke, so copy it from {ABOUT.homepage}")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        found = {speaker: _cleaned(entry) for speaker, entry in entries.items()}
    except (ValueError, AttributeError) as error:
        raise AuricleError(f"{path} is not AudioMNIST's metadata ({error}); copy it again") from error
    wrong = [speaker for speaker, entry in found.items() if entry["gender"] not in GENDERS]
    if wrong:
        raise AuricleError(f"{path} gives speaker {wrong[0]} no gender of {', '.join(GENDERS)}; correct the entry")
    unknown = _cleaned({})
    return {speaker: {**unknown, "gender": gender} for speaker, gender in NOT_DESCRIBED.items()} | found


def _cleaned(entry: dict[str, Any]) -> dict[str, Any]:
    """One entry in one spelling: age a number (null for 1234, a placeholder), room, time of recording as ISO 8601."""
    age = str(entry.get("age", "")).strip()
    room = str(entry.get("recordingroom", "")).strip()
    time = str(entry.get("recordingdate", "")).split("-")
    accent = str(entry.get("accent", "")).strip()
    return {
        "gender": str(entry.get("gender", "")).strip().lower(),
        "age": int(age) if age.isdigit() and int(age) < 120 else None,
        "accent": accent[:1].upper() + accent[1:] or None,
        "native_speaker": {"yes": True, "no": False}.get(str(entry.get("native speaker", "")).strip().lower()),
        "origin": str(entry.get("origin", "")).strip() or None,
        "room": ROOMS.get(room.lower(), room) or None,
        "recorded": f"20{'-'.join(time[:3])}T{':'.join(time[3:])}" if len(time) == 6 else None,
    }


SOURCE = Source(
    name="audiomnist",
    about=ABOUT,
    layout="data/{speaker}/{digit}_{speaker}_{repetition}.wav, data/audioMNIST_meta.txt",
    open=open_audiomnist,
    remotes=(
        Remote(
            url="https://github.com/soerenab/AudioMNIST/archive/refs/heads/master.zip",
            checksum="",
            name="audiomnist.zip",
        ),
    ),
)
