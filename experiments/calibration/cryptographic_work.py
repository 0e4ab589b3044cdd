"""What the engine's cryptographic operations cost here, each done as the engine does it.

An operation that the engine gains gets its line here and in every profile without a base.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

import tls
from experiments.calibration.prices import KeyPrice, Price, Prices
from experiments.calibration.timing import line_through, seconds_each
from tls.keys import ssl30
from tls.keys.tls10 import Prf
from tls.record.layer import RecordLayer
from tls.record.mac import HmacRecordMac, RecordMac, Ssl30RecordMac

KEY_SIZES = (1024, 2048, 4096)
"""Bits of the RSA keys that are measured."""

_RECORD_SIZES = (64, 1024, 16384)
_SECRET_SIZES = (12, 48, 136)
_PREMASTER = bytes(48)
_BOTH_RANDOMS = bytes(64)
_APPLICATION_DATA = 23

Sized = Callable[[bytes], object]


def cryptographic_prices(seconds: float) -> Prices:
    """The price of every operation of the engine's meter; about `seconds` for each figure."""
    return {
        **_public_key_prices(seconds),
        **{name: _line(work, _SECRET_SIZES, seconds) for name, work in _secrets().items()},
        **{name: _line(work, _RECORD_SIZES, seconds) for name, work in _bulk().items()},
    }


def _public_key_prices(seconds: float) -> Prices:
    private: dict[int, float] = {}
    public: dict[int, float] = {}
    padding = PKCS1v15()
    for bits in KEY_SIZES:
        key = rsa.generate_private_key(65537, bits)
        public_key = key.public_key()
        ciphertext = public_key.encrypt(_PREMASTER, padding)

        def decrypt(key: rsa.RSAPrivateKey = key, ciphertext: bytes = ciphertext) -> bytes:
            return key.decrypt(ciphertext, padding)

        def encrypt(key: rsa.RSAPublicKey = public_key) -> bytes:
            return key.encrypt(_PREMASTER, padding)

        private[bits] = seconds_each(decrypt, seconds)
        public[bits] = seconds_each(encrypt, seconds)
    return {"rsa.private": KeyPrice(private, 3), "rsa.public": KeyPrice(public, 2)}


def _secrets() -> dict[str, Sized]:
    """Operations whose bytes are the secret output they make."""
    prf = Prf(_PREMASTER)
    return {
        "random": lambda output: os.urandom(len(output)),
        "prf.ssl30": lambda output: ssl30.expand(_PREMASTER, _BOTH_RANDOMS, len(output)),
        "prf.tls10": lambda output: prf.expand(b"key expansion", _BOTH_RANDOMS, len(output)),
    }


def _bulk() -> dict[str, Sized]:
    """Operations over the bytes of messages and records."""
    work: dict[str, Sized] = {"record.sent": _record_sending(), "record.received": _receiving()}
    for name in ("md5", "sha1"):
        work[f"hash.{name}"] = _hashing(hashlib.new(name))
    for mac, hash_name, length in (("MD5", "md5", 16), ("SHA", "sha1", 20)):
        work[f"hmac.{hash_name}"] = _computing(HmacRecordMac(mac, bytes(length), tls.Meter()))
        work[f"ssl30-mac.{hash_name}"] = _computing(Ssl30RecordMac(mac, bytes(length), tls.Meter()))
    for name, cipher in _ciphers().items():
        work[f"encrypt.{name}"] = cipher.encryptor().update
        work[f"decrypt.{name}"] = cipher.decryptor().update
    return work


def _ciphers() -> dict[str, Cipher[CBC] | Cipher[None]]:
    key = bytes(range(32))
    return {
        "rc4-128": Cipher(ARC4(key[:16]), None),
        "des-cbc": Cipher(TripleDES(3 * key[:8]), CBC(bytes(8))),
        "3des-cbc": Cipher(TripleDES(key[:24]), CBC(bytes(8))),
        "aes-128-cbc": Cipher(AES(key[:16]), CBC(bytes(16))),
        "aes-256-cbc": Cipher(AES(key), CBC(bytes(16))),
    }


def _hashing(running: hashlib._Hash) -> Sized:
    def hash_messages(data: bytes) -> object:
        running.update(data)
        return running.copy()

    return hash_messages


def _computing(mac: RecordMac) -> Sized:
    return lambda data: mac.compute(_APPLICATION_DATA, tls.TLS_1_0, data)


def _record_sending() -> Sized:
    layer = RecordLayer(tls.Meter(), tls.TLS_1_0)

    def send(data: bytes) -> bytes:
        layer.send(_APPLICATION_DATA, data)
        return layer.take_output()

    return send


def _receiving() -> Sized:
    layer = RecordLayer(tls.Meter(), tls.TLS_1_0)

    def receive(record: bytes) -> object:
        header = bytes((_APPLICATION_DATA, 3, 1)) + (len(record) - 5).to_bytes(2, "big")
        layer.feed(header + record[5:])
        return layer.next_record()

    return receive


def _line(work: Sized, sizes: tuple[int, ...], seconds: float) -> Price:
    measured = []
    for size in sizes:
        data = os.urandom(size)
        measured.append((size, seconds_each(lambda data=data: work(data), seconds)))  # type: ignore[misc]
    return Price(*line_through(measured))
