"""What TLS 1.3 does with other implementations: which test shows which mode with which peer."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

MODES = {
    "full": "a full handshake, and a page or data both ways",
    "groups": "every group that the peer has and lets choose, one at a time",
    "retried": "a HelloRetryRequest, the first key share being of a group that the server has not",
    "resumed": "a second connection by a ticket of the first",
    "external key": "a pre-shared key from outside, no certificate",
    "0-RTT": "early data that the server takes",
    "0-RTT refused": "early data that the server refuses, and the request sent again behind it",
    "certificate": "the client's certificate, asked for in the handshake, shown and missing",
    "later": "the client's certificate, asked for after the handshake",
    "KeyUpdate": "new keys on both sides in the middle of a connection",
    "ML-DSA": "chains and signatures of ML-DSA-44, -65 and -87",
}
"""The columns of the table, and what they stand for."""

PEERS = (
    *("OpenSSL", "GnuTLS", "Java", "Node", "Python's ssl"),
    *("pyOpenSSL", "tlslite-ng", "curl", "Chromium"),
)
ROLES = ("server", "client")
"""Ours."""


class Claim(NamedTuple):
    """A mode with a peer; `role` is ours."""

    peer: str
    role: str
    mode: str


_claims: set[Claim] = set()

_Test = TypeVar("_Test", bound=Callable[..., object])


def shows(peer: str, role: str, *modes: str) -> Callable[[_Test], _Test]:
    """A test that fails where one of these modes does; role "both" has it as a parameter."""
    assert peer in PEERS
    roles = ROLES if role == "both" else (role,)
    assert set(roles) <= set(ROLES)
    assert set(modes) <= set(MODES)
    _claims.update(Claim(peer, each, mode) for each in roles for mode in modes)
    return pytest.mark.shows(peer, role, modes)


def all_claims() -> frozenset[Claim]:
    """All that some test shows, whether it runs or not."""
    for file in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.interop.{file.stem}")
    return frozenset(_claims)


def claims_of(item: pytest.Item) -> list[Claim]:
    """What a test shows that is about to run."""
    found = []
    for mark in item.iter_markers("shows"):
        peer, role, modes = mark.args
        if role == "both":
            role = item.callspec.params["role"]  # type: ignore[attr-defined]
        found += [Claim(peer, role, mode) for mode in modes]
    return found
