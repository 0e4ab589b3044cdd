"""Post-quantum groups and signatures with OpenSSL 4.0, in both roles."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import tls
from tests.interop.modes import shows
from tests.interop.peers.pyopenssl import ANSWER, REQUEST
from tests.peers import lack
from tests.tls.authority import Issued, Shape, authority, identity_of, issue
from tls.groups import HYBRID_NAMES, group_from_name

pytestmark = pytest.mark.interop

PEER = Path(__file__).parent / "peers" / "pyopenssl.py"
SERVER_NAME = "www.contoso.com"
GROUPS = ("x25519", "x448", "secp521r1", "ffdhe2048", *HYBRID_NAMES.values())
KEYS = ("mldsa44", "mldsa65", "mldsa87", "ed448", "ecdsa-384", "rsa-2048")
HELLO_RETRY = ("X25519MLKEM768", "SecP384r1MLKEM1024")


class Chain:
    """A leaf below a root of the same kind of key, and their files."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.root = authority(f"The root of {kind}", f"{kind} of a root")
        self.leaf = issue(self.root, Shape(key_name=kind))
        self.trust = tls.TrustStore([self.root.der])
        self.files = [folder / name for name in ("chain", "key", "root")]
        for file, data in zip(
            self.files, (pem(self.leaf), key_pem(self.leaf), pem(self.root)), strict=True
        ):
            file.write_bytes(data)


def pem(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(Encoding.PEM)


def key_pem(issued: Issued) -> bytes:
    return issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def talk(
    ours: tls.ClientConnection | tls.ServerConnection, role: str, chain: Chain, group: str
) -> None:
    """The conversation of one side of ours with the peer in the other role."""
    if importlib.util.find_spec("OpenSSL") is None:
        lack("pyOpenSSL is not installed")
    with subprocess.Popen(
        [sys.executable, PEER, role, *chain.files, group],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as peer:
        assert peer.stdin is not None
        assert peer.stdout is not None
        assert peer.stderr is not None
        received = b""
        asked = False
        wanted = ANSWER if role == "server" else REQUEST
        while received != wanted:
            peer.stdin.write(ours.outgoing())
            peer.stdin.flush()
            if role == "server" and ours.handshake_completed and not asked:
                asked = True
                ours.send(REQUEST)
                continue
            data = peer.stdout.read1()
            assert data, peer.stderr.read().decode()
            for event in ours.receive(data):
                if isinstance(event, tls.ApplicationData):
                    received += event.data
        if role == "client":
            ours.send(ANSWER)
            peer.stdin.write(ours.outgoing())
            peer.stdin.flush()
        assert peer.stderr.read() == b"TLSv1.3\n"
        peer.stdin.close()
        assert peer.wait(30) == 0


@shows("pyOpenSSL", "both", "full", "groups")
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("role", ["client", "server"])
def test_groups(role: str, group: str, tmp_path: Path) -> None:
    chain = Chain("ecdsa", tmp_path)
    if role == "client":
        config = tls.ClientConfig(
            chain.trust, versions=[tls.TLS_1_3], groups=[group_from_name(group)]
        )
        talk(tls.ClientConnection(config, SERVER_NAME), "server", chain, group)
    else:
        server = tls.ServerConfig(
            [identity_of(chain.leaf)], versions=[tls.TLS_1_3], groups=[group_from_name(group)]
        )
        talk(tls.ServerConnection(server), "client", chain, group)


@shows("pyOpenSSL", "both", "ML-DSA")
@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("role", ["client", "server"])
def test_signatures(role: str, kind: str, tmp_path: Path) -> None:
    """Of the handshake and of the certificate."""
    chain = Chain(kind, tmp_path)
    if role == "client":
        config = tls.ClientConfig(chain.trust, versions=[tls.TLS_1_3])
        talk(tls.ClientConnection(config, SERVER_NAME), "server", chain, "X25519MLKEM768")
    else:
        server = tls.ServerConfig([identity_of(chain.leaf)], versions=[tls.TLS_1_3])
        talk(tls.ServerConnection(server), "client", chain, "X25519MLKEM768")


@shows("pyOpenSSL", "both", "retried")
@pytest.mark.parametrize("role", ["client", "server"])
def test_a_retry_for_another_hybrid(role: str, tmp_path: Path) -> None:
    """The client's share is for a group that the server does not have."""
    first, other = map(group_from_name, HELLO_RETRY)
    chain = Chain("mldsa65", tmp_path)
    if role == "client":
        config = tls.ClientConfig(
            chain.trust, versions=[tls.TLS_1_3], groups=[first, other], key_shares=[first]
        )
        talk(tls.ClientConnection(config, SERVER_NAME), "server", chain, HELLO_RETRY[1])
    else:
        server = tls.ServerConfig([identity_of(chain.leaf)], versions=[tls.TLS_1_3], groups=[other])
        talk(tls.ServerConnection(server), "client", chain, ":".join(HELLO_RETRY))
