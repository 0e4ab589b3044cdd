"""From a suite and a key block to the protection of both directions (RFC 2246 §6.3)."""

from __future__ import annotations

from tls.meter import Meter
from tls.record.cbc import CbcProtection
from tls.record.mac import HmacRecordMac, RecordMac, Ssl30RecordMac
from tls.record.protection import Protection
from tls.record.stream import StreamProtection
from tls.suites import CIPHERS, MAC_LENGTHS, CipherSuite
from tls.versions import SSL_3_0


def key_block_length(suite: CipherSuite) -> int:
    """How many bytes a suite takes from the key block: two MAC secrets, two keys, two IVs."""
    cipher = CIPHERS[suite.cipher]
    return 2 * (MAC_LENGTHS[suite.mac] + cipher.key_length + cipher.iv_length)


class DirectionKeys:
    """One direction's share of the key block: MAC secret, key and initialization vector."""

    __slots__ = ("iv", "key", "mac_secret", "suite", "version")

    def __init__(
        self, version: int, suite: CipherSuite, mac_secret: bytes, key: bytes, iv: bytes
    ) -> None:
        self.version = version
        self.suite = suite
        self.mac_secret = mac_secret
        self.key = key
        self.iv = iv

    def protection(self, *, write: bool, meter: Meter) -> Protection:
        """The protection of records written (or read) under these keys."""
        cipher = CIPHERS[self.suite.cipher]
        record_mac = Ssl30RecordMac if self.version == SSL_3_0 else HmacRecordMac
        mac: RecordMac = record_mac(self.suite.mac, self.mac_secret, meter)
        if cipher.block_length == 0:
            return StreamProtection(cipher.name, self.key, mac, write=write, meter=meter)
        return CbcProtection(
            cipher.name,
            self.key,
            self.iv,
            mac,
            random_padding=self.version == SSL_3_0,
            write=write,
            meter=meter,
        )


def split_key_block(
    version: int, suite: CipherSuite, block: bytes
) -> tuple[DirectionKeys, DirectionKeys]:
    """The client's and the server's write keys, cut from the key block in the RFC's order."""
    cipher = CIPHERS[suite.cipher]
    parts = []
    position = 0
    for length in (MAC_LENGTHS[suite.mac], cipher.key_length, cipher.iv_length):
        for _ in ("client", "server"):
            parts.append(block[position : position + length])
            position += length
    client_mac, server_mac, client_key, server_key, client_iv, server_iv = parts
    return (
        DirectionKeys(version, suite, client_mac, client_key, client_iv),
        DirectionKeys(version, suite, server_mac, server_key, server_iv),
    )
