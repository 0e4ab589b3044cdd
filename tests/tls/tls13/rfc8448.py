"""The traces of RFC 8448, as bytes, and the messages under their protection."""

import hashlib
import tomllib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, x25519

import tls
from tls.extensions import KEY_SHARE
from tls.keys.tls13 import KeySchedule, TrafficSecret
from tls.messages import ClientHello, ServerHello
from tls.meter import Meter
from tls.record.tls13 import Tls13Protection
from tls.suites import TLS_1_3_SUITES
from tls.tls13.hello_extensions import ClientKeyShares, ServerKeyShare
from tls.tls13.messages import message_hash

Trace = dict[str, bytes]


def _traces() -> dict[str, Trace]:
    text = Path(__file__).with_name("rfc8448.toml").read_text(encoding="utf-8")
    return {
        name: {key: bytes.fromhex(value) for key, value in values.items()}
        for name, values in tomllib.loads(text).items()
    }


TRACES = _traces()


def records(wire: bytes) -> list[bytes]:
    """Whole records, one by one."""
    found = []
    while wire:
        end = 5 + int.from_bytes(wire[3:5], "big")
        found.append(wire[:end])
        wire = wire[end:]
    return found


def messages(stream: bytes) -> list[bytes]:
    """Whole handshake messages, one by one."""
    found = []
    while stream:
        end = 4 + int.from_bytes(stream[1:4], "big")
        found.append(stream[:end])
        stream = stream[end:]
    return found


def shared_secret(trace: Trace) -> bytes:
    """What both private keys of a trace agree on."""
    hello = ClientHello.decode(
        trace.get("second_client_hello", trace["client_hello"])[9:], tls.TLS_1_3
    )
    (share,) = ClientKeyShares.decode(hello.extensions[KEY_SHARE]).shares
    answer = ServerHello.decode(trace["server_hello"][9:], tls.TLS_1_3)
    servers = ServerKeyShare.decode(answer.extensions[KEY_SHARE]).share
    assert servers.group == share.group
    private = trace["private_client"]
    if share.group == 0x1D:
        own = x25519.X25519PrivateKey.from_private_bytes(private)
        assert own.public_key().public_bytes_raw() == share.key_exchange
        peer = x25519.X25519PublicKey.from_public_bytes(servers.key_exchange)
        return own.exchange(peer)
    number = int.from_bytes(private, "big")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), servers.key_exchange)
    return ec.derive_private_key(number, ec.SECP256R1()).exchange(ec.ECDH(), point)


def hellos(trace: Trace) -> bytes:
    """What the transcript begins with, up to the ServerHello."""
    first = trace["client_hello"][5:]
    if "second_client_hello" in trace:
        first = message_hash(hashlib.sha256(first).digest())
        first += trace["hello_retry_request"][5:] + trace["second_client_hello"][5:]
    return first


def protected_messages(section: str) -> tuple[list[bytes], list[bytes]]:
    """The handshake messages that the server and the client of a trace protect."""
    trace = TRACES[section]
    psk = TRACES["simple"]["resumption_psk"] if section == "resumed" else b""
    schedule = KeySchedule("sha256", Meter(), psk)
    schedule.enter_handshake(shared_secret(trace))
    digest = hashlib.sha256(hellos(trace) + trace["server_hello"][5:]).digest()
    clients, servers = schedule.handshake_traffic_secrets(digest)
    return opened(trace["server_flight"], servers), opened(trace["client_flight"], clients)


def opened(flight: bytes, secret: bytes) -> list[bytes]:
    """The messages in a flight's last record."""
    key, iv = TrafficSecret("sha256", secret, Meter()).keys(16)
    cipher = TLS_1_3_SUITES[0x1301].cipher
    reads = Tls13Protection(cipher, key, iv, write=False, meter=Meter())
    *_, last = records(flight)
    return messages(reads.open(last[0], tls.TLS_1_2, last[5:])[1])
