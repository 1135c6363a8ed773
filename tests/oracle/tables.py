"""The reference tables, read from their CSV files and nothing else."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "reference"
UNIDENTIFIED = "unidentified"


@dataclass(frozen=True)
class Rule:
    """One row of `limit_rules`; an empty field fits everything."""

    rule_id: str
    un_number: str
    imo_class: str
    un_location_code: str
    facility_code: str
    direction: str
    valid_from: date | None
    valid_to: date | None
    limit_hours: Decimal
    priority: Decimal


@dataclass(frozen=True)
class Campaign:
    """One row of `campaigns`; `ports` is empty for all ports."""

    campaign_id: str
    starts_on: date
    ends_on: date
    ports: tuple[str, ...]
    target_cleared: Decimal | None

    @property
    def days(self) -> int:
        """Days from the first to the last, both included."""
        return (self.ends_on - self.starts_on).days + 1


class Tables:
    """Every reference table the oracle needs, looked up by functions that say what they answer."""

    def __init__(self, *folders: Path) -> None:
        """`folders` from the lowest to the topmost; a file in a later one replaces the whole table."""
        self.folders: Sequence[Path] = folders or (SHIPPED,)
        self._zones: dict[str, str] = {}
        self._own_code: dict[str, str] = {}
        for row in self._rows("ports"):
            code = row["un_location_code"].strip()
            self._zones[code] = row["time_zone"].strip()
            self._own_code[code.upper()] = code
            for alias in row["alias_codes"].split():
                self._own_code[alias.upper()] = code
        self._rank = {
            row["code"].strip().upper(): int(row["hazard_rank"]) for row in self._rows("imdg_classes")
        }
        self.codes: dict[str, dict[str, str]] = {}
        for row in self._rows("code_lists"):
            canonical = row["canonical"].strip() or row["code"].strip()
            self.codes.setdefault(row["list"].strip(), {})[row["code"].strip().upper()] = canonical
        self.aliases = [
            (row["source"].strip(), row["alias"].strip().casefold(), row["column"].strip())
            for row in self._rows("column_aliases")
        ]
        self.misdeclarations = {
            row["code"].strip()
            for row in self._rows("finding_codes")
            if row["is_misdeclaration"].strip().lower() in ("true", "1", "y")
        }
        self.rules = [self._rule(row) for row in self._rows("limit_rules")]
        self.campaigns = {row["campaign_id"].strip(): self._campaign(row) for row in self._rows("campaigns")}
        self.classes_of_un_number: dict[str, set[str]] = {}
        for row in self._rows("un_numbers"):
            known = self.classes_of_un_number.setdefault(row["un_number"].strip(), set())
            known.add(row["imo_class"].strip().upper())

    def _rows(self, table: str) -> list[dict[str, str]]:
        for folder in reversed(self.folders):
            path = folder / f"{table}.csv"
            if path.exists():
                with path.open(encoding="utf-8-sig", newline="") as lines:
                    return list(csv.DictReader(lines))
        return []

    def _rule(self, row: dict[str, str]) -> Rule:
        port = row["un_location_code"].strip()
        return Rule(
            row["rule_id"].strip(),
            row["un_number"].strip(),
            row["imo_class"].strip(),
            (self.port(port) or port) if port else "",
            row["facility_code"].strip(),
            row["direction"].strip(),
            date.fromisoformat(row["valid_from"].strip()) if row["valid_from"].strip() else None,
            date.fromisoformat(row["valid_to"].strip()) if row["valid_to"].strip() else None,
            Decimal(row["limit_hours"].strip()),
            Decimal(row["priority"].strip() or 0),
        )

    def _campaign(self, row: dict[str, str]) -> Campaign:
        listed = row["ports"].strip()
        ports = () if listed == "all" else tuple(self.port(code) or code for code in listed.split(";"))
        target = row["target_cleared"].strip()
        return Campaign(
            row["campaign_id"].strip(),
            date.fromisoformat(row["starts_on"].strip()),
            date.fromisoformat(row["ends_on"].strip()),
            ports,
            Decimal(target) if target else None,
        )

    def port(self, code: str) -> str | None:
        """The port's own code for a code or an alias, in any case; None where it is no port of the list."""
        return self._own_code.get(code.upper())

    def zone(self, port: str) -> ZoneInfo:
        """The port's time zone."""
        return ZoneInfo(self._zones[port])

    def rank(self, code: str) -> int | None:
        """`hazard_rank`, 1 the gravest; of its own row, else of its division; None where it is no class."""
        if (
            code == UNIDENTIFIED.upper()
        ):  # a word of the product, not a class that goods can be declared under
            return None
        own = self._rank.get(code)
        if own is None and re.fullmatch(r"1\.[1-6][A-HJKLNS]", code):
            return self._rank.get(code[:-1])
        return own
