"""The part of docs/interoperability.md that is about TLS 1.3."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tests.interop.modes import MODES, PEERS, ROLES, Claim, all_claims

_HEAD = """\
## TLS 1.3

A cell is a mode with a peer, our side in that role: the peer's client connects to `python -m tls
serve` or to a server of the library, the engine's client to the peer's server. `ok` says that all
tests of it have passed (`test_tls_1_3_*.py`, `test_post_quantum.py`), `—` that the peer has no such
thing, or none that can be asked for, as said below.
"""

_NOTES = (
    "OpenSSL 3 by `s_client` and `s_server`: five suites, seven groups; early data is refused by a "
    "second server, which cannot open the first one's ticket.",
    "GnuTLS 3.7 by `gnutls-cli` and `gnutls-serv`: its server asks for a certificate later at the "
    "line `**REAUTH**`, its client changes its keys at `^rekey^`, and answers a request for new "
    "keys with what it sends next only.",
    "Java 17 (JSSE) has neither keys from outside nor early data nor certificates after the "
    "handshake. `startHandshake` in a connection is a KeyUpdate.",
    "Node.js has no interface to early data, keys from outside, certificates after the handshake "
    "and new keys of its own accord. It gives no ticket in a connection that resumes one.",
    "The standard library's `ssl`, in Python 3.11 to 3.14, has no interface to early data and new "
    "keys of its own accord, and to keys from outside from 3.13 on.",
    "pyOpenSSL, on OpenSSL 4.0, has every hybrid with ML-KEM, at once and after a retry, and "
    "ML-DSA. It has no interface to early data, keys from outside and certificates after the "
    "handshake.",
    "tlslite-ng 0.8 never takes early data; its server skips it. Its client compresses its "
    "certificate for servers that have not said that they take it so, which the engine's server "
    "refuses (RFC 8879 §4): it is told not to.",
    "Chromium's own log tells the group. It and curl are clients only.",
)


def section(results: Iterable[tuple[Claim, bool]]) -> Iterator[str]:
    """The lines of the part, from how the tests of every claim went."""
    passed: dict[Claim, bool] = {}
    for claim, succeeded in results:
        passed[claim] = passed.get(claim, True) and succeeded
    claims = all_claims()
    yield _HEAD
    for mode, meaning in MODES.items():
        yield f"- {mode}: {meaning}."
    yield ""
    yield f"| peer | our side | {' | '.join(MODES)} |"
    yield "|---|---|" + "---|" * len(MODES)
    for peer in PEERS:
        for role in ROLES:
            row = [Claim(peer, role, mode) for mode in MODES]
            if claims.intersection(row):
                cells = [_cell(claim, claims, passed) for claim in row]
                yield f"| {peer} | {role} | {' | '.join(cells)} |"
    yield ""
    for note in _NOTES:
        yield textwrap.fill(f"- {note}", 100, subsequent_indent="  ", break_on_hyphens=False)


def _cell(claim: Claim, claims: frozenset[Claim], passed: dict[Claim, bool]) -> str:
    if claim not in claims:
        return "—"
    if claim not in passed:
        return "not run"
    return "ok" if passed[claim] else "FAILED"
