"""Every version, key exchange and cipher that a peer has, in both roles and every way.

`make interop` writes what this measures to docs/interoperability.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from _pytest.mark.structures import ParameterSet

import tls
from tests.interop.document import DOCUMENT, Outcome, document, expected_outcomes, modes_of
from tests.interop.identities import Identities
from tests.interop.modes import all_claims
from tests.interop.ours import visit
from tests.interop.peers import PEERS, Java, Peer, Tlslite, family_of
from tls.suites import SUITES, CipherSuite

pytestmark = pytest.mark.interop

Record = Callable[[str, object], None]
OurServer = Callable[[str], int]
PeerOf = Callable[[type[Peer]], Peer]


def _rows() -> Iterator[ParameterSet]:
    for peer in PEERS:
        rows: dict[tuple[int, str], list[CipherSuite]] = {}
        for version, suite in peer.cells():
            rows.setdefault((version, suite.key_exchange), []).append(suite)
        for (version, key_exchange), suites in rows.items():
            name = f"{peer.name} {tls.version_name(version)} {key_exchange}"
            yield pytest.param(peer, version, suites, id=name)


ROWS = list(_rows())


def check_server(
    peer: Peer, our_server: OurServer, version: int, suite: CipherSuite, mode: str
) -> None:
    """The peer's client connects to `python -m tls serve`."""
    if mode in ("full", "by ID", "by ticket"):
        port = our_server("by ticket" if mode == "by ticket" else "by ID")
        tickets, connections = mode == "by ticket", 1 if mode == "full" else 2
        pages = peer.pages(port, version, suite, connections=connections, tickets=tickets)
        hows = ["full"] if mode == "full" else ["full", "resumed"][-len(pages) :]
    else:
        hows = ["full"]
        pages = peer.pages(our_server("with certificates"), version, suite, certificate=mode)
    assert len(pages) == len(hows)
    for page, how in zip(pages, hows, strict=True):
        expected = f"{tls.version_name(version)}\n{suite.name}\n{how} handshake"
        assert expected in page, page[-2_000:]


def check_client(
    peer: Peer, identities: Identities, version: int, suite: CipherSuite, mode: str
) -> None:
    """Our client connects to the peer's server."""
    with_certificate = mode in identities.client_identities
    port = peer.server(version, suite, wants_certificate=with_certificate)
    config = tls.ClientConfig(
        identities.trust,
        versions=[version],
        suites=[suite.code],
        session_tickets=mode == "by ticket",
        identities=[identities.client_identities[mode]] if with_certificate else (),
    )
    client, answer = visit(port, config)
    assert answer, "no answer"
    assert (client.version, client.suite) == (version, suite.code)
    if mode in ("by ID", "by ticket"):
        assert client.session is not None
        assert bool(client.session.ticket) == (mode == "by ticket")
        client, answer = visit(port, config, client.session)
        assert answer, "no answer"
        assert client.resumed


def run_cells(
    role: str,
    peer: Peer,
    version: int,
    suites: list[CipherSuite],
    check: Callable[[int, CipherSuite, str], None],
    record: Record,
) -> None:
    """Run every cell, tell its outcome, and fail with all that failed."""
    failures = []
    for suite in suites:
        for mode in modes_of(type(peer), version, suite):
            try:
                check(version, suite, mode)
            except Exception as error:
                failures.append(f"{suite.name} {mode}: {type(error).__name__}: {error}")
                record("cell", (peer.name, role, version, suite.code, mode, False))
            else:
                record("cell", (peer.name, role, version, suite.code, mode, True))
    assert not failures, "\n".join(failures)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "version", "suites"), ROWS)
def test_their_client(
    kind: type[Peer],
    version: int,
    suites: list[CipherSuite],
    peer_of: PeerOf,
    our_server: OurServer,
    record_property: Record,
) -> None:
    peer = peer_of(kind)
    run_cells(
        "server",
        peer,
        version,
        suites,
        lambda *cell: check_server(peer, our_server, *cell),
        record_property,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "version", "suites"), ROWS)
def test_their_server(
    kind: type[Peer],
    version: int,
    suites: list[CipherSuite],
    peer_of: PeerOf,
    identities: Identities,
    record_property: Record,
) -> None:
    peer = peer_of(kind)
    run_cells(
        "client",
        peer,
        version,
        suites,
        lambda *cell: check_client(peer, identities, *cell),
        record_property,
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", PEERS, ids=lambda kind: kind.name)
def test_they_speak_nothing_else_that_we_speak(
    kind: type[Peer], peer_of: PeerOf, identities: Identities
) -> None:
    """The matrix leaves nothing out: what is not in it, the peer's server refuses."""
    peer = peer_of(kind)
    for version in tls.IMPLEMENTED_VERSIONS:
        for suite in SUITES.values():
            if suite.allowed_in(version) and not kind.speaks(version, suite):
                config = tls.ClientConfig(identities.trust, versions=[version], suites=[suite.code])
                client, answer = visit(peer.server(version, suite), config)
                assert not client.handshake_completed, (tls.version_name(version), suite.name)
                assert not answer


def _representatives() -> Iterator[ParameterSet]:
    """One suite of each family a peer has, each version and key exchange at least once."""
    for peer in PEERS:
        if peer is Java:
            continue  # takes seconds to start
        seen: set[object] = set()
        for version, suite in reversed(peer.cells()):
            marks = {version, suite.key_exchange, family_of(suite)}
            if peer is Tlslite:
                marks = {version}
            if not marks <= seen:
                seen |= marks
                name = f"{peer.name} {tls.version_name(version)} {suite.name}"
                yield pytest.param(peer, version, suite, id=name)


@pytest.mark.parametrize(("kind", "version", "suite"), list(_representatives()))
def test_representatives(
    kind: type[Peer],
    version: int,
    suite: CipherSuite,
    peer_of: PeerOf,
    our_server: OurServer,
    identities: Identities,
) -> None:
    peer = peer_of(kind)
    check_server(peer, our_server, version, suite, "by ID")
    check_client(peer, identities, version, suite, "by ID")


def test_the_document_tells_what_the_matrix_covers() -> None:
    """It is `make interop`'s, all cells having been run and having succeeded."""
    outcomes = [
        Outcome(*conversation, succeeded=True)
        for peer in PEERS
        for conversation in expected_outcomes(peer)
    ]
    claims = [(claim, True) for claim in all_claims()]
    assert DOCUMENT.read_text(encoding="utf-8") == document(outcomes, claims)
