"""The floor: what the primitives of a handshake cost, without any protocol around them.

One row a call to a library, client and server together, with a chain of two certificates. The
engine keeps certificates parsed and their public keys loaded, so the floor parses none; it verifies
each signature of every handshake again, and so does the floor.

Before TLS 1.3 it leaves out, though no handshake can do without: keying the HMACs of a new secret,
and the copies of a transcript that each Finished takes. A resumed session's PRF the engine keeps
keyed, but for a ticket's, which is new to the server. In TLS 1.3, where they are more, both are
counted; what is derived only for who asks for it (exporters, tickets to come) is not.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

from credentials import credentials
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, padding, x25519
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from kinds import Kind

import tls
from tls.groups import X25519_MLKEM768

PKCS1 = padding.PKCS1v15()
PSS = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
ECDSA = ec.ECDSA(SHA256())
SHORT = bytes(64)
"""Roughly what an HMAC or a key derivation step hashes, or a signature signs."""
FINISHED_RECORD = bytes(48)
FINISHED_MESSAGE = bytes(16)
TICKET_STATE = bytes(96)

TRANSCRIPT_BYTES = {"RSA": 2300, "ECDHE_RSA": 2400, "ECDHE_ECDSA": 1100, "ECDHE": 600}
RESUMED_TRANSCRIPT_BYTES = {None: 0, "id": 200, "ticket": 450}
FLIGHT_BYTES = {"ECDHE_RSA": 2100, "ECDHE_ECDSA": 800, "ECDHE": 40}
"""Of a server in TLS 1.3, from EncryptedExtensions to Finished."""
ML_KEM_BYTES = 1184 + 1088
"""What the shares of ML-KEM-768 add to a transcript: a key and a ciphertext."""

# What each handshake calls, client + server: (primitive, calls).
KEY_EXCHANGE = {
    "RSA": (
        ("RSA-2048 private", 1),  # the server decrypts the premaster
        ("RSA-2048 public", 1),  # the client encrypts it
        ("RSA-2048 verify", 2),  # the client verifies leaf and intermediate
    ),
    "ECDHE_RSA": (
        ("X25519 key", 2),
        ("X25519 agreement", 2),
        ("RSA-2048 sign, PSS", 1),  # the server signs its parameters
        ("RSA-2048 verify, PSS", 1),  # the client verifies that
        ("RSA-2048 verify", 2),  # and leaf and intermediate
    ),
    "ECDHE_ECDSA": (
        ("X25519 key", 2),
        ("X25519 agreement", 2),
        ("ECDSA P-256 sign", 1),
        ("ECDSA P-256 verify", 3),
    ),
    "ECDHE": (
        ("X25519 key", 2),
        ("X25519 agreement", 2),
    ),
}
P_256 = (
    ("P-256 key", 2),
    ("P-256 agreement", 2),
)
ML_KEM = (
    ("ML-KEM-768 key", 1),  # the client's
    ("ML-KEM-768 encapsulation", 1),  # the server's, to the key that it loads
    ("ML-KEM-768 decapsulation", 1),
)
CBC_RECORDS = (
    ("AES-128-CBC object", 4),  # two directions, both sides
    ("AES-128-CBC record", 4),  # each Finished, sealed and opened
    ("HMAC-SHA1", 4),  # and its MAC, made and checked
)
GCM_RECORDS = (
    ("AES-128-GCM object", 4),
    ("AES-128-GCM seal", 2),
    ("AES-128-GCM open", 2),
)
# Keys and two Finished, then the master secret; on both sides.
# SSL 3.0 takes an MD5 and a SHA-1 for each 16 bytes (RFC 6101 §6.1): key block 104 bytes, master
# secret 48; and two hashes of each kind for a Finished (§5.6.9).
SSL_3_0_DERIVATION = (("MD5", 2 * (7 + 4)), ("SHA-1", 2 * (7 + 4)))
SSL_3_0_MASTER_SECRET = (("MD5", 2 * 3), ("SHA-1", 2 * 3))
# P_MD5 takes 2 HMACs for each 16 bytes, P_SHA-1 2 for each 20 (RFC 2246 §5): key block 104 bytes
# 14 + 12, each of two Finished 12 bytes 2 + 2; master secret 48 bytes 6 + 6.
TLS_1_0_DERIVATION = (("HMAC-MD5", 2 * (14 + 2 + 2)), ("HMAC-SHA1", 2 * (12 + 2 + 2)))
TLS_1_0_MASTER_SECRET = (("HMAC-MD5", 2 * 6), ("HMAC-SHA1", 2 * 6))
# P_SHA256 takes 2 HMACs for each 32 bytes (RFC 5246 §5): key block 40 bytes 4, each of two Finished
# 2; master secret 48 bytes 4.
TLS_1_2_DERIVATION = (("HMAC-SHA256", 2 * (4 + 2 + 2)),)
TLS_1_2_MASTER_SECRET = (("HMAC-SHA256", 2 * 4),)
# In TLS 1.3 each secret, key, IV and hash of 32 bytes at most is one HMAC (RFC 5869 §2, RFC 8446
# §7.1): under a secret keyed once where several are made of it, else in two hashes. On each side:
# the handshake secret, of a salt that is the same in all connections; three under it, two under the
# master secret, key, IV and the Finished's key under both secrets of the handshake, key and IV
# under both of application data; the master secret and both Finished under keys of their own.
TLS_1_3_DERIVATION = (
    ("HMAC-SHA256 keyed", 2 * (1 + 1 + 2 + 2)),
    ("HMAC-SHA256", 2 * (1 + 3 + 2 + 2 * 3 + 2 * 2)),
    ("HMAC-SHA256 of one key", 2 * (1 + 2)),
)
# With a pre-shared key the early secret, of a salt that all have; two under it, the binder's key
# and the salt of the handshake secret; under the former the key of the binder, and the binder.
TLS_1_3_PSK = (
    ("HMAC-SHA256 keyed", 2),
    ("HMAC-SHA256", 2 * (1 + 2 - 1)),
    ("HMAC-SHA256 of one key", 2 * (2 + 1)),
)
# Early data has a secret, a key and an IV; what ends it is under the same key.
TLS_1_3_EARLY_DATA = (
    ("HMAC-SHA256 keyed", 2),
    ("HMAC-SHA256", 2 * (1 + 2)),
    ("AES-128-GCM object", 2),
    ("AES-128-GCM seal", 2),
    ("AES-128-GCM open", 2),
)
# Two traffic keys a direction on both sides; the server's flight and the client's Finished.
TLS_1_3_RECORDS = (
    ("AES-128-GCM object", 8),
    ("AES-128-GCM seal, flight", 1),
    ("AES-128-GCM open, flight", 1),
    ("AES-128-GCM seal", 1),
    ("AES-128-GCM open", 1),
)
TICKET = (
    ("HMAC-SHA256", 1),  # the server opens it
    ("AES-128-CBC object", 1),
    ("AES-128-CBC record", 1),
    ("SHA-256", 1),  # the client makes a session ID of it
)
FULL_RANDOM = {"RSA": 5, "ECDHE_RSA": 3, "ECDHE_ECDSA": 3}
"""Two hellos, session ID, in TLS 1.3 the client's; RSA: premaster and its substitute."""

Row = tuple[str, int]


def rows(kind: Kind) -> tuple[Row, ...]:
    """The primitives of a handshake and how often each is called."""
    if kind.version == tls.TLS_1_3:
        return _tls_1_3_rows(kind)
    derivation, master_secret = {
        tls.SSL_3_0: (SSL_3_0_DERIVATION, SSL_3_0_MASTER_SECRET),
        tls.TLS_1_0: (TLS_1_0_DERIVATION, TLS_1_0_MASTER_SECRET),
        tls.TLS_1_2: (TLS_1_2_DERIVATION, TLS_1_2_MASTER_SECRET),
    }[kind.version]
    records = GCM_RECORDS if kind.version == tls.TLS_1_2 else CBC_RECORDS
    transcript = (transcript_name(kind), 2)
    if kind.resumed:
        ticket = TICKET if kind.resumed_by == "ticket" else ()
        # Beside a ticket stands an ID that is drawn for it.
        return (("random", 3 if ticket else 2), transcript, *derivation, *records, *ticket)
    return (
        ("random", FULL_RANDOM[kind.exchange]),
        transcript,
        *KEY_EXCHANGE[kind.exchange],
        *master_secret,
        *derivation,
        *records,
    )


def _tls_1_3_rows(kind: Kind) -> tuple[Row, ...]:
    exchange = list(KEY_EXCHANGE[kind.exchange])
    if kind.group == X25519_MLKEM768:
        exchange += ML_KEM
    if kind.retried:
        # The client's first share is for nothing.
        exchange = [row for row in exchange if not row[0].startswith("X25519")]
        exchange += (("X25519 key", 1), *P_256, ("SHA-256", 2))
    psk = (*TLS_1_3_PSK, *TICKET[:-1]) if kind.resumed else ()
    early_data = TLS_1_3_EARLY_DATA if kind.early_data else ()
    return (
        ("random", 3),
        (transcript_name(kind), 2),
        *exchange,
        *TLS_1_3_DERIVATION,
        *psk,
        *TLS_1_3_RECORDS,
        *early_data,
    )


def hashes_on_the_way(kind: Kind) -> int:
    """How many hashes a side takes of the transcript while it grows; before TLS 1.3 the last only.

    There after ServerHello, Certificate, CertificateVerify and the server's Finished; with a
    pre-shared key of the hello for the binder, after ServerHello, EncryptedExtensions and Finished,
    with early data also after the whole hello and after its end.
    """
    if kind.version < tls.TLS_1_3:
        return 1
    return 6 if kind.early_data else 4


def transcript_name(kind: Kind) -> str:
    """The primitive that hashes a handshake's messages, once."""
    hashes = "SHA-256" if kind.version >= tls.TLS_1_2 else "MD5 + SHA-1"
    name = f"{hashes} of {transcript_bytes(kind):,} bytes"
    count = hashes_on_the_way(kind)
    return name if count == 1 else f"{name}, {count} times"


def transcript_bytes(kind: Kind) -> int:
    """Roughly the bytes of a handshake's messages."""
    if kind.version == tls.TLS_1_3:
        kem = ML_KEM_BYTES if kind.group == X25519_MLKEM768 else 0
        return TRANSCRIPT_BYTES[kind.exchange] + kem
    return RESUMED_TRANSCRIPT_BYTES[kind.resumed_by] or TRANSCRIPT_BYTES[kind.exchange]


def primitives(kind: Kind) -> dict[str, Callable[[], object]]:
    """A call of every primitive of a kind, by its name in the rows."""
    every = {
        **_rsa_primitives(),
        **_curve_primitives(),
        **_ml_kem_primitives(),
        **_symmetric_primitives(),
        **_flight_primitives(bytes(FLIGHT_BYTES.get(kind.exchange, 0))),
        transcript_name(kind): _transcript(kind),
    }
    return {name: every[name] for name, _ in rows(kind)}


def in_a_row(kind: Kind) -> Callable[[], object]:
    """All the primitives of a handshake, one after another.

    Each finds the caches as another left them, as in a handshake: this costs more than the sum of
    what each costs when it is called again and again, which is the floor.
    """
    by_name = primitives(kind)
    calls = [by_name[name] for name, count in rows(kind) for _ in range(count)]

    def call_all() -> None:
        for call in calls:
            call()

    return call_all


def _rsa_primitives() -> dict[str, Callable[[], object]]:
    key = credentials("rsa").identity.private_key
    public_key = key.public_key()
    premaster, algorithm = bytes(48), SHA256()
    ciphertext = public_key.encrypt(premaster, PKCS1)
    signature = key.sign(SHORT, PKCS1, algorithm)
    pss_signature = key.sign(SHORT, PSS, algorithm)
    return {
        "RSA-2048 private": lambda: key.decrypt(ciphertext, PKCS1),
        "RSA-2048 public": lambda: public_key.encrypt(premaster, PKCS1),
        "RSA-2048 verify": lambda: public_key.verify(signature, SHORT, PKCS1, algorithm),
        "RSA-2048 sign, PSS": lambda: key.sign(SHORT, PSS, algorithm),
        "RSA-2048 verify, PSS": lambda: public_key.verify(pss_signature, SHORT, PSS, algorithm),
    }


def _curve_primitives() -> dict[str, Callable[[], object]]:
    key = credentials("ecdsa").identity.private_key
    public_key = key.public_key()
    signature = key.sign(SHORT, ECDSA)
    own = x25519.X25519PrivateKey.generate()
    peers = x25519.X25519PrivateKey.generate().public_key().public_bytes_raw()
    generate, load = x25519.X25519PrivateKey.generate, x25519.X25519PublicKey.from_public_bytes
    return {
        "X25519 key": lambda: generate().public_key().public_bytes_raw(),
        "X25519 agreement": lambda: own.exchange(load(peers)),
        "ECDSA P-256 sign": lambda: key.sign(SHORT, ECDSA),
        "ECDSA P-256 verify": lambda: public_key.verify(signature, SHORT, ECDSA),
        **_p_256_primitives(),
    }


def _p_256_primitives() -> dict[str, Callable[[], object]]:
    curve, exchange = ec.SECP256R1(), ec.ECDH()
    own = ec.generate_private_key(curve)
    peers = _point(ec.generate_private_key(curve))
    load = ec.EllipticCurvePublicKey.from_encoded_point
    return {
        "P-256 key": lambda: _point(ec.generate_private_key(curve)),
        "P-256 agreement": lambda: own.exchange(exchange, load(curve, peers)),
    }


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def _ml_kem_primitives() -> dict[str, Callable[[], object]]:
    generate, load = mlkem.MLKEM768PrivateKey.generate, mlkem.MLKEM768PublicKey.from_public_bytes
    own = generate()
    public = own.public_key().public_bytes_raw()
    _, ciphertext = load(public).encapsulate()
    return {
        "ML-KEM-768 key": lambda: generate().public_key().public_bytes_raw(),
        "ML-KEM-768 encapsulation": lambda: load(public).encapsulate(),
        "ML-KEM-768 decapsulation": lambda: own.decapsulate(ciphertext),
    }


def _symmetric_primitives() -> dict[str, Callable[[], object]]:
    encryptor = Cipher(AES(bytes(16)), CBC(bytes(16))).encryptor()
    gcm, nonce, associated = AESGCM(bytes(16)), bytes(12), bytes(13)
    sealed = gcm.encrypt(nonce, FINISHED_MESSAGE, associated)
    keyed_md5, keyed_sha1, keyed_sha256 = (
        hashlib.new(name, bytes(64)) for name in ("md5", "sha1", "sha256")
    )

    def hmac(keyed: hashlib._Hash) -> bytes:
        inner = keyed.copy()
        inner.update(SHORT)
        outer = keyed.copy()
        outer.update(inner.digest())
        return outer.digest()

    inner_pad, outer_pad = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
    secret, sha256 = bytes(32), hashlib.sha256

    def keyed_hmac() -> tuple[object, object]:
        padded = secret.ljust(64, b"\0")
        return sha256(padded.translate(inner_pad)), sha256(padded.translate(outer_pad))

    def hmac_of_one_key() -> bytes:
        padded = secret.ljust(64, b"\0")
        inner = sha256(padded.translate(inner_pad) + SHORT).digest()
        return sha256(padded.translate(outer_pad) + inner).digest()

    return {
        "random": lambda: os.urandom(32),
        "MD5": lambda: hashlib.md5(SHORT).digest(),
        "SHA-1": lambda: hashlib.sha1(SHORT).digest(),
        "SHA-256": lambda: hashlib.sha256(TICKET_STATE).digest(),
        "HMAC-MD5": lambda: hmac(keyed_md5),
        "HMAC-SHA1": lambda: hmac(keyed_sha1),
        "HMAC-SHA256": lambda: hmac(keyed_sha256),
        "HMAC-SHA256 keyed": keyed_hmac,
        "HMAC-SHA256 of one key": hmac_of_one_key,
        "AES-128-CBC object": lambda: Cipher(AES(bytes(16)), CBC(bytes(16))).encryptor(),
        "AES-128-CBC record": lambda: encryptor.update(FINISHED_RECORD),
        "AES-128-GCM object": lambda: AESGCM(bytes(16)),
        "AES-128-GCM seal": lambda: gcm.encrypt(nonce, FINISHED_MESSAGE, associated),
        "AES-128-GCM open": lambda: gcm.decrypt(nonce, sealed, associated),
    }


def _flight_primitives(flight: bytes) -> dict[str, Callable[[], object]]:
    gcm, nonce, associated = AESGCM(bytes(16)), bytes(12), bytes(5)
    sealed = gcm.encrypt(nonce, flight, associated)
    return {
        "AES-128-GCM seal, flight": lambda: gcm.encrypt(nonce, flight, associated),
        "AES-128-GCM open, flight": lambda: gcm.decrypt(nonce, sealed, associated),
    }


def _transcript(kind: Kind) -> Callable[[], object]:
    """Hashes a handshake's messages, in equal parts where hashes are taken on the way."""
    messages = bytes(transcript_bytes(kind))
    if kind.version < tls.TLS_1_2:
        return lambda: (hashlib.md5(messages).digest(), hashlib.sha1(messages).digest())
    if kind.version < tls.TLS_1_3:
        return lambda: hashlib.sha256(messages).digest()
    count = hashes_on_the_way(kind)
    part = messages[: len(messages) // count]

    def hash_parts() -> None:
        running = hashlib.sha256(part)
        running.digest()
        for _ in range(count - 1):
            running.update(part)
            running.digest()

    return hash_parts
