"""The engine and its tests stand alone: they know nothing of the rooms above."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIS = Path(__file__).resolve()
ABOVE = ("sim", "experiments")
FILES = [
    file
    for room in ("tls", "tests/tls", "tests/interop")
    for file in sorted((ROOT / room).rglob("*.py"))
]

_IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
sys.modules.update(sim=None, experiments=None)
import tls
for module in pkgutil.walk_packages(tls.__path__, "tls."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_it_imports_nothing_of_the_rooms_above(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Constant) and node.value == "sim" and file != THIS:
            pytest.fail("reads files of sim")
        assert not any(name.partition(".")[0] in ABOVE for name in names)


def test_the_engine_runs_where_there_is_nothing_else_of_the_project() -> None:
    subprocess.run([sys.executable, "-c", _IMPORT_EVERYTHING], cwd=ROOT, check=True)
