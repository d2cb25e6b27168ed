"""Where a study lies: Parquet shards, sounds and a manifest, in a folder or at any address that fsspec knows.

A shard is there whole or not at all, and carries the key of everything that made it: as long as its key is the one
that is wanted, it is not made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import AuricleError
from auricle.files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

KEY = b"auricle.key"
FACTS = b"auricle"


class Store:
    """The files of one study below ``address``: a folder, or an fsspec address such as ``s3://bucket/study``."""

    def __init__(self, address: str | Path) -> None:
        import fsspec

        self.address = str(address)
        try:
            self.files, root = fsspec.core.url_to_fs(self.address)
        except (ValueError, ImportError) as error:
            raise AuricleError(
                f"{address} cannot be opened ({error}); give a folder, or install what it needs"
            ) from error
        self.root = root.rstrip("/")

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return "file" in (self.files.protocol if isinstance(self.files.protocol, tuple) else (self.files.protocol,))

    def path(self, name: str) -> str:
        """Where a file of the store lies, for the file system."""
        return f"{self.root}/{name}"

    # --- files ----------------------------------------------------------------------------------------------

    def exists(self, name: str) -> bool:
        return bool(self.files.exists(self.path(name)))

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        try:
            return bytes(self.files.cat_file(self.path(name)))
        except FileNotFoundError as error:
            raise AuricleError(f"{self.path(name)} does not exist; run the stage that writes it") from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole; raises `AuricleError` where that is impossible, as on a full disk."""
        if self.is_local:
            write_whole(Path(self.path(name)), content)
            return
        try:
            self.files.pipe_file(self.path(name), content)
        except OSError as error:
            raise AuricleError(f"{self.path(name)} cannot be written ({error}); free its place and go on") from error

    def remove(self, name: str) -> None:
        """Remove a file or a folder with all in it, if it is there."""
        if self.exists(name):
            self.files.rm(self.path(name), recursive=True)

    def names(self, folder: str, ending: str = ".parquet") -> list[str]:
        """Names of the files right in a folder, sorted."""
        if not self.exists(folder):
            return []
        found = self.files.ls(self.path(folder), detail=False)
        return sorted(f"{folder}/{Path(each).name}" for each in found if str(each).endswith(ending))

    def folders(self, folder: str) -> list[str]:
        """Names of the folders right in a folder, sorted."""
        if not self.exists(folder):
            return []
        found = self.files.ls(self.path(folder), detail=True)
        return sorted(Path(each["name"].rstrip("/")).name for each in found if each["type"] == "directory")

    # --- tables ---------------------------------------------------------------------------------------------

    def key_of(self, name: str) -> str | None:
        """The key that a shard carries; None where there is no whole shard."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        if not self.exists(name):
            return None
        try:
            with self.files.open(self.path(name), "rb") as file:
                found = parquet.ParquetFile(file).schema_arrow.metadata or {}
        except (pa.ArrowException, OSError):
            return None
        return found[KEY].decode() if KEY in found else None

    def write_table(self, name: str, table: pa.Table, *, key: str = "", facts: Mapping[str, Any] | None = None) -> None:
        """A table as one Parquet file, with its key and facts in its schema."""
        import io

        import pyarrow.parquet as parquet

        told = {KEY: key.encode(), FACTS: json.dumps(facts or {}).encode()}
        target = io.BytesIO()
        parquet.write_table(table.replace_schema_metadata(told), target, compression="zstd")
        self.write(name, target.getvalue())

    def read_table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """One Parquet file."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        if not self.exists(name):
            raise AuricleError(f"{self.path(name)} does not exist; run the stage that writes it")
        try:
            with self.files.open(self.path(name), "rb") as file:
                wanted = None if columns is None else list(columns)
                # A reading thread that lets go of a Python file while the interpreter ends would abort the process.
                return parquet.ParquetFile(file).read(columns=wanted, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise AuricleError(
                f"{self.path(name)} cannot be read ({str(error).splitlines()[0]}); remove it, and run the study again"
            ) from error

    def facts_of(self, name: str) -> dict[str, Any]:
        """What was written beside a table."""
        return dict(json.loads((self.read_table(name, columns=[]).schema.metadata or {}).get(FACTS, b"{}")))

    def table(self, folder: str, columns: Sequence[str] | None = None) -> pa.Table | None:
        """All shards of a folder as one table; None where there are none."""
        import pyarrow as pa

        shards = [self.read_table(name, columns) for name in self.names(folder)]
        if not shards:
            return None
        return pa.concat_tables([each.replace_schema_metadata(None) for each in shards])

    def rows(self, folder: str, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Row by row over all shards of a folder; one shard is in memory at a time."""
        for name in self.names(folder):
            yield from self.read_table(name, columns).to_pylist()
