"""Figures in sentences: an estimate with its interval, in the unit that people read."""

from __future__ import annotations

import math

from experiments.questions.metric import Metric, Quantity
from experiments.results.statistics import Interval
from experiments.wording import decimals_for, rounded, rounded_to, significant_place

_FACTORS = {
    Quantity.SHARE: 100.0,
    Quantity.SECONDS: 1000.0,
    Quantity.COUNT: 1.0,
    Quantity.BYTES: 1e-6,
}
_MORE_DECIMALS = 2
_MOST_DECIMALS_OF_SHARES = 4
_WIDE = 100.0
NOTHING = "–"
"""What stands where there is no figure."""


def figure(interval: Interval, metric: Metric, *, named: bool = False) -> str:
    """Return an estimate with its interval: "58.1 % (57.8–58.4)", "5.80 (5.75–5.85)".

    Args:
        interval: the estimate, as measured (shares from 0 to 1, times in seconds).
        metric: what it is; its quantity and decimals say how it is written.
        named: whether the interval is called one: "5.80 (95 % interval 5.75–5.85)".
    """
    if math.isnan(interval.mean):
        return NOTHING
    unit = f" {metric.quantity.value}" if metric.quantity.value else ""
    if math.isnan(interval.low):
        return f"{number(interval.mean, metric)}{unit}"
    decimals = decimals_of(interval, metric)
    mean, low, high = (written(value, metric, decimals) for value in interval[:3])
    return f"{mean}{unit} ({'95 % interval ' if named else ''}{low}–{high})"


def rounded_figure(interval: Interval) -> str:
    """Return an estimate and its interval to three significant digits of the estimate."""
    if math.isnan(interval.low):
        return rounded(interval.estimate)
    digits = significant_place(interval.estimate)
    mean, low, high = (rounded_to(value, digits) for value in interval[:3])
    return f"{mean} ({low}–{high})"


def decimals_of(interval: Interval, metric: Metric) -> int:
    """Return how many decimals show an estimate, and that its interval is longer than nothing.

    Counts whose interval is hundreds wide are written to two digits of its half: the decimals are
    negative, for tens and beyond.
    """
    decimals = _decimals(interval.estimate, metric)
    half = _FACTORS[metric.quantity] * (interval.high - interval.low) / 2
    if metric.decimals == 0 and half >= _WIDE:
        return 1 - math.floor(math.log10(half))
    ends = interval.low, interval.high
    for more in range(_MORE_DECIMALS + 1):
        low, high = (written(end, metric, decimals + more) for end in ends)
        if low != high:
            return decimals + more
    return decimals


def number(value: float, metric: Metric) -> str:
    """Return a number of a metric in its unit, without the unit; a dash for none."""
    return NOTHING if math.isnan(value) else written(value, metric, _decimals(value, metric))


def written(value: float, metric: Metric, decimals: int) -> str:
    """Return a number of a metric in its unit with so many decimals, negative beyond the point."""
    text = rounded_to(_FACTORS[metric.quantity] * value, decimals)
    return text.lstrip("-") if not text.strip("-0.,") else text


def signed(value: float, metric: Metric, decimals: int | None = None) -> str:
    """Return a difference of a metric in its unit, without the unit, with its sign."""
    words = number(value, metric) if decimals is None else written(value, metric, decimals)
    return words if words.startswith("-") or not words.strip("0.,") else f"+{words}"


def difference_figure(difference: Interval, metric: Metric, *, mark: str = "") -> str:
    """Return a difference with its interval, each with its sign: "-1.20 (-1.30 to -1.10)".

    Args:
        difference: as measured.
        metric: of what.
        mark: stands behind a difference that is shown, its interval without 0.
    """
    mean, low, high = difference[:3]
    if math.isnan(low):
        return signed(mean, metric)
    decimals = decimals_of(difference, metric)
    words = [signed(value, metric, decimals) for value in (mean, low, high)]
    shown = mark if difference.excludes_zero else ""
    return f"{words[0]}{shown} ({words[1]} to {words[2]})"


def size_of_change(change: Interval, metric: Metric) -> str:
    """Return how large a change is, whatever its sign: "1.20 (1.10–1.30)"."""
    decimals = decimals_of(change, metric)
    sign = 1 if change.estimate > 0 else -1
    ends = sorted((sign * change.low, sign * change.high))
    size, low, high = (
        written(value, metric, decimals) for value in (sign * change.estimate, *ends)
    )
    return f"{size} ({low}–{high})" if not low.startswith("-") else f"{size} ({low} to {high})"


def unit_of_change(metric: Metric) -> str:
    """Return what the number of a change is followed by: " ms", " percentage points", nothing."""
    if metric.quantity is Quantity.SHARE:
        return " percentage points"
    return f" {metric.quantity.value}" if metric.quantity.value else ""


def change_in_words(change: Interval, metric: Metric) -> str:
    """Return a change that is shown in words: "falls by 1.20 (1.10–1.30) ms"."""
    verb = "rises" if change.estimate > 0 else "falls"
    return f"{verb} by {size_of_change(change, metric)}{unit_of_change(metric)}"


def _decimals(value: float, metric: Metric) -> int:
    if metric.quantity is Quantity.SHARE:
        return min(_MOST_DECIMALS_OF_SHARES, decimals_for(100 * value, metric.decimals))
    return decimals_for(_FACTORS[metric.quantity] * value, metric.decimals)
