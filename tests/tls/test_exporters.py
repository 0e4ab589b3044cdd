"""Keying material for other protocols, beside OpenSSL's (RFC 5705, RFC 8446 §7.5)."""

from __future__ import annotations

import contextlib

import pytest
from cryptography import x509
from OpenSSL import SSL

import tls
from tests.tls.authority import site_identity
from tests.tls.conversation import SERVER_NAME, converse, new_client, new_server
from tls.handshake.exporter import MAX_LENGTH

LABEL = "EXPORTER-of-a-test"
BEFORE = (tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2)
WITH_EXPORTERS = (*BEFORE, tls.TLS_1_3)
CONTEXTS = (None, b"", b"a context")


def openssl_server(version: int) -> SSL.Connection:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    identity = site_identity()
    leaf, *others = [x509.load_der_x509_certificate(der) for der in identity.chain]
    context.use_certificate(leaf)
    for other in others:
        context.add_extra_chain_cert(other)
    context.use_privatekey(identity.private_key)
    server = SSL.Connection(context, None)
    server.set_accept_state()
    return server


def shake_hands(client: tls.ClientConnection, server: SSL.Connection) -> None:
    while sent := client.outgoing():
        server.bio_write(sent)
        with contextlib.suppress(SSL.WantReadError):
            server.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            client.receive(server.bio_read(1 << 16))
    assert client.handshake_completed


@pytest.mark.parametrize("version", WITH_EXPORTERS, ids=tls.version_name)
@pytest.mark.parametrize("extended_master_secret", [False, True])
def test_the_same_as_openssl(version: int, extended_master_secret: bool) -> None:
    client = new_client(versions=[version], extended_master_secret=extended_master_secret)
    server = openssl_server(version)
    shake_hands(client, server)
    for context in CONTEXTS:
        for length in (1, 32, 100):
            ours = client.export_keying_material(LABEL, length, context)
            assert len(ours) == length
            assert ours == server.export_keying_material(LABEL.encode(), length, context)


@pytest.mark.parametrize("version", BEFORE, ids=tls.version_name)
def test_a_resumed_session_exports_what_belongs_to_its_own_randoms(version: int) -> None:
    cache = tls.SessionCache()
    client, server = new_client(versions=[version]), new_server(cache, versions=[version])
    converse(client, server)
    first = client.export_keying_material(LABEL, 32)
    client, server = (
        new_client(client.session, versions=[version]),
        new_server(cache, versions=[version]),
    )
    converse(client, server)
    assert client.resumed
    second = client.export_keying_material(LABEL, 32)
    assert second == server.export_keying_material(LABEL, 32)
    assert second != first


@pytest.mark.parametrize("version", WITH_EXPORTERS, ids=tls.version_name)
def test_every_part_counts(version: int) -> None:
    client, server = new_client(versions=[version]), new_server(versions=[version])
    converse(client, server)
    made = {
        client.export_keying_material(label, 32, context)
        for label in (LABEL, LABEL + "2")
        for context in CONTEXTS
    }
    # Only before TLS 1.3 is an empty context another than none.
    assert len(made) == (4 if version == tls.TLS_1_3 else 6)


def test_while_a_connection_negotiates_anew_it_exports_what_it_did() -> None:
    client, server = new_client(versions=[tls.TLS_1_2]), new_server(versions=[tls.TLS_1_2])
    converse(client, server)
    first = client.export_keying_material(LABEL, 32)
    client.renegotiate()
    assert client.export_keying_material(LABEL, 32) == first
    converse(client, server)
    second = client.export_keying_material(LABEL, 32)
    assert second == server.export_keying_material(LABEL, 32)
    assert second != first


def test_ssl_3_0_exports_nothing() -> None:
    client, server = new_client(versions=[tls.SSL_3_0]), new_server(versions=[tls.SSL_3_0])
    converse(client, server)
    with pytest.raises(tls.UsageError, match=r"SSL 3\.0 exports no keying material"):
        client.export_keying_material(LABEL, 32)


@pytest.mark.parametrize("version", WITH_EXPORTERS, ids=tls.version_name)
def test_what_is_refused(version: int) -> None:
    client = tls.ClientConnection(
        tls.ClientConfig(tls.TrustStore(), versions=[version]), SERVER_NAME
    )
    with pytest.raises(tls.UsageError, match="no completed handshake"):
        client.export_keying_material(LABEL, 32)
    client, server = new_client(versions=[version]), new_server(versions=[version])
    converse(client, server)
    for length in (0, -1, MAX_LENGTH + 1):
        with pytest.raises(tls.UsageError, match="bytes can be exported"):
            client.export_keying_material(LABEL, length)
    with pytest.raises(tls.UsageError, match="early data"):
        client.export_keying_material(LABEL, 32, early=True)


@pytest.mark.parametrize("label", ["key expansion", "master secret", "client finished2"])
def test_labels_of_tls_itself_are_refused(label: str) -> None:
    client, server = new_client(versions=[tls.TLS_1_2]), new_server(versions=[tls.TLS_1_2])
    converse(client, server)
    with pytest.raises(tls.UsageError, match="begins like one of TLS"):
        client.export_keying_material(label, 32)
    with pytest.raises(tls.UsageError, match="a context has"):
        client.export_keying_material(LABEL, 32, bytes(MAX_LENGTH + 1))
