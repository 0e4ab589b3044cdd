"""The benchmarks run and print what they promise; what they measure is not judged here."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks"

# Of the floor's primitives those that the meter counts one by one, by what the meter calls them.
METERED = {
    "random": "random",
    "RSA-2048 private": "rsa.private",
    "RSA-2048 sign, PSS": "rsa.private",
    "RSA-2048 public": "rsa.public",
    "RSA-2048 verify": "rsa.public",
    "RSA-2048 verify, PSS": "rsa.public",
    "X25519 key": "x25519.generate",
    "X25519 agreement": "x25519.exchange",
    "ECDSA P-256 sign": "ecdsa.sign",
    "ECDSA P-256 verify": "ecdsa.verify",
    "AES-128-GCM seal": "encrypt.aes-128-gcm",
    "P-256 key": "ecdh.generate",
    "P-256 agreement": "ecdh.exchange",
    "ML-KEM-768 key": "mlkem.generate",
    "ML-KEM-768 encapsulation": "mlkem.encapsulate",
    "ML-KEM-768 decapsulation": "mlkem.decapsulate",
    "AES-128-GCM open": "decrypt.aes-128-gcm",
    "AES-128-GCM seal, flight": "encrypt.aes-128-gcm",
    "AES-128-GCM open, flight": "decrypt.aes-128-gcm",
}


def output_of(script: str, *options: str) -> str:
    command = [sys.executable, BENCHMARKS / script, *options]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


@pytest.mark.slow
def test_handshake_benchmark() -> None:
    printed = output_of("handshake.py", "--seconds", "0.02", "--primitives")
    for version in ("SSL 3.0", "TLS 1.0"):
        for row in (f"{version} RSA full", f"{version} RSA resumed by ID"):
            assert row in printed
    for row in ("RSA full", "ECDHE_RSA full", "ECDHE_ECDSA full", "ECDHE_RSA resumed by ticket"):
        assert f"TLS 1.2 {row}" in printed
    for row in ("RSA full", "ECDSA full", "ECDSA full, MLKEM768", "ECDSA retried"):
        assert f"TLS 1.3 ECDHE_{row}" in printed
    for row in ("PSK", "0-RTT"):
        assert f"TLS 1.3 ECDHE {row}" in printed
    for contender in ("floor", "in a row", "tlscape", "stdlib ssl", "aioquic", "tlslite-ng"):
        assert contender in printed


@pytest.mark.slow
def test_bulk_benchmark() -> None:
    printed = output_of("bulk.py", "--seconds", "0.02")
    for word in ("AES-128-GCM", "ChaCha20-Poly1305", "bare", "tlscape", "stdlib ssl"):
        assert word in printed


@pytest.mark.slow
def test_simulation_benchmark() -> None:
    printed = output_of("simulation.py", "--quick")
    for row in (
        "bare SimPy, 9 requests a session",
        "replay, 9 requests a session",
        "live, 9 requests a session",
        "Ciw, M/M/4",
        "contoso-2003: path bridging",
        "Growth of one run",
        "Connections alive at once",
        "A study of 4 replications",
        "tlscape --help",
    ):
        assert row in printed
    live = next(line for line in printed.splitlines() if "live, 9 requests a session" in line)
    ratio = re.search(r"([\d.]+) x engines alone", live)
    assert ratio is not None
    assert float(ratio[1]) > 0.5  # engines run in every connection; replay would be at 0.1


def test_an_unknown_table_is_refused() -> None:
    command = [sys.executable, BENCHMARKS / "simulation.py", "speed"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert "there is no table speed" in run.stderr


def test_make_prints_every_benchmark() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    scripts = [path for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text("utf-8")]
    assert len(scripts) >= 2
    assert all(f"benchmarks/{path.name}" in recipe for path in scripts)


@pytest.mark.filterwarnings("ignore:The asyncore module:DeprecationWarning")  # tlslite-ng's import
def test_the_floor_counts_what_the_engine_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public-key operations, random values and AEAD records, as the meter counts them."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    contenders, floor, kinds = map(importlib.import_module, ("contenders", "floor", "kinds"))
    for kind in kinds.KINDS:
        configs = contenders.client_config(kind), contenders.server_config(kind)
        session = contenders.session_to_offer(kind, *configs)
        client, server = contenders.connected(*configs, session, bytes(kind.early_data))
        assert client.resumed is kind.resumed
        done: dict[str, int] = {}
        for operation in [*client.meter.take(), *server.meter.take()]:
            if operation.name in METERED.values():
                done[operation.name] = done.get(operation.name, 0) + operation.count
        counted: dict[str, int] = {}
        for primitive, calls in floor.rows(kind):
            if primitive in METERED:
                name = METERED[primitive]
                counted[name] = counted.get(name, 0) + calls
        assert counted == done, kind.name
