"""docs/interoperability.md: what the matrix covers and how it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tls
from tests.interop.peers import FAMILIES, PEERS, Peer, family_of
from tls.suites import SUITES, CipherSuite

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "interoperability.md"
MODES = ("full", "by ID", "by ticket", "RSA", "ECDSA", "DSA")
"""How a cell is run: resumed by ID or ticket, or with a client certificate of that kind."""


@dataclass(frozen=True)
class Outcome:
    """How one conversation went; `role` is ours."""

    peer: str
    role: str
    version: int
    suite: int
    mode: str
    succeeded: bool


def modes_of(peer: type[Peer], role: str, version: int, suite: CipherSuite) -> list[str]:
    """The ways in which a cell is run."""
    modes = ["full", "by ID"]
    if version > tls.SSL_3_0 and role in peer.ticket_roles:
        modes.append("by ticket")
    if not suite.is_anonymous:
        modes += peer.client_kinds(role, version)
    return modes


def expected_outcomes(peer: type[Peer]) -> set[tuple[str, str, int, int, str]]:
    """All that the matrix runs with a peer."""
    return {
        (peer.name, role, version, suite.code, mode)
        for version, suite in peer.cells()
        for role in ("client", "server")
        for mode in modes_of(peer, role, version, suite)
    }


_HEAD = """\
# Interoperability

What the engine speaks with other implementations, measured by `make interop`: both sides of every
combination run on a loopback socket, and this file is written from what happened. A peer's client
connects to `python -m tls serve`; the engine's client connects to the peer's server. `ok` stands
for every suite of that version, key exchange and cipher family, in both roles: a full handshake and
a page, resumed by session ID and by ticket, and with client certificates of the kinds named.
`—` is what the peer does not speak: its server refuses it
(`test_matrix.py::test_they_speak_nothing_else_that_we_speak` asks). `·` are pairs that no suite
names. Tests are named `file::test`, those on sockets under `tests/interop/`, the others under
`tests/tls/`.
"""

_PROGRAMS = {
    "OpenSSL": "`openssl s_client` and `s_server` of OpenSSL 3.0, at security level 0",
    "GnuTLS": "`gnutls-cli` and `gnutls-serv` of GnuTLS 3.7",
    "Java": "JSSE of Java 17 with its lists of disabled algorithms emptied "
    "(`tests/interop/JavaPeer.java`)",
    "tlslite-ng": "tlslite-ng 0.8",
}

_NOTES: dict[str, tuple[str, ...]] = {}

_EXCHANGES = {
    suite.key_exchange: None
    for suite in sorted(SUITES.values(), key=lambda suite: ("anon" in suite.name, suite.code))
}


def _cell(
    peer: type[Peer], version: int, exchange: str, family: str, outcomes: dict[tuple[object, ...], bool]
) -> str:
    suites = [
        suite
        for suite in SUITES.values()
        if (suite.key_exchange, family_of(suite)) == (exchange, family)
        and suite.allowed_in(version)
    ]
    if not suites:
        return "·"
    spoken = [suite for suite in suites if peer.speaks(version, suite)]
    if not spoken:
        return "—"
    results = [
        outcomes.get((peer.name, role, version, suite.code, mode))
        for suite in spoken
        for role in ("client", "server")
        for mode in modes_of(peer, role, version, suite)
    ]
    if None in results:
        return "not run"
    if not all(results):
        return "FAILED"
    missing = [suite.name.partition("_WITH_")[2] for suite in suites if suite not in spoken]
    return "ok" if not missing else f"ok, but {', '.join(missing)}"


def _table(peer: type[Peer], outcomes: dict[tuple[object, ...], bool]) -> Iterator[str]:
    cells = peer.cells()
    families = [f for f in FAMILIES if any(family_of(suite) == f for _, suite in cells)]
    yield f"| version | key exchange | {' | '.join(families)} |"
    yield "|---|---|" + "---|" * len(families)
    for version in tls.IMPLEMENTED_VERSIONS:
        for exchange in _EXCHANGES:
            if any((v, s.key_exchange) == (version, exchange) for v, s in cells):
                row = [_cell(peer, version, exchange, family, outcomes) for family in families]
                yield f"| {tls.version_name(version)} | {exchange} | {' | '.join(row)} |"


def _ways(peer: type[Peer]) -> Iterator[str]:
    cells = peer.cells()
    combinations = len(expected_outcomes(peer))
    yield f"{len(cells)} pairs of version and suite, {combinations} conversations."
    sides = {"client": "its server", "server": "its client"}
    for role, side in sides.items():
        kinds: dict[tuple[str, ...], list[str]] = {}
        for version in peer.versions:
            kinds.setdefault(tuple(peer.client_kinds(role, version)), []).append(
                tls.version_name(version)
            )
        spans = [
            f"{', '.join(names)} ({', '.join(versions)})" if names else f"none ({versions[0]})"
            for names, versions in kinds.items()
        ]
        tickets = "tickets" if role in peer.ticket_roles else "no tickets"
        yield f"With {side}: {tickets}; client certificates {'; '.join(spans)}."


_BETWEEN_OURSELVES = "`test_handshake.py::test_full_then_resumed`"
_VECTOR = "`test_cipher_vectors.py::test_block_ciphers`"
_EXPORT = "`test_key_exchange.py::test_export_suites`"
_EXPORT_KEYS = (
    "`test_key_derivation.py::test_export_keys_of_ssl30_are_the_formula`, "
    "`test_key_derivation.py::test_export_keys_of_tls_are_the_formula`"
)


def _substitutes(suite: CipherSuite) -> str:
    tests = [_BETWEEN_OURSELVES]
    if suite.cipher.name in ("rc2-40-cbc", "idea-cbc", "camellia-128-cbc", "camellia-256-cbc"):
        tests.append(_VECTOR)
    if suite.is_export:
        tests += [_EXPORT, _EXPORT_KEYS]
    return ", ".join(tests)


def _spoken_by_nobody() -> Iterator[str]:
    yield "| suite | versions | shown instead by |"
    yield "|---|---|---|"
    for suite in SUITES.values():
        versions = [
            tls.version_name(version)
            for version in tls.IMPLEMENTED_VERSIONS
            if suite.allowed_in(version) and not any(p.speaks(version, suite) for p in PEERS)
        ]
        if versions:
            yield f"| {suite.name} | {', '.join(versions)} | {_substitutes(suite)} |"


def document(results: Iterable[Outcome]) -> str:
    """The whole document."""
    outcomes: dict[tuple[object, ...], bool] = {
        (each.peer, each.role, each.version, each.suite, each.mode): each.succeeded
        for each in results
    }
    lines = [_HEAD]
    for peer in PEERS:
        lines += [f"## {peer.name}", "", f"{_PROGRAMS[peer.name]}.", *_ways(peer), ""]
        lines += [f"- {note}" for note in _NOTES.get(peer.name, ())]
        lines += [""] if peer.name in _NOTES else []
        lines += [*_table(peer, outcomes), ""]
    lines += ["## What no living peer here speaks", "", _NOBODY, "", *_spoken_by_nobody(), "", _TAIL]
    return "\n".join(lines)


_NOBODY = """\
The 1024-bit export suites, RC2 and IDEA left OpenSSL with 1.1 and were never in Java or tlslite-ng;
Camellia came after the versions of SSL 3.0 that still run."""

_TAIL = ""


def write_document(path: Path, results: Iterable[Outcome]) -> None:
    """Write what was measured."""
    path.write_text(document(results), encoding="utf-8")
