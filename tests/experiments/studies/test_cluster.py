"""A study on a real Dask cluster: no shared folder, workers and schedulers that die."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import experiments
import sim
from experiments.failures import ClusterNotFound
from experiments.studies import transport
from experiments.studies.cluster import _quiet

ROOT = Path(__file__).parents[3]

WORLD = """
title = "A study in forty parts"
kind = "terminating"
start = 2026-01-01T00:00:00Z
duration = "{duration} s"
sample_interval = "10 s"
fidelity = "replay"
arrivals = {{ process = "poisson", rate = "60 /s" }}
population = {{ kind = "independent", clients = 500 }}
clients = [{{ profile = "openssl-3" }}]
path = {{ round_trip_time = "30 ms" }}
http = {{ requests = 1, request_size = "400 B", response_size = "4 kB" }}
server = {{ machine = "nginx-2026", sessions = {{ capacity = 1000, lifetime = "5 min" }} }}

[study]
replications = 10
[study.factors]
"server.cores" = [1, 2]
"path.round_trip_time" = ["30 ms", "60 ms"]
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "study.toml"
    file.write_text(WORLD.format(duration=60))
    return file


class Processes:
    """A scheduler and workers; the workers do not see the folder `hidden`."""

    def __init__(self, folder: Path, hidden: Path) -> None:
        self._folder = folder
        self._hidden = hidden
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._all: list[subprocess.Popen[bytes]] = []

    def scheduler(self) -> subprocess.Popen[bytes]:
        words = ["scheduler", "--host", "127.0.0.1", "--port", str(self._port)]
        words += ["--dashboard-address", "127.0.0.1:0"]
        started = self._start([sys.executable, "-m", "dask", *words])
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)):
                return started
            time.sleep(0.1)
        raise TimeoutError("no scheduler")

    def worker(self) -> subprocess.Popen[bytes]:
        number = len(self._all)
        words = ["worker", self.address, "--nthreads", "1", "--no-nanny"]
        words += ["--dashboard-address", "127.0.0.1:0"]
        words += ["--death-timeout", "60", "--local-directory", str(self._folder / f"{number}")]
        command = [sys.executable, "-m", "dask", *words]
        hiding = f'mount -t tmpfs none "{self._hidden}" && exec "$@"'
        return self._start(["unshare", "--mount", "sh", "-c", hiding, "sh", *command])

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        log = (self._folder / f"{len(self._all)}.log").open("wb")
        with log:
            started = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdout=log, stderr=log
            )
        self._all.append(started)
        return started

    def end(self) -> None:
        for one in self._all:
            one.kill()
            one.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Processes]:
    pytest.importorskip("distributed")
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("workers that see no shared folder need root and unshare")
        pytest.skip("workers that see no shared folder need root and unshare")
    folder, hidden = tmp_path / "cluster", tmp_path / "hidden"
    folder.mkdir()
    hidden.mkdir()
    processes = Processes(folder, hidden)
    try:
        yield processes
    finally:
        processes.end()


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / f"{name}.parquet").read_bytes() for name in sim.SCHEMAS}


def jobs_in(folder: Path) -> int:
    return sum(len(path.name) == 64 for path in (folder / "jobs").glob("?" * 64))


def wait_for(number: int, folder: Path) -> None:
    until = time.monotonic() + 120
    while not folder.is_dir() or jobs_in(folder) < number:
        assert time.monotonic() < until, jobs_in(folder) if folder.is_dir() else "none"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_study_survives_the_death_of_whatever_runs_it(
    study: Path, cluster: Processes, tmp_path: Path
) -> None:
    """A worker, the scheduler and the command itself are killed; the tables are the same bytes."""
    experiments.run(study, out=tmp_path / "here", workers=2)
    out = tmp_path / "hidden" / "out"
    scheduler = cluster.scheduler()
    first = cluster.worker()
    cluster.worker()
    command = [sys.executable, "-m", "experiments.command", "run", str(study), "--out", str(out)]
    command += ["--cluster", cluster.address]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def started() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    running = started()
    wait_for(4, out)
    first.kill()
    cluster.worker()
    wait_for(10, out)
    running.kill()
    running.communicate()
    kept = jobs_in(out)
    assert 10 <= kept < 40
    running = started()
    wait_for(kept + 4, out)
    scheduler.kill()
    scheduler.wait()
    cluster.scheduler()
    cluster.worker()
    _, error = running.communicate(timeout=240)
    assert running.returncode == 0, error
    assert "Traceback" not in error
    assert tables(out) == tables(tmp_path / "here")
    assert not list((out / "jobs").glob(".*.partial"))


@pytest.mark.slow
def test_large_tables_come_in_pieces(
    study: Path, cluster: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_PIECE", 10_000)
    monkeypatch.setattr("experiments.studies.cluster.LARGEST_PIECE", 10_000)
    cluster.scheduler()
    cluster.worker()
    how: dict[str, Any] = {"replications": 1}
    experiments.run(study, out=tmp_path / "here", workers=1, **how)
    out = tmp_path / "hidden" / "out"
    experiments.run(study, out=out, cluster=cluster.address, **how)
    assert tables(out) == tables(tmp_path / "here")
    largest = max(path.stat().st_size for path in (out / "jobs").glob("*/connections.parquet"))
    assert largest > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("where", ["tcp://127.0.0.1:9", "no-scheduler.json"])
def test_a_cluster_that_does_not_answer_is_one_line(
    where: str, study: Path, tmp_path: Path, tlscape: Callable[..., Any]
) -> None:
    pytest.importorskip("distributed")
    outcome = tlscape("run", study, "--out", tmp_path / "out", "--cluster", where)
    assert outcome.returncode == ClusterNotFound.exit_code == 2
    lines = [line for line in outcome.stderr.splitlines() if "some" not in line]
    assert len(lines) == 1, outcome.stderr
    assert lines[0].startswith(f"tlscape: --cluster {where}: no Dask scheduler answers")
    assert "start one with dask scheduler" in lines[0]


def test_dask_is_as_loud_behind_a_study_as_before() -> None:
    logger = logging.getLogger("distributed.client")
    logger.setLevel(logging.WARNING)
    with _quiet():
        assert not logger.isEnabledFor(logging.CRITICAL)
    assert logger.level == logging.WARNING
