"""The source of functions and classes, and whether it is what is running.

Files and notebook cells are read through `linecache`, where IPython keeps the cells too. A source
counts only when it compiles to the very code that runs: one that was edited after it was imported
does not.
"""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass

_FUTURE = functools.reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag,
    __future__.all_feature_names,
    0,
)


class SourceUnknown(Exception):
    """There is no source, or not the one that runs; the message says which, in a few words."""


@dataclass(frozen=True)
class Definition:
    """Where something is defined.

    Attributes:
        text: its source, from its decorators to its last line.
        node: its syntax tree.
        file: the file's or cell's name.
    """

    text: str
    node: ast.AST
    file: str


def function_source(function: types.FunctionType) -> Definition:
    """Return a function's definition; that of a lambda is the statement it stands in.

    Raises:
        SourceUnknown: its source cannot be read, or is no longer what runs.
    """
    code = function.__code__
    text = _text(code.co_filename)
    if text is None:
        raise SourceUnknown(f"{function.__qualname__} has no source that could be read")
    flags = code.co_flags & _FUTURE
    if code not in _code_objects(text, code.co_filename, flags):
        raise SourceUnknown(f"{function.__qualname__} is not what its source says now")
    best: ast.AST | None = None
    for node in ast.walk(_tree(text)):
        if not isinstance(node, ast.stmt) or not _covers(node, code.co_firstlineno):
            continue
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (
            named
            and getattr(node, "name", "") == code.co_name
            and (_first_line(node) == code.co_firstlineno)
        ):
            return _definition(text, node, code.co_filename)
        if best is None or _lines(node) <= _lines(best):
            best = node
    if best is None:
        raise SourceUnknown(f"{function.__qualname__} is not found in its source")
    return _definition(text, best, code.co_filename)


def class_source(cls: type) -> Definition:
    """Return a class's definition.

    Raises:
        SourceUnknown: none is found, as of a class that `type` or `exec` made, or several differ.
    """
    functions = [
        inner
        for value in vars(cls).values()
        for inner in [getattr(value, "__func__", value)]
        if isinstance(inner, types.FunctionType)
        and inner.__qualname__ == f"{cls.__qualname__}.{inner.__name__}"
        and inner.__module__ == cls.__module__
        and not inner.__code__.co_filename.startswith("<string")
    ]
    module = sys.modules.get(cls.__module__)
    home = getattr(module, "__file__", None)
    files = {function.__code__.co_filename for function in functions} or (
        {home} if isinstance(home, str) else set(_cells())
    )
    found = {
        definition.text: definition
        for file in sorted(files)
        for text in [_text(file)]
        if text is not None
        for node in _classes(_tree(text), cls.__qualname__)
        for definition in [_definition(text, node, file)]
        if all(
            _covers(node, function.__code__.co_firstlineno) or function.__name__ not in _names(node)
            for function in functions
        )
    }
    if len(found) != 1:
        raise SourceUnknown(
            f"{cls.__qualname__} has no source that could be read"
            if not found
            else f"{cls.__qualname__} is defined more than once"
        )
    return next(iter(found.values()))


def _text(file: str) -> str | None:
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    return "".join(lines) if lines else None


def _cells() -> Iterator[str]:
    """Yield the names of the cells and inputs that were run, which are no files."""
    for name in list(linecache.cache):
        entry = linecache.cache[name]
        if len(entry) == 4 and entry[1] is None:
            yield name


@functools.lru_cache(maxsize=64)
def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


@functools.lru_cache(maxsize=64)
def _code_objects(text: str, file: str, flags: int) -> frozenset[types.CodeType]:
    try:
        whole = compile(text, file, "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return frozenset()
    found: set[types.CodeType] = set()
    waiting = [whole]
    while waiting:
        code = waiting.pop()
        found.add(code)
        waiting += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
    return frozenset(found)


def _classes(tree: ast.AST, qualified_name: str) -> Iterator[ast.ClassDef]:
    """Yield the classes of that qualified name, those inside functions included."""

    def visit(node: ast.AST, prefix: str) -> Iterator[ast.ClassDef]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                if prefix + child.name == qualified_name:
                    yield child
                yield from visit(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from visit(child, f"{prefix}{child.name}.<locals>.")
            else:
                yield from visit(child, prefix)

    return visit(tree, "")


def _names(node: ast.ClassDef) -> set[str]:
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {inner.name for inner in ast.walk(node) if isinstance(inner, defined)}


def _definition(text: str, node: ast.AST, file: str) -> Definition:
    lines = text.splitlines(keepends=True)[_first_line(node) - 1 : _last_line(node)]
    indent = len(lines[0]) - len(lines[0].lstrip())
    plain = "".join(line[indent:] if not line[:indent].strip() else line for line in lines)
    return Definition(plain.rstrip() + "\n", node, file)


def _first_line(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min(int(getattr(one, "lineno", 0)) for one in (node, *decorators))


def _last_line(node: ast.AST) -> int:
    return int(getattr(node, "end_lineno", None) or _first_line(node))


def _lines(node: ast.AST) -> int:
    return _last_line(node) - _first_line(node)


def _covers(node: ast.AST, line: int) -> bool:
    return _first_line(node) <= line <= _last_line(node)
