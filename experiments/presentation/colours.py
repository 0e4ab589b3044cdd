"""One colour a thing, the same in every chart of every report."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.presentation.chart import MUTED, SERIES

_BLUE, _VERMILION, _GREEN, _PINK, _SKY, _ORANGE, _INK = SERIES
_HATCHES = ("", "///", "\\\\\\", "xx", "..")

_OF_OPERATIONS = {
    "rsa": (_BLUE, ""),
    "ecdsa": (_SKY, "///"),
    "ecdh": (_GREEN, "\\\\\\"),
    "dh": (_ORANGE, "xx"),
    "dsa": (_INK, ".."),
    "request": (_PINK, "--"),
    "byte": (_VERMILION, "oo"),
    "mldsa": (_BLUE, "xx"),
    "mlkem": (_PINK, "xx"),
    "accept": (_SKY, ".."),
    "flight": (_ORANGE, "///"),
    "record": (_GREEN, "xx"),
    "prf": (_INK, "///"),
    "hkdf": (_INK, "xx"),
    "hmac": (_GREEN, "--"),
    "hash": (_SKY, "xx"),
    "encrypt": (_VERMILION, "///"),
    "decrypt": (_ORANGE, ".."),
    "random": (_PINK, "oo"),
}
_OF_TIMES = {
    "propagation": (_BLUE, ""),
    "transmission": (_SKY, "///"),
    "link queue": (_ORANGE, "xx"),
    "retransmission": (_VERMILION, "oo"),
    "middlebox": (_PINK, "--"),
    "cpu queue": (_INK, ".."),
    "server cpu": (_GREEN, "\\\\\\"),
    "client cpu": (MUTED, "||"),
}
"""Colours, and hatches that stay apart in grey."""


def of_operations(kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Return the colour and hatch of each kind of operation (the name up to its first dot)."""
    return _fixed(kinds, _OF_OPERATIONS)


def of_times(headings: Sequence[str]) -> list[tuple[str, str]]:
    """Return the colour and hatch of each heading that a connection's time is booked under."""
    return _fixed(headings, _OF_TIMES)


def of_causes(number: int) -> list[tuple[str, str]]:
    """Return colours and hatches of so many things in order that have none of their own."""
    return [
        (SERIES[place % len(SERIES)], _HATCHES[place % len(_HATCHES)]) for place in range(number)
    ]


def _fixed(names: Sequence[str], known: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the colours of known names, and hatched ones by the name itself for others."""
    return [
        known[name]
        if name in known
        else (SERIES[_number(name) % len(SERIES)], _HATCHES[1 + _number(name) % 4])
        for name in names
    ]


def _number(name: str) -> int:
    return sum(map(ord, name))
