"""A chain is signed by what its verifier lists, or refused (RFC 8446 §4.2.3, RFC 5246 §7.4.2)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

import tls
from tests.tls.authority import Issued, Shape, authority, issue
from tests.tls.conversation import EPOCH, SERVER_NAME, converse
from tls.certificates.identity import certificates_from_pem
from tls.extensions import SIGNATURE_ALGORITHMS_CERT, decode_codes
from tls.hello_form import HelloForm
from tls.hello_template import HelloTemplate
from tls.messages import ClientHello, encode_message
from tls.signatures import SCHEMES

ECDSA, RSA_PSS, PKCS1, MLDSA65 = 0x0403, 0x0804, 0x0401, 0x0905
CLASSICAL = (ECDSA, RSA_PSS, PKCS1)
NEWEST = [tls.TLS_1_2, tls.TLS_1_3]
REFUSED = tls.Reason.CERTIFICATE_SIGNATURE_SCHEME


@cache
def root(kind: int | str) -> Issued:
    return authority(f"A root, {kind}", kind)


def signed_by(kind: int | str, key: int | str = "ecdsa", **shape: object) -> tls.Identity:
    leaf = issue(root(kind), Shape(key_name=key, **shape))  # type: ignore[arg-type]
    return tls.Identity((leaf.der,), leaf.key)


def of_2001(name: str) -> tls.Identity:
    """A chain that is signed with SHA-1, which the library signs no certificate with any more."""
    return tls.Identity.from_pem(
        (SHIPPED / f"{name}.pem").read_bytes(), (SHIPPED / f"{name}.key.pem").read_bytes()
    )


SHIPPED = Path(__file__).parents[3] / "sim/identities"
CONTOSO = certificates_from_pem((SHIPPED / "authorities/contoso-root.pem").read_bytes())
TRUST = tls.TrustStore([*(root(kind).der for kind in ("mldsa65", "ecdsa-384", 0)), *CONTOSO])
CLIENT_USE = {
    "common_name": "somebody",
    "dns_names": (),
    "purposes": [ExtendedKeyUsageOID.CLIENT_AUTH],
}


def ends(
    shown: list[tls.Identity], server: dict[str, object] | None = None, **client: object
) -> tuple[tls.ClientConnection, tls.ServerConnection]:
    config = tls.ClientConfig(TRUST, **client)  # type: ignore[arg-type]
    servers = {"versions": NEWEST, "client_trust": TRUST, "signature_schemes": tuple(SCHEMES)}
    answering = tls.ServerConfig(shown, **(servers | (server or {})))  # type: ignore[arg-type]
    return (
        tls.ClientConnection(config, SERVER_NAME, clock=lambda: EPOCH),
        tls.ServerConnection(answering, clock=lambda: EPOCH),
    )


def refusal(client: tls.ClientConnection, server: tls.ServerConnection) -> tls.PeerError:
    with pytest.raises(tls.PeerError) as caught:
        converse(client, server)
    return caught.value


@pytest.mark.parametrize("version", NEWEST)
def test_a_client_refuses_an_authority_whose_signature_it_does_not_list(version: int) -> None:
    """It is not verified either: a client that has no ML-DSA cannot do that work."""
    settings = {"versions": [version], "signature_schemes": CLASSICAL}
    client, server = ends([signed_by("mldsa65")], **settings)
    error = refusal(client, server)
    assert (error.alert, error.reason) == (tls.alerts.UNSUPPORTED_CERTIFICATE, REFUSED)
    assert "mldsa.verify" not in {each.name for each in client.meter.take()}


@pytest.mark.parametrize("version", NEWEST)
def test_a_list_for_certificates_counts_before_the_other(version: int) -> None:
    lists = {"signature_schemes": CLASSICAL, "certificate_signature_schemes": (MLDSA65,)}
    client, server = ends([signed_by("mldsa65")], versions=[version], **lists)
    hello = client.outgoing()
    extensions = ClientHello.decode(hello[9:], tls.TLS_1_2).extensions
    assert decode_codes(extensions[SIGNATURE_ALGORITHMS_CERT]) == (MLDSA65,)
    server.receive(hello)
    converse(client, server)
    assert client.handshake_completed
    client, server = ends([signed_by(0)], versions=[version], **lists)
    assert refusal(client, server).reason is REFUSED


def test_an_authority_between_counts_and_what_is_trusted_does_not() -> None:
    """A root's own signature is not part of the chain, nor is a leaf's that is trusted itself."""
    middle = issue(
        root("mldsa65"), Shape("Between", (), authority=True, purposes=[], key_name="ecdsa")
    )
    leaf = issue(middle, Shape(key_name="ecdsa-384"))
    chain = (leaf.der, middle.der)
    listed = frozenset({ECDSA})

    def problems(store: tls.TrustStore, schemes: frozenset[int] | None) -> object:
        found = store.validate_server(chain, SERVER_NAME, EPOCH, schemes=schemes)
        return [each.name for each in found.problems]

    assert problems(TRUST, None) == []
    assert problems(TRUST, listed | {MLDSA65}) == []
    assert problems(TRUST, listed) == ["SIGNATURE_NOT_OFFERED"]
    assert problems(tls.TrustStore([middle.der]), listed) == []
    assert problems(tls.TrustStore([leaf.der]), frozenset({PKCS1})) == []


@pytest.mark.parametrize("version", NEWEST)
@pytest.mark.parametrize("order", [1, -1])
def test_a_server_takes_the_chain_that_the_client_can_verify(version: int, order: int) -> None:
    new, old = signed_by("mldsa65"), signed_by("ecdsa-384")
    identities = [new, old][::order]
    client, server = ends(identities, versions=[version], signature_schemes=(ECDSA, 0x0503))
    converse(client, server)
    assert client.peer_certificates == old.chain


def test_a_server_without_one_sends_what_it_has_but_none_with_sha_1() -> None:
    """RFC 8446 §4.4.2.2; in TLS 1.2 nobody forbids it."""
    lists = {"signature_schemes": CLASSICAL}
    client, server = ends([signed_by("mldsa65")], versions=[tls.TLS_1_3], **lists)
    server.receive(client.outgoing())
    assert not server.closed
    old = of_2001("contoso-rsa-1024")
    client, server = ends([old], versions=[tls.TLS_1_3], **lists)
    assert refusal(client, server).reason is tls.Reason.NO_SIGNATURE_SCHEME_IN_COMMON
    client, server = ends([old], versions=[tls.TLS_1_2], **lists)
    assert refusal(client, server).reason is REFUSED
    client, server = ends([old], versions=NEWEST, signature_schemes=(*CLASSICAL, 0x0201))
    converse(client, server)
    assert client.handshake_completed


@pytest.mark.parametrize("version", NEWEST)
def test_a_client_shows_no_chain_that_the_server_cannot_verify(version: int) -> None:
    request = {"client_authentication": tls.ClientAuthentication.REQUEST}
    new, old = signed_by("mldsa65", **CLIENT_USE), signed_by("ecdsa-384", **CLIENT_USE)
    asks = {**request, "signature_schemes": (ECDSA, 0x0503)}
    for identities, shown in (([new, old], old.chain), ([new], ())):
        client, server = ends(
            [signed_by("ecdsa-384")],
            asks,
            versions=[version],
            identities=identities,
            signature_schemes=(*CLASSICAL, 0x0503),
        )
        converse(client, server)
        assert server.peer_certificates == shown


@pytest.mark.parametrize("version", NEWEST)
def test_a_server_refuses_a_client_s_chain_likewise(
    version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls.Identity, "is_verifiable", lambda identity, schemes: True)
    asks = {
        "client_authentication": tls.ClientAuthentication.REQUEST,
        "signature_schemes": (ECDSA, 0x0503),
    }
    client, server = ends(
        [signed_by("ecdsa-384")],
        asks,
        versions=[version],
        identities=[signed_by("mldsa65", **CLIENT_USE)],
        signature_schemes=(*CLASSICAL, 0x0503),
    )
    assert refusal(client, server).reason is REFUSED


def test_before_tls_1_2_a_chain_has_the_signatures_of_its_time() -> None:
    """No client lists any then: SHA-1 and all that it took stay good, ML-DSA was never among it."""
    rsa = {"key": "rsa-2048"}
    old = of_2001("contoso-rsa-1024")
    for versions in ([tls.TLS_1_0], [tls.TLS_1_0, tls.TLS_1_2]):
        lists = {"versions": versions, "signature_schemes": (ECDSA, RSA_PSS)}
        server = {"versions": [tls.TLS_1_0]}
        client, answering = ends([old], server, **lists)
        converse(client, answering)
        assert client.handshake_completed
        client, answering = ends([signed_by("mldsa65", **rsa)], server, **lists)
        assert refusal(client, answering).reason is REFUSED


def test_a_session_is_resumed_by_who_would_take_its_chain_today() -> None:
    identity = signed_by("mldsa65")
    both = {"versions": [tls.TLS_1_2], "signature_schemes": (*CLASSICAL, MLDSA65)}
    cache = tls.SessionCache()
    client, server = ends([identity], {"sessions": cache}, **both)
    converse(client, server)
    session = client.session
    assert session is not None
    for schemes, resumed in (((*CLASSICAL, MLDSA65), True), (CLASSICAL, False)):
        config = tls.ClientConfig(TRUST, versions=[tls.TLS_1_2], signature_schemes=schemes)
        again = tls.ClientConnection(config, SERVER_NAME, session=session, clock=lambda: EPOCH)
        extent = len(ClientHello.decode(again.outgoing()[9:], tls.TLS_1_2).session_id)
        assert (extent > 0) == resumed


def test_a_template_lists_what_its_client_does() -> None:
    """All of the list counts, what this engine has no handshake for (MD5) included."""
    config = tls.ClientConfig(TRUST, versions=[tls.TLS_1_2], signature_schemes=CLASSICAL)
    flight = tls.ClientConnection(config, SERVER_NAME).outgoing()
    hello = ClientHello.decode(flight[9:], tls.TLS_1_2)
    listing = hello.extensions | {SIGNATURE_ALGORITHMS_CERT: bytes.fromhex("000401010905")}
    unlisted = {kind: data for kind, data in hello.extensions.items() if kind != 13}
    for extensions, codes in (
        (hello.extensions, frozenset(CLASSICAL)),
        (listing, frozenset({0x0101, MLDSA65})),
        (unlisted, {0x0101, 0x0201, 0x0603}),
    ):
        said = ClientHello(
            hello.client_version,
            hello.random,
            b"",
            hello.cipher_suites,
            hello.compression_methods,
            extensions,
        )
        form = HelloForm.of(encode_message(said, tls.TLS_1_2))
        template = tls.ClientConfig(TRUST, versions=[tls.TLS_1_2], hello=HelloTemplate(form))
        listed = template.verifiable_signatures(tls.TLS_1_2)
        assert listed >= codes
        assert (listed == codes) == (extensions is not unlisted)
