"""Every group and signature scheme with other implementations."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import tls
from tests.interop.choices import (
    DHE_RSA_GCM,
    ECDHE_RSA_GCM,
    PeerOf,
)
from tests.interop.identities import SERVER_NAME, Files, Identities
from tests.interop.ours import (
    identity_options,
    serve_everything,
    tls_connect,
    tls_serve,
    visit,
)
from tests.interop.peers import GnuTLS, OpenSSL, run_client
from tests.peers import require_program
from tls.groups import GROUP_NAMES
from tls.suites import SUITES

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("group", GROUP_NAMES.values())
def test_every_group(group: str, identities: Identities, peer_of: PeerOf) -> None:
    """Elliptic curves with OpenSSL, finite fields by name with GnuTLS."""
    finite = group.startswith("ffdhe")
    suite = DHE_RSA_GCM if finite else ECDHE_RSA_GCM
    peer = peer_of(GnuTLS if finite else OpenSSL)
    assert isinstance(peer, GnuTLS | OpenSSL)
    with serve_everything(identities, "--groups", group) as port:
        command = peer.client_command(port, tls.TLS_1_2, suite)
        if finite:
            output = run_client(*command)
            assert f"(DHE-{group.upper()})" in output
        else:
            output = run_client(*command, "-groups", group.replace("x", "X"))
        assert f"{suite.name}\nfull handshake" in output
    code = next(code for code, name in GROUP_NAMES.items() if name == group)
    config = tls.ClientConfig(identities.trust, groups=[code], suites=[suite.code])
    _, answer = visit(peer.server(tls.TLS_1_2, suite), config)
    assert answer


RSA_SCHEMES = {
    "rsa_pss_rsae_sha256": "RSA-PSS",
    "rsa_pss_rsae_sha384": "RSA-PSS",
    "rsa_pss_rsae_sha512": "RSA-PSS",
    "rsa_pkcs1_sha1": "RSA",
    "rsa_pkcs1_sha224": "RSA",
    "rsa_pkcs1_sha256": "RSA",
    "rsa_pkcs1_sha384": "RSA",
    "rsa_pkcs1_sha512": "RSA",
}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", RSA_SCHEMES)
def test_every_rsa_scheme(scheme: str, identities: Identities, peer_of: PeerOf) -> None:
    """TLS 1.2, signed by us, and by OpenSSL; as a server, and as a client with a certificate."""
    peer = peer_of(OpenSSL)
    assert isinstance(peer, OpenSSL)
    digest = scheme.rpartition("_")[2].upper()
    # The authority signs by another.
    schemes = ["--signature-schemes", scheme]
    schemes += ["--certificate-signature-schemes", "rsa_pkcs1_sha256"]
    with serve_everything(
        identities,
        *(*schemes, "--client-auth", "require"),
        *("--client-trust", str(identities.authority)),
    ) as port:
        command = peer.client_command(port, tls.TLS_1_2, ECDHE_RSA_GCM)
        files = identities.client["RSA"]
        certificate = ["-cert", str(files.certificate), "-key", str(files.key)]
        output = run_client(*command, *certificate)
    assert f"Peer signing digest: {digest}\n" in output
    assert f"Peer signature type: {RSA_SCHEMES[scheme]}\n" in output
    assert "full handshake" in output
    port = peer.server(tls.TLS_1_2, ECDHE_RSA_GCM, wants_certificate=True)
    files = identities.client["RSA"]
    finished = tls_connect(
        port,
        *("--trust", str(identities.authority), *schemes),
        *("--versions", "TLS 1.2"),  # after which PKCS #1 signs no handshake
        *("--suites", ECDHE_RSA_GCM.name, "--get", "/", *identity_options(files)),
    )
    assert finished.stderr == ""
    assert "HTTP/1.0 200 ok" in finished.stdout


@pytest.mark.parametrize("kind", ["ed25519", "ed448"])
def test_edwards_curves(kind: str, identities: Identities, peer_of: PeerOf) -> None:
    """TLS 1.2 with such a certificate (RFC 8422 §5.10), ours and theirs, of server and client."""
    openssl, gnutls = peer_of(OpenSSL), peer_of(GnuTLS)
    assert isinstance(openssl, OpenSSL)
    assert isinstance(gnutls, GnuTLS)
    suite = SUITES[0xC02B]
    files = identities.own(kind)
    with tls_serve(*identity_options(files)) as port:
        output = run_client(
            *openssl.client_command(port, tls.TLS_1_2, suite), "-verify_return_error"
        )
        assert f"peer signature type: {kind}" in output.lower()
        assert "full handshake" in output
        assert "full handshake" in run_client(*gnutls.client_command(port, tls.TLS_1_2, suite))
    port = openssl.start_openssl_server(certificate=files)
    _, answer = visit(port, tls.ClientConfig(identities.trust, suites=[suite.code]))
    assert answer


def pss_files(folder: Path, *, restricted: bool) -> Files:
    """A certificate with an RSASSA-PSS key that trusts itself, made by OpenSSL."""
    files = Files(folder / "pss.pem", folder / "pss.key.pem")
    openssl = require_program("openssl")
    restriction = ("md:sha256", "mgf1_md:sha256", "saltlen:32") if restricted else ()
    options = [word for each in restriction for word in ("-pkeyopt", f"rsa_pss_keygen_{each}")]
    for command in (
        ["genpkey", "-algorithm", "RSA-PSS", *options, "-out", str(files.key)],
        [
            *("req", "-x509", "-new", "-key", str(files.key), "-subj", f"/CN={SERVER_NAME}"),
            *("-addext", f"subjectAltName=DNS:{SERVER_NAME}", "-days", "100"),
            *("-sha256", "-out", str(files.certificate)),
        ],
    ):
        subprocess.run([openssl, *command], check=True, capture_output=True, timeout=60)
    return files


@pytest.mark.parametrize("restricted", [False, True], ids=["free", "restricted"])
def test_keys_for_rsassa_pss(
    restricted: bool, identities: Identities, peer_of: PeerOf, tmp_path: Path
) -> None:
    """With OpenSSL and GnuTLS in TLS 1.2 (RFC 4055 §1.2, RFC 8446 §4.2.3)."""
    openssl, gnutls = peer_of(OpenSSL), peer_of(GnuTLS)
    assert isinstance(openssl, OpenSSL)
    assert isinstance(gnutls, GnuTLS)
    files = pss_files(tmp_path, restricted=restricted)
    suite = SUITES[0xC02F]
    with tls_serve(*identity_options(files)) as port:
        command = openssl.client_command(port, tls.TLS_1_2, suite)
        output = run_client(*command, "-verify_return_error", "-CAfile", str(files.certificate))
        assert "Peer signature type: RSA-PSS" in output
        assert "full handshake" in output
        command = gnutls.client_command(port, tls.TLS_1_2, suite)
        output = run_client(*command, "--x509cafile", str(files.certificate))
        assert "full handshake" in output
    port = openssl.start_openssl_server(certificate=files)
    trust = tls.TrustStore.from_pem(files.certificate.read_bytes())
    _, answer = visit(port, tls.ClientConfig(trust, suites=[suite.code]))
    assert answer
