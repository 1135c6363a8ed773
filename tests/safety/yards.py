"""Small yards: files of a few boxes with blocks and bays, and the same alerts in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

LOADED_AT = "2023-01-01T00:00:00Z"
MOVES = "event_id,un_location_code,facility_code,equipment_reference,event_type,event_at,consignment_id,block,bay,row,tier"
ITEMS = (
    "consignment_id,item_no,equipment_reference,imo_class,subsidiary_risk_1,subsidiary_risk_2,"
    "flashpoint_c,sadt_c,control_temp_c,net_weight_kg,net_explosive_content_kg"
)


@dataclass(frozen=True)
class Box:
    """A box that stands in one place: its goods, its block and bay, when it came and left (local time)."""

    unit: str
    goods: tuple[str, ...] = ()
    block: str = "A1"
    bay: str = ""
    came: str = "2022-06-01T08:00"
    left: str = ""
    batch: str = ""
    facility: str = "T1"
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return self.batch or f"B-{self.unit}"


def files(boxes: Sequence[Box], port: str = "CNSHG") -> dict[str, list[str]]:
    """The boxes as source files. `goods`: `8+5.1` is class 8 with subsidiary risk 5.1; without any, no batch is told."""
    consignments = ["consignment_id,un_location_code,direction"]
    items, moves = [ITEMS], [MOVES]
    for box in boxes:
        place = f"{box.facility},{box.unit}"
        batch = box.number if box.goods else ""
        moves.append(f"{box.unit}-in,{port},{place},DISC,{box.came},{batch},{box.block},{box.bay},,")
        if box.left:
            moves.append(f"{box.unit}-out,{port},{place},GTOT,{box.left},,,,,")
        if not box.goods:
            continue
        row = f"{box.number},{port},import"
        if row not in consignments:
            consignments.append(row)
        for number, goods in enumerate(box.goods):
            hazards = [*goods.split("+"), "", ""][:3]
            told = ",".join(box.extra.get(name, "") for name in ITEMS.split(",")[6:])
            items.append(f"{box.number},{box.unit}-{number},{box.unit},{','.join(hazards)},{told}")
    return {"consignments": consignments, "dg_items": items, "yard_moves": moves}


@dataclass(frozen=True)
class Standing:
    """A box at one place from an hour to another (None: still)."""

    unit: str
    hazards: frozenset[str]
    block: str
    bay: str
    since: int
    until: int | None


Alert = tuple[str, str, str, int, int | None, str, bool | None]
"""Later box, earlier box, block, since, until, code, adjacent."""


def alerts(standings: Iterable[Standing], codes: Mapping[tuple[str, str], str]) -> set[Alert]:
    """Every pair of boxes that stood in one block at one time with a code of 1 or more, compared one by one."""
    found: set[Alert] = set()
    for one, other in combinations(standings, 2):
        if one.unit == other.unit or one.block != other.block:
            continue
        later, earlier = sorted((one, other), key=lambda box: (box.since, box.unit), reverse=True)
        since = later.since
        ends = [box.until for box in (one, other) if box.until is not None]
        until = min(ends) if ends else None
        pairs = [codes.get((a, b), "0") for a in later.hazards for b in earlier.hazards]
        code = max(pairs, key=lambda text: 5 if text == "*" else int(text), default="0")
        if code != "0" and (until is None or until > since):
            near = abs(int(one.bay) - int(other.bay)) <= 2 if one.bay and other.bay else None
            found.add((later.unit, earlier.unit, one.block, since, until, code, near))
    return found
