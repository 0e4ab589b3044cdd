"""Files that a scenario names: counts of its own (CSV) and machine profiles of its own (TOML).

Each is read once, when the scenario is; from then on its content stands for it. What is run depends
on the content alone, never on a name or a path.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from experiments.failures import ScenarioError
from experiments.scenario_files import data_sets
from experiments.scenario_files.count_files import CountSeries, read_counts
from experiments.scenario_files.overrides import Override, parse_path
from experiments.scenario_files.places import Source
from experiments.scenario_files.text_files import read_text, toml_content
from experiments.scenario_files.toml_places import Path
from sim.units import parse_duration

LARGEST = 64_000_000
"""Bytes of a file of counts or a machine profile."""

_HOSTS = ("server", "clients", "middleboxes")


@dataclass(frozen=True)
class DataFile:
    """A file that was read: its text, and where from (`None` where that is not known any more)."""

    text: str
    origin: FilePath | None = None


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
    def of_texts(cls, texts: Mapping[str, str]) -> DataFiles:
        """Return files that need not be read: their texts by name, as `texts` has them."""
        return cls(files={name: DataFile(text) for name, text in texts.items()})

    @property
    def texts(self) -> dict[str, str]:
        """The text of each file by its name: with the scenario's own all that it was read from."""
        return {name: file.text for name, file in sorted(self.files.items())}

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
            if not _is_file(name, "machine"):
                continue
            text = self._text(name, place)
            content = toml_content(text, f"{place}: {name}")
            filled = _set(filled, path, {"name": FilePath(name).stem, **content})
            sources[path] = Source(name, text)
        return filled, sources

    def _with(self, name: str, folder: FilePath, path: Path, source: Source) -> DataFiles:
        """Return these and one more, its name relative to `folder`."""
        place = source.place(path)
        file, known = folder / name, self.files.get(name)
        if known is not None and known.origin in (None, file.absolute()):
            return self
        text = read_text(file, f"{place}: {name}", largest=LARGEST)
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
    if path[-1:] == ("machine",) and path[0] in _HOSTS and len(path) == 2 + (path[0] != "server"):
        return "machine"
    return None


def _is_file(name: str, kind: str) -> bool:
    """Whether a name is that of a file, and not of what ships with the project."""
    endings = (".toml",) if kind == "machine" else (".csv", ".tsv", ".txt")
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
    elif isinstance(content, list) and path == ("clients",):
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
    """Yield every place of a world that names counts or a machine, shipped ones included."""
    arrivals = description.get("arrivals")
    if isinstance(arrivals, Mapping) and isinstance(arrivals.get("counts"), str):
        yield ("arrivals", "counts"), arrivals["counts"]
    hosts: list[tuple[Path, Any]] = [(("server",), description.get("server"))]
    clients, boxes = description.get("clients"), description.get("middleboxes")
    if isinstance(clients, list):
        hosts += [(("clients", number), host) for number, host in enumerate(clients)]
    if isinstance(boxes, Mapping):
        hosts += [(("middleboxes", name), host) for name, host in boxes.items()]
    for path, host in hosts:
        if isinstance(host, Mapping) and isinstance(host.get("machine"), str):
            yield (*path, "machine"), host["machine"]


def _set(content: Any, path: Path, value: Any) -> Any:
    """Return a copy of nested tables with another value at a path that there is."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    copy = list(content) if isinstance(content, list) else dict(content)
    copy[first] = _set(content[first], rest, value)  # type: ignore[index]
    return copy
