"""One firewall twice: an nftables ruleset between real hosts, and a box of a simulated network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sim
import sim.identities
from experiments.validation.openssl_peers import ServerSettings
from experiments.validation.outcome import Outcome, Waves, by_waves
from experiments.validation.patient_clients import Settings
from experiments.validation.processes import await_ready, output, running
from experiments.validation.real_firewall import SERVER, real_firewall

_IDENTITY = "contoso-rsa-2048"
_REQUEST = 400
_RESPONSE = 3700
_TOGETHER = 0.5
"""Seconds in which simulated clients come that come together."""
_CROWD = 10
"""How many times as many come as are looked at, so that by chance it is never too few: the first
are looked at, and those behind them change nothing for them."""


@dataclass(frozen=True)
class FirewallCase:
    """What clients do, and the firewall that they do it through.

    Attributes:
        name: in a few words.
        ruleset: of the real one, for `nft -f`.
        box: the simulated one, as a scenario describes it.
        sysctls: kernel parameters of the real one.
        clients: how many come together.
        waves: when they come, seconds.
        requests, pause: how many each sends, so long after the response to the one before.
        connect_timeout: how long they wait for an answer to their SYNs.
        user_timeout: how long for an acknowledgement, or a response.
        keep_alive: seconds between TCP's keep-alive probes; none are sent otherwise.
    """

    name: str
    ruleset: str
    box: Mapping[str, Any]
    sysctls: Mapping[str, str | int] = field(default_factory=dict)
    clients: int = 1
    waves: tuple[float, ...] = (0.0,)
    requests: int = 2
    pause: float = 0.0
    connect_timeout: float = 3.0
    user_timeout: float = 5.0
    keep_alive: int | None = None

    def real(self) -> Waves:
        """What becomes of real clients. Raises `CommandFailed` when that cannot be found out."""
        served, wanted = json.dumps(asdict(self._served())), json.dumps(asdict(self._wanted()))
        with (
            real_firewall(self.ruleset, self.sysctls) as hosts,
            running(hosts.server, "openssl_peers", "serve", served) as server,
        ):
            await_ready(server)
            with running(hosts.client, "patient_clients", wanted) as clients:
                lines = output(clients).splitlines()
        return by_waves([Outcome(**json.loads(line)) for line in lines], self.clients)

    def simulated(self) -> Waves:
        """What becomes of simulated clients."""
        sink = sim.MemorySink()
        world = sim.Scenario.model_validate(self._described())
        sim.simulate(world, seed=1, replication=0, sink=sink)
        rows = sink.table("connections").sort_by("connection").to_pylist()
        outcomes = []
        for wave in self.waves:
            come = [row for row in rows if wave <= row["arrival"] < wave + _TOGETHER]
            outcomes += [_outcome(row) for row in come[: self.clients]]
        return by_waves(outcomes, self.clients)

    def _served(self) -> ServerSettings:
        identities = Path(sim.identities.__file__).parent
        return ServerSettings(
            address=SERVER,
            version="TLS 1.2",
            suites="ECDHE-RSA-AES128-GCM-SHA256",
            chain=str(identities / f"{_IDENTITY}.pem"),
            key=str(identities / f"{_IDENTITY}.key.pem"),
            request=_REQUEST,
            response=_RESPONSE,
            timeout=120.0,
        )

    def _wanted(self) -> Settings:
        return Settings(
            address=SERVER,
            waves=self.waves,
            clients=self.clients,
            requests=self.requests,
            pause=self.pause,
            request=_REQUEST,
            response=_RESPONSE,
            connect_timeout=self.connect_timeout,
            user_timeout=self.user_timeout,
            keep_alive=self.keep_alive,
        )

    def _described(self) -> dict[str, Any]:
        counts = [0] * (1 + round(self.waves[-1] / _TOGETHER))
        for wave in self.waves:
            counts[round(wave / _TOGETHER)] = _CROWD * self.clients
        tcp: dict[str, Any] = {
            "connect_timeout": f"{self.connect_timeout} s",
            "user_timeout": f"{self.user_timeout} s",
            "syn_linear_timeouts": 4,
        }
        if self.keep_alive is not None:
            tcp["keep_alive"] = f"{self.keep_alive} s"
        return {
            "start": "2026-01-01T00:00:00Z",
            "kind": "terminating",
            "duration": f"{len(counts) * _TOGETHER} s",
            "arrivals": {"process": "curve", "counts": counts, "interval": f"{_TOGETHER} s"},
            "population": {"kind": "independent", "clients": 10_000},
            # It speaks TLS 1.0 and no later version: to these firewalls the version is nothing.
            "clients": [{"profile": "internet-explorer-8-windows-7", "machine": "xeon-2026"}],
            "links": {
                "inside": {"round_trip_time": "0.1 ms"},
                "outside": {"round_trip_time": "0.1 ms"},
            },
            "middleboxes": {"firewall": dict(self.box)},
            "paths": {"through": {"crosses": ["inside", "firewall", "outside"]}},
            "path": "through",
            "tcp": tcp,
            "http": {
                "requests": self.requests,
                "request_size": f"{_REQUEST} B",
                "response_size": f"{_RESPONSE} B",
                "think_time": f"{self.pause} s",
            },
            "server": {"machine": "xeon-2026", "identity": _IDENTITY},
        }


def _outcome(row: Mapping[str, Any]) -> Outcome:
    return Outcome(
        connected=row["connect_time"] is not None,
        secured=row["handshake_time"] is not None,
        responses=row["responses"],
        symptom=row["symptom"],
    )
