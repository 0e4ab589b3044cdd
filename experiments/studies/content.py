"""The address of a value: a digest of what it holds, and of the code that its behaviour is.

Own functions and classes count by their source and by all that they refer to, however far: helper
functions, base classes, constants, closures, other modules of the user's. Libraries count by name
and version. Whatever this cannot see through is named, and such content has no address.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from pydantic import BaseModel

from experiments.studies.libraries import in_library, library_of
from experiments.studies.outside_world import asking_names, asks, needs_a_seed
from experiments.studies.references import Outside, check_known, names_of, references
from experiments.studies.source_text import SourceUnknown, class_source, function_source

_DERIVED = frozenset(
    (
        *("__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__slots__"),
        *("__signature__", "__match_args__", "__abstractmethods__", "__class_vars__", "_abc_impl"),
        *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
        *("__parameters__", "__orig_bases__", "__firstlineno__", "__static_attributes__"),
        *("__dataclass_params__", "__dataclass_fields__"),
        *("_member_names_", "_member_map_", "_value2member_map_", "_unhashable_values_"),
        *("_hashable_values_", "_new_member_", "_use_args_", "_generate_next_value_"),
    )
)
"""What a class's source and the rest of it already say."""

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented))


@dataclass(frozen=True)
class Content:
    """What a value is.

    Attributes:
        digest: 64 hexadecimal digits; equal for equal content in any process, on any machine.
        unknown: what could not be seen through, in a few words each; then the digest says nothing.
        modules: the names of the user's own modules that it is of, sorted.
    """

    digest: str
    unknown: tuple[str, ...]
    modules: tuple[str, ...]


def content_of(value: Any) -> Content:
    """Return the content of a value: plain data, models, instances, functions or classes."""
    walk = _Walk()
    digest = hashlib.sha256()
    try:
        digest.update(walk.token(value))
        for described in walk.described():
            digest.update(described)
        walk.check_names()
    except RecursionError:
        walk.give_up("values that are nested too deeply")
    return Content(digest.hexdigest(), tuple(walk.unknown), tuple(sorted(walk.modules)))


class _Walk:
    """Numbers what it meets in the order of discovery; each is described once."""

    def __init__(self) -> None:
        self.unknown: dict[str, None] = {}
        self.modules: set[str] = set()
        self._numbers: dict[int, int] = {}
        self._met: list[Any] = []
        self._open: list[int] = []
        self._names: set[str] = set()
        self._asking: set[str] = set()
        self._naming: list[str | None] = []

    def give_up(self, why: str) -> bytes:
        """Note what cannot be seen through."""
        self.unknown[why] = None
        return _joined("unknown", why)

    def check_names(self) -> None:
        """Give up on a name that asks, such as `now`, of what is used as a whole (`datetime`)."""
        for name in sorted(self._names & self._asking):
            self.give_up(f"something that uses {name}, whose answer is not in its source")

    def described(self) -> Iterator[bytes]:
        """Yield the description of everything that was met, which may meet more."""
        done = 0
        while done < len(self._met):
            yield self._description(self._met[done])
            done += 1

    def token(self, value: Any) -> bytes:
        """Return the bytes that stand for a value: its content, or the number of what it is."""
        if isinstance(value, _PLAIN) and type(value) in _PLAIN:
            return _joined(type(value).__name__, repr(value))
        if isinstance(value, type):
            root = value.__module__.partition(".")[0]
            if not {None, root}.intersection(self._naming) and asks(value):
                return self._outside(value)
            return self._definition(value, value.__module__, value.__qualname__)
        if asks(value):
            return self._outside(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if id(value) in self._open:
            return _joined("itself", len(self._open) - self._open.index(id(value)))
        self._open.append(id(value))
        try:
            return self._inner(value)
        finally:
            self._open.pop()

    def _outside(self, value: Any) -> bytes:
        name = getattr(value, "__name__", None)
        what = f"a value of the type {type(value).__qualname__}" if name is None else name
        return self.give_up(f"{what}, whose answer is not in its source")

    def _named(self, value: Any, root: str | None = None) -> bytes:
        """Return the token of what names classes without calling them: annotations, say.

        With a `root`, those of that package: the inside of one of its objects.
        """
        self._asking |= asking_names(value) if isinstance(value, type) else frozenset()
        self._naming.append(root)
        try:
            return self.token(value)
        finally:
            self._naming.pop()

    def _inner(self, value: Any) -> bytes:
        kind = type(value)
        if kind in (tuple, list):
            return _joined(kind.__name__, *map(self.token, value))
        if kind in (dict, types.MappingProxyType):
            pairs = [part for pair in value.items() for part in map(self.token, pair)]
            return _joined("dict", *pairs)
        if kind is types.UnionType:
            return _joined("union", *map(self.token, value.__args__))
        if kind in (set, frozenset):
            return _joined(kind.__name__, *sorted(map(self.token, value)))
        if isinstance(value, staticmethod | classmethod):
            return _joined(kind.__name__, self.token(value.__func__))
        if isinstance(value, property):
            return _joined("property", *map(self.token, (value.fget, value.fset, value.fdel)))
        if isinstance(value, functools.cached_property):
            return _joined("cached_property", self.token(value.func))
        if isinstance(value, types.MethodType):
            return _joined("method", self.token(value.__self__), self.token(value.__func__))
        if isinstance(value, BaseModel):
            return self._model(value)
        if isinstance(value, Enum):
            return _joined("enum", self._named(kind), value.name)
        if isinstance(value, types.BuiltinFunctionType | types.WrapperDescriptorType):
            return self._builtin(value)
        if isinstance(value, np.ufunc) and self._is_found(value, "numpy", value.__name__):
            return _joined("library", library_of("numpy"), value.__name__)
        return self._reduced(value)

    def _model(self, model: BaseModel) -> bytes:
        """A model is its class and its fields; a private attribute follows from them, or is state.

        A cached property is neither. A field that no dump has says nothing that others do not.
        """
        fields = {
            name: getattr(model, name)
            for name, field in type(model).model_fields.items()
            if field.exclude is not True
        }
        return _joined(
            "model",
            self.token(type(model)),
            self.token(fields),
            self.token(model.__pydantic_private__ or {}),
            self.token(model.model_extra or {}),
        )

    def _builtin(self, value: Any) -> bytes:
        owner = getattr(value, "__self__", None)
        if owner is None or isinstance(owner, types.ModuleType | type):
            home = getattr(value, "__module__", None) or getattr(owner, "__module__", None)
            return self._definition(value, home or "builtins", value.__qualname__)
        return _joined("method", self.token(owner), value.__name__)

    def _definition(self, value: Any, module: str | None, name: str) -> bytes:
        """A library's class or function is a name; one's own gets a number, and a description."""
        library = library_of(module)
        # The type of None has a name by which nothing finds it.
        is_found = value is type(None) or self._is_found(value, module, name)
        if library is not None and is_found:
            return _joined("library", library, module, name)
        if library is not None and not isinstance(value, type):
            return _joined("library", library, module, name)
        return self._numbered(value)

    @staticmethod
    def _is_found(value: Any, module: str | None, name: str) -> bool:
        found: Any = sys.modules.get(str(module))
        for part in name.split("."):
            found = getattr(found, part, None)
        return found is value

    def _function(self, function: types.FunctionType) -> bytes:
        if not in_library(function.__code__.co_filename):
            return self._numbered(function)
        inside = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        name = _joined(
            "library",
            library_of(function.__globals__.get("__name__")),
            function.__code__.co_qualname,
        )
        if not inside or library_of(function.__module__) == "tlscape":
            return name
        return _joined("closure", name, *map(self.token, inside))

    def _module(self, module: types.ModuleType) -> bytes:
        library = library_of(module.__name__)
        if library is not None:
            return _joined("library", library, module.__name__)
        return self._numbered(module)

    def _numbered(self, value: Any) -> bytes:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._met)
            self._met.append(value)
        return _joined("number", number)

    def _reduced(self, value: Any) -> bytes:
        """Take an object apart as pickle does."""
        wrapped = getattr(value, "__wrapped__", None)
        if isinstance(wrapped, types.FunctionType):
            return _joined("wrapped", self.token(type(value)), self.token(wrapped))
        try:
            parts = value.__reduce_ex__(4)
        except Exception:
            return self.give_up(f"a value of the type {type(value).__qualname__}")
        if isinstance(parts, str):
            return self._definition(value, getattr(value, "__module__", None), parts)
        maker, arguments, *rest = parts
        root = type(value).__module__.partition(".")[0]
        if root == "operator":
            self._names.update(part for word in arguments for part in str(word).split("."))
        state, items, pairs = ([*rest, None, None, None])[:3]
        return _joined(
            "object",
            self._maker(maker),
            self._named(tuple(arguments), root),
            self._named(state, root),
            self.token(None if items is None else list(items)),
            self.token(None if pairs is None else list(pairs)),
        )

    def _maker(self, maker: Any) -> bytes:
        """Name what makes an object of its parts: pickle's, which asks nothing."""
        if isinstance(maker, type) or library_of(getattr(maker, "__module__", None)) is None:
            return self._named(maker)
        return _joined(
            "library", library_of(maker.__module__), maker.__module__, maker.__qualname__
        )

    def _description(self, value: Any) -> bytes:
        if isinstance(value, types.FunctionType):
            return self._function_description(value)
        if isinstance(value, type):
            return self._class_description(value)
        if isinstance(value, types.ModuleType):
            return self._module_description(value)
        return self.give_up(
            f"{getattr(value, '__qualname__', value)!s}, whose source is not Python"
        )

    def _function_description(self, function: types.FunctionType) -> bytes:
        try:
            source = function_source(function)
        except SourceUnknown as unknown:
            return self.give_up(str(unknown))
        self.modules.add(str(function.__globals__.get("__name__")))
        try:
            names = references(function, source.node)
        except Outside as outside:
            return self.give_up(f"{function.__qualname__} {outside}")
        self._names |= names_of(function.__code__)
        for value in names.values():
            self._asking |= _asking_as_a_whole(value)
        cells = {
            name: self._held(name, cell.cell_contents) if _is_filled(cell) else b"empty"
            for name, cell in zip(
                function.__code__.co_freevars, function.__closure__ or (), strict=True
            )
        }
        return _joined(
            "function",
            source.text,
            function.__code__.co_name,
            _place_of_lambda(function.__code__),
            self.token(function.__defaults__),
            self.token(function.__kwdefaults__),
            *[part for name in sorted(names) for part in (name, self._referred(names[name]))],
            *[part for name in sorted(cells) for part in (name, cells[name])],
        )

    def _class_description(self, cls: type) -> bytes:
        try:
            text = class_source(cls).text
        except SourceUnknown as unknown:
            return self.give_up(str(unknown))
        self.modules.add(cls.__module__)
        generated = hasattr(cls, "__dataclass_fields__") or hasattr(cls, "_field_defaults")
        parts: list[Any] = [self.token(type(cls)), *map(self.token, cls.__bases__)]
        for name, value in sorted(vars(cls).items()):
            if name in _DERIVED or name.startswith("__pydantic_") or _is_slot(value):
                continue
            if generated and name.startswith("__") and _is_generated(value):
                continue
            parts += [name, self._held(name, value)]
        if issubclass(cls, BaseModel):
            for name, field in sorted(cls.model_fields.items()):
                inside = (field.annotation, field.default, field.default_factory, field.metadata)
                annotation, *others = inside
                parts += [name, self._named(annotation), *map(self.token, others)]
        if "__dataclass_fields__" in vars(cls):
            for name, each in sorted(vars(cls)["__dataclass_fields__"].items()):
                parts += [name, self.token(each.default), self.token(each.default_factory)]
        return _joined("class", cls.__qualname__, text, *parts)

    def _referred(self, value: Any) -> bytes:
        """Return the token of a value that a function names; a source of chance is given a seed."""
        if needs_a_seed(value):
            return self._definition(value, value.__module__, value.__qualname__)
        return self.token(value)

    def _held(self, name: str, value: Any) -> bytes:
        """Return the token of a value that is called from a closure or a class."""
        try:
            check_known(name, value)
        except Outside as outside:
            return self.give_up(f"a class or closure {outside}")
        self._asking |= _asking_as_a_whole(value)
        return self.token(value)

    def _module_description(self, module: types.ModuleType) -> bytes:
        """A module that is used as a value counts as a whole."""
        file = getattr(module, "__file__", None)
        if file is not None and not file.endswith(".py"):
            return self.give_up(f"the module {module.__name__}, whose source is not Python")
        self.modules.add(module.__name__)
        names = [name for name in vars(module) if not name.startswith("__")]
        return _joined(
            "module",
            *[part for name in sorted(names) for part in (name, self.token(vars(module)[name]))],
        )


def _asking_as_a_whole(value: Any) -> frozenset[str]:
    """Return the names that ask in what may be used by any of its names: no single function."""
    return frozenset() if isinstance(value, _FUNCTIONS) else asking_names(value)


def _place_of_lambda(code: types.CodeType) -> str:
    """Tell a lambda from others of the same statement."""
    if code.co_name != "<lambda>":
        return ""
    places = [place for place in code.co_positions() if place[2]]
    return f"{(places[0][0] or 0) - code.co_firstlineno} {places[0][2]}" if places else ""


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _is_slot(value: Any) -> bool:
    return isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType)


def _is_generated(value: Any) -> bool:
    """Tell whether `dataclass` or `NamedTuple` made this method from the fields."""
    function = getattr(value, "__func__", getattr(value, "__wrapped__", value))
    if not isinstance(function, types.FunctionType):
        return True
    file = function.__code__.co_filename
    return file.startswith("<string") or in_library(file)


def _joined(*parts: Any) -> bytes:
    """Join parts so that no two lists of parts give the same bytes."""
    digest = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.digest()
