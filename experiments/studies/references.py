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

from experiments.studies.outside_world import asks, is_chance, is_setting, needs_a_seed

_LOADS = frozenset(("LOAD_GLOBAL", "LOAD_NAME"))
_ATTRIBUTES = frozenset(("LOAD_ATTR", "LOAD_METHOD"))

_LOOKING_UP = frozenset(
    (
        *("__builtins__", "__dict__", "__getattribute__", "__globals__", "__loader__", "__spec__"),
        *("__subclasses__", "f_globals", "f_locals"),
    )
)
"""Names by which anything may be reached that the source does not name."""

_BY_WORDS = frozenset(("attrgetter", "getattr", "methodcaller"))
"""Functions that look up what a text names."""

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
    looking_up = _LOOKING_UP & names_of(function.__code__)
    if looking_up:
        raise Outside(f"uses {min(looking_up)}, by which it may reach what is not in its source")
    found: dict[str, Any] = {}
    for path in _paths(function.__code__):
        name, value = _resolved(function.__globals__, path)
        if needs_a_seed(value):
            _check_seeded(name, node)
        else:
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
        module, value = value, getattr(value, part)
        name += f".{part}"
        if is_setting(module, part, value):
            raise Outside(f"uses {name}, whose answer is not in its source")
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
        Outside: it asks the machine, the clock or chance, or is of a library that may.
    """
    if asks(value):
        raise Outside(f"uses {name}, whose answer is not in its source")
    if needs_a_seed(value) or is_chance(getattr(value, "__self__", value)):
        raise Outside(f"uses {name}, whose answer is not in its source")


def names_of(code: types.CodeType) -> set[str]:
    """Return the names that a function uses, inner functions included.

    Texts are names too where a function such as `getattr` is used.
    """
    found: set[str] = set()
    words: set[str] = set()
    waiting = [code]
    while waiting:
        inner = waiting.pop()
        found.update(inner.co_names)
        words.update(one for one in inner.co_consts if isinstance(one, str))
        waiting += [one for one in inner.co_consts if isinstance(one, types.CodeType)]
    return found | words if found & _BY_WORDS else found


def _check_seeded(name: str, node: ast.AST) -> None:
    """Let a source of chance pass where each use of it is a call with a seed."""
    last = name.rpartition(".")[2]
    seeded = {
        id(call.func) for call in ast.walk(node) if isinstance(call, ast.Call) and _is_given(call)
    }
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Name | ast.Attribute)
            and _last_name(inner) == last
            and id(inner) not in seeded
        ):
            raise Outside(f"uses {name} without a seed")


def _is_given(call: ast.Call) -> bool:
    """Tell whether a call has an argument that is not `None`."""
    first = [*call.args, *(keyword.value for keyword in call.keywords)][:1]
    return any(not (isinstance(one, ast.Constant) and one.value is None) for one in first)


def _last_name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


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
