"""What is compared with a real network: one cell is one kind of connection over one kind of link.

Each cell says what real OpenSSL peers do over an emulated link, and what scenario describes the
same to the simulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sim
from experiments.validation.pipes import Pipe
from experiments.validation.real_network import PipeSettings

IDENTITIES = Path(sim.__file__).parent / "identities"
SMALL, LARGE = "contoso-rsa-2048", "contoso-rsa-2048-many-names"
"""Chains of 1.8 kB and 19.4 kB: below and above an initial window of ten segments."""

SUITES = {
    "TLS 1.0": ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    "TLS 1.1": ("ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    "TLS 1.2": ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
}
ROUND_TRIP_TIMES = (0.005, 0.05, 0.2)
RATES = (1e6, 1e7)
BUFFER = 1_000_000
REQUEST, RESPONSE = 400, 3700
_APART = 200.0
"""Seconds between two simulated connections, so that none meets another, as in reality."""


@dataclass(frozen=True)
class Hosts:
    """What the real hosts take, seconds: an input of the simulation, measured.

    Attributes:
        flight: to send or take one flight.
        accept: besides, once a connection, cryptography apart.
        link: what the emulated link and the kernels add to a round trip.
    """

    flight: float
    accept: float
    link: float

    @property
    def machine(self) -> dict[str, Any]:
        """As a machine profile."""
        return {
            "name": "openssl-peer",
            "title": "A host that runs OpenSSL from Python",
            "source": "measured beside the connections that are compared",
            "base": "xeon-2026",
            "operations": {
                "flight": {"each": self.flight},
                "accept": {"each": self.accept},
                "request": {"each": 0.0},
            },
        }


@dataclass(frozen=True)
class Cell:
    """A kind of connection over a kind of link; seconds, bits a second, shares."""

    version: str
    resumed: bool
    round_trip_time: float
    rate: float | None = None
    identity: str = SMALL
    loss: float = 0.0
    congestion_control: Literal["cubic", "reno"] = "cubic"
    connections: int = 200

    @property
    def label(self) -> str:
        """In words."""
        rate = "unlimited" if self.rate is None else f"{self.rate / 1e6:g} Mbit/s"
        kind = "resumed" if self.resumed else "full"
        chain = ", chain above the window" if self.identity == LARGE else ""
        loss = f", {100 * self.loss:g} % loss" if self.loss else ""
        return f"{self.version} {kind}, {1e3 * self.round_trip_time:g} ms, {rate}{chain}{loss}"

    @property
    def reference(self) -> Cell:
        """The cell that tells what its hosts take: nothing but a short delay is in the way."""
        return Cell(self.version, self.resumed, ROUND_TRIP_TIMES[0], connections=100)

    def pipes(self, parts: int = 1) -> list[PipeSettings]:
        """For real peers, over so many equal links at once."""
        return [
            PipeSettings(
                Pipe.symmetric(self.round_trip_time, self.rate, buffer=BUFFER, loss=self.loss),
                IDENTITIES / f"{self.identity}.pem",
                IDENTITIES / f"{self.identity}.key.pem",
                version=self.version,
                suites=SUITES[self.version][0],
                resumed=self.resumed,
                request=REQUEST,
                response=RESPONSE,
                connections=self.connections // parts,
                congestion_control=self.congestion_control,
            )
        ] * parts

    def scenario(self, hosts: Hosts, connections: int) -> sim.Scenario:
        """For the simulator: about so many connections, one after another."""
        link: dict[str, Any] = {
            "round_trip_time": f"{self.round_trip_time + hosts.link!r} s",
            "loss": self.loss,
        }
        if self.rate is not None:
            link |= {"rate": f"{self.rate!r} bit/s", "buffer": f"{BUFFER} B"}
        server: dict[str, Any] = {
            "identity": self.identity,
            "machine": hosts.machine,
            "versions": [self.version],
            "suites": [SUITES[self.version][1]],
            # As Python's ssl module has OpenSSL do it.
            "split_records": self.version == "TLS 1.0",
        }
        if self.resumed:
            server["sessions"] = {"capacity": 10, "lifetime": "unlimited"}
        return sim.Scenario.model_validate(
            {
                "start": "2026-11-24T00:00:00Z",
                "kind": "terminating",
                "duration": f"{_APART * connections} s",
                "sample_interval": "1 d",
                "fidelity": "replay",
                "arrivals": {"process": "poisson", "rate": f"{1 / _APART!r} /s"},
                "population": {"kind": "independent", "clients": 1},
                "clients": [{"profile": "openssl-3", "machine": hosts.machine}],
                "path": link,
                "tcp": {
                    "timestamps": True,
                    "congestion_control": self.congestion_control,
                    "loss_probe": True,
                    "syn_linear_timeouts": 4,
                    "timer_tick": "4 ms",
                },
                "http": {"request_size": f"{REQUEST} B", "response_size": f"{RESPONSE} B"},
                "server": server,
            }
        )


def lossless(round_trip_time: float) -> list[Cell]:
    """Every version and mode, at both rates, slow ones first."""
    return [
        Cell(version, resumed, round_trip_time, rate, identity)
        for rate in RATES
        for version in SUITES
        for identity, resumed in ((LARGE, False), (SMALL, False), (SMALL, True))
    ]


def lossy(round_trip_time: float) -> Iterator[Cell]:
    """Every version and mode with 2 % loss each way; one with Reno."""
    for version in SUITES:
        for resumed in (False, True):
            control: Literal["cubic", "reno"] = "reno" if version == "TLS 1.1" else "cubic"
            yield Cell(
                version,
                resumed,
                round_trip_time,
                1e7,
                loss=0.02,
                congestion_control=control,
                connections=500,
            )
