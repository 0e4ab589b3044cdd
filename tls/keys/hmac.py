"""HMAC keyed once and used often (RFC 2104)."""

from __future__ import annotations

from tls.keys.hashes import HASHES

_MAKERS = {name: (new, new(b"").block_size) for name, new in HASHES.items()}
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def hmac(hash_name: str, key: bytes, data: bytes) -> bytes:
    """HMAC(key, data) under a key that is used once: two hashes and no copies.

    `hash_name` is as in `KeyedHmac`, the key no longer than a block of the hash.
    """
    new, block_size = _MAKERS[hash_name]
    padded = key.ljust(block_size, b"\0")
    inner = new(padded.translate(_INNER) + data).digest()
    return new(padded.translate(_OUTER) + inner).digest()


class KeyedHmac:
    """HMAC under one key: the padded key is hashed once, each digest starts from a copy.

    `hash_name` is md5, sha1, sha256 or sha384.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, hash_name: str, key: bytes) -> None:
        new, block_size = _MAKERS[hash_name]
        if len(key) > block_size:
            key = new(key).digest()
        padded = key.ljust(block_size, b"\0")
        self._inner = new(padded.translate(_INNER))
        self._outer = new(padded.translate(_OUTER))

    def digest(self, data: bytes) -> bytes:
        """HMAC(key, data) = H(K xor opad, H(K xor ipad, data))."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def digest_both(self, one: bytes, other: bytes) -> tuple[bytes, bytes]:
        """The HMAC of each, as key derivation wants two at a time: written out, as `expand` is."""
        copy_inner, copy_outer = self._inner.copy, self._outer.copy
        inner, outer = copy_inner(), copy_outer()
        inner.update(one)
        outer.update(inner.digest())
        digest = outer.digest()
        inner, outer = copy_inner(), copy_outer()
        inner.update(other)
        outer.update(inner.digest())
        return digest, outer.digest()

    def expand(self, label: bytes, seed: bytes, length: int) -> bytes:
        """P_hash(key, label + seed) of that length in bytes (RFC 5246 §5).

        P_hash(key, seed) = HMAC(A(1) + seed) + HMAC(A(2) + seed) ..., where A(i) = HMAC(A(i-1)) and
        A(0) = seed. Written out, as key derivation spends its time here.
        """
        copy_inner, copy_outer = self._inner.copy, self._outer.copy
        a = seed = label + seed
        output = b""
        while len(output) < length:
            inner, outer = copy_inner(), copy_outer()
            inner.update(a)
            outer.update(inner.digest())
            a = outer.digest()
            inner, outer = copy_inner(), copy_outer()
            inner.update(a + seed)
            outer.update(inner.digest())
            output += outer.digest()
        return output[:length]
