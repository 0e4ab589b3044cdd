"""What tests of single features choose from: peers, versions, suites."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tls
from tests.interop.peers import GnuTLS, Java, OpenSSL, Peer
from tls.suites import SUITES

PeerOf = Callable[[type[Peer]], Peer]
OurServer = Callable[[str], int]
RSA_CBC = SUITES[0x002F]
ECDHE_RSA_GCM = SUITES[0xC02F]
DHE_RSA_GCM = SUITES[0x009E]
VERSIONS = [tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2]
every_peer = pytest.mark.parametrize(
    "kind",
    [OpenSSL, GnuTLS, pytest.param(Java, marks=pytest.mark.slow)],
    ids=lambda kind: kind.name,
)
every_version = pytest.mark.parametrize("version", VERSIONS, ids=tls.version_name)
