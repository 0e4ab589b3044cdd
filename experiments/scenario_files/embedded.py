"""Data that a study carries along: what its scenario only names, as it was when it was run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field
from typing import Any

import sim
from experiments.scenario_files import data_sets


@dataclass(frozen=True)
class Embedded:
    """What ships with tlscape and scenarios name, by name.

    Attributes:
        data_sets: counts of arrivals, with their interval in seconds, as plain values.
        machines: machine profiles, as plain values.
        clients: client profiles, as plain values.
    """

    data_sets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    machines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clients: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def in_place(self, description: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a description with contents instead of names that mean others here."""
        if not self.data_sets and not self.machines and not self.clients:
            return description
        others = {
            "machine": _others(self.machines, _profile_here),
            "profile": _others(self.clients, _client_here),
            "counts": _others(self.data_sets, _counts_here),
        }
        return {key: _replaced(key, value, others) for key, value in description.items()}

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain values, as `of_plain` takes them."""
        return {
            "data_sets": dict(self.data_sets),
            "machine_profiles": dict(self.machines),
            "client_profiles": dict(self.clients),
        }

    @classmethod
    def of_plain(cls, content: Mapping[str, Any]) -> Embedded:
        """Read plain values.

        Raises:
            TypeError, ValueError: they are not as `plain` gave them.
        """
        kinds = ("data_sets", "machine_profiles", "client_profiles")
        return cls(*(dict(content.get(kind, {})) for kind in kinds))

    @classmethod
    def named_in(cls, contents: Iterable[Any], known: Embedded) -> Embedded:
        """Return the data sets and profiles that descriptions name; `known` go first."""
        words = sorted(set(_words(contents)))
        series = {name: known.data_sets.get(name) or _counts_here(name) for name in words}
        machines = {name: known.machines.get(name) or _profile_here(name) for name in words}
        clients = {name: known.clients.get(name) or _client_here(name) for name in words}
        return cls(
            {name: one for name, one in series.items() if one is not None},
            {name: one for name, one in machines.items() if one is not None},
            {name: one for name, one in clients.items() if one is not None},
        )


NOTHING = Embedded()
"""No data that came along: names mean what they mean here."""


def _profile_here(name: str) -> Mapping[str, Any] | None:
    if name not in sim.machine_profiles():
        return None
    return sim.machine_profile(name).model_dump(mode="json")


def _client_here(name: str) -> Mapping[str, Any] | None:
    if name not in sim.client_profiles():
        return None
    return sim.client_profile(name).model_dump(mode="json", exclude_unset=True)


def _counts_here(name: str) -> Mapping[str, Any] | None:
    if name not in data_sets.names():
        return None
    series = data_sets.count_series(name)
    return {"counts": list(series.counts), "interval": series.interval}


def _others(
    carried: Mapping[str, Mapping[str, Any]], here: Callable[[str], Mapping[str, Any] | None]
) -> dict[str, Mapping[str, Any]]:
    """Return what does not mean here what it meant where it came from."""
    return {name: dict(content) for name, content in carried.items() if here(name) != content}


def _replaced(key: Any, value: Any, others: Mapping[str, Mapping[str, Any]]) -> Any:
    if key in ("machine", "profile") and isinstance(value, str):
        return others[key].get(value, value)
    if isinstance(value, Mapping):
        inside = {inner: _replaced(inner, one, others) for inner, one in value.items()}
        series = others["counts"].get(str(value.get("counts"))) if key == "arrivals" else None
        if series is not None:
            inside |= {"counts": series["counts"], "interval": f"{series['interval']!r} s"}
        return inside
    if isinstance(value, list):
        return [_replaced(None, one, others) for one in value]
    return value


def _words(content: Any) -> Iterator[str]:
    """Yield every string among plain values."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        yield from _words(content.values())
    elif isinstance(content, list | tuple | set | frozenset | Iterator | ValuesView):
        for one in content:
            yield from _words(one)
