"""The contract's checks on whole columns of a pandas frame."""

from __future__ import annotations

import re
from string import ascii_uppercase, digits

import pandas as pd

from benchmarks.peers.pandas_reading import BLANKS, Rules
from pipeline.contract import Column, Source, Type, Zone

DEFAULT_ZONE = "Asia/Shanghai"
OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"
TIME = r":\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
INSTANT = rf"(?:\d{{4}}-\d\d-\d\d[T ]\d\d|\d{{4}}/\d\d?/\d\d?[T ]\d\d?){TIME}"
DATE = r"\d{4}-\d\d-\d\d|\d{4}/\d\d?/\d\d?"
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
CONTROL = r"[\x00-\x08\x0a-\x1f\x7f-\x{9f}]"
BOOLEANS = {"TRUE": True, "FALSE": False, "1": True, "0": False, "Y": True, "N": False}
META = ["_file_seq", "_line"]


class Checked:
    """A source's rows on their way: typed columns, a mask of rows for every reject and warning code."""

    def __init__(self, texts: pd.DataFrame, source: Source, rules: Rules) -> None:
        self.source, self.rules = source, rules
        self.typed = texts[[*META]].copy()
        self.rejects: dict[str, pd.Series] = {}
        self.warned: dict[str, pd.Series] = {}
        self.bad_cells: dict[str, pd.Series] = {}
        self.texts: dict[str, pd.Series] = {}
        for column in source.columns:
            if column.name in texts:
                text = texts[column.name].str.strip(BLANKS)
                self.texts[column.name] = text.mask(text == "")
            else:
                self.texts[column.name] = pd.Series(pd.NA, texts.index, dtype="str")

    def _bad(self, name: str, code: str, rows: pd.Series) -> None:
        if rows.any():
            self.rejects[code] = self.rejects[code] | rows if code in self.rejects else rows
            self.bad_cells[name] = self.bad_cells[name] | rows if name in self.bad_cells else rows

    def _warn(self, code: str, rows: pd.Series) -> None:
        if rows.any():
            self.warned[code] = self.warned[code] | rows if code in self.warned else rows

    def check(self) -> None:
        """Every check of the contract, column by column, then those of several columns."""
        instants = []
        for column in self.source.columns:
            if column.type is Type.TIMESTAMP:
                instants.append(column)
            else:
                self.typed[column.name] = self._value(column, self.texts[column.name])
        planned = self._planned()
        for column in instants:
            self._instant(column, planned)
        self._required()
        self._odd(planned)

    def _value(self, column: Column, text: pd.Series) -> pd.Series:
        kind, name = column.type, column.name
        if kind in (Type.TEXT, Type.UNIT):
            self._bad(name, "bad_text", (text.str.len() > 1000) | text.str.contains(CONTROL, na=False))
            return text.str.upper() if kind is Type.UNIT else text
        if kind in (Type.NUMBER, Type.QUANTITY):
            shaped = text.where(text.str.fullmatch(NUMBER, na=False))
            number = pd.to_numeric(shaped, errors="coerce").astype(float)
            self._bad(name, "bad_number", number.isna() & text.notna())
            if kind is Type.QUANTITY:
                self._bad(name, "negative_quantity", number < 0)
            return number
        if kind is Type.DATE:
            dashed = text.where(text.str.fullmatch(DATE, na=False)).str.replace("/", "-", regex=False)
            day = pd.to_datetime(dashed, format="%Y-%m-%d", errors="coerce")
            self._bad(name, "bad_date", day.isna() & text.notna())
            return day
        if kind is Type.UN_NUMBER:
            value = text.str.upper().str.extract(r"^(?:UN ?)?(\d{4})$", expand=False)
            self._bad(name, "bad_un_number", value.isna() & text.notna())
            return value
        value, code = self._listed(column, text)
        self._bad(name, code, value.isna() & text.notna())
        return value

    def _listed(self, column: Column, text: pd.Series) -> tuple[pd.Series, str]:
        rules = self.rules
        if column.type is Type.BOOLEAN:
            return text.str.upper().map(BOOLEANS).astype("boolean"), "bad_boolean"
        if column.type is Type.PORT:
            known, code = rules.ports, "unknown_port"
        elif column.type is Type.CLASS:
            known, code = rules.classes, "unknown_code"
        elif column.type is Type.PACKING_GROUP:
            known, code = {group: group for group in ("I", "II", "III")}, "bad_packing_group"
        else:
            known, code = rules.codes[str(column.codes)], "unknown_code"
        return text.str.upper().map(known).astype("str"), code

    def _planned(self) -> pd.Series | None:
        if not self.source.planned_when:
            return None
        name, values = self.source.planned_when
        return self.typed[name].isin(values)

    def _instant(self, column: Column, planned: pd.Series | None) -> None:
        name, text = column.name, self.texts[column.name]
        shaped = text.str.fullmatch(INSTANT, na=False)
        is_local = shaped & ~text.str.contains(OFFSET, na=False)
        if text.str.contains("/", regex=False, na=False).any():
            text = text.str.replace(r"^(\d+)/(\d+)/(\d+)[T ](\d+):", _dashed, regex=True)
        utc = pd.to_datetime(text.where(shaped & ~is_local), format="ISO8601", utc=True, errors="coerce")
        utc = utc.dt.tz_localize(None).astype("datetime64[us]")
        given = utc
        if is_local.any():
            local = pd.to_datetime(text[is_local], format="ISO8601", errors="coerce").astype("datetime64[us]")
            zones = pd.Series(DEFAULT_ZONE, local.index)
            if column.zone is Zone.PORT:
                zones = (
                    self.typed.loc[local.index, "un_location_code"].map(self.rules.zones).fillna(DEFAULT_ZONE)
                )
            given = utc.where(~is_local, local.reindex(utc.index))
            utc = utc.where(~is_local, to_utc(local, zones).reindex(utc.index))
        self._bad(name, "bad_timestamp", utc.isna() & text.notna())
        late = utc > self.rules.loaded_at + pd.Timedelta(hours=48)
        if planned is not None and name == self.source.event_column:
            late &= ~planned
        early = utc < pd.Timestamp("1990-01-01")
        self._bad(name, "implausible_time", early | late if column.bounded_above else early)
        if name in self.source.held_as_given:
            self.typed[f"{name}_given"], self.typed[f"{name}_is_local"] = given, is_local.where(text.notna())
        self.typed[name] = utc

    def _required(self) -> None:
        withdrawn = self.typed["voided"].fillna(False).astype(bool)
        for name in self.source.required:
            missing = self.texts[name].isna()
            self._bad(name, "missing_value", missing if name in self.source.key else missing & ~withdrawn)
        for name, other, value in self.source.required_when:
            missing = (self.typed[other] == value) & self.texts[name].isna()
            self._bad(name, "finding_without_code", missing & ~withdrawn)

    def _odd(self, planned: pd.Series | None) -> None:
        typed, source = self.typed, self.source
        for column in source.columns:
            if column.type is Type.UNIT:
                self._warn("bad_check_digit", wrong_check_digits(typed[column.name]))
        for un_number, class_ in source.class_of_un:
            pairs = typed[[un_number, class_]].dropna().drop_duplicates()
            odd = pairs[[self._is_odd(*pair) for pair in pairs.itertuples(index=False)]]
            found = typed[[un_number, class_]].merge(odd, how="left", indicator=True)["_merge"] == "both"
            self._warn("class_not_of_un_number", found.set_axis(typed.index))
        if source.event_column:
            early = typed["recorded_at"] < typed[source.event_column]
            self._warn("recorded_before_event", early if planned is None else early & ~planned)
        if "declaration_no" in typed:
            number = typed["declaration_no"]
            self._warn("odd_declaration_no", number.notna() & ~number.str.fullmatch(r"\d{18}", na=False))
        limits = self.rules.ranges[self.rules.ranges["source_name"] == source.name]
        for row in limits.to_dict("records"):
            value = typed[row["column"]]
            if row["numerator_of"]:
                value = value / typed[row["numerator_of"]]
            low, high = float(row["minimum"] or "-inf"), float(row["maximum"] or "inf")
            self._warn(row["warning"], (value < low) | (value > high))

    def _is_odd(self, un_number: str, class_: str) -> bool:
        known = self.rules.classes_of_un.get(un_number, [])
        return bool(known) and not any(class_.startswith(code) or code.startswith(class_) for code in known)


def _dashed(found: re.Match[str]) -> str:
    year, month, day, hour = (int(found[n]) for n in range(1, 5))
    return f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:"


def to_utc(local: pd.Series, zones: pd.Series) -> pd.Series:
    """Local wall clocks of several zones as naive UTC; the first of two equal clocks, an hour on in a gap."""
    parts = [
        clocks.dt.tz_localize(str(zone), ambiguous=True, nonexistent=pd.Timedelta(hours=1))
        .dt.tz_convert("UTC")
        .dt.tz_localize(None)
        for zone, clocks in local.groupby(zones)
    ]
    return pd.concat(parts).reindex(local.index)


def wrong_check_digits(units: pd.Series) -> pd.Series:
    """The units shaped like container numbers (ISO 6346) whose check digit is wrong."""
    shaped = units[units.str.fullmatch(r"[A-Z]{4}\d{7}", na=False)]
    letters = [value for value in range(10, 39) if value % 11]
    values = dict(zip(digits + ascii_uppercase, [*range(10), *letters], strict=True))
    weighed = (shaped.str[place].map(values) * 2**place for place in range(10))
    total = sum(weighed, start=pd.Series(0, shaped.index))
    wrong = total % 11 % 10 != shaped.str[10].map(values)
    return wrong.reindex(units.index, fill_value=False)


def check_rows(texts: pd.DataFrame, source: Source, rules: Rules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that land, typed, and the rejected ones with their reasons."""
    checked = Checked(texts, source, rules)
    checked.check()
    typed = checked.typed
    bad = pd.Series(False, typed.index)
    for rows in checked.rejects.values():
        bad |= rows
    rejects = texts.loc[bad, [*META, "_raw"]]
    rejects["_reasons"] = joined(checked.rejects, bad)
    warned = pd.Series(False, typed.index)
    for rows in checked.warned.values():
        warned |= rows
    typed["_warnings"] = joined(checked.warned, warned).reindex(typed.index)
    typed["_known_at"] = typed["recorded_at"].fillna(rules.loaded_at)
    return typed[~bad], rejects


def joined(masks: dict[str, pd.Series], chosen: pd.Series) -> pd.Series:
    """The codes of the chosen rows, joined by a semicolon."""
    text = pd.Series("", chosen.index[chosen], dtype="str")
    for code, rows in masks.items():
        text = text.mask(rows[chosen], text + ";" + code)
    return text.str.lstrip(";")


def placed_instants(rows: pd.DataFrame, name: str, zone_of_batch: pd.Series) -> pd.Series:
    """An instant held as given in UTC: a local one is of its batch's zone."""
    is_local = rows[f"{name}_is_local"].fillna(False).astype(bool)
    given = rows[f"{name}_given"]
    if not is_local.any():
        return given
    zones = rows["consignment_id"].map(zone_of_batch).fillna(DEFAULT_ZONE)
    placed = to_utc(given[is_local], zones[is_local])
    return given.where(~is_local, placed.reindex(rows.index))


def zones_of_batches(landed: pd.DataFrame, rules: Rules) -> pd.Series:
    """The time zone of every live consignment's port."""
    live = landed[(landed["_status"] == "accepted") & ~landed["voided"].fillna(False).astype(bool)]
    return live.set_index("consignment_id")["un_location_code"].map(rules.zones).dropna()


def is_warned(landed: pd.DataFrame, source: Source, zone_of_batch: pd.Series) -> pd.Series:
    """Whether a row counts and carries a warning, or names a batch that is not there."""
    warned = landed["_warnings"].notna()
    if source.name != "consignments" and "consignment_id" in landed:
        batch = landed["consignment_id"]
        warned |= batch.notna() & ~batch.isin(zone_of_batch.index)
    return warned & (landed["_status"] == "accepted") & ~landed["voided"].fillna(False).astype(bool)


def count_files(
    names: dict[int, str], landed: pd.DataFrame, warned: pd.Series, rejects: pd.DataFrame
) -> dict[str, dict[str, int]]:
    """The counts of every file, by its name."""
    by_status = landed.groupby(["_file_seq", "_status"]).size().unstack(fill_value=0)
    table = pd.DataFrame(0, index=list(names), columns=["accepted", "superseded", "duplicate"])
    table = table.add(by_status, fill_value=0).reindex(list(names)).fillna(0)
    table["rejected"] = rejects.groupby("_file_seq").size()
    table["warned"] = landed[warned].groupby("_file_seq").size()
    table = table.fillna(0).astype(int)
    table["read"] = table[["accepted", "superseded", "duplicate", "rejected"]].sum(axis=1)
    counts = {str(column): table[column].tolist() for column in table}
    return {
        name: {column: int(values[place]) for column, values in counts.items()}
        for place, name in enumerate(names.values())
    }
