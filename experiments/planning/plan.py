"""A plan: what was searched, what was found, and on what evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.planning.judging import Judgement
from experiments.questions.binding import remarks_on_binding
from experiments.questions.figures import figure
from experiments.questions.objectives import State, Verdict
from experiments.questions.table import Table
from experiments.result import Result
from experiments.scenario_files.ladder import Bound
from experiments.scenario_files.plan_table import PlanTable
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.wording import factor_words, level_words, listed, percent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PlannedDesign:
    """What was found for one combination of a study's factors.

    Attributes:
        settings: the combination; empty for a study without factors.
        judgements: of each design that was tried, from the smallest to the largest.
        chosen: of the smallest that meets the objectives, `None` if none within the range does.
        next_smaller: of the one before it, `None` where there is no smaller one.
        result: of the smallest that meets: its tables, answer and report.
    """

    settings: Mapping[str, Any]
    judgements: tuple[Judgement, ...]
    chosen: Judgement | None
    next_smaller: Judgement | None
    result: Result | None

    @property
    def value(self) -> Bound | None:
        """The smallest that meets the objectives."""
        return None if self.chosen is None else self.chosen.value


@dataclass(frozen=True)
class Plan:
    """The smallest of a setting that meets a study's objectives, with the evidence.

    Attributes:
        folder: the out folder: `plan.html`, `plan.csv`, `plan.json`, and each design under
            `designs`.
        file: the scenario.
        table: what was searched.
        designs: what was found, for each combination of the study's factors.
    """

    folder: Path
    file: ScenarioFile
    table: PlanTable
    designs: tuple[PlannedDesign, ...]

    @property
    def value(self) -> Bound | None:
        """The smallest that meets the objectives; of several combinations' ones the first's."""
        return self.designs[0].value

    @property
    def result(self) -> Result | None:
        """The result of the design that was found; of several combinations the first's."""
        return self.designs[0].result

    @property
    def is_met(self) -> bool:
        """Whether there is a design within the range for every combination."""
        return all(found.chosen is not None for found in self.designs)

    @property
    def answer(self) -> str:
        """What was found, a sentence for each combination."""
        return " ".join(self._found(found) for found in self.designs)

    @property
    def remarks(self) -> list[str]:
        """What the next smaller one would miss, what headroom is left, and what binds first."""
        remarks = []
        for found in self.designs:
            for words in (*self._smaller(found), *_headroom(found)):
                remarks.append(
                    words if len(self.designs) == 1 else f"{self._label(found)}: {words}"
                )
        return remarks

    @property
    def evidence(self) -> pd.DataFrame:
        """Each objective at each design that was tried.

        Columns: those of the study's factors, the planned setting, `replications`, `design` (the
        design's state), `objective`, `limit`, `measured`, `low`, `high`, `state`, `why`.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    **{path: level_words(level) for path, level in found.settings.items()},
                    self.table.smallest: judgement.value,
                    "replications": judgement.replications,
                    "design": str(judgement.state),
                    **verdict.fields,
                }
                for found in self.designs
                for judgement in found.judgements
                for verdict in judgement.verdicts
            ]
        )

    @property
    def search(self) -> Table:
        """Every design that was tried, in words."""
        several = len(self.designs) > 1
        objectives = [one.words for one in self.file.study.objectives]
        rows = tuple(
            (
                *((self._label(found),) if several else ()),
                level_words(judgement.value),
                f"{judgement.replications:,}",
                *(f"{figure(one.interval, one.metric)} {one.state}" for one in judgement.verdicts),
                str(judgement.state) + (", chosen" if judgement is found.chosen else ""),
            )
            for found in self.designs
            for judgement in found.judgements
        )
        head = (*(("at",) if several else ()), self._named, "replications", *objectives, "it is")
        return Table("Every design that was tried", head, rows, identifying=1 + several)

    @property
    def _named(self) -> str:
        return factor_words(self.table.smallest)

    def _label(self, found: PlannedDesign) -> str:
        paths = tuple(found.settings)
        return ", ".join(
            f"{factor_words(path, paths)} {level_words(level)}"
            for path, level in found.settings.items()
        )

    def _found(self, found: PlannedDesign) -> str:
        where = f" at {self._label(found)}" if len(self.designs) > 1 else ""
        span = f"{level_words(self.table.least)} to {level_words(self.table.most)}"
        if found.chosen is not None:
            return (
                f"The smallest {self.table.smallest} that meets the objectives{where} is "
                f"{level_words(found.chosen.value)} (of {span}, with "
                f"{percent(self.table.confidence)} confidence)."
            )
        largest = found.judgements[-1]
        told = listed([_told(one) for one in (*largest.missed, *largest.undecided)])
        verb = "misses" if largest.missed else "is not shown to meet"
        return (
            f"No {self.table.smallest} from {span} is shown to meet the objectives{where}: "
            f"{level_words(largest.value)} {verb} {told}."
        )

    def _smaller(self, found: PlannedDesign) -> list[str]:
        if found.chosen is None:
            return []
        smaller = found.next_smaller
        if smaller is None:
            return ["There is no smaller one within the range."]
        if smaller.missed:
            return [
                f"The next smaller one, {level_words(smaller.value)}, misses "
                f"{listed([_told(one) for one in smaller.missed])}."
            ]
        return [
            f"The next smaller one, {level_words(smaller.value)}, is not decided with "
            f"{smaller.replications:,} replications: "
            f"{listed([_told(one) for one in smaller.undecided])}."
        ]


def _told(verdict: Verdict) -> str:
    words = f"{verdict.objective.words} ({figure(verdict.interval, verdict.metric)}"
    return words + (f"; {verdict.why})" if verdict.is_out_of_reach else ")")


def _headroom(found: PlannedDesign) -> list[str]:
    """Return how far each objective is from its limit, and what binds first."""
    if found.chosen is None or found.result is None:
        return []
    margins = [words for one in found.chosen.verdicts if (words := _margin(one))]
    remarks = [f"Headroom: {listed(margins)}."] if margins else []
    analysis = found.result.analysis
    return remarks + remarks_on_binding(analysis.findings.resources, analysis.study)


def _margin(verdict: Verdict) -> str:
    """Return how far the nearer end of an interval is from the limit, as a share of that."""
    requirement = verdict.objective.requirement
    end = verdict.interval.high if requirement.is_ceiling else verdict.interval.low
    if verdict.state is not State.MET or math.isnan(end) or not requirement.limit:
        return ""
    share = abs(requirement.limit - end) / requirement.limit
    side = "below" if requirement.is_ceiling else "above"
    words = requirement.words + verdict.objective.whose
    return f"{words} is at least {percent(round(share, 3))} {side} its limit"
