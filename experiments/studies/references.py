"""What a function refers to by name, outside itself."""

from __future__ import annotations

import ast
import builtins
import dis
import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from typing import Any

from experiments.studies.libraries import library_of

_LOADS = frozenset(("LOAD_GLOBAL", "LOAD_NAME"))
_ATTRIBUTES = frozenset(("LOAD_ATTR", "LOAD_METHOD"))

_UNSEEN = frozenset(
    ("__import__", "compile", "eval", "exec", "globals", "input", "locals", "open", "vars")
)
"""Built-in functions whose answer is not in the source."""

_WORLD = frozenset(
    (
        *("ctypes", "ftplib", "glob", "http", "importlib", "inspect", "io", "linecache", "os"),
        *("pathlib", "platform", "random", "secrets", "select", "shelve", "shutil", "signal"),
        *("socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib"),
        "uuid",
    )
)
"""Modules of Python's that ask the machine, the clock or chance."""

_PURE = frozenset(("random.Random", "sys.maxsize", "sys.float_info", "threading.Lock"))

MISSING = "(missing)"
"""Stands for a name that is not defined."""


class Outside(Exception):
    """The function depends on what no source says; the message tells, after the function's name."""


def references(function: types.FunctionType, node: ast.AST) -> dict[str, Any]:
    """Return the values that a function refers to by name, inner functions included.

    An attribute of a module is looked up (`helpers.rate`), so that of a module only what is used
    counts. `node` is the function's definition.

    Raises:
        Outside: it reads files, the clock or the like, or looks names up while it runs.
    """
    _check_getattr(node)
    found: dict[str, Any] = {}
    for path in _paths(function.__code__):
        name, value = _resolved(function.__globals__, path)
        check_known(name, value)
        found[name] = value
    for module in _imports(function):
        check_known(module.__name__, module)
        found[f"import {module.__name__}"] = module
    return found


def _paths(code: types.CodeType) -> Iterator[tuple[str, ...]]:
    """Yield each global name with the attributes that follow it."""
    instructions = [one for one in dis.get_instructions(code) if one.opname != "CACHE"]
    for place, one in enumerate(instructions):
        if one.opname not in _LOADS:
            continue
        path = [str(one.argval)]
        for after in instructions[place + 1 :]:
            if after.opname not in _ATTRIBUTES:
                break
            path.append(str(after.argval))
        yield tuple(path)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _paths(inner)


def _resolved(scope: dict[str, Any], path: tuple[str, ...]) -> tuple[str, Any]:
    """Follow a path as long as it goes through modules."""
    first, *others = path
    if first in scope:
        value = scope[first]
    elif hasattr(builtins, first):
        value = getattr(builtins, first)
    else:
        return first, MISSING
    name = first
    for part in others:
        if not isinstance(value, types.ModuleType) or not hasattr(value, part):
            break
        value = getattr(value, part)
        name += f".{part}"
    return name, value


def _imports(function: types.FunctionType) -> Iterator[types.ModuleType]:
    """Yield the modules that a function imports when it runs."""
    package = function.__globals__.get("__package__") or ""
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        waiting += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        before: list[dis.Instruction] = []
        for one in dis.get_instructions(code):
            if one.opname == "IMPORT_NAME":
                level = before[-2].argval if len(before) > 1 else 0
                yield _module("." * int(level or 0) + str(one.argval), package)
            before.append(one)


def _module(name: str, package: str) -> types.ModuleType:
    try:
        full = importlib.util.resolve_name(name, package) if name.startswith(".") else name
        return sys.modules.get(full) or importlib.import_module(full)
    except Exception:
        raise Outside(f"imports {name}, which is not found") from None


def check_known(name: str, value: Any) -> None:
    """Check that what a value does when it is called follows from the source.

    Raises:
        Outside: it asks the machine, the clock or chance.
    """
    home = value.__name__ if isinstance(value, types.ModuleType) else _home(value)
    root = str(home or "").partition(".")[0]
    if isinstance(value, types.BuiltinFunctionType) and root == "builtins":
        if value.__name__ in _UNSEEN:
            raise Outside(f"calls {value.__name__}, whose answer is not in its source")
        return
    if isinstance(value, types.ModuleType | types.FunctionType | types.BuiltinFunctionType | type):
        pure = f"{root}.{getattr(value, '__name__', '')}" in _PURE
        library = library_of(root)
        if root in _WORLD and library is not None and library.startswith("python ") and not pure:
            raise Outside(f"uses {name}, whose answer is not in its source")
    owner = getattr(value, "__self__", None)
    if type(owner).__module__ == "random" or type(owner).__name__ == "RandomState":
        raise Outside(f"uses {name}, whose answer is not in its source")


def _home(value: Any) -> str | None:
    home = getattr(value, "__module__", None)
    return home if isinstance(home, str) else None


def _check_getattr(node: ast.AST) -> None:
    """Let `getattr` pass with a name that is written out, and nothing else."""
    written = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and _is_getattr(call.func) and len(call.args) > 1:
            name = call.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                written.add(id(call.func))
    for inner in ast.walk(node):
        if _is_getattr(inner) and id(inner) not in written:
            raise Outside("calls getattr with a name that is not in its source")


def _is_getattr(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "getattr"
