"""The other implementations: how each connects to us, and how each serves us."""

from tests.interop.peers.gnutls import GnuTLS
from tests.interop.peers.java import Java
from tests.interop.peers.openssl import OpenSSL
from tests.interop.peers.peer import FAMILIES, Peer, family_of
from tests.interop.peers.processes import run_client
from tests.interop.peers.tlslite import Tlslite

PEERS: tuple[type[Peer], ...] = (OpenSSL, GnuTLS, Java, Tlslite)

__all__ = [
    "FAMILIES",
    "PEERS",
    "GnuTLS",
    "Java",
    "OpenSSL",
    "Peer",
    "Tlslite",
    "family_of",
    "run_client",
]
