"""From a suite and a key block to the protection of both directions (RFC 2246 §6.3)."""

from __future__ import annotations

from dataclasses import dataclass

from tls.entropy import RandomSource
from tls.keys import Secrets
from tls.meter import Meter
from tls.record.aead import ExplicitNonceProtection, ImplicitNonceProtection
from tls.record.cbc import CbcCipher, CbcProtection, EncryptThenMacProtection
from tls.record.mac import HmacRecordMac, RecordMac, Ssl30RecordMac
from tls.record.protection import Protection
from tls.record.stream import NullCipher, StreamProtection, rc4
from tls.suites import CipherSuite
from tls.versions import SSL_3_0, TLS_1_0


@dataclass(slots=True)
class DirectionKeys:
    """One direction's share of the key block: MAC secret, key and IV or fixed nonce."""

    mac_secret: bytes
    key: bytes
    iv: bytes


def connection_keys(
    suite: CipherSuite, secrets: Secrets, client_random: bytes, server_random: bytes
) -> tuple[DirectionKeys, DirectionKeys]:
    """The client's and the server's write keys, cut from the key block in the RFC's order.

    Export suites derive their keys and IVs from what they take from it (RFC 2246 §6.3.1): those
    with DES from a whole key, too (draft-ietf-tls-56-bit-ciphersuites-01 §5).
    """
    cipher = suite.cipher
    export_length = (cipher.export_key_length or cipher.key_length) if suite.is_export else None
    key_length = export_length or cipher.key_length
    iv_length = 0 if export_length else cipher.iv_length
    lengths = (suite.mac_length, key_length, iv_length)
    block = secrets.key_block(client_random, server_random, 2 * sum(lengths))
    parts = []
    position = 0
    for length in lengths:
        for _ in ("client", "server"):
            parts.append(block[position : position + length])
            position += length
    client = DirectionKeys(*parts[0::2])
    server = DirectionKeys(*parts[1::2])
    if export_length:
        (client.key, client.iv), (server.key, server.iv) = secrets.export_keys(
            (client.key, server.key),
            client_random,
            server_random,
            cipher.key_length,
            cipher.iv_length,
        )
    return client, server


def protection(
    keys: DirectionKeys,
    suite: CipherSuite,
    version: int,
    *,
    encrypt_then_mac: bool,
    write: bool,
    random: RandomSource,
    meter: Meter,
) -> Protection:
    """The protection of the records written (or read) under a direction's keys."""
    cipher = suite.cipher
    if cipher.mode == "aead":
        aead = ExplicitNonceProtection if cipher.explicit_nonce_length else ImplicitNonceProtection
        return aead(cipher, keys.key, keys.iv, write=write, meter=meter)
    mac_class = Ssl30RecordMac if version == SSL_3_0 else HmacRecordMac
    mac: RecordMac = mac_class(suite.mac, keys.mac_secret, meter)
    if cipher.mode != "cbc":
        stream = rc4(keys.key) if cipher.mode == "stream" else NullCipher()
        return StreamProtection(cipher.name, stream, mac, write=write, meter=meter)
    running = CbcCipher(
        cipher.name,
        keys.key,
        keys.iv,
        explicit_iv=version > TLS_1_0,
        write=write,
        random=random,
        meter=meter,
    )
    if encrypt_then_mac:
        return EncryptThenMacProtection(running, mac)
    return CbcProtection(running, mac, random_padding=version == SSL_3_0)
