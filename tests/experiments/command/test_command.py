from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import experiments
from experiments.questions.settings import scenario_file_schema
from experiments.scenario_files.suggestions import did_you_mean
from tests.experiments.small_world import ROOT, Run


def test_help_names_every_command(tlscape_here: Run) -> None:
    outcome = tlscape_here("--help")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    for command in ("run", "scenarios", "report", "schema", "calibrate"):
        assert f"\n  {command} " in outcome.stdout


def test_version(tlscape: Run) -> None:
    assert tlscape("--version").stdout.startswith("tlscape ")


def test_scenarios(tlscape_here: Run) -> None:
    outcome = tlscape_here("scenarios")
    assert outcome.returncode == 0
    told = {line.split(maxsplit=1)[0] for line in outcome.stdout.splitlines()}
    assert told == {
        "accelerator",
        "contoso-2003",
        "interception-proxy",
        "mobile-network",
        "post-quantum-migration",
        "session-cache",
        "web-farm",
    }
    assert "How long, and how many, TLS sessions" in outcome.stdout


def test_run_prints_the_answer_and_names_the_report(
    scenario: Path, tlscape: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    outcome = tlscape("run", scenario, "--out", out, "--replications", "2", "--workers", "1")
    assert outcome.returncode == 0
    assert outcome.stderr.startswith("tlscape: small: some 1,500 connections, in some ")
    assert outcome.stderr.count("\n") == 1
    assert max(map(len, outcome.stdout.splitlines()[:-1])) <= 80
    assert "Remember " in outcome.stdout
    assert " ± " in outcome.stdout
    assert "baseline (security plain)" in outcome.stdout
    assert outcome.stdout.rstrip().endswith(f"Report: {out / 'report.html'}")


def test_json_is_one_object_and_nothing_else(
    scenario: Path, result: experiments.Result, tlscape_here: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(result.folder, folder)
    outcome = tlscape_here("run", scenario, "--json", "--out", folder)
    assert outcome.returncode == 0
    content = json.loads(outcome.stdout)
    assert content["answer"] == result.answer.sentence
    assert len(content["summary"]) == len(result.summary)
    cores = [row for row in content["summary"] if row["metric"] == "cores_needed"]
    assert all(row["low"] <= row["mean"] <= row["high"] for row in cores)
    plain = [row for row in content["summary"] if row["server.security"] == "plain"]
    assert {row["mean"] for row in plain if row["metric"] == "hit_rate"} == {None}


def test_report_is_made_anew(result: experiments.Result, tlscape_here: Run, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(result.folder, folder)
    made = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    outcome = tlscape_here("report", folder)
    assert (outcome.returncode, outcome.stdout.strip()) == (0, str(folder / "report.html"))
    assert (folder / "report.html").read_bytes() == made


def test_the_schema_takes_the_ready_scenarios(tlscape_here: Run) -> None:
    import tomllib

    schema = json.loads(tlscape_here("schema").stdout)
    assert schema == json.loads(json.dumps(scenario_file_schema()))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for name in experiments.ready_scenarios():
        file = Path(experiments.__file__).parent / "scenarios" / f"{name}.toml"
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        validator.validate(json.loads(json.dumps(content, default=lambda time: time.isoformat())))
        server = content.get("server") or next(iter(content["servers"].values()))
        server["colour"] = "green"
        with pytest.raises(jsonschema.ValidationError, match="colour"):
            validator.validate(json.loads(json.dumps(content, default=str)))


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=5))
def test_a_suggestion_is_always_one_of_the_known(written: str, known: list[str]) -> None:
    remedy = did_you_mean(written, known, what="keys here")
    assert remedy
    if written in known:
        assert remedy == f'did you mean "{written}"?'
    elif remedy.startswith("did you mean"):
        assert remedy.removeprefix('did you mean "').removesuffix('"?') in known


def test_a_script_named_tls_beside_the_command_is_not_imported(tmp_path: Path) -> None:
    """tlslite-ng installs one (its `tls.py`) into the folder where `tlscape` lies."""
    (tmp_path / "tls.py").write_text("raise SystemExit('the wrong tls')\n")
    command = tmp_path / "tlscape"
    command.write_text("from experiments.command import main\nmain()\n")
    root = Path(__file__).resolve().parents[3]
    finished = subprocess.run(
        [sys.executable, str(command), "scenarios"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert finished.returncode == 0, finished.stderr
    assert "session-cache" in finished.stdout


def test_check_says_what_would_be_run_and_runs_nothing(
    scenario: Path, tlscape_here: Run, tmp_path: Path
) -> None:
    outcome = tlscape_here("check", scenario)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "5 design points x 2 replications:" in outcome.stdout
    assert (
        "lifetime 10 s, capacity 2: live, 5 min simulated, some 150 connections" in outcome.stdout
    )
    assert "in all some 1,500 connections, in some " in outcome.stdout
    assert not (tmp_path / "here" / "out").exists()


def test_check_refuses_what_run_would(scenario: Path, tlscape_here: Run) -> None:
    outcome = tlscape_here("check", scenario, "--set", "server.coers=2")
    assert outcome.returncode == 2
    assert outcome.stdout == ""
    assert 'unknown key "coers"' in outcome.stderr


def test_what_is_beyond_reach_needs_a_yes(scenario: Path, tlscape_here: Run) -> None:
    outcome = tlscape_here(
        "run", scenario, "--set", "arrivals.rate=100000 /s", "--set", "duration=1 h"
    )
    assert outcome.returncode == 2
    assert "some 3,600,000,000 connections would be simulated" in outcome.stderr
    assert outcome.stderr.rstrip().endswith("or say --yes")


@pytest.mark.slow
def test_output_survives_an_ascii_terminal(
    scenario: Path, result: experiments.Result, tmp_path: Path
) -> None:
    shutil.copytree(result.folder, tmp_path / "out")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    outcome = subprocess.run(
        [sys.executable, "-m", "experiments.command", "run", str(scenario), "--out", "out"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert " +/- " in outcome.stdout
    assert outcome.stdout.isascii()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_device_is_told_in_one_line(tlscape: Run) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        outcome = subprocess.run(
            [sys.executable, "-m", "experiments.command", "schema"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert outcome.returncode == 4
    assert outcome.stderr == "tlscape: standard output: No space left on device\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [["calibrate"], ["run", "session-cache"]])
def test_an_interrupt_ends_a_command(
    command: list[str], number: signal.Signals, tmp_path: Path
) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "experiments.command", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(5)
    running.send_signal(number)
    out, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert error.splitlines()[-1].startswith("tlscape: interrupted")
    assert "Traceback" not in error


def test_the_completion_of_a_shell(tlscape_here: Run) -> None:
    outcome = tlscape_here("--help")
    assert "--install-completion" in outcome.stdout


@pytest.mark.slow
def test_the_readme_s_pair_speaks(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    serve, connect = re.findall(r"python -m tls (serve|connect) (.+)", readme)
    server = subprocess.Popen(
        [sys.executable, "-m", "tls", "serve", *serve[1].rstrip(" &").split()], cwd=ROOT
    )
    try:
        for _ in range(100):
            outcome = subprocess.run(
                [sys.executable, "-m", "tls", "connect", *connect[1].split()],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            if outcome.returncode == 0:
                break
            time.sleep(0.2)
        assert outcome.returncode == 0, outcome.stderr
        assert "TLS 1.3" in outcome.stdout
    finally:
        server.terminate()
        server.wait(timeout=30)
