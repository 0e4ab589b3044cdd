"""Parts that a manifest brings along as source, imported from it."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import sys
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import sim
from experiments.failures import ScenarioError


def embedded_parts(
    shown: str, sources: Mapping[str, str], names: Iterable[Sequence[str]]
) -> tuple[sim.Part, ...]:
    """Return classes of modules whose text is given.

    Args:
        shown: what error messages call the file they came with.
        sources: the modules' texts by their names.
        names: module and class of each part.

    Raises:
        ScenarioError: a module cannot be run, or another of its name is here.
    """
    finder = _Finder(shown, sources)
    for name, module in list(sys.modules.items()):
        if name in sources and getattr(module, "__file__", None) != finder.file(name):
            raise ScenarioError(
                f'{shown}: its module "{name}" would stand in the place of another one here; '
                "repeat the study in a process of its own"
            )
    sys.meta_path.insert(0, finder)
    try:
        found: list[Any] = [
            getattr(importlib.import_module(module), qualified) for module, qualified in names
        ]
    except Exception as error:
        raise ScenarioError(
            f"{shown}: its parts cannot be run ({type(error).__name__}: {error}); "
            "give them with --parts FILE.py"
        ) from None
    finally:
        sys.meta_path.remove(finder)
    return tuple(found)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules in a mapping; their lines are where tracebacks and `inspect` look for them."""

    def __init__(self, shown: str, sources: Mapping[str, str]) -> None:
        self._shown = shown
        self._sources = sources

    def file(self, name: str) -> str:
        return f"<{name} of {self._shown}>"

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        is_package = any(other.startswith(f"{name}.") for other in self._sources)
        if name not in self._sources and not is_package:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        text, file = self._sources.get(module.__name__, ""), self.file(module.__name__)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        module.__file__ = file
        exec(compile(text, file, "exec", dont_inherit=True), vars(module))
