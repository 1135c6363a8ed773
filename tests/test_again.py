"""A figure that was published comes out again to the digit, after corrections, withdrawals and late rows have come."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline import again, export
from pipeline.cli import main
from pipeline.errors import UserMistake
from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings

ACTION = ("--campaign", "special-action-2022")
IN_IT = ("--as-of", "2022-08-20T12:00:00+08:00")
PUBLISHED = {
    "campaign.csv": ("campaign", *ACTION, *IN_IT),
    "burn_down.csv": ("campaign", *ACTION, "--by", "date"),
    "forecast.csv": ("campaign_forecast", *ACTION, *IN_IT),
    "reduction.csv": ("reduction", *ACTION),
    "reduction_of_dwell.csv": ("reduction", *ACTION, "--measure", "dwell", "--tau-days", "90.5"),
    "dwell.csv": ("dwell", "--by", "port,class", "--from", "2022-06-15", "--to", "2022-09-22"),
    "dwell_of_units.csv": ("dwell", "--count", "unit", "--port", "CNSHA", "--port", "CNNBO"),
    "clearance.csv": ("clearance", "--stage", "customs", "--direction", "import"),
    "survival.csv": ("survival", "--by", "all"),
    "stock.csv": ("stock", "--by", "date,port", "--class", "3", "--class", "8"),
    "stays.csv": ("stays", "--from", "2022-07-01", "--known-at", "2023-06-30T00:00:00Z"),
    "compare.csv": ("compare", *ACTION),
    "why.csv": ("why", *ACTION),
    "rebound.csv": ("rebound", *ACTION),
    "pilots.csv": ("pilots", "--campaign", "pilot-2023"),
    "hit_rates.csv": ("hit_rates", *ACTION),
    "alerts.csv": ("alerts",),
    "indicators.csv": ("indicators", *IN_IT),
    "compare.xlsx": ("compare", *ACTION, *IN_IT),
    "dwell.parquet": ("dwell", "--by", "all", "--tau-days", "30"),
    "stock.json": ("stock",),
}
AS_IT_IS_NOW = {"stays.csv"}
"""What was asked as known before the corrections says the same without being asked again."""
LOADED, LATER = "2024-02-01T00:00:00Z", "2024-06-01T00:00:00Z"


@dataclass(frozen=True)
class Said:
    """What a call gave back."""

    code: int
    out: bytes
    err: str


def call(*words: object) -> Said:
    out, said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline=""), io.StringIO()
    with redirect_stdout(out), redirect_stderr(said):
        code = main([str(word) for word in words])
    out.flush()
    return Said(code, out.buffer.getvalue(), said.getvalue())


def told(*words: object) -> bytes:
    said = call(*words)
    assert said.code == 0, said.err
    return said.out


@dataclass(frozen=True)
class Desk:
    """A lake, the files it was loaded from, and the figures that were published from it."""

    folder: Path

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def published(self, name: str) -> Path:
        return self.folder / "published" / name

    def about(self, name: str) -> dict[str, Any]:
        text = self.published(f"{name}.meta.json").read_text(encoding="utf-8")
        about: dict[str, Any] = json.loads(text)
        return about

    def rows(self, source: str) -> pd.DataFrame:
        """Rows of a source as they were handed in, of files with English headers."""
        frames = []
        for path in sorted((self.folder / "files").glob(f"{source}_*.csv")):
            text = path.read_bytes()
            if text.startswith(b"\xef\xbb\xbf") or text[:10].isascii():
                frame = pd.read_csv(io.BytesIO(text), dtype=str, encoding="utf-8-sig", on_bad_lines="skip")
                frames.append(frame[frame["recorded_at"].str.len().eq(25)])
        return pd.concat(frames, ignore_index=True)

    def load(self, name: str, loaded_at: str, **sources: pd.DataFrame) -> None:
        folder = self.folder / name
        folder.mkdir()
        for source, frame in sources.items():
            frame.to_csv(folder / f"{source}_{name}.csv", index=False)
        told("load", folder, "--lake", self.lake, "--loaded-at", loaded_at)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("published"))
    told("sample", desk.folder / "files", "--batches", "1500", "--ports", "12", "--seed", "5")
    told("load", desk.folder / "files", "--lake", desk.lake, "--loaded-at", LOADED)
    (desk.folder / "published").mkdir()
    for name, words in PUBLISHED.items():
        told("report", *words, "--lake", desk.lake, "-o", desk.published(name))
    return desk


def corrections(desk: Desk, recorded_at: str | None) -> dict[str, pd.DataFrame]:
    """A tenth of everything withdrawn, another tenth moved, a batch a port that nobody had told of."""
    moves, milestones = desk.rows("yard_moves"), desk.rows("clearance_milestones")
    cases, findings = desk.rows("penalty_cases"), desk.rows("inspection_findings")
    found: dict[str, pd.DataFrame] = {}
    for source, rows in (("yard_moves", moves), ("penalty_cases", cases), ("inspection_findings", findings)):
        withdrawn = rows.iloc[::10].assign(voided="true")
        found[source] = withdrawn
    released = milestones[milestones["milestone"] == "released"]
    moved = released.iloc[1::10].assign(voided="true")
    late = moved.assign(voided="", occurred_at=_a_day_later(moved["occurred_at"]))
    found["clearance_milestones"] = pd.concat([released.iloc[::10].assign(voided="true"), moved, late])
    outs = moves[moves["event_type"] == "GTOT"].iloc[3::10]
    shifted = outs.assign(event_at=_a_day_later(outs["event_at"]))
    unknown = moves[moves["event_type"] == "DISC"].groupby("un_location_code").head(1)
    unknown = unknown.assign(event_id="late-" + unknown["event_id"], consignment_id="")
    found["yard_moves"] = pd.concat([found["yard_moves"], shifted, unknown])
    return {source: rows.assign(recorded_at=recorded_at or "") for source, rows in found.items()}


def _a_day_later(texts: pd.Series) -> pd.Series:
    return (pd.to_datetime(texts) + pd.Timedelta(days=1)).map(lambda instant: instant.isoformat())


@pytest.fixture(scope="module")
def corrected(world: Desk) -> Iterator[Desk]:
    """The lake after corrections that say when they were recorded, after publication, and after some that do not."""
    halves = corrections(world, "2024-03-01T09:00:00+08:00"), corrections(world, None)
    sides = (slice(0, None, 2), slice(1, None, 2))
    for name, half, side in zip(("corrections", "unsaid"), halves, sides, strict=True):
        world.load(name, LATER, **{source: rows.iloc[side] for source, rows in half.items()})
    yield world


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name.endswith(".csv")])
class TestAfterCorrections:
    def test_the_command_of_the_meta_prints_the_published_bytes(self, corrected: Desk, name: str) -> None:
        program, *words = shlex.split(corrected.about(name)["command"])
        assert program == "dgwatch"
        assert told(*words, "--lake", corrected.lake) == corrected.published(name).read_bytes()

    def test_and_the_figures_of_now_are_others(self, corrected: Desk, name: str) -> None:
        now = told("report", *PUBLISHED[name], "--lake", corrected.lake)
        assert (now == corrected.published(name).read_bytes()) == (name in AS_IT_IS_NOW)


@pytest.fixture(scope="module")
def backdated(corrected: Desk) -> Desk:
    """And after rows that claim to have been recorded long before the publication."""
    rows = corrections(corrected, "2022-07-01T09:00:00+08:00")
    corrected.load("backdated", LATER, **{source: part.iloc[::3] for source, part in rows.items()})
    return corrected


def test_every_published_file_comes_out_again(backdated: Desk) -> None:
    files = [backdated.published(name) for name in PUBLISHED]
    said = call("report", "--again", *files, "--lake", backdated.lake)
    assert said.code == 0, said.err
    table = pd.read_csv(io.BytesIO(said.out))
    assert list(table.columns) == list(again.COLUMNS)
    assert table["file"].tolist() == list(PUBLISHED)
    assert set(table["verdict"]) == {"identical"}
    assert (table["rows"] == table["rows_again"]).all() and (table["rows"] > 0).all()
    told_of = dict(zip(table["file"], table["published_file"], strict=True))
    assert told_of["dwell.csv"] == "as written" and told_of["compare.xlsx"] == "not looked at"


def test_known_at_alone_would_not_have_been_enough(backdated: Desk) -> None:
    """By the rulings a row counts from its recorded_at on: one that is dated back counts before it came."""
    _, *words = shlex.split(backdated.about("dwell.csv")["command"])
    assert told(*words, "--lake", backdated.lake) != backdated.published("dwell.csv").read_bytes()


def test_the_meta_says_what_the_figures_rest_on(world: Desk) -> None:
    about = world.about("reduction_of_dwell.csv")
    assert about["as_of"].startswith("2023-12-") and about["known_at"] < LOADED
    asked = {"campaign_id": "special-action-2022", "measure": "dwell", "tau_hours": 2172.0}
    assert about["filters"] == asked
    assert about["campaign"]["baseline_from"] == "2022-03-07" and about["campaign"]["ports"] == "all"
    assert about["last_file"] > 50 and len(about["reference"]["limit_rules"]) == 64
    assert about["command"].startswith("dgwatch report reduction --as-of 2023-12-")
    assert "--tau-days 90.5" in about["command"]
    frame = pd.read_csv(world.published("reduction_of_dwell.csv"), keep_default_na=False, dtype=str)
    assert about["columns"] == list(frame.columns) and about["rows"] == len(frame)
    assert world.about("stays.csv")["known_at"] == "2023-06-30T00:00:00Z"


@pytest.mark.parametrize(("name", "read"), [("compare.xlsx", "xlsx"), ("dwell.parquet", "parquet")])
def test_a_file_that_carries_its_meta_says_the_same(world: Desk, name: str, read: str) -> None:
    beside = world.about(name)
    if read == "xlsx":
        book = pd.ExcelFile(world.published(name), engine="openpyxl")
        sheet = book.parse("about", header=None, dtype=str)
        inside = sheet.set_index(0)[1].to_dict()
        assert inside["rows_sha256"] == beside["rows_sha256"]
        assert json.loads(inside["filters"]) == beside["filters"]
    else:
        schema = pq.read_schema(world.published(name))
        assert json.loads(schema.metadata[b"dgwatch"]) == beside


class TestWhatDiffers:
    def test_a_changed_reference_table_is_named(self, world: Desk, tmp_path: Path) -> None:
        shipped = Path(export.__file__).parents[2] / "data" / "reference" / "limit_rules.csv"
        text = shipped.read_text(encoding="utf-8-sig")
        (tmp_path / "limit_rules.csv").write_text(text.replace(",240,", ",24,"), encoding="utf-8")
        files = [world.published("campaign.csv"), world.published("hit_rates.csv")]
        said = call("report", "--again", *files, "--lake", world.lake, "--reference", tmp_path)
        assert said.code == 5
        table = pd.read_csv(io.BytesIO(said.out), keep_default_na=False)
        assert table["verdict"].tolist() == ["differs", "identical"], "findings know no limits"
        assert table["why"].tolist() == ["reference tables changed: limit_rules", ""]
        assert int(table["lines_only_published"][0]) == int(table["lines_only_again"][0]) > 0

    def test_a_published_file_that_was_touched(self, world: Desk, tmp_path: Path) -> None:
        target = tmp_path / "hit_rates.csv"
        for ending in ("", ".meta.json"):
            content = world.published(f"hit_rates.csv{ending}").read_bytes()
            target.with_name(f"{target.name}{ending}").write_bytes(content)
        target.write_bytes(target.read_bytes().replace(b",", b" ,", 1))
        said = call("report", "--again", f"{target}.meta.json", "--lake", world.lake, "--format", "json")
        row = json.loads(said.out)[0]
        assert (said.code, row["verdict"], row["published_file"]) == (0, "identical", "changed since")
        target.unlink()
        row = json.loads(told("report", "--again", target, "--lake", world.lake, "--format", "json"))[0]
        assert row["published_file"] == "not there"

    def test_another_figure_than_the_published_one(self, world: Desk, tmp_path: Path) -> None:
        about = world.about("hit_rates.csv") | {"rows_sha256": "0" * 64}
        target = tmp_path / "hit_rates.csv.meta.json"
        target.write_text(json.dumps(about), encoding="utf-8")
        said = call("report", "--again", target, "--lake", world.lake)
        assert said.code == 5 and b"another lake" in said.out
        assert "hit_rates.csv: differs" in said.err


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda about: about.pop("rows_sha256"), "does not say what its figures were"),
        (lambda about: about.update(report="tides"), "no such report"),
        (lambda about: about["filters"].update(colour="red"), "no such filter"),
        (lambda about: about.update(as_of="yesterday"), "cannot be read"),
        (lambda about: about.update(is_composed=True), "put these rows together"),
        (lambda about: about.pop("report"), "not the meta of a report"),
        (lambda about: about.update(filters=["ports"]), "not the meta of a report"),
        (lambda about: about.pop("columns"), "cannot be read"),
        (lambda about: about.update(reference=["ports"]), "cannot be read"),
        (lambda about: about["filters"].update(ports=5), "ports is 5"),
        (lambda about: about["filters"].update(limit="many"), "limit is 'many'"),
    ],
)
def test_what_cannot_be_asked_again_is_a_mistake(
    world: Desk, tmp_path: Path, change: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    about = world.about("hit_rates.csv")
    change(about)
    target = tmp_path / "hit_rates.csv.meta.json"
    target.write_text(json.dumps(about), encoding="utf-8")
    said = call("report", "--again", target, "--lake", world.lake)
    assert said.code == 2 and complaint in said.err


def test_the_question_is_the_files_alone(world: Desk) -> None:
    for words in (("stock",), ("--port", "CNSHG"), ("--count", "unit"), ("--as-of", "2022-08-01")):
        said = call("report", *words, "--again", world.published("dwell.csv"), "--lake", world.lake)
        assert said.code == 2, words
    assert call("report", "--again", world.folder / "nothing.csv", "--lake", world.lake).code == 2


def test_a_screen_can_ask_what_no_command_can(world: Desk) -> None:
    """Such a download has no command in its meta, and comes out again all the same."""
    reader = Reader(Settings(world.lake))
    asked = Filters(ports=("CNSHG",), overdue_only=True, limit=5)
    frame = reader.query("batches_in_yard", asked)
    about = export.meta("batches_in_yard", asked, reader, frame)
    assert about["command"] is None
    target = world.folder / "published" / "batches.csv"
    export.write(target, frame, "csv", about)
    assert again.check(reader, [target])["verdict"].tolist() == ["identical"]
    held = again.filters_of(about)
    assert replace(held, as_of=None, known_at=None, last_file=None) == asked


def test_a_zip_of_a_screen_is_a_published_file_too(world: Desk, tmp_path: Path) -> None:
    asked = Filters(campaign_id="special-action-2022")
    reader = Reader(Settings(world.lake))
    frame = reader.query("hit_rates", asked)
    target = tmp_path / "dgwatch-hit_rates.zip"
    about = export.meta("hit_rates", asked, reader, frame)
    target.write_bytes(export.packed("hit_rates", frame, about, "json"))
    assert again.check(reader, [target])["verdict"].tolist() == ["identical"]
    whole = target.read_bytes()
    with zipfile.ZipFile(target) as archive:
        inside = archive.getinfo("hit_rates.json.meta.json").header_offset + 80
    for spoilt in (b"PK no zip", whole[:inside] + b"~~~~~~~~" + whole[inside + 8 :]):
        target.write_bytes(spoilt)
        with pytest.raises(UserMistake, match="cannot be read"):
            again.check(reader, [target])


def test_no_meta_is_no_question(tmp_path: Path) -> None:
    with pytest.raises(UserMistake):
        again.read_meta(tmp_path / "none.meta.json")
