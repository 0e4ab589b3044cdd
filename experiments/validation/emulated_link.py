"""Two namespaces joined by an emulated link, and the link's own account of its work."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from experiments.validation import emulator
from experiments.validation.namespaces import CommandFailed, Namespace
from experiments.validation.pipes import Pipe, Traffic
from experiments.validation.processes import module_command, module_environment

MOST_PIPES = 254


@dataclass(frozen=True)
class Lateness:
    """How much later than due packets left the emulator, seconds."""

    packets: int
    median: float
    p99: float
    largest: float


@dataclass(frozen=True)
class LinkReport:
    """What an emulated link did.

    Attributes:
        pipes: of each pipe the traffic to the server and to the client.
        strangers: packets between addresses of no pipe; they are dropped.
        overrun: packets that the kernel dropped since the emulator did not fetch them in time.
        lateness: of all packets that it delivered.
        real_time: whether the emulator had real-time priority.
    """

    pipes: tuple[tuple[Traffic, Traffic], ...]
    strangers: int
    overrun: int
    lateness: Lateness
    real_time: bool


def client_address(number: int) -> str:
    """The client's address on the pipe of that number; the first has number 1."""
    return ".".join(map(str, (*emulator.CLIENTS, number)))


def server_address(number: int) -> str:
    """The server's address on the pipe of that number."""
    return ".".join(map(str, (*emulator.SERVERS, number)))


class EmulatedLink:
    """A link that is up."""

    def __init__(
        self, process: subprocess.Popen[str], stderr: IO[str], ends: tuple[Namespace, Namespace]
    ) -> None:
        self._process = process
        self._stderr = stderr
        self._ends = ends

    def report(self) -> LinkReport:
        """End the link; packets that are still under way are gone.

        Raises `CommandFailed` when the emulator failed.
        """
        # The devices go with the process, so their counts are read before.
        overrun = sum(_dropped(end) for end in self._ends)
        out, _ = self._process.communicate()
        if self._process.returncode:
            raise self.failure()
        fields = json.loads(out)
        return LinkReport(
            pipes=tuple((Traffic(**there), Traffic(**back)) for there, back in fields["pipes"]),
            strangers=fields["strangers"],
            overrun=overrun,
            lateness=Lateness(**fields["lateness"]),
            real_time=fields["real_time"],
        )

    def failure(self) -> CommandFailed:
        """What the emulator said when it failed."""
        self._process.wait()
        self._stderr.seek(0)
        return CommandFailed(self._process.args, self._stderr.read())  # type: ignore[arg-type]


@contextlib.contextmanager
def emulated_link(
    client: Namespace, server: Namespace, pipes: Sequence[Pipe], seed: int = 0
) -> Iterator[EmulatedLink]:
    """Join two namespaces by a device in each, with an address and a route for every pipe.

    Raises `CommandFailed` when that cannot be done.
    """
    if len(pipes) > MOST_PIPES:
        raise ValueError(f"{len(pipes)} pipes are more than {MOST_PIPES}")
    settings = {
        "client": client.name,
        "server": server.name,
        "seed": seed,
        "pipes": [pipe.fields() for pipe in pipes],
    }
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
        subprocess.Popen(
            module_command("emulator"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=module_environment(),
            start_new_session=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        link = EmulatedLink(process, stderr, (client, server))
        try:
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
            if process.stdout.readline() != "ready\n":
                raise link.failure()
            _configure(client, server, len(pipes))
            yield link
        finally:
            process.kill()


def _configure(client: Namespace, server: Namespace, pipes: int) -> None:
    for place, own, peer in (
        (client, client_address, server_address),
        (server, server_address, client_address),
    ):
        # IPv6 would send packets that nobody asked for.
        place.set_sysctls({"net.ipv6.conf.all.disable_ipv6": 1})
        place.bring_up(emulator.DEVICE)
        for number in range(1, pipes + 1):
            place.add_address(emulator.DEVICE, f"{own(number)}/32")
            place.set_route(peer(number), "dev", emulator.DEVICE, "src", own(number))


def _dropped(place: Namespace) -> int:
    (device,) = json.loads(place.ip("-json", "-statistics", "link", "show", emulator.DEVICE))
    return int(device["stats64"]["tx"]["dropped"])
