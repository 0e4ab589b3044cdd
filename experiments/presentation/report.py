"""The report: one self-contained HTML file that answers the question first.

Style sheet and charts stand in the file itself; it refers to nothing outside.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
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
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.studies.whole_files import write_whole
from experiments.wording import counted, duration_words, fraction, level_words, percent

FILE = "report.html"
_OF_CHANGE = ("percentiles_over_time",)
"""Charts that tell nothing of a steady state but its chance."""
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
    """Return the charts of the question that show anything, the telling one first."""
    if not analysis.has_connections:
        return []
    plots = Plots(analysis)
    names = [
        name
        for name in analysis.question.charts
        if name not in _OF_CHANGE
        or any(_changes(point.scenario) for point in analysis.study.points)
    ]
    charts = [getattr(plots, name)() for name in names]
    return [chart for chart in charts if chart.has_data()]


def _changes(world: sim.Scenario) -> bool:
    """Whether something happens in a world: it ends, or a server is down for a time."""
    return world.kind == "terminating" or any(pool.outages for pool in world.pools.values())


def report_html(analysis: Analysis, charts: list[Chart]) -> str:
    """Return the report's text."""
    study = analysis.study
    template = environment().get_template("report.html.j2")
    return template.render(
        study=study,
        question=analysis.question,
        answer=analysis.answer,
        table=answer_table(analysis),
        warnings=analysis.further_warnings,
        tables=analysis.word_tables,
        charts=charts,
        assumptions=_assumptions(analysis),
        facts=_facts(analysis),
        overrides=[override.words for override in study.file.overrides],
        manifest=_manifest_shown(analysis.tables.manifest),
        confidence=percent(CONFIDENCE),
        table_names=list(sim.SCHEMAS),
    )


def answer_fragment(analysis: Analysis) -> str:
    """Return the answer and its table as an HTML fragment, for notebooks."""
    template = environment().get_template("answer.html.j2")
    return template.render(
        answer=analysis.answer,
        warnings=analysis.further_warnings,
        table=answer_table(analysis),
        folder=str(analysis.tables.folder),
    )


@functools.cache
def environment() -> jinja2.Environment:
    """Return the templates of reports."""
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
            "value": _value(file, assumption.about),
            "says": assumption.says,
            "source": assumption.source,
        }
        for assumption in file.study.assumptions
    ]


def _value(file: ScenarioFile, about: str) -> str:
    """Return what a setting is: all its levels where the study varies it."""
    if about in file.study.factors:
        return ", ".join(map(level_words, file.study.factors[about]))
    path = parse_path(about, "study.assumptions")
    description: Any = file.description
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
    """Return how the study was simulated, in names and values; what it varies, value by value."""
    study = analysis.study
    worlds = [point.scenario for point in study.points]
    rows = analysis.tables.manifest["rows"]
    facts = [
        (
            "Design",
            f"{counted(len(study.points), 'point')} × {counted(study.replications, 'replication')}",
        ),
        ("Recorded", f"{counted(rows['connections'], 'connection')}"),
        ("Period", _each(worlds, _period)),
        ("Before it", _each(worlds, _warm_up)),
        *_transients(analysis),
        ("Fidelity", _each(worlds, _fidelity)),
        ("Scale", _each(worlds, _scale)),
        ("Seed", str(study.seed)),
        ("Machine", ", ".join(analysis.tables.manifest["machine_profiles"])),
    ]
    facts += [
        (factor, ", ".join(map(level_words, levels)))
        for factor, levels in study.file.study.factors.items()
    ]
    return facts


def _each(worlds: Sequence[sim.Scenario], words: Callable[[sim.Scenario], str]) -> str:
    """Return what is true of all worlds, or each of the different things that are."""
    return "; ".join(dict.fromkeys(map(words, worlds)))


def _period(world: sim.Scenario) -> str:
    kind = "a world that ends" if world.kind == "terminating" else "a piece of a steady state"
    start = f"{world.start:%Y-%m-%d %H:%M} {world.start.tzname() or 'UTC'}"
    return f"{start}, {duration_words(world.duration)}, {kind}"


def _warm_up(world: sim.Scenario) -> str:
    if not world.warm_up:
        return "nothing: caches begin empty"
    return f"{duration_words(world.warm_up)} not recorded, to warm the caches"


def _transients(analysis: Analysis) -> list[tuple[str, str]]:
    """Return what was left out of the recorded time, where anything was looked for."""
    warm_up = analysis.findings.warm_up
    if warm_up is None or warm_up.empty:
        return []
    ends = warm_up.set_index("point")["warm_up_end"]
    lengths = [f"{end:,.0f} s" for end in dict.fromkeys(ends.round(0))]
    return [
        (
            "Initial transient",
            f"left out by MSER-5 on the mean of the replications: {', '.join(lengths[:6])}"
            + (", …" if len(lengths) > 6 else ""),
        )
    ]


def _fidelity(world: sim.Scenario) -> str:
    if world.fidelity == "live":
        return "live: two engines in every connection"
    return (
        f"replay: two engines in the first {world.traces} connections of each class, later ones do "
        "what those did"
    )


def _scale(world: sim.Scenario) -> str:
    if world.scale == 1:
        return "full load"
    return f"{fraction(world.scale)} of the load (arrivals, clients, caches and tables alike)"


def _manifest_shown(manifest: dict[str, Any]) -> str:
    """Return the manifest as text, without the scenario that the report shows apart."""
    shown = {key: value for key, value in manifest.items() if key != "scenario"}
    return json.dumps(shown, indent=2, ensure_ascii=False)
