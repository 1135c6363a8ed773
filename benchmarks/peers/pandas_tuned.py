"""The product's intake with pandas, tuned: a source is one frame, and only repeated keys are compared.

Reads a folder of source files, checks every row by the contract, tells versions and duplicates apart by key and
writes one Parquet file a source and one of rejected rows. Run as
`python -m benchmarks.peers.pandas_tuned FOLDER OUT LOADED_AT`; prints the counts of every file as JSON.

It reads and checks with the same code as the plain peer; but hundreds of small files cost it one check of all
their rows, and rows whose key occurs once are never sorted.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.peers.pandas_checks import (
    META,
    check_rows,
    count_files,
    is_warned,
    placed_instants,
    zones_of_batches,
)
from benchmarks.peers.pandas_plain import main
from benchmarks.peers.pandas_reading import Rules, files_of, rows_of
from pipeline.contract import SOURCES, Source


def statuses(landed: pd.DataFrame, source: Source, zone_of_batch: pd.Series) -> pd.Series:
    """`accepted`, `superseded` or `duplicate` for every landed row."""
    status = pd.Series("accepted", landed.index, dtype="str")
    coarse = [name for name in source.key if name not in source.held_as_given]
    again = landed[landed.duplicated(coarse, keep=False)].sort_values(META)
    for name in source.held_as_given:
        again[name] = placed_instants(again, name, zone_of_batch)
    copies = again.duplicated(list(source.column_names), keep="first")
    status[again.index[copies]] = "duplicate"
    versions = again[~copies].sort_values(["_known_at", *META])
    status[versions.index[versions.duplicated(list(source.key), keep="last")]] = "superseded"
    return status


def take_folder(folder: Path, out: Path, rules: Rules) -> dict[str, dict[str, int]]:
    """Takes every file of a folder, writes the tables, and returns the counts of every file."""
    out.mkdir(parents=True, exist_ok=True)
    counts: dict[str, dict[str, int]] = {}
    rejected: list[pd.DataFrame] = []
    zones = pd.Series(dtype="str")
    for source in SOURCES.values():
        files = files_of(folder, source)
        read = [rows_of(path, number, source, rules) for number, path in files.items()]
        if not read:
            continue
        rows = pd.concat([rows for rows, _ in read], ignore_index=True)
        landed, rejects = check_rows(rows, source, rules)
        landed = landed.assign(_status=statuses(landed, source, zones))
        rejects = pd.concat([rejects, *(spoilt for _, spoilt in read)])
        if source.name == "consignments":
            zones = zones_of_batches(landed, rules)
        written = landed.drop(columns=list(source.held_as_given))
        written.to_parquet(
            out / f"{source.name}.parquet", compression="zstd", compression_level=1, index=False
        )
        rejected.append(rejects.assign(source=source.name))
        names = {number: path.name for number, path in files.items()}
        counts |= count_files(names, landed, is_warned(landed, source, zones), rejects)
    pd.concat(rejected).to_parquet(out / "rejects.parquet", compression="zstd", index=False)
    return counts


if __name__ == "__main__":
    main(take_folder)
