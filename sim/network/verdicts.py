"""What the boxes of a world have done with its connections."""

from __future__ import annotations

from typing import Any

from sim.middleboxes.middlebox import Action, Middlebox, Verdict


class Verdicts:
    """How often each box has decided what."""

    def __init__(self) -> None:
        self._connections: dict[tuple[str, str, Action, str], int] = {}

    def add(self, box: Middlebox, verdict: Verdict) -> None:
        """A recorded connection of which this was the last that the box decided."""
        key = box.name, box.kind_name, verdict.action, verdict.reason
        self._connections[key] = self._connections.get(key, 0) + 1

    def rows(self) -> list[list[Any]]:
        """The rows of the table `verdicts`, by box, the most frequent first."""
        found = [
            [name, kind, action.value, reason, count]
            for (name, kind, action, reason), count in self._connections.items()
        ]
        return sorted(found, key=lambda row: (row[0], -row[4], row[2], row[3]))

    def by_action(self, name: str) -> dict[Action, int]:
        """How many connections a box has treated how."""
        counts = dict.fromkeys(Action, 0)
        for (box, _, action, _), count in self._connections.items():
            if box == name:
                counts[action] += count
        return counts
