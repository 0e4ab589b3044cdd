"""Which code is a library's, known by name and version, and which is the user's own."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import site
import sys
import sysconfig
from pathlib import Path

OURS = ("tls", "sim", "experiments")
"""The packages that are tlscape itself, known by `simulation_digest`."""

SIMULATING = ("cryptography", "numpy", "pyarrow", "pydantic", "simpy")
"""The libraries that decide on the bytes of a job's tables."""


def library_of(module: str | None) -> str | None:
    """Return the library that a module belongs to, such as "numpy 2.3.1"; `None` for own code.

    Own code is what lies neither in Python's folders nor in those of installed packages:
    notebooks, scripts, modules beside them, packages installed for editing.
    """
    root = (module or "").partition(".")[0]
    if not root or root == "__main__":
        return None
    if root in OURS and root in sys.modules and _is_ours(root):
        return "tlscape"
    file = getattr(sys.modules.get(root), "__file__", None)
    if file is not None and not in_library(file):
        return None
    if root in sys.stdlib_module_names or root in sys.builtin_module_names:
        return f"python {'.'.join(platform.python_version_tuple()[:2])}"
    if file is None:
        return None
    distribution = _distributions().get(root)
    return None if distribution is None else f"{distribution} {version_of(distribution)}"


def simulating_libraries() -> dict[str, str]:
    """Return the versions of the libraries that decide on the bytes of a job's tables."""
    return {name: version_of(name) for name in SIMULATING}


def version_of(distribution: str) -> str:
    """Return an installed distribution's version, "unknown" for one that is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def in_library(file: str) -> bool:
    """Tell whether a source file belongs to Python, to an installed package, or to tlscape."""
    path = Path(file)
    if file.startswith("<frozen "):
        return True
    return path.is_absolute() and any(path.is_relative_to(folder) for folder in _folders())


def _is_ours(root: str) -> bool:
    here = Path(__file__).parents[2]
    return Path(str(sys.modules[root].__file__)).is_relative_to(here / root)


@functools.cache
def _folders() -> tuple[Path, ...]:
    paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [*site.getsitepackages(), site.getusersitepackages()]
    ours = [str(Path(__file__).parents[2] / root) for root in OURS]
    return tuple(Path(path) for path in dict.fromkeys([*paths, *ours]))


@functools.cache
def _distributions() -> dict[str, str]:
    """Return the distribution that each top-level module was installed by."""
    found = importlib.metadata.packages_distributions()
    return {module: sorted(names)[0] for module, names in found.items()}
