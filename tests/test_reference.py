"""The shipped reference tables hold together, a user's own replace them, and local times become instants."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.arrow_tables import array_of, arrow_table, is_null, values_of
from pipeline.contract import REJECT_SENTENCES, SOURCES, WARNING_SENTENCES
from pipeline.errors import UserMistake
from pipeline.reference import reading as reference_module
from pipeline.reference.checks import CHECKS, FILTERS_OF_RULES, SAFETY_VALUES_NEEDED
from pipeline.reference.reading import Reference, ReferenceMistake, load_reference
from pipeline.reference.tables import TABLES, UNIDENTIFIED
from pipeline.reference.time_zones import FIRST, LAST, zone_offsets
from pipeline.settings import SHIPPED_REFERENCE

CLASSES = {
    *("1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2", "2.1", "2.2", "2.3", "3", "4", "4.1", "4.2", "4.3"),
    *("5", "5.1", "5.2", "6", "6.1", "6.2", "7", "8", "9"),
}


@pytest.fixture(scope="module")
def shipped() -> Reference:
    return load_reference()


def rows(reference: Reference, table: str) -> list[dict]:
    return reference.table(table).to_pylist()


def shipped_rows(table: str) -> list[dict[str, str]]:
    with (SHIPPED_REFERENCE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lay_over(folder: Path, table: str, text: str, encoding: str = "utf-8") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{table}.csv").write_bytes(text.encode(encoding))
    return folder


# --- the shipped tables


def test_every_table_is_there_with_its_columns(shipped: Reference) -> None:
    assert set(shipped.tables) == set(TABLES)
    for name, spec in TABLES.items():
        table = shipped.table(name)
        assert table.num_rows > 0
        assert [field.name for field in spec.fields] == table.schema.names[: len(spec.fields)]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_shipped_row_names_its_source(name: str) -> None:
    source_columns = {"column_aliases": "source_note"}
    for row in shipped_rows(name):
        assert row[source_columns.get(name, "source")].strip()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_shipped_files_are_plain_utf8_with_line_feeds(name: str) -> None:
    content = (SHIPPED_REFERENCE / f"{name}.csv").read_bytes()
    assert b"\r" not in content and not content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8").endswith("\n")
    assert "://" not in content.decode("utf-8")


def test_kinds_of_the_typed_columns(shipped: Reference) -> None:
    assert shipped.table("imdg_classes").schema.field("hazard_rank").type == pa.int64()
    limits = shipped.table("limit_rules").schema
    assert limits.field("limit_hours").type == pa.float64()
    assert limits.field("priority").type == pa.int64()
    assert limits.field("valid_from").type == pa.date32()
    assert limits.field("is_illustrative").type == pa.bool_()
    assert shipped.table("finding_codes").schema.field("is_misdeclaration").type == pa.bool_()


def test_loading_is_quick_and_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    best = 9.0
    for _ in range(3):
        reference_module._load.cache_clear()
        begun = time.perf_counter()
        load_reference()
        best = min(best, time.perf_counter() - begun)
    assert best < 0.5, "far above the 0.1 s that it takes on an idle core"
    assert load_reference() is load_reference()


def test_loading_does_not_import_pandas() -> None:
    code = (
        "import sys; from pipeline.reference.reading import load_reference as load; r = load(); r.zone_offsets(); "
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=SHIPPED_REFERENCE.parent.parent).returncode == 0


# --- ports


@pytest.mark.parametrize(
    ("sent", "own"),
    [
        ("CNSHA", "CNSHG"), ("CNNGB", "CNNBO"), ("CNTAO", "CNQIN"), ("CNXMN", "CNXMG"), ("CNDLC", "CNDAG"),
        ("CNCAN", "CNGZG"), ("CNFOC", "CNFZG"), ("CNTSN", "CNTXG"), ("CNTXG", "CNTXG"), ("CNYTN", "CNYTN"),
        ("CNSHK", "CNSHK"), ("CNCWN", "CNCWN"), ("CNNSA", "CNNSA"), ("HKHKG", "HKHKG"),
    ],
)  # fmt: skip
def test_aliases_lead_to_the_seaport(shipped: Reference, sent: str, own: str) -> None:
    assert shipped.port_of[sent] == own


def test_no_airport_code_is_a_port_of_its_own(shipped: Reference) -> None:
    own = set(shipped.zone_of)
    assert own.isdisjoint({"CNSHA", "CNNGB", "CNTAO", "CNXMN", "CNDLC", "CNCAN", "CNFOC", "CNSZX", "CNTSN"})
    assert "CNSGH" not in shipped.port_of, "the city of Shanghai reads like CNSHG mistyped"


def test_every_code_and_alias_stands_for_one_port() -> None:
    codes = [
        code
        for row in shipped_rows("ports")
        for code in [row["un_location_code"], *row["alias_codes"].split()]
    ]
    assert len(codes) == len(set(codes)) > 700
    assert all(len(code) == 5 and code.isupper() and code.isalpha() for code in codes)


def test_big_ports_have_names_zones_and_plausible_places(shipped: Reference) -> None:
    ports = {row["un_location_code"]: row for row in rows(shipped, "ports")}
    chinese_names = [p for p in shipped_rows("ports") if p["country"] == "CN" and p["name_zh"]]
    assert len(chinese_names) >= 60
    places = {"CNYTN": (22.57, 114.27), "CNSHG": (30.63, 122.06), "CNQZH": (21.73, 108.62)}
    for code, (latitude, longitude) in places.items():
        assert ports[code]["latitude"] == pytest.approx(latitude, abs=0.1)
        assert ports[code]["longitude"] == pytest.approx(longitude, abs=0.1)
    for row in ports.values():
        assert row["time_zone"] == ("Asia/Shanghai" if row["country"] == "CN" else row["time_zone"])
        assert (row["latitude"] is None) == (row["longitude"] is None)
        if row["country"] == "CN" and row["latitude"] is not None:
            assert 18 <= row["latitude"] <= 54 and 73 <= row["longitude"] <= 135.1
    assert {ports[c]["time_zone"] for c in ("DEHAM", "USNYC", "AUSYD")} == {
        "Europe/Berlin", "America/New_York", "Australia/Sydney",
    }  # fmt: skip


# --- classes, UN numbers, segregation


def test_classes_are_all_there_with_ranks_of_their_own(shipped: Reference) -> None:
    ranks = {row["code"]: row["hazard_rank"] for row in rows(shipped, "imdg_classes")}
    assert shipped.classes >= CLASSES and UNIDENTIFIED not in shipped.classes
    assert len(set(ranks.values())) == len(ranks)
    assert ranks[UNIDENTIFIED] == 0 and min(ranks[code] for code in shipped.classes) == 1
    groups = {code for code in shipped.classes if code[-1].isalpha()}
    assert len(groups) == 35 and {"1.1A", "1.4S", "1.5D", "1.6N"} <= groups
    assert all(code[:-1] in shipped.classes for code in groups)


@pytest.mark.parametrize("plain", ["1", "2", "4", "5", "6"])
def test_a_plain_class_comes_right_after_its_gravest_division(shipped: Reference, plain: str) -> None:
    ranks = {row["code"]: row["hazard_rank"] for row in rows(shipped, "imdg_classes")}
    gravest = min(rank for code, rank in ranks.items() if code.startswith(f"{plain}."))
    assert ranks[plain] == gravest + 1


def test_un_numbers_are_text_of_known_classes(shipped: Reference) -> None:
    numbers = rows(shipped, "un_numbers")
    assert len(shipped.classes_of_un) > 2200
    for row in numbers:
        assert len(row["un_number"]) == 4 and row["un_number"].isdigit()
        assert row["imo_class"] in shipped.classes
        risks = [row["subsidiary_risk_1"], row["subsidiary_risk_2"]]
        assert all(risk is None or risk in shipped.classes for risk in risks)
        assert row["imo_class"] not in risks
        assert row["proper_shipping_name"] and "\n" not in row["proper_shipping_name"]


@pytest.mark.parametrize(
    ("number", "classes"),
    [
        ("0004", {"1.1D"}), ("1005", {"2.2", "2.3"}), ("1052", {"8"}), ("1203", {"3"}), ("1344", {"4.1"}),
        ("1885", {"6.1"}), ("1942", {"5.1"}), ("1950", {"2.1", "2.2"}), ("2814", {"6.2"}), ("3480", {"9"}),
    ],
)  # fmt: skip
def test_classes_of_known_un_numbers(shipped: Reference, number: str, classes: set[str]) -> None:
    assert shipped.classes_of_un[number] == classes


def test_hydrogen_fluoride_keeps_its_subsidiary_risk(shipped: Reference) -> None:
    row = next(row for row in rows(shipped, "un_numbers") if row["un_number"] == "1052")
    assert (row["imo_class"], row["subsidiary_risk_1"], row["packing_group"]) == ("8", "6.1", "I")


def test_segregation_is_symmetric_and_complete(shipped: Reference) -> None:
    codes = {(row["class_a"], row["class_b"]): row["code"] for row in rows(shipped, "segregation")}
    assert all(codes[b, a] == code for (a, b), code in codes.items())
    divisions = {a for a, _ in codes}
    assert len(codes) == len(divisions) ** 2 and divisions <= shipped.classes
    assert all((code == "*") == (a[0] == b[0] == "1") for (a, b), code in codes.items())
    assert (codes["3", "5.1"], codes["2.1", "1.1"], codes["8", "9"]) == ("2", "4", "0")


def test_groups_of_class_one_are_symmetric(shipped: Reference) -> None:
    pairs = {(r["group_a"], r["group_b"]): r["permitted"] for r in rows(shipped, "segregation_class_one")}
    assert len(pairs) == 13**2 and all(pairs[b, a] == permitted for (a, b), permitted in pairs.items())
    assert pairs["C", "D"] and pairs["B", "S"] and not pairs["A", "S"] and not pairs["B", "D"]
    assert [b for (a, b), permitted in pairs.items() if a == "L" and permitted] == ["L"]


# --- limits, campaigns, vocabularies


def test_limit_rules_refer_to_what_is_there(shipped: Reference) -> None:
    rules = rows(shipped, "limit_rules")
    assert all(rule["is_illustrative"] and "llustrative" in rule["source"] for rule in rules)
    assert [r["rule_id"] for r in rules if all(r[f] is None for f in FILTERS_OF_RULES)] == ["default"]
    for rule in rules:
        assert rule["imo_class"] is None or rule["imo_class"] in shipped.classes | {UNIDENTIFIED}
        assert rule["un_number"] is None or rule["un_number"] in shipped.classes_of_un
        assert rule["un_location_code"] is None or rule["un_location_code"] in shipped.zone_of
        assert rule["limit_hours"] > 0
    summer = [rule for rule in rules if rule["valid_from"] is not None]
    assert summer and all(rule["valid_from"] <= rule["valid_to"] for rule in summer)


def test_the_special_action_has_one_hundred_days(shipped: Reference) -> None:
    campaigns = {row["campaign_id"]: row for row in rows(shipped, "campaigns")}
    action = campaigns["special-action-2022"]
    assert (action["ends_on"] - action["starts_on"]).days + 1 == 100
    assert action["starts_on"].year == action["ends_on"].year == 2022
    pilots = campaigns["pilot-2023"]["ports"].split(";")
    assert len(pilots) == 5 and "CNSHG" in pilots and set(pilots) <= set(shipped.zone_of)
    for row in campaigns.values():
        assert row["baseline_from"] <= row["baseline_to"] < row["starts_on"]
        assert "llustrative" in row["note"]


def test_code_lists_are_those_of_the_contract(shipped: Reference) -> None:
    wanted = {column.codes for s in SOURCES.values() for column in s.columns if column.codes}
    assert wanted == {row["list"] for row in rows(shipped, "code_lists")}
    for row in rows(shipped, "code_lists"):
        assert shipped.codes(row["list"])[row["code"].upper()] == row["canonical"]
        assert row["label"] and row["label_zh"]
        assert (row["flow"] in ("in", "inside", "out")) == (row["list"] == "event_type")
    assert shipped.codes("milestone")["CUSS"] == "selected"
    assert shipped.codes("milestone")["CUSI"] == "inspected"
    assert shipped.codes("milestone")["CUSR"] == "released"
    assert shipped.codes("currency")["CNY"] == "CNY" and shipped.codes("country")["CN"] == "CN"
    assert shipped.codes("direction")["TRANSHIPMENT"] == "transhipment"


def test_moves_flow_as_the_contract_says(shipped: Reference) -> None:
    flows: dict[str, set[str]] = {}
    for row in rows(shipped, "code_lists"):
        if row["list"] == "event_type":
            flows.setdefault(row["flow"], set()).add(row["code"])
    assert flows["in"] == {"DISC", "GTIN"} and flows["out"] == {"GTOT", "LOAD"}
    assert flows["inside"] == {"PICK", "DROP", "STUF", "STRP", "INSP", "RSEA", "RMVD", "AVPU", "AVDO"}


def test_findings_are_the_codes_of_the_contract(shipped: Reference) -> None:
    findings = {row["code"]: row["is_misdeclaration"] for row in rows(shipped, "finding_codes")}
    assert len(findings) == 14 and set(findings) == set(shipped.codes("finding_code").values())
    assert findings["undeclared"] and findings["class_understated"]
    assert not findings["securing"] and not findings["document"]


def test_aliases_name_columns_of_the_contract(shipped: Reference) -> None:
    for name, source in SOURCES.items():
        aliases = shipped.aliases(name)
        assert set(aliases.values()) <= set(source.column_names)
        clashes = {a for a, column in aliases.items() if a in source.column_names and a != column}
        assert not clashes
    assert shipped.aliases("yard_moves")["箱号"] == "equipment_reference"
    assert (
        shipped.aliases("yard_moves")["货物编号"] == shipped.aliases("dg_items")["提单号"] == "consignment_id"
    )
    assert shipped.aliases("dg_items")["container_no"] == "equipment_reference"
    assert shipped.aliases("no_such_source") == {}


def test_sentences_of_every_reject_and_warning(shipped: Reference) -> None:
    for table, sentences in (("reject_codes", REJECT_SENTENCES), ("warning_codes", WARNING_SENTENCES)):
        assert {row["code"]: row["sentence"] for row in rows(shipped, table)} == sentences
        assert all(row["sentence_zh"] for row in rows(shipped, table))


def test_ranges_name_columns_and_warnings_of_the_contract(shipped: Reference) -> None:
    for row in rows(shipped, "plausible_ranges"):
        columns = SOURCES[row["source_name"]].column_by_name
        assert row["column"] in columns and row["warning"] in WARNING_SENTENCES
        assert row["numerator_of"] is None or row["numerator_of"] in columns
        assert row["minimum"] < row["maximum"]


def test_age_buckets_follow_each_other(shipped: Reference) -> None:
    buckets = rows(shipped, "age_buckets")
    assert [row["lower_days"] for row in buckets] == [0, 3, 7, 15, 30, 90, 365]
    assert [row["upper_days"] for row in buckets] == [3, 7, 15, 30, 90, 365, None]


# --- a user's own tables


def test_an_own_table_replaces_the_shipped_one_as_a_whole(tmp_path: Path, shipped: Reference) -> None:
    text = "RULE_ID , limit_hours,un_location_code,imo_class,note\nall,0.5,,,\nshanghai,12,cnsha,1.4s,mine\n"
    own = load_reference(lay_over(tmp_path, "limit_rules", text, encoding="utf-8-sig"))
    assert [row["rule_id"] for row in rows(own, "limit_rules")] == ["all", "shanghai"]
    ours = rows(own, "limit_rules")[1]
    assert (ours["un_location_code"], ours["imo_class"], ours["limit_hours"]) == ("CNSHG", "1.4S", 12.0)
    assert (ours["storage_mode"], ours["priority"], ours["is_illustrative"]) == ("store", 0, True)
    assert ours["valid_from"] is None and ours["source"] is None and ours["note"] == "mine"
    assert own.table("ports").equals(shipped.table("ports"))
    assert own.digest != shipped.digest


def test_own_ports_need_not_hold_what_shipped_rules_name(tmp_path: Path) -> None:
    text = "un_location_code,time_zone,alias_codes\nxxaaa,Europe/Berlin,XXBBB xxccc\n"
    own = load_reference(lay_over(tmp_path, "ports", text))
    assert own.port_of == {"XXAAA": "XXAAA", "XXBBB": "XXAAA", "XXCCC": "XXAAA"}
    assert own.zone_of == {"XXAAA": "Europe/Berlin"}
    assert set(own.zone_offsets().column("time_zone").to_pylist()) == {"Europe/Berlin", "Asia/Shanghai"}
    assert rows(own, "ports")[0]["name"] == rows(own, "ports")[0]["name_zh"] == "XXAAA"


def test_own_classes_get_the_unidentified_above_them(tmp_path: Path) -> None:
    own = load_reference(lay_over(tmp_path, "imdg_classes", "code,hazard_rank\n3,0\n8,1\n"))
    ranks = {row["code"]: row["hazard_rank"] for row in rows(own, "imdg_classes")}
    assert ranks == {"3": 0, "8": 1, UNIDENTIFIED: -1}
    assert own.classes == {"3", "8"}


def test_an_own_finding_code_is_a_value_of_the_list(tmp_path: Path) -> None:
    own = load_reference(lay_over(tmp_path, "finding_codes", "code,is_misdeclaration\nLeaking,n\n"))
    assert own.codes("finding_code") == {"LEAKING": "leaking"}


def test_a_pair_given_once_is_mirrored(tmp_path: Path) -> None:
    own = load_reference(lay_over(tmp_path, "segregation", "class_a,class_b,code\n3,8,1\n3,3,0\n"))
    pairs = {(row["class_a"], row["class_b"]): row["code"] for row in rows(own, "segregation")}
    assert pairs == {("3", "8"): "1", ("8", "3"): "1", ("3", "3"): "0"}


def test_own_campaigns_are_read_as_dates_and_own_codes(tmp_path: Path) -> None:
    header = "campaign_id,starts_on,ends_on,ports\n"
    text = header + "a,2022/6/1,2022-06-30,cnsha; CNSHG;CNNGB\nb,2022-06-01,2022-06-02,\n"
    first, second = rows(load_reference(lay_over(tmp_path, "campaigns", text)), "campaigns")
    assert (first["starts_on"], first["ends_on"]) == (date(2022, 6, 1), date(2022, 6, 30))
    assert (first["ports"], second["ports"]) == ("CNSHG;CNNBO", "all")
    assert first["baseline_from"] is None and first["kind"] == "regular"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    before = load_reference(lay_over(tmp_path, "imdg_classes", "code,hazard_rank\n3,1\n"))
    after = load_reference(lay_over(tmp_path, "imdg_classes", "code,hazard_rank\n3,1\n8,2\n"))
    assert before.classes == {"3"} and after.classes == {"3", "8"}


def test_equal_contents_have_equal_digests(tmp_path: Path) -> None:
    text = "code,hazard_rank\n3,1\n"
    first = load_reference(lay_over(tmp_path / "a", "imdg_classes", text))
    second = load_reference(lay_over(tmp_path / "b", "imdg_classes", text))
    assert first.digest == second.digest


SAFETY_VALUES = "".join(
    f"{name},7\n" for name in SAFETY_VALUES_NEEDED if name not in ("forecast_origins", "flashpoint_share")
)
SAFETY_VALUES += "flashpoint_share,1\n"
BAD_TABLES = [
    ("limit_rules", "rule_id,un_number\nall,\n", "no column limit_hours"),
    ("limit_rules", "rule_id,limit_hours\nall,ten\n", "line 2: limit_hours 'ten' is not a number"),
    ("limit_rules", "rule_id,limit_hours\nall,nan\n", "is not a number"),
    ("limit_rules", "rule_id,limit_hours\nall,-1\n", "limit_hours '-1' is not between 0 and 876000"),
    ("limit_rules", "rule_id,limit_hours\nall,99999999\n", "is not between 0 and 876000"),
    ("limit_rules", "rule_id,limit_hours\nall,1_000\n", "'1_000' is not a number"),
    ("limit_rules", "rule_id,limit_hours\nall,\n", "limit_hours is empty"),
    ("limit_rules", "rule_id,limit_hours\nall,1\nALL,2\n", "the same rule_id as in line 2"),
    ("limit_rules", "rule_id,limit_hours,imo_class\nall,1,3\n", "no default rule"),
    (
        "limit_rules",
        "rule_id,limit_hours,imo_class\nall,1,\nx,1,3.5\n",
        "imo_class 3.5 is not in imdg_classes",
    ),
    ("limit_rules", "rule_id,limit_hours,un_location_code\nall,1,\nx,1,CNXXX\n", "CNXXX is not a port"),
    ("limit_rules", "rule_id,limit_hours,un_number\nall,1,\nx,1,42\n", "'42' of x is not four digits"),
    ("limit_rules", "rule_id,limit_hours,storage_mode\nall,1,keep\n", "storage_mode 'keep' is not known"),
    ("limit_rules", "rule_id,limit_hours,valid_from\nall,1,\nx,1,June\n", "is not a date"),
    (
        "limit_rules",
        "rule_id,limit_hours,valid_from,valid_to\nall,1,,\nx,1,2022-02-01,2022-01-01\n",
        "is after valid_to",
    ),
    ("limit_rules", "rule_id,limit_hours\nall,1,2\n", "3 fields, the header has 2"),
    ("limit_rules", "rule_id,rule_id,limit_hours\na,b,1\n", "comes twice"),
    ("limit_rules", 'rule_id,limit_hours\n"all,1\n', "line 2"),
    ("limit_rules", "", "no header line"),
    ("ports", "un_location_code,time_zone\nXXAAA,Mars/Olympus\n", "'Mars/Olympus' of XXAAA is not known"),
    ("ports", "un_location_code,time_zone\nXXAAA,../etc\n", "is not known"),
    ("ports", "un_location_code,time_zone,alias_codes\nA,UTC,B\nC,UTC,B\n", "B is an alias of C and already"),
    ("ports", "un_location_code,time_zone,latitude\nA,UTC,91\n", "beyond 90 degrees"),
    ("imdg_classes", "code,hazard_rank\n3,1.5\n", "is not a whole number"),
    ("imdg_classes", "code,hazard_rank\n3,99999999999\n", "is not between -1000000000 and 1000000000"),
    ("imdg_classes", "code,hazard_rank\n3,99999999999999999999\n", "is not a whole number"),
    ("ports", "un_location_code,time_zone\n", "there is no row"),
    ("campaigns", "campaign_id,starts_on,ends_on\n", "there is no row"),
    ("campaigns", "campaign_id,starts_on,ends_on\na,2022-06-01,9999-12-31\n", "and 2100-12-31"),
    ("un_numbers", "un_number,imo_class\n4,3\n", "'4' is not four digits"),
    ("un_numbers", "un_number,imo_class\n1203,3.5\n", "3.5 is not in imdg_classes"),
    ("segregation", "class_a,class_b,code\n3,8,1\n8,3,2\n", "3 with 8 is 1, 8 with 3 is 2"),
    ("campaigns", "campaign_id,starts_on,ends_on\na,2022-06-02,2022-06-01\n", "is after ends_on"),
    ("campaigns", "campaign_id,starts_on,ends_on,ports\na,2022-06-01,2022-06-02,CNXXX\n", "CNXXX"),
    ("column_aliases", "source,alias,column\nnowhere,x,y\n", "nowhere is not a source"),
    ("column_aliases", "source,alias,column\nyard_moves,x,y\n", "yard_moves has no column y"),
    ("column_aliases", "source,alias,column\nyard_moves,Bay,tier\n", "stands for two columns"),
    ("code_lists", "list,code\ndirection,import\n", "no codes of action_type"),
    ("finding_codes", "code,is_misdeclaration\nleak,maybe\n", "is not true or false"),
    ("age_buckets", "lower_days\n1\n", "no bucket starts at 0"),
    ("safety_values", "name,value\nheat_uplift_c,5\n", "there is no name heat_max_days_old"),
    (
        "safety_values",
        f"name,value\n{SAFETY_VALUES}forecast_origins,0\n",
        "0 of forecast_origins is not between 1",
    ),
    ("safety_values", f"name,value\n{SAFETY_VALUES}forecast_origins,1e9\n", "is not between 1 and 520"),
    ("risk_weights", "part,weight,zero_at,full_at\nluck,1,0,1\n", "part 'luck' is not known"),
    ("risk_weights", "part,weight,zero_at,full_at\nhazard,1,60,0\n", "there is no part overdue"),
    ("reference_quantities", "imo_class,reference_kg\n3,0\n", "reference_kg 0 of 3 is not above zero"),
    ("licensed_quantities", "licence_id,imo_class,licensed_kg\na,3.5,1\n", "3.5 is not in imdg_classes"),
    (
        "licensed_quantities",
        "licence_id,imo_class,licensed_kg\na,3,-1\n",
        "licensed_kg -1 of a is below zero",
    ),
    ("heat_levels", "level,from_temp_c,un_location_code\nhot,35,CNXXX\n", "CNXXX is not a port"),
    ("my_ports", "un_location_code\n", "my_ports.csv is not a reference table"),
]


@pytest.mark.parametrize(("table", "text", "said"), BAD_TABLES)
def test_a_bad_table_is_a_clear_mistake(tmp_path: Path, table: str, text: str, said: str) -> None:
    with pytest.raises(ReferenceMistake) as caught:
        load_reference(lay_over(tmp_path, table, text))
    assert said in str(caught.value)
    assert table in str(caught.value)
    assert isinstance(caught.value, UserMistake) and caught.value.exit_code == 2


def test_a_table_that_is_not_utf8_is_a_clear_mistake(tmp_path: Path) -> None:
    text = "source,alias,column\nyard_moves,箱子,equipment_reference\n"
    with pytest.raises(ReferenceMistake, match="not UTF-8") as caught:
        load_reference(lay_over(tmp_path, "column_aliases", text, encoding="gb18030"))
    assert "UTF-8" in caught.value.hint


def test_a_folder_that_is_not_there_is_a_clear_mistake(tmp_path: Path) -> None:
    with pytest.raises(ReferenceMistake, match="is not a folder"):
        load_reference(tmp_path / "nowhere")


def test_every_check_belongs_to_a_table() -> None:
    assert set(CHECKS) <= set(TABLES)


# --- small tables


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1) | st.sampled_from(
    ['a "b", c', "two\nlines", "true", "1", "危1", "NULL", "N/A", "-"]
)


TYPES = {
    pa.string(): texts,
    pa.bool_(): st.booleans(),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
}


@settings(deadline=None)
@given(st.lists(st.tuples(*(st.none() | values for values in TYPES.values()))))
def test_small_tables_keep_their_values(rows: list[tuple]) -> None:
    schema = pa.schema([(f"column_{place}", type_) for place, type_ in enumerate(TYPES)])
    columns = dict(zip(schema.names, zip(*rows, strict=True) if rows else [()] * len(TYPES), strict=True))
    table = arrow_table(columns, schema)
    table.validate(full=True)
    assert table.schema == schema
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


@settings(deadline=None)
@given(st.lists(st.lists(st.none() | texts)))
def test_lists_of_texts_keep_their_values(rows: list[list[str | None]]) -> None:
    array = array_of(rows, pa.list_(pa.string()))
    array.validate(full=True)
    assert array.to_pylist() == rows


@settings(deadline=None)
@given(st.lists(st.none() | st.booleans()), st.integers(0, 3))
def test_truth_values_come_back_as_they_were(values: list[bool | None], begin: int) -> None:
    array = array_of(values, pa.bool_()).slice(begin)
    assert values_of(array, True).tolist() == [value is not False for value in values[begin:]]
    assert is_null(array).tolist() == [value is None for value in values[begin:]]


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(allow_nan=False)), st.integers(0, 3))
def test_numbers_come_back_as_they_were(values: list[float | None], begin: int) -> None:
    array = array_of(values, pa.float64()).slice(begin)
    assert values_of(array, 7.5).tolist() == [7.5 if value is None else value for value in values[begin:]]


# --- time zones

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Shanghai")


def local_to_utc(table: list[dict], local: datetime) -> datetime:
    """What a join on local_from <= local < local_until gives."""
    row = table[bisect_right([row["local_from"] for row in table], local) - 1]
    assert row["local_from"] <= local < row["local_until"]
    return local - timedelta(seconds=row["offset_seconds"])


@pytest.fixture(scope="module")
def offsets() -> dict[str, list[dict]]:
    table: dict[str, list[dict]] = {zone: [] for zone in ZONES}
    for row in zone_offsets(frozenset(ZONES)).to_pylist():
        table[row["time_zone"]].append(row)
    return table


@pytest.mark.parametrize("zone", ZONES)
def test_periods_follow_each_other_without_gaps(offsets: dict[str, list[dict]], zone: str) -> None:
    periods = offsets[zone]
    assert periods[0]["utc_from"] == periods[0]["local_from"] == FIRST
    assert periods[-1]["utc_until"] == periods[-1]["local_until"] == LAST
    for before, after in pairwise(periods):
        assert before["utc_until"] == after["utc_from"] > before["utc_from"]
        assert before["local_until"] == after["local_from"] > before["local_from"]
        assert before["offset_seconds"] != after["offset_seconds"]


@settings(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    local=st.datetimes(datetime(1970, 2, 1), datetime(2100, 12, 1)),
)
@example("Asia/Shanghai", datetime(1986, 5, 4, 2, 30))
@example("Asia/Shanghai", datetime(1991, 9, 15, 1, 30))
@example("Europe/Berlin", datetime(2022, 3, 27, 2, 30))
@example("Europe/Berlin", datetime(2022, 10, 30, 2, 30))
@example("America/New_York", datetime(2022, 3, 13, 2, 0))
@example("America/New_York", datetime(2022, 11, 6, 1, 59, 59, 999_999))
@example("Australia/Sydney", datetime(2022, 10, 2, 3, 0))
@example("Australia/Sydney", datetime(2022, 4, 3, 3, 0))
def test_local_times_become_the_instants_of_zoneinfo(
    offsets: dict[str, list[dict]], zone: str, local: datetime
) -> None:
    # fold=0 is the first of two, and takes the offset before a gap: the time moves on by the gap.
    expected = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC).replace(tzinfo=None)
    assert local_to_utc(offsets[zone], local) == expected


@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), instant=st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31)))
def test_instants_become_the_local_times_of_zoneinfo(
    offsets: dict[str, list[dict]], zone: str, instant: datetime
) -> None:
    periods = offsets[zone]
    row = periods[bisect_right([row["utc_from"] for row in periods], instant) - 1]
    expected = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert instant + timedelta(seconds=row["offset_seconds"]) == expected


@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), data=st.data())
def test_local_times_round_a_change_of_the_clock(
    offsets: dict[str, list[dict]], zone: str, data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(offsets[zone][1:]))
    minutes = data.draw(st.integers(-180, 180))
    local = row["local_from"] + timedelta(minutes=minutes)
    expected = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC).replace(tzinfo=None)
    assert local_to_utc(offsets[zone], local) == expected


def test_a_skipped_time_moves_on_and_a_doubled_one_is_the_first(offsets: dict[str, list[dict]]) -> None:
    berlin = offsets["Europe/Berlin"]
    assert local_to_utc(berlin, datetime(2022, 3, 27, 2, 30)) == datetime(2022, 3, 27, 1, 30)  # 03:30 CEST
    assert local_to_utc(berlin, datetime(2022, 10, 30, 2, 30)) == datetime(2022, 10, 30, 0, 30)  # CEST


def test_a_week_long_summer_time_is_found() -> None:
    changes = [r["utc_from"] for r in zone_offsets(frozenset({"America/Recife"})).to_pylist()]
    assert datetime(2000, 10, 8, 3) in changes and datetime(2000, 10, 15, 2) in changes


def test_the_default_zone_is_always_there(shipped: Reference) -> None:
    zones = set(shipped.zone_offsets("Pacific/Auckland").column("time_zone").to_pylist())
    assert zones == set(shipped.zone_of.values()) | {"Pacific/Auckland"}
