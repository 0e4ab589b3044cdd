"""TCP's rounds."""

from __future__ import annotations

from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.network.path import Path
from sim.network.tcp import Tcp, TcpConnection

RTT = 0.1


def connected(initial_window: int = 10) -> TcpConnection:
    connection = TcpConnection(Tcp(initial_window=initial_window), Path(round_trip_time=f"{RTT} s"))
    assert connection.connect() == RTT
    assert connection.round_trips == 1
    return connection


def rounds(connection: TcpConnection, size: int) -> int:
    assert connection.one_way == RTT / 2
    return round((connection.to_client(size) - connection.one_way) / RTT) + 1


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, 1),
        (14_600, 1),
        (14_601, 2),
        (43_800, 2),
        (43_801, 3),
        (102_200, 3),
        (102_201, 4),
    ],
)
def test_slow_start_steps_of_a_first_flight(size: int, expected: int) -> None:
    """IW 10 × 1460 B."""
    assert rounds(connected(), size) == expected


@given(st.integers(1, 10_000), st.integers(1, 64))
def test_rounds_of_a_first_flight(segments: int, initial_window: int) -> None:
    expected = ceil(log2(segments / initial_window + 1) - 1e-12)
    assert rounds(connected(initial_window), 1460 * segments) == expected


def test_the_window_stays_open() -> None:
    connection = connected(2)
    assert rounds(connection, 6 * 1460) == 2  # 2 + 4, which opens it to 8
    assert rounds(connection, 8 * 1460) == 1
    assert rounds(connection, 17 * 1460) == 2


def test_each_direction_has_its_own_window() -> None:
    connection = connected(2)
    connection.to_client(30 * 1460)
    assert connection.to_server(3 * 1460) == pytest.approx(3 * RTT / 2)


def test_round_trips_count_what_was_waited_for() -> None:
    connection = connected(2)
    connection.to_server(400)
    connection.to_client(6 * 1460)
    assert connection.round_trips == 3


@pytest.mark.parametrize("changes", [{"initial_window": 0}, {"maximum_segment_size": "0 B"}])
def test_bad_descriptions(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Tcp.model_validate(changes)
