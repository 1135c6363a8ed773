"""`plot`: pictures of what the kept results hold: ratios, the views, and how costs grow."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.day import slope
from benchmarks.runs import RunFailed

RESULTS = Path(__file__).resolve().parent / "results"
PICTURE = "ratios.svg"
VIEWS_PICTURE = "views.svg"
QUESTIONS_PICTURE = "questions.svg"
GROWTH_PICTURE = "growth.svg"
GROWTH = "growth.json"
"""Of `load --stays`; `load_*.json` are those of `load`."""
DAYS = {"one more day": "day_archives.json", "one more day, with corrections": "day.json"}
"""Of `day --stays` and of `day`: archives, and the sample world."""

VIEW_TARGET = 0.05
"""Seconds."""
WHOLE_TARGET, PANDAS_TARGET = 8, 5
BLUE, GREY, RED = "#1f5fa8", "#9aa5b1", "#b3261e"


def run(results: Path = RESULTS) -> Path:
    """Draws `ratios.svg` beside the results. Raises `RunFailed` without matplotlib or results."""
    loads = [_read(path) for path in sorted(results.glob("load_*.json"))]
    days = [results / name for name in DAYS.values() if (results / name).is_file()]
    if not loads or not days:
        raise RunFailed("no results: run load and day with --json first")
    try:
        pyplot = import_module("matplotlib.pyplot")
    except ImportError as error:
        raise RunFailed("the picture needs matplotlib: pip install matplotlib") from error
    pyplot.switch_backend("svg")
    # Text stays text, and equal results give equal bytes.
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "dgwatch", "font.size": 9})
    figure, axes = pyplot.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    _bars(
        axes[0], loads, {"whole load / parse only": BLUE}, "whole load by bare parse", WHOLE_TARGET, "at most"
    )
    peers = {"pandas / product, whole load": GREY, "pandas / product, intake alone": BLUE}
    _bars(axes[1], loads, peers, "pandas by product", PANDAS_TARGET, "at least")
    _day(axes[2], _read(days[0]))
    figure.savefig(results / PICTURE, metadata={"Date": None})
    pyplot.close(figure)
    if (results / "views.json").is_file():
        _views(pyplot, _read(results / "views.json"), results / VIEWS_PICTURE)
    if (results / "questions.json").is_file():
        _questions(pyplot, _read(results / "questions.json"), results / QUESTIONS_PICTURE)
    if (results / GROWTH).is_file():
        _growth(pyplot, results)
    return results / PICTURE


def _growth(pyplot: Any, results: Path) -> None:
    """The processor time of loads, one more day and a rebuild over the rows that the lake has then, or had before."""
    figure, axes = pyplot.subplots(figsize=(8, 4.2), layout="constrained")
    for name, points in _growing(results).items():
        rows = [point["history_rows"] for point in points]
        exponent = slope(points, "cpu_seconds")
        label = name if exponent is None else f"{name}, rows^{exponent:.2f}"
        axes.plot(rows, [point["cpu_seconds"] for point in points], marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="rows in the lake", title="processor seconds")
    figure.legend(fontsize=8, loc="outside right center")
    figure.savefig(results / GROWTH_PICTURE, metadata={"Date": None})
    pyplot.close(figure)


def _growing(results: Path) -> dict[str, list[dict[str, float]]]:
    """What was measured over rows: of every name, rows and processor seconds at each size."""
    grown = _read(results / GROWTH)["points"]
    found = {
        name: [
            {"history_rows": point["rows"], "cpu_seconds": point["runs"][name]["cpu_seconds"]}
            for point in grown
        ]
        for name in grown[0]["runs"]
    }
    for name, of_days in DAYS.items():
        if (results / of_days).is_file():
            found[name] = _read(results / of_days)["points"]
    if (results / "cluster.json").is_file():
        found["rebuild"] = [
            {"history_rows": point["history_rows"], "cpu_seconds": point["DuckDB"]["rebuild"]["cpu_seconds"]}
            for point in _read(results / "cluster.json")["points"]
        ]
    return found


def _views(pyplot: Any, found: dict[str, Any], picture: Path) -> None:
    """The seconds of every view over the stays of the lake: those that are kept, and below them computed ones."""
    figure, panels = pyplot.subplots(2, 1, figsize=(9, 8), sharex=True, layout="constrained")
    for axes, title, is_computed in zip(panels, ("kept", "computed"), (False, True), strict=True):
        names = [name for name in found["exponent"] if name.startswith("computed") is is_computed]
        axes.set_prop_cycle(color=pyplot.colormaps["turbo"](np.linspace(0.05, 0.95, len(names))))
        for name in names:
            asked = [point for point in found["points"] if name in point["views"]]
            medians = [point["views"][name]["median"] for point in asked]
            label = f"{name.removeprefix('computed: ')}, stays^{found['exponent'][name]:.2f}"
            axes.plot([point["stays"] for point in asked], medians, marker="o", label=label)
        axes.set(xscale="log", yscale="log", title=f"median seconds of an answer that is {title}")
        axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    panels[0].axhline(VIEW_TARGET, color=RED, linewidth=1, linestyle=":", label="target")
    panels[1].set_xlabel("stays in the lake")
    figure.savefig(picture, metadata={"Date": None})
    pyplot.close(figure)


def _questions(pyplot: Any, found: dict[str, Any], picture: Path) -> None:
    """The seconds of every question by product and peers."""
    figure, axes = pyplot.subplots(1, len(found["questions"]), figsize=(11, 2.6), layout="constrained")
    for place, (name, times) in enumerate(found["questions"].items()):
        seconds = [told["median"] for told in times.values()]
        bars = axes[place].barh(
            list(times), seconds, color=[BLUE if "product" in who else GREY for who in times]
        )
        axes[place].bar_label(bars, fmt="%.2f", padding=2)
        axes[place].set(
            title=f"{name}, {found['stays'] / 1e6:g}M stays", xlabel="seconds", xlim=(0, 1.25 * max(seconds))
        )
        axes[place].invert_yaxis()
    figure.savefig(picture, metadata={"Date": None})
    pyplot.close(figure)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _bars(
    axes: Any, loads: list[dict[str, Any]], ratios: dict[str, str], title: str, target: int, bound: str
) -> None:
    """Processor time by processor time: what else the machine did weighs least on it."""
    loads = [load for load in loads if load["ratios"].keys() >= ratios.keys()]
    names = [f"{load['layout']}\n{load['rows'] / 1e6:.1f}M rows" for load in loads]
    width = 0.8 / len(ratios)
    for place, (ratio, colour) in enumerate(ratios.items()):
        values = [load["ratios"][ratio]["cpu"] for load in loads]
        at = [number + width * (place - (len(ratios) - 1) / 2) for number in range(len(loads))]
        bars = axes.bar(at, values, width, color=colour, label=ratio.split(", ")[-1])
        axes.bar_label(bars, fmt="%.1f")
    axes.axhline(target, color=RED, linewidth=1, linestyle="--", label=f"target: {bound} {target}")
    axes.set_xticks(range(len(loads)), names)
    axes.set_title(f"{title}, processor time")
    axes.set_ylim(bottom=0, top=1.3 * axes.get_ylim()[1])
    axes.legend(fontsize=7)


def _day(axes: Any, day: dict[str, Any]) -> None:
    first = day["points"][0]
    rows = [point["history_rows"] for point in day["points"]]
    for name, colour, label in (("seconds", BLUE, "elapsed"), ("cpu_seconds", GREY, "processor time")):
        values = [point[name] / first[name] for point in day["points"]]
        axes.plot(
            rows, values, marker="o", color=colour, label=f"{label}, history^{day['exponent'][name]:.2f}"
        )
    axes.plot(
        rows,
        [count / rows[0] for count in rows],
        color=RED,
        linestyle="--",
        linewidth=1,
        label="as history grows",
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(rows, [f"{count / 1e6:.2g}M" for count in rows])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("rows of history")
    axes.set_title("one more day, by that of the shortest history")
    axes.legend(fontsize=7)
