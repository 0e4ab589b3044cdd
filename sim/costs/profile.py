"""Machine profiles: the price in CPU seconds of everything a connection does.

A profile prices by the operation's name, so it needs no list of what operations there are: one
that the engine gains later is priced by adding a line to the profile's file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from math import log
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

import tls
from sim.costs.contention import ContentionCurve, ContentionPoints
from sim.costs.memory import MemoryUse
from sim.description import fault_at

Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False, strict=True)]
PositiveSeconds = Annotated[float, Field(ge=1e-12, le=1e6, allow_inf_nan=False, strict=True)]
Factor = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False, strict=True)]
Exponent = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False, strict=True)]
Bits = Annotated[int, Field(gt=0, le=1_000_000)]
Rate = tuple[float, float]

_SUFFIX = ".toml"


class UnpricedOperationError(LookupError):
    """No line of a machine profile prices this operation."""


class OperationPrice(BaseModel):
    """The price of one kind of operation: count times `each` plus bytes times `per_byte`.

    Attributes:
        each: seconds an operation.
        per_byte: seconds a byte.
        by_bits: seconds an operation by key size in bits, in the place of `each`. Sizes between
            two that are listed follow the power law through both.
        exponent: the power law beyond the listed sizes, such as 3 for an RSA private operation;
            without it other sizes have no price.

    A price is at most a million seconds, one by key size at least a picosecond, a key has at most
    a million bits, and an exponent is at most 10.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    each: Seconds = 0.0
    per_byte: Seconds = 0.0
    by_bits: dict[Bits, PositiveSeconds] = {}
    exponent: Exponent | None = None

    @model_validator(mode="after")
    def _one_way_to_price(self) -> Self:
        if self.by_bits and self.each:
            raise ValueError("give `each` or `by_bits`, not both")
        if self.exponent is not None and not self.by_bits:
            raise ValueError("`exponent` continues `by_bits`: list at least one key size there")
        return self

    def rate(self, bits: int) -> Rate | None:
        """(seconds an operation, seconds a byte) at that key size, or `None` if it has no price."""
        if not self.by_bits:
            return self.each, self.per_byte
        each = self._each_at(bits)
        return None if each is None else (each, self.per_byte)

    def _each_at(self, bits: int) -> float | None:
        if bits <= 0:
            return None
        listed = sorted(self.by_bits.items())
        for (low, at_low), (high, at_high) in pairwise(listed):
            if low <= bits <= high:
                exponent = log(at_high / at_low) / log(high / low)
                return float(at_low * (bits / low) ** exponent)
        size, seconds = listed[0] if bits <= listed[0][0] else listed[-1]
        if size == bits:
            return seconds
        if self.exponent is None:
            return None
        return float(seconds * (bits / size) ** self.exponent)


class MachineProfile(BaseModel):
    """What operations cost on one core of a machine.

    Attributes:
        name: as scenarios name it.
        title: one line for people.
        source: where the figures come from, with the arithmetic where they are derived.
        base: the built-in profile that prices what `operations` does not list.
        factor: how many times as long as on the base machine those take.
        public_key_factor: the same for public-key operations, those that have a key size, where
            it differs: machines grew faster at multiplying long numbers than at the rest.
        operations: prices by operation name.
        contention: the speed of each of so many threads at once, where one alone has 1.0:
            [[1, 1.0], [8, 0.9], [16, 0.7]]. Linear between, constant beyond; the base's where
            nothing is said, [[1, 1.0]] for none.
        memory: what connections and caches take; the base's where nothing is said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    title: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    base: str | None = None
    factor: Factor = 1.0
    public_key_factor: Factor | None = None
    operations: dict[str, OperationPrice] = {}
    contention: ContentionPoints | None = None
    memory: MemoryUse | None = None

    def __hash__(self) -> int:
        """Of its name and where it comes from: prices are in dictionaries."""
        return hash((self.name, self.title, self.source, self.base))

    @model_validator(mode="after")
    def _base_exists(self) -> Self:
        if self.base is None:
            if self.model_fields_set & {"factor", "public_key_factor"}:
                raise ValueError("a factor needs the `base` profile that it multiplies")
        elif self.base not in machine_profiles():
            raise fault_at(("base",), _unknown(self.base))
        return self

    @classmethod
    def from_toml(cls, text: str, *, name: str) -> Self:
        """The profile in a TOML file's text.

        Raises `ValueError` when it is not TOML or not a profile.
        """
        fields: dict[str, Any] = tomllib.loads(text)
        return cls.model_validate({"name": name, **fields})

    def price(self, operation: tls.Operation) -> float:
        """CPU seconds of one operation, its count and bytes included.

        Raises `UnpricedOperationError` when no line prices it.
        """
        return self.price_all((operation,))

    def price_all(self, operations: Iterable[tls.Operation]) -> float:
        """CPU seconds of all these operations together.

        Raises `UnpricedOperationError` when no line prices one of them.
        """
        rates = self.rates
        total = 0.0
        for name, bits, count, size in operations:
            rate = rates.get((name, bits))
            if rate is None:
                rate = rates[name, bits] = self._rate(name, bits)
            total += count * rate[0] + size * rate[1]
        return total

    @cached_property
    def contention_curve(self) -> ContentionCurve | None:
        """How fast its threads run at once, its own or its base's; `None` at full speed always."""
        if self.contention is not None:
            return ContentionCurve(self.contention) if len(self.contention) > 1 else None
        return None if self.base is None else machine_profile(self.base).contention_curve

    @cached_property
    def memory_use(self) -> MemoryUse | None:
        """What is taken of its memory, its own figures before its base's; `None` if unknown."""
        of_base = None if self.base is None else machine_profile(self.base).memory_use
        return of_base if self.memory is None else self.memory.over(of_base)

    @cached_property
    def rates(self) -> dict[tuple[str, int], Rate]:
        """Seconds an operation and a byte of every (name, bits) asked for so far."""
        return {}

    def _rate(self, name: str, bits: int) -> Rate:
        price = self.operations.get(name)
        rate = price.rate(bits) if price is not None else self._rate_of_base(name, bits)
        if rate is None:
            size = f" of {bits} bits" if bits else ""
            raise UnpricedOperationError(
                f"machine profile {self.name!r} has no price for operation {name!r}{size}: add it "
                "to the profile's `operations`"
            )
        return rate

    def _rate_of_base(self, name: str, bits: int) -> Rate | None:
        if self.base is None:
            return None
        try:
            each, per_byte = machine_profile(self.base)._rate(name, bits)
        except UnpricedOperationError:
            return None
        factor = self.factor
        if bits and self.public_key_factor is not None:
            factor = self.public_key_factor
        return factor * each, factor * per_byte


@cache
def machine_profile(name: str) -> MachineProfile:
    """The built-in profile of that name.

    Raises `ValueError`, naming those that exist, when there is none.
    """
    if name not in machine_profiles():
        raise ValueError(_unknown(name))
    file = _folder().joinpath(name + _SUFFIX)
    return MachineProfile.from_toml(file.read_text(encoding="utf-8"), name=name)


def _unknown(name: str) -> str:
    return f"no machine profile is named {name!r}; there are {', '.join(machine_profiles())}"


def machine_profiles() -> tuple[str, ...]:
    """The names of the built-in profiles, in alphabetical order."""
    found = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(n.removesuffix(_SUFFIX) for n in found if n.endswith(_SUFFIX)))


@cache
def priced_operations() -> frozenset[str]:
    """The names of all operations: what any built-in profile prices."""
    return frozenset(
        operation for name in machine_profiles() for operation in machine_profile(name).operations
    )


def _folder() -> Traversable:
    return files("sim.costs").joinpath("profiles")
