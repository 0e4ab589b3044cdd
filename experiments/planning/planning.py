"""Planning a study: which is the smallest design that meets its objectives?"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import sim
from experiments.failures import ScenarioError
from experiments.loading import scenario_to_run
from experiments.planning.judging import Judgement, confidence_of_a_look, looks
from experiments.planning.plan import Plan, PlannedDesign
from experiments.planning.report import write_plan
from experiments.planning.search import first_that_meets
from experiments.questions.farm import servers_together
from experiments.questions.objectives import State, verdicts_of
from experiments.result import Result
from experiments.results.study_tables import StudyTables
from experiments.running import DEFAULT_SEED, check_counts, write_analysis
from experiments.scenario_files.complaints import complaint
from experiments.scenario_files.ladder import Bound
from experiments.scenario_files.overrides import Override, parse_path, setting
from experiments.scenario_files.plan_table import PlanTable
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.scenario_files.settings import unknown_setting
from experiments.simulating import Means, job_store, simulate, using
from experiments.studies import out_folder
from experiments.studies.executor import processors, worker_processes
from experiments.studies.forecast import check_reach
from experiments.studies.job_store import JobStore
from experiments.studies.study import Study, design

_BUSY = 0.9
"""How busy cores are taken to be in the smallest design that meets: where the search begins."""

_COUNTED = ("cores", "count")
"""The last part of a setting with which the share that is busy falls."""


def plan(
    scenario: str | os.PathLike[str] | ScenarioFile,
    *,
    smallest: str | None = None,
    between: tuple[Bound, Bound] | None = None,
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
) -> Plan:
    """Find the smallest of a setting that meets the objectives of a scenario's study.

    Larger ones are taken to meet what smaller ones do. Each design that is tried runs with more and
    more replications until every objective is decided, and no longer than `most_replications`.
    Where the study has factors, there is a search for each of their combinations.

    Args:
        scenario: a ready scenario's name, a TOML file's path, or what `load_scenario` gave.
        smallest: the setting (a dotted path); the scenario's own `[study.plan]` without it.
        between: the least and the most that are tried; the scenario's own without it.
        out: the out folder; `out/NAME-plan` here without one.
        seed: of all random numbers.
        replications: of the first look at a design, in place of the scenario's own number.
        workers, executor, cluster, parts, store, yes, announce: as for `experiments.run`.
        settings: dotted paths and values that replace the scenario's.

    Raises:
        ScenarioError, FolderError: bad input; nothing was run.
        WorkerDied, ClusterFailed, DiskFailed, Interrupted: finished replications are kept.
    """
    file = scenario_to_run(scenario, settings, parts)
    check_counts(seed=seed, replications=replications, workers=workers)
    table = _table(file, smallest, between)
    first = file.study.replications if replications is None else replications
    folder = Path("out") / f"{file.name}-plan" if out is None else Path(out)
    place = job_store(folder, None if store is None else Path(store))
    searches = [_Search(file, table, combination) for combination in _combinations(file, table)]
    for search in searches:
        for end in (table.designs[0], table.designs[-1]):
            check_reach(search.study_of(end, seed, first), yes=yes)
    with using(place), _workers(workers, executor, cluster) as pool:
        means = Means(workers, pool, cluster, announce)
        run = _Running(folder, place, means, seed, first)
        designs = [search.run(run) for search in searches]
        found = Plan(folder, file, table, tuple(designs))
        write_plan(found)
    return found


def _workers(
    workers: int | None, executor: Executor | None, cluster: str | None
) -> contextlib.AbstractContextManager[Executor | None]:
    """Give what all designs run in: the executor, or one pool of processes for the whole search."""
    if executor is not None or cluster is not None:
        return contextlib.nullcontext(executor)
    count = workers or processors()
    return worker_processes(count) if count > 1 else contextlib.nullcontext(None)


def _table(
    file: ScenarioFile, smallest: str | None, between: tuple[Bound, Bound] | None
) -> PlanTable:
    """Return what is planned: what the file says, with what is given beside it.

    Raises:
        ScenarioError: nothing says what, there are no objectives, or the range is none.
    """
    if not file.study.objectives:
        raise ScenarioError(
            f"{file.source.name}: study.objectives: there are none that a plan could meet; add "
            'such as objectives = ["p99 handshake < 150 ms"] to [study]'
        )
    written = file.study.plan
    content = {} if written is None else written.model_dump(by_alias=True)
    if smallest is not None:
        content["smallest"] = smallest
    if between is not None:
        content["from"], content["to"] = between
    lacking = [key for key in ("smallest", "from", "to") if key not in content]
    if lacking:
        raise ScenarioError(
            f"{file.source.name}: study.plan: what is to be the smallest, and within which range, "
            'is not said; add [study.plan] with smallest = "server.cores", from = 1 and to = 64, '
            "or say --smallest and --between"
        )
    try:
        table = PlanTable.model_validate(content)
    except ValidationError as error:
        raise complaint(
            error, file.source, {"study": {"plan": content}}, below=("study", "plan")
        ) from None
    place = file.source.place(("study", "plan", "smallest"))
    fault = unknown_setting(file.world(), parse_path(table.smallest, place))
    if fault is not None:
        raise ScenarioError(f"{place}: {fault}")
    return table


def _combinations(file: ScenarioFile, table: PlanTable) -> Iterator[Mapping[str, Any]]:
    """Yield the settings of each combination of the study's factors but the one that is planned."""
    planned = parse_path(table.smallest, "study.plan")
    seen: list[dict[str, Any]] = []
    for point in design(file, seed=0).points:
        if point.is_baseline:
            continue
        combination = {
            path: level
            for path, level in point.settings.items()
            if parse_path(path, "study.factors") != planned
        }
        if combination not in seen:
            seen.append(combination)
            yield combination


@dataclass(frozen=True)
class _Running:
    """Where and how the designs of a plan run."""

    folder: Path
    store: JobStore
    means: Means
    seed: int
    first: int


class _Search:
    """The search for one combination of the study's factors."""

    def __init__(
        self, file: ScenarioFile, table: PlanTable, combination: Mapping[str, Any]
    ) -> None:
        self._file = file
        self._table = table
        self._combination = combination
        self._path = parse_path(table.smallest, "study.plan.smallest")

    def study_of(self, value: Bound, seed: int, replications: int) -> Study:
        """Return the study of one design alone."""
        table = self._file.study
        alone = [setting(path, level) for path, level in self._combination.items()]
        alone.append(
            Override(
                self._path,
                value,
                f"{self._file.source.name}: study.plan: {self._table.smallest}={value}",
            )
        )
        if table.baseline is not None:
            alone.append(Override(("study", "baseline"), None, "without the baseline"))
        return design(self._file.with_overrides(alone), seed=seed, replications=replications)

    def run(self, running: _Running) -> PlannedDesign:
        """Search, and return what was found."""
        designs = self._table.designs
        judgements: dict[int, Judgement] = {}
        tables: dict[int, StudyTables] = {}
        numbers = looks(running.first, self._table.most_replications)
        confidence = confidence_of_a_look(
            self._table.confidence, len(numbers), len(self._file.study.objectives)
        )

        def meets(index: int) -> bool:
            for number in numbers:
                study = self.study_of(designs[index], running.seed, number)
                tables[index] = self._simulated(study, designs[index], running)
                judgements[index] = _judgement(tables[index], designs[index], confidence)
                if judgements[index].state is not State.UNDECIDED:
                    break
            return judgements[index].state is State.MET

        last = len(designs) - 1
        found = first_that_meets(len(designs), meets, lambda: self._guess(judgements[last]))
        result = None
        if found is not None:
            result = Result(tables[found])
            with out_folder.writing(result.folder):
                write_analysis(result.analysis)
        return PlannedDesign(
            settings=dict(self._combination),
            judgements=tuple(judgements[index] for index in sorted(judgements)),
            chosen=None if found is None else judgements[found],
            next_smaller=judgements.get(found - 1) if found else None,
            result=result,
        )

    def _simulated(self, study: Study, value: Bound, running: _Running) -> StudyTables:
        name = ",".join(_file_name(str(part)) for part in (*self._combination.values(), value))
        folder = out_folder.claim(running.folder / "designs" / name, study)
        with out_folder.held(folder), out_folder.writing(folder):
            return simulate(study, folder, running.store, running.means)

    def _guess(self, largest: Judgement) -> int | None:
        """Return where the search begins: the design whose cores would be 90 % busy."""
        if str(self._path[-1]) not in _COUNTED or not largest.utilisation > 0:
            return None
        busy = float(largest.value) * largest.utilisation
        designs = self._table.designs
        return next(
            (index for index, value in enumerate(designs) if float(value) * _BUSY >= busy), None
        )


def _judgement(tables: StudyTables, value: Bound, confidence: float) -> Judgement:
    study = tables.study
    with tables.measurements() as measurements:
        verdicts = verdicts_of(measurements, study, confidence)
        together = servers_together(measurements.servers(), study, ["point", "replication"])
    return Judgement(
        value, tuple(verdicts), study.replications, float(together["utilisation"].mean())
    )


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")[:60]
