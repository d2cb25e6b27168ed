"""ESC-50: 2,000 environmental recordings of five seconds in 50 classes, and its subset ESC-10."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from auricle.datasets.csv_file import read_csv
from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Remote, Source
from auricle.errors import AuricleError

CATEGORIES = tuple(
    """
    dog rooster pig cow frog cat hen insects sheep crow
    rain sea_waves crackling_fire crickets chirping_birds water_drops wind pouring_water toilet_flush thunderstorm
    crying_baby sneezing clapping breathing coughing footsteps laughing brushing_teeth snoring drinking_sipping
    door_wood_knock mouse_click keyboard_typing door_wood_creaks can_opening washing_machine vacuum_cleaner
    clock_alarm clock_tick glass_breaking
    helicopter chainsaw siren car_horn engine train church_bells airplane fireworks hand_saw
    """.split()
)
"""In the order of the data set's own numbers (its column ``target``)."""

ESC10 = (
    "dog", "rooster", "rain", "sea_waves", "crackling_fire", "crying_baby", "sneezing", "clock_tick", "helicopter",
    "chainsaw",
)  # fmt: skip

COLUMNS = ("filename", "fold", "target", "category", "esc10", "src_file", "take")

ABOUT = About(
    title="ESC-50: Dataset for Environmental Sound Classification",
    licence="CC BY-NC 3.0 (the ESC-10 subset: CC BY)",
    homepage="https://github.com/karolpiczak/ESC-50",
    citation="Piczak: ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015, "
    "doi:10.1145/2733373.2806390",
)


def open_esc50(folder: Path) -> Dataset:
    """The recordings that ``meta/esc50.csv`` lists, with the published folds.

    Fragments of one Freesound recording share ``src_file``, the group; the published folds keep them together.
    """
    table = read_csv(folder / "meta" / "esc50.csv", COLUMNS)
    rows = []
    for entry in table.select(list(COLUMNS)).to_pylist():
        number, category = entry["target"], entry["category"]
        if not (isinstance(number, int) and 0 <= number < len(CATEGORIES) and CATEGORIES[number] == category):
            raise AuricleError(
                f"{folder / 'meta' / 'esc50.csv'} gives {entry['filename']} the target {number} and the category "
                f"{category}, which do not belong together; copy it again"
            )
        relative = f"audio/{entry['filename']}"
        rows.append({
            "id": relative, "path": relative, "category": category, "fold": entry["fold"],
            "esc10": str(entry["esc10"]) == "True", "src_file": str(entry["src_file"]), "take": entry["take"],
        })  # fmt: skip
    return Dataset(
        name="esc50",
        table=table_of(rows),
        root=folder,
        classes={"category": CATEGORIES},
        group="src_file",
        about=ABOUT,
    )


def esc10(dataset: Dataset) -> Dataset:
    """The recordings of ESC-10: ten classes that are easily told apart, under a freer licence."""
    return replace(dataset.filter(esc10=True), name="esc10", classes={"category": ESC10})


SOURCE = Source(
    name="esc50",
    about=ABOUT,
    layout="audio/{fold}-{src_file}-{take}-{target}.wav, meta/esc50.csv",
    open=open_esc50,
    # A commit, not the branch: checksums of the branch's archive that others publish are out of date (soundata#208).
    remotes=(
        Remote(
            url="https://github.com/karolpiczak/ESC-50/archive/33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6.zip",
            checksum="",
            name="esc50.zip",
        ),
    ),
)
