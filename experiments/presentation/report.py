"""The report: one self-contained HTML file that answers the question first.

Style sheet and charts stand in the file itself; it refers to nothing outside.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jinja2

import sim
from experiments.presentation.answer_table import answer_table
from experiments.presentation.chart import Chart
from experiments.presentation.plots import Plots
from experiments.questions.analysis import Analysis
from experiments.results.statistics import CONFIDENCE
from experiments.scenario_files.overrides import parse_path
from experiments.studies.whole_files import write_whole
from experiments.wording import fraction, level_words, percent

FILE = "report.html"
_TEMPLATES = Path(__file__).parent / "templates"


def write_report(analysis: Analysis) -> None:
    """Write `report.html` and `plots/*.svg` into the study's folder, each whole or not at all.

    Raises:
        OSError: they cannot be written.
    """
    charts = charts_of(analysis)
    folder = analysis.tables.folder
    plots = folder / "plots"
    plots.mkdir(exist_ok=True)
    for chart in charts:
        write_whole(plots / f"{chart.name}.svg", chart.svg())
    write_whole(folder / FILE, report_html(analysis, charts))


def charts_of(analysis: Analysis) -> list[Chart]:
    """Return the charts that the question has in its report, the telling one first."""
    plots = Plots(analysis)
    return [getattr(plots, name)() for name in analysis.question.charts]


def report_html(analysis: Analysis, charts: list[Chart]) -> str:
    """Return the report's text."""
    study = analysis.study
    template = _environment().get_template("report.html.j2")
    return template.render(
        study=study,
        question=analysis.question,
        answer=analysis.answer,
        table=answer_table(analysis),
        metrics=analysis.metrics,
        tables=analysis.word_tables,
        charts=charts,
        assumptions=_assumptions(analysis),
        facts=_facts(analysis),
        overrides=[override.words for override in study.file.overrides],
        manifest=_manifest_shown(analysis.tables.manifest),
        scale=_scale(study.points[0].scenario),
        confidence=percent(CONFIDENCE),
    )


def answer_fragment(analysis: Analysis) -> str:
    """Return the answer and its table as an HTML fragment, for notebooks."""
    template = _environment().get_template("answer.html.j2")
    return template.render(
        answer=analysis.answer,
        table=answer_table(analysis),
        metrics=analysis.metrics,
        scale=_scale(analysis.study.points[0].scenario),
        folder=str(analysis.tables.folder),
    )


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _assumptions(analysis: Analysis) -> list[dict[str, str]]:
    """Return the study's assumptions, each with the value that the scenario gives the setting."""
    file = analysis.study.file
    return [
        {
            "about": assumption.about,
            "value": _value(file.description, assumption.about),
            "says": assumption.says,
            "source": assumption.source,
        }
        for assumption in file.study.assumptions
    ]


def _value(description: Any, about: str) -> str:
    path = parse_path(about, "study.assumptions")
    for part in path:
        try:
            description = description[part]
        except (KeyError, IndexError, TypeError):
            return ""
    if isinstance(description, str):
        return description
    if isinstance(description, list | dict):
        return ""
    return level_words(description)


def _facts(analysis: Analysis) -> list[tuple[str, str]]:
    """Return how the study was simulated, in names and values."""
    study = analysis.study
    world = study.points[0].scenario
    rows = analysis.tables.manifest["rows"]
    facts = [
        (
            "Design",
            f"{_counted(len(study.points), 'point')} × "
            f"{_counted(study.replications, 'replication')}",
        ),
        ("Recorded", f"{rows['connections']:,} connections"),
        ("Period", f"{world.start:%Y-%m-%d %H:%M} UTC, {world.duration / 3600:g} h"),
    ]
    if world.warm_up:
        facts.append(("Before it", f"{world.warm_up / 3600:g} h not recorded, to warm the caches"))
    with analysis.tables.measurements() as measurements:
        if measurements.warm_up is not None:
            cut = measurements.warm_up["warm_up_end"]
            least, most = cut.min(), cut.max()
            range_ = f"{most:,.0f} s" if least == most else f"{least:,.0f} to {most:,.0f} s"
            facts.append(("Warm-up", f"left out by MSER-5: {range_}, by design point"))
    facts += [
        ("Fidelity", _fidelity(world)),
        ("Scale", f"{_scale(world)} (arrivals and cache capacities alike)"),
        ("Seed", str(study.seed)),
        ("Machine", ", ".join(analysis.tables.manifest["machine_profiles"])),
    ]
    facts += [
        (factor, ", ".join(map(level_words, levels)))
        for factor, levels in study.file.study.factors.items()
    ]
    return facts


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _fidelity(world: sim.Scenario) -> str:
    if world.fidelity == "live":
        return "live: two engines in every connection"
    return (
        f"replay: two engines in the first {world.traces} connections of each kind, later ones do "
        "what those did"
    )


def _scale(world: sim.Scenario) -> str:
    return "full load" if world.scale == 1 else f"{fraction(world.scale)} of the load"


def _manifest_shown(manifest: dict[str, Any]) -> str:
    """Return the manifest as text, without the scenario that the report shows apart."""
    shown = {key: value for key, value in manifest.items() if key != "scenario"}
    return json.dumps(shown, indent=2, ensure_ascii=False)
