"""HMAC keyed once and used often (RFC 2104)."""

from __future__ import annotations

import hashlib

_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class KeyedHmac:
    """HMAC under one key: the padded key is hashed once, each digest starts from a copy.

    `hash_name` as hashlib knows it.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, hash_name: str, key: bytes) -> None:
        block = hashlib.new(hash_name)
        if len(key) > block.block_size:
            key = hashlib.new(hash_name, key).digest()
        padded = key.ljust(block.block_size, b"\0")
        self._inner = hashlib.new(hash_name, padded.translate(_INNER))
        self._outer = hashlib.new(hash_name, padded.translate(_OUTER))

    def digest(self, data: bytes) -> bytes:
        """HMAC(key, data) = H(K xor opad, H(K xor ipad, data))."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()
