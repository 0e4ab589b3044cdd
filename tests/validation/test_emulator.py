"""An emulated link does to real packets what its settings say.

Tolerances are for a busy machine: delays are never shorter, and medians little longer.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pytest

from experiments.validation.emulated_link import (
    LinkReport,
    client_address,
    emulated_link,
    server_address,
)
from experiments.validation.namespaces import CommandFailed, Namespace, namespace
from experiments.validation.pipes import Direction, Pipe
from tests.validation import datagrams

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("real_hosts"),
    pytest.mark.alone,
]

MILLISECOND = 1e-3
PROGRAM = (sys.executable, datagrams.__file__)


@dataclass(frozen=True)
class Received:
    """The datagrams that came: their numbers, seconds on the way, and times of arrival."""

    numbers: Sequence[int]
    delays: Sequence[float]
    times: Sequence[float]


def send(
    sender: Namespace,
    receiver: Namespace,
    address: str,
    *,
    count: int,
    size: int,
    gap: float = 0.0,
    patience: float = 0.5,
) -> Received:
    """Send datagrams; wait `patience` seconds for the last."""
    process = subprocess.Popen(
        receiver.command(*PROGRAM, "receive", address),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        sender.run(*PROGRAM, "send", address, str(count), str(size), str(gap))
        time.sleep(patience)
        out, _ = process.communicate("end")
    numbers, delays, times = zip(*json.loads(out), strict=True)
    return Received(numbers, delays, times)


def through(
    pipe: Pipe, *, count: int, size: int, gap: float = 0.0, patience: float = 0.5, seed: int = 0
) -> tuple[Received, LinkReport]:
    """Send datagrams to the server through a pipe."""
    with (
        namespace("client") as client,
        namespace("server") as server,
        emulated_link(client, server, [pipe], seed) as link,
    ):
        address = server_address(1)
        received = send(client, server, address, count=count, size=size, gap=gap, patience=patience)
        return received, link.report()


@pytest.mark.parametrize("delay", [0.0025, 0.025])
def test_delay(delay: float) -> None:
    received, report = through(
        Pipe(Direction(delay), Direction(0.0)), count=100, size=100, gap=0.01
    )
    assert received.numbers == tuple(range(100))
    assert min(received.delays) >= delay
    assert median(received.delays) < delay + MILLISECOND
    assert report.lateness.packets == 100
    assert report.lateness.median < MILLISECOND
    assert (report.strangers, report.overrun) == (0, 0)


def test_directions_and_pipes_have_settings_of_their_own() -> None:
    pipes = [
        Pipe(Direction(0.01), Direction(0.03)),
        Pipe(Direction(0.05), Direction(0.02)),
    ]
    with (
        namespace("client") as client,
        namespace("server") as server,
        emulated_link(client, server, pipes) as link,
    ):
        for number, pipe in enumerate(pipes, start=1):
            there = send(client, server, server_address(number), count=20, size=60, gap=0.01)
            back = send(server, client, client_address(number), count=20, size=60, gap=0.01)
            for received, direction in ((there, pipe.to_server), (back, pipe.to_client)):
                assert direction.delay <= median(received.delays) < direction.delay + MILLISECOND
        report = link.report()
    assert [[one.packets for one in pair] for pair in report.pipes] == [[20, 20], [20, 20]]
    assert [[one.octets for one in pair] for pair in report.pipes] == [[1200, 1200], [1200, 1200]]


def test_rate() -> None:
    received, _ = through(Pipe.symmetric(0.01, rate=1e6), count=50, size=1250, patience=1.0)
    assert received.numbers == tuple(range(50))
    gaps = [later - earlier for earlier, later in pairwise(received.times)]
    assert median(gaps) == pytest.approx(0.01, abs=MILLISECOND)
    assert received.times[-1] - received.times[0] == pytest.approx(0.49, abs=0.03)
    assert 0.005 + 0.01 <= received.delays[0] < 0.005 + 0.02


def test_buffer() -> None:
    # 200 ms for a packet: the burst is over long before the second is sent.
    pipe = Pipe.symmetric(0.0, rate=50_000, buffer=5 * 1250)
    received, report = through(pipe, count=20, size=1250, patience=1.5)
    assert received.numbers == tuple(range(6))
    there, back = report.pipes[0]
    assert (there.packets, there.overflowed, there.lost, there.deepest) == (20, 14, 0, 6250)
    assert back.packets == 0


def test_losses_have_their_share_and_repeat_with_the_seed() -> None:
    def lossy(seed: int) -> tuple[Received, LinkReport]:
        pipe = Pipe(Direction(0.001, loss=0.05), Direction(0.0))
        return through(pipe, count=4000, size=60, gap=0.0002, seed=seed)

    received, report = lossy(1)
    lost = report.pipes[0][0].lost
    assert lost == 4000 - len(received.numbers)
    assert 150 < lost < 250  # 200 ± 14 is one standard deviation
    assert lossy(1)[0].numbers == received.numbers
    assert lossy(2)[0].numbers != received.numbers


def test_packets_of_no_pipe_go_nowhere() -> None:
    with (
        namespace("client") as client,
        namespace("server") as server,
        emulated_link(client, server, [Pipe.symmetric(0.0)]) as link,
    ):
        client.set_route("10.2.0.9", "dev", "wire", "src", client_address(1))
        client.run(*PROGRAM, "send", "10.2.0.9", "3", "60", "0")
        assert link.report().strangers == 3


def test_a_link_between_hosts_that_are_not_there_says_so() -> None:
    nowhere = Namespace("nowhere")
    with (
        pytest.raises(CommandFailed, match="nowhere"),
        emulated_link(nowhere, nowhere, [Pipe.symmetric(0.0)]),
    ):
        pass


def test_too_many_pipes_are_refused() -> None:
    nowhere = Namespace("nowhere")
    with (
        pytest.raises(ValueError, match="255 pipes"),
        emulated_link(nowhere, nowhere, [Pipe.symmetric(0.0)] * 255),
    ):
        pass
