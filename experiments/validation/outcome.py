"""What becomes of a connection, in the few facts that a real one and a simulated one share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a client notices.

    Attributes:
        connected: whether TCP was.
        secured: whether the handshake was completed.
        responses: how many came.
        symptom: how it ended too early: "reset" or "timeout"; else None.
    """

    connected: bool
    secured: bool
    responses: int
    symptom: str | None

    def __str__(self) -> str:
        """In words: "1 response, then reset"."""
        if not self.connected:
            return f"no connection: {self.symptom}"
        if not self.secured:
            return f"no handshake: {self.symptom}"
        came = f"{self.responses} response{'' if self.responses == 1 else 's'}"
        return came if self.symptom is None else f"{came}, then {self.symptom}"


Waves = tuple[tuple[Outcome, ...], ...]
"""The outcomes of clients that came together, for each time that some came."""


def in_words(waves: Waves) -> str:
    """All of them: "3 × 2 responses, 2 × no connection: reset; later 3 × ..."."""
    return "; later ".join(map(_counted, waves))


def _counted(outcomes: Sequence[Outcome]) -> str:
    words = list(map(str, outcomes))
    return ", ".join(
        word if len(words) == 1 else f"{words.count(word)} × {word}"
        for word in dict.fromkeys(words)
    )


def by_waves(outcomes: Sequence[Outcome], clients: int) -> Waves:
    """Outcomes in order of beginning, of that many clients a time; within one the best first.

    Which of those that come at the same time is first is chance.
    """
    return tuple(
        tuple(sorted(outcomes[first : first + clients], key=_rank, reverse=True))
        for first in range(0, len(outcomes), clients)
    )


def _rank(outcome: Outcome) -> tuple[bool, bool, int, str]:
    return outcome.connected, outcome.secured, outcome.responses, outcome.symptom or ""
