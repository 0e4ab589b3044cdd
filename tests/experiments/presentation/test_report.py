from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import experiments
from experiments.presentation.plots import Plots
from experiments.presentation.report import charts_of, report_html


class Page(HTMLParser):
    """Collects a page's elements, and checks that they close in order."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(result: experiments.Result) -> Page:
    page = Page()
    page.feed(result.report.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


def test_the_report_is_self_contained(page: Page, result: experiments.Result) -> None:
    text = result.report.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]+\.|url\([^#]|@import", text)
    assert not {"link", "script", "img", "iframe"} & set(page.tags)
    for name, value in page.attributes:
        if name in ("src", "href", "xlink:href"):
            assert value.startswith("#")


def test_no_identifier_stands_twice(page: Page) -> None:
    identifiers = [value for name, value in page.attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))


def test_the_report_has_the_answer_the_table_and_the_charts(
    page: Page, result: experiments.Result
) -> None:
    text = result.report.read_text(encoding="utf-8")
    assert result.answer.sentence in text
    assert page.tags.count("svg") == len(charts_of(result.analysis)) == 5
    assert text.count("<tr") >= 1 + len(result.study.points)
    assert "[server.sessions]" in text
    assert '"finished":' in text.replace("&#34;", '"')


def test_the_report_says_where_the_assumptions_come_from() -> None:
    text = Path(experiments.__file__).parent / "scenarios" / "session-cache.toml"
    for source in ("Arlitt", "Coarfa", "Sy, Burkert, Federrath"):
        assert source in text.read_text(encoding="utf-8")


def test_what_the_file_says_is_escaped(scenario: Path, tmp_path: Path) -> None:
    result = experiments.run(
        scenario, out=tmp_path / "out", replications=1, workers=1, title="<b>2 & 3</b>"
    )
    text = report_html(result.analysis, [])
    assert "<b>2 & 3</b>" not in text
    assert "&lt;b&gt;2 &amp; 3&lt;/b&gt;" in text


def test_charts_are_the_same_bytes_every_time(result: experiments.Result) -> None:
    for one, other in zip(charts_of(result.analysis), charts_of(result.analysis), strict=True):
        assert one.svg() == other.svg()
        assert one.png() == other.png()
        assert one.png().startswith(b"\x89PNG")
        assert "<dc:date>" not in one.svg()


def test_what_an_outage_cuts_off_is_said_and_not_drawn(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    """Bars cannot be taken from: the table `operations` takes it from the sum."""
    outage = 'outages = [{ at = "1 min", lasts = "1 s" }]\napplication = { cpu = "10 s" }'
    short = ('duration = "5 min"', 'duration = "2 min"')
    file = written(short, ("cores = 1", f"cores = 1\n{outage}"))
    result = experiments.run(file, out=tmp_path / "out", replications=1, workers=1)
    chart = Plots(result.analysis).work([0])
    assert "where jobs that an outage cuts off count whole" in chart.caption
    widths = [bar.get_width() for bars in chart.axes[0].containers for bar in bars]
    assert min(widths) >= 0
    with result.analysis.tables.measurements() as measurements:
        kinds = measurements.server_work().set_index("kind")["cpu_seconds"]
    assert kinds["cut-off"] < 0
