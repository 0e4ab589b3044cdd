"""From a suite and a key block to the protection of both directions (RFC 2246 §6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

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
    mac, key, iv = _lengths(suite)
    keys = 2 * mac
    ivs = keys + 2 * key
    end = ivs + 2 * iv
    block = secrets.key_block(client_random, server_random, end)
    client = DirectionKeys(block[:mac], block[keys : keys + key], block[ivs : ivs + iv])
    server = DirectionKeys(block[mac:keys], block[keys + key : ivs], block[ivs + iv : end])
    if suite.is_export:
        cipher = suite.cipher
        (client.key, client.iv), (server.key, server.iv) = secrets.export_keys(
            (client.key, server.key),
            client_random,
            server_random,
            cipher.key_length,
            cipher.iv_length,
        )
    return client, server


@cache
def _lengths(suite: CipherSuite) -> tuple[int, int, int]:
    """What one direction takes from the key block: MAC secret, key and IV or fixed nonce."""
    cipher = suite.cipher
    if suite.is_export:
        return suite.mac_length, cipher.export_key_length or cipher.key_length, 0
    return suite.mac_length, cipher.key_length, cipher.iv_length


def protections(
    own: DirectionKeys,
    peers: DirectionKeys,
    suite: CipherSuite,
    version: int,
    *,
    encrypt_then_mac: bool,
    random: RandomSource,
    meter: Meter,
) -> tuple[Protection, Protection]:
    """The protection of the records written under one's own keys, and of those read."""
    cipher = suite.cipher
    if cipher.mode == "aead":
        aead = ExplicitNonceProtection if cipher.explicit_nonce_length else ImplicitNonceProtection
        return (
            aead(cipher, own.key, own.iv, write=True, meter=meter),
            aead(cipher, peers.key, peers.iv, write=False, meter=meter),
        )
    return (
        _with_mac(own, suite, version, encrypt_then_mac, random, meter, write=True),
        _with_mac(peers, suite, version, encrypt_then_mac, random, meter, write=False),
    )


def _with_mac(
    keys: DirectionKeys,
    suite: CipherSuite,
    version: int,
    encrypt_then_mac: bool,
    random: RandomSource,
    meter: Meter,
    *,
    write: bool,
) -> Protection:
    cipher = suite.cipher
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
