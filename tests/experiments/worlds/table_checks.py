"""Checks of the answer's table: each cell against the summary and the sentences' way of writing."""

from __future__ import annotations

import math
import re

from experiments.presentation.answer_table import answer_table
from experiments.questions.comparison import reference_of
from tests.experiments.worlds.sentences import NUMBER, World, same

FACTORS = {"1": 100.0, "s": 1000.0, "B": 1e-6, "": 1.0}


def check_answer_table(world: World) -> None:
    """Check that every estimate and interval of the table is that of summary.csv."""
    analysis = world.result.analysis
    table = answer_table(analysis)
    rows = world.result.summary
    labels = {metric.label: metric.name for metric in analysis.metrics}
    kinds: dict[str, set[str]] = {}
    for row in table.rows:
        for (label, *_), (estimate, interval) in zip(table.metrics, row.cells, strict=True):
            found = rows[(rows["point"] == row.point) & (rows["metric"] == labels[label])]
            mean, low, high = (float(found[name].iloc[0]) for name in ("mean", "low", "high"))
            if estimate == "–":
                assert math.isnan(mean)
                continue
            factor = FACTORS[str(found["unit"].iloc[0])]
            ends = _ends(estimate, interval)
            kinds.setdefault(label, set()).add(interval[:1])
            same((estimate, None, None), (mean, math.nan, math.nan), factor)
            if ends is None:
                assert math.isnan(low), (label, interval)
                continue
            # Of "± half" the ends are sums of two rounded numbers, each off by half a digit.
            unit = 10.0 ** -len(estimate.partition(".")[2])
            wide = factor * (high - low) / 2
            if wide >= 100:
                unit = max(unit, 10.0 ** (math.floor(math.log10(wide)) - 1))
            assert abs(ends[0] - factor * low) <= 1.01 * unit, (label, estimate, interval, low)
            assert abs(ends[1] - factor * high) <= 1.01 * unit, (label, estimate, interval, high)
    assert all(len(of_column - {""}) <= 1 for of_column in kinds.values()), kinds


def _ends(estimate: str, interval: str) -> tuple[float, float] | None:
    if not interval:
        return None
    if half := re.fullmatch(rf"± ({NUMBER})", interval):
        middle = _number(estimate)
        return middle - _number(half[1]), middle + _number(half[1])
    low, high = re.fullmatch(rf"\(({NUMBER})–({NUMBER})\)", interval).groups()
    return _number(low), _number(high)


def _number(words: str) -> float:
    return float(words.replace(",", ""))


def check_differences_of_quantiles(world: World) -> None:
    """Check that a quantile's difference is that of the estimates beside it, within its ends."""
    analysis = world.result.analysis
    reference = reference_of(analysis.study)
    named = {f"{one.label}, ms": one for one in analysis.metrics if one.quantile is not None}
    for table in analysis.word_tables:
        if not table.title.startswith("Differences to "):
            continue
        for row in table.rows:
            point = world.points[row[0]]
            for head, cell in zip(table.head, row, strict=True):
                if head not in named or cell == "–":
                    continue
                metric = named[head]
                first, second = (
                    analysis.estimates.interval(one.index, metric).estimate
                    for one in (point, reference)
                )
                mean, *ends = (_number(word) for word in re.findall(NUMBER, cell))
                digits = len(cell.split()[0].rstrip("*").partition(".")[2])
                assert abs(mean - 1000 * (first - second)) <= 0.51 * 10.0**-digits, cell
                assert not ends or ends[0] <= mean <= ends[1], cell


def check_resources(world: World) -> None:
    """Check that no more than all is in use, and that a backlog's samples give no mean."""
    for table in world.result.analysis.word_tables:
        if not table.title.startswith("What is in use"):
            continue
        for _, resource, mean, most, _ in table.rows:
            for words in (mean, most):
                share, *ends = [_number(word) for word in re.findall(NUMBER, words)] or [math.nan]
                assert not share > 100, words
                assert not ends or ends[0] <= share <= ends[1] <= 100, words
            assert (mean == "–") == resource.startswith("backlog"), (resource, mean)
