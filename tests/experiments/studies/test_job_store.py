"""Finished jobs are shared, checked to the last byte, mended, and cleaned away."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import experiments
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.scenario_file import load
from experiments.studies.executor import remove_damaged, run_jobs
from experiments.studies.job import Job, jobs_of
from experiments.studies.job_record import FILES, Damaged
from experiments.studies.job_store import JobStore
from experiments.studies.study import design
from tests.experiments.small_world import STUDY, WORLD
from tests.experiments.studies.test_jobs import inodes, tables


@pytest.fixture
def out(result: experiments.Result, tmp_path: Path) -> Path:
    """A finished study's folder, to be done harm to."""
    return Path(shutil.copytree(result.folder, tmp_path / "out"))


def jobs(study: experiments.Result) -> list[Job]:
    return list(jobs_of(study.study).values())


def flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 1 << (place % 8)
    file.write_bytes(data)


@pytest.mark.parametrize("name", sorted(FILES))
def test_any_flipped_bit_is_noticed(name: str, result: experiments.Result, out: Path) -> None:
    store, job = JobStore(out / "jobs"), jobs(result)[3]
    file = store.path(job) / name
    whole = file.read_bytes()
    places = random.Random(name).sample(range(len(whole)), min(len(whole), 150))
    for place in [0, len(whole) - 1, *places]:
        flip(file, place)
        with pytest.raises(Damaged, match=name):
            store.find(job)
        flip(file, place)
    assert store.find(job) is not None


Harm = Callable[[Path, Path], None]
"""Does harm to the first of two jobs' folders."""


def swap_folders(one: Path, other: Path) -> None:
    one.rename(one.with_name("aside"))
    other.rename(one)
    one.with_name("aside").rename(other)


def swap_files(one: Path, other: Path) -> None:
    first, second = (folder / "connections.parquet" for folder in (one, other))
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def as_a_file(one: Path, _: Path) -> None:
    shutil.rmtree(one)
    one.write_text("no folder")


def table_as_a_folder(one: Path, _: Path) -> None:
    (one / "samples.parquet").unlink()
    (one / "samples.parquet").mkdir()


HARM: dict[str, tuple[Harm, str]] = {
    "flipped": (lambda one, _: flip(one / "verdicts.parquet", 30), "verdicts.parquet is damaged"),
    "cut": (
        lambda one, _: (
            (one / "samples.parquet").write_bytes((one / "samples.parquet").read_bytes()[:-9])
            and None
        ),
        "samples.parquet is damaged",
    ),
    "longer": (
        lambda one, _: (
            (one / "job.json").write_text((one / "job.json").read_text() + "\n") and None
        ),
        "job.json is damaged",
    ),
    "empty": (lambda one, _: (one / "links.parquet").write_bytes(b"") and None, "links.parquet is"),
    "missing": (lambda one, _: (one / "connections.parquet").unlink(), "connections.parquet is mi"),
    "no record": (lambda one, _: (one / "job.json").unlink(), "job.json is missing"),
    "foreign": (lambda one, _: (one / "notes.txt").write_text("x") and None, "notes.txt is not"),
    "swapped folders": (swap_folders, "job.json is another job's"),
    "swapped files": (swap_files, "connections.parquet is damaged, or another job's"),
    "a file": (as_a_file, "it is no folder"),
    "a table that is a folder": (table_as_a_folder, "samples.parquet cannot be read"),
}


@pytest.mark.parametrize("how", HARM)
def test_harm_is_named_and_mended(
    how: str, result: experiments.Result, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    harm, said = HARM[how]
    store, every = JobStore(out / "jobs"), jobs(result)
    one, other = every[2], every[5]
    before = inodes(out)
    harm(store.path(one), store.path(other))
    remove_damaged(every, store)
    run_jobs(every, store, title="small", workers=1)
    errors = capfd.readouterr().err.splitlines()
    assert errors[0].startswith(f"tlscape: {store.path(one)}: {said}"), errors
    assert all(line.endswith("; this replication is run again") for line in errors)
    assert len(errors) == (2 if how.startswith("swapped") else 1)
    for job in every:
        record, whole = store.find(job), JobStore(result.folder / "jobs").find(job)
        assert record is not None
        assert whole is not None
        assert record.checksums == whole.checksums
    untouched = before.keys() - {one.key, other.key}
    assert all(inodes(out)[key] == before[key] for key in untouched)


def test_the_same_command_mends_harm(
    scenario: Path, result: experiments.Result, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = out / "jobs" / jobs(result)[2].key
    flip(one / "connections.parquet", 30)
    said: list[str] = []
    experiments.run(scenario, out=out, workers=1, announce=said.append)
    errors = capfd.readouterr().err
    assert errors.startswith(f"tlscape: {one}: connections.parquet is damaged")
    assert re.match(r"small: some \d+ connections, in some \d+ s$", said[0]), said
    assert tables(out) == tables(result.folder)


def test_a_removed_job_is_run_again_and_no_other(
    scenario: Path, result: experiments.Result, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = jobs(result)[0].key
    before = inodes(out)
    shutil.rmtree(out / "jobs" / gone)
    experiments.run(scenario, out=out, workers=1)
    assert capfd.readouterr().err == ""
    assert {key for key in before if inodes(out)[key] != before[key]} == {gone}
    assert tables(out) == tables(result.folder)


def grown(tmp_path: Path, old: str, new: str) -> Path:
    file = tmp_path / "small.toml"
    assert old in STUDY
    file.write_text(WORLD + STUDY.replace(old, new), encoding="utf-8")
    return file


@pytest.mark.slow
def test_a_study_that_has_grown_goes_on_in_its_folder(
    result: experiments.Result, out: Path, tmp_path: Path
) -> None:
    before = inodes(out)
    more = experiments.run(grown(tmp_path, "[2, 1000]", "[2, 50, 1000]"), out=out, workers=1)
    assert len(more.study.points) == 7
    assert before.items() <= inodes(out).items()
    assert len(inodes(out)) == len(before) + 4
    again = experiments.run(
        grown(tmp_path, "replications = 2", "replications = 3"), out=out, workers=1
    )
    assert len(inodes(out)) == len(before) + 4 + 5
    assert set(again.connections["replication"]) == {0, 1, 2}


def test_another_title_or_question_reuses_every_job(out: Path, tmp_path: Path) -> None:
    before = inodes(out)
    file = grown(tmp_path, 'question = "session-cache"', 'question = "overview"')
    file.write_text(file.read_text().replace("A small server", "The same, renamed"))
    other = experiments.run(file, out=out, workers=1)
    assert other.study.file.title == "The same, renamed"
    assert inodes(out) == before


@pytest.mark.slow
def test_studies_with_points_in_common_share_a_store(
    scenario: Path, result: experiments.Result, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    one = [parse_override("server.sessions.lifetime=5 min"), parse_override("study.replications=1")]
    experiments.run(load(scenario, one), out=tmp_path / "one", store=store, workers=1)
    kept = {path.name: path.stat().st_ino for path in store.glob("?" * 64)}
    assert len(kept) == 3
    whole = experiments.run(scenario, out=tmp_path / "whole", store=store, workers=1)
    after = {path.name: path.stat().st_ino for path in store.glob("?" * 64)}
    assert kept.items() <= after.items()
    assert len(after) == 10
    assert tables(whole.folder) == tables(result.folder)
    assert not inodes(tmp_path / "whole")


def test_two_points_of_one_world_are_one_job(written: Callable[..., Path], tmp_path: Path) -> None:
    study = '\n[study]\nreplications = 1\nbaseline = { "server.cores" = 1 }\n'
    study += '[study.factors]\n"server.cores" = [1, 2]\n'
    twice = experiments.run(written(study=study), out=tmp_path / "out", workers=1)
    assert len(inodes(twice.folder)) == 2
    rows = twice.connections.groupby("point").size()
    assert rows[0] == rows[2] > 0


def test_what_decides_a_job_is_in_its_key(scenario: Path) -> None:
    def keys(*texts: str, seed: int = 1) -> set[str]:
        file = load(scenario, [parse_override(text) for text in texts])
        return {job.key for job in jobs_of(design(file, seed=seed)).values()}

    same = keys()
    assert keys('duration="300 s"') == same
    assert keys('title="Other"') == same
    others = [
        keys(seed=2),
        keys('duration="6 min"'),
        keys("server.cores=2"),
        keys('clients.0.profile="firefox-45"'),
        keys('server.machine="xeon-2026"'),
        keys('path.round_trip_time="50.0001 ms"'),
    ]
    for other in others:
        assert not same & other
    assert keys("study.replications=3") > same


def test_other_code_means_other_jobs(
    scenario: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = inodes(out)
    monkeypatch.setattr("experiments.studies.job.simulation_digest", lambda: "another")
    # The worker itself is this process, so that nothing else than the key is another.
    experiments.run(scenario, out=out, workers=1)
    assert before.items() < inodes(out).items()
    assert len(inodes(out)) == 20
