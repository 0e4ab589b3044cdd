"""Data that a study carries along: what its scenario only names, as it was when it was run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sim
from experiments.scenario_files import data_sets
from experiments.scenario_files.data_sets import CountSeries


@dataclass(frozen=True)
class Embedded:
    """What scenarios name, by name.

    Attributes:
        data_sets: counts of arrivals.
        machines: machine profiles, as plain values.
    """

    data_sets: Mapping[str, CountSeries] = field(default_factory=dict)
    machines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def count_series(self, name: str) -> CountSeries:
        """Return a data set: the embedded one of that name, or else the one here.

        Raises:
            ScenarioError: there is none.
        """
        return self.data_sets.get(name) or data_sets.count_series(name)

    def in_place(self, description: Mapping[str, Any]) -> dict[str, Any]:
        """Return a description with machine profiles instead of names that mean others here."""
        other = {
            name: dict(profile)
            for name, profile in self.machines.items()
            if _profile_here(name) != profile
        }
        return {key: _replaced(key, value, other) for key, value in description.items()}

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain values, as `of_plain` takes them."""
        return {
            "data_sets": {
                name: dataclasses.asdict(series) for name, series in self.data_sets.items()
            },
            "machine_profiles": dict(self.machines),
        }

    @classmethod
    def of_plain(cls, content: Mapping[str, Any]) -> Embedded:
        """Read plain values.

        Raises:
            TypeError, KeyError, AttributeError: they are not as `plain` gave them.
        """
        series = {
            name: CountSeries(**{**one, "counts": tuple(one["counts"])})
            for name, one in content.get("data_sets", {}).items()
        }
        return cls(series, dict(content.get("machine_profiles", {})))

    @classmethod
    def named_in(cls, contents: Iterable[Any], known: Embedded) -> Embedded:
        """Return the data sets and machine profiles that descriptions name; `known` go first."""
        words = set(_words(contents))
        series = {
            name: known.count_series(name)
            for name in sorted(words & {*data_sets.names(), *known.data_sets})
        }
        machines = {
            name: known.machines[name] if name in known.machines else _profile_here(name)
            for name in sorted(words & {*sim.machine_profiles(), *known.machines})
        }
        return cls(series, {name: one for name, one in machines.items() if one is not None})


def _profile_here(name: str) -> Mapping[str, Any] | None:
    if name not in sim.machine_profiles():
        return None
    return sim.machine_profile(name).model_dump(mode="json")


def _replaced(key: Any, value: Any, machines: Mapping[str, Any]) -> Any:
    if key == "machine" and isinstance(value, str):
        return machines.get(value, value)
    if isinstance(value, Mapping):
        return {inner: _replaced(inner, one, machines) for inner, one in value.items()}
    if isinstance(value, list):
        return [_replaced(None, one, machines) for one in value]
    return value


def _words(content: Any) -> Iterator[str]:
    """Yield every string among plain values."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        yield from _words(content.values())
    elif isinstance(content, Iterable) and not isinstance(content, bytes):
        for one in content:
            yield from _words(one)
