"""The product against the oracle: the same files and questions, by the command line and by plain Python.

`DGWATCH_EXAMPLES` sets how many worlds are drawn, anew each time; without it a few, always the same.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake.support import search_every_table
from oracle import pollute, strategies
from oracle.clearance import COUNTS as CLEARANCE_COUNTS
from oracle.clearance import STAGES, clearance_report
from oracle.records import Lake, utc
from oracle.reports import (
    STAYS,
    Options,
    Table,
    campaign_report,
    differences,
    instant,
    stays_report,
    stock_report,
)
from oracle.stock import CAMPAIGN_COUNTS, COLUMN_OF, MEASURES
from oracle.strategies import CAMPAIGN, World
from oracle.tables import SHIPPED, Tables

from pipeline.cli import main
from pipeline.loading import whole

EXAMPLES = int(os.environ.get("DGWATCH_EXAMPLES", 12))
DRAWN = settings(
    max_examples=EXAMPLES,
    derandomize="DGWATCH_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
csv.field_size_limit(1 << 24)  # the raw text of a rejected line may be as long as the line
COUNTS = ("read", "accepted", "superseded", "duplicate", "rejected")
REASONS = re.compile(
    "bad_[a-z_]+|unknown_(?:port|code)|implausible_time|missing_value|negative_quantity|finding_without_code"
    "|wrong_field_count|undecodable|line_too_long"
)


@pytest.fixture(scope="module", autouse=True)
def _search() -> Iterator[None]:
    """Small worlds are searched by keys, as large lakes are."""
    with pytest.MonkeyPatch.context() as patch:
        search_every_table(patch)
        yield


class Product:
    """The command line on a lake of its own."""

    def __init__(self, folder: Path, reference: dict[str, str]) -> None:
        self.folder = folder
        (folder / "reference").mkdir()
        for name, text in reference.items():
            (folder / "reference" / name).write_text(text, encoding="utf-8")
        self.loads = 0

    def run(self, *words: str) -> str:
        """What a command prints on standard output; fails on any exit code but 0, with what it said."""
        argv = [*words, "--lake", str(self.folder / "lake"), "--reference", str(self.folder / "reference")]
        out, said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline=""), io.StringIO()
        with redirect_stdout(out), redirect_stderr(said):
            code = main(argv)
        out.flush()
        assert code == 0, f"exit code {code} of {' '.join(words)}\n{said.getvalue()}"
        return out.buffer.getvalue().decode()

    def load(self, files: list[tuple[str, bytes]], loaded_at: str) -> list[dict[str, object]]:
        """The summary of each file, in the order handed in."""
        self.loads += 1
        folder = self.folder / f"load-{self.loads}"
        folder.mkdir()
        for name, data in files:
            (folder / name).write_bytes(data)
        paths = [str(folder / name) for name, _ in files]
        printed = json.loads(self.run("load", *paths, "--loaded-at", loaded_at, "--json"))
        return list(printed["files"])

    def table(self, *words: str) -> Table:
        """A report's rows."""
        return list(csv.DictReader(io.StringIO(self.run(*words), newline="")))


@contextmanager
def both(world: World) -> Iterator[tuple[Lake, Product]]:
    """The oracle's lake and the product's, with the world's reference tables."""
    with tempfile.TemporaryDirectory() as name:
        product = Product(Path(name), world.reference)
        yield Lake(Tables(SHIPPED, Path(name) / "reference")), product


def compare(expected: Table, actual: Table, key: tuple[str, ...], columns: tuple[str, ...]) -> None:
    found = differences(expected, actual, key, columns)
    assert not found, "\n" + "\n".join(found)


def compare_load(lake: Lake, product: Product, files: list[tuple[str, bytes]], loaded_at: str) -> None:
    """The counts of one call, file by file."""
    expected = lake.load(files, utc(loaded_at))
    actual = product.load(files, loaded_at)
    found = []
    for ours, theirs in zip(expected, actual, strict=True):
        wanted = {name: getattr(ours, name) for name in COUNTS}
        wanted |= {"already_loaded": ours.already_loaded, "refused": bool(ours.error)}
        got = {name: theirs[name] for name in COUNTS}
        got |= {"already_loaded": theirs["already_loaded"], "refused": bool(theirs["error"])}
        if wanted != got:
            found.append(f"{ours.file}: expected {wanted}, got {got} ({ours.error!r}, {theirs['error']!r})")
    assert not found, "\n" + "\n".join(found)


@DRAWN
@pytest.mark.timeout(3600)
@given(data=st.data())
def test_worlds(data: st.DataObject) -> None:
    """Loads, stays, stock, campaign and clearance of a drawn world, asked in several ways; some after a rebuild."""
    world = data.draw(strategies.worlds(), label="world")
    with both(world) as (lake, product):
        for load in world.loads:
            compare_load(lake, product, load.files, instant(load.loaded_at))
        slices = data.draw(st.sampled_from([0, 1, 3]), label="slices of a rebuild")
        if slices:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(whole, "slices_needed", lambda rows, memory_limit: slices)
                product.run("rebuild")
        for _ in range(2):
            asked = data.draw(strategies.options(world), label="options")
            by = data.draw(strategies.stock_columns(), label="by")
            check_stays(lake, product, asked)
            check_stock(lake, product, asked, by)
            check_campaign(lake, product, asked)
            check_clearance(lake, product, asked, data.draw(st.sampled_from(STAGES), label="stage"))


def check_stays(lake: Lake, product: Product, asked: Options) -> None:
    actual = product.table("report", "stays", *asked.arguments())
    key: tuple[str, ...] = ("un_location_code", "consignment_id", "arrived_at")
    if asked.count == "unit":
        key = ("equipment_reference", *key)
    columns = tuple(name for name in STAYS if name not in key)
    compare(stays_report(lake, asked), actual, key, columns)


def check_stock(lake: Lake, product: Product, asked: Options, by: str) -> None:
    actual = product.table("report", "stock", "--by", by, *asked.arguments())
    expected = stock_report(lake, asked, by)
    if "age_bucket" in by:  # whether a bucket that nothing is in has a row is left open
        actual, expected = without_empty(actual), without_empty(expected)
    compare(expected, actual, tuple(COLUMN_OF[name] for name in by.split(",")), MEASURES)


def without_empty(table: Table) -> Table:
    return [row for row in table if any(row[name] not in ("0", "") for name in MEASURES)]


def check_campaign(lake: Lake, product: Product, asked: Options) -> None:
    asked = Options(as_of=asked.as_of, known_at=asked.known_at)
    columns: tuple[str, ...] = ("day", "days", *CAMPAIGN_COUNTS, "target_cleared")
    words = ("report", "campaign", "--campaign", CAMPAIGN, *asked.arguments())
    expected, actual = campaign_report(lake, asked, CAMPAIGN), product.table(*words)
    for row in (*expected, *actual):
        if row["scope"] == "all":  # whose local day it is for ports in several zones is left open
            row["day"] = ""
    compare(expected, actual, ("scope",), columns)
    expected = campaign_report(lake, asked, CAMPAIGN, by_date=True)
    columns = ("day", "remaining", "cleared", "target_line")
    compare(expected, product.table(*words, "--by", "date"), ("scope", "date"), columns)


def check_clearance(lake: Lake, product: Product, asked: Options, stage: str) -> None:
    asked = replace(asked, count="batch")
    actual = product.table("report", "clearance", "--stage", stage, *asked.arguments())
    actual = [row for row in actual if row["clock"] != "period"]
    columns = (*CLEARANCE_COUNTS, "mean_hours")
    compare(clearance_report(lake, asked, stage), actual, ("un_location_code", "clock"), columns)


@pytest.mark.parametrize("kind", ["known", "random"])
def test_spoilt_files(kind: str, tmp_path: Path) -> None:
    """Spoilt files, many in one call: their counts, and of every rejected line its file and reasons."""
    seed = 1 if "DGWATCH_EXAMPLES" not in os.environ else random.randrange(10**6)
    files = pollute.spoilt_files() if kind == "known" else pollute.mutated_files(seed, 200)
    product = Product(tmp_path, {})
    lake = Lake(Tables())
    compare_load(lake, product, files, "2022-07-01T00:00:00Z")
    expected = [
        {"file": file.name, "line": str(reject.line), "reasons": " ".join(sorted(reject.reasons))}
        for file in lake.taken.values()
        for reject in file.rejects
    ]
    actual = [
        {
            "file": Path(row["file"]).name,
            "line": row["line"],
            "reasons": " ".join(sorted(set(REASONS.findall(row["reasons"])))),
        }
        for row in product.table("rejects")
    ]
    compare(expected, actual, ("file", "line"), ("reasons",))
