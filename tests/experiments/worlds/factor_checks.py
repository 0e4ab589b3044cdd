"""Checks of what factors change, at equal levels of the others."""

# ruff: noqa: E501 - a sentence's pattern is easiest to compare with the sentence on few lines

from __future__ import annotations

import math
import re
from itertools import combinations

import numpy as np
from scipy import stats

from tests.experiments.worlds.evidence import Figure
from tests.experiments.worlds.sentences import NUMBER, World, same, says

UNIT = r"(?: percentage points| ms)?"
RANGE = rf"({NUMBER}) \(({NUMBER})(?:–| to )({NUMBER})\)"


def simultaneous(values: np.ndarray, number: int) -> Figure:
    """Student's t with an error of 5 % over so many intervals."""
    if len(values) < 2:
        return float(values.mean()), math.nan, math.nan
    error = values.std(ddof=1) / math.sqrt(len(values))
    half = stats.t.ppf(1 - 0.025 / number, len(values) - 1) * error
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def shown(figure: Figure) -> bool:
    return figure[1] > 0 or figure[2] < 0


def measured(world: World, what: str, label: str) -> np.ndarray | None:
    """A metric in each replication at a point, as its sentence has it."""
    evidence, _ = world.at(label)
    if what == "the need for cores":
        return world.cores(label) if label in world.costed else None
    if what == "utilisation":
        groups = evidence.by_replication(evidence.samples())
        return 100 * np.array([one["utilisation"].mean() for one in groups])
    if what == "server CPU time":
        return 1000 * evidence.mean_of("server_cpu")
    groups = evidence.by_replication(evidence.connections)
    if what in OF_SUCCEEDED:
        return np.array(
            [one[one["outcome"] != "failed"][OF_SUCCEEDED[what]].mean() for one in groups]
        )
    outcomes = [one["outcome"].astype(str) for one in groups]
    if what == "the hit rate":
        return 100 * np.array([one.str.startswith("resumed").mean() for one in outcomes])
    return 100 * np.array([(one != "failed").mean() for one in outcomes])


def changes(world: World, what: str) -> dict[tuple[str, int], list[np.ndarray]]:
    """From each factor's first level to each other one, at each combination of the others."""
    grid = {label: point for label, point in world.points.items() if not point.is_baseline}
    found: dict[tuple[str, int], list[np.ndarray]] = {}
    for factor, levels in world.result.study.file.study.factors.items():
        for place in range(1, len(levels)):
            for label, point in grid.items():
                wanted = {**point.settings, factor: levels[place]}
                other = next(one for one, its in grid.items() if its.settings == wanted)
                before, after = measured(world, what, label), measured(world, what, other)
                if point.settings[factor] == levels[0] and before is not None and after is not None:
                    found.setdefault((factor, place), []).append(after - before)
    return found


def words_of(level: object) -> str:
    return f"{level:,}" if isinstance(level, int) else str(level)


OF_SUCCEEDED = {
    "the number of round trips before a request": "round_trips",
    "the number of bytes that a client receives": "bytes_received",
}
WHAT = "|".join(
    [
        *("the need for cores", "utilisation", "the hit rate", "the share that succeeds"),
        *("server CPU time", *OF_SUCCEEDED),
    ]
)


@says(
    rf"From (?P<start>.+?) to (?P<changes>[^;]+, (?:{WHAT}) .+?)(?P<more>; further levels in the report)?\."
)
def _factor(world: World, found: re.Match[str]) -> None:
    factors = world.result.study.file.study.factors
    (factor,) = (
        path
        for path, levels in factors.items()
        if found["start"].endswith(f" {words_of(levels[0])}")
        and re.sub(r"[._]", " ", path).endswith(
            found["start"].removesuffix(f" {words_of(levels[0])}")
        )
    )
    clauses = re.split("; to ", found["changes"])
    assert len(clauses) == min(3, len(factors[factor]) - 1)
    assert (found["more"] is None) == (len(clauses) == len(factors[factor]) - 1)
    for clause in clauses:
        one = re.fullmatch(
            rf"(?P<level>.+?), (?:at equal .+?, )?(?P<what>{WHAT}) (?P<change>.+)", clause
        )
        (place,) = (
            place
            for place, level in enumerate(factors[factor])
            if place and words_of(level) == one["level"]
        )
        assert ("at equal" in clause) == (len(factors) > 1)
        every = changes(world, one["what"])
        number, singles = len(every), sum(map(len, every.values()))
        of_level = every[factor, place]
        pairs = list(combinations(of_level, 2))
        interacts = any(
            shown(simultaneous(b - a, len(pairs)))
            for a, b in pairs
            if not np.allclose(a, b, rtol=1e-9, atol=0)  # but for rounding
        )
        assert ("depending on" in one["change"]) == interacts, clause
        single = [simultaneous(each, singles) for each in of_level]
        whole = simultaneous(np.mean(of_level, axis=0), number)
        _check(one["change"], whole, single)


def _check(change: str, whole: Figure, single: list[Figure]) -> None:
    many = rf" in the mean of {len(single)}" if len(single) > 1 else ""
    if change == "does not change":
        assert max(map(abs, whole)) < 1e-9
    elif "depending on" in change:
        _check_range(change, single)
    elif change.startswith("is not shown"):
        one = re.fullmatch(
            rf"is not shown to differ: ({NUMBER}){UNIT} \(({NUMBER}) to ({NUMBER})\){many}", change
        )
        same(one.groups(), whole)
        assert not shown(whole)
    elif change.endswith("(no interval)"):
        one = re.fullmatch(rf"changes by ({NUMBER}){UNIT}{many} \(no interval\)", change)
        same((one[1], None, None), whole)
    else:
        one = re.fullmatch(
            rf"(rises|falls) by ({NUMBER}) \(({NUMBER})–({NUMBER})\){UNIT}{many}", change
        )
        assert shown(whole)
        same(one.groups()[1:], turned(whole, one[1]))


def turned(figure: Figure, verb: str) -> Figure:
    """A change's size, where its sign is in a verb."""
    sign = -1 if verb == "falls" else 1
    return sign * figure[0], *sorted(sign * end for end in figure[1:])


def _check_range(change: str, single: list[Figure]) -> None:
    one = re.fullmatch(
        rf"(rises|falls|changes) by {RANGE} to {RANGE}{UNIT}, depending on .+: shown at (\d+) of "
        r"(\d+) combinations",
        change,
    )
    verb, *numbers, number_shown, number = one.groups()
    ordered = sorted(turned(each, verb) for each in single)
    assert verb == "changes" or ordered[0][0] > 0
    same(tuple(numbers[:3]), ordered[0])
    same(tuple(numbers[3:]), ordered[-1])
    assert int(number_shown) == sum(map(shown, single))
    assert int(number) == len(single)
