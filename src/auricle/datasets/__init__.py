"""Data sets: tables of clips, their published splits, where they come from.

>>> from auricle.datasets import SOURCES
>>> SOURCES["fsdd"].layout
'recordings/{digit}_{speaker}_{take}.wav'
"""

from __future__ import annotations

from auricle.datasets.catalogue import SOURCES, open_dataset
from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Remote, Source
from auricle.datasets.splits import SCHEMES, Split, choose_split, splits

__all__ = [
    "SCHEMES",
    "SOURCES",
    "About",
    "Dataset",
    "Remote",
    "Source",
    "Split",
    "choose_split",
    "open_dataset",
    "splits",
    "table_of",
]
