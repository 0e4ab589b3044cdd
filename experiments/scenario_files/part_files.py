"""Python files with parts of the user's own: `--parts FILE.py`."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import sim
from experiments.failures import ScenarioError


def load_parts(files: Iterable[str | os.PathLike[str]]) -> tuple[sim.Part, ...]:
    """Return the parts that Python files define: boxes, balancers, browsers and the like.

    A file may import modules that lie beside it. It is run as a module, not as a script.

    Raises:
        ScenarioError: there is no such file, it cannot be run, or it defines no part.
    """
    parts: list[sim.Part] = []
    for file in files:
        module = _module(Path(file))
        found = sim.parts_of(module)
        if not found:
            del sys.modules[module.__name__]
            raise ScenarioError(
                f"--parts {os.fspath(file)}: no part is defined here; derive a class from "
                'sim.Middlebox and give it a field such as kind: Literal["my-box"], or from '
                "another of tlscape's bases for parts"
            )
        parts += found
    return tuple(parts)


def _module(file: Path) -> ModuleType:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"--parts {file}: not UTF-8 text ({error.reason})") from None
    except OSError as error:
        raise ScenarioError(f"--parts {file}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ScenarioError(f"--parts {file}: cannot be read ({error})") from None
    whole = file.resolve()
    name = whole.stem
    loaded = sys.modules.get(name)
    if loaded is not None:
        if getattr(loaded, "__file__", None) == str(whole):
            return loaded
        raise ScenarioError(
            f'--parts {file}: there is a module "{name}" already; give the file another name'
        )
    if str(whole.parent) not in sys.path:
        # At the end, so that nothing beside the file stands in for a library.
        sys.path.append(str(whole.parent))
    return _run(name, text, whole, shown=str(file))


def _run(name: str, text: str, file: Path, *, shown: str) -> ModuleType:
    spec = importlib.util.spec_from_loader(name, loader=None, origin=str(file))
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(file)
    sys.modules[name] = module
    try:
        exec(compile(text, str(file), "exec", dont_inherit=True), vars(module))
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ScenarioError(f"--parts {_place(shown, file, error)}: {_words(error)}") from None
    return module


def _place(shown: str, file: Path, error: BaseException) -> str:
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{shown}:{line}" if line else shown


def _words(error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    first = message.strip().splitlines()[0] if message.strip() else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
