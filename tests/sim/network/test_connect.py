"""The three-way handshake: when a SYN is sent again, and when the client gives up."""

from __future__ import annotations

from typing import Any

import pytest

from sim.environment import Environment
from sim.middleboxes.middlebox import Action, Flow, Middlebox, Verdict
from sim.network.link import LinkDirection, LinkQueue
from sim.network.middlebox_chain import Attention, MiddleboxChain, PlacedMiddlebox
from sim.network.one_way_path import OneWayPath, PathElement
from sim.network.tcp import Tcp
from sim.network.tcp_connection import TcpConnection, TransportFailure
from tests.sim.worlds import scenario, simulated

RTT = 0.1
WAY = RTT / 2


class Listening:
    """Takes every connection."""

    name = "server"
    always_admits = True

    def refusal(self, now: float) -> None:
        pass

    def admits(self, now: float) -> bool:
        return True

    def open_connection(self) -> None: ...
    def accept(self, moment: float) -> None: ...
    def complete_handshake(self, moment: float) -> None: ...

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
        [PlacedMiddlebox(box, box.behaviour, 1, 0, WAY, 0.0, WAY, 0.0, 0.0, False)],
        Attention.of([box]),
        Flow(1, 2, 3, 4),
        lambda *_: None,
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


class Draws:
    """Loses the packets of these numbers."""

    def __init__(self, *lost: int) -> None:
        self._lost = lost
        self._number = -1

    def loses(self) -> bool:
        self._number += 1
        return self._number in self._lost


def connection(up: Draws, down: Draws, **tcp: Any) -> TcpConnection:
    def one_way(losses: Draws) -> OneWayPath:
        return OneWayPath([PathElement(LinkQueue(LinkDirection(), 0.0), WAY, losses)])

    boxes = MiddleboxChain([], Attention.of([]), Flow(1, 2, 3, 4), lambda *_: None)
    return TcpConnection(Tcp(**tcp), 1460, one_way(up), one_way(down), boxes, Listening())


def connected(one: TcpConnection, begins: float = 0.0) -> float:
    steps = one.connect(begins)
    try:
        moment = next(steps)
        while True:
            moment = steps.send(moment)
    except StopIteration as stop:
        found, delays = stop.value
        assert delays.total == pytest.approx(found - begins)
        return float(found)


def test_a_listener_sends_its_answer_again_where_no_further_syn_comes() -> None:
    """The first SYN-ACK and the second SYN are lost: a second later the listener tries again."""
    assert connected(connection(Draws(1), Draws(0))) == pytest.approx(1 + RTT)


@pytest.mark.parametrize(
    ("begins", "crossing"),
    [
        (0.0, True),  # the listener's timer runs off at 1.056 s, a SYN comes at 1.024 + 0.050 s
        (0.020, False),  # at 1.088 s, and again at 1.024 + 0.050 s
    ],
)
def test_a_syn_and_its_answer_may_cross(begins: float, crossing: bool) -> None:
    """Who has sent a SYN-ACK three times begins with a window of one segment."""
    one = connection(
        Draws(), Draws(0), timer_tick="4 ms", initial_window=10, loss_probe=True, timestamps=True
    )
    connected(one, begins)
    assert one._down_sender._window.allowed == (1 if crossing else 10)
    assert one._up_sender._window.allowed == 10


@pytest.mark.parametrize(
    ("now", "wait", "expiry"),
    [
        (0.0010, 0.0145, 0.020),  # four whole ticks from the last one, and one more
        (0.0039, 0.0145, 0.020),
        (0.0041, 0.0145, 0.024),
        (0.0010, 0.2520, 0.256),  # 63 ticks: at every eighth
        (0.0010, 2.0160, 2.048),  # 504 ticks: at every 64th
    ],
)
def test_timers_run_off_at_ticks(now: float, wait: float, expiry: float) -> None:
    assert Tcp(timer_tick="4 ms").expiry(now, wait) == pytest.approx(expiry)


@pytest.mark.parametrize("seed", [34, 50])
def test_nothing_happens_in_the_past(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where a SYN-ACK sent again is there while a SYN sent again still waits for its link."""
    skip = Environment.skip

    def watched(environment: Environment, moment: float) -> bool:
        assert moment >= environment.now - 1e-9
        return skip(environment, moment)

    monkeypatch.setattr(Environment, "skip", watched)
    wan = {"round_trip_time": "150 ms", "loss": 0.05, "to_server": {"rate": "100 kbit/s"}}
    world = scenario(
        duration="20 s",
        arrivals__rate="12 /s",
        population__clients=12,
        clients=[{"profile": "firefox-45"}],
        http={"request_size": "9 kB", "response_size": "4 kB"},
        tcp={"initial_window": 1, "delayed_acknowledgement": "200 ms", "timestamps": True},
        links={
            "wan": wan,
            "middle": {"round_trip_time": "150 ms", "share_to_server": 0.2},
            "line": {"round_trip_time": "30 ms", "rate": "128 kbit/s"},
        },
        middleboxes={"box": {"kind": "stateful-firewall"}},
        paths={"way": {"crosses": ["wan", "middle", "box", "line"]}},
        path="way",
        server={"machine": "pentium-iii-933", "security": "plain"},
    )
    simulated(world, seed=seed)
