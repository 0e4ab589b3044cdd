"""What each factor of a study changes, at equal levels of the others.

A study's points are a grid: each pair of points that differ in one factor alone is compared,
replication by replication. Intervals of one metric hold together (Bonferroni).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.questions.estimates import Estimates
from experiments.questions.figures import (
    change_in_words,
    decimals_of,
    difference_figure,
    signed,
    size_of_change,
    unit_of_change,
)
from experiments.questions.metric import Metric
from experiments.questions.table import Table
from experiments.results.statistics import Interval, differences, simultaneous_differences
from experiments.studies.study import Study
from experiments.wording import counted, factor_words, level_words, listed

_LEVELS_TOLD = 3
_ROUNDING = 1e-12

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """The change of a metric from a factor's first level to another, at equal other levels.

    Attributes:
        factor: the factor's dotted path.
        first: the level that it is compared with, the factor's first.
        level: the other one.
        mean: the change in the mean of all combinations of the other factors' levels.
        single: the change at each of these combinations; one where there is no other factor.
        combinations: those levels, in words.
        interacts: whether the change is shown to differ between two combinations.
    """

    factor: str
    first: object
    level: object
    mean: Interval
    single: tuple[Interval, ...]
    combinations: tuple[str, ...]
    interacts: bool


def factor_effects(estimates: Estimates, study: Study, metric: Metric) -> list[Effect]:
    """Return the effect of each factor's further levels on a metric.

    The means have simultaneous intervals, and so have the changes at each combination; both
    families together hold with 95 % confidence each. Combinations at which the metric was not
    measured at both levels are left out.
    """
    pairs = {
        (factor, place): found
        for factor, levels in study.file.study.factors.items()
        for place in range(1, len(levels))
        if (found := _pairs(estimates, study, metric, factor, place))
    }
    means = simultaneous_differences(
        {
            (key, side): np.mean([pair[side] for pair in found.values()], axis=0)
            for key, found in pairs.items()
            for side in (0, 1)
        },
        pairs=[((key, 1), (key, 0)) for key in pairs],
        limit=metric.largest,
    )
    single = simultaneous_differences(
        {
            (key, place, side): pair[side]
            for key, found in pairs.items()
            for place, pair in enumerate(found.values())
            for side in (0, 1)
        },
        pairs=[
            ((key, place, 1), (key, place, 0))
            for key, found in pairs.items()
            for place in range(len(found))
        ],
        limit=metric.largest,
    )
    return [
        Effect(
            factor,
            study.file.study.factors[factor][0],
            study.file.study.factors[factor][place],
            means[((factor, place), 1), ((factor, place), 0)],
            tuple(
                single[((factor, place), which, 1), ((factor, place), which, 0)]
                for which in range(len(found))
            ),
            tuple(found),
            _interacts(list(found.values())),
        )
        for (factor, place), found in pairs.items()
    ]


def remarks_on_factors(
    estimates: Estimates, study: Study, metrics: Mapping[str, Metric]
) -> list[str]:
    """Return a sentence for each factor and metric: what changes from its first level on.

    Args:
        estimates: what was measured.
        study: what was run.
        metrics: what is compared, by what it is called in a sentence.
    """
    remarks = []
    for words, metric in metrics.items():
        effects = factor_effects(estimates, study, metric)
        for _, of_factor in itertools.groupby(effects, lambda effect: effect.factor):
            remarks.append(_sentence(words, list(of_factor), study, metric))
    return remarks


def _pairs(
    estimates: Estimates, study: Study, metric: Metric, factor: str, place: int
) -> dict[str, tuple[Values, Values]]:
    """Return the replications at a factor's first and another level, by the others' levels."""
    factors = tuple(study.file.study.factors)
    levels = study.file.study.factors[factor]
    grid = [point for point in study.points if not point.is_baseline]
    pairs = {}
    for point in grid:
        if point.settings[factor] != levels[0]:
            continue
        wanted = {**point.settings, factor: levels[place]}
        other = next((one for one in grid if one.settings == wanted), None)
        if other is None:
            continue
        first = estimates.replicated(point.index, metric)
        second = estimates.replicated(other.index, metric)
        if len(first) == len(second) > 0 and np.isfinite([*first, *second]).all():
            words = [
                f"{factor_words(path, factors)} {level_words(point.settings[path])}"
                for path in factors
                if path != factor
            ]
            pairs[", ".join(words)] = first, second
    return pairs


def _interacts(pairs: Sequence[tuple[Values, Values]]) -> bool:
    """Tell whether the change is shown to differ between any two combinations."""
    changes = {place: differences(second, first) for place, (first, second) in enumerate(pairs)}
    return any(one.excludes_zero for one in simultaneous_differences(changes).values())


def _sentence(name: str, effects: Sequence[Effect], study: Study, metric: Metric) -> str:
    factors = tuple(study.file.study.factors)
    factor, first = effects[0].factor, effects[0].first
    others = listed([factor_words(path, factors) for path in factors if path != factor])
    equal = f"at equal {others}, " if others else ""
    told = list(effects)
    if len(told) > _LEVELS_TOLD:
        told = [*told[: _LEVELS_TOLD - 1], told[-1]]
    changes = [
        f"to {level_words(effect.level)}, {equal}{name} {_change(effect, metric, others)}"
        for effect in told
    ]
    more = "; further levels in the report" if len(told) < len(effects) else ""
    start = f"From {factor_words(factor, factors)} {level_words(first)} "
    return f"{start}{'; '.join(changes)}{more}."


def _change(effect: Effect, metric: Metric, others: str) -> str:
    """Return a change in words: "falls by 1.20 (1.10–1.30)", "is not shown to differ: …"."""
    if max(map(abs, effect.mean[:3])) <= _ROUNDING and not effect.interacts:
        return "does not change"
    if effect.interacts:
        return _range(effect, metric, others)
    mean, low, high = effect.mean[:3]
    in_the_mean = f" in the mean of {len(effect.single)}" if len(effect.single) > 1 else ""
    unit = unit_of_change(metric)
    if math.isnan(low):
        return f"changes by {signed(mean, metric)}{unit}{in_the_mean} (no interval)"
    if not effect.mean.excludes_zero:
        decimals = decimals_of(effect.mean, metric)
        words = [signed(value, metric, decimals) for value in (mean, low, high)]
        return f"is not shown to differ: {words[0]}{unit} ({words[1]} to {words[2]}){in_the_mean}"
    return change_in_words(effect.mean, metric) + in_the_mean


def _range(effect: Effect, metric: Metric, others: str) -> str:
    """Return the range of a change that differs between the levels of the others."""
    ordered = sorted(effect.single, key=lambda change: abs(change.estimate))
    least, most = ordered[0], ordered[-1]
    shown = sum(change.excludes_zero for change in effect.single)
    if least.estimate * most.estimate > 0 and all(
        change.estimate * most.estimate > 0 for change in ordered
    ):
        verb = "rises" if most.estimate > 0 else "falls"
        ends = [size_of_change(change, metric) for change in (least, most)]
    else:
        verb = "changes"
        ordered = sorted(effect.single, key=lambda change: change.estimate)
        ends = [difference_figure(change, metric) for change in (ordered[0], ordered[-1])]
    return (
        f"{verb} by {ends[0]} to {ends[1]}{unit_of_change(metric)}, depending on {others}: "
        f"shown at {shown} of {counted(len(effect.single), 'combination')}"
    )


def factor_table(estimates: Estimates, study: Study, metrics: Mapping[str, Metric]) -> Table:
    """Return what each factor changes in each combination of the others, and in their mean."""
    factors = tuple(study.file.study.factors)
    rows = []
    for name, metric in metrics.items():
        for effect in factor_effects(estimates, study, metric):
            changes = list(zip(effect.combinations, effect.single, strict=True))
            if len(changes) > 1:
                changes.append((f"mean of {len(changes)}", effect.mean))
            rows += [
                (
                    f"{factor_words(effect.factor, factors)} {level_words(effect.first)} to "
                    f"{level_words(effect.level)}",
                    where or "–",
                    name,
                    difference_figure(change, metric) + unit_of_change(metric),
                )
                for where, change in changes
            ]
    head = ("from and to", "at", "of", "changes by")
    title = "What each factor changes, with intervals that hold together for each metric"
    return Table(title, head, tuple(rows), identifying=3)
