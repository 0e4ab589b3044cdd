"""What the engine's cryptographic operations cost here, each done as the engine does it.

An operation that the engine gains gets its line here and in every profile without a base.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

import tls
from experiments.calibration.asymmetric_work import asymmetric_prices
from experiments.calibration.prices import KeyPrice, Price, Prices
from experiments.calibration.timing import line_through, seconds_each
from tls.entropy import RandomSource
from tls.keys import ssl30
from tls.keys.hkdf import hkdf_expand_label
from tls.keys.tls import Tls10Prf, Tls12Prf
from tls.record.aead import AEADS
from tls.record.cbc import ALGORITHMS, CbcCipher
from tls.record.compression import Deflate
from tls.record.layer import RecordLayer
from tls.record.mac import HmacRecordMac, RecordMac, Ssl30RecordMac
from tls.record.stream import NullCipher, rc4
from tls.suites import CIPHERS, MAC_LENGTHS

KEY_SIZES = (1024, 2048, 4096)
"""Bits of the RSA keys that are measured."""

_RECORD_SIZES = (64, 1024, 16384)
_SECRET_SIZES = (12, 48, 136)
_PREMASTER = bytes(48)
_BOTH_RANDOMS = bytes(64)
_TRANSCRIPT_HASH = bytes(32)
_APPLICATION_DATA = 23
_NONCE = bytes(12)
_ASSOCIATED_DATA = bytes(13)

Sized = Callable[[bytes], object]


def cryptographic_prices(seconds: float) -> Prices:
    """The price of every operation of the engine's meter; about `seconds` for each figure."""
    return {
        **_rsa_prices(seconds),
        **asymmetric_prices(seconds),
        **{name: _line(work, _SECRET_SIZES, seconds) for name, work in _secrets().items()},
        **{name: _line(work, _RECORD_SIZES, seconds) for name, work in _bulk().items()},
    }


def _rsa_prices(seconds: float) -> Prices:
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
    prf = Tls10Prf(_PREMASTER)
    work: dict[str, Sized] = {
        "random": lambda output: os.urandom(len(output)),
        "prf.ssl30": lambda output: ssl30.expand(_PREMASTER, _BOTH_RANDOMS, len(output)),
        "prf.tls10": lambda output: prf.expand(b"key expansion", _BOTH_RANDOMS, len(output)),
    }
    for hash_name in ("sha256", "sha384"):
        work[f"prf.{hash_name}"] = _expanding(Tls12Prf(_PREMASTER, hash_name))
        work[f"hkdf.{hash_name}"] = _expanding_labels(hash_name)
    return work


def _expanding(prf: Tls12Prf) -> Sized:
    return lambda output: prf.expand(b"key expansion", _BOTH_RANDOMS, len(output))


def _expanding_labels(hash_name: str) -> Sized:
    return lambda output: hkdf_expand_label(
        hash_name, _PREMASTER, b"c hs traffic", _TRANSCRIPT_HASH, len(output)
    )


def _bulk() -> dict[str, Sized]:
    """Operations over the bytes of messages and records."""
    work: dict[str, Sized] = {"record.sent": _record_sending(), "record.received": _receiving()}
    for mac, hash_name in (
        ("MD5", "md5"),
        ("SHA", "sha1"),
        ("SHA256", "sha256"),
        ("SHA384", "sha384"),
    ):
        secret = bytes(MAC_LENGTHS[mac])
        work[f"hash.{hash_name}"] = _hashing(hashlib.new(hash_name))
        work[f"hmac.{hash_name}"] = _computing(HmacRecordMac(mac, secret, tls.Meter()))
        if mac in ("MD5", "SHA"):
            work[f"ssl30-mac.{hash_name}"] = _computing(Ssl30RecordMac(mac, secret, tls.Meter()))
    for cipher in CIPHERS.values():
        encrypt, decrypt = _directions(cipher.name, bytes(range(cipher.key_length)))
        work[f"encrypt.{cipher.name}"] = encrypt
        work[f"decrypt.{cipher.name}"] = decrypt
    work["compress.deflate"] = Deflate().compress
    work["decompress.deflate"] = _decompressing
    return work


def _directions(name: str, key: bytes) -> tuple[Sized, Sized]:
    """Encryption and decryption as the record protection of that cipher does them."""
    if name in AEADS:
        return _sealing(name, key), _opening(name, key)
    if name in ALGORITHMS:
        return _chaining(name, key, write=True), _chaining(name, key, write=False)
    stream = rc4(key) if name.startswith("rc4") else NullCipher()
    return stream.update, stream.update


def _sealing(name: str, key: bytes) -> Sized:
    aead = AEADS[name](key)
    return lambda data: aead.encrypt(_NONCE, data, _ASSOCIATED_DATA)


def _opening(name: str, key: bytes) -> Sized:
    aead = AEADS[name](key)
    sealed = {size: aead.encrypt(_NONCE, bytes(size), _ASSOCIATED_DATA) for size in _RECORD_SIZES}
    return lambda data: aead.decrypt(_NONCE, sealed[len(data)], _ASSOCIATED_DATA)


def _chaining(name: str, key: bytes, *, write: bool) -> Sized:
    meter = tls.Meter()
    cipher = CbcCipher(
        name,
        key,
        bytes(ALGORITHMS[name](key).block_size // 8),  # type: ignore[attr-defined]
        explicit_iv=False,
        write=write,
        random=RandomSource(None, meter),
        meter=meter,
    )
    return cipher.running.update


def _decompressing(data: bytes) -> object:
    return Deflate().decompress(zlib.compress(data), len(data))


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
