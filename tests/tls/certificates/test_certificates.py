"""Certificates: chains, names, and what a client does about a problem."""

import datetime

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

import tls
from tests.tls.authority import Issued, Shape, authority, identity_of, issue
from tests.tls.conversation import EPOCH, SERVER_NAME, converse
from tls.alerts import (
    BAD_CERTIFICATE,
    CERTIFICATE_EXPIRED,
    UNKNOWN_CA,
    UNSUPPORTED_CERTIFICATE,
)
from tls.certificates.names import matches
from tls.meter import Meter

Problem = tls.CertificateProblem
ROOT = authority()


def problems(
    chain: list[Issued], root: Issued = ROOT, name: str = SERVER_NAME, now: float = EPOCH
) -> list[Problem]:
    store = tls.TrustStore([root.der])
    return store.server_problems(tuple(each.der for each in chain), name, now, Meter())


def test_a_good_leaf() -> None:
    assert problems([issue(ROOT, Shape())]) == []


def intermediate(**shape: object) -> Issued:
    return issue(ROOT, Shape("An authority", (), authority=True, purposes=[], key_name=1, **shape))  # type: ignore[arg-type]


def test_a_chain_in_any_order_with_or_without_its_root() -> None:
    middle = intermediate()
    leaf = issue(middle, Shape())
    other = issue(ROOT, Shape("unrelated", key_name=3))
    assert problems([leaf, middle]) == []
    assert problems([leaf, ROOT, other, middle]) == []
    assert problems([leaf]) == [Problem.UNKNOWN_AUTHORITY]


def test_signatures_are_metered() -> None:
    middle = intermediate()
    leaf = issue(middle, Shape())
    meter = Meter()
    tls.TrustStore([ROOT.der]).server_problems((leaf.der, middle.der), SERVER_NAME, EPOCH, meter)
    assert meter.take() == [tls.Operation("rsa.public", 1024, 2, 0)]


def test_an_unknown_authority() -> None:
    other_root = authority("Another root", key_name=3)
    assert problems([issue(other_root, Shape())]) == [Problem.UNKNOWN_AUTHORITY]
    named = authority("root.example", key_name=3)
    assert problems([named], name="root.example") == [Problem.UNKNOWN_AUTHORITY]


def test_a_forged_signature() -> None:
    forger = authority("Another root", key_name=3)
    assert problems([issue(ROOT, Shape(), forger.key)]) == [Problem.BAD_SIGNATURE]


def test_an_issuer_that_is_no_authority() -> None:
    plain = issue(ROOT, Shape("plain", key_name=1))
    assert problems([issue(plain, Shape()), plain]) == [Problem.NOT_AN_AUTHORITY]
    says_no = issue(ROOT, Shape("says no", authority=False, key_name=1))
    assert problems([issue(says_no, Shape()), says_no]) == [Problem.NOT_AN_AUTHORITY]


def test_path_length() -> None:
    above = intermediate(path_length=0)
    below = issue(above, Shape("below", (), authority=True, purposes=[], key_name=3))
    leaf = issue(below, Shape())
    assert problems([leaf, below, above]) == [Problem.NOT_AN_AUTHORITY]
    assert problems([issue(above, Shape()), above]) == []


def test_validity() -> None:
    leaf = issue(
        ROOT,
        Shape(not_before=datetime.datetime(1998, 1, 1), not_after=datetime.datetime(1998, 12, 31)),
    )
    assert problems([leaf]) == []
    assert problems([leaf], now=EPOCH + 86_400 * 365) == [Problem.EXPIRED]
    assert problems([leaf], now=EPOCH - 86_400 * 365) == [Problem.EXPIRED]


def test_purpose() -> None:
    leaf = issue(ROOT, Shape(purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]))
    assert problems([leaf]) == [Problem.WRONG_PURPOSE]
    assert problems([issue(ROOT, Shape(purposes=[]))]) == []


def test_alternative_names_decide_else_the_common_name() -> None:
    assert problems([issue(ROOT, Shape("www.contoso.com", ("other.example",)))]) == [
        Problem.NAME_MISMATCH
    ]
    assert problems([issue(ROOT, Shape("www.contoso.com", ()))]) == []
    assert problems([issue(ROOT, Shape("*.contoso.com", ()))]) == []
    assert problems([issue(ROOT, Shape("www.fabrikam.com", ()))]) == [Problem.NAME_MISMATCH]


def test_addresses() -> None:
    leaf = issue(ROOT, Shape(dns_names=(), ip_addresses=("127.0.0.1", "::1")))
    assert problems([leaf], name="127.0.0.1") == []
    assert problems([leaf], name="0:0::1") == []
    assert problems([leaf], name="127.0.0.2") == [Problem.NAME_MISMATCH]


@pytest.mark.parametrize(
    ("pattern", "name", "matched"),
    [
        ("www.contoso.com", "www.contoso.com", True),
        ("WWW.Contoso.com", "www.contoso.COM", True),
        ("www.contoso.com", "www.contoso.com.", True),
        ("*.contoso.com", "www.contoso.com", True),
        ("*.contoso.com", "contoso.com", False),
        ("*.contoso.com", "a.b.contoso.com", False),
        ("*.com", "contoso.com", False),
        ("*", "contoso", False),
        ("w*.contoso.com", "www.contoso.com", False),
        ("www.*.com", "www.contoso.com", False),
        ("*.contoso.com", ".contoso.com", False),
    ],
)
def test_names(pattern: str, name: str, matched: bool) -> None:
    assert matches(pattern, name) == matched


# -- what the client does about it


def handshake(
    leaf: Issued, accept: frozenset[Problem] = frozenset(), name: str = SERVER_NAME
) -> tuple[tls.ClientConnection, tls.ServerConnection, list[tls.Event]]:
    config = tls.ClientConfig(tls.TrustStore([ROOT.der]), accept=accept)
    client = tls.ClientConnection(config, name, clock=lambda: EPOCH)
    server = tls.ServerConnection(tls.ServerConfig([identity_of(leaf)]), clock=lambda: EPOCH)
    events, _ = converse(client, server)
    return client, server, events


@pytest.mark.parametrize(
    ("leaf", "alert"),
    [
        (issue(ROOT, Shape(dns_names=("other.example",))), BAD_CERTIFICATE),
        (issue(ROOT, Shape(not_after=datetime.datetime(1997, 1, 1))), CERTIFICATE_EXPIRED),
        (issue(authority("Nobody", key_name=3), Shape()), UNKNOWN_CA),
        (issue(ROOT, Shape(), authority("Nobody", key_name=3).key), BAD_CERTIFICATE),
        (issue(ROOT, Shape(purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])), UNSUPPORTED_CERTIFICATE),
    ],
    ids=["name", "expired", "unknown", "forged", "purpose"],
)
def test_abort(leaf: Issued, alert: int) -> None:
    with pytest.raises(tls.PeerError) as caught:
        handshake(leaf)
    assert caught.value.alert == alert


def test_going_on_as_a_warned_user_would() -> None:
    leaf = issue(ROOT, Shape(dns_names=("other.example",)))
    client, server, events = handshake(leaf, accept=frozenset({Problem.NAME_MISMATCH}))
    assert events[0] == tls.CertificateAccepted(frozenset({Problem.NAME_MISMATCH}))
    assert client.handshake_completed
    assert server.handshake_completed


def test_going_on_about_one_problem_is_not_going_on_about_another() -> None:
    leaf = issue(ROOT, Shape(dns_names=("other.example",), not_after=datetime.datetime(1997, 1, 1)))
    with pytest.raises(tls.PeerError) as caught:
        handshake(leaf, accept=frozenset({Problem.NAME_MISMATCH}))
    assert caught.value.alert == CERTIFICATE_EXPIRED


def test_the_identity_is_chosen_by_server_name() -> None:
    first = identity_of(issue(ROOT, Shape("one.example", ("one.example",))))
    second = identity_of(issue(ROOT, Shape("two.example", ("two.example",), key_name=3)))
    config = tls.ServerConfig([first, second])
    assert config.identities_for("two.example") == [second]
    assert config.identities_for("three.example") == (first, second)
    assert config.identities_for(None) == (first, second)


def test_an_identity_whose_key_is_another_is_refused() -> None:
    leaf = issue(ROOT, Shape())
    with pytest.raises(tls.UsageError):
        tls.Identity((leaf.der,), ROOT.key)
    with pytest.raises(tls.UsageError):
        tls.Identity.from_pem(b"nonsense", b"nonsense")
