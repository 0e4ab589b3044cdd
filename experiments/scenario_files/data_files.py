"""Files that a scenario names: counts (CSV), profiles (TOML), certificates and keys (PEM).

Each is read once, when the scenario is; from then on its content stands for it. What is run depends
on the content alone, never on a name or a path. Of private keys results keep the fingerprint.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from experiments.failures import ScenarioError
from experiments.scenario_files import data_sets, pem_files
from experiments.scenario_files.count_files import CountSeries, read_counts
from experiments.scenario_files.overrides import Override, parse_path
from experiments.scenario_files.places import Source
from experiments.scenario_files.text_files import read_text, toml_content
from experiments.scenario_files.toml_places import Path
from sim.identities import without_private_keys
from sim.units import parse_duration

LARGEST = 64_000_000
"""Bytes of a file."""

_HOSTS = ("server", "servers", "clients", "middleboxes", "balancers")


@dataclass(frozen=True)
class DataFile:
    """A file that was read.

    Attributes:
        text: its text; as it was kept where it comes with a result.
        origin: where it was read from, `None` where it comes with a result.
        key_at: where a file with a private key was that was not kept; `None` for any other.
    """

    text: str
    origin: FilePath | None = None
    key_at: FilePath | None = None

    @functools.cached_property
    def kept(self) -> str:
        """Its text as results keep it: of private keys no more than their fingerprints."""
        return without_private_keys(self.text)

    def with_key(self, name: str) -> DataFile:
        """Return the file with its private key, read again if that was not kept.

        Raises:
            ScenarioError: it is not there, or another.
        """
        if self.key_at is None:
            return self
        remedy = f"results do not keep private keys; put the file back ({self.key_at})"
        try:
            text = read_text(self.key_at, name, largest=LARGEST)
        except ScenarioError:
            raise ScenarioError(f"{name}: there is no such file; {remedy}") from None
        if without_private_keys(text) != self.text:
            raise ScenarioError(f"{name}: not what the study was run with; {remedy}")
        return DataFile(text, self.key_at)


@dataclass(frozen=True)
class DataFiles:
    """The files that a scenario names.

    Attributes:
        folder: what names in the scenario file are relative to; in overrides they are to the
            working directory.
        files: what was read, by the name that the scenario has for it.
    """

    folder: FilePath = FilePath()
    files: Mapping[str, DataFile] = field(default_factory=dict)

    @classmethod
    def of_texts(cls, texts: Mapping[str, str], keys_at: Mapping[str, str]) -> DataFiles:
        """Return files that need not be read: as `texts` and `keys_at` have them, by name."""
        places = {name: FilePath(place) for name, place in keys_at.items()}
        return cls(
            files={name: DataFile(text, key_at=places.get(name)) for name, text in texts.items()}
        )

    @property
    def texts(self) -> dict[str, str]:
        """The text of each file by its name: with the scenario's own all that it was read from.

        Private keys apart.
        """
        return {name: file.kept for name, file in sorted(self.files.items())}

    @property
    def keys_at(self) -> dict[str, str]:
        """Where each file is, by its name, that has a private key."""
        places = {
            name: file.key_at or (file.origin if file.kept != file.text else None)
            for name, file in sorted(self.files.items())
        }
        return {name: str(place) for name, place in places.items() if place is not None}

    def with_keys(self) -> DataFiles:
        """Return these files with all private keys, read again where they come from a result.

        Raises:
            ScenarioError: one is not there, or another.
        """
        files = {name: file.with_key(name) for name, file in self.files.items()}
        return replace(self, files=files)

    def read(
        self, content: Mapping[str, Any], overrides: Iterable[Override], source: Source
    ) -> DataFiles:
        """Return these files and those that a scenario's content names, its overrides applied.

        Args:
            content: the scenario file's, its `[study]` table included.
            overrides: each as it was given and, where it pins a factor, as it does that.
            source: tells the place of each name.

        Raises:
            ScenarioError: one cannot be read, or two have the same name.
        """
        found: DataFiles = self
        overrides = tuple(overrides)
        for override in overrides:
            for path, name in _names(override.value, override.path):
                found = found._with(name, FilePath(), path, source)
        for path, name in _names(content, ()):
            if not any(path[: len(one.path)] == one.path for one in overrides):
                found = found._with(name, self.folder, path, source)
        return found

    def filled(
        self, description: Mapping[str, Any], source: Source
    ) -> tuple[dict[str, Any], dict[Path, Source]]:
        """Put contents in the place of the names that a description has for them.

        Returns the filled description, and from which source each filled place is.

        Raises:
            ScenarioError: a content is not what belongs there.
        """
        filled: Any = dict(description)
        sources: dict[Path, Source] = {}
        for path, name in _all_names(description):
            place = source.place(path)
            if path[-1] == "counts":
                filled = _set(filled, path[:-1], self._counts(name, description, path, source))
                continue
            if not _is_file(name, str(path[-1])):
                continue
            text = self._text(name, place)
            content = toml_content(text, f"{place}: {name}")
            filled = _set(filled, path, {"name": FilePath(name).stem, **content})
            sources[path] = Source(name, text)
        for path, name, kind in _all_pem_names(description):
            place = source.place(path)
            text = self._text(name, place)
            filled = _set(filled, path, pem_files.content_of(kind, text, f"{place}: {name}"))
        return filled, sources

    def _with(self, name: str, folder: FilePath, path: Path, source: Source) -> DataFiles:
        """Return these and one more, its name relative to `folder`."""
        place = source.place(path)
        pem_files.check_name(name, place)
        file, known = folder / name, self.files.get(name)
        if known is not None and known.origin in (None, file.absolute()):
            return self
        text = read_text(
            file, f"{place}: {name}", largest=LARGEST, otherwise=pem_files.otherwise(path)
        )
        if known is not None and known.text != text:
            raise ScenarioError(
                f'{place}: there are two files "{name}", one here and one beside the scenario; '
                "rename one, or give its whole path"
            )
        return replace(self, files={**self.files, name: DataFile(text, file.absolute())})

    def _text(self, name: str, place: str) -> str:
        if name in self.files:
            return self.files[name].text
        return read_text(FilePath(name), f"{place}: {name}", largest=LARGEST)

    def _counts(
        self, name: str, description: Mapping[str, Any], path: Path, source: Source
    ) -> dict[str, Any]:
        """Return the table of arrivals with a file's or a data set's counts and their interval."""
        arrivals = dict(description[str(path[0])])
        place = source.place(path)
        if not _is_file(name, "counts"):
            try:
                series = data_sets.count_series(name)
            except ScenarioError as error:
                raise ScenarioError(f"{place}: {error}") from None
            if "interval" in arrivals:
                raise ScenarioError(
                    f'{source.place((*path[:-1], "interval"))}: the data set "{name}" has its '
                    "own interval; remove this one"
                )
        else:
            text = self._text(name, place)
            try:
                series = read_counts(text, name)
            except ScenarioError as error:
                raise ScenarioError(f"{place}: {error}") from None
            _check_interval(series, name, arrivals, source, path)
        interval = {} if series.interval is None else {"interval": f"{series.interval!r} s"}
        return {**arrivals, "counts": series.counts, **interval}


def _check_interval(
    series: CountSeries, name: str, arrivals: Mapping[str, Any], source: Source, path: Path
) -> None:
    """Check that a file with times has no other interval beside it, and one without has one."""
    written = arrivals.get("interval")
    if written is None:
        if series.interval is None:
            raise ScenarioError(
                f"{source.place(path)}: {name} has counts but no times; "
                'give the scenario their interval: interval = "1 min"'
            )
        return
    try:
        seconds = parse_duration(written)
    except ValueError as error:
        raise ScenarioError(f"{source.place((*path[:-1], 'interval'))}: {error}") from None
    if series.interval is not None and seconds != series.interval:
        raise ScenarioError(
            f"{source.place((*path[:-1], 'interval'))}: by its times {name} has an interval of "
            f'{series.interval:g} s; write "{series.interval:g} s", or remove this one'
        )


# ---------------------------------------------------------------- where names stand


def _kind_of(path: Path) -> str | None:
    """Return the key of a place that may hold the name of a file, `None` for other places."""
    if path == ("arrivals", "counts"):
        return "counts"
    host = path[:-2] if path[-2:-1] == ("private_key",) else path[:-1]
    if path[-1:] == ("machine",) and _is_host(host):
        return "machine"
    if path[-1:] == ("profile",) and _is_client(host):
        return "profile"
    return pem_files.kind_of(path) if path[0] in _HOSTS else None


def _is_host(path: Path) -> bool:
    """Whether a host is described there; a balancer is one where it ends TLS."""
    if path[:1] == ("balancers",):
        return len(path) == 3 and path[2] == "termination"
    return path == ("server",) or (len(path) == 2 and path[0] in _HOSTS and path[0] != "server")


def _is_client(path: Path) -> bool:
    """Whether what is described there has a client's profile: clients, and proxies."""
    return _is_host(path) and path[0] in ("clients", "middleboxes", "balancers")


def _is_file(name: str, kind: str) -> bool:
    """Whether a name is that of a file, and not of what ships with the project."""
    if kind not in ("machine", "profile", "counts"):
        return pem_files.is_file(name, kind)
    endings = (".csv", ".tsv", ".txt") if kind == "counts" else (".toml",)
    return name.lower().endswith(endings) or os.sep in name or "/" in name


def _names(content: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files' names in the content of a scenario file at `path`, with their places."""
    if path[:2] in (("study", "factors"), ("study", "baseline")) and len(path) >= 3:
        setting = _setting(path)
        if setting:
            yield from (
                (path + inner[len(setting) :], name)
                for inner, name in _in_levels(content, path, setting)
            )
        return
    if isinstance(content, Mapping):
        for key, inner in content.items():
            if path or key in ("arrivals", "study", *_HOSTS):
                yield from _names(inner, (*path, key))
    elif isinstance(content, list) and path[-1:] in (("clients",), ("trusts",)):
        for number, inner in enumerate(content):
            yield from _names(inner, (*path, number))
    elif isinstance(content, str):
        kind = _kind_of(path)
        if kind is not None and _is_file(content, kind):
            yield path, content


def _setting(path: Path) -> Path:
    """Return what a factor or a setting of the baseline sets; nothing where it is no path."""
    try:
        return parse_path(str(path[2]), "")
    except ScenarioError:
        return ()


def _in_levels(content: Any, path: Path, setting: Path) -> Iterator[tuple[Path, str]]:
    is_levels = path[1] == "factors" and len(path) == 3
    for level in content if is_levels and isinstance(content, list) else (content,):
        yield from _names(level, setting)


def _all_names(description: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield every place of a world that names counts or a profile, shipped ones included."""
    arrivals = description.get("arrivals")
    if isinstance(arrivals, Mapping) and isinstance(arrivals.get("counts"), str):
        yield ("arrivals", "counts"), arrivals["counts"]
    for path, host in _hosts(description):
        if isinstance(host.get("machine"), str):
            yield (*path, "machine"), host["machine"]
        if isinstance(host.get("profile"), str) and _is_client(path):
            yield (*path, "profile"), host["profile"]


def _all_pem_names(description: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Yield every place of a world that names a PEM file, the name, and the kind of the place."""
    for path, host in _hosts(description):
        for place, name in pem_files.names_of(host, path):
            yield place, name, str(pem_files.kind_of(place))


def _hosts(description: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the described hosts of a world, and where they are described."""
    hosts: list[tuple[Path, Any]] = [(("server",), description.get("server"))]
    clients = description.get("clients")
    if isinstance(clients, list):
        hosts += [(("clients", number), host) for number, host in enumerate(clients)]
    for key in ("servers", "middleboxes"):
        named = description.get(key)
        if isinstance(named, Mapping):
            hosts += [((key, name), host) for name, host in named.items()]
    balancers = description.get("balancers")
    if isinstance(balancers, Mapping):
        hosts += [
            (("balancers", name, "termination"), balancer["termination"])
            for name, balancer in balancers.items()
            if isinstance(balancer, Mapping) and "termination" in balancer
        ]
    hosts += [
        ((*path, "private_key"), host["private_key"])
        for path, host in hosts
        if path[0] in ("server", "servers") and isinstance(host, Mapping) and "private_key" in host
    ]
    yield from ((path, host) for path, host in hosts if isinstance(host, Mapping))


def _set(content: Any, path: Path, value: Any) -> Any:
    """Return a copy of nested tables with another value at a path that there is."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    copy = list(content) if isinstance(content, list) else dict(content)
    copy[first] = _set(content[first], rest, value)  # type: ignore[index]
    return copy
