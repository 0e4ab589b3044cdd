"""Judging one design: its replications are doubled until every objective is decided."""

from __future__ import annotations

from dataclasses import dataclass, field

from experiments.questions.objectives import State, Verdict


@dataclass(frozen=True)
class Judgement:
    """What was found of one design.

    Attributes:
        value: the design: what the setting was.
        verdicts: of each objective, at the last look.
        replications: how many there were then.
        utilisation: of the servers' cores, a share; NaN if unknown.
    """

    value: int | float | str
    verdicts: tuple[Verdict, ...]
    replications: int
    utilisation: float = field(default=float("nan"))

    @property
    def state(self) -> State:
        """Met if every objective is, missed if any is, else undecided."""
        states = {verdict.state for verdict in self.verdicts}
        if State.MISSED in states:
            return State.MISSED
        return State.UNDECIDED if State.UNDECIDED in states else State.MET

    @property
    def missed(self) -> tuple[Verdict, ...]:
        """The verdicts of what is missed."""
        return tuple(one for one in self.verdicts if one.state is State.MISSED)

    @property
    def undecided(self) -> tuple[Verdict, ...]:
        """The verdicts of what is undecided."""
        return tuple(one for one in self.verdicts if one.state is State.UNDECIDED)


def looks(first: int, most: int) -> tuple[int, ...]:
    """Return how many replications each look at a design has: the first, then twice as many."""
    numbers = [min(max(2, first), most)]
    while numbers[-1] < most:
        numbers.append(min(2 * numbers[-1], most))
    return tuple(numbers)


def confidence_of_a_look(confidence: float, looks: int, objectives: int) -> float:
    """Return the confidence of each two-sided interval, so that the verdicts have `confidence`.

    A verdict is wrong where one end of an interval is on the wrong side of the truth: the error is
    shared evenly by all looks and objectives (Bonferroni), each with one end.

    Args:
        confidence: of the verdict on a design.
        looks: the most that there may be.
        objectives: how many there are.
    """
    return 1 - 2 * (1 - confidence) / (looks * max(1, objectives))
