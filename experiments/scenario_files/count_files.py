"""Counts of requests in equal intervals, read from a CSV file.

One column of counts, or a column of times and one of counts behind it; comma, semicolon or tab
between them; with or without a header. Lines that begin with `#` are remarks. Times are times of
day (`21:42`, `21:42:30`), ISO 8601 dates (`1998-06-30T21:42:00Z`, `1998-06-30`), Unix times in
seconds, or numbers under a header that names their unit (`minute`, `hour`, `day`).
"""

from __future__ import annotations

import csv
import datetime
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from experiments.failures import ScenarioError

MOST_COUNTS = 1_000_000
"""Counts of one series: two years of minutes, or eleven days of seconds."""

_DAY = Fraction(86_400)
_UNITS = {
    "second": Fraction(1),
    "minute": Fraction(60),
    "hour": Fraction(3600),
    "day": _DAY,
}
_NUMBER = re.compile(r"\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+", re.ASCII)
_FIRST_UNIX_TIME = 10**8
_LAST_UNIX_TIME = 10**10
_TIMES = 'write "21:42", "1998-06-30T21:42:00Z" or Unix time in seconds'


@dataclass(frozen=True)
class CountSeries:
    """Counts in equal intervals.

    Attributes:
        counts: one number an interval, in the order of time.
        interval: the length of an interval, seconds; `None` where the file has no times.
        source: where the counts come from: the file's remarks in one line.
    """

    counts: tuple[float, ...]
    interval: float | None
    source: str


@dataclass(frozen=True)
class _Row:
    line: int
    time: str | None
    count: str


@functools.lru_cache(maxsize=16)
def read_counts(text: str, shown: str) -> CountSeries:
    """Read the text of a CSV file, which error messages call `shown`.

    Raises:
        ScenarioError: it is no series of counts in equal intervals; the message names the line.
    """
    remarks = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#")]
    rows = list(_rows(text.removeprefix("\ufeff"), shown))
    unit = None
    if rows and _is_header(rows[0]):
        unit = rows.pop(0).time
    if not rows:
        raise ScenarioError(f"{shown}: no counts; write one number a line, or a time and a number")
    if len(rows) > MOST_COUNTS:
        raise ScenarioError(
            f"{shown}: {len(rows):,} counts, at most {MOST_COUNTS:,} are taken; "
            "join intervals, or take a part"
        )
    counts = tuple(_count(row, shown) for row in rows)
    interval = None if rows[0].time is None else _interval(rows, unit, shown)
    return CountSeries(counts, interval, " ".join(remark for remark in remarks if remark))


# ---------------------------------------------------------------- rows


def _rows(text: str, shown: str) -> Iterator[_Row]:
    """Yield the rows of a file that all have as many columns as the first, one or two."""
    columns = delimiter = None
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if "\0" in line:
            raise ScenarioError(f"{shown}:{number}: not text; save it as CSV in UTF-8")
        if delimiter is None:
            delimiter = next((sign for sign in ";\t" if sign in line), ",")
        try:
            ((*cells,),) = csv.reader([line], delimiter=delimiter, strict=True)
        except (csv.Error, ValueError):
            raise ScenarioError(
                f"{shown}:{number}: a quotation mark is not closed; close or remove it"
            ) from None
        cells = [cell.strip() for cell in cells]
        if columns is None:
            columns = len(cells)
            if columns > 2:
                raise ScenarioError(
                    f"{shown}:{number}: {columns} columns; keep one of counts, or one of times "
                    "and one of counts behind it"
                )
        elif len(cells) != columns:
            raise ScenarioError(
                f"{shown}:{number}: {_columns(len(cells))} where the first line has {columns}; "
                "give every line as many"
            )
        count = cells[-1].replace(",", ".") if _is_decimal(cells[-1], delimiter) else cells[-1]
        yield _Row(number, cells[0] if columns == 2 else None, count)


def _columns(number: int) -> str:
    return "1 column" if number == 1 else f"{number} columns"


def _is_decimal(cell: str, delimiter: str) -> bool:
    """Whether a comma is that of a decimal fraction, and not one that may part thousands."""
    return delimiter != "," and cell.count(",") == 1 and not _GROUPED.fullmatch(cell)


def _is_header(row: _Row) -> bool:
    """Whether a first line names columns: its last cell has a letter, and its first is no time."""
    if re.search(r"\d", row.count) or row.count in ("", "-"):
        return False
    return row.time is None or not (_CLOCK.fullmatch(row.time) or re.match(r"[-+]?\d", row.time))


def _count(row: _Row, shown: str) -> float:
    place = f"{shown}:{row.line}"
    if not row.count:
        raise ScenarioError(f"{place}: the count is missing; write 0 where nothing came")
    if _NUMBER.fullmatch(row.count):
        return float(row.count)
    if row.count.startswith("-") and _NUMBER.fullmatch(row.count[1:]):
        raise ScenarioError(f"{place}: the count {row.count} is negative; counts are at least 0")
    if _GROUPED.fullmatch(row.count):
        raise ScenarioError(
            f"{place}: {row.count} may be thousands or a fraction; "
            f"write {row.count.replace(',', '')} or {row.count.replace(',', '.', 1)}"
        )
    raise ScenarioError(f'{place}: "{_short(row.count)}" is not a count; write a number')


# ---------------------------------------------------------------- times


def _interval(rows: list[_Row], unit: str | None, shown: str) -> float:
    """Return the seconds from each row to the next, which are to be equal.

    Times of day may go on past midnight.
    """
    read = _reader(rows[0], unit, shown)
    times = [read(row, shown) for row in rows]
    if len(rows) == 1:
        raise ScenarioError(
            f"{shown}:{rows[0].line}: one row alone tells no interval; add a second, or remove "
            "the time and give the scenario an interval"
        )
    steps = [later - earlier for earlier, later in pairwise(times)]
    goes_round = read is _time_of_day
    if goes_round and len(steps) == 1 and steps[0] < -_DAY / 2:
        steps[0] += _DAY
    forward = Counter(step for step in steps if step > 0)
    usual = max(forward, key=lambda step: (forward[step], -step), default=_DAY)
    for step, (before, row) in zip(steps, pairwise(rows), strict=True):
        past_midnight = goes_round and step < 0 and step + _DAY == usual
        if step != usual and not past_midnight:
            raise ScenarioError(f"{shown}:{row.line}: {_fault(step, usual, before, row)}")
    return float(usual)


def _fault(step: Fraction, usual: Fraction, before: _Row, row: _Row) -> str:
    interval = f"the interval is {_seconds(usual)}"
    if step == 0:
        return f'the time "{_short(row.time)}" comes twice; keep one of the two rows'
    if step < 0:
        return (
            f'the time "{_short(row.time)}" comes behind "{_short(before.time)}"; '
            "put the rows in the order of time"
        )
    if step > usual and (step / usual).denominator == 1:
        missing = int(step / usual) - 1
        rows = "a row is missing" if missing == 1 else f"{missing} rows are missing"
        return (
            f'{rows} between "{_short(before.time)}" and "{_short(row.time)}" ({interval}); '
            f"add {'it' if missing == 1 else 'them'}, with the count 0 where nothing came"
        )
    return (
        f'"{_short(row.time)}" comes {_seconds(step)} after the row before, but {interval}; '
        "intervals must be equal"
    )


def _seconds(time: Fraction) -> str:
    return f"{float(time):g} s"


def _short(text: str | None) -> str:
    words = ascii(text or "")[1:-1]
    return words if len(words) <= 40 else words[:37] + "..."


def _time_of_day(row: _Row, shown: str) -> Fraction:
    match = _CLOCK.fullmatch(row.time or "")
    if match is None:
        raise _no_time(row, shown, 'write all as the first: "21:42" or "21:42:30"')
    hours, minutes, seconds = int(match[1]), int(match[2]), Fraction(match[3] or 0)
    if hours > 24 or minutes > 59 or seconds >= 60 or (hours == 24 and (minutes or seconds)):
        raise _no_time(row, shown, "the day's times go from 00:00 to 23:59:59")
    return 3600 * hours + 60 * minutes + seconds


def _iso_time(row: _Row, shown: str) -> Fraction:
    time = _iso(row.time or "")
    if time is None:
        raise _no_time(row, shown, 'write all as the first, such as "1998-06-30T21:42:00Z"')
    # The difference of two moments without a zone is that of two with the same.
    since = time - datetime.datetime(1970, 1, 1, tzinfo=time.tzinfo and datetime.UTC)
    return Fraction(since // datetime.timedelta(microseconds=1), 10**6)


def _iso(text: str) -> datetime.datetime | None:
    if not text.isascii() or not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def _unix_time(row: _Row, shown: str) -> Fraction:
    time = _number(row.time)
    if time is None or time < _FIRST_UNIX_TIME:
        raise _no_time(row, shown, _TIMES)
    if time > _LAST_UNIX_TIME:
        raise _no_time(row, shown, "Unix times are in seconds; divide milliseconds by 1000")
    return time


def _number(text: str | None) -> Fraction | None:
    return Fraction(text) if text and len(text) <= 40 and _NUMBER.fullmatch(text) else None


def _reader(first: _Row, unit: str | None, shown: str) -> Callable[[_Row, str], Fraction]:
    """Return what reads the times of a file whose first row has this one."""
    text = first.time or ""
    seconds = _UNITS.get((unit or "").lower().removesuffix("s"))
    if _CLOCK.fullmatch(text):
        return _time_of_day
    iso = _iso(text)
    if iso is not None:
        has_zone = iso.tzinfo is not None

        def iso_time(row: _Row, shown: str) -> Fraction:
            time = _iso(row.time or "")
            if time is not None and (time.tzinfo is not None) is not has_zone:
                raise _no_time(row, shown, "give all times a zone, or none")
            return _iso_time(row, shown)

        return iso_time
    if seconds is not None and _number(text) is not None:

        def in_units(row: _Row, shown: str) -> Fraction:
            number = _number(row.time)
            if number is None:
                raise _no_time(row, shown, "write all as the first, as a number")
            return number * seconds

        return in_units
    if _number(text) is not None:
        return _unix_time
    raise _no_time(first, shown, _TIMES)


def _no_time(row: _Row, shown: str, remedy: str) -> ScenarioError:
    return ScenarioError(f'{shown}:{row.line}: "{_short(row.time)}" is no time here; {remedy}')
