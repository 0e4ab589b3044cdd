"""Keys that both sides were given before they ever met (RFC 8446 §4.2.11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tls.errors import UsageError

_HASHES = ("sha256", "sha384")


@dataclass(frozen=True)
class ExternalPsk:
    """A pre-shared key from outside, under the name that a client offers it by.

    Attributes:
        identity: the name, 1 to 65,535 bytes.
        key: the secret.
        hash: of the suites that it goes with.
        max_early_data: the bytes of early data that it may be used for; 0 for none. A key that is
            used again and again protects nothing against replay: only a server's guard does.

    Raises `UsageError` for a name or a key that is none.
    """

    identity: bytes
    key: bytes = field(repr=False)
    hash: Literal["sha256", "sha384"] = "sha256"
    max_early_data: int = 0

    def __post_init__(self) -> None:
        """Check the key. Raises `UsageError`."""
        if not 1 <= len(self.identity) <= 0xFFFF:
            raise UsageError("a pre-shared key's identity has 1 to 65,535 bytes")
        if not self.key:
            raise UsageError("a pre-shared key has 1 byte at least")
        if self.hash not in _HASHES:
            raise UsageError(f"a pre-shared key goes with {' or '.join(_HASHES)}, not {self.hash}")
