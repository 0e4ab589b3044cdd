"""The hashes of handshakes and records, each with its fastest maker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from hashlib import sha1, sha256, sha384

md5: Callable[[bytes], hashlib._Hash]
try:
    # OpenSSL's MD5 takes twice as long as Python's own to be copied and finished, which is what
    # key derivation does all the time. Not every Python has its own.
    from _md5 import md5  # type: ignore[import-not-found, no-redef]
except ImportError:
    from hashlib import md5

HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "md5": md5,
    "sha1": sha1,
    "sha256": sha256,
    "sha384": sha384,
}
"""Makers of running hashes, begun with some bytes, by the names that are used here."""
