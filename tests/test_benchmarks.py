"""The benchmarks run and print what they promise; what they measure is not judged here."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.mark.slow
def test_handshake_benchmark() -> None:
    command = [sys.executable, BENCHMARKS / "handshake.py", "--seconds", "0.02", "--primitives"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    for row in ("TLS 1.0 full", "TLS 1.0 resumed", "SSL 3.0 full", "SSL 3.0 resumed"):
        assert row in run.stdout
    for contender in ("floor", "tlscape", "stdlib ssl", "tlslite-ng"):
        assert contender in run.stdout


@pytest.mark.slow
def test_simulation_benchmark() -> None:
    command = [sys.executable, BENCHMARKS / "simulation.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    for row in (
        "bare SimPy, 9 requests a session",
        "replay, 9 requests a session",
        "live, 9 requests a session",
        "Ciw, M/M/4",
        "Growth of one run",
        "Connections alive at once",
        "A study of 4 replications",
        "tlscape --help",
    ):
        assert row in run.stdout


def test_an_unknown_table_is_refused() -> None:
    command = [sys.executable, BENCHMARKS / "simulation.py", "speed"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert "there is no table speed" in run.stderr
