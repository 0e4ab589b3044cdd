"""Fallback: a client whose handshake has failed tries again with lower versions of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import field_validator

import tls
from sim.description import Description

_NO_NEED = "inappropriate_fallback"


class Fallback(Description):
    """What a client does after a failed handshake: it offers the next lower version, at once.

    As browsers did until 2014, because of servers and boxes that stumbled over new versions; it is
    what POODLE rested on. Each further connection, a retry included, begins with the highest
    version again.
    """

    after: tuple[Literal["reset", "timeout", "alert"], ...] = ("reset", "alert")
    """After which symptoms of a handshake that has failed: "reset", "alert", "timeout"."""
    lowest: str = "SSL 3.0"
    """Down to which version: "TLS 1.0"."""
    scsv: bool = False
    """Whether it says in its hello that it has fallen back, by TLS_FALLBACK_SCSV: a server that
    speaks a higher version then refuses it, and the client takes that for an answer (RFC 7507)."""

    @field_validator("after")
    @classmethod
    def _some_symptom(cls, after: tuple[str, ...]) -> tuple[str, ...]:
        if not after:
            raise ValueError("at least one symptom is needed; without any leave `fallback` out")
        for symptom in after:
            if after.count(symptom) > 1:
                raise ValueError(f'"{symptom}" stands there twice; remove one')
        return after

    @field_validator("lowest")
    @classmethod
    def _known_version(cls, name: str) -> str:
        known = tuple(map(tls.version_name, tls.IMPLEMENTED_VERSIONS))
        if name not in known:
            raise ValueError(f'the version "{name}" is unknown; there are {", ".join(known)}')
        return name

    def steps(self, versions: Sequence[int]) -> int:
        """How often a client can fall back that speaks these versions, lowest first."""
        lowest = tls.version_from_name(self.lowest)
        return sum(version >= lowest for version in versions[:-1])

    def follows(self, symptom: str, alert: int | None) -> bool:
        """Whether it falls back, if it can, after a handshake that has failed so.

        Args:
            symptom: what the client has noticed.
            alert: the code of the alert, if it is one.
        """
        refused = alert is not None and tls.alert_name(alert) == _NO_NEED
        return symptom in self.after and not refused
