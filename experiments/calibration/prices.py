"""Measured prices, and the TOML file of a machine profile they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Price:
    """The price of an operation: seconds each and seconds a byte."""

    each: float
    per_byte: float = 0.0

    def fields(self) -> dict[str, Any]:
        """As a profile's `operations` has it."""
        fields = {"each": _rounded(self.each), "per_byte": _rounded(self.per_byte)}
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True)
class KeyPrice:
    """The price of a public-key operation: seconds by key size in bits, and the power of bits
    that it grows with beyond those sizes."""

    by_bits: Mapping[int, float]
    exponent: float

    def fields(self) -> dict[str, Any]:
        """As a profile's `operations` has it."""
        by_bits = {str(bits): _rounded(seconds) for bits, seconds in self.by_bits.items()}
        return {"by_bits": by_bits, "exponent": self.exponent}


Prices = dict[str, Price | KeyPrice]


def profile_toml(profile: Mapping[str, Any]) -> str:
    """A machine profile, without its name, as the text of a TOML file."""
    lines = [
        f"title = {_string(profile['title'])}",
        f"source = {_string(profile['source'])}",
        *([f"contention = {profile['contention']!r}"] if "contention" in profile else []),
        "",
        "[operations]    # seconds each, seconds a byte; by key size in bits where it has one",
    ]
    width = max(len(name) for name in profile["operations"]) + 2
    for name, fields in profile["operations"].items():
        lines.append(f"{_string(name):{width}} = {_inline_table(fields)}")
    return "\n".join(lines) + "\n"


def _inline_table(fields: Mapping[str, Any]) -> str:
    inner = ", ".join(f"{name} = {_value(value)}" for name, value in fields.items())
    return f"{{ {inner} }}"


def _value(value: float | Mapping[str, Any]) -> str:
    return _inline_table(value) if isinstance(value, Mapping) else repr(value)


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"""\n' + escaped + '"""' if "\n" in text else f'"{escaped}"'


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.3g}")
