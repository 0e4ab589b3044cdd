"""What code of a library asks besides its arguments: files, the machine, the clock, chance.

A part's results may be taken again only where all that it calls answers alike each time. Of many
of Python's modules and of a few libraries that is known; any other counts as asking.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Any

from experiments.studies.libraries import library_of

_ANSWERING = frozenset(
    (
        *("abc", "array", "base64", "binascii", "bisect", "cmath", "collections", "colorsys"),
        *("contextlib", "copy", "copyreg", "csv", "dataclasses", "datetime", "decimal", "difflib"),
        *("enum", "errno", "fractions", "functools", "graphlib", "hashlib", "heapq", "hmac"),
        *("html", "ipaddress", "itertools", "json", "keyword", "logging", "math", "numbers"),
        *("operator", "pprint", "queue", "re", "statistics", "string", "struct", "textwrap"),
        *("types", "typing", "unicodedata", "warnings", "weakref", "zlib", "zoneinfo"),
        *("blake2", "md5", "sha1", "sha2", "sha256", "sha3", "sha512", "sre", "thread_safe"),
        *("annotated_types", "numpy", "pydantic", "pydantic_core", "scipy", "simpy"),
        *("typing_extensions", "typing_inspection", "sim", "tls"),
    )
)
"""Modules whose code depends on its arguments, but for the names below."""

_DATA = frozenset(("dateutil", "pandas", "pyarrow", "pytz"))
"""Libraries whose objects hold plain data, though some of their functions ask."""

_ASKING: Mapping[str, frozenset[str]] = {
    "builtins": frozenset(
        (
            *("__import__", "breakpoint", "compile", "eval", "exec", "globals", "hash", "id"),
            *("input", "locals", "open", "vars"),
        )
    ),
    "datetime": frozenset(("astimezone", "fromtimestamp", "now", "today", "utcnow")),
    "numpy": frozenset(
        (
            *("DataSource", "datetime64", "fromfile", "fromregex", "genfromtxt", "load"),
            *("loadtxt", "memmap", "open_memmap", "random"),
        )
    ),
    "scipy": frozenset(("datasets", "io", "rvs")),
    "simpy": frozenset(("RealtimeEnvironment", "rt")),
    "statistics": frozenset(("samples",)),
}
"""Names in otherwise answering modules that ask."""

_WITH_ASKING_METHODS = frozenset(("datetime", "scipy", "statistics"))

_SEEDED = frozenset(
    (
        *("random.Random", "numpy.random.default_rng", "numpy.random.RandomState"),
        *("numpy.random.Generator", "numpy.random.SeedSequence", "numpy.random.MT19937"),
        *("numpy.random.PCG64", "numpy.random.PCG64DXSM", "numpy.random.Philox"),
        "numpy.random.SFC64",
    )
)
"""Sources of chance that answer alike where they are given a seed."""

_PARTS = frozenset(("io.BytesIO", "io.StringIO", "sys.float_info", "sys.maxsize", "threading.Lock"))
"""Single answering things of modules that ask."""

_INTERNAL = ("numpy.random.mtrand", "numpy.random._")


def asks(value: Any) -> bool:
    """Tell whether a library's module, class, function or object may ask the world.

    What is the user's own is looked at by its source, and does not count here.
    """
    if not _is_named(value):
        return _object_asks(value)
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, types.ModuleType | type):
        return _object_asks(owner)
    module, name = _home(value)
    root = module.partition(".")[0]
    if root == "builtins":
        return name in _ASKING["builtins"]
    if library_of(root) is None:
        return False
    if f"{module}.{name}" in _PARTS or f"{module.lstrip('_')}.{name}" in _PARTS:
        return False
    plain = root.lstrip("_")
    if plain not in _ANSWERING:
        return True
    inside = {*module.split(".")[1:], name}
    return bool(inside & _ASKING.get(plain, frozenset()))


def needs_a_seed(value: Any) -> bool:
    """Tell whether a class or function is a source of chance that answers alike with a seed."""
    if not _is_named(value):
        return False
    module, name = _home(value)
    if module.startswith(_INTERNAL):
        module = "numpy.random"
    return f"{module}.{name}" in _SEEDED


def is_setting(module: types.ModuleType, name: str, value: Any) -> bool:
    """Tell whether a module's value is of the process or machine, such as `sys.argv`.

    Numbers and members of enumerations, such as `socket.AF_INET`, are constants.
    """
    if _is_named(value) or isinstance(value, int) or f"{module.__name__}.{name}" in _PARTS:
        return False
    return asks(module)


def is_chance(value: Any) -> bool:
    """Tell whether an object is a source of chance, whose next answer depends on those before."""
    kind = type(value)
    return kind.__module__ == "random" or kind.__module__.startswith("numpy.random")


def asking_names(value: Any) -> frozenset[str]:
    """Return the names in a library's module, class or object that ask, though it does not."""
    if isinstance(value, types.ModuleType):
        root = value.__name__.partition(".")[0]
        return frozenset() if root == "builtins" else _ASKING.get(root, frozenset())
    kind = value if isinstance(value, type) else type(value)
    root = kind.__module__.partition(".")[0]
    return _ASKING[root] if root in _WITH_ASKING_METHODS else frozenset()


_NAMED = (
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.WrapperDescriptorType,
    type,
)


def _is_named(value: Any) -> bool:
    """Tell whether a value is known by its module and name; Cython has a type for its functions."""
    return isinstance(value, _NAMED) or type(value).__name__ == "cython_function_or_method"


def _home(value: Any) -> tuple[str, str]:
    """Return the module of a named value, and its name there."""
    if isinstance(value, types.ModuleType):
        return value.__name__, ""
    module = getattr(value, "__module__", None)
    owner = getattr(value, "__self__", None)
    if not isinstance(module, str) and isinstance(owner, type):
        module = owner.__module__
    name = getattr(value, "__name__", "")
    return (module if isinstance(module, str) else "builtins"), str(name)


def _object_asks(value: Any) -> bool:
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if isinstance(value, Enum) or root == "builtins" or library_of(root) is None:
        return False
    plain = root.lstrip("_")
    return plain not in _ANSWERING and plain not in _DATA and not is_chance(value)
