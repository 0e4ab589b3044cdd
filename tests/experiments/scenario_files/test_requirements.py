"""What objectives require, read from words."""

import re

import pytest

from experiments.scenario_files.requirement import MEASURES, parse_requirement


@pytest.mark.parametrize(
    ("text", "column", "quantile", "sign", "limit"),
    [
        ("p99 handshake < 150 ms", "handshake_time", 0.99, "<", 0.15),
        ("handshake_p99 <= 0.15 s", "handshake_time", 0.99, "<=", 0.15),
        ("p99.9 first byte≤2 s", "first_byte_time", 0.999, "<=", 2.0),
        ("median duration < 1 min", "duration", 0.5, "<", 60.0),
        ("mean server cpu < 400 us", "server_cpu", None, "<", 4e-4),
        ("mean round trips < 2.5", "round_trips", None, "<", 2.5),
        ("p95 bytes received < 8 KiB", "bytes_received", 0.95, "<", 8192),
        ("failed < 0.1 %", "failed_share", None, "<", 0.001),
        ("hit rate > 0.6", "hit_rate", None, ">", 0.6),
        ("utilisation >= 5%", "utilisation", None, ">=", 0.05),
        ("memory < 8 GiB", "memory_most", None, "<", 8 * 2**30),
        ("p90 time cpu queue < 10 ms", "time_cpu_queue", 0.9, "<", 0.01),
        ("failed visits < 1 %", "failed_visits", None, "<", 0.01),
        ("p99 visit < 3 s", "duration", 0.99, "<", 3.0),
    ],
)
def test_words_are_a_requirement(
    text: str, column: str, quantile: float | None, sign: str, limit: float
) -> None:
    found = parse_requirement(text)
    assert found.measure.column == column
    assert (found.quantile, found.sign) == (quantile, sign)
    assert found.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p99 handshake", "compares nothing"),
        ("handshake < 150 ms", 'write which value is meant, such as "p99 handshake"'),
        ("p99 failed < 1 %", 'one number; write it without "p99"'),
        ("p99 handshak < 150 ms", 'did you mean "handshake"'),
        ("p99 handshake < 150", "has no unit"),
        ("p99 handshake < 150 kB", 'the unit "kB" is unknown'),
        ("failed < 150 %", "more than all"),
        ("failed < 10 ms", "a share such as 0.1 %"),
        ("queue < 10 %", "write a number"),
        ("p0 handshake < 1 s", '"p0" is no percentile'),
        ("p99 < 1 s", "there is no metric"),
    ],
)
def test_what_is_no_requirement_says_what_would_be(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_requirement(text)


@pytest.mark.parametrize("words", MEASURES)
def test_each_measure_is_read_back_from_its_own_words(words: str) -> None:
    measure = MEASURES[words]
    limit = {"SHARE": "5 %", "SECONDS": "20 ms", "BYTES": "3 kB", "COUNT": "7"}[measure.unit.name]
    text = f"{'p95 ' if measure.has_distribution else ''}{words} < {limit}"
    found = parse_requirement(text)
    assert found.measure is measure
    assert parse_requirement(str(found)) == found


def test_a_limit_itself_is_within_or_not_as_the_sign_says() -> None:
    for sign, within in (("<", False), ("<=", True), (">", False), (">=", True)):
        assert parse_requirement(f"failed {sign} 2 %").holds_for(0.02) is within
