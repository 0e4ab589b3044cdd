"""How times, sizes, addresses and work of a connection are written."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

import sim

_TOLD = 4


def milliseconds(seconds: float) -> str:
    """Return seconds as milliseconds, to the microsecond: "1,284.507"."""
    return f"{1e3 * seconds:,.3f}"


def bytes_words(size: int) -> str:
    """Return a number of bytes; nothing where it is 0."""
    return f"{size:,}" if size else ""


def address_words(host: tuple[int, int]) -> str:
    """Return an address and its port: "192.0.2.80:443"."""
    address, port = host
    return f"{IPv4Address(address)}:{port}"


def work_words(work: Sequence[sim.DoneOperation], most: int = _TOLD) -> str:
    """Return operations in words, those that take longest first: "rsa.private 1024, 2 x sha1"."""
    longest = sorted(work, key=lambda each: -each.seconds)
    words = [_operation(each) for each in longest[:most]]
    left = len(longest) - len(words)
    if left:
        words.append(f"{left} more")
    return ", ".join(words)


def _operation(operation: sim.DoneOperation) -> str:
    name = operation.name + (f" {operation.bits}" if operation.bits else "")
    return name if operation.count <= 1 else f"{operation.count} x {name}"
