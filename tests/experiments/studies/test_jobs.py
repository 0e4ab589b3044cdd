"""Jobs are run once, kept whole, and gone on with after whatever stopped them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import experiments
import sim
from experiments import running
from experiments.failures import WorkerDied
from experiments.scenario_files.scenario_file import load
from experiments.studies import executor, out_folder
from experiments.studies.job import Job, jobs_of
from experiments.studies.job_store import JobStore
from experiments.studies.study import design
from experiments.studies.transport import PackedJob, Parcel, Place, place_in, run_in_place, work
from tests.experiments.small_world import ROOT, WORLD, Run

TABLES = tuple(f"{name}.parquet" for name in sim.SCHEMAS)


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (*TABLES, "summary.csv")}


def inodes(folder: Path) -> dict[str, int]:
    """The identity of each finished job's folder: a job that is run again gets another."""
    return {path.name: path.stat().st_ino for path in (folder / "jobs").glob("?" * 64)}


def test_tables_are_the_same_bytes_with_several_workers(
    scenario: Path, result: experiments.Result, tmp_path: Path
) -> None:
    other = experiments.run(scenario, out=tmp_path / "out", workers=2)
    assert tables(other.folder) == tables(result.folder)
    plots = sorted(path.name for path in (result.folder / "plots").iterdir())
    assert plots
    for name in plots:
        assert (other.folder / "plots" / name).read_bytes() == (
            result.folder / "plots" / name
        ).read_bytes()


@pytest.mark.slow
def test_any_executor_will_do(scenario: Path, result: experiments.Result, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        other = experiments.run(scenario, out=tmp_path / "out", executor=threads)
    assert tables(other.folder) == tables(result.folder)


def test_another_seed_gives_other_tables(scenario: Path, tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    found = []
    for seed in (1, 2):
        job = first_job(scenario, seed)
        with place_in(store) as place:
            run_in_place(job, place)
        found.append((store.path(job) / "connections.parquet").read_bytes())
    assert found[0] != found[1]


def test_finished_jobs_are_never_run_again(
    scenario: Path, result: experiments.Result, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    experiments.run(scenario, out=out, workers=1, replications=1)
    before = inodes(out)
    more = experiments.run(scenario, out=out, workers=1)
    after = inodes(out)
    assert before.items() < after.items()
    assert len(after) == 10
    assert tables(more.folder) == tables(result.folder)


def first_job(scenario: Path, seed: int) -> Job:
    return next(iter(jobs_of(design(load(scenario), seed=seed)).values()))


def test_a_job_is_filed_under_its_content(scenario: Path, tmp_path: Path) -> None:
    job, other = first_job(scenario, 1), first_job(scenario, 2)
    store = JobStore(tmp_path)
    assert store.find(job) is None
    with place_in(store) as place:
        run_in_place(job, place)
    record = store.find(first_job(scenario, 1))
    assert record is not None
    assert (record.key, record.seed, record.replication) == (job.key, 1, 0)
    assert store.find(other) is None
    assert [path.name for path in tmp_path.iterdir()] == [job.key]


def test_a_job_that_fails_leaves_nothing(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("sim.simulate", fail)
    with pytest.raises(RuntimeError), place_in(JobStore(tmp_path)) as place:
        run_in_place(first_job(scenario, 1), place)
    assert list(tmp_path.iterdir()) == []


def die(packed: PackedJob, place: Place) -> Parcel | None:
    """Stand in for the work of a worker that is killed, in place of the design's third job."""
    job = packed.job()
    if job.replication == 0 and job.scenario.server.sessions.capacity == 1000:
        signal.raise_signal(signal.SIGKILL)
    return work(packed, place)


@pytest.mark.slow
def test_a_dead_worker_is_told_and_finished_jobs_stay(
    scenario: Path,
    result: experiments.Result,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(executor, "work", die)
    with pytest.raises(WorkerDied, match="of 10 replications are finished and kept"):
        experiments.run(scenario, out=tmp_path / "out", workers=2)
    kept = inodes(tmp_path / "out")
    assert 0 < len(kept) < 10
    assert not list((tmp_path / "out" / "jobs").glob(".*.partial"))
    monkeypatch.undo()
    experiments.run(scenario, out=tmp_path / "out", workers=1)
    assert kept.items() < inodes(tmp_path / "out").items()
    assert tables(tmp_path / "out") == tables(result.folder)


LONG = ("--set", "arrivals.rate=1 /s", "--replications", "4")
BRIEF = ("--set", "study.factors={}", "--replications", "1", "--workers", "1")


def begin(scenario: Path, out: Path) -> subprocess.Popen[str]:
    """Begin a study of many jobs in a process, and return when its first jobs are finished."""
    where = ("--workers", "2", "--out", str(out))
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.command", "run", str(scenario), *LONG, *where],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while len(inodes(out)) < 2:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_study_that_is_stopped_goes_on_from_there(
    how: signal.Signals, scenario: Path, tlscape: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = begin(scenario, out)
    process.send_signal(how)
    _, errors = process.communicate(timeout=30)
    kept = inodes(out)
    assert 0 < len(kept) < 20
    if how == signal.SIGINT:
        assert process.returncode == 130
        _forecast, said = errors.splitlines()
        assert said.startswith("tlscape: interrupted: ")
        assert "of 20 replications are finished" in said
        assert not list((out / "jobs").glob(".*.partial"))
    outcome = tlscape("run", scenario, *LONG, "--out", out)
    assert outcome.returncode == 0, outcome.stderr
    assert kept.items() < inodes(out).items()
    assert len(inodes(out)) == 20
    assert not list((out / "jobs").glob(".*.partial"))


@pytest.mark.slow
def test_a_full_disk_is_told_in_one_line(scenario: Path, tlscape: Run, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")

    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))

    out = tmp_path / "out"
    outcome = tlscape("run", scenario, *BRIEF, "--out", out, preexec_fn=no_large_files)
    assert outcome.returncode == 4, outcome.stderr
    _forecast, failure = outcome.stderr.splitlines()
    assert failure.startswith(f"tlscape: {out}: writing results failed (File too large)")
    assert not list(out.rglob("*.partial"))
    assert not (out / "report.html").exists()
    brief = {"study.factors": {}}
    experiments.run(scenario, out=out, workers=1, replications=1, **brief)
    assert (out / "report.html").is_file()


@pytest.mark.slow
def test_a_script_without_a_main_guard_may_run_a_study(scenario: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import experiments\n"
        "brief = {'study.factors': {}}\n"
        f"result = experiments.run({str(scenario)!r}, out={str(tmp_path / 'out')!r}, workers=2, "
        "replications=1, **brief)\n"
        "print(len(result.connections) > 0)\n"
    )
    outcome = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (outcome.stdout, outcome.stderr) == ("True\n", "")


@pytest.mark.slow
def test_the_default_folder_gives_way_to_another_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scenario = tmp_path / "small.toml"
    scenario.write_text(WORLD, encoding="utf-8")
    options = {"workers": 1, "replications": 1}
    first = experiments.run(scenario, **options)
    again = experiments.run(scenario, **options)
    other = experiments.run(scenario, **options, seed=5)
    assert first.folder == again.folder == Path("out/small")
    assert other.folder.parent == Path("out")
    assert other.folder.name.startswith("small-")


def test_every_file_of_a_result(result: experiments.Result) -> None:
    names = {path.name for path in result.folder.iterdir()}
    assert names == {*TABLES, "summary.csv", "manifest.json", "report.html", "plots", "jobs"}
    manifest = json.loads((result.folder / "manifest.json").read_text())
    assert manifest["seed"] == running.DEFAULT_SEED
    assert manifest["rows"]["connections"] == len(result.connections)
    assert manifest["machine_profiles"]["pentium-iii-933"]["operations"]


def test_two_runs_do_not_write_into_one_folder(scenario: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    study = design(load(scenario), seed=1)
    folder = out_folder.claim(tmp_path / "out", study)
    with (
        out_folder.held(folder),
        pytest.raises(experiments.FolderError, match="another run is writing into it"),
    ):
        experiments.run(scenario, out=folder)
    with out_folder.held(folder):
        pass
