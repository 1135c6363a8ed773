"""The registry as the methodology screen lists it."""

from __future__ import annotations

from pages.shared import data, frame


def families() -> list[str]:
    """The families of metrics, in the registry's order."""
    return list(dict.fromkeys(metric.family for metric in data.registry().values()))


def family_label(name: str) -> str:
    """What a family is called; all of them for the empty name."""
    words = frame.words()
    if not name:
        return words("filter.all")
    key = f"family.{name}"
    return words(key) if words.has(key) else name


def by_family(only: str) -> dict[str, list[str]]:
    """Keys of metrics by family, of one family or of all."""
    found: dict[str, list[str]] = {}
    for key, metric in data.registry().items():
        if only in ("", metric.family):
            found.setdefault(metric.family, []).append(key)
    return found
