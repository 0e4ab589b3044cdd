"""A name that something had in an earlier version gets one line with the one that it has now."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import experiments
import sim
from experiments import questions
from experiments.scenario_files import former_names, schema
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.scenario_file import load
from tests.experiments.small_world import STUDY, Run

Write = Callable[..., Path]

_DURATION = 'duration = "5 min"'
_ASSUMPTION = '[[study.assumptions]]\nabout = "scripts"\nsays = "so"\nsource = "me"\n'


def test_the_table_leads_to_names_that_there_are() -> None:
    columns = set(sim.SCHEMAS["connections"].names)
    assert set(former_names.COLUMNS.values()) <= columns
    assert not set(former_names.COLUMNS) & columns
    for path, name in former_names.KEYS.items():
        known = schema.keys_at(path[:-1], {})
        assert name in known
        assert path[-1] not in known
    assert set(former_names.QUESTIONS.values()) <= set(questions.NAMES)
    assert not set(former_names.QUESTIONS) & set(questions.NAMES)


@pytest.mark.parametrize(
    ("replacement", "place"),
    [
        ((_DURATION, f"{_DURATION}\nscripts = 4"), "bad.toml:5: scripts"),
        (("replications = 2", "replications = 2\nfactors.scripts = [1, 8]"), "scripts"),
        (("[study.factors]", _ASSUMPTION + "[study.factors]"), "study.assumptions[0].about"),
    ],
    ids=["key", "factor", "assumption"],
)
def test_a_key(written: Write, replacement: tuple[str, str], place: str) -> None:
    study = STUDY
    if "factors.scripts" in replacement[1]:
        study = STUDY.partition("[study.factors]")[0]
    with pytest.raises(experiments.ScenarioError) as caught:
        experiments.run(written(replacement, study=study))
    said = str(caught.value)
    assert place in said
    assert said.endswith('"scripts" is called "traces" now')
    assert "\n" not in said


def test_an_override(scenario: Path) -> None:
    with pytest.raises(experiments.ScenarioError) as caught:
        load(scenario, [parse_override("scripts=4")])
    assert str(caught.value) == '--set scripts=4: "scripts" is called "traces" now'


def test_a_word(written: Write) -> None:
    line = 'profile = "internet-explorer-6"'
    file = written((line, line + '\nwarnings = "clicked away"'))
    with pytest.raises(experiments.ScenarioError) as caught:
        load(file)
    assert str(caught.value).endswith(
        'clients[0].warnings: "clicked away" is called "overridden" now'
    )


def test_a_question_asks_what_it_asked_with_a_line(written: Write) -> None:
    file = experiments.load_scenario(written(study='\n[study]\nquestion = "passage"\n'))
    assert file.study.question == "reachability"
    (notice,) = file.notices
    assert notice.endswith('study.question: "passage" is called "reachability" now')


def test_a_column(result: experiments.Result) -> None:
    with result.measurements() as measurements:
        assert len(measurements.quantile_curve("time_cpu_queue", 0)) > 0
        with pytest.raises(experiments.ColumnError) as caught:
            measurements.quantile_curve("time_queue", 0)
        assert str(caught.value) == 'connections: "time_queue" is called "time_cpu_queue" now'
        with pytest.raises(experiments.ColumnError, match='did you mean "handshake_time"'):
            measurements.quantile_curve("handshake_tim", 0)


def test_a_folder_with_old_columns(
    result: experiments.Result, tlscape_here: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "old"
    shutil.copytree(result.folder, folder)
    file = folder / "connections.parquet"
    table = pq.read_table(file)
    now = {new: old for old, new in former_names.COLUMNS.items()}
    pq.write_table(table.rename_columns([now.get(name, name) for name in table.column_names]), file)
    done = tlscape_here("report", folder)
    assert done.returncode == 2
    assert done.stderr == (
        f'tlscape: {folder}: its tables have columns of other names ("route" is called "path" now, '
        '"time_queue" is called "time_cpu_queue" now); run the study again into another folder '
        "with --out\n"
    )
