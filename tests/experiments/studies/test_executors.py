"""Jobs run anywhere: threads, processes, a cluster, a machine that does not see the store."""

from __future__ import annotations

import ctypes
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import pytest
from pydantic import PrivateAttr

import experiments
import sim
from experiments.failures import WorkerDied
from experiments.studies.job_record import FILES
from experiments.studies.job_store import JobStore
from experiments.studies.transport import PackedJob, Parcel, Place, place_in, work
from tests.experiments.small_world import WORLD
from tests.experiments.studies.test_job_store import jobs
from tests.experiments.studies.test_jobs import inodes, tables

LIMIT = 2


def too_many(count: int) -> bool:
    return count > LIMIT


class Quota(sim.Middlebox):
    """It lets each client open two connections."""

    kind: Literal["quota"]

    _count: dict[int, int] = PrivateAttr(default_factory=dict)

    def opens(self, flow: sim.Flow, now: float) -> sim.Verdict:
        self._count[flow.source] = self._count.get(flow.source, 0) + 1
        if too_many(self._count[flow.source]):
            return sim.Verdict(sim.Action.RESET, "quota")
        return sim.PASS


BOXED = (
    WORLD.replace('[path]\nround_trip_time = "50 ms"\n', "").replace(
        'kind = "terminating"', 'path = "boxed"\nkind = "terminating"', 1
    )
    + """
[links.line]
round_trip_time = "50 ms"

[links.farm]
round_trip_time = "1 ms"

[middleboxes.box]
kind = "quota"

[paths.boxed]
crosses = ["line", "box", "farm"]

[study]
question = "reachability"
replications = 2

[study.factors]
"server.cores" = [1, 2]
"""
)


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("boxed") / "boxed.toml"
    file.write_text(BOXED, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def expected(boxed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of the boxed world, run in this process."""
    out = tmp_path_factory.mktemp("expected") / "out"
    result = experiments.run(boxed, out=out, parts=[Quota], workers=1)
    assert (result.connections["reason"] == "quota").sum() > 50
    return tables(out)


@pytest.mark.slow
def test_parts_run_in_worker_processes(
    boxed: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    experiments.run(boxed, out=tmp_path / "out", parts=[Quota], workers=2)
    assert tables(tmp_path / "out") == expected


def test_parts_run_in_threads_and_are_left_as_they_are(
    boxed: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    method = vars(Quota)["opens"]
    with ThreadPoolExecutor(2) as threads:
        experiments.run(boxed, out=tmp_path / "out", parts=[Quota], executor=threads)
    assert tables(tmp_path / "out") == expected
    assert vars(Quota)["opens"] is method


def test_parts_run_in_a_pool_of_the_users(
    boxed: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        experiments.run(boxed, out=tmp_path / "out", parts=[Quota], executor=pool)
    assert tables(tmp_path / "out") == expected


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dask_cluster_runs_them(boxed: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            local_directory=str(tmp_path / "workers"),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        experiments.run(boxed, out=tmp_path / "out", parts=[Quota], executor=client.get_executor())
    assert tables(tmp_path / "out") == expected
    assert not list((tmp_path / "out" / "jobs").glob(".*.partial"))


class Far(Executor):
    """Runs each call in a process that cannot read the folder `hidden`, one after another.

    Call and answer are pickled, as any executor's that is not here.
    """

    def __init__(self, hidden: Path) -> None:
        self.hidden = hidden
        self.sent = 0
        self.parcels: list[int] = []

    def submit(  # type: ignore[override]
        self, function: Callable[..., object], /, *arguments: object
    ) -> Future[object]:
        call = pickle.dumps((function, arguments))
        self.sent += len(call)
        program = (
            "import pickle, sys; from tests.experiments.studies.test_executors import hide\n"
            f"hide({str(self.hidden)!r})\n"
            "function, arguments = pickle.load(sys.stdin.buffer)\n"
            "sys.stdout.buffer.write(pickle.dumps(function(*arguments)))\n"
        )
        root = str(Path(__file__).parents[3])
        outcome = subprocess.run(
            [sys.executable, "-c", program],
            input=call,
            capture_output=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": root},
            check=False,
        )
        future: Future[object] = Future()
        if outcome.returncode:
            future.set_exception(RuntimeError(outcome.stderr.decode()))
        else:
            self.parcels.append(len(outcome.stdout))
            future.set_result(pickle.loads(outcome.stdout))
        return future


def hide(folder: str) -> None:
    """Put an empty disk of this process's own in the place of a folder."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, new_users, private = 0x20000, 0x10000000, 0x4000 | 0x40000
    if libc.unshare(new_mounts) and libc.unshare(new_mounts | new_users):
        raise OSError(ctypes.get_errno(), "unshare")
    libc.mount(None, b"/", None, private, None)
    if libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, None):
        raise OSError(ctypes.get_errno(), "mount")


@pytest.fixture
def far(tmp_path: Path) -> Far:
    hidden = tmp_path / "disk"
    hidden.mkdir()
    far = Far(hidden)
    try:
        far.submit(len, "x").result()
    except RuntimeError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no disk can be hidden from a process here: {str(error).splitlines()[-1]}")
    far.parcels.clear()
    return far


@pytest.mark.slow
def test_a_worker_that_does_not_see_the_store_sends_bytes(
    boxed: Path, expected: dict[str, bytes], far: Far
) -> None:
    out = far.hidden / "out"
    experiments.run(boxed, out=out, parts=[Quota], executor=far)
    assert tables(out) == expected
    tables_size = sum(
        file.stat().st_size for job in (out / "jobs").glob("?" * 64) for file in job.iterdir()
    )
    assert len(far.parcels) == 4
    assert tables_size < sum(far.parcels) < 1.2 * tables_size + 10_000
    assert not list((out / "jobs").glob(".*.partial"))


def test_a_store_that_is_not_the_callers_is_left_alone(
    result: experiments.Result, tmp_path: Path
) -> None:
    job = jobs(result)[0]
    elsewhere = tmp_path / "of the same path on another machine"
    elsewhere.mkdir()
    parcel = work(PackedJob(job), Place(elsewhere, "0123"))
    assert isinstance(parcel, Parcel)
    assert parcel.files.keys() == FILES
    assert not list(elsewhere.iterdir())
    store = JobStore(tmp_path / "store")
    store.folder.mkdir()
    with place_in(store) as place:
        parcel.store(place)
    record = store.find(job)
    assert record is not None
    original = JobStore(result.folder / "jobs").find(job)
    assert original is not None
    assert record.checksums == original.checksums


def test_a_worker_with_other_code_says_so(
    result: experiments.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = PackedJob(jobs(result)[0])
    data = pickle.dumps(packed)
    monkeypatch.setattr("experiments.studies.transport._THIS_PROCESS", "another")
    monkeypatch.setattr("experiments.studies.transport.simulation_digest", lambda: "f" * 64)
    with pytest.raises(WorkerDied, match=r"the simulation ffffffffffff, where .* install the same"):
        work(pickle.loads(data), Place(tmp_path, "0"))


def test_a_part_that_cannot_travel_is_told_before_anything_runs(
    boxed: Path, tmp_path: Path
) -> None:
    import threading

    lock = threading.Lock()

    class Locked(Quota):
        def entries(self, now: float) -> int:
            with lock:
                return 0

    with pytest.raises(experiments.ScenarioError, match="cannot be sent to a worker process"):
        experiments.run(boxed, out=tmp_path / "out", parts=[Locked], workers=2)
    assert not inodes(tmp_path / "out")


def test_what_cannot_be_known_is_run_each_time(
    boxed: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    made = type(sim.Middlebox)(
        "Made",
        (Quota,),
        {"__module__": __name__, "__qualname__": "Made", "opens": Quota.opens},
    )
    for _ in range(2):
        experiments.run(boxed, out=tmp_path / "out", parts=[made], workers=1)
        assert tables(tmp_path / "out") == expected
        assert capfd.readouterr().err == (
            "tlscape: parts: Made has no source that could be read; what it takes part in is "
            "simulated anew each time\n"
        )
        assert not inodes(tmp_path / "out")


@pytest.mark.slow
def test_an_edited_part_gives_new_results(
    boxed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first = experiments.run(boxed, out=out, parts=[Quota], workers=1).connections
    before = inodes(out)
    monkeypatch.setattr(sys.modules[__name__], "LIMIT", 0)
    second = experiments.run(boxed, out=out, parts=[Quota], workers=1)
    assert (second.connections["reason"] == "quota").all()
    assert not (first["reason"] == "quota").all()
    assert len(inodes(out)) == 8
    monkeypatch.undo()
    third = experiments.run(boxed, out=out, parts=[Quota], workers=1)
    assert before.items() <= inodes(out).items()
    assert len(inodes(out)) == 8
    assert third.connections.equals(first)
