"""Path building: bounded, remembered, and booked all the same."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable

import pytest
from cryptography import x509

import tls
from tests.tls.authority import (
    ROOT,
    Issued,
    Shape,
    authority,
    identity_of,
    issue,
    server_identity,
)
from tests.tls.conversation import EPOCH, SERVER_NAME, TRUST, converse, new_client, new_server
from tls.certificates import certificate, path
from tls.certificates.name_constraints import MAX_COMPARISONS
from tls.meter import Meter

Problem = tls.CertificateProblem


def of_one_name(issuer: Issued, key: int) -> Issued:
    return issue(issuer, Shape("Namesake", (), authority=True, purposes=[], key_name=key))


def test_no_chain_costs_more_than_so_many_signatures() -> None:
    """Authorities of one name that all signed each other make more paths than can be walked."""
    keys = range(20, 26)
    roots = [authority("Namesake", key) for key in keys]
    web = [of_one_name(root, key) for root in roots for key in keys]
    leaf = issue(roots[0], Shape())
    meter = Meter()
    problems = TRUST.server_problems(
        (leaf.der, *(each.der for each in web)), SERVER_NAME, EPOCH, meter
    )
    assert problems == [Problem.TOO_MUCH_WORK]
    (verified,) = meter.take()
    assert verified.count <= path.MAX_SIGNATURES


def _labels(count: int) -> list[str]:
    return [f"{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{i // 676}" for i in range(count)]


def _constrained_chain(root: Issued, count: int) -> list[bytes]:
    """A leaf of so many names below an authority that excludes so many others."""
    excluded: list[x509.GeneralName] = [x509.DNSName("x" + label) for label in _labels(count)]
    middle = issue(
        root, Shape("Constrained", (), authority=True, purposes=[], key_name=1, excluded=excluded)
    )
    leaf = issue(middle, Shape(dns_names=(SERVER_NAME, *_labels(count))))
    return [leaf.der, middle.der]


def _calls(function: Callable[[], object]) -> int:
    """How many Python functions are called, which no processor's speed changes."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls


def test_names_are_compared_with_subtrees_so_many_times_at_most() -> None:
    few = tuple(_constrained_chain(ROOT, 100))
    many = tuple(_constrained_chain(ROOT, 1_100))
    assert TRUST.server_problems(few, SERVER_NAME, EPOCH) == []
    assert TRUST.server_problems(many, SERVER_NAME, EPOCH) == [Problem.TOO_MUCH_WORK]
    store = tls.TrustStore([ROOT.der], remembered_checks=0)
    per_name = _calls(lambda: store.server_problems(few, SERVER_NAME, EPOCH)) / 100
    assert _calls(lambda: store.server_problems(many, SERVER_NAME, EPOCH)) < per_name * 1_100


def test_names_on_a_path_without_an_anchor_are_not_judged() -> None:
    """Nobody's constraints are the peer's own, and cost nothing."""
    chain = tuple(_constrained_chain(authority("Nobody"), 500))
    store = tls.TrustStore([ROOT.der], remembered_checks=0)
    problems = store.server_problems(chain, SERVER_NAME, EPOCH)
    assert problems == [Problem.UNKNOWN_AUTHORITY]
    assert _calls(lambda: store.server_problems(chain, SERVER_NAME, EPOCH)) < 10_000


def test_all_paths_of_a_chain_share_the_comparisons() -> None:
    """Twins of one authority make many paths, each of which is judged while none is good."""
    chain = _constrained_chain(ROOT, 300)
    twins = [_constrained_chain(ROOT, 300)[1] for _ in range(40)]
    store = tls.TrustStore([ROOT.der], remembered_checks=0)
    everything = (*chain, *twins)
    made = _calls(lambda: store.client_problems(everything, EPOCH))
    assert store.client_problems(everything, EPOCH) == [Problem.WRONG_PURPOSE]
    assert made < 3 * MAX_COMPARISONS < 2 * 40 * 300 * 300


def test_a_path_of_any_length_ends() -> None:
    issuer, chain = ROOT, []
    for number in range(path.MAX_PATH + 2):
        shape = Shape(f"Authority {number}", (), authority=True, purposes=[], key_name=1)
        issuer = issue(issuer, shape)
        chain.append(issuer)
    leaf = issue(issuer, Shape())
    ders = tuple(each.der for each in (leaf, *reversed(chain)))
    assert TRUST.server_problems(ders, SERVER_NAME, EPOCH, Meter()) == [Problem.TOO_MUCH_WORK]
    assert TRUST.server_problems(ders[:1], SERVER_NAME, EPOCH) == [Problem.UNKNOWN_AUTHORITY]
    short = issue(chain[path.MAX_PATH - 2], Shape())
    ders = tuple(each.der for each in (short, *reversed(chain[: path.MAX_PATH - 1])))
    assert TRUST.server_problems(ders, SERVER_NAME, EPOCH, Meter()) == []


def test_a_loop_ends() -> None:
    first, second = authority("First", 20), authority("Second", 21)
    chain = (
        issue(first, Shape()),
        issue(second, Shape("First", (), authority=True, purposes=[], key_name=20)),
        issue(first, Shape("Second", (), authority=True, purposes=[], key_name=21)),
    )
    ders = tuple(each.der for each in chain)
    assert TRUST.server_problems(ders, SERVER_NAME, EPOCH, Meter()) == [Problem.UNKNOWN_AUTHORITY]


# -- what is remembered


def test_a_check_that_is_remembered_is_booked_all_the_same() -> None:
    store = tls.TrustStore([ROOT.der])
    chain = (issue(ROOT, Shape()).der,)
    booked = []
    for _ in range(3):
        meter = Meter()
        assert store.server_problems(chain, SERVER_NAME, EPOCH, meter) == []
        booked.append(meter.take())
    assert booked == [[tls.Operation("rsa.public", 1024, 1, 0)]] * 3


def test_what_is_remembered_ends_with_any_validity() -> None:
    first, last = datetime.datetime(1998, 1, 1), datetime.datetime(1998, 12, 31)
    limits = (
        first.replace(tzinfo=datetime.UTC).timestamp(),
        last.replace(tzinfo=datetime.UTC).timestamp(),
    )
    store = tls.TrustStore([ROOT.der])
    chain = (issue(ROOT, Shape(not_before=first, not_after=last)).der,)
    for _ in range(2):
        for limit in limits:
            for now in (limit - 1, limit, limit + 1, limit - 0.5, limit + 0.5):
                problems = store.server_problems(chain, SERVER_NAME, now, Meter())
                valid = limits[0] <= now <= limits[1]
                assert problems == ([] if valid else [Problem.EXPIRED])


def test_what_is_remembered_is_of_one_name_and_one_purpose() -> None:
    store = tls.TrustStore([ROOT.der])
    chain = (issue(ROOT, Shape()).der,)
    assert store.server_problems(chain, SERVER_NAME, EPOCH, Meter()) == []
    assert store.server_problems(chain, "www.fabrikam.com", EPOCH, Meter()) == [
        Problem.NAME_MISMATCH
    ]
    assert store.client_problems(chain, EPOCH, Meter()) == [Problem.WRONG_PURPOSE]


def test_what_is_remembered_is_bounded() -> None:
    store = tls.TrustStore([ROOT.der])
    forgetful = tls.TrustStore([ROOT.der], remembered_checks=0)
    leaf = issue(ROOT, Shape())
    assert forgetful.server_problems((leaf.der,), SERVER_NAME, EPOCH, Meter()) == []
    assert not forgetful._checked
    for number in range(200):
        store.server_problems((leaf.der,), f"{number}.example", EPOCH, Meter())
    long = (leaf.der,) * (40_000 // len(leaf.der))
    store.server_problems(long, SERVER_NAME, EPOCH, Meter())
    assert len(store._checked) == 64
    assert max(len(b"".join(key[0])) for key in store._checked) < 40_000  # type: ignore[arg-type]


def test_what_stays_parsed_is_bounded_in_all() -> None:
    names = tuple(f"{number:03}.{'x' * 50}.example" for number in range(450))
    ders = [issue(ROOT, Shape("filler", names, key_name=1)).der for _ in range(60)]
    assert sum(map(len, ders)) > certificate._MEMO_BYTES
    for der in ders:
        certificate.parse_certificate(der)
    assert certificate._memo_bytes == sum(map(len, certificate._memo)) <= certificate._MEMO_BYTES
    assert ders[-1] in certificate._memo


# -- what a handshake asks of the leaf


def outcome(shape: Shape, **settings: object) -> tls.ClientConnection | tls.Reason:
    client = new_client(**settings)
    try:
        converse(client, new_server(identities=[identity_of(issue(ROOT, shape))]))
    except tls.PeerError as error:
        return error.reason
    return client


ENCIPHERS = frozenset({"key_encipherment"})
SIGNS = frozenset({"digital_signature"})


@pytest.mark.parametrize(
    ("usage", "suite", "fits"),
    [
        (ENCIPHERS, 0x002F, True),
        (ENCIPHERS, 0xC02F, False),
        (ENCIPHERS, 0x0033, False),
        (SIGNS, 0x002F, False),
        (SIGNS, 0xC02F, True),
        (SIGNS, 0x0033, True),
        (SIGNS | ENCIPHERS, 0x002F, True),
        (None, 0xC02F, True),
    ],
)
def test_a_server_takes_an_identity_whose_key_usage_fits(
    usage: frozenset[str] | None, suite: int, fits: bool
) -> None:
    """RFC 5246 §7.4.2."""
    found = outcome(Shape(key_usage=usage, key_name="rsa-2048"), suites=[suite])
    assert isinstance(found, tls.ClientConnection) == fits
    if not fits:
        assert found is tls.Reason.NO_SUITE_IN_COMMON


@pytest.mark.parametrize(("usage", "suite"), [(ENCIPHERS, 0xC02F), (SIGNS, 0x002F)])
def test_a_client_refuses_a_key_usage_that_does_not_fit(usage: frozenset[str], suite: int) -> None:
    """RFC 5246 §7.4.2."""
    identity = identity_of(issue(ROOT, Shape(key_usage=usage, key_name="rsa-2048")))
    identity.leaf.may_sign = identity.leaf.may_encipher_keys = True
    client, server = new_client(suites=[suite]), new_server(identities=[identity])
    server.receive(client.outgoing())
    identity.leaf.may_sign, identity.leaf.may_encipher_keys = usage == SIGNS, usage == ENCIPHERS
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server.outgoing())
    assert caught.value.reason is tls.Reason.KEY_USAGE_OF_SUITE


def test_a_server_takes_an_identity_on_a_curve_that_the_client_listed() -> None:
    """RFC 8422 §5.3: else another identity, else another suite."""
    ecdsa = server_identity("ecdsa")
    for groups, suite in (([23], 0xC02B), ([24], 0xC02F), ([24, 23], 0xC02B)):
        client = new_client(suites=[0xC02B, 0xC02F], groups=groups)
        converse(client, new_server(identities=[ecdsa, server_identity("rsa-2048")]))
        assert client.suite == suite
    with pytest.raises(tls.PeerError) as caught:
        converse(new_client(suites=[0xC02B], groups=[24]), new_server(identities=[ecdsa]))
    assert caught.value.reason is tls.Reason.NO_SUITE_IN_COMMON


def test_a_client_refuses_a_curve_that_it_did_not_list() -> None:
    """RFC 8422 §5.3."""
    identity = server_identity("ecdsa")
    client, server = new_client(suites=[0xC02B], groups=[24]), new_server(identities=[identity])
    curve, identity.leaf.curve = identity.leaf.curve, None
    server.receive(client.outgoing())
    identity.leaf.curve = curve
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server.outgoing())
    assert caught.value.reason is tls.Reason.CERTIFICATE_CURVE_NOT_OFFERED


def test_a_client_shows_no_certificate_whose_key_may_not_sign() -> None:
    leaf = issue(ROOT, Shape("somebody", (), purposes=[], key_usage=ENCIPHERS, key_name="rsa-2048"))
    client = new_client(identities=[identity_of(leaf)])
    server = new_server(client_authentication=tls.ClientAuthentication.REQUEST, client_trust=TRUST)
    converse(client, server)
    assert server.peer_certificates == ()
