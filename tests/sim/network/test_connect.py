"""The three-way handshake: when a SYN is sent again, and when the client gives up."""

from __future__ import annotations

from typing import Any

import pytest

from sim.middleboxes.middlebox import Action, Flow, Middlebox, Verdict
from sim.network.link import LinkDirection, LinkQueue
from sim.network.middlebox_chain import MiddleboxChain, PlacedMiddlebox
from sim.network.one_way_path import OneWayPath, PathElement
from sim.network.tcp import Tcp
from sim.network.tcp_connection import TcpConnection, TransportFailure

RTT = 0.1
WAY = RTT / 2


class Listening:
    """Takes every connection."""

    name = "server"
    always_admits = True

    def admits(self, now: float) -> bool:
        return True

    def open_connection(self) -> None: ...
    def accept(self, moment: float) -> None: ...
    def close_connection(self, moment: float) -> None: ...


class Deaf(Middlebox):
    """Hears the first SYNs and drops them."""

    _heard: list[float]
    _deaf: int

    def begin(self, now: float) -> None:
        self._heard = []

    def opens(self, flow: Flow, now: float) -> Verdict:
        self._heard.append(now)
        return Verdict(Action.DROP if len(self._heard) <= self._deaf else Action.PASS)


def connect(deaf: int, **tcp: Any) -> tuple[list[float], float | TransportFailure]:
    """When each SYN was at the server's door, and how it ended."""
    box = Deaf().place("deaf", 0.0, 1.0)
    box._deaf = deaf

    def one_way() -> OneWayPath:
        return OneWayPath(
            [
                PathElement(
                    LinkQueue(LinkDirection(), 0.0),
                    WAY,
                )
            ]
        )

    boxes = MiddleboxChain(
        [PlacedMiddlebox(box, 1, 0, WAY, 0.0, WAY, 0.0, 0.0)], Flow(1, 2, 3, 4), lambda *_: None
    )
    connection = TcpConnection(Tcp(**tcp), 1460, one_way(), one_way(), boxes, Listening())
    steps = connection.connect(0.0)
    try:
        moment = next(steps)
        while True:
            moment = steps.send(moment)
    except StopIteration as stop:
        return box._heard, stop.value[0]
    except TransportFailure as failure:
        return box._heard, failure


@pytest.mark.parametrize(
    ("tcp", "sent"),
    [
        ({}, [0, 1, 3, 7, 15]),  # RFC 6298
        ({"initial_timeout": "3 s"}, [0, 3, 9]),  # RFC 2988: Windows Server 2003 gave up after 21 s
        ({"syn_linear_timeouts": 4}, [0, 1, 2, 3, 4, 5, 7, 11, 19]),  # Linux 6.18, seen on a wire
    ],
)
def test_a_syn_that_is_not_heard_is_sent_again(tcp: dict[str, Any], sent: list[float]) -> None:
    heard, end = connect(99, **tcp)
    assert heard == pytest.approx([moment + WAY for moment in sent])
    assert isinstance(end, TransportFailure)
    assert end.symptom == "timeout"
    assert end.moment == 21.0
    assert end.delays.retransmission == 21.0


def test_the_syn_that_is_heard_connects() -> None:
    heard, end = connect(2)
    assert len(heard) == 3
    assert end == pytest.approx(3 + RTT)
