"""Running a study from its scenario to its report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import sim
from experiments.failures import ScenarioError
from experiments.loading import scenario_to_run
from experiments.presentation.report import write_report
from experiments.questions.analysis import Analysis
from experiments.result import Result
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.simulating import Means, job_store, simulate, using
from experiments.studies import out_folder
from experiments.studies.forecast import check_reach
from experiments.studies.study import design
from experiments.studies.whole_files import write_whole

DEFAULT_SEED = 1
SUMMARY = "summary.csv"


def run(
    scenario: str | os.PathLike[str] | ScenarioFile,
    *,
    out: str | os.PathLike[str] | None = None,
    seed: int = DEFAULT_SEED,
    replications: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    cluster: str | None = None,
    parts: Sequence[sim.Part] = (),
    store: str | os.PathLike[str] | None = None,
    yes: bool = False,
    announce: Callable[[str], None] | None = None,
    **settings: Any,
) -> Result:
    """Run a study: all that its scenario describes, or when run again what is missing.

    Args:
        scenario: a ready scenario's name, a TOML file's path, or what `load_scenario` gave.
        out: the out folder; `out/NAME` here without one.
        seed: of all random numbers; the same seed gives the same tables to the byte.
        replications: in place of the scenario's own number.
        workers: processes that simulate; as many as there are processors without it.
        executor: any `concurrent.futures.Executor` in place of worker processes, such as
            `dask.distributed`'s; its workers need not see this machine's disk.
        cluster: a Dask cluster in their place: its scheduler's address, or its file. A worker that
            dies costs a retry, a scheduler may be restarted.
        parts: boxes, balancers, browsers and the like of your own, which the scenario may name. A
            part that was edited is simulated anew.
        yes: run even what is beyond reach: more than 20 million connections.
        announce: is told, before it begins, how much will be run and about how long it takes.
        store: the folder of finished jobs, which studies may share; the out folder's own `jobs`
            without it.
        settings: dotted paths and values that replace the scenario's, such as
            `**{"server.sessions.lifetime": "5 min"}`.

    Raises:
        ScenarioError, FolderError: bad input; nothing was run and nothing written.
        WorkerDied, ClusterFailed, DiskFailed, Interrupted: finished replications are kept in the
            out folder.
    """
    file = scenario_to_run(scenario, settings, parts)
    check_counts(seed=seed, replications=replications, workers=workers)
    study = design(file, seed=seed, replications=replications)
    check_reach(study, yes=yes)
    folder = out_folder.claim(None if out is None else Path(out), study)
    place = job_store(folder, None if store is None else Path(store))
    with out_folder.held(folder), out_folder.writing(folder), using(place):
        tables = simulate(study, folder, place, Means(workers, executor, cluster, announce))
        result = Result(tables)
        write_analysis(result.analysis)
    return result


def write_analysis(analysis: Analysis) -> None:
    """Write what follows from a study's tables: summary, charts, report.

    Raises:
        OSError: they cannot be written.
    """
    summary = analysis.summary.to_csv(index=False, lineterminator="\n")
    write_whole(analysis.tables.folder / SUMMARY, summary)
    write_report(analysis)


def check_counts(*, seed: int, replications: int | None, workers: int | None) -> None:
    """Check what numbers a study is run with.

    Raises:
        ScenarioError: there is no such seed, or nothing would be run.
    """
    if seed < 0:
        raise ScenarioError(f"--seed {seed}: a seed is a whole number from 0")
    if replications is not None and replications < 1:
        raise ScenarioError(f"--replications {replications}: at least 1 is needed")
    if workers is not None and workers < 1:
        raise ScenarioError(f"--workers {workers}: at least 1 is needed")
