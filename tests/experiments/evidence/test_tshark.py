"""tshark opens, dissects and decrypts captures of simulated connections: they are what rows say."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from experiments.evidence.capture_file import unix_nanoseconds
from experiments.evidence.finding import Found
from tests.experiments.evidence.captures import (
    ACK,
    FIN,
    HANDSHAKE_TYPES,
    RST,
    SYN,
    ReadConnection,
    captured,
    found_in,
)
from tests.sim.witness.worlds import EVERY, FAILURES, HANDSHAKES, WAYS

pytestmark = pytest.mark.interop

LOSES = {
    "losses", "losses, as Linux recovers", "a shared link", "a tunnel, losses", "a backlog",
    "late acknowledgements", "a closed port",
}  # fmt: skip
"""Worlds in which something is sent again."""
PROXIED = {name for name in EVERY if "tunnel" in name}
UNREAD = "two tunnels"
"""tshark reads what is in a tunnel, and no tunnel that is in another."""
AT_ONCE = ("TLS 1.0", "TLS 1.2", "TLS 1.3, tickets", "early data", "a port that is reset")
ROUNDING = 2
"""Nanoseconds: those of two moments that are written down apart."""


def moment(start: datetime, seconds: float) -> int:
    return unix_nanoseconds(start, seconds)


def check_times(found: Found, read: ReadConnection, *, proxied: bool) -> None:
    """The first SYN, the SYN-ACK, the first byte and the end are where the row has them."""
    row, start = found.seen.row, found.point.scenario.start
    arrival = row["arrival"]
    assert read.packets[0].flags == SYN
    assert read.packets[0].moment == moment(start, arrival)
    if row["connect_time"] is not None and not proxied:
        opened = read.moments(SYN | ACK, to_server=False)
        assert abs(opened[0] - moment(start, arrival + row["connect_time"])) <= ROUNDING
    if row["outcome"] == "failed":
        return
    (end,) = read.moments(FIN | ACK, to_server=True)
    assert abs(end - moment(start, arrival + row["duration"])) <= ROUNDING
    response = next(each for each in found.seen.flights if not each.to_server and says_data(each))
    first = [
        each.moment
        for each in read.packets
        if each.source != read.client and each.length and each.sequence == 1 + response.begin
    ]
    assert abs(first[0] - moment(start, arrival + row["first_byte_time"])) <= ROUNDING


def says_data(flight: Any) -> bool:
    return any(each.message.name.endswith(" data") for each in flight.messages)


def check_sizes(found: Found, read: ReadConnection) -> None:
    row, seen = found.seen.row, found.seen
    for to_server, column in ((True, "bytes_sent"), (False, "bytes_received")):
        words = sum(
            each.size for each in seen.flights if each.is_proxys and each.to_server is to_server
        )
        passed = read.payload(to_server=to_server)
        if row["outcome"] == "failed":
            assert passed <= words + max(
                row[column], len(seen.sent if to_server else seen.received)
            )
        else:
            assert passed == row[column] + words


def check_messages(found: Found, read: ReadConnection) -> None:
    """Every handshake message that came to the client's side, those that are encrypted too."""
    seen, row = found.seen, found.seen.row
    told = Counter(
        HANDSHAKE_TYPES[each.message.name]
        for flight in seen.flights
        for each in flight.messages
        if each.message.name in HANDSHAKE_TYPES
    )
    if row["outcome"] == "failed":
        return
    assert read.handshake == told
    asked = [each for each in read.requests if each.startswith("/")]
    # Early data that was refused is sent again.
    assert len(asked) - (row["early_data"] is False) == row["responses"]
    assert len(set(asked)) == row["responses"]
    tunnels = sum(flight.is_proxys for flight in seen.flights) // 2
    assert len(read.responses) - tunnels == row["responses"]
    assert set(read.responses) <= {"200", "204"}


def check(name: str, file: Path) -> None:
    found = found_in(EVERY[name])
    read = captured(found, file)
    for each in found:
        one = read[each.row]
        assert one.faults == []
        if name not in LOSES:
            assert one.remarks == []
        check_times(each, one, proxied=name in PROXIED)
        check_sizes(each, one)
        if each.seen.row["version"] is not None and name != UNREAD:
            check_messages(each, one)
        assert bool(one.moments(RST | ACK, to_server=False)) is (each.seen.reset is not None)


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_capture_is_read(name: str, tmp_path: Path) -> None:
    check(name, tmp_path / "capture.pcapng")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*HANDSHAKES, *WAYS, *FAILURES])
def test_every_kind_of_connection_is_read(name: str, tmp_path: Path) -> None:
    check(name, tmp_path / "capture.pcapng")


def test_a_dialogue_with_a_proxy_is_read(tmp_path: Path) -> None:
    found = found_in(EVERY["a tunnel"], most=4)
    for one in captured(found, tmp_path / "capture.pcapng").values():
        assert one.requests[0] == "www.contoso.com:443"
        assert one.responses[0] == "200"
