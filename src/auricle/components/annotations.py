"""Reading marked intervals: tables of start, end and label, and Praat's TextGrid."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from auricle.errors import AuricleError, nearest

Interval = tuple[float, float, str]
"""Start and end in seconds, and a label."""

_TOKEN = re.compile(r'"(?:[^"]|"")*"|[^\s"]+')
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def read_intervals(file: str, tier: str | None = None) -> list[Interval]:
    """The labelled intervals of a file; what has no label in a TextGrid is a gap."""
    path = Path(file)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise AuricleError(f"{file} {what}; give a CSV file with start, end, label, or a Praat TextGrid")
    text = _decoded(path)
    if "ooTextFile" in text[:200] or path.suffix.lower() == ".textgrid":
        return textgrid(text, file, tier)
    if tier is not None:
        raise AuricleError(f"{file} is a table and has no tiers; leave out #{tier}")
    return table(text, file)


def table(text: str, file: str) -> list[Interval]:
    """Rows of start, end and (optional) label; a first row of words names the columns."""
    lines = text.splitlines()
    mark = next((each for each in "\t;" if lines and each in lines[0]), ",")
    columns = [0, 1, 2]
    found: list[Interval] = []
    for number, row in enumerate(csv.reader(lines, delimiter=mark), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        names = [cell.lower() for cell in cells]
        if not found and "start" in names and "end" in names:
            columns = [names.index("start"), names.index("end"), names.index("label") if "label" in names else -1]
            continue
        try:
            start, end = float(cells[columns[0]]), float(cells[columns[1]])
        except (ValueError, IndexError) as error:
            raise AuricleError(
                f'line {number} of {file}, "{mark.join(row)}", is no start, end, label; write two times in seconds and '
                "a label on each line"
            ) from error
        label = cells[columns[2]] if 0 <= columns[2] < len(cells) else ""
        found.append((start, end, label))
    return found


def textgrid(text: str, file: str, tier: str | None) -> list[Interval]:
    """One tier of a TextGrid, in its long or short form.

    Both forms are the same numbers and quoted strings in the same order; all else in the long form is for people.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("!"))
    tokens = iter([each for each in _TOKEN.findall("\n".join(lines)) if each[0] == '"' or _NUMBER.fullmatch(each)])
    tiers: dict[str, list[Interval]] = {}
    try:
        head = [next(tokens) for _ in range(5)]
        for _ in range(int(head[4])):
            kind, name = _string(next(tokens)), _string(next(tokens))
            _, _, count = next(tokens), next(tokens), int(next(tokens))
            if kind == "IntervalTier":
                rows = [(float(next(tokens)), float(next(tokens)), _string(next(tokens))) for _ in range(count)]
                tiers.setdefault(name, [row for row in rows if row[2].strip()])
            else:
                for _ in range(2 * count):
                    next(tokens)
    except (StopIteration, ValueError) as error:
        raise AuricleError(
            f"{file} is no complete TextGrid; open it in Praat and save it again as a text file"
        ) from error
    if not tiers:
        raise AuricleError(f"{file} has no tier of intervals; mark intervals (not points) in Praat")
    if tier is not None and tier not in tiers:
        raise AuricleError(f'{file} has no tier "{tier}"; {nearest(tier, tiers)}')
    return tiers[tier] if tier is not None else next(iter(tiers.values()))


def _string(token: str) -> str:
    if token[0] != '"':
        raise ValueError(token)
    return token[1:-1].replace('""', '"')


def _decoded(path: Path) -> str:
    """Praat writes UTF-8 or UTF-16, spreadsheets UTF-8 with a mark."""
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise AuricleError(f"{path} is not text in UTF-8 or UTF-16; save it as UTF-8") from error
