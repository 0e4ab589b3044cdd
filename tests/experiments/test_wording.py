from __future__ import annotations

import math

import pytest

from experiments.wording import (
    decimals_for,
    factor_words,
    fraction,
    level_words,
    percent,
    size_words,
)


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (20_000, "20,000"),
        ("5 min", "5 min"),
        (True, "true"),
        (0.25, "0.25"),
        (["SSL 3.0", "TLS 1.0"], "SSL 3.0, TLS 1.0"),
        ([], "none"),
        ([{"key": "rsa-2048"}], "rsa-2048"),
        (
            [{"key": "rsa-2048"}, {"key": "rsa-4096", "extra_bytes": "1 kB"}],
            "rsa-2048 + rsa-4096, extra_bytes 1 kB",
        ),
    ],
)
def test_level_words(level: object, words: str) -> None:
    assert level_words(level) == words


def test_names_and_numbers() -> None:
    assert factor_words("server.sessions.session_lifetime") == "session lifetime"
    assert percent(0.7) == "70 %"
    assert [fraction(1.0), fraction(1 / 4000), fraction(0.3)] == ["1", "1/4,000", "0.3"]
    assert [size_words(size) for size in (4e9, 2.5e6, 4000, 12)] == (
        ["4 GB", "2.5 MB", "4 kB", "12 B"]
    )


@pytest.mark.parametrize(
    ("number", "shown"),
    [(12.345, "12.35"), (0.5, "0.500"), (0.00234, "0.00234"), (0.0, "0.00")],
)
def test_small_numbers_keep_three_digits(number: float, shown: str) -> None:
    assert f"{number:.{decimals_for(number, 2)}f}" == shown


def test_what_is_no_number_has_the_least_decimals() -> None:
    assert decimals_for(math.nan, 2) == 2
