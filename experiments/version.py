"""Which tlscape made a result: its version, and a digest of the code that simulates."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import inspect
from collections.abc import Sequence
from pathlib import Path


@functools.cache
def version() -> str:
    """Return the installed distribution's version, "unknown" when it is run without one."""
    try:
        return importlib.metadata.version("tlscape")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def simulation_digest(parts: Sequence[type] = ()) -> str:
    """Return a digest (64 hexadecimal digits) of all code that simulates: `sim`, `tls` and `parts`.

    The parts are classes of the caller's own.
    """
    own = [_source(part) for part in parts]
    return _digest_of_packages() if not own else _digest([_digest_of_packages(), *own])


def _source(part: type) -> str:
    try:
        return inspect.getsource(part)
    except (OSError, TypeError):
        return f"{part.__module__}.{part.__qualname__}"


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


@functools.cache
def _digest_of_packages() -> str:
    """Return the digest of every file of `sim` and `tls`.

    Two results are comparable row by row only when the same code made them; a version number
    does not tell that between two releases.
    """
    import sim
    import tls

    digest = hashlib.sha256()
    for package in (sim, tls):
        root = Path(str(package.__file__)).parent
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            relative = file.relative_to(root)
            if "__pycache__" in relative.parts:
                continue
            digest.update(f"{package.__name__}/{relative.as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
