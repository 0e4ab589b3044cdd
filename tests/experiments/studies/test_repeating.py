"""A study is repeated from its manifest; its folder says what it lacks, and is cleaned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import experiments
from experiments.scenario_files.part_files import load_parts
from experiments.studies import out_folder
from tests.experiments.small_world import STUDY, WORLD, Run
from tests.experiments.studies.test_executors import BOXED
from tests.experiments.studies.test_jobs import inodes, tables

ONE = ("--workers", "1")


@pytest.fixture
def out(result: experiments.Result, tmp_path: Path) -> Path:
    """A finished study's folder, to be done harm to."""
    return Path(shutil.copytree(result.folder, tmp_path / "out"))


def edited(manifest: Path, **content: Any) -> Path:
    whole = json.loads(manifest.read_text())
    file = manifest.with_name("edited.json")
    file.write_text(json.dumps({**whole, **content}))
    return file


def test_a_manifest_repeats_its_study_byte_for_byte(
    result: experiments.Result, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    again = experiments.repeat(result.folder / "manifest.json", out=tmp_path / "again", workers=1)
    assert tables(again.folder) == tables(result.folder)
    assert capfd.readouterr().err == (
        f"tlscape: {result.folder}/manifest.json: repeated; the tables are the same, byte for "
        "byte\n"
    )
    assert again.study.identity == result.study.identity


def test_other_code_is_told_and_the_study_goes_on(
    result: experiments.Result, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(result.folder / "jobs", tmp_path / "out" / "jobs")
    (tmp_path / "manifest.json").write_bytes((result.folder / "manifest.json").read_bytes())
    file = edited(
        tmp_path / "manifest.json",
        simulation_digest="0" * 64,
        checksums={**result.manifest["checksums"], "links": "0"},
    )
    experiments.repeat(file, out=tmp_path / "out", workers=1)
    first, last = capfd.readouterr().err.splitlines()
    assert "made by other code: tlscape" in first
    assert "(simulation 000000000000, here " in first
    assert last.endswith("these tables are not the same, byte for byte: links")


def test_machine_profiles_and_data_sets_are_the_manifests(
    result: experiments.Result, tmp_path: Path
) -> None:
    shutil.copy(result.folder / "manifest.json", tmp_path)
    profiles = json.loads((tmp_path / "manifest.json").read_text())["machine_profiles"]
    assert profiles["pentium-iii-933"]["operations"]
    profiles["pentium-iii-933"]["operations"]["flight"] = {"each": 0.25}
    file = edited(tmp_path / "manifest.json", machine_profiles=profiles, replications=1)
    slow = experiments.repeat(file, out=tmp_path / "slow", workers=1)
    ours, theirs = (one.connections["server_cpu"].mean() for one in (result, slow))
    assert theirs > ours + 0.25


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not a manifest"),
        ("[]", "not a manifest"),
        ("{}", "not a whole manifest (KeyError: 'scenario')"),
        ('{"scenario": 3}', "not a whole manifest"),
    ],
)
def test_what_is_no_manifest_is_told(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(experiments.ScenarioError) as told:
        experiments.repeat(tmp_path / "manifest.json")
    assert said in str(told.value)


@pytest.mark.parametrize("name", ["connections.parquet", "links.parquet"])
def test_a_result_says_what_it_lacks(
    name: str, result: experiments.Result, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = out / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)
    with pytest.raises(experiments.FolderError, match=f"{name} is damaged; mend it with tlscape"):
        experiments.load_result(out)
    file.unlink()
    (out / "samples.parquet").write_bytes(b"")
    with pytest.raises(experiments.FolderError) as told:
        experiments.load_result(out)
    assert f"{name} is missing" in str(told.value)
    assert "samples.parquet is damaged" in str(told.value)
    before = inodes(out)
    experiments.repeat(out / "manifest.json", out=out, workers=1)
    assert inodes(out) == before
    assert tables(out) == tables(result.folder)
    assert experiments.load_result(out).answer == result.answer


def test_a_manifest_that_is_cut_is_told(out: Path) -> None:
    whole = json.loads((out / "manifest.json").read_text())
    del whole["scenario"]
    (out / "manifest.json").write_text(json.dumps(whole))
    with pytest.raises(experiments.FolderError, match=r"manifest.json is damaged \(KeyError"):
        experiments.load_result(out)


def test_what_no_study_needs_is_cleaned_away(
    scenario: Path, result: experiments.Result, out: Path, tmp_path: Path
) -> None:
    whole = inodes(out)
    assert out_folder.clean(out).jobs == 0
    smaller = tmp_path / "small.toml"
    smaller.write_text(WORLD + STUDY.replace("[2, 1000]", "[1000]"), encoding="utf-8")
    experiments.run(smaller, out=out, workers=1)
    (out / "jobs" / ".abc-123.partial").mkdir()
    (out / "jobs" / ".abc-123.partial" / "links.parquet").write_bytes(b"12345")
    (out / "jobs" / "notes.txt").write_text("of the user's own")
    size = sum(file.stat().st_size for file in (out / "jobs").rglob("*.parquet"))
    done = out_folder.clean(out)
    assert (done.jobs, done.partial, done.kept) == (4, 1, 6)
    left = sum(file.stat().st_size for file in (out / "jobs").rglob("*.parquet"))
    assert size - left < done.size < size
    assert inodes(out).items() < whole.items()
    assert (out / "jobs" / "notes.txt").exists()
    experiments.run(scenario, out=out, workers=1)
    assert tables(out) == tables(result.folder)


@pytest.mark.slow
def test_a_shared_store_keeps_what_any_study_needs(
    scenario: Path, result: experiments.Result, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    shutil.copytree(result.folder / "jobs", store)
    shutil.rmtree(store / "needs")
    for name in ("one", "two"):
        experiments.run(scenario, out=tmp_path / name, store=store, workers=1)
    assert out_folder.clean(store).jobs == 0
    shutil.rmtree(tmp_path / "one")
    assert out_folder.clean(store).kept == 10
    (next((store / "needs").glob("*.json"))).write_text("{")
    shutil.rmtree(tmp_path / "two")
    done = out_folder.clean(store)
    assert (done.jobs, len(done.unread)) == (0, 1)
    next((store / "needs").glob("*.json")).unlink()
    assert out_folder.clean(store).jobs == 10


def test_a_folder_of_something_else_is_not_cleaned(tmp_path: Path) -> None:
    (tmp_path / ("a" * 64)).mkdir()
    with pytest.raises(experiments.FolderError, match="nothing here says which study"):
        out_folder.clean(tmp_path)
    assert (tmp_path / ("a" * 64)).exists()


def test_the_folder_of_an_older_version_is_cleaned_by_its_manifest(out: Path) -> None:
    """Before needs were noted: jobs by point and replication, or by keys of other code."""
    shutil.rmtree(out / "jobs" / "needs")
    with pytest.raises(experiments.FolderError, match="nothing here says"):
        out_folder.clean(out)
    (out / "jobs" / "point-0-replication-1").mkdir()
    manifest = json.loads((out / "manifest.json").read_text())
    del manifest["simulation_digest"]
    (out / "manifest.json").write_text(json.dumps(manifest))
    kept = {path.name for path in out.iterdir()}
    done = out_folder.clean(out)
    assert (done.jobs, done.kept, done.unread) == (11, 0, ())
    assert {path.name for path in out.iterdir()} == kept
    (out / "manifest.json").write_text("[]")
    with pytest.raises(experiments.FolderError, match="nothing here says"):
        out_folder.clean(out)


PARTS = """\
from typing import Literal
from pydantic import PrivateAttr
import sim
from quota_rule import too_many

class Quota(sim.Middlebox):
    kind: Literal["quota"]
    _count: dict[int, int] = PrivateAttr(default_factory=dict)

    def opens(self, flow, now):
        self._count[flow.source] = self._count.get(flow.source, 0) + 1
        if too_many(self._count[flow.source]):
            return sim.Verdict(sim.Action.RESET, "quota")
        return sim.PASS
"""


@pytest.mark.slow
def test_parts_come_from_a_file_and_go_with_the_manifest(tlscape: Run, tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "boxed.toml").write_text(BOXED, encoding="utf-8")
    (here / "quota_box.py").write_text(PARTS, encoding="utf-8")
    rule = here / "quota_rule.py"
    rule.write_text("LIMIT = 2\ndef too_many(count):\n    return count > LIMIT\n")
    parts = ("boxed.toml", "--parts", "quota_box.py")
    checked = tlscape("check", *parts)
    assert checked.returncode == 0, checked.stderr
    first = tlscape("run", *parts, "--out", "out")
    assert first.returncode == 0, first.stderr
    before, written = inodes(here / "out"), tables(here / "out")
    assert tlscape("report", "out", "--parts", "quota_box.py").returncode == 0
    without = tlscape("report", "out")
    assert (without.returncode, without.stderr.count("\n")) == (2, 1)
    rule.write_text("LIMIT = 0\ndef too_many(count):\n    return count > LIMIT\n")
    second = tlscape("run", *parts, "--out", "other", "--store", "out/jobs", *ONE)
    assert second.returncode == 0, second.stderr
    assert len(inodes(here / "out")) == 8
    assert tables(here / "other") != written
    for file in (rule, here / "quota_box.py", here / "boxed.toml"):
        file.unlink()
    repeated = tlscape("run", "--from", "out/manifest.json", "--out", "again")
    assert repeated.returncode == 0, repeated.stderr
    assert "the same, byte for byte" in repeated.stderr
    assert tables(here / "again") == written
    assert inodes(here / "again").keys() == before.keys()


NOTEBOOK = """\
from __future__ import annotations
import sys
from typing import Literal
from pydantic import PrivateAttr as Private
import experiments, sim
LIMIT = 2
def too_many(count):
    return count > LIMIT
class Quota(sim.Middlebox):
    kind: Literal["quota"]
    _count: dict[int, int] = Private(default_factory=dict)
    def opens(self, flow, now):
        self._count[flow.source] = self._count.get(flow.source, 0) + 1
        if too_many(self._count[flow.source]):
            return sim.Verdict(sim.Action.RESET, "quota")
        return sim.PASS
experiments.run("boxed.toml", parts=[Quota], out="out", workers=2)
"""


@pytest.mark.slow
def test_parts_of_a_script_go_with_the_manifest_without_the_script(
    tlscape: Run, tmp_path: Path
) -> None:
    import os
    import subprocess
    import sys

    from tests.experiments.small_world import ROOT

    here = tmp_path / "here"
    (here / "boxed.toml").write_text(BOXED, encoding="utf-8")
    (here / "script.py").write_text(NOTEBOOK, encoding="utf-8")
    outcome = subprocess.run(
        [sys.executable, "script.py"],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    (here / "script.py").unlink()
    repeated = tlscape("run", "--from", "out/manifest.json", "--out", "again", *ONE)
    assert repeated.returncode == 0, repeated.stderr
    assert tables(here / "again") == tables(here / "out")
    assert inodes(here / "again").keys() == inodes(here / "out").keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("x = 1\n", "no part is defined here; derive a class"),
        ("x = (\n", "bad.py:1: SyntaxError: '(' was never closed"),
        ("a = 1\nb = a / 0\n", "bad.py:2: ZeroDivisionError: division by zero"),
        ("import nowhere_at_all\n", "bad.py:1: ModuleNotFoundError: No module named"),
        ("raise SystemExit(0)\n", "bad.py:1: SystemExit: 0"),
    ],
)
def test_a_file_without_parts_is_told_in_one_line(
    text: str | None, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(experiments.ScenarioError) as told:
        load_parts([file])
    assert str(told.value).startswith("--parts ")
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.slow
def test_a_manifest_decides_what_it_says(tlscape: Run, result: experiments.Result) -> None:
    manifest = result.folder / "manifest.json"
    for option in (("small.toml",), ("--seed", "2"), ("--set", "server.cores=2")):
        outcome = tlscape("run", *option, "--from", manifest)
        assert outcome.returncode == 2
        assert "the manifest says that; leave out" in outcome.stderr
        assert outcome.stderr.count("\n") == 1
    assert tlscape("run").returncode == 2
