"""What an objective requires, in words: "p99 handshake < 150 ms", "failed < 0.1 %"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from experiments.scenario_files.suggestions import did_you_mean, shortened
from sim.units import parse_duration, parse_size


class Unit(Enum):
    """What a limit is written in."""

    SHARE = "a share such as 0.1 %"
    SECONDS = 'a duration such as "150 ms"'
    BYTES = 'a size such as "8 GiB"'
    COUNT = "a number"


class Subject(Enum):
    """Whose rows a measure is taken of."""

    CONNECTIONS = "connections"
    VISITS = "visits"
    SERVERS = "servers"


@dataclass(frozen=True)
class Measure:
    """What can be required of.

    Attributes:
        words: what people call it.
        subject: whose rows it is taken of.
        column: of the values in the subject's table, or of what is measured of it.
        unit: of its limit.
        has_distribution: whether each row has a value, of which a mean or quantile is required.
    """

    words: str
    subject: Subject
    column: str
    unit: Unit
    has_distribution: bool = False


def _measures(
    subject: Subject, unit: Unit, *, of_rows: bool = False, **columns: str
) -> tuple[Measure, ...]:
    """Return measures of one sort, by their words; `of_rows` where each row has a value."""
    return tuple(
        Measure(words.replace("_", " "), subject, column, unit, has_distribution=of_rows)
        for words, column in columns.items()
    )


_HEADINGS = (
    *("propagation", "transmission", "link_queue", "retransmission", "middlebox", "backlog"),
    *("cpu_queue", "server_cpu", "session_store", "signer", "back_end", "client_cpu", "think"),
)

MEASURES = {
    measure.words: measure
    for measure in (
        *_measures(
            Subject.CONNECTIONS,
            Unit.SECONDS,
            of_rows=True,
            connect="connect_time",
            handshake="handshake_time",
            first_byte="first_byte_time",
            duration="duration",
            **{f"time_{heading}": f"time_{heading}" for heading in _HEADINGS},
            server_cpu="server_cpu",
            client_cpu="client_cpu",
        ),
        *_measures(
            Subject.CONNECTIONS,
            Unit.BYTES,
            of_rows=True,
            bytes_sent="bytes_sent",
            bytes_received="bytes_received",
        ),
        *_measures(Subject.CONNECTIONS, Unit.COUNT, of_rows=True, round_trips="round_trips"),
        *_measures(
            Subject.CONNECTIONS,
            Unit.SHARE,
            failed="failed_share",
            full="full_share",
            resumed="resumed_share",
            early_data="early_share",
            retried="retried_share",
            hit_rate="hit_rate",
            retransmitted="retransmitted_share",
        ),
        *_measures(Subject.VISITS, Unit.SECONDS, of_rows=True, visit="duration"),
        *_measures(Subject.VISITS, Unit.SHARE, failed_visits="failed_visits"),
        *_measures(
            Subject.SERVERS,
            Unit.SHARE,
            utilisation="utilisation",
            utilisation_busiest="utilisation_busiest",
        ),
        *_measures(Subject.SERVERS, Unit.BYTES, memory="memory_most"),
        *_measures(
            Subject.SERVERS,
            Unit.COUNT,
            queue="queue_most",
            open_connections="open_most",
            accept_queue="accept_most",
        ),
    )
}
"""All that can be required of, by its words."""

_COMPARISON = re.compile(r"\s*([^<>=≤≥]+?)\s*(<=|>=|<|>|≤|≥)\s*(.+?)\s*")
_SIGNS = {"≤": "<=", "≥": ">="}
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)\s*(%?)", re.ASCII)
_EXAMPLE = '"p99 handshake < 150 ms" or "failed < 0.1 %"'


@dataclass(frozen=True)
class Requirement:
    """A measure, of rows a mean or quantile, and the limit that it must not cross.

    Attributes:
        measure: what is required of.
        quantile: which, between 0 and 1; `None` for the mean, or where the measure is one number.
        sign: "<", "<=", ">" or ">=".
        limit: seconds, bytes, a share from 0 to 1, or a number.
        limit_words: the limit as it was written.
    """

    measure: Measure
    quantile: float | None
    sign: str
    limit: float
    limit_words: str

    @property
    def is_ceiling(self) -> bool:
        """Whether what is measured must stay below the limit, not above."""
        return self.sign.startswith("<")

    def holds_for(self, value: float) -> bool:
        """Tell whether a value is on the right side of the limit."""
        if self.sign == "<":
            return value < self.limit
        if self.sign == "<=":
            return value <= self.limit
        return value > self.limit if self.sign == ">" else value >= self.limit

    @property
    def words(self) -> str:
        """The measure as it is written: "p99 handshake", "mean duration", "failed"."""
        if self.quantile is not None:
            return f"p{100 * self.quantile:g} {self.measure.words}"
        return f"mean {self.measure.words}" if self.measure.has_distribution else self.measure.words

    def __str__(self) -> str:
        return f"{self.words} {self.sign} {self.limit_words}"


def parse_requirement(text: str) -> Requirement:
    """Read what an objective requires.

    Raises:
        ValueError: it is no comparison, there is no such measure, or the limit is none of it.
    """
    parts = _COMPARISON.fullmatch(text)
    if parts is None:
        raise ValueError(f'"{shortened(text)}" compares nothing; write such as {_EXAMPLE}')
    name, sign, limit = parts.groups()
    words = name.replace("_", " ").split()
    statistic = next((word for word in words if _is_statistic(word)), None)
    called = " ".join(word for word in words if word != statistic)
    measure = MEASURES.get(called)
    if measure is None:
        raise ValueError(
            f'there is no metric "{shortened(called or name)}"; '
            + did_you_mean(called, MEASURES, what="metrics")
        )
    if measure.has_distribution and statistic is None:
        raise ValueError(
            f'"{called}" is of every connection; write which value is meant, such as '
            f'"p99 {called}" or "mean {called}"'
        )
    if not measure.has_distribution and statistic is not None:
        raise ValueError(f'"{called}" is one number; write it without "{statistic}"')
    value = _limit(limit, measure)
    return Requirement(measure, _quantile(statistic), _SIGNS.get(sign, sign), value, limit)


def _is_statistic(word: str) -> bool:
    return word in ("mean", "median") or _PERCENTILE.fullmatch(word) is not None


def _quantile(statistic: str | None) -> float | None:
    if statistic is None or statistic == "mean":
        return None
    if statistic == "median":
        return 0.5
    share = round(float(statistic[1:]) / 100, 8)
    if not share:
        raise ValueError('"p0" is no percentile; write one above p0 and below p100')
    return share


def _limit(text: str, measure: Measure) -> float:
    if measure.unit is Unit.SECONDS:
        return parse_duration(text)
    if measure.unit is Unit.BYTES:
        return float(parse_size(text))
    found = _SHARE.fullmatch(text)
    if found is None or (found[2] and measure.unit is not Unit.SHARE):
        raise ValueError(
            f'"{shortened(text)}" is no limit of "{measure.words}"; write {_wanted(measure)}'
        )
    number = float(found[1])
    if measure.unit is Unit.COUNT:
        return number
    if found[2]:
        number = round(number / 100, 12)
    if number > 1:
        raise ValueError(f'"{shortened(text)}" is more than all; write {_wanted(measure)}')
    return number


def _wanted(measure: Measure) -> str:
    return measure.unit.value
