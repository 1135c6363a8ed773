"""The tables of a port as lines of its files: from arrays of the world to the columns of the contract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.sample.batches import DIRECTIONS, EXIT_TYPES, NEVER, facility_code
from pipeline.sample.facts import LOCAL_OFFSET_SECONDS
from pipeline.sample.goods import CLASS_SHARES, GOODS
from pipeline.sample.inspections import BASES, CODES, STATUSES
from pipeline.sample.moves import (
    BAYS,
    BLOCK_LETTERS,
    EVENT_TYPES,
    GROUND_SLOTS,
    GTOT,
    LOAD,
    NOWHERE,
    TIERS,
    Moves,
    Visits,
)
from pipeline.sample.settings import SampleSettings
from pipeline.sample.streams import Bools, Floats, Ints, choose, exponential, lognormal, seconds, stream
from pipeline.sample.text import Style, decimal, instants, lines, numbered, picked, quoted, whole
from pipeline.sample.world import PortWorld

MILESTONES = (
    "arrived",
    "lodged",
    "accepted",
    "selected",
    "inspected",
    "sampled",
    "lab_result",
    "held",
    "hold_lifted",
    "released",
)
DCSA_MILESTONES = tuple(
    {"selected": "CUSS", "inspected": "CUSI", "released": "CUSR"}.get(m, m) for m in MILESTONES
)
HOLD_REASONS = (
    "sample: goods differ from declaration",
    "sample: papers missing",
    "sample: awaiting laboratory",
)
PARTIES = ("SAMPLE CUSTOMS", "SAMPLE TERMINAL", "SAMPLE BROKER")
LEGAL_BASES = (
    "invented sample: misdeclared dangerous goods, fine of 5 to 30 percent of the goods' value",
    "invented sample: undeclared dangerous goods, fine of 5 to 30 percent of the goods' value",
)
CONSIGNEES = tuple(
    quoted(name)
    for i in range(400)
    for name in (
        f"Invented Consignee {i:03d} (sample)",
        f"Sample Chemical Trading {i:03d}, Ltd. (invented)",
    )
)


@dataclass
class Feed:
    """Lines of one source and port, sorted by `at` (UTC seconds), which decides the file that each goes
    to.
    """

    source: str
    port: str
    style: Style
    at: Ints
    text: pa.Array


def recorded(rng: np.random.Generator, at: Ints) -> Ints:
    """When events were recorded: minutes after, now and then hours or a few days."""
    n = len(at)
    minutes = lognormal(rng, 35.0, 1.0, n)
    late = rng.random(n) < 0.02
    return (
        at
        + np.where(late, seconds(6 + exponential(rng, 26.0, n)), np.rint(minutes * 60).astype(np.int64))
        + 60
    )


def batch_ids(world: PortWorld, batch: Ints, known: Bools | None = None) -> pa.Array:
    """consignment_id of batches."""
    return numbered(f"SB{world.profile.port.code[2:]}", batch, 7, known)


def _sorted(
    source: str, world: PortWorld, style: Style, at: Ints, columns: dict[str, pa.Array | str]
) -> Feed:
    order = np.argsort(at, kind="stable")
    text = lines(source, columns, style, len(at))
    if len(at) and not bool((order[:-1] < order[1:]).all()):
        text = text.take(pa.array(order))
    return Feed(source, world.profile.port.code, style, at[order], text)


def consignments(
    settings: SampleSettings, world: PortWorld, style: Style, as_of: int
) -> tuple[Feed, Floats, Ints]:
    """The batches' own rows; with them the goods' values (CNY or USD) and the instants of manifest."""
    batches, port = world.batches, world.profile.port.code
    rng = stream(settings.seed, "consignments", port)
    n = len(batches)
    manifested = batches.arrived - seconds(10 + exponential(rng, 26.0, n))
    value = np.round(lognormal(rng, 320_000.0, 0.9, n), 2)
    rows = np.arange(n)
    office = 2000 + world.profile.rank * 41
    year = (np.datetime64(0, "s") + manifested).astype("datetime64[Y]").astype(np.int64) + 1970
    declaration = (office * 10_000 + year) * 10**10 + 10**9 + np.floor(rng.random(n) * 10**9).astype(np.int64)
    lodged = batches.lodged < as_of
    columns: dict[str, pa.Array | str] = {
        "consignment_id": batch_ids(world, rows),
        "un_location_code": port,
        "direction": picked(DIRECTIONS, batches.direction),
        "declaration_no": whole(declaration, lodged),
        "customs_office_code": str(office),
        "manifested_at": instants(manifested, style),
        "consignee": picked(CONSIGNEES, (len(CONSIGNEES) * rng.random(n) ** 2.2).astype(np.int64)),
        "goods_value": decimal(value, 2),
        "currency": picked(("CNY", "USD", "EUR"), choose(rng, np.array([0.7, 0.25, 0.05]), n)),
        "recorded_at": instants(recorded(rng, manifested), style),
    }
    return _sorted("consignments", world, style, manifested, columns), value, manifested


def _temperatures(name: str) -> list[str | None]:
    return [None if getattr(good, name) is None else f"{getattr(good, name):g}" for good in GOODS]


def dg_items(
    settings: SampleSettings, world: PortWorld, style: Style, visits: Visits, manifested: Ints
) -> tuple[Feed, Floats]:
    """Items of the batches with their units; with them the net weights in kilograms."""
    items, port = world.batches.items, world.profile.port.code
    rng = stream(settings.seed, "items", port)
    n = len(items.batch)
    weight = np.round(lognormal(rng, 8_500.0, 0.7, n), 1)
    good = items.good
    unit = visits.first_of_batch[items.batch] + items.unit
    explosive = np.array([item.imo_class.startswith("1") for item in GOODS])[good]
    polluting = np.array([item.is_marine_pollutant for item in GOODS])[good]
    at = manifested[items.batch]
    columns: dict[str, pa.Array | str] = {
        "consignment_id": batch_ids(world, items.batch),
        "item_no": whole(items.number + 1),
        "equipment_reference": pa.array(visits.equipment, type=pa.string()).take(pa.array(unit)),
        "un_number": picked([item.un_number for item in GOODS], good),
        "proper_shipping_name": picked([quoted(item.name) for item in GOODS], good),
        "imo_class": picked([item.imo_class for item in GOODS], good),
        "subsidiary_risk_1": picked([item.subsidiary_1 for item in GOODS], good),
        "subsidiary_risk_2": picked([item.subsidiary_2 for item in GOODS], good),
        "packing_group": picked([item.packing_group for item in GOODS], good),
        "is_marine_pollutant": picked(style.yes_no, np.where(polluting, 0, 1)),
        "is_limited_quantity": picked(style.yes_no, np.where(rng.random(n) < 0.03, 0, 1)),
        "flashpoint_c": picked(_temperatures("flashpoint_c"), good),
        "sadt_c": picked(_temperatures("sadt_c"), good),
        "control_temp_c": picked(_temperatures("control_temp_c"), good),
        "emergency_temp_c": picked(_temperatures("emergency_temp_c"), good),
        "net_weight_kg": decimal(weight, 1),
        "net_explosive_content_kg": decimal(weight * 0.02, 2, explosive),
        "recorded_at": instants(recorded(rng, at), style),
    }
    return _sorted("dg_items", world, style, at, columns), weight


def yard_moves(
    settings: SampleSettings, world: PortWorld, style: Style, visits: Visits, moves: Moves
) -> Feed:
    """Moves of the port's units."""
    batches, port = world.batches, world.profile.port
    rng = stream(settings.seed, "recording", port.code)
    n = len(moves.at)
    batch = visits.batch[moves.visit]
    placed = moves.slot != NOWHERE
    ground, level = moves.slot % GROUND_SLOTS, moves.slot // GROUND_SLOTS
    out = (moves.kind == GTOT) | (moves.kind == LOAD)
    codes = [facility_code(port, number) for number in range(world.profile.facilities)]
    blocks = [
        f"{letter}{number}"
        for letter in BLOCK_LETTERS
        for number in range(1, 2 + int(level.max(initial=0)) // TIERS)
    ]
    per_letter = len(blocks) // len(BLOCK_LETTERS)
    columns: dict[str, pa.Array | str] = {
        "event_id": numbered(f"{port.code[2:]}-E", np.arange(n), 8),
        "un_location_code": port.code,
        "facility_code": picked(codes, batches.facility[batch]),
        "equipment_reference": pa.array(visits.equipment, type=pa.string()).take(pa.array(moves.visit)),
        "event_type": picked(EVENT_TYPES, moves.kind),
        "event_classifier": picked(("" if style.chinese else "ACT", "EST", "PLN"), moves.classifier),
        "event_at": instants(moves.at, style),
        "consignment_id": batch_ids(world, batch, moves.named),
        "block": picked(blocks, moves.block * per_letter + level // TIERS, placed),
        "bay": whole(2 * (ground % BAYS) + 1, placed),
        "row": whole(ground // BAYS + 1, placed),
        "tier": whole(level % TIERS + 1, placed),
        "exit_type": picked(EXIT_TYPES, batches.exit_type[batch], out),
        "recorded_at": instants(
            np.where(moves.classifier > 0, moves.at - 50_000, recorded(rng, moves.at)), style
        ),
    }
    return _sorted("yard_moves", world, style, moves.at, columns)


def clearance_milestones(settings: SampleSettings, world: PortWorld, style: Style, as_of: int) -> Feed:
    """Milestones of the batches that came before `as_of`."""
    batches, made = world.batches, world.inspections
    rng = stream(settings.seed, "milestones", world.profile.port.code)
    n = len(batches)
    rows = np.arange(n)
    way = made.on_the_way
    looked = made.batch[way]
    tested = rng.random(len(looked)) < 0.15
    tested &= made.ends[way] - made.inspected[way] > 3 * 3600
    found = made.code[way] >= 0
    lifted = found & ~batches.never_released[looked]
    held_later = batches.never_released & ~np.isin(rows, looked[found])
    accepted = rows if world.profile.rank % 6 == 0 else rows[:0]
    there = np.where(batches.advance, batches.ground, batches.lodged)
    names = {name: i for i, name in enumerate(MILESTONES)}
    parts = [
        ("arrived", rows, batches.arrived),
        ("lodged", rows, batches.lodged),
        ("accepted", accepted, batches.lodged[accepted] + 420),
        ("selected", looked, made.selected[way]),
        ("inspected", looked, made.inspected[way]),
        ("sampled", looked[tested], made.inspected[way][tested] + 900),
        ("lab_result", looked[tested], made.ends[way][tested] - 1_800),
        ("held", looked[found], made.inspected[way][found] + 1_200),
        ("hold_lifted", looked[lifted], made.ends[way][lifted]),
        ("held", rows[held_later], there[held_later] + 14_400),
        ("released", rows, batches.released),
    ]
    batch = np.concatenate([part[1] for part in parts])
    kind = np.concatenate([np.full(len(part[1]), names[part[0]]) for part in parts])
    at = np.concatenate([part[2] for part in parts])
    kept = at < as_of
    batch, kind, at = batch[kept], kind[kept], at[kept]
    order = np.argsort(at, kind="stable")
    batch, kind, at = batch[order], kind[order], at[order]
    held = kind == names["held"]
    columns: dict[str, pa.Array | str] = {
        "consignment_id": batch_ids(world, batch),
        "milestone": picked(DCSA_MILESTONES if style.dcsa else MILESTONES, kind),
        "occurred_at": instants(at, style),
        "hold_reason": picked(HOLD_REASONS, choose(rng, np.array([0.5, 0.3, 0.2]), len(at)), held),
        "responsible_party": picked(PARTIES, np.where(kind == 0, 1, np.where(kind == 1, 2, 0))),
        "recorded_at": instants(recorded(rng, at), style),
    }
    return _sorted("clearance_milestones", world, style, at, columns)


def _found_goods(rng: np.random.Generator, declared: Ints, code: Ints) -> Ints:
    """What was in the unit: other goods of the class for a wrong UN number, else of a graver class."""
    order = list(CLASS_SHARES)
    class_of = np.array([order.index(good.imo_class) for good in GOODS])
    grave = np.array(
        [
            i
            for i, good in enumerate(GOODS)
            if good.imo_class in ("2.1", "3", "4.1", "4.2", "4.3", "5.1", "6.1")
        ]
    )
    other = grave[np.floor(rng.random(len(declared)) * len(grave)).astype(np.int64)]
    following = np.minimum(declared + 1, len(GOODS) - 1)
    same_class = (class_of[following] == class_of[declared]) & (following != declared)
    beside = np.where(same_class, following, np.maximum(declared - 1, 0))
    return np.where(code == CODES.index("wrong_un_number"), beside, other)


def inspection_findings(
    settings: SampleSettings, world: PortWorld, style: Style, visits: Visits, weight: Floats, as_of: int
) -> Feed:
    """Every inspection of the port."""
    made, port = world.inspections, world.profile.port.code
    rng = stream(settings.seed, "findings", port)
    rows = np.flatnonzero(made.inspected < as_of)
    batch, code, at = made.batch[rows], made.code[rows], made.inspected[rows]
    items = world.batches.items
    first_item = np.flatnonzero(items.number == 0)[batch]
    declared = items.good[first_item]
    found_good = _found_goods(rng, declared, code)
    hidden = np.isin(code, [CODES.index("undeclared"), CODES.index("concealed")])
    other = hidden | np.isin(code, [CODES.index("wrong_un_number"), CODES.index("class_understated")])
    group = code == CODES.index("packing_group_understated")
    more = code == CODES.index("quantity_understated")
    un_numbers, classes = [good.un_number for good in GOODS], [good.imo_class for good in GOODS]
    groups = [good.packing_group for good in GOODS]
    columns: dict[str, pa.Array | str] = {
        "finding_id": numbered(f"SF{port[2:]}", rows, 7),
        "consignment_id": batch_ids(world, batch),
        "equipment_reference": pa.array(visits.equipment, type=pa.string()).take(
            pa.array(visits.first_of_batch[batch])
        ),
        "inspected_at": instants(at, style),
        "selection_basis": picked(BASES, made.basis[rows]),
        "result": picked(("clean", "finding"), (code >= 0).astype(np.int64)),
        "finding_code": picked(CODES, code, code >= 0),
        "declared_un_number": picked(un_numbers, declared, ~hidden),
        "found_un_number": picked(un_numbers, found_good, other),
        "declared_class": picked(classes, declared, ~hidden),
        "found_class": picked(classes, found_good, other),
        "declared_packing_group": picked(groups, declared, ~hidden),
        "found_packing_group": picked(("I", "II"), (rng.random(len(rows)) < 0.7).astype(np.int64), group),
        "declared_quantity_kg": decimal(weight[first_item], 1),
        "found_quantity_kg": decimal(weight[first_item] * (1.2 + 1.5 * rng.random(len(rows))), 1, more),
        "recorded_at": instants(recorded(rng, at), style),
    }
    return _sorted("inspection_findings", world, style, at, columns)


def penalty_cases(
    settings: SampleSettings, world: PortWorld, style: Style, value: Floats, as_of: int
) -> Feed:
    """Cases of the port: a row when filed, and for most another when decided, which takes the first one's
    place.
    """
    cases, port = world.cases, world.profile.port.code
    rng = stream(settings.seed, "case rows", port)
    filed = np.flatnonzero(cases.filed < as_of)
    moved_on = np.where(cases.status == 3, cases.filed + 12 * 86_400, cases.decided)
    decided = filed[(cases.status[filed] > 0) & (moved_on[filed] < as_of)]
    rows = np.concatenate((filed, decided))
    second = np.arange(len(rows)) >= len(filed)
    fined = second & (cases.decided[rows] < NEVER)
    worth = value[cases.batch[rows]]
    at = np.where(second, moved_on[rows], cases.filed[rows])
    year = (np.datetime64(0, "s") + cases.filed[rows] + LOCAL_OFFSET_SECONDS).astype("datetime64[Y]").astype(
        np.int64
    ) + 1970
    columns: dict[str, pa.Array | str] = {
        "case_no": numbered(f"SAMPLE-{port[2:]}-", year * 1_000_000 + rows, 10),
        "consignment_id": batch_ids(world, cases.batch[rows]),
        "filed_at": instants(cases.filed[rows], style),
        "decided_at": instants(cases.decided[rows], style, fined),
        "legal_basis": picked([quoted(text) for text in LEGAL_BASES], (cases.batch[rows] % 2)),
        "goods_value": decimal(worth, 2),
        "fine_amount": decimal(np.round(worth * cases.fine_share[rows], 2), 2, fined),
        "currency": "CNY",
        "status": picked(STATUSES, np.where(second, cases.status[rows], 0)),
        "recorded_at": instants(recorded(rng, at), style),
    }
    # A row goes to the file of the year in which it was written, so a decision may come in a later file.
    return _sorted("penalty_cases", world, style, at, columns)
