"""TLS over real TCP and an emulated link, measured: what the simulated network should predict."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from experiments.validation.emulated_link import (
    EmulatedLink,
    LinkReport,
    client_address,
    emulated_link,
    server_address,
)
from experiments.validation.emulator import DEVICE
from experiments.validation.namespaces import Namespace, namespace
from experiments.validation.openssl_peers import Attempt, ClientSettings, ServerSettings
from experiments.validation.pipes import Pipe
from experiments.validation.processes import await_ready, output, running


@dataclass(frozen=True)
class PipeSettings:
    """A pipe and what runs over it.

    Attributes:
        pipe: what happens to packets.
        chain: the server's certificates, a PEM file.
        key: the server's private key, a PEM file.
        version: "TLS 1.0", "TLS 1.1" or "TLS 1.2".
        suites: the cipher suites that the server takes, as OpenSSL calls them.
        resumed: whether connections resume a session by its ID, or else make full handshakes.
        request: bytes the client sends when the handshake is complete.
        response: bytes the server answers.
        connections: how many, one after another.
        pause: seconds between two.
        timeout: seconds after which a connection has failed.
        congestion_control: "cubic", "reno" or another that the kernel has.
        initial_window: segments that a host may send before the first acknowledgement.
    """

    pipe: Pipe
    chain: Path
    key: Path
    version: str = "TLS 1.2"
    suites: str = "ECDHE-RSA-AES128-GCM-SHA256"
    resumed: bool = False
    request: int = 400
    response: int = 3700
    connections: int = 100
    pause: float = 0.01
    timeout: float = 60.0
    congestion_control: str = "cubic"
    initial_window: int = 10


@dataclass(frozen=True)
class PipeResult:
    """What the connections over one pipe gave, seconds; the lists are parallel.

    Attributes:
        connect_times: from the call of connect() to its return.
        handshake_times: from then until the handshake's last flight is written.
        first_byte_times: from the call of connect() until the first byte of the response.
        total_times: from the call of connect() until its last byte.
        symptoms: of the connections that failed; they are in no list.
        not_resumed: connections that should have resumed a session and did not; in no list.
    """

    connect_times: list[float] = field(default_factory=list)
    handshake_times: list[float] = field(default_factory=list)
    first_byte_times: list[float] = field(default_factory=list)
    total_times: list[float] = field(default_factory=list)
    symptoms: list[str] = field(default_factory=list)
    not_resumed: int = 0


@dataclass(frozen=True)
class Measured:
    """The results of all pipes, in their order, and the link's report."""

    pipes: list[PipeResult]
    link: LinkReport


@dataclass(frozen=True)
class RealNetwork:
    """Two hosts and a link between them, ready for measurements."""

    client: Namespace
    server: Namespace
    link: EmulatedLink
    pipes: tuple[PipeSettings, ...]

    def measure(self, number: int) -> PipeResult:
        """Make the connections of one pipe; the first has number 1.

        Raises `CommandFailed` when a peer failed; a connection that failed is a result.
        """
        settings = self.pipes[number - 1]
        served = json.dumps(asdict(_served(settings, number)))
        wanted = json.dumps(asdict(_wanted(settings, number)))
        with running(self.server, "openssl_peers", "serve", served) as server:
            await_ready(server)
            with running(self.client, "openssl_peers", "connect", wanted) as client:
                lines = output(client)
        return _result(settings, [Attempt(**json.loads(line)) for line in lines.splitlines()])


@contextlib.contextmanager
def real_network(
    pipes: Sequence[PipeSettings], *, seed: int = 0, sysctls: Mapping[str, str | int] | None = None
) -> Iterator[RealNetwork]:
    """Set up the hosts and the link; `sysctls` are kernel parameters of both hosts.

    Raises `CommandFailed` when that cannot be done.
    """
    with (
        namespace("client") as client,
        namespace("server") as server,
        emulated_link(client, server, [one.pipe for one in pipes], seed) as link,
    ):
        for place, own, peer in (
            (client, client_address, server_address),
            (server, server_address, client_address),
        ):
            # No connection shall know what an earlier one learnt about the path.
            place.set_sysctls({"net.ipv4.tcp_no_metrics_save": 1, **(sysctls or {})})
            place.ip("tcp_metrics", "flush")
            for number, settings in enumerate(pipes, start=1):
                place.set_route(
                    *(peer(number), "dev", DEVICE, "src", own(number)),
                    *("congctl", settings.congestion_control),
                    *("initcwnd", str(settings.initial_window)),
                )
        yield RealNetwork(client, server, link, tuple(pipes))


def measure(
    pipes: Sequence[PipeSettings],
    *,
    concurrency: int = 4,
    seed: int = 0,
    sysctls: Mapping[str, str | int] | None = None,
) -> Measured:
    """Make the connections of all pipes, of `concurrency` pipes at a time.

    Pipes share nothing but the processors, so more of them at once measure more and less exactly.

    Raises `CommandFailed` when the network cannot be set up or a peer failed.
    """
    with (
        real_network(pipes, seed=seed, sysctls=sysctls) as network,
        ThreadPoolExecutor(concurrency) as pool,
    ):
        results = list(pool.map(network.measure, range(1, len(pipes) + 1)))
        return Measured(results, network.link.report())


def _served(settings: PipeSettings, number: int) -> ServerSettings:
    return ServerSettings(
        address=server_address(number),
        version=settings.version,
        suites=settings.suites,
        chain=str(settings.chain),
        key=str(settings.key),
        request=settings.request,
        response=settings.response,
        timeout=settings.timeout,
    )


def _wanted(settings: PipeSettings, number: int) -> ClientSettings:
    return ClientSettings(
        address=server_address(number),
        source=client_address(number),
        resumed=settings.resumed,
        request=settings.request,
        response=settings.response,
        connections=settings.connections,
        pause=settings.pause,
        timeout=settings.timeout,
    )


def _result(settings: PipeSettings, attempts: Sequence[Attempt]) -> PipeResult:
    result = PipeResult(
        symptoms=[attempt.symptom for attempt in attempts if attempt.symptom is not None],
        not_resumed=sum(_resumed_nothing(settings, attempt) for attempt in attempts),
    )
    for attempt in attempts:
        if attempt.symptom is None and not _resumed_nothing(settings, attempt):
            result.connect_times.append(attempt.connect_time)
            result.handshake_times.append(attempt.handshake_time)
            result.first_byte_times.append(attempt.first_byte_time)
            result.total_times.append(attempt.total_time)
    return result


def _resumed_nothing(settings: PipeSettings, attempt: Attempt) -> bool:
    return attempt.symptom is None and settings.resumed and not attempt.reused
