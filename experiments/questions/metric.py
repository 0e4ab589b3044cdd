"""A metric: one number a replication, and how it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Quantity(Enum):
    """How a metric's number is written."""

    SHARE = "%"
    SECONDS = "ms"
    COUNT = ""
    BYTES = "MB"


@dataclass(frozen=True)
class Metric:
    """One number a replication.

    Attributes:
        name: its name in `summary.csv`.
        label: its name in a table's head.
        quantity: its kind; shares are from 0 to 1, times are seconds,
            counts plain numbers, memory is in bytes.
        definition: exactly what it is in this study, one sentence.
        decimals: digits after the point, in the unit that `quantity` writes.
        at_scale: whether it holds for the load as simulated only, not for the unscaled one.
        quantile: which quantile it is, from 0 to 1; `None` for what is no quantile.
        column: of a quantile, the observations' column in the table `connections`.
        count: of a share of things that are counted, the values' column with their number; without
            one it is a mean of shares.
        bounded: whether a mean of shares lies within 0 and 1.
    """

    name: str
    label: str
    quantity: Quantity
    definition: str
    decimals: int = 1
    at_scale: bool = False
    quantile: float | None = None
    column: str = ""
    count: str = ""
    bounded: bool = False

    @property
    def largest(self) -> float:
        """No true value is larger; none is below 0."""
        counted = self.quantity is Quantity.SHARE and bool(self.count)
        return 1.0 if counted or self.bounded else math.inf
