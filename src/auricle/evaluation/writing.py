"""Tables and texts as files that are there whole or not at all, readable by pandas, DuckDB and a spreadsheet."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as Parquet, with the metadata of its schema."""
    import pyarrow.parquet as parquet

    target = io.BytesIO()
    parquet.write_table(table, target)
    return target.getvalue()


def csv_bytes(table: pa.Table) -> bytes:
    """A table as CSV with a header; lists have ``;`` between, and what is missing or NaN is empty.

    >>> import pyarrow as pa
    >>> csv_bytes(pa.table({"id": ["a"], "labels": [["dog", "rain"]], "f1": [float("nan")]})).decode()
    '"id","labels","f1"\\n"a","dog;rain",\\n'
    """
    import pyarrow as pa
    from pyarrow import csv

    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            columns[name] = pa.array(
                [None if each is None else ";".join(map(str, each)) for each in column.to_pylist()]
            )
        elif pa.types.is_floating(column.type):
            columns[name] = pa.array([None if each is None or each != each else each for each in column.to_pylist()])
        elif pa.types.is_nested(column.type):
            columns[name] = pa.array([json.dumps(each) for each in column.to_pylist()])
        else:
            columns[name] = column
    target = io.BytesIO()
    csv.write_csv(pa.table(columns), target)
    return target.getvalue()


def json_bytes(value: Any) -> bytes:
    """A value as strictly valid JSON; what is not finite is null.

    >>> json_bytes({"kappa": float("nan")})
    b'{\\n  "kappa": null\\n}\\n'
    """
    return (json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
