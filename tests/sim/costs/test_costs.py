from __future__ import annotations

import pickle
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import tls
from sim import identities
from sim.costs import (
    ContentionCurve,
    MachineProfile,
    UnpricedOperationError,
    machine_profile,
    machine_profiles,
)
from tls import Operation
from tls.suites import SUITES

RC4_MD5 = tls.suite_from_name("TLS_RSA_WITH_RC4_128_MD5")
AES_128_SHA = tls.suite_from_name("TLS_RSA_WITH_AES_128_CBC_SHA")
NOW = 899164800.0  # 1998-06-30T00:00:00Z


def profile(**operations: dict[str, object]) -> MachineProfile:
    fields = {"name": "test", "title": "t", "source": "s"}
    named = {name.replace("_", "."): price for name, price in operations.items()}
    return MachineProfile.model_validate({**fields, "operations": named})


# ------------------------------------------------------------------ prices


def test_price_is_count_times_each_plus_bytes_times_per_byte() -> None:
    machine = profile(hmac_md5={"each": 2.0, "per_byte": 0.5}, accept={"each": 7.0})
    assert machine.price(Operation("hmac.md5", 0, 3, 10)) == pytest.approx(3 * 2.0 + 10 * 0.5)
    operations = [Operation("hmac.md5", 0, 3, 10), Operation("accept", 0, 2, 0)]
    assert machine.price_all(operations) == pytest.approx(11.0 + 14.0)
    assert machine.price_all([]) == 0.0


def test_key_sizes_between_and_beyond_the_listed_follow_power_laws() -> None:
    private = {"by_bits": {1024: 1.0, 4096: 64.0}, "exponent": 2}
    machine = profile(rsa_private=private)

    def price(bits: int) -> float:
        return machine.price(Operation("rsa.private", bits, 1, 0))

    assert price(1024) == 1.0
    assert price(4096) == 64.0
    assert price(2048) == pytest.approx(8.0)
    assert price(512) == pytest.approx(0.25)
    assert price(8192) == pytest.approx(256.0)


@given(st.integers(512, 16384), st.integers(512, 16384))
def test_a_longer_key_never_costs_less(one: int, other: int) -> None:
    short, long = sorted((one, other))
    for name in machine_profiles():
        for operation in ("rsa.private", "rsa.public"):
            price = machine_profile(name).price
            assert price(Operation(operation, short, 1, 0)) <= price(
                Operation(operation, long, 1, 0)
            )


@pytest.mark.parametrize(
    "operation",
    [
        Operation("ecdsa.sign", 256, 1, 0),
        Operation("rsa.private", 512, 1, 0),
        Operation("rsa.private", 0, 1, 0),
    ],
)
def test_an_operation_without_a_price_names_profile_and_operation(operation: Operation) -> None:
    machine = profile(rsa_private={"by_bits": {1024: 1.0}})
    with pytest.raises(UnpricedOperationError, match=f"'test'.*'{operation.name}'"):
        machine.price(operation)


def test_what_a_profile_does_not_list_its_base_prices_times_the_factor() -> None:
    base = machine_profile("nginx-2026")
    fields = {"name": "test", "title": "t", "source": "s", "base": "nginx-2026", "factor": 2.0}
    machine = MachineProfile.model_validate(
        {**fields, "public_key_factor": 5.0, "operations": {"accept": {"each": 1.0}}}
    )
    hashing = Operation("hash.md5", 0, 2, 100)
    private = Operation("rsa.private", 1536, 1, 0)
    assert machine.price(hashing) == pytest.approx(2 * base.price(hashing))
    assert machine.price(private) == pytest.approx(5 * base.price(private))
    assert machine.price(Operation("accept", 0, 3, 0)) == 3.0
    one_factor = MachineProfile.model_validate(fields)
    assert one_factor.price(private) == pytest.approx(2 * base.price(private))
    with pytest.raises(UnpricedOperationError, match="'test'"):
        machine.price(Operation("ml-kem.encapsulate", 256, 1, 0))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"operations": {"accept": {"each": -1.0}}}, "greater than or equal to 0"),
        ({"operations": {"accept": {"eahc": 1.0}}}, "Extra inputs"),
        ({"operations": {"a": {"each": 1.0, "by_bits": {"8": 1.0}}}}, "not both"),
        ({"operations": {"a": {"exponent": 3}}}, "list at least one key size"),
        ({"factor": 2.0}, "needs the `base`"),
        ({"base": "cray-1"}, "no machine profile is named 'cray-1'; there are .*nginx-2026"),
        ({"operations": {"accept": {"each": float("nan")}}}, "finite|greater"),
    ],
)
def test_a_bad_profile_is_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        MachineProfile.model_validate({"name": "test", "title": "t", "source": "s", **fields})


def test_an_unknown_profile_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"'pentium-iv'; there are .*pentium-iii-933"):
        machine_profile("pentium-iv")


def test_profiles_are_loaded_once_and_travel_to_worker_processes() -> None:
    machine = machine_profile("pentium-iii-933")
    assert machine is machine_profile("pentium-iii-933")
    operation = Operation("rsa.private", 1024, 1, 0)
    seconds = machine.price(operation)
    assert pickle.loads(pickle.dumps(machine)).price(operation) == seconds


# -------------------------------------------------- what a server really does


@dataclass
class Served:
    """One connection as a server saw it."""

    handshake: list[Operation] = field(default_factory=list)
    request: list[Operation] = field(default_factory=list)
    closing: list[Operation] = field(default_factory=list)

    @property
    def everything(self) -> list[Operation]:
        return self.handshake + self.request + self.closing


def serve(
    version: int, suite: int, key: str, *, request: int = 400, response: int = 3700
) -> tuple[Served, Served]:
    """A full and a resumed connection with one request each: real engines' real operations.

    A flight is counted each time bytes go one way; a resuming client sends its request along with
    its Finished, and each side ends with a close_notify.
    """
    sessions = tls.SessionCache(None, None)
    server_config = tls.ServerConfig(
        [identities.identity(key)], versions=(version,), suites=(suite,), sessions=sessions
    )
    client_config = tls.ClientConfig(identities.trust_store(), versions=(version,), suites=(suite,))
    session = None
    connections = []
    for _ in range(2):
        served = Served([Operation("accept", 0, 1, 0)])
        client = tls.ClientConnection(
            client_config, "www.contoso.com", session=session, clock=lambda: NOW
        )
        server = tls.ServerConnection(server_config, clock=lambda: NOW)
        while up := client.outgoing():
            server.receive(up)
            served.handshake += wire(up)
            if down := server.outgoing():
                served.handshake += wire(down)
                client.receive(down)
        served.handshake += server.meter.take()
        session = client.session
        client.send(bytes(request))
        server.receive(up := client.outgoing())
        server.send(bytes(response))
        served.request = [*wire(up), *wire(server.outgoing()), *server.meter.take()]
        served.request.append(Operation("request", 0, 1, 0))
        client.close()
        server.receive(up := client.outgoing())
        served.closing = [*wire(up), *wire(server.outgoing()), *server.meter.take()]
        connections.append(served)
    full, resumed = connections
    resumed.request.remove(next(o for o in resumed.request if o.name == "flight"))
    return full, resumed


def serve_plain(request: int, response: int) -> list[Operation]:
    """The same request and response without TLS, in a connection of its own."""
    return [
        Operation("accept", 0, 1, 0),
        Operation("flight", 0, 2, 0),
        Operation("byte", 0, 0, request + response),
        Operation("request", 0, 1, 0),
    ]


def wire(data: bytes) -> list[Operation]:
    return [Operation("flight", 0, 1, 0), Operation("byte", 0, 0, len(data))]


@pytest.mark.parametrize("name", machine_profiles())
def test_every_profile_prices_every_key_agreement_and_signature(name: str) -> None:
    machine = machine_profile(name)
    sizes = {
        "x25519": (255,),
        "x448": (448,),
        "ecdh": (256, 384, 521),
        "dh": (512, 2048, 3072, 4096),
    }
    for family, all_bits in sizes.items():
        for bits in all_bits:
            for step in ("generate", "exchange"):
                assert machine.price(Operation(f"{family}.{step}", bits, 1, 0)) > 0
    for family, all_bits in {
        "ecdsa": (256, 384, 521),
        "dsa": (1024, 2048),
        "ed25519": (255,),
        "ed448": (448,),
        "mldsa": (44, 65, 87),
    }.items():
        for bits in all_bits:
            for step in ("sign", "verify"):
                assert machine.price(Operation(f"{family}.{step}", bits, 1, 0)) > 0
    for bits in (768, 1024):
        for step in ("generate", "encapsulate", "decapsulate"):
            assert machine.price(Operation(f"mlkem.{step}", bits, 1, 0)) > 0
    for hash_name, length in (("sha256", 32), ("sha384", 48)):
        for operation in ("hkdf", "hmac"):
            assert machine.price(Operation(f"{operation}.{hash_name}", 0, 1, length)) > 0


@pytest.mark.parametrize("name", machine_profiles())
@pytest.mark.parametrize(
    ("version", "suite"),
    [
        (version, code)
        for version in tls.IMPLEMENTED_VERSIONS
        for code in tls.IMPLEMENTED_SUITES
        if SUITES[code].allowed_in(version) and "_RSA" in f"_{SUITES[code].key_exchange}"
    ],
)
def test_every_profile_prices_all_the_engine_does(name: str, version: int, suite: int) -> None:
    full, resumed = serve(version, suite, "contoso-rsa-1024")
    machine = machine_profile(name)
    assert machine.price_all(full.everything) > machine.price_all(resumed.everything) > 0


def test_nginx_2026_returns_the_measured_handshakes() -> None:
    """384 µs with RSA key exchange, 55 µs resumed by session ID, both within 10 %."""
    full, resumed = serve(tls.TLS_1_0, AES_128_SHA, "contoso-rsa-2048")
    machine = machine_profile("nginx-2026")
    assert machine.price_all(full.handshake) == pytest.approx(384e-6, rel=0.1)
    assert machine.price_all(resumed.handshake) == pytest.approx(55e-6, rel=0.1)


# Pentium III against Coarfa, Druschel and Wallach's throughputs, hits a second; see the profile's
# source. Department trace: a request a connection, 46 kB each, 11,000 new sessions in 100,000
# requests, TLS_RSA_WITH_RC4_128_MD5. Inputs of the profile were the throughputs of TLS and plain
# HTTP and the shares of RSA, RC4 and MD5: they come back to 2 %. The others are its predictions.

REQUEST, RESPONSE = 400, 46_000
NEW_SESSIONS = 0.11
BULK = ("encrypt.", "decrypt.", "hmac.")


@pytest.fixture(scope="module")
def department() -> tuple[Served, Served]:
    return serve(tls.TLS_1_0, RC4_MD5, "contoso-rsa-1024", request=REQUEST, response=RESPONSE)


def seconds_a_hit(full: list[Operation], resumed: list[Operation]) -> float:
    price = machine_profile("pentium-iii-933").price_all
    return NEW_SESSIONS * price(full) + (1 - NEW_SESSIONS) * price(resumed)


def test_pentium_iii_with_tls(department: tuple[Served, Served]) -> None:
    full, resumed = department
    assert 1 / seconds_a_hit(full.everything, resumed.everything) == pytest.approx(268, rel=0.02)


def test_pentium_iii_without_tls() -> None:
    plain = serve_plain(REQUEST, RESPONSE)
    assert 1 / seconds_a_hit(plain, plain) == pytest.approx(268 / 0.26, rel=0.02)


@pytest.mark.parametrize(
    ("operation", "share"), [("rsa.", 0.19), ("encrypt.rc4", 0.14), ("hmac.md5", 0.12)]
)
def test_pentium_iii_shares_of_cryptography(
    department: tuple[Served, Served], operation: str, share: float
) -> None:
    full, resumed = (
        [o for o in served.everything if o.name.startswith(operation)] for served in department
    )
    assert seconds_a_hit(full, resumed) * 268 == pytest.approx(share, rel=0.02)


def test_pentium_iii_without_bulk_cryptography(department: tuple[Served, Served]) -> None:
    full, resumed = (
        [o for o in served.everything if not o.name.startswith(BULK)] for served in department
    )
    assert 1 / seconds_a_hit(full, resumed) == pytest.approx(367, rel=0.03)


def test_pentium_iii_without_handshakes(department: tuple[Served, Served]) -> None:
    """The published figures do not add up here; the profile's source tells by how much."""
    without = [Operation("accept", 0, 1, 0), *department[0].request]
    assert 1 / seconds_a_hit(without, without) == pytest.approx(629, rel=0.2)


def test_pentium_iii_gain_of_a_session_cache(department: tuple[Served, Served]) -> None:
    full, resumed = (served.everything for served in department)
    assert 2.4 <= seconds_a_hit(full, full) / seconds_a_hit(full, resumed) <= 2.7


# ------------------------------------------------------------------ contention

OWN = {"name": "own", "title": "t", "source": "s"}


def test_threads_are_slower_at_once_linearly_between_points_and_not_beyond() -> None:
    curve = ContentionCurve([(1, 1.0), (8, 0.9), (16, 0.7)])
    speeds = [curve.speed(threads) for threads in (1, 8, 12, 16, 17, 1000)]
    assert speeds == pytest.approx([1.0, 0.9, 0.8, 0.7, 0.7, 0.7])
    assert curve.speed(2) == pytest.approx(1 - 0.1 / 7)


def test_a_curve_is_the_bases_unless_a_profile_has_its_own() -> None:
    assert all(machine_profile(name).contention_curve is None for name in machine_profiles())
    own = MachineProfile.model_validate({**OWN, "contention": [[1, 1.0], [2, 0.5]]})
    assert own.contention_curve is not None
    assert own.contention_curve.speed(3) == 0.5
    assert MachineProfile.model_validate(own.model_dump(mode="json", exclude_unset=True)) == own
    flat = MachineProfile.model_validate({**OWN, "contention": [[1, 1.0]]})
    assert flat.contention_curve is None


@pytest.mark.parametrize(
    ("contention", "why"),
    [
        ([], "begins with one thread"),
        ([[2, 1.0]], "begins with one thread"),
        ([[1, 0.9]], "begins with one thread"),
        ([[1, 1.0], [1, 0.9]], "have to ascend"),
        ([[1, 1.0], [8, 0.9], [4, 0.8]], "have to ascend"),
        ([[1, 1.0], [8, 0.8], [16, 0.9]], "have to descend"),
        ([[1, 1.0], [8, 0.0]], "greater than or equal"),
        ([[1, 1.0], [8, 1.1]], "less than or equal"),
        ([[1, 1.0], [8, float("nan")]], "finite number"),
        ([[1, 1.0], [8.5, 0.9]], "valid integer"),
        ([[1, 1.0], [True, 0.9]], "valid integer"),
        ([[1, 1.0], [8]], "Field required"),
        (0.7, "valid tuple"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(contention: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        MachineProfile.model_validate({**OWN, "contention": contention})
