"""The source of a user's own parts, written out so that it can be run elsewhere.

A module that lies in a file is its text. What was defined in a notebook, or in a script that runs a
study itself, is gathered: the definitions that a part needs, with the imports and constants that
they refer to, and nothing else.
"""

from __future__ import annotations
import __future__

import ast
import base64
import pickle
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.studies.content import content_of
from experiments.studies.libraries import library_of
from experiments.studies.source_text import SourceUnknown, class_source, function_source

GATHERED = "gathered_parts"
"""The name of the module that gathered definitions are run as."""


def sources_of(parts: Sequence[type]) -> dict[str, str] | None:
    """Return the text of each module that parts are of, those that others import first.

    Classes of `__main__` are gathered under the name `GATHERED`. `None` when something cannot be
    written out.
    """
    modules = sorted({name for part in parts for name in content_of(part).modules})
    texts = {}
    gather = _Gathering()
    for name in modules:
        file = getattr(sys.modules.get(name), "__file__", None)
        if name != "__main__" and isinstance(file, str) and Path(file).is_file():
            texts[name] = Path(file).read_text(encoding="utf-8-sig")
    try:
        for part in parts:
            if part.__module__ not in texts:
                gather.definition(part)
    except (SourceUnknown, _CannotWrite):
        return None
    return {**texts, GATHERED: gather.text()} if gather.pieces else texts


class _CannotWrite(Exception):
    """A value has no source."""


class _Gathering:
    """Definitions in the order in which they can be run."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._imports: dict[str, None] = {}
        self._seen: set[int] = set()
        self._constants: set[str] = set()
        self._annotations = False

    def text(self) -> str:
        first = ["from __future__ import annotations"] if self._annotations else []
        return "\n".join([*first, *self._imports, "", *self.pieces])

    def definition(self, value: Any) -> None:
        """Write a class or function, after what it refers to."""
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, type):
            source, scope = class_source(value), _scope_of_class(value)
        else:
            source, scope = function_source(value), value.__globals__
        feature = scope.get("annotations")
        self._annotations |= feature is __future__.annotations
        names = {node.id for node in ast.walk(source.node) if isinstance(node, ast.Name)}
        for name in sorted(names & scope.keys()):
            self._name(name, scope[name])
        self.pieces.append(source.text)

    def _name(self, name: str, value: Any) -> None:
        if isinstance(value, types.ModuleType):
            self._imports[f"import {value.__name__} as {name}"] = None
            return
        home = getattr(value, "__module__", None)
        inner = getattr(value, "__qualname__", None) or name
        if isinstance(home, str) and library_of(home) is None and home == "__main__":
            if isinstance(value, type | types.FunctionType):
                self.definition(value)
                if value.__name__ != name:
                    self.pieces.append(f"{name} = {value.__name__}\n")
                return
        elif isinstance(home, str):
            for candidate in (str(inner), name):
                if getattr(sys.modules.get(home), candidate, None) is value:
                    self._imports[f"from {home} import {candidate} as {name}"] = None
                    return
        self._constant(name, value)

    def _constant(self, name: str, value: Any) -> None:
        if name in self._constants:
            return
        self._constants.add(name)
        words = repr(value)
        try:
            if ast.literal_eval(words) == value and type(ast.literal_eval(words)) is type(value):
                self.pieces.append(f"{name} = {words}\n")
                return
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            pass
        try:
            data = base64.b64encode(pickle.dumps(value)).decode()
        except Exception:
            raise _CannotWrite(name) from None
        self.pieces.append(
            f'import base64, pickle\n{name} = pickle.loads(base64.b64decode("{data}"))\n'
        )


def _scope_of_class(cls: type) -> dict[str, Any]:
    for value in vars(cls).values():
        function = getattr(value, "__func__", value)
        if isinstance(function, types.FunctionType) and function.__module__ == cls.__module__:
            return function.__globals__
    return vars(sys.modules[cls.__module__])
