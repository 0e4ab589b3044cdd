"""One connection of a study, shown: as text on a terminal, as a ladder in a notebook."""

from __future__ import annotations

from experiments.evidence.account import ConnectionAccount
from experiments.evidence.ladder import ladder
from experiments.evidence.text import connection_text


class ShownConnection(ConnectionAccount):
    """A connection that was simulated again: printed, it is a table; in a notebook, a ladder."""

    def svg(self) -> str:
        """Return the ladder as an SVG file."""
        return ladder(self)

    def __str__(self) -> str:
        return connection_text(self)

    def __repr__(self) -> str:
        return f"ShownConnection({self.number}: {self.outcome_words})"

    def _repr_svg_(self) -> str:
        return self.svg()
