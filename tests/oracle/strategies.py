"""Small worlds as source files, drawn so that what is rare in real files is common here.

Two ports (one with daylight saving, one with an alias), three units, three batches, a coarse grid of times:
ties, midnights, skipped and doubled hours, double scans, orphans, re-entries, corrections and voids come up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from .cells import DEFAULT_ZONE, to_utc
from .reports import Options

ZONES = {"CNSHG": ZoneInfo("Asia/Shanghai"), "DEHAM": ZoneInfo("Europe/Berlin")}
CODES = {"CNSHG": ("CNSHG", "CNSHA", "cnshg"), "DEHAM": ("DEHAM",)}
ERAS = (date(2022, 3, 25), date(2022, 10, 28))
"""Hamburg's clocks skip an hour two days after the first, and show one twice two days after the second."""
UNITS = ("CSQU3054383", "CSQU3054384", "TANK-7")
YARD = (("CNSHG", UNITS[0]), ("CNSHG", UNITS[1]), ("CNSHG", UNITS[2]), ("DEHAM", UNITS[0]))
"""Which unit may be seen where."""
INS, OUTS = ("DISC", "GTIN"), ("GTOT", "LOAD", "gtot")
BATCHES = ("C1", "C2", "C3")
CLOCKS = tuple(time.fromisoformat(t) for t in ("00:00", "02:30", "03:30", "08:00", "18:00", "23:59:59"))
CAMPAIGN = "drawn"
RULE_COLUMNS = (
    "rule_id,un_number,imo_class,un_location_code,facility_code,direction,valid_from,valid_to,limit_hours,"
    "storage_mode,priority,source,is_illustrative"
)
CAMPAIGN_COLUMNS = (
    "campaign_id,name,name_zh,kind,starts_on,ends_on,baseline_from,baseline_to,ports,target_cleared,"
    "target_reduction_pct,note,source"
)
STOCK_COLUMNS = ("date", "port", "facility", "class", "age_bucket", "direction")
Cells = dict[str, str]


@dataclass
class Load:
    """One call of `load`."""

    loaded_at: datetime
    files: list[tuple[str, bytes]]


@dataclass
class World:
    """What is loaded, call by call, the reference tables laid over, and the grid its instants lie on."""

    era: date
    loads: list[Load]
    reference: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The files as they are, ready to be written down."""
        lines = [f"--- reference/{name}\n{text}" for name, text in self.reference.items()]
        for load in self.loads:
            lines.append(f"=== load --loaded-at {load.loaded_at.isoformat()}")
            lines += [f"--- {name}\n{data.decode()}" for name, data in load.files]
        return "\n" + "\n".join(lines)


@dataclass
class Grid:
    """Draws the instants of a world."""

    era: date
    recorded_everywhere: bool

    def local(self, draw: st.DrawFn) -> datetime:
        """A naive local time; the first days are the likeliest."""
        days = draw(st.sampled_from((0, 1, 1, 2, 2, 2, 3, 4, 5, 9, 17)))
        return datetime.combine(self.era + timedelta(days=days), draw(st.sampled_from(CLOCKS)))

    def text(self, draw: st.DrawFn, zone: ZoneInfo) -> str:
        """An instant in one of the forms that the contract takes."""
        return written(
            self.local(draw), zone, draw(st.sampled_from(("local", "blank", "slash", "offset", "utc")))
        )

    def recorded(self, draw: st.DrawFn) -> str:
        """A recorded_at, often null where it need not be given."""
        if not self.recorded_everywhere and draw(st.booleans()):
            return ""
        return written(self.local(draw), DEFAULT_ZONE, draw(st.sampled_from(("offset", "utc"))))


def written(local: datetime, zone: ZoneInfo, form: str) -> str:
    """A local time of a zone as text: without its offset, or as the instant it is."""
    if form == "slash" and not local.second:
        return f"{local.year}/{local.month}/{local.day} {local.hour}:{local.minute:02}"
    if form in ("local", "slash"):
        return local.isoformat()
    if form == "blank":
        return local.isoformat(" ")
    instant = to_utc(local, zone)
    return instant.astimezone(zone if form == "offset" else UTC).isoformat().replace("+00:00", "Z")


def one_of(draw: st.DrawFn, *values: str) -> str:
    return draw(st.sampled_from(values))


# ------------------------------------------------------------------------------------ rows of sources


def move(draw: st.DrawFn, grid: Grid, where: tuple[str, str], kinds: tuple[str, ...], at: datetime) -> Cells:
    """One move; its event_id is set by the caller."""
    port, unit = where
    classifier = one_of(draw, *(9 * ("",)), "PLN")
    # Whether a planned move may be recorded in the future is left open, so none is.
    recorded = grid.recorded(draw) if not classifier else f"{grid.era}T00:00:00Z"
    form = draw(st.sampled_from(("local", "blank", "slash", "offset", "utc")))
    return {
        "event_id": "",
        "un_location_code": one_of(draw, *CODES[port]),
        "facility_code": one_of(draw, "", "", "F1", "F2"),
        "equipment_reference": one_of(draw, unit, unit, unit.lower(), f" {unit} "),
        "event_type": one_of(draw, *kinds),
        "event_classifier": classifier,
        "event_at": written(at, ZONES[port], form),
        "consignment_id": one_of(draw, "", "", "", *BATCHES, "C9"),
        "block": one_of(draw, "", "A1", "A2"),
        "exit_type": one_of(draw, "", "", "delivered", "transferred", "LOADED"),
        "recorded_at": recorded,
        "voided": one_of(draw, *(15 * ("",)), "Y"),
    }


def moves(draw: st.DrawFn, grid: Grid) -> list[Cells]:
    """What happened to a few units: visits, some scanned twice, some cut short; strays; corrections."""
    drawn: list[Cells] = []
    for where in YARD:
        for _ in range(draw(st.integers(0, 2))):
            start = grid.local(draw)
            end = start + timedelta(hours=draw(st.sampled_from((0, 5.5, 24, 48, 72, 167, 168))))
            steps = [(start, INS), (end, OUTS)]
            extra = draw(
                st.sampled_from(((), ("in",), ("out",), ("inside",), ("late",), ("no out",), ("stray",)))
            )
            for what in extra:
                if what == "no out":
                    steps.pop()
                else:
                    steps.append(
                        {
                            "in": (start + timedelta(hours=1), INS),
                            "out": (end + timedelta(hours=24), OUTS),
                            "inside": (start, ("INSP", "PICK")),
                            "late": (end + timedelta(hours=1), ("DROP",)),
                            "stray": (grid.local(draw), (*INS, *OUTS)),
                        }[what]
                    )
            for at, kinds in steps:
                drawn.append(move(draw, grid, where, kinds, at) | {"event_id": f"E{len(drawn) + 1}"})
    for wrong in list(drawn):
        if draw(st.integers(0, 7)) == 0:
            where = draw(st.sampled_from(YARD))
            drawn.append(
                move(draw, grid, where, (*INS, *OUTS), grid.local(draw)) | {"event_id": wrong["event_id"]}
            )
    return drawn


def consignment(draw: st.DrawFn, grid: Grid) -> Cells:
    port = draw(st.sampled_from(("CNSHG", "CNSHG", "DEHAM")))
    return {
        "consignment_id": one_of(draw, *BATCHES),
        "un_location_code": one_of(draw, *CODES[port]),
        "direction": one_of(draw, "import", "Export", "transhipment"),
        "declaration_no": one_of(draw, "", "123456789012345678", "odd"),
        "manifested_at": one_of(draw, "", "", *(grid.text(draw, ZONES[port]) for _ in range(2))),
        "recorded_at": grid.recorded(draw),
        "voided": one_of(draw, *(8 * ("",)), "true"),
    }


def item(draw: st.DrawFn, grid: Grid) -> Cells:
    return {
        "consignment_id": one_of(draw, *BATCHES),
        "item_no": one_of(draw, "1", "2"),
        "equipment_reference": one_of(draw, "", *UNITS, *UNITS),
        "un_number": one_of(draw, "", "1203", "UN 1203", "1942"),
        "imo_class": one_of(draw, "3", "8", "2.1", "1.4S", "1.4s", "1.4D", "6.1", "4.1", "9"),
        "subsidiary_risk_1": one_of(draw, "", "", "3", "6.1", "2.3"),
        "net_weight_kg": one_of(draw, "", "12.5", "12.50"),
        "recorded_at": grid.recorded(draw),
        "voided": one_of(draw, *(8 * ("",)), "1"),
    }


def milestone(draw: st.DrawFn, grid: Grid) -> Cells:
    return {
        "consignment_id": one_of(draw, *BATCHES, "C9"),
        "milestone": one_of(draw, "arrived", "lodged", "released", "CUSR", "inspected"),
        "occurred_at": grid.text(draw, ZONES[one_of(draw, "CNSHG", "DEHAM")]),
        "recorded_at": grid.recorded(draw),
        "voided": one_of(draw, "", "", "", "", "true"),
    }


def finding(draw: st.DrawFn, grid: Grid) -> Cells:
    result = one_of(draw, "clean", "finding", "finding")
    codes = ("undeclared", "document", "concealed") if result == "finding" else ("",)
    return {
        "finding_id": one_of(draw, "I1", "I2", "I3", "I4"),
        "consignment_id": one_of(draw, *BATCHES, "C9"),
        "inspected_at": grid.text(draw, ZONES[one_of(draw, "CNSHG", "DEHAM")]),
        "selection_basis": one_of(draw, "random", "targeted"),
        "result": result,
        "finding_code": one_of(draw, *codes),
        "recorded_at": grid.recorded(draw),
        "voided": one_of(draw, "", "", "", "true"),
    }


def case(draw: st.DrawFn, grid: Grid) -> Cells:
    return {
        "case_no": one_of(draw, "P1", "P2", "P3"),
        "consignment_id": one_of(draw, *BATCHES, "C9"),
        "filed_at": grid.text(draw, ZONES[one_of(draw, "CNSHG", "DEHAM")]),
        "status": one_of(draw, "filed", "decided"),
        "recorded_at": grid.recorded(draw),
        "voided": one_of(draw, "", "", "", "true"),
    }


def several(make: Callable[[st.DrawFn, Grid], Cells], most: int) -> Callable[[st.DrawFn, Grid], list[Cells]]:
    """Some rows of a source, at least a third of the most."""
    return lambda draw, grid: [make(draw, grid) for _ in range(draw(st.integers(most // 3, most)))]


SOURCES: dict[str, tuple[Callable[[st.DrawFn, Grid], list[Cells]], tuple[str, ...]]] = {
    "yard_moves": (moves, ("event_id", "un_location_code")),
    "consignments": (several(consignment, 6), ("consignment_id",)),
    "dg_items": (several(item, 6), ("consignment_id", "item_no")),
    "clearance_milestones": (several(milestone, 5), ("consignment_id", "milestone", "occurred_at")),
    "inspection_findings": (several(finding, 4), ("finding_id",)),
    "penalty_cases": (several(case, 3), ("case_no",)),
}


def rows(draw: st.DrawFn, source: str, grid: Grid) -> list[Cells]:
    """Rows of a source: some repeated exactly, some withdrawals with nothing but their key, some spoilt."""
    make, kept = SOURCES[source]
    drawn: list[Cells] = []
    for row in make(draw, grid):
        if row["voided"] and draw(st.booleans()):
            row = {
                name: text if name in (*kept, "voided", "recorded_at") else "" for name, text in row.items()
            }
        fate = draw(st.integers(0, 19))
        if fate == 7:
            row[draw(st.sampled_from(sorted(row)))] = one_of(draw, "", "NA", "-", "24:00")
        drawn += [row, row] if fate == 13 else [row]
    return drawn


# -------------------------------------------------------------------------------------- files, tables


def csv_bytes(draw: st.DrawFn, drawn: list[Cells]) -> bytes:
    """A CSV file in one of the allowed shapes."""
    separator, end = one_of(draw, ",", ";", "\t"), one_of(draw, "\n", "\r\n")
    quote = '"' if draw(st.booleans()) else ""
    lines = [list(drawn[0]), *(list(row.values()) for row in drawn)]
    text = end.join(separator.join(f"{quote}{cell}{quote}" for cell in line) for line in lines) + end
    return text.encode(one_of(draw, "utf-8", "utf-8-sig"))


def limit_rules(draw: st.DrawFn, era: date) -> str:
    """A default row, and rules with overlapping filters."""
    days = ["", "", "", *((era + timedelta(days=n)).isoformat() for n in (0, 1, 2, 4))]
    lines = [f"default,,,,,,,,{one_of(draw, '0', '24', '72', '100.5')},store,0,drawn,true"]
    for n in range(draw(st.integers(0, 5))):
        cells = [
            f"r{n}",
            one_of(draw, "", "", "1203", "1942"),
            one_of(draw, "", "3", "1", "1.4", "1.4S", "2", "4", "6.1", "unidentified"),
            one_of(draw, "", "", "CNSHG", "CNSHA", "DEHAM"),
            one_of(draw, "", "", "", "F1", "F2"),
            one_of(draw, "", "", "import", "export"),
            one_of(draw, *days),
            "",
            one_of(draw, "0", "0.5", "24", "48", "72", "240"),
            "store",
            one_of(draw, "", "0", "1", "-1"),
            "drawn",
            "true",
        ]
        if cells[6]:
            cells[7] = one_of(draw, "", cells[6], (era + timedelta(days=9)).isoformat())
        lines.append(",".join(cells))
    return "\n".join([RULE_COLUMNS, *lines]) + "\n"


def campaigns(draw: st.DrawFn, era: date) -> str:
    """One campaign among the days of the world; it may begin after them."""
    start = era + timedelta(days=draw(st.sampled_from((0, 1, 2, 3, 25))))
    end = start + timedelta(days=draw(st.sampled_from((0, 1, 2, 6))))
    base = (era - timedelta(days=30)).isoformat(), (era - timedelta(days=1)).isoformat()
    ports, target = one_of(draw, "all", "CNSHG;DEHAM", "DEHAM", "CNSHG"), one_of(draw, "", "10")
    cells = [
        CAMPAIGN,
        "Drawn",
        "抽",
        "special_action",
        start.isoformat(),
        end.isoformat(),
        *base,
        ports,
        target,
    ]
    return f"{CAMPAIGN_COLUMNS}\n{','.join(cells)},,,drawn\n"


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A whole world: files in one call or several, in any order where recorded_at is given everywhere."""
    era = draw(st.sampled_from(ERAS))
    grid = Grid(era, draw(st.booleans()))
    parts: list[list[tuple[str, bytes]]] = [[], [], []]
    for source in SOURCES:
        drawn = rows(draw, source, grid)
        share = [draw(st.sampled_from((0, 0, 1, 2))) for _ in drawn]
        for part, files in enumerate(parts):
            here = [row for row, of in zip(drawn, share, strict=True) if of == part]
            if here:
                files.append((f"{source}-{part}.csv", csv_bytes(draw, here)))
    if grid.recorded_everywhere:
        parts = list(draw(st.sampled_from(list(permutations(parts)))))
        parts = [draw(st.permutations(files)) for files in parts]
    parts = [files for files in parts if files]
    if draw(st.booleans()):
        parts = [[file for files in parts for file in files]]
    first = datetime.combine(era, time(), UTC) + timedelta(days=draw(st.sampled_from((3, 20, 20, 20))))
    loads = [Load(first + timedelta(days=n), files) for n, files in enumerate(parts)]
    reference = {"limit_rules.csv": limit_rules(draw, era), "campaigns.csv": campaigns(draw, era)}
    return World(era, loads, reference)


# -------------------------------------------------------------------------------------------- options


@st.composite
def options(draw: st.DrawFn, world: World) -> Options:
    """What a report may be asked, on the grid of the world; mostly without filters."""
    grid = Grid(world.era, True)
    zones = tuple(ZONES.values())
    asked = Options(count=one_of(draw, "batch", "batch", "unit"))
    if draw(st.booleans()):
        asked = replace(asked, as_of=to_utc(grid.local(draw), draw(st.sampled_from(zones))))
    if draw(st.booleans()):
        loads = [load.loaded_at for load in world.loads]
        instant = to_utc(grid.local(draw), draw(st.sampled_from(zones)))
        asked = replace(asked, known_at=draw(st.sampled_from((instant, *loads))))
    kind = one_of(draw, *(4 * ("none",)), "ports", "classes", "direction", "from", "from to")
    if kind == "ports":
        return replace(asked, ports=(one_of(draw, "CNSHG", "CNSHA", "DEHAM"),))
    if kind == "classes":
        return replace(asked, classes=(one_of(draw, "1", "1.4", "3", "unidentified", "6.1", "2"),))
    if kind == "direction":
        return replace(asked, direction=one_of(draw, "import", "export", "transhipment"))
    first = world.era + timedelta(days=draw(st.integers(0, 4)))
    last = first + timedelta(days=draw(st.integers(0, 2))) if kind == "from to" else None
    return asked if kind == "none" else replace(asked, first_day=first, last_day=last)


def stock_columns() -> st.SearchStrategy[str]:
    """A `--by` of the stock report, in any order."""
    return st.lists(st.sampled_from(STOCK_COLUMNS), min_size=1, max_size=4, unique=True).map(",".join)
