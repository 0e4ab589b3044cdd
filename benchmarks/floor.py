"""The floor: what the primitives of a handshake cost, without any protocol around them.

One row a call to a library: TLS_RSA_WITH_AES_128_CBC_SHA with RSA-2048 and a chain of two
certificates, client and server together.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1

import tls

PADDING = PKCS1v15()
SHORT = bytes(64)
"""Roughly what an HMAC or a key derivation step hashes."""
FULL_TRANSCRIPT = bytes(2200)
RESUMED_TRANSCRIPT = bytes(170)
FINISHED_RECORD = bytes(48)

# What each handshake calls, client + server: (primitive, calls).
RSA_KEY_EXCHANGE = (
    ("RSA-2048 private", 1),  # the server decrypts the premaster
    ("RSA-2048 public", 1),  # the client encrypts it
    ("RSA-2048 verify", 2),  # the client verifies leaf and intermediate
)
RECORDS = (
    ("AES-128-CBC object", 4),  # two directions, both sides
    ("AES-128-CBC record", 4),  # each Finished, sealed and opened
    ("HMAC-SHA1", 4),  # and its MAC, made and checked
)
# P_MD5 takes 2 HMACs for each 16 bytes, P_SHA-1 2 for each 20 (RFC 2246 §5): master secret 48
# bytes 6 + 6, key block 104 bytes 14 + 12, each of two Finished 12 bytes 2 + 2; on both sides.
TLS_1_0_RESUMED_DERIVATION = (("HMAC-MD5", 2 * (14 + 2 + 2)), ("HMAC-SHA1", 2 * (12 + 2 + 2)))
TLS_1_0_MASTER_SECRET = (("HMAC-MD5", 2 * 6), ("HMAC-SHA1", 2 * 6))
# SSL 3.0 takes an MD5 and a SHA-1 for each 16 bytes (RFC 6101 §6.1), and two hashes of each kind
# for a Finished (§5.6.9).
SSL_3_0_RESUMED_DERIVATION = (("MD5", 2 * (7 + 4)), ("SHA-1", 2 * (7 + 4)))
SSL_3_0_MASTER_SECRET = (("MD5", 2 * 3), ("SHA-1", 2 * 3))
FULL_MESSAGES = (("random", 6), ("transcript of a full handshake", 2))
RESUMED_MESSAGES = (("random", 2), ("transcript of a resumed handshake", 2))

Row = tuple[str, int]


def rows(version: int, *, resumed: bool) -> tuple[Row, ...]:
    """The primitives of a handshake and how often each is called."""
    tls_1_0 = version == tls.TLS_1_0
    derivation = TLS_1_0_RESUMED_DERIVATION if tls_1_0 else SSL_3_0_RESUMED_DERIVATION
    if resumed:
        return (*RESUMED_MESSAGES, *derivation, *RECORDS)
    master_secret = TLS_1_0_MASTER_SECRET if tls_1_0 else SSL_3_0_MASTER_SECRET
    return (*FULL_MESSAGES, *RSA_KEY_EXCHANGE, *master_secret, *derivation, *RECORDS)


def primitives(key: RSAPrivateKey) -> dict[str, Callable[[], object]]:
    """A call of every primitive, by its name in the rows."""
    public_key = key.public_key()
    premaster = bytes(48)
    ciphertext = public_key.encrypt(premaster, PADDING)
    signature = key.sign(SHORT, PADDING, SHA1())
    encryptor = Cipher(AES(bytes(16)), CBC(bytes(16))).encryptor()
    keyed_md5, keyed_sha1 = (hashlib.new(name, bytes(64)) for name in ("md5", "sha1"))

    def hmac(keyed: hashlib._Hash) -> bytes:
        inner = keyed.copy()
        inner.update(SHORT)
        outer = keyed.copy()
        outer.update(inner.digest())
        return outer.digest()

    return {
        "RSA-2048 private": lambda: key.decrypt(ciphertext, PADDING),
        "RSA-2048 public": lambda: public_key.encrypt(premaster, PADDING),
        "RSA-2048 verify": lambda: public_key.verify(signature, SHORT, PADDING, SHA1()),
        "random": lambda: os.urandom(32),
        "MD5": lambda: hashlib.md5(SHORT).digest(),
        "SHA-1": lambda: hashlib.sha1(SHORT).digest(),
        "HMAC-MD5": lambda: hmac(keyed_md5),
        "HMAC-SHA1": lambda: hmac(keyed_sha1),
        "transcript of a full handshake": lambda: _transcript(FULL_TRANSCRIPT),
        "transcript of a resumed handshake": lambda: _transcript(RESUMED_TRANSCRIPT),
        "AES-128-CBC object": lambda: Cipher(AES(bytes(16)), CBC(bytes(16))).encryptor(),
        "AES-128-CBC record": lambda: encryptor.update(FINISHED_RECORD),
    }


def _transcript(messages: bytes) -> tuple[bytes, bytes]:
    return hashlib.md5(messages).digest(), hashlib.sha1(messages).digest()
