"""Block ciphers in CBC mode: MAC, pad, then encrypt (RFC 2246 §6.2.3.2 GenericBlockCipher)."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tls.alerts import BAD_RECORD_MAC
from tls.errors import PeerError
from tls.meter import Meter
from tls.record.mac import RecordMac


def _single_des(key: bytes) -> TripleDES:
    # EDE with three equal keys is single DES, which the library has not.
    return TripleDES(key * 3)


_ALGORITHMS: dict[str, Callable[[bytes], CipherAlgorithm]] = {
    "des-cbc": _single_des,
    "3des-cbc": TripleDES,
    "aes-128-cbc": AES,
    "aes-256-cbc": AES,
}

_PADDINGS = [bytes([length]) * (length + 1) for length in range(256)]


class CbcProtection:
    """A block cipher in CBC mode with a MAC inside, as SSL 3.0 and TLS 1.0 have it.

    The initialization vector of the first record comes from the key block, every later one is the
    last cipher block of the record before. `random_padding` is SSL 3.0's rule: padding of less
    than a block whose content nobody checks (RFC 6101 §5.2.3.2).
    """

    __slots__ = ("_block", "_cipher", "_mac", "_meter", "_name", "_random_padding")

    def __init__(
        self,
        name: str,
        key: bytes,
        iv: bytes,
        mac: RecordMac,
        *,
        random_padding: bool,
        write: bool,
        meter: Meter,
    ) -> None:
        cipher = Cipher(_ALGORITHMS[name](key), CBC(iv))
        self._cipher = cipher.encryptor() if write else cipher.decryptor()
        self._block = len(iv)
        self._mac = mac
        self._meter = meter
        self._name = f"{'encrypt' if write else 'decrypt'}.{name}"
        self._random_padding = random_padding

    def seal(self, content_type: int, version: int, fragment: bytes) -> bytes:
        """The encrypted fragment, MAC and padding."""
        plain = fragment + self._mac.compute(content_type, version, fragment)
        plain += _PADDINGS[self._block - 1 - len(plain) % self._block]
        self._meter.add(self._name, 0, 1, len(plain))
        return self._cipher.update(plain)

    def open(self, content_type: int, version: int, body: bytes) -> bytes:
        """The fragment, its padding and MAC checked.

        Bad padding is found out only together with the MAC, which is computed all the same, so
        that the two failures cannot be told apart (RFC 4346 §6.2.3.2).
        """
        size = len(body)
        mac_length = self._mac.length
        if size % self._block or size <= mac_length:
            raise PeerError(BAD_RECORD_MAC, "the record does not decrypt")
        self._meter.add(self._name, 0, 1, size)
        plain = self._cipher.update(body)
        padding = plain[-1]
        length = size - mac_length - padding - 1
        if self._random_padding:
            well_padded = length >= 0 and padding < self._block
        else:
            well_padded = length >= 0 and plain.endswith(_PADDINGS[padding])
        if not well_padded:
            length = size - mac_length - 1
        fragment = plain[:length]
        expected = self._mac.compute(content_type, version, fragment)
        verified = compare_digest(expected, plain[length : length + mac_length])
        if not (verified and well_padded):
            raise PeerError(BAD_RECORD_MAC, "the record does not decrypt")
        return fragment
