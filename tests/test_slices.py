"""What can be asked of every report acts on it, is refused, or is said to have no effect: on sample data of every kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from pipeline import export
from pipeline.errors import UserMistake
from pipeline.loading.build import load
from pipeline.metrics import REGISTRY, Filters, Reader
from pipeline.metrics.registry import SLICES
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import Settings

INSTANTS = (None, dt.datetime(2022, 8, 10))
"""The end of the sample, and the height of its pile-up."""
ASKED: dict[str, list[dict[str, object]]] = {
    "ports": [{"ports": (code,)} for code in ("CNNBO", "CNQIN", "CNSHG")],
    "classes": [{"classes": (code,)} for code in ("3", "8")],
    "direction": [{"direction": "export"}],
    "days": [{"date_from": dt.date(2022, 7, 1), "date_to": dt.date(2022, 7, 30)}],
    "as_of": [{"as_of": instant} for instant in INSTANTS],
}
"""What is asked of every report, of every kind."""
OF_DAYS_ELSEWHERE = "campaign"
"""Reports with this option have the days of what it names."""
WITHOUT_ROWS = {"acknowledgements", "ghosts", "silent_ports"}
"""Nothing of that kind is in sample data of this size: they are told apart elsewhere."""
REPORTS = sorted(key for key, metric in REGISTRY.items() if metric.is_report)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    files, lake = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("lake")
    write_sample(files, SampleSettings(batches=1200, ports=3, seed=12, dirty_pct=5))
    load(Settings(lake), [files], dt.datetime(2024, 6, 1))
    return Reader(Settings(lake))


@pytest.fixture(scope="module")
def told(reader: Reader) -> Callable[..., bytes]:
    """The bytes of a report asked for something."""

    def ask(key: str, **asked: object) -> bytes:
        needed: dict[str, object] = {}
        if OF_DAYS_ELSEWHERE in REGISTRY[key].options:
            needed["campaign_id"] = "special-action-2022"
        if key == "history":
            needed["consignment_id"] = "SBNBO0000003"
        return export.csv_bytes(reader.query(key, Filters(**(needed | asked))))  # type: ignore[arg-type]

    return ask


@pytest.mark.parametrize("key", REPORTS)
def test_what_is_asked_acts_or_is_said_not_to(told: Callable[..., bytes], key: str) -> None:
    metric = REGISTRY[key]
    asked = {
        name: of for name, of in ASKED.items() if name != "days" or OF_DAYS_ELSEWHERE not in metric.options
    }
    found = {name for name, of in asked.items() if not any(acts(told, key, of, at) for at in INSTANTS)}
    assert found == set(metric.unmoved_by) or (key in WITHOUT_ROWS and found >= set(metric.unmoved_by))


def acts(
    told: Callable[..., bytes], key: str, asked: list[dict[str, object]], as_of: dt.datetime | None
) -> bool:
    """Whether any of what is asked is refused, or answered otherwise than the whole."""
    whole = told(key, as_of=as_of)
    try:
        return any(told(key, **({"as_of": as_of} | one)) != whole for one in asked)
    except UserMistake:
        return True


def test_every_kind_is_asked() -> None:
    assert set(ASKED) == set(SLICES)


def test_only_what_nothing_tells_is_left_out(told: Callable[..., bytes]) -> None:
    assert {key for key in WITHOUT_ROWS if told(key).count(b"\n") > 1} == set()
