"""A report is legible in a browser: on a telephone, on a desk, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import experiments
from experiments.presentation.chart import SMALLEST
from tests.experiments.presentation.chromium import Chromium
from tests.experiments.small_world import WORLD
from tests.peers import require_program

PHONE, DESK = 390, 1280
LEAST_TEXT = 12.0
"""CSS pixels of the smallest letters that are read without effort."""

OBJECTIVES = """
[study]
replications = 2
objectives = ["p99 handshake < 1 s", "failed < 1 %"]
[study.factors]
"arrivals.rate" = ["0.5 /s", "2 /s"]
[[study.assumptions]]
about = "server.sessions.lifetime"
says = "Five minutes, as many servers have it."
source = "assumed"
"""

TEXTS = """
[...document.querySelectorAll('body *')]
  .filter(one => !one.closest('svg') && one.getClientRects().length
    && [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(one => [parseFloat(getComputedStyle(one).fontSize), one.tagName, one.textContent.trim()])
"""
PICTURES = """
[...document.querySelectorAll('figure svg, img')].map(one => {
  const box = one.getBoundingClientRect();
  const frame = one.closest('figure').getBoundingClientRect();
  const whole = one.tagName !== 'IMG' || (one.complete && one.naturalWidth > 0);
  return [whole, box.width / one.viewBox.baseVal.width, box.height, frame.left, frame.right];
})
"""
"""Of each picture whether it is there, the pixels of a point in it, its height, its frame."""
OUTSIDE = """
[...document.querySelectorAll('body *')]
  .filter(one => !one.closest('.scroll, pre, svg')
    && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(one => one.tagName + '.' + one.className)
"""


@pytest.fixture(scope="module")
def reports(
    result: experiments.Result, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Reports of a study of caches, and of one with objectives, loads and assumptions."""
    folder = tmp_path_factory.mktemp("loads")
    text = WORLD.replace('duration = "5 min"', 'duration = "1 min"') + OBJECTIVES
    (folder / "loads.toml").write_text(text, encoding="utf-8")
    loads = experiments.run(folder / "loads.toml", out=folder / "out", workers=1)
    return {"caches": result.report, "loads": loads.report}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = require_program("chromium")
    with Chromium(program, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.mark.slow
@pytest.mark.parametrize("name", ["caches", "loads"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_report_is_legible(
    name: str, width: int, reports: dict[str, Path], chromium: Chromium, tmp_path: Path
) -> None:
    chromium.complaints.clear()
    chromium.open(reports[name], width=width, phone=width == PHONE)
    chromium.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    (tmp_path / f"{name}-{width}.png").write_bytes(chromium.picture())

    assert chromium.evaluate("window.innerWidth") == width
    assert chromium.evaluate("document.documentElement.scrollWidth") <= width
    assert chromium.evaluate(OUTSIDE) == []
    texts = chromium.evaluate(TEXTS)
    assert len(texts) > 50
    assert [text for text in texts if text[0] < LEAST_TEXT] == []

    pictures = chromium.evaluate(PICTURES)
    assert len(pictures) >= 5
    for whole, pixels, high, left, right in pictures:
        assert whole
        assert pixels * SMALLEST >= LEAST_TEXT
        assert high > 100
        assert left >= 0
        assert right <= width
    assert chromium.complaints == []


@pytest.mark.slow
def test_wide_tables_scroll_in_a_box_of_their_own(
    reports: dict[str, Path], chromium: Chromium
) -> None:
    chromium.open(reports["caches"], width=PHONE, phone=True)
    boxes = chromium.evaluate(
        "[...document.querySelectorAll('.scroll')].map(one => "
        "[one.scrollWidth > one.clientWidth, getComputedStyle(one).overflowX])"
    )
    assert boxes
    assert any(is_wider for is_wider, _ in boxes)
    assert {overflow for _, overflow in boxes} == {"auto"}


@pytest.mark.slow
def test_what_a_report_must_say_is_there_in_order(
    reports: dict[str, Path], chromium: Chromium
) -> None:
    """The question, the answer with its interval, objectives, evidence, settings, limits."""
    chromium.open(reports["loads"], width=PHONE, phone=True)
    shown = chromium.evaluate("document.body.innerText")
    parts = [
        "A small server",
        "95 % interval",
        "Objectives",
        "In pictures",
        "What is assumed",
        "How it was simulated",
    ]
    places = [shown.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    assert places[0] < places[1] < places[2]
    assert places[3:] == sorted(places[3:])
    assert "Where this answer does not hold" in shown
