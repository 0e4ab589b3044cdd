"""Which tlscape made a result: its version, and a digest of the code that simulates."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from pathlib import Path


@functools.cache
def version() -> str:
    """Return the installed distribution's version, "unknown" when it is run without one."""
    try:
        return importlib.metadata.version("tlscape")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@functools.cache
def simulation_digest() -> str:
    """Return a digest (64 hexadecimal digits) of every file of `sim` and `tls`.

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
