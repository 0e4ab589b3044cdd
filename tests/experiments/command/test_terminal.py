"""What the terminal and the report show, and what they leave out."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

import experiments
from experiments.presentation.report import charts_of
from experiments.presentation.terminal import answer_parts, answer_text
from experiments.questions.question import NOTHING_RECORDED
from tests.experiments.worlds.descriptions import scenario_text

_MANY = (
    'factors = { "server.cores" = [1, 2, 3, 4, 5], "http.requests" = [1, 2, 3], '
    '"server.sessions.capacity" = [1, 50] }'
)


def run(name: str, folder: Path, *, study: str = "") -> experiments.Result:
    file = folder / f"{name}.toml"
    text = scenario_text(name)
    if study:
        text = text.replace('"1 min"', '"3 s"').replace('"10 s"', '"1 s"') + study
    file.write_text(text, encoding="utf-8")
    return experiments.run(file, out=folder / "out", workers=1)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> experiments.Result:
    """Thirty design points of three factors."""
    return run("a-restart", tmp_path_factory.mktemp("many"), study=_MANY)


@pytest.mark.slow
def test_thirty_design_points_take_two_screens(many: experiments.Result) -> None:
    lines = str(many.answer).splitlines()
    assert len(lines) <= 2 * 50
    assert max(map(len, lines)) <= 80
    assert "6 further design points and " in str(many.answer)
    assert "More tables in the report: " in str(many.answer)


def test_every_block_has_all_factors(many: experiments.Result) -> None:
    heads = [line for line in answer_text(many.analysis, 60).splitlines() if "requests" in line]
    assert any("cores" in line and "capacity" in line for line in heads)


def test_the_report_has_every_design_point_and_says_what_rows_are_about(
    many: experiments.Result,
) -> None:
    text = many.report.read_text(encoding="utf-8")
    servers = text[text.index("<h2>Servers") :]
    servers = servers[: servers.index("</table>")]
    assert servers.count('scope="row"') == 2 * len(many.study.points)


def test_nothing_recorded_is_said_once_and_shown_in_no_table(tmp_path: Path) -> None:
    result = run("nobody-comes", tmp_path)
    assert result.warnings == (NOTHING_RECORDED,)
    for text in (str(result.answer), result.report.read_text(encoding="utf-8")):
        assert len(re.findall("No connection\\s+was\\s+recorded", text)) == 1
        assert "In replay" not in text
    assert "–" not in str(result.answer)
    assert len(str(result.answer).splitlines()) <= 6
    assert "In pictures" not in result.report.read_text(encoding="utf-8")


def test_charts_without_anything_in_them_are_left_out(tmp_path: Path) -> None:
    result = run("reached-by-none-capacity", tmp_path)
    names = {chart.name for chart in charts_of(result.analysis)}
    assert "latency-cdf" not in names
    assert "work" not in names
    assert "engines ran" not in str(result.answer)


def test_a_terminal_that_knows_ascii_alone_gets_lines_as_short(many: experiments.Result) -> None:
    written = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    console = Console(file=written, width=80, highlight=False, color_system=None)
    for part in answer_parts(many.analysis, 80):
        console.print(part)
    written.flush()
    text = written.buffer.getvalue().decode("ascii")
    assert "+/-" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_busiest_moment_of_several_days_has_a_date(tmp_path: Path) -> None:
    assert "(from 2026-03-05 08:00, " in run("a-week-of-days", tmp_path).answer.sentence


def test_the_answer_refers_to_nothing_that_is_not_there(tmp_path: Path) -> None:
    sentence = run("cache-one-size", tmp_path).answer.sentence
    assert sentence.startswith("The load at 4 connections/s needs ")


def test_the_legend_of_the_load_lies_over_no_curve(many: experiments.Result) -> None:
    chart = many.plot.load(points=[0, 1, 2])
    (legend,) = chart.legends
    chart.canvas.draw()
    box = legend.get_window_extent()
    assert all(not axes.get_window_extent().overlaps(box) for axes in chart.axes)
    assert all(axes.get_legend() is None for axes in chart.axes)
