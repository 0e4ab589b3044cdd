"""Block ciphers in CBC mode: MAC, pad, then encrypt; or pad, encrypt, then MAC."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import IDEA, RC2, Camellia, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tls.alerts import BAD_RECORD_MAC
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.mac import RecordMac
from tls.record.protection import Body


def _single_des(key: bytes) -> TripleDES:
    # EDE with three equal keys is single DES, which the library has not.
    return TripleDES(key * 3)


ALGORITHMS: dict[str, Callable[[bytes], CipherAlgorithm]] = {
    "rc2-40-cbc": RC2,
    "des40-cbc": _single_des,
    "des-cbc": _single_des,
    "idea-cbc": IDEA,
    "3des-cbc": TripleDES,
    "aes-128-cbc": AES,
    "aes-256-cbc": AES,
    "camellia-128-cbc": Camellia,
    "camellia-256-cbc": Camellia,
}
"""The block ciphers this engine has, by their name in the registry of suites."""

_OPERATIONS = {
    write: {name: f"{direction}.{name}" for name in ALGORITHMS}
    for write, direction in ((True, "encrypt"), (False, "decrypt"))
}
_PADDINGS = [bytes([length]) * (length + 1) for length in range(256)]


class _Running(Protocol):
    def update(self, data: Body) -> bytes: ...


class CbcCipher:
    """One direction of a block cipher in CBC mode, chained from record to record.

    With `explicit_iv` (TLS 1.1 on) each record starts with a random block of its own (RFC 4346
    §6.2.3.2). It is made by encrypting a random block in the running chain: the first ciphertext
    block is then as random as the block, and serves as the record's initialization vector.
    """

    __slots__ = ("_book", "_operation", "_random", "block", "explicit_iv", "running")

    def __init__(
        self,
        name: str,
        key: bytes,
        iv: bytes,
        *,
        explicit_iv: bool,
        write: bool,
        random: RandomSource,
        meter: Meter,
    ) -> None:
        cipher = Cipher(ALGORITHMS[name](key), CBC(iv))
        self.running: _Running = cipher.encryptor() if write else cipher.decryptor()
        self._operation = _OPERATIONS[write][name]
        self._random = random
        self._book = meter.book
        self.block = len(iv)
        self.explicit_iv = explicit_iv

    def encrypt(self, plain: bytes) -> bytes:
        """The padded and encrypted `plain`, behind its initialization vector if explicit."""
        plain += _PADDINGS[self.block - 1 - len(plain) % self.block]
        if self.explicit_iv:
            plain = self._random.draw(self.block) + plain
        self._book((self._operation, 0, 1, len(plain)))
        return self.running.update(plain)

    def decrypt(self, body: Body) -> bytes:
        """What `encrypt` padded, padding still on; "" when it is no whole number of blocks."""
        size = len(body)
        if size % self.block or size < self.block * (1 + self.explicit_iv):
            return b""
        self._book((self._operation, 0, 1, size))
        plain = self.running.update(body)
        return plain[self.block :] if self.explicit_iv else plain


class CbcProtection:
    """MAC, pad, then encrypt (RFC 2246 §6.2.3.2 GenericBlockCipher).

    `random_padding` is SSL 3.0's rule: padding of less than a block whose content nobody checks
    (RFC 6101 §5.2.3.2).
    """

    wire_type = 0
    __slots__ = ("_cipher", "_mac", "_random_padding", "predictable_iv")

    def __init__(self, cipher: CbcCipher, mac: RecordMac, *, random_padding: bool) -> None:
        self._cipher = cipher
        self._mac = mac
        self._random_padding = random_padding
        self.predictable_iv = not cipher.explicit_iv

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """The encrypted fragment, MAC and padding."""
        mac = self._mac.compute(content_type, version, fragment)
        return b"", self._cipher.encrypt(fragment + mac)

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """The fragment, its padding and MAC checked.

        Bad padding is found out only together with the MAC, which is computed all the same, so
        that the two failures cannot be told apart (RFC 4346 §6.2.3.2).
        """
        plain = self._cipher.decrypt(body)
        mac_length = self._mac.length
        size = len(plain)
        if size <= mac_length:
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record does not decrypt"
            )
        padding = plain[-1]
        length = size - mac_length - padding - 1
        if self._random_padding:
            well_padded = length >= 0 and padding < self._cipher.block
        else:
            well_padded = length >= 0 and plain.endswith(_PADDINGS[padding])
        if not well_padded:
            length = size - mac_length - 1
        fragment = plain[:length]
        expected = self._mac.compute(content_type, version, fragment)
        verified = compare_digest(expected, plain[length : length + mac_length])
        if not (verified and well_padded):
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record does not decrypt"
            )
        return content_type, fragment


class EncryptThenMacProtection:
    """Pad, encrypt, then MAC what was encrypted (RFC 7366 §3)."""

    wire_type = 0
    __slots__ = ("_cipher", "_mac", "predictable_iv")

    def __init__(self, cipher: CbcCipher, mac: RecordMac) -> None:
        self._cipher = cipher
        self._mac = mac
        self.predictable_iv = not cipher.explicit_iv

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """The encrypted fragment and padding, then the MAC."""
        encrypted = self._cipher.encrypt(fragment)
        return b"", encrypted + self._mac.compute(content_type, version, encrypted)

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """The fragment; nothing is decrypted before the MAC verifies."""
        encrypted, mac = body[: -self._mac.length], body[-self._mac.length :]
        if not compare_digest(self._mac.compute(content_type, version, encrypted), mac):
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record's MAC does not verify"
            )
        plain = self._cipher.decrypt(encrypted)
        if not plain or not plain.endswith(_PADDINGS[plain[-1]]):
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record's padding is malformed"
            )
        return content_type, plain[: -plain[-1] - 1]
