"""What goes on around the dangerous goods: the weather of each port, and a season of border watch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.sample.facts import LOCAL_OFFSET_SECONDS, SamplePort, day_of
from pipeline.sample.feeds import Feed, recorded
from pipeline.sample.settings import DEFAULT_BATCHES, SampleSettings
from pipeline.sample.streams import Bools, Floats, Ints, choose, exponential, seconds, stream
from pipeline.sample.text import Style, decimal, instants, lines, numbered, picked, whole

RECORD_SUMMER_DAYS = (19_155, 19_235)
"""About 12 June to 31 August 2022, the hottest summer measured in China until then."""

HALF_YEAR_DAYS = 182.5
ALERTS_A_HALF_YEAR, BANS_A_HALF_YEAR = 28, 8
ALIEN_SPECIES_A_HALF_YEAR = 2_071
"""Occurrences: the source does not say whether it counts species or occurrences."""

LINES = ("overseas", "port", "domestic")
ALERT_TYPES = ("announcement", "warning", "risk_alert", "ban")
HAZARD_TYPES = ("human_disease", "animal_disease", "plant_pest", "alien_species", "food", "chemical")
CHANNELS = ("cargo", "mail", "passenger", "conveyance")
CHANNEL_WEIGHTS = np.array([0.45, 0.25, 0.25, 0.05])
COUNTRIES = ("TH", "VN", "BR", "AU", "ZA", "US", "IT", "KE", "MY", "CL")
ACTIONS = ("referral", "prosecution", "eradication", "notice")
AGENCIES = (
    "Sample customs district (invented)",
    "Sample plant protection station (invented)",
    "Sample police (invented)",
)
HAZARDS_OF_TYPE = np.array([16, 24, 500, 1500, 120, 16])
"""How many hazards of each type there are: many, so that two interceptions of one in a month mean something."""
FIRST_OF_TYPE = np.concatenate(([0], np.cumsum(HAZARDS_OF_TYPE)[:-1]))
TYPE_OF_HAZARD = np.repeat(np.arange(len(HAZARD_TYPES)), HAZARDS_OF_TYPE)
ANIMAL_DISEASES = (int(FIRST_OF_TYPE[1]), int(HAZARDS_OF_TYPE[1]))
"""Where they begin and how many there are: bans are of them."""
HAZARD_NAMES = tuple(
    f"invented {kind.replace('_', ' ')} {number:04} (sample)"
    for kind, count in zip(HAZARD_TYPES, HAZARDS_OF_TYPE.tolist(), strict=True)
    for number in range(1, count + 1)
)

FOLLOWED_SHARE = 0.65
"""Notices of which something turns up at a port later."""
FOLLOWED_AFTER_DAYS = 30.0


def _daily_max(rng: np.random.Generator, latitude: float, days: Ints) -> Floats:
    year_day = np.array([day_of(int(day)).timetuple().tm_yday for day in days])
    mean = 31.5 - 0.45 * (latitude - 18)
    swing = 4.0 + 0.62 * (latitude - 18)
    noise = np.empty(len(days))
    last = 0.0
    for i, shock in enumerate(rng.standard_normal(len(days)).tolist()):
        last = 0.72 * last + 1.8 * shock
        noise[i] = last
    first, final = RECORD_SUMMER_DAYS
    hot = np.where((days >= first) & (days <= final), 3.6 + 1.2 * np.sin((days - first) / 9.0), 0.0)
    normal = mean + swing * np.cos(2 * math.pi * (year_day - 205) / 365.25)
    summer = np.cos(2 * math.pi * (year_day - 205) / 365.25) > 0.5
    return np.round(normal + np.where(summer, 0.6, 1.0) * noise + hot, 1)


def weather(settings: SampleSettings, port: SamplePort, style: Style, first_day: int) -> Feed:
    """Daily extremes of a port, degrees Celsius."""
    rng = stream(settings.seed, "weather", port.code)
    days = np.arange(first_day, first_day + settings.days)
    highest = _daily_max(rng, port.latitude, days)
    lowest = np.round(highest - 5.5 - 3.5 * rng.random(len(days)), 1)
    at = days * 86_400 - LOCAL_OFFSET_SECONDS + 12 * 3600
    columns: dict[str, pa.Array | str] = {
        "un_location_code": port.code,
        "date": pa.array([day_of(int(day)).isoformat() for day in days], type=pa.string()),
        "max_temp_c": decimal(highest, 1),
        "min_temp_c": decimal(lowest, 1),
        "recorded_at": instants(days * 86_400 - LOCAL_OFFSET_SECONDS + 32 * 3600, style),
    }
    return Feed("daily_weather", port.code, style, at, lines("daily_weather", columns, style, len(days)))


STORIES = (
    (0.2, "animal_disease", 2),
    (0.45, "alien_species", 41),
    (0.7, "plant_pest", 17),
    (0.85, "human_disease", 4),
    (0.975, "alien_species", 97),
)
"""When in the season (as a share of it) several lines see one hazard within a month: its type and number."""


def _stories(first: int, until: int) -> list[tuple[int, int, int]]:
    """(day in the season, hazard, country): a few hazards that several lines see within a month."""
    span = max((until - first) // 86_400, 1)
    hazards = [int(FIRST_OF_TYPE[HAZARD_TYPES.index(kind)]) + number - 1 for _, kind, number in STORIES]
    return [
        (int(span * part), hazard, hazard % len(COUNTRIES))
        for (part, _, _), hazard in zip(STORIES, hazards, strict=True)
    ]


def _spread(rng: np.random.Generator, first: int, until: int, n: int) -> Ints:
    return np.sort(first + np.floor((until - first) * rng.random(n)).astype(np.int64))


@dataclass(frozen=True)
class Notices:
    """What is announced: when, which kind, about which hazard of which country, on which line; in time's order."""

    at: Ints
    kind: Ints
    hazard: Ints
    country: Ints
    line: Ints


def notices(settings: SampleSettings, first: int, until: int) -> Notices:
    """Announcements, warnings and bans of the season."""
    rng = stream(settings.seed, "alerts")
    halves = (until - first) / 86_400 / HALF_YEAR_DAYS
    n = round((ALERTS_A_HALF_YEAR + BANS_A_HALF_YEAR) * halves)
    at = _spread(rng, first, until, n)
    kind = choose(rng, np.array([12.0, 10.0, 6.0, float(BANS_A_HALF_YEAR)]), n)
    hazard = np.floor(rng.random(n) * len(HAZARD_NAMES)).astype(np.int64)
    ban = kind == 3
    hazard = np.where(ban, ANIMAL_DISEASES[0] + hazard % ANIMAL_DISEASES[1], hazard)
    country = np.floor(rng.random(n) * len(COUNTRIES)).astype(np.int64)
    line = np.where(kind == 2, 1, 0)
    for day, told, origin in _stories(first, until):
        is_animal = HAZARD_TYPES[TYPE_OF_HAZARD[told]] == "animal_disease"
        at = np.append(at, [first + day * 86_400 + 36_000, first + (day + 9) * 86_400 + 36_000])
        kind, hazard = np.append(kind, [1, 3 if is_animal else 2]), np.append(hazard, [told, told])
        country, line = np.append(country, [origin, origin]), np.append(line, [0, 0])
    order = np.argsort(at, kind="stable")
    order = order[at[order] < until]
    return Notices(at[order], kind[order], hazard[order], country[order], line[order])


def risk_alerts(settings: SampleSettings, style: Style, first: int, until: int) -> Feed:
    """The notices of the season as rows."""
    told = notices(settings, first, until)
    at, kind = told.at, told.kind
    rng = stream(settings.seed, "alert rows")
    rows = np.arange(len(at))
    until_when = at + seconds(24 * (60 + 120 * rng.random(len(at))))
    before = _before(told)
    columns: dict[str, pa.Array | str] = {
        "alert_id": numbered("SAMPLE-A", rows, 5),
        "line": picked(LINES, told.line),
        "alert_type": picked(ALERT_TYPES, kind),
        "hazard_type": picked(HAZARD_TYPES, TYPE_OF_HAZARD[told.hazard]),
        "hazard_name": picked(HAZARD_NAMES, told.hazard),
        "origin_country": picked(COUNTRIES, told.country),
        "commodity": picked(
            ("sample fruit", "sample meat", "sample timber", "sample seeds"), told.hazard % 4
        ),
        "issued_at": instants(at, style),
        "effective_to": instants(until_when, style, (kind == 3) & (rows % 3 > 0)),
        "supersedes": numbered("SAMPLE-A", np.maximum(before, 0), 5, before >= 0),
        "recorded_at": instants(recorded(rng, at), style),
    }
    return Feed("risk_alerts", "CN", style, at, lines("risk_alerts", columns, style, len(at)))


def _before(told: Notices) -> Ints:
    """The notice of the same hazard and country before each; -1 where there is none."""
    latest: dict[tuple[int, int], int] = {}
    found = []
    for row, about in enumerate(zip(told.hazard.tolist(), told.country.tolist(), strict=True)):
        found.append(latest.get(about, -1))
        latest[about] = row
    return np.array(found, dtype=np.int64)


def _followed(settings: SampleSettings, first: int, until: int, share: float, port: str) -> Notices:
    """What turns up at one port after notices: `share` of all that do; `line` is the channel."""
    told = notices(settings, first, until)
    rng = stream(settings.seed, "followed", port)
    n = len(told.at)
    at = told.at + seconds(24 * (1 + exponential(rng, FOLLOWED_AFTER_DAYS, n)))
    here = (rng.random(n) < FOLLOWED_SHARE * share) & (at < until)
    channel = choose(rng, CHANNEL_WEIGHTS, n)
    return Notices(at[here], told.kind[here], told.hazard[here], told.country[here], channel[here])


def interceptions(
    settings: SampleSettings,
    port: SamplePort,
    style: Style,
    share: float,
    span: tuple[int, int],
    tells: Bools,
) -> Feed:
    """Interceptions at one port; `share` is its part of the country's, `tells` which stories reach it."""
    first, until = span
    rng = stream(settings.seed, "interceptions", port.code)
    halves = (until - first) / 86_400 / HALF_YEAR_DAYS
    scale = min(1.0, settings.batches / DEFAULT_BATCHES)
    n = round(ALIEN_SPECIES_A_HALF_YEAR / 2.0 * 1.6 * halves * share * scale)
    at = _spread(rng, first, until, n)
    kind = choose(rng, np.array([0.02, 0.05, 0.25, 0.62, 0.05, 0.01]), n)
    hazard = FIRST_OF_TYPE[kind] + np.floor(HAZARDS_OF_TYPE[kind] * rng.random(n)).astype(np.int64)
    country = np.floor(rng.random(n) * len(COUNTRIES)).astype(np.int64)
    channel = choose(rng, CHANNEL_WEIGHTS, n)
    turned_up = _followed(settings, first, until, share, port.code)
    at, hazard = np.append(at, turned_up.at), np.append(hazard, turned_up.hazard)
    country, channel = np.append(country, turned_up.country), np.append(channel, turned_up.line)
    for told, (day, about, origin) in enumerate(_stories(first, until)):
        if tells[told]:
            at = np.append(at, first + (day + 3 + 5 * np.arange(3)) * 86_400 + 50_000)
            hazard, country = np.append(hazard, [about] * 3), np.append(country, [origin] * 3)
            channel = np.append(channel, [0, 1, 2])
    order = np.argsort(at, kind="stable")
    order = order[at[order] < until]
    at, hazard, country, channel = at[order], hazard[order], country[order], channel[order]
    occurrences = 1 + np.floor(exponential(rng, 1.4, len(at))).astype(np.int64)
    columns: dict[str, pa.Array | str] = {
        "interception_id": numbered(f"SI{port.code[2:]}", np.arange(len(at)), 6),
        "un_location_code": port.code,
        "channel": picked(CHANNELS, channel),
        "detected_at": instants(at, style),
        "hazard_type": picked(HAZARD_TYPES, TYPE_OF_HAZARD[hazard]),
        "hazard_name": picked(HAZARD_NAMES, hazard),
        "origin_country": picked(COUNTRIES, country),
        "species_count": whole(np.minimum(occurrences, 1 + (rng.random(len(at)) < 0.15))),
        "occurrence_count": whole(occurrences),
        "batch_count": whole(np.ones(len(at), dtype=np.int64)),
        "disposal": picked(("sample: destroyed", "sample: returned", "sample: treated"), hazard % 3),
        "recorded_at": instants(recorded(rng, at), style),
    }
    return Feed("interceptions", port.code, style, at, lines("interceptions", columns, style, len(at)))


def domestic_actions(settings: SampleSettings, style: Style, first: int, until: int, alerts: Ints) -> Feed:
    """Actions behind the border, some of them linked to an alert; `alerts` are the instants of these.

    Every story of several lines within a month has an eradication behind the border too.
    """
    rng = stream(settings.seed, "domestic actions")
    told = np.array([first + day * 86_400 + 36_000 for day, _, _ in _stories(first, until)], dtype=np.int64)
    drawn = round(45 * (until - first) / 86_400 / HALF_YEAR_DAYS)
    at = np.concatenate((told + 16 * 86_400, _spread(rng, first, until, drawn)))
    n = len(at)
    of_story = np.arange(n) < len(told)
    has_link = (of_story | (rng.random(n) < 0.4)) & (len(alerts) > 0)
    alert = np.floor(rng.random(n) * len(alerts)).astype(np.int64)
    alert[: len(told)] = np.searchsorted(alerts, told)
    kind = np.where(
        of_story, ACTIONS.index("eradication"), choose(rng, np.array([0.35, 0.15, 0.25, 0.25]), n)
    )
    order = np.argsort(at, kind="stable")
    order = order[at[order] < until]
    at, has_link, alert, kind = at[order], has_link[order], alert[order], kind[order]
    n = len(at)
    closed = at + seconds(24 * (4 + exponential(rng, 30.0, n)))
    columns: dict[str, pa.Array | str] = {
        "action_id": numbered("SAMPLE-D", np.arange(n), 5),
        "agency": picked(AGENCIES, np.floor(rng.random(n) * len(AGENCIES)).astype(np.int64)),
        "action_type": picked(ACTIONS, kind),
        "linked_id": numbered("SAMPLE-A", alert, 5, has_link),
        "opened_at": instants(at, style),
        "closed_at": instants(closed, style, closed < until),
        "outcome": picked(
            ("sample: settled", "sample: fined"), (rng.random(n) < 0.3).astype(np.int64), closed < until
        ),
        "recorded_at": instants(recorded(rng, at), style),
    }
    return Feed("domestic_actions", "CN", style, at, lines("domestic_actions", columns, style, n))
