"""`segregation`: the alerts of a yard history of many units, and the same number by a sweep in plain Python."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.runs import RunFailed
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.settings import from_environment

LOADED_AT = dt.datetime(2026, 1, 1)
BEGAN = np.datetime64("2022-01-01T00:00:00", "s")
DAYS = 730
PORTS = ("CNSHG", "CNNBO", "CNQIN", "CNTXG", "CNXMG", "CNDAG", "CNYTN", "CNLYG", "CNFZG", "CNRZH")
BLOCKS_A_PORT = 30
CLASSES = ("3", "8", "9", "6.1", "5.1", "4.1", "2.1", "2.2", "4.2", "4.3")
SHARES = (0.30, 0.23, 0.16, 0.10, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01)
MISPLACED_SHARE = 0.015
MEAN_STAY_HOURS = 120.0
SEED = 20220817


def run(work: Path, units: int) -> dict[str, Any]:
    """Loads `units` visits and asks for the alerts. Raises `RunFailed` where the sweep counts otherwise."""
    yard = _yard(units)
    reader = Reader(from_environment(_lake(work, units, yard)))
    last = BEGAN.astype(dt.datetime).date() + dt.timedelta(days=DAYS - 1)
    month = Filters(date_from=last - dt.timedelta(days=29), date_to=last)
    asked = {
        "now": lambda: reader.query("segregation", Filters(part="now")),
        "last 30 days": lambda: reader.query("segregation", month),
        "all history": lambda: reader.query("segregation"),
        "all history, by block": lambda: reader.query("segregation_blocks"),
    }
    times, answers = {}, {}
    for name, ask in asked.items():
        began = time.perf_counter()
        answers[name] = ask()
        times[name] = time.perf_counter() - began
    began = time.perf_counter()
    swept = _sweep(yard, _conflicts(reader))
    times["plain Python sweep that counts"] = time.perf_counter() - began
    found = int(answers["all history"]["pairs_found"].iloc[0]) if len(answers["all history"]) else 0
    if found != swept:
        raise RunFailed(f"{found:,} pairs by the product, {swept:,} by the sweep")
    return {
        "units": units,
        "moves": reader.release.rows["landed_yard_moves"] if reader.release else 0,
        "pairs": found,
        "pairs_listed": len(answers["all history"]),
        "pairs_now": len(answers["now"]),
        "seconds": times,
    }


def _yard(units: int) -> dict[str, np.ndarray]:
    """Visits: place, class, instants in seconds since `BEGAN`; most classes in blocks of their own."""
    rng = np.random.default_rng(SEED)
    imo_class = rng.choice(len(CLASSES), units, p=SHARES)
    proper = imo_class * (BLOCKS_A_PORT // len(CLASSES)) + rng.integers(
        0, BLOCKS_A_PORT // len(CLASSES), units
    )
    wrong = rng.integers(0, BLOCKS_A_PORT, units)
    came = np.sort(rng.integers(0, DAYS * 86_400, units))
    return {
        "port": rng.integers(0, len(PORTS), units),
        "block": np.where(rng.random(units) < MISPLACED_SHARE, wrong, proper),
        "imo_class": imo_class,
        "came": came,
        "left": came + 60 + (3600 * rng.exponential(MEAN_STAY_HOURS, units)).astype(np.int64),
    }


def _lake(work: Path, units: int, yard: dict[str, np.ndarray]) -> Path:
    folder, lake = work / "yard" / f"{units}", work / "yard" / f"{units}-lake"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(lake, ignore_errors=True)
    folder.mkdir(parents=True)
    number = pa.array([f"{place:07d}" for place in range(units)])
    unit, batch = _joined("SAMU", number), _joined("B", number)
    port = pa.array(np.array(PORTS)[yard["port"]])
    told = {"consignment_id": batch, "un_location_code": port, "direction": _all("import", units)}
    pq.write_table(pa.table(told), folder / "consignments.parquet")
    item = {
        "consignment_id": batch,
        "item_no": _all("1", units),
        "equipment_reference": unit,
        "imo_class": pa.array(np.array(CLASSES)[yard["imo_class"]]),
    }
    pq.write_table(pa.table(item), folder / "dg_items.parquet")
    place = {"un_location_code": port, "facility_code": _all("T1", units), "equipment_reference": unit}
    block = _joined("K", pa.array(yard["block"].astype(str)))
    came = {
        "event_id": _joined("I", number),
        **place,
        "event_type": _all("DISC", units),
        "event_at": _instants(yard["came"]),
        "consignment_id": batch,
        "block": block,
    }
    gone = yard["left"] < DAYS * 86_400
    left = {
        "event_id": _joined("O", number),
        **place,
        "event_type": _all("GTOT", units),
        "event_at": _instants(yard["left"]),
        "consignment_id": pa.nulls(units, pa.string()),
        "block": pa.nulls(units, pa.string()),
    }
    moves = pa.concat_tables([pa.table(came), pa.table(left).filter(pa.array(gone))])
    pq.write_table(moves, folder / "yard_moves.parquet")
    build.load(from_environment(lake), [folder], LOADED_AT)
    return lake


def _all(text: str, count: int) -> pa.Array:
    return pa.array([text] * count)


def _joined(letters: str, texts: pa.Array) -> pa.Array:
    return pa.array([letters + text for text in texts.to_pylist()])


def _instants(seconds: np.ndarray) -> pa.Array:
    return pa.array([f"{instant}Z" for instant in (BEGAN + seconds).astype(str)])


def _conflicts(reader: Reader) -> set[tuple[int, int]]:
    """Pairs of classes, by their places, that the reference table keeps apart."""
    rows = reader.reference.table("segregation").to_pylist()
    places = {code: place for place, code in enumerate(CLASSES)}
    return {
        (places[row["class_a"]], places[row["class_b"]])
        for row in rows
        if row["class_a"] in places and row["class_b"] in places and row["code"] not in ("0", "*")
    }


def _sweep(yard: dict[str, np.ndarray], conflicts: set[tuple[int, int]]) -> int:
    """Pairs, counted when the later of the two comes: those of conflicting classes that stand in its block then."""
    end = DAYS * 86_400
    events = []
    for place, (came, left) in enumerate(zip(yard["came"].tolist(), yard["left"].tolist(), strict=True)):
        events.append((came, 1, place))
        if left < end:
            events.append((left, 0, place))
    events.sort()
    keys = list(zip(yard["port"].tolist(), yard["block"].tolist(), strict=True))
    classes = yard["imo_class"].tolist()
    against = {place: [b for a, b in conflicts if a == place] for place in range(len(CLASSES))}
    standing: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    pairs = 0
    for _, comes, place in events:
        block, own = standing[keys[place]], classes[place]
        if comes:
            pairs += sum(block[other] for other in against[own])
            block[own] += 1
        else:
            block[own] -= 1
    return pairs


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        f"{found['units']:,} units, {found['moves']:,} moves; {found['pairs']:,} pairs to be kept apart stood in one "
        f"block at one time, {found['pairs_now']:,} do now; {found['pairs_listed']:,} listed; the sweep counts the same"
    ]
    return shown + [f"{name:34}{seconds:8.2f} s" for name, seconds in found["seconds"].items()]
