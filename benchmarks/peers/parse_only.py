"""The floor: the same bytes read by DuckDB as text, every column, nothing checked and nothing kept.

Run as `python -m benchmarks.peers.parse_only FOLDER`; prints rows and characters as JSON. Files of one form (columns,
separator) are read in one call, on all cores. GB18030 is read byte by byte (as Latin-1): none of its characters holds
a separator or a quote.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path

import duckdb


def form_of(path: Path) -> tuple[str, str, int, str]:
    """(separator, encoding, columns, source) of a file, from its first line."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        header = file.readline()
    separator = max(",;", key=lambda mark: header.count(mark.encode()))
    encoding = "utf-8"
    try:
        header.decode()
    except UnicodeDecodeError:
        encoding = "latin-1"
    return separator, encoding, header.count(separator.encode()) + 1, path.name.split("_")[0]


def main(folder: str) -> None:
    """Reads every file of the folder."""
    forms = defaultdict(list)
    for path in sorted(Path(folder).iterdir()):
        if path.name.endswith((".csv", ".csv.gz")):
            forms[form_of(path)].append(str(path))
    connection = duckdb.connect()
    rows = characters = 0
    for (separator, encoding, columns, _), files in forms.items():
        names = [f"c{place}" for place in range(columns)]
        lengths = " + ".join(f"coalesce(strlen({name}), 0)" for name in names)
        found = connection.execute(
            f"SELECT count(*), sum({lengths}) FROM read_csv($files, auto_detect = false, header = true, "
            "columns = $columns, delim = $separator, quote = '\"', escape = '\"', encoding = $encoding, "
            "ignore_errors = true, null_padding = false)",
            {
                "files": files,
                "columns": dict.fromkeys(names, "VARCHAR"),
                "separator": separator,
                "encoding": encoding,
            },
        ).fetchone()
        assert found is not None
        rows, characters = rows + found[0], characters + int(found[1] or 0)
    json.dump({"rows": rows, "characters": characters}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:2])
