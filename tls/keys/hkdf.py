"""HKDF with the labels of TLS 1.3 (RFC 5869, RFC 8446 §7.1)."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

from tls.keys.hashes import HASHES
from tls.keys.hmac import KeyedHmac

HASH_LENGTHS = {name: new(b"").digest_size for name, new in HASHES.items()}
"""The bytes that each hash gives."""

_HEAD = Struct(">HB").pack
_LONGEST_LABEL = 255 - len(b"tls13 ")
_FIRST_BLOCK = b"\1"


def hkdf_extract(hash_name: str, salt: bytes, keying_material: bytes) -> bytes:
    """HKDF-Extract(salt, IKM) = HMAC-Hash(salt, IKM) (RFC 5869 §2.2)."""
    return KeyedHmac(hash_name, salt).digest(keying_material)


def hkdf_expand_label(
    hash_name: str, secret: bytes, label: bytes, context: bytes, length: int
) -> bytes:
    """HKDF-Expand-Label(Secret, Label, Context, Length) (RFC 8446 §7.1).

    = HKDF-Expand(Secret, HkdfLabel, Length), where HkdfLabel is

    ```
    uint16 length;
    opaque label<7..255> = "tls13 " + Label;
    opaque context<0..255>;
    ```
    """
    return expand_label(KeyedHmac(hash_name, secret), label, context, length)


def derive_secret(hash_name: str, secret: bytes, label: bytes, transcript_hash: bytes) -> bytes:
    """Derive-Secret(Secret, Label, Messages) (RFC 8446 §7.1).

    = HKDF-Expand-Label(Secret, Label, Transcript-Hash(Messages), Hash.length)
    """
    return hkdf_expand_label(hash_name, secret, label, transcript_hash, HASH_LENGTHS[hash_name])


def expand_label(keyed: KeyedHmac, label: bytes, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label under a secret that is keyed already.

    Args:
        keyed: HMAC under the secret.
        label: without its "tls13 ".
        context: at most 255 bytes.
        length: in bytes, at most 255 times what the hash gives.
    """
    info = label_head(label, len(context), length) + context
    block = keyed.digest(info + _FIRST_BLOCK)
    if length <= len(block):
        return block[:length]
    # T(n) = HMAC-Hash(PRK, T(n-1) | info | n) (RFC 5869 §2.3)
    output = block
    number = 1
    while len(output) < length:
        number += 1
        block = keyed.digest(block + info + bytes((number,)))
        output += block
    return output[:length]


@lru_cache(maxsize=256)
def label_head(label: bytes, context_length: int, length: int) -> bytes:
    """HkdfLabel up to its context."""
    if len(label) > _LONGEST_LABEL:
        raise ValueError(f"a label of {len(label)} bytes, which has room for {_LONGEST_LABEL}")
    head = _HEAD(length, len(label) + 6)
    return b"".join((head, b"tls13 ", label, bytes((context_length,))))
