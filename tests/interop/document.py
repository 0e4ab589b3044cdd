"""docs/interoperability.md: what the matrix covers and how it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tls
from tests.interop.document_tls13 import section
from tests.interop.modes import Claim
from tests.interop.peers import FAMILIES, PEERS, Peer, family_of
from tls.suites import SUITES, CipherSuite

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "interoperability.md"


@dataclass(frozen=True)
class Outcome:
    """How one conversation went; `role` is ours."""

    peer: str
    role: str
    version: int
    suite: int
    mode: str
    succeeded: bool


def modes_of(peer: type[Peer], version: int, suite: CipherSuite) -> list[str]:
    """The ways in which a cell is run."""
    modes = ["full", "by ID"]
    if version > tls.SSL_3_0:
        modes.append("by ticket")
    if not suite.is_anonymous:
        modes += peer.client_kinds(version)
    return modes


def expected_outcomes(peer: type[Peer]) -> set[tuple[str, str, int, int, str]]:
    """All that the matrix runs with a peer."""
    return {
        (peer.name, role, version, suite.code, mode)
        for version, suite in peer.cells()
        for role in ("client", "server")
        for mode in modes_of(peer, version, suite)
    }


_HEAD = """\
# Interoperability

What the engine speaks with other implementations, measured by `make interop`: both sides of every
combination run on a loopback socket, and this file is written from what happened. TLS 1.3 has a
[table of its own](#tls-13). In the others a peer's client connects to `python -m tls serve`, the
engine's client to the peer's server. `ok` stands for every suite of that version, key exchange and
cipher family, in both roles: a full handshake and a page, resumed by session ID and (from TLS 1.0
on) by ticket, and, unless the suite is anonymous, with a client certificate of each kind named
above the table. `—` is what the peer does not speak: its server refuses it
(`test_matrix.py::test_they_speak_nothing_else_that_we_speak` asks), as it does every row that is
missing. An empty cell is a combination for which there is no suite. Tests are named `file::test`,
those on sockets under `tests/interop/`, the others under `tests/tls/`.
"""

_PROGRAMS = {
    "OpenSSL": "`openssl s_client` and `s_server` of OpenSSL 3, at security level 0.",
    "GnuTLS": "`gnutls-cli` and `gnutls-serv` of GnuTLS 3.",
    "Java": "JSSE of Java 17, its lists of disabled algorithms emptied\n"
    "(`tests/interop/peers/JavaPeer.java`).",
    "tlslite-ng": "tlslite-ng 0.8, in Python.",
}

_NOTES = {
    "OpenSSL": (
        "Its server answers encrypt-then-MAC to NULL suites, against RFC 7366 §3. Both orders are\n"
        "  the same bytes there; the engine's client ignores it.",
    ),
    "GnuTLS": (
        "`gnutls-cli` takes the end of its input for the wish to close: it is kept open until the\n"
        "  page has come.",
    ),
    "Java": (
        "Its server resumes no session without an extended master secret while it knows that\n"
        "  extension, so none of SSL 3.0; for these it runs with\n"
        "  `-Djdk.tls.useExtendedMasterSecret=false`.",
        'Its trust manager does not know DHE_DSS_EXPORT ("Unknown authType"); ours passes that on\n'
        "  as DHE_DSS.",
    ),
    "tlslite-ng": (
        "Its CertificateVerify signs MD5 and SHA-1 together with every kind of key: wrong for DSA\n"
        "  before TLS 1.2 and for ECDSA in SSL 3.0, where SHA-1 alone is signed, as Java and the\n"
        "  engine do.",
        "It names DHE_DSS with CBC and SHA-256, but never negotiates them.",
        "DHE runs in a field of 1,024 bits (RFC 2409 §6.2).",
    ),
}

_EXCHANGES = {
    suite.key_exchange: None
    for suite in sorted(SUITES.values(), key=lambda suite: ("anon" in suite.name, suite.code))
}


Outcomes = dict[tuple[object, ...], bool]


def _cell(peer: type[Peer], version: int, exchange: str, family: str, outcomes: Outcomes) -> str:
    suites = [
        suite
        for suite in SUITES.values()
        if (suite.key_exchange, family_of(suite)) == (exchange, family)
        and suite.allowed_in(version)
    ]
    if not suites:
        return ""
    spoken = [suite for suite in suites if peer.speaks(version, suite)]
    if not spoken:
        return "—"
    results = [
        outcomes.get((peer.name, role, version, suite.code, mode))
        for suite in spoken
        for role in ("client", "server")
        for mode in modes_of(peer, version, suite)
    ]
    if None in results:
        return "not run"
    if not all(results):
        return "FAILED"
    missing = [suite.name.partition("_WITH_")[2] for suite in suites if suite not in spoken]
    return f"ok (not {', '.join(missing)})" if missing else "ok"


def _table(peer: type[Peer], outcomes: Outcomes) -> Iterator[str]:
    cells = peer.cells()
    yield f"| version | key exchange | {' | '.join(FAMILIES)} |"
    yield "|---|---|" + "---|" * len(FAMILIES)
    for version in tls.IMPLEMENTED_VERSIONS:
        for exchange in _EXCHANGES:
            if any((v, s.key_exchange) == (version, exchange) for v, s in cells):
                row = [_cell(peer, version, exchange, family, outcomes) for family in FAMILIES]
                yield f"| {tls.version_name(version)} | {exchange} | {' | '.join(row)} |"


def _ways(peer: type[Peer]) -> Iterator[str]:
    suites, conversations = len(peer.cells()), len(expected_outcomes(peer))
    yield f"{suites} pairs of version and suite, {conversations:,} conversations."
    kinds: dict[tuple[str, ...], list[str]] = {}
    for version in peer.versions:
        kinds.setdefault(tuple(peer.client_kinds(version)), []).append(tls.version_name(version))
    yield (
        "Client certificates: "
        + "; ".join(
            f"{', '.join(names)} in {', '.join(versions)}" for names, versions in kinds.items()
        )
        + "."
    )


_BETWEEN_OURSELVES = "`test_handshake.py::test_full_then_resumed`"
_VECTOR = "`test_cipher_vectors.py::test_block_ciphers`"
_TSHARK = "`test_tshark.py::test_between_ourselves`"
_56_BIT = "`test_key_derivation.py::test_56_bit_export_keys_are_derived_too`"
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
    tests.append(_56_BIT if "EXPORT1024_WITH_DES" in suite.name else _TSHARK)
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


def document(results: Iterable[Outcome], claims: Iterable[tuple[Claim, bool]]) -> str:
    """The whole document, from the matrix and from the tests of TLS 1.3."""
    outcomes: Outcomes = {
        (each.peer, each.role, each.version, each.suite, each.mode): each.succeeded
        for each in results
    }
    lines = [_HEAD]
    for peer in PEERS:
        lines += [f"## {peer.name}", "", _PROGRAMS[peer.name], *_ways(peer), ""]
        lines += [f"- {note}" for note in _NOTES[peer.name]]
        lines += ["", *_table(peer, outcomes), ""]
    lines += [*section(claims), ""]
    lines += ["## What no living peer here speaks", "", _NOBODY, "", *_spoken_by_nobody()]
    return "\n".join([*lines, "", _TAIL])


_NOBODY = """\
IDEA, RC2 and the 1024-bit export suites are in none of these implementations; Camellia is in none
that speaks SSL 3.0. The engine runs them with itself, against vectors and formulas, and tshark,
whose code is another, decrypts what the engine sends (but for EXPORT1024 with DES, of whose keys
tshark 4.0 takes 7 bytes in the place of 8)."""

_TAIL = """\
## tshark

`test_tshark.py` captures every version with every suite between client and server of the engine,
full and resumed, and every version with every cipher of OpenSSL and tlslite-ng: no packet is
malformed, and with the key log all application data can be read, but for what is said above.
`test_tshark_tls_1_3.py` does the same with every mode of TLS 1.3 (full, without middlebox
compatibility, retried with and without a cookie, resumed with and without a key exchange, keys from
outside, early data taken and refused, certificates of clients in the handshake and after it,
compressed certificates, new keys, padded records), and every suite of it with OpenSSL's server.

## Beyond the matrix

`test_renegotiation.py` renegotiates with OpenSSL and GnuTLS from both sides, with and without a
client certificate. `test_extensions.py` agrees on ALPN, lets the name choose the identity, limits
records with max_fragment_length (OpenSSL) and record_size_limit (GnuTLS), refuses an inappropriate
fallback, false-starts, and leaves out encrypt-then-MAC and extended master secrets.
`test_algorithms.py` goes through every group, every RSA signature scheme, keys for RSASSA-PSS,
Ed25519 and Ed448.
`test_features.py` exchanges hellos in SSL 2.0's format with Java, misses certificates that are not
asked for, asked for and required, and opens a thousand connections one after another and fifty at
once.
`test_rfc8448_traces.py` lets client and server send the traces of RFC 8448 byte for byte, in their
five modes. `test_client_hellos.py` reads the hellos that OpenSSL, GnuTLS, curl, Node and Chromium
send, and writes them again byte for byte.

`test_certificate_chains.py` and `test_name_constraints.py` put chains, one a row, before OpenSSL,
GnuTLS, Java and the engine, and `test_certificate_names.py` names: where all agree the engine
agrees; where they differ the row cites the RFC that decides, and says why the other sees it
otherwise. `test_serve.py` leaves six hundred clients idle before a server with 256 descriptors, and
lets clients trickle, never read and never send.
"""


def write_document(
    path: Path, results: Iterable[Outcome], claims: Iterable[tuple[Claim, bool]]
) -> None:
    """Write what was measured."""
    path.write_text(document(results, claims), encoding="utf-8")
