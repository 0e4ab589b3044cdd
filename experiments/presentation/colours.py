"""One colour a thing, the same in every chart of every report."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.presentation.chart import MUTED, SERIES

_BLUE, _VERMILION, _GREEN, _PINK, _SKY, _ORANGE, _INK = SERIES
_HATCHES = ("", "///", "\\\\\\", "xx", "..")

_OF_OPERATIONS = {
    "rsa": _BLUE,
    "ecdsa": _SKY,
    "ecdh": _GREEN,
    "dh": _ORANGE,
    "dsa": _INK,
    "request": _PINK,
    "byte": _VERMILION,
}
_OF_TIMES = {
    "propagation": _BLUE,
    "transmission": _SKY,
    "link queue": _ORANGE,
    "retransmission": _VERMILION,
    "middlebox": _PINK,
    "cpu queue": _INK,
    "server cpu": _GREEN,
    "client cpu": MUTED,
}


def of_operations(kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Return the colour and hatch of each kind of operation (the name up to its first dot)."""
    return _fixed(kinds, _OF_OPERATIONS)


def of_times(headings: Sequence[str]) -> list[tuple[str, str]]:
    """Return the colour and hatch of each heading that a connection's time is booked under."""
    return _fixed(headings, _OF_TIMES)


def _fixed(names: Sequence[str], known: dict[str, str]) -> list[tuple[str, str]]:
    """Return the colours of known names, and hatched ones by the name itself for others."""
    return [
        (known[name], "")
        if name in known
        else (SERIES[_number(name) % len(SERIES)], _HATCHES[1 + _number(name) % 4])
        for name in names
    ]


def _number(name: str) -> int:
    return sum(map(ord, name))
