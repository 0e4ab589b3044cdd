"""How large the records of application data are made."""

from __future__ import annotations

from dataclasses import dataclass

from tls.errors import UsageError

MAX_FRAGMENT = 1 << 14
"""The largest plaintext of a record (RFC 2246 §6.2.1)."""


@dataclass(frozen=True, slots=True)
class RecordSizes:
    """The size of application data records.

    Every record carries `full` bytes; with `warm_up_bytes` the first so many bytes of the
    connection go in records of `small` bytes, which a receiver can decrypt as each segment
    arrives, while TCP's window is small.
    """

    full: int = MAX_FRAGMENT
    small: int = 1_300
    warm_up_bytes: int = 0

    def __post_init__(self) -> None:
        """Check the sizes. Raises `UsageError`."""
        for size in (self.full, self.small):
            if not 1 <= size <= MAX_FRAGMENT:
                raise UsageError(f"a record carries 1 to {MAX_FRAGMENT:,} bytes, not {size:,}")

    def size(self, sent: int) -> int:
        """The size of the next record after `sent` bytes of application data."""
        return self.small if sent < self.warm_up_bytes else self.full
