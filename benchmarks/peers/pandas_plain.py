"""The product's intake as a competent user of pandas writes it at first: file by file, then versions.

Reads each file of a folder as text, checks its columns (whole columns, no loop over rows), puts the files of a source
together, tells duplicates and versions apart with `duplicated` and one sort by the time they became known, and
writes one Parquet file a source and one of rejected rows. Run as
`python -m benchmarks.peers.pandas_plain FOLDER OUT LOADED_AT`; prints the counts of every file as JSON.

The contract's columns come from `pipeline.contract`, the reference tables are read as CSV; all work is done by
pandas. It does less than the product in places, never more: no quoted field over several lines, no Parquet or Excel
files, no sentence a reason, everything of a source held in memory, nothing loaded step by step.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.peers.pandas_checks import (
    check_rows,
    count_files,
    is_warned,
    placed_instants,
    zones_of_batches,
)
from benchmarks.peers.pandas_reading import Rules, files_of, read_rules, rows_of
from pipeline.contract import SOURCES, Source

TakeFolder = Callable[[Path, Path, Rules], dict[str, dict[str, int]]]


def take_source(
    files: dict[int, Path], source: Source, rules: Rules, zone_of_batch: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The landed rows of a source with their status, and its rejected rows."""
    landed, rejects = [], []
    for number, path in files.items():
        rows, spoilt = rows_of(path, number, source, rules)
        good, bad = check_rows(rows, source, rules)
        landed.append(good)
        rejects += [bad, spoilt]
    table = pd.concat(landed, ignore_index=True)
    for name in source.held_as_given:
        table[name] = placed_instants(table, name, zone_of_batch)
    table["_status"] = "accepted"
    is_copy = table.duplicated(list(source.column_names), keep="first")
    table.loc[is_copy, "_status"] = "duplicate"
    versions = table[~is_copy].sort_values("_known_at", kind="stable")
    is_old = versions.duplicated(list(source.key), keep="last")
    table.loc[versions.index[is_old], "_status"] = "superseded"
    return table, pd.concat(rejects, ignore_index=True)


def take_folder(folder: Path, out: Path, rules: Rules) -> dict[str, dict[str, int]]:
    """Takes every file of a folder, writes the tables, and returns the counts of every file."""
    out.mkdir(parents=True, exist_ok=True)
    counts: dict[str, dict[str, int]] = {}
    rejected: list[pd.DataFrame] = []
    zones = pd.Series(dtype="str")
    for source in SOURCES.values():
        files = files_of(folder, source)
        if not files:
            continue
        landed, rejects = take_source(files, source, rules, zones)
        if source.name == "consignments":
            zones = zones_of_batches(landed, rules)
        landed.to_parquet(out / f"{source.name}.parquet", index=False)
        rejected.append(rejects.assign(source=source.name))
        names = {number: path.name for number, path in files.items()}
        counts |= count_files(names, landed, is_warned(landed, source, zones), rejects)
    pd.concat(rejected).to_parquet(out / "rejects.parquet", index=False)
    return counts


def main(take: TakeFolder) -> None:
    """Takes the folder of the command line and prints the counts of its files."""
    folder, out, loaded_at = sys.argv[1:4]
    json.dump({"files": take(Path(folder), Path(out), read_rules(pd.Timestamp(loaded_at)))}, sys.stdout)


if __name__ == "__main__":
    main(take_folder)
