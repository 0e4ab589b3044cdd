"""What there is to tell of one connection of a study: its messages, its work, its time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from experiments.evidence.finding import Found
from experiments.evidence.steps import Step, steps_of

if TYPE_CHECKING:
    import pandas as pd

    import sim


class ConnectionAccount:
    """A connection that was simulated again.

    Attributes:
        number: of its row in the table `connections`, from 0.
        point: the label of its design point.
        replication: its replication.
        row: its row, by column.
        seen: all that was seen of it: flights, packets, bytes, keys.
        steps: its packets that open and close it, its flights with what was done for each.
        differences: columns whose values in the row and in what was seen differ, as far as replay
            allows; none where its world has engines in every connection.
    """

    def __init__(self, found: Found) -> None:
        self.number = found.row
        self.point = found.point.label
        self.replication = found.replication
        self.seen: sim.SeenConnection = found.seen
        self.row: dict[str, Any] = found.seen.row
        self.differences: Mapping[str, tuple[Any, Any]] = found.differences
        self.steps: tuple[Step, ...] = tuple(steps_of(found.seen))
        self._start = found.point.scenario.start

    @property
    def began(self) -> datetime.datetime:
        """When it began, by the calendar of its world."""
        return self._start + datetime.timedelta(seconds=self.row["arrival"])

    @property
    def times(self) -> dict[str, float]:
        """Where its time went: seconds by heading, none that are 0."""
        return {
            name.removeprefix("time_").replace("_", " "): value
            for name, value in self.row.items()
            if name.startswith("time_") and value
        }

    @property
    def messages(self) -> pd.DataFrame:
        """One row a message.

        Columns: `flight`, counted from 0, `sender`, `message`, `detail`, `bytes` (its own, those of
        records and of TCP apart), `encrypted`, `sent` and `arrived` (seconds since the first SYN,
        at its sender and at the other end), `network_time` between the two.
        """
        import pandas as pd

        begin = self.row["arrival"]
        rows = [
            {
                "flight": number,
                "sender": step.sender,
                "message": each.message.name,
                "detail": each.message.detail,
                "bytes": each.message.size,
                "encrypted": each.message.protected,
                "sent": _since(begin, each.sent),
                "arrived": _since(begin, each.arrived),
                "network_time": _since(each.sent, each.arrived),
            }
            for number, step in enumerate(self.steps)
            for each in step.messages
        ]
        return pd.DataFrame(rows)

    @property
    def operations(self) -> pd.DataFrame:
        """One row for the operations of one kind that an end did for a flight.

        Columns: `flight`, as in `messages`, `node` (`client`, or the name of the other end),
        `operation`, `bits`, `count`, `bytes`, `cpu_seconds` at full speed.
        """
        import pandas as pd

        rows = [
            {
                "flight": number,
                "node": step.sender,
                "operation": each.name,
                "bits": each.bits,
                "count": each.count,
                "bytes": each.bytes,
                "cpu_seconds": each.seconds,
            }
            for number, step in enumerate(self.steps)
            for each in step.work
        ]
        return pd.DataFrame(rows)

    @property
    def outcome_words(self) -> str:
        """How it ended, in words."""
        row = self.row
        words = [row["outcome"]]
        if row["alert"]:
            words.append(f"alert {row['alert']}")
        elif row["symptom"]:
            words.append(row["symptom"])
        if row["stopped_by"]:
            words.append(f"by {row['stopped_by']}: {row['reason']}")
        return ", ".join(words)

    @property
    def agreed_words(self) -> str:
        """What both ends agreed on: version, suite and group."""
        agreed = (self.row[name] for name in ("version", "suite", "group"))
        return ", ".join(each for each in agreed if each) or "no TLS"


def _since(begin: float | None, moment: float | None) -> float | None:
    return None if begin is None or moment is None else moment - begin
