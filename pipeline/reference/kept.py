"""Reference tables as they were read, checked and typed once, kept beside a lake.

To parse them takes a tenth of a day's load. They are kept under a digest of what they came from, so that others are
never taken for them; what is torn or gone is parsed again.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

_NAME = b"dgwatch.table"


@dataclass(frozen=True)
class KeptTables:
    """One set of tables in a folder, which may not be there; None keeps nothing.

    Of no account in comparisons: the same files are the same tables wherever those are kept.
    """

    folder: Path | None = field(compare=False, default=None)

    def read(self, key: str, names: Iterable[str]) -> dict[str, pa.Table] | None:
        """The tables that were kept under a key; None where not all of these names are there."""
        if self.folder is None:
            return None
        try:
            with pa.OSFile(str(self._path(self.folder, key))) as file:
                tables = dict(_next_table(file) for _ in names)
        except (OSError, pa.ArrowException, KeyError, TypeError):
            return None
        return tables if tables.keys() == set(names) else None

    def keep(self, key: str, tables: Mapping[str, pa.Table]) -> None:
        """Keeps tables in place of those before, where there is a lake that can be written."""
        if self.folder is None or not self.folder.parent.is_dir():
            return
        path = self._path(self.folder, key)
        waiting = path.with_name(f"{uuid.uuid4().hex}.half")
        with suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            with pa.OSFile(str(waiting), "wb") as file:
                for name, table in tables.items():
                    named = table.replace_schema_metadata({_NAME: name})
                    with pa.ipc.new_stream(file, named.schema) as stream:
                        stream.write_table(named)
            os.replace(waiting, path)
            for other in self.folder.iterdir():
                if other != path:
                    other.unlink(missing_ok=True)

    def _path(self, folder: Path, key: str) -> Path:
        return folder / f"{key}.arrows"


def _next_table(file: pa.NativeFile) -> tuple[str, pa.Table]:
    table = pa.ipc.open_stream(file).read_all()
    return table.schema.metadata[_NAME].decode(), table.replace_schema_metadata(None)
