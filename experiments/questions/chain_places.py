"""What each place of a certificate chain costs: bytes on the wire, and both sides' work."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import sim
from experiments.questions.load import pools_of
from experiments.questions.table import Table
from experiments.studies.study import Study
from sim.identities import (
    CertificateDescription,
    ChainDescription,
    identity,
    signature_length,
    signing,
    verifying,
)

_MESSAGE = 8
"""Of a CertificateVerify beside its signature: header, scheme, length (RFC 8446 §4.4.3)."""
_ENTRY = 5
"""Of a certificate in a list beside its own bytes: two lengths (RFC 8446 §4.4.2)."""
_HEAD = (
    *("chain", "place", "key", "signed by"),
    *("bytes", "signature", "server CPU, ms", "client CPU, ms"),
)


def chain_places(study: Study) -> Table | None:
    """Return what each place of the servers' described chains costs a full handshake of TLS 1.3.

    `None` where no server has a described chain. Bytes of ECDSA signatures are means.
    """
    rows: dict[tuple[str, ...], None] = {}
    for point, _, pool in pools_of(study):
        if isinstance(pool.identity, ChainDescription):
            rows |= dict.fromkeys(_rows(point.scenario, pool, pool.identity))
    if not rows:
        return None
    return Table("What each place in a chain costs a full handshake", _HEAD, tuple(rows), 2)


def _rows(
    scenario: sim.Scenario, pool: sim.ServerPool, described: ChainDescription
) -> Iterator[tuple[str, ...]]:
    """Yield a row for the handshake's signature, and one for each certificate that is sent."""
    path = scenario.all_paths[scenario.default_path]
    sent = identity(described, scenario.entrance(path).front.name).chain
    signs = _profile(pool.machine).price(signing(described.key))
    length = signature_length(described.key)
    yield (
        *(str(described), "handshake", described.key, described.key),
        *(f"{length + _MESSAGE:,}", f"{length:,}", _cpu(signs)),
        _verified(scenario, described.key),
    )
    links: list[CertificateDescription] = [described, *described.chain, described.root]
    for number, ((link, issuer), der) in enumerate(zip(pairwise(links), sent, strict=True)):
        yield (
            *(str(described), f"authority {number}" if number else "server's certificate"),
            *(link.key, issuer.key),
            *(f"{len(der) + _ENTRY:,}", f"{signature_length(issuer.key):,}", _cpu(0.0)),
            _verified(scenario, issuer.key),
        )


def _verified(scenario: sim.Scenario, key: str) -> str:
    """What it takes the clients' machines to verify a signature by such a key."""
    operation = verifying(key)
    prices = sorted({_profile(client.machine).price(operation) for client in scenario.clients})
    words = _cpu(prices[0])
    return words if len(prices) == 1 else f"{words} to {_cpu(prices[-1])}"


def _profile(machine: str | sim.MachineProfile) -> sim.MachineProfile:
    return machine if isinstance(machine, sim.MachineProfile) else sim.machine_profile(machine)


def _cpu(seconds: float) -> str:
    return f"{1e3 * seconds:.3g}" if seconds else "–"
