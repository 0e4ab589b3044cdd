"""Chains as scenarios describe them: what is in them, who takes them, the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto
from pydantic import ValidationError

import sim
import tls
from sim.identities import ChainDescription, RootDescription, identity, key_names, trust_store
from sim.identities.chain import make_identity, root_certificate
from sim.identities.key_pool import private_key
from tests.peers import require_program
from tests.sim.endpoints.readers import tables
from tests.sim.worlds import connections, scenario, simulated

ROOT = Path(__file__).parents[3]
HOST = "www.contoso.com"
KEYS = key_names()
RSA = [key for key in KEYS if key.startswith("rsa-")]
ML_DSA = [key for key in KEYS if key.startswith("ml-dsa-")]
CLASSICAL = [key for key in KEYS if key not in ML_DSA]
MOMENTS = {"1970": 0.0, "1998": 899_164_800.0, "2026": 1_790_000_000.0, "2105": 4_291_747_199.0}

DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "every kind": {"key": CLASSICAL[0], "chain": [{"key": key} for key in CLASSICAL[1:]]},
    "long": {"names": 20, "extra_bytes": "500 B", "chain": [{"extra_bytes": "1 kB"}] * 4},
    "names": {"key": "ed25519", "names": ["a.example.com", "*.example.com", "192.0.2.7"]},
    "dates": {"key": "ecdsa-p384", "not_before": "2026-01-01T00:00:00+02:00"},
    "own root": {"chain": [{"key": "ecdsa-p521"}], "root": {"authority": "own", "key": "ed448"}},
}


def described(**fields: Any) -> ChainDescription:
    return ChainDescription.model_validate(fields)


def certificates(description: ChainDescription, host: str = HOST) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(der) for der in identity(description, host).chain]


def names_of(leaf: x509.Certificate) -> list[str]:
    alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in alternatives]


def digests() -> dict[str, str]:
    """A digest of each of the chains above and its root."""
    found = {}
    for name, fields in DESCRIPTIONS.items():
        description = described(**fields)
        made = b"".join(identity(description, HOST).chain) + root_certificate(description.root)
        found[name] = hashlib.sha256(made).hexdigest()
    return found


# ---------------------------------------------------------------- the same bytes


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_every_process_makes_the_same_bytes(hash_seed: str) -> None:
    """Whatever it has made before, and whatever the order of sets is."""
    program = (
        "import json, tests.sim.identities.test_described_chains as here\n"
        "here.DESCRIPTIONS = dict(reversed(here.DESCRIPTIONS.items()))\n"
        "print(json.dumps(here.digests()))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(outcome.stdout) == digests()


def test_a_moment_is_the_same_in_every_time_zone() -> None:
    """Equal descriptions make equal bytes, whichever comes first."""
    there = described(key="ed25519", not_before="2001-02-03T06:05:06+02:00")
    here = described(key="ed25519", not_before="2001-02-03T04:05:06Z")
    assert there == here
    assert there.model_dump_json() == here.model_dump_json()
    (leaf,) = certificates(there)
    assert leaf.not_valid_before_utc.isoformat() == "2001-02-03T04:05:06+00:00"


def test_it_is_made_once() -> None:
    assert identity(described(names=2), HOST) is identity(described(names=2), HOST)


def test_what_is_dumped_makes_the_same_chain() -> None:
    for fields in DESCRIPTIONS.values():
        description = described(**fields)
        again = ChainDescription.model_validate_json(description.model_dump_json())
        assert again == description
        assert identity(again, HOST) is identity(description, HOST)


# ---------------------------------------------------------------- what is in them


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("key", KEYS)
def test_who_trusts_contosos_root_accepts_it_in_every_year(key: str, moment: str) -> None:
    links = [{"key": "rsa-4096"}, {"key": key}]
    description = described(key=key, chain=links, root={"key": key})
    trust = trust_store("contoso-root", roots=(description.root,))
    made = identity(description, HOST)
    assert trust.server_problems(made.chain, HOST, MOMENTS[moment]) == []
    kind = key.replace("-", "") if key in ML_DSA else key.partition("-")[0]
    assert made.leaf.key_kind == kind
    assert len(made.chain) == 3
    without = trust_store("contoso-root")
    problems = without.server_problems(made.chain, HOST, MOMENTS[moment])
    assert tls.CertificateProblem.UNKNOWN_AUTHORITY in problems


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_openssl_accepts_it(name: str, tmp_path: Path) -> None:
    openssl = require_program("openssl")
    description = described(**DESCRIPTIONS[name])
    leaf, *links = certificates(description)
    root = x509.load_der_x509_certificate(root_certificate(description.root))
    for file, content in {"leaf": [leaf], "links": links, "root": [root]}.items():
        pem = b"".join(each.public_bytes(Encoding.PEM) for each in content)
        (tmp_path / f"{file}.pem").write_bytes(pem)
    host = description.names[0] if isinstance(description.names, tuple) else HOST
    untrusted = ["-untrusted", "links.pem"] if links else []
    outcome = subprocess.run(
        [
            *(openssl, "verify", "-x509_strict", "-purpose", "sslserver"),
            *("-verify_hostname", host, "-CAfile", "root.pem", *untrusted, "leaf.pem"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout == "leaf.pem: OK\n", outcome.stderr


def test_a_post_quantum_chain_has_one_length_and_openssl_4_accepts_it() -> None:
    """Signatures by ML-DSA are hedged: other bytes, as many, each time that one is made."""
    links = [{"key": key} for key in ML_DSA]
    description = described(key="ml-dsa-65", chain=links, root={"key": "ml-dsa-87"})
    chain = certificates(description)
    again = make_identity.__wrapped__(description, HOST).chain
    assert [len(each) for each in again] == [
        len(each) for each in identity(description, HOST).chain
    ]
    store = crypto.X509Store()
    root = x509.load_der_x509_certificate(root_certificate(description.root))
    store.add_cert(crypto.X509.from_cryptography(root))
    leaf, *untrusted = map(crypto.X509.from_cryptography, chain)
    crypto.X509StoreContext(store, leaf, untrusted).verify_certificate()


@pytest.mark.parametrize("key", ML_DSA)
@pytest.mark.parametrize("profile", ["chromium-156", "openssl-4.0", "java-17", "firefox-45"])
def test_who_takes_post_quantum_keys(profile: str, key: str) -> None:
    world = {"clients": [{"profile": profile}], "server__identity": {"key": key}}
    assert failed(**world, duration="2 s") == (profile in ("java-17", "firefox-45"))


@pytest.mark.parametrize("key", RSA)
def test_the_pool_has_keys_of_the_size_that_it_says(key: str) -> None:
    """Six of each size, each another, and each a key indeed."""
    keys = [private_key(key, number) for number in range(6)]
    assert all(isinstance(each, rsa.RSAPrivateKey) for each in keys)
    assert {each.key_size for each in keys} == {int(key[4:])}  # type: ignore[union-attr]
    numbers = [each.private_numbers() for each in keys]  # type: ignore[union-attr]
    assert len({each.public_numbers.n for each in numbers}) == 6
    assert all(each.p * each.q == each.public_numbers.n for each in numbers)
    assert private_key(key, 6).public_key() == keys[0].public_key()


def test_no_two_certificates_of_a_chain_have_the_same_key() -> None:
    for key in KEYS:
        description = described(key=key, chain=[{"key": key}] * 4, root={"key": key})
        root = x509.load_der_x509_certificate(root_certificate(description.root))
        chain = [*certificates(description), root]
        keys = {each.public_key().public_numbers() for each in chain} if "rsa" in key else set()
        assert not keys or len(keys) == 6
        assert len({each.subject for each in chain}) == 6
        assert len({each.serial_number for each in chain}) == 6
        assert all(each.serial_number.bit_length() == 127 for each in chain)


@pytest.mark.parametrize("length", [1, 100, 500, 20_000])
def test_extra_bytes_make_it_so_much_longer(length: int) -> None:
    (plain,) = identity(described(), HOST).chain
    (longer,) = identity(described(extra_bytes=f"{length} B"), HOST).chain
    assert length + 15 <= len(longer) - len(plain) <= length + 28


@pytest.mark.parametrize(
    ("host", "names", "expected"),
    [
        (HOST, 1, [HOST]),
        (HOST, 3, [HOST, "name-00002.contoso.com", "name-00003.contoso.com"]),
        ("contoso.com", 2, ["contoso.com", "name-00002.contoso.com"]),
        ("localhost", 2, ["localhost", "name-00002.localhost"]),
        ("192.0.2.80", 2, ["192.0.2.80", "name-00002.example.com"]),
        ("2001:db8::1", 1, ["2001:db8::1"]),
        (HOST, ["b.example", "*.b.example"], ["b.example", "*.b.example"]),
    ],
)
def test_names(host: str, names: Any, expected: list[str]) -> None:
    description = described(names=names)
    (leaf,) = certificates(description, host)
    assert names_of(leaf) == expected
    (common_name,) = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert common_name.value == expected[0]
    if isinstance(names, int):
        trust = trust_store(roots=(description.root,))
        assert trust.server_problems(identity(description, host).chain, host, 1e9) == []


def test_a_long_name_is_no_common_name_and_may_be_too_long_for_others() -> None:
    host = ".".join(["x" * 60] * 4)
    (leaf,) = certificates(described(), host)
    assert names_of(leaf) == [host]
    assert leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME) == []
    longest = f"a.{'.'.join(['x' * 62] * 3)}.{'y' * 60}"
    with pytest.raises(ValidationError, match="write names as a list"):
        scenario(server__name=longest, server__identity={"names": 2})


def test_words() -> None:
    assert str(described(chain=[{"key": "rsa-4096", "extra_bytes": "1 kB"}])) == (
        "rsa-2048, by rsa-4096 with 1,000 B, by rsa-2048"
    )
    assert str(described(names=3, not_after="2026-03-01T00:00:00Z", key="ed25519")) == (
        "ed25519 until 2026-03-01 for 3 names, by rsa-2048"
    )


# ---------------------------------------------------------------- in a world


def outcomes(**changes: Any) -> Counter[tuple[str, str | None]]:
    """Outcomes, and by which alert a connection failed."""
    table = connections(scenario(**{"duration": "10 s", **changes}))
    return Counter(zip(table["outcome"].to_pylist(), table["alert"].to_pylist(), strict=True))


def failed(**changes: Any) -> bool:
    """Whether all connections fail, where else none does."""
    share = {outcome == "failed" for outcome, _ in outcomes(**changes)}
    assert len(share) == 1
    return share.pop()


TAKES = {
    "internet-explorer-6": {*RSA},
    "internet-explorer-8-windows-7": {*RSA, "ecdsa-p256", "ecdsa-p384"},
    "firefox-45": {*RSA, "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"},
    "openssl-3": set(CLASSICAL),
}


@pytest.mark.parametrize("profile", TAKES)
def test_which_clients_take_which_keys(profile: str) -> None:
    """A curve that the hello does not list, or a signature scheme, is no key for a server."""
    taken = {
        key
        for key in KEYS
        if not failed(clients=[{"profile": profile}], server__identity={"key": key}, duration="2 s")
    }
    assert taken == TAKES[profile]


def test_what_clients_of_tls_1_2_offer() -> None:
    for browser in map(sim.browser, sim.browsers()):
        assert bool(browser.signature_schemes) == (tls.TLS_1_2 in browser.versions)


@pytest.mark.parametrize(
    ("trusts", "authority", "fails"),
    [
        (["contoso-root"], "contoso-root", False),
        (["contoso-root"], "own", True),
        (["own"], "own", False),
        (["contoso-root", "own"], "own", False),
        (["proxy-root"], "contoso-root", True),
        (["proxy-root"], "proxy-root", False),
    ],
)
def test_trust_by_the_name_of_the_authority(trusts: list[str], authority: str, fails: bool) -> None:
    """Who else describes that authority does not matter to who is asked."""
    client = {"profile": "firefox-45", "trusts": trusts}
    other = {"kind": "terminating-proxy", "machine": "xeon-2026"}
    other["identity"] = {"key": "ed25519", "root": {"authority": "own"}}  # type: ignore[assignment]
    assert fails == failed(
        clients=[client],
        server__identity={"root": {"authority": authority}},
        middleboxes={"other": other},
    )


@pytest.mark.parametrize(
    ("identity_", "alert"),
    [
        ({"not_after": "1997-12-31T23:59:59Z"}, "certificate_expired"),
        ({"chain": [{"not_after": "1997-12-31T23:59:59Z"}]}, "certificate_expired"),
        ({"names": ["www.example.org"]}, "bad_certificate"),
        ({"extra_bytes": "130 kB"}, None),
    ],
)
def test_what_a_client_refuses(identity_: dict[str, Any], alert: str | None) -> None:
    """As of a real certificate; a long handshake message is none of it."""
    found = outcomes(server__identity=identity_)
    if alert is None:
        assert "failed" not in {outcome for outcome, _ in found}
        return
    assert {outcome for outcome, _ in found} == {"failed"}
    assert {each for _, each in found} == {alert}


def test_a_warning_may_be_overridden() -> None:
    client = {"profile": "internet-explorer-6", "warnings": "overridden"}
    assert not failed(server__identity={"names": ["www.example.org"]}, clients=[client])


@pytest.mark.parametrize("key", RSA)
def test_a_private_operation_has_the_price_of_its_size(key: str) -> None:
    bits = int(key[4:])
    world = scenario(server__identity={"key": key}, server__machine="xeon-2026", duration="10 s")
    rows = simulated(world).table("operations").to_pylist()
    (done,) = [row for row in rows if row["operation"] == "rsa.private"]
    price = sim.machine_profile("xeon-2026").price(tls.Operation("rsa.private", bits, 1, 0))
    assert done["bits"] == bits
    assert done["cpu_seconds"] == pytest.approx(done["count"] * price, rel=1e-9)


def test_a_client_verifies_a_signature_a_link() -> None:
    """By the key of each issuer; the root's, which is not sent, included."""
    links = [{"key": "rsa-4096"}, {"key": "ecdsa-p384"}, {"key": "rsa-1024"}]
    world = scenario(server__identity={"chain": links, "root": {"key": "rsa-8192"}})
    full = connections(world)["outcome"].to_pylist().count("full")
    rows = simulated(world).table("operations").to_pylist()
    client = {
        (row["operation"], row["bits"]): row["count"]
        for row in rows
        if row["node"].startswith("clients/")
    }
    for operation, bits in [("rsa.public", 4096), ("ecdsa.verify", 384), ("rsa.public", 1024)]:
        assert client[operation, bits] == full
    assert client["rsa.public", 8192] == full


def test_what_a_profile_of_ones_own_lacks_is_told() -> None:
    operations = {
        name: price.model_dump()
        for name, price in sim.machine_profile("xeon-2026").operations.items()
    }
    del operations["ed25519.sign"]
    operations["rsa.public"]["by_bits"] = {2048: 1e-5}
    operations["rsa.public"]["exponent"] = None
    machine = {"name": "own", "title": "own", "source": "me", "operations": operations}
    world = scenario(
        clients=[{"profile": "openssl-3", "machine": machine}],
        server__machine=machine,
        server__identity={"key": "ed25519", "chain": [{"key": "rsa-3072"}]},
    )
    found = {(each.host, each.operation, each.bits) for each in sim.unpriced_operations(world)}
    assert (("server",), "ed25519.sign", 255) in found
    assert (("clients", 0), "rsa.public", 3072) in found


CHAINS: dict[str, dict[str, Any]] = {
    "long": {"names": 50, "chain": [{"extra_bytes": "2 kB"}, {"key": "rsa-4096"}]},
    "curves above": {"chain": [{"key": "ecdsa-p256"}, {"key": "ed25519"}]},
    "Ed25519": {"key": "ed25519"},
    "ends meanwhile": {"not_after": "1998-06-30T00:00:20Z"},
    "an authority ends meanwhile": {"chain": [{"not_after": "1998-06-30T00:00:20Z"}]},
    "the root ends meanwhile": {"root": {"not_after": "1998-06-30T00:00:20Z"}},
    "begins meanwhile": {"chain": [{"not_before": "1998-06-30T00:00:20Z"}]},
}


@pytest.mark.parametrize("chain", CHAINS)
def test_live_and_replay_are_equal(chain: str) -> None:
    changes: dict[str, Any] = {
        "duration": "40 s",
        "server__identity": CHAINS[chain],
        "clients": [
            {"profile": "openssl-3", "share": 0.5},
            {"profile": "internet-explorer-6", "share": 0.5},
        ],
    }
    live = tables(scenario(**changes))
    assert tables(scenario(**changes, fidelity="replay", traces=3)) == live
    if "meanwhile" in chain:
        assert len({row["outcome"] == "failed" for row in live["connections"]}) == 2


# ---------------------------------------------------------------- what cannot be made


@pytest.mark.parametrize(
    ("identity_", "place", "said"),
    [
        ({"key": "rsa-1000"}, ("key",), "no RSA key of 1000 bits; there are those of 1024, 1536"),
        ({"key": "dsa"}, ("key",), 'no kind of key "dsa"; there are rsa-1024'),
        ({"chain": [{"key": "rsa-16384"}]}, ("chain", 0, "key"), "no RSA key of 16384 bits"),
        ({"root": {"key": "p256"}}, ("root", "key"), "no kind of key"),
        ({"names": 0}, ("names", "(number)"), "greater than or equal to 1"),
        ({"names": 10_001}, ("names", "(number)"), "less than or equal to 10000"),
        ({"names": []}, ("names", "(list)"), "at least 1 item"),
        ({"names": ["a..b"]}, ("names", "(list)", 0), "is empty"),
        ({"extra_bytes": "132 kB"}, ("extra_bytes",), 'write at most "131 kB"'),
        (
            {"not_after": "1969-12-31T00:00:00Z"},
            ("not_after",),
            "ends before it begins (1970-01-01T00:00:00Z)",
        ),
        ({"not_before": "1949-12-31T00:00:00Z"}, ("not_before",), "from 1950"),
        ({"not_before": "1998-06-30T00:00:00"}, ("not_before",), "timezone"),
    ],
)
def test_a_chain_that_cannot_be_made(
    identity_: dict[str, Any], place: tuple[str | int, ...], said: str
) -> None:
    with pytest.raises(ValidationError) as error:
        scenario(server__identity=identity_)
    first = error.value.errors()[0]
    assert first["loc"] == ("server", "identity", "(chain)", *place)
    assert said in first["msg"]


@pytest.mark.parametrize(("version", "more"), [("TLS 1.2", 0), ("TLS 1.3", 3)])
def test_more_than_clients_take_of_a_certificate_message(version: str, more: int) -> None:
    """In TLS 1.3 it has a context, and extensions of each certificate."""

    def world(length: int) -> sim.Scenario:
        return scenario(
            server__identity={"extra_bytes": f"{length} B"},
            server__versions=[version],
            clients=[{"profile": "openssl-3.0"}],
            duration="5 s",
        )

    overhead = len(identity(described(extra_bytes="130 kB"), HOST).chain[0]) - 130_000
    most = tls.MAX_MESSAGE - 10 - more - overhead
    found = simulated(world(most)).table("connections")["outcome"].to_pylist()
    assert "full" in found
    assert "failed" not in found
    with pytest.raises(ValidationError, match="bytes, and clients take 131,400") as error:
        world(most + 1)
    assert [each["loc"] for each in error.value.errors()] == [("server", "identity")]


@pytest.mark.parametrize("wrong", [5, None, ["rsa-2048"], True])
def test_no_identity_at_all(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="is no identity; write the name of one"):
        scenario(server__identity=wrong)


def test_an_authority_that_nobody_describes() -> None:
    client = {"profile": "firefox-45", "trusts": ["contoso-root", "own"]}
    with pytest.raises(
        ValidationError, match='no authority "own"; there are contoso-root'
    ) as error:
        scenario(clients=[client])
    assert [each["loc"] for each in error.value.errors()] == [("clients", 0, "trusts", 1)]
    scenario(clients=[client], server__identity={"root": {"authority": "own"}})


def test_a_root_of_its_own_is_in_the_world_once() -> None:
    proxy = {"kind": "terminating-proxy", "machine": "xeon-2026", "identity": {"names": 2}}
    world = scenario(server__identity={"names": 3}, middleboxes={"one": proxy, "two": proxy})
    assert world.roots == (RootDescription(),)
