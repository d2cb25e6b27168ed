"""Reading the CSV files that data sets are published with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    import pyarrow as pa


def read_csv(path: Path, needed: Sequence[str]) -> pa.Table:
    """A CSV file with a header as a table that has at least the ``needed`` columns, each with the type it looks like.

    Raises `AuricleError` for a file that is missing or no CSV, and for the first column that is not there.
    """
    import pyarrow as pa
    from pyarrow import csv

    if not path.is_file():
        raise AuricleError(f"{path} does not exist; give the folder that the data set was unpacked to")
    try:
        table = csv.read_csv(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise AuricleError(f"{path} cannot be read as CSV ({error}); copy or download it again") from error
    for column in needed:
        if column not in table.column_names:
            raise AuricleError(f'{path} has no column "{column}"; {nearest(column, table.column_names)}')
    return table
