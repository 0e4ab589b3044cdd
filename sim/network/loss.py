"""Loss: which packets a link loses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Protocol

from pydantic import Discriminator, Field, Tag, model_validator

from sim.description import Description

Share = Annotated[float, Field(ge=0, le=1)]

Draws = Callable[[], float]
"""Gives a number from [0, 1) with each call."""


class LossProcess(Protocol):
    """What happens to the packets of one connection in one direction, one after another."""

    def loses(self) -> bool:
        """Whether the next packet is lost."""


class GilbertElliott(Description):
    """Losses in bursts: a link that is good or bad, packet by packet (Gilbert 1960, Elliott 1963).

    Each direction of each connection has a state of its own, which begins as it is in the long run.
    """

    model: Literal["gilbert-elliott"]
    good_to_bad: float = Field(gt=0, le=1)
    """Probability that a packet on a good link is followed by one on a bad link."""
    bad_to_good: float = Field(gt=0, le=1)
    """Probability of the way back: a bad time lasts 1 / this many packets on average."""
    loss_when_good: Share = 0.0
    """Share of the packets on a good link that is lost."""
    loss_when_bad: Share = 1.0
    """Share of the packets on a bad link that is lost."""

    @property
    def mean(self) -> float:
        """Share of all packets that is lost in the long run."""
        bad = self.share_of_bad
        return bad * self.loss_when_bad + (1 - bad) * self.loss_when_good

    @property
    def share_of_bad(self) -> float:
        """Share of all packets that meets a bad link in the long run."""
        return self.good_to_bad / (self.good_to_bad + self.bad_to_good)

    @model_validator(mode="after")
    def _worse_when_bad(self) -> GilbertElliott:
        if self.loss_when_bad < self.loss_when_good:
            raise ValueError("a bad link loses no less than a good one: exchange the two shares")
        return self


class IndependentLoss:
    """Each packet is lost with the same probability, whatever happened before."""

    def __init__(self, share: float, draws: Draws) -> None:
        self._share = share
        self._draws = draws

    def loses(self) -> bool:
        """Whether the next packet is lost: one draw, compared with the share."""
        return self._draws() < self._share


class BurstLoss:
    """The state of a Gilbert-Elliott link. It takes two draws a packet."""

    def __init__(self, model: GilbertElliott, draws: Draws) -> None:
        self._model = model
        self._draws = draws
        self._bad = draws() < model.share_of_bad

    def loses(self) -> bool:
        """Whether the next packet is lost; the state behind it is drawn as well."""
        model = self._model
        lost = self._draws() < (model.loss_when_bad if self._bad else model.loss_when_good)
        if self._draws() < (model.bad_to_good if self._bad else model.good_to_bad):
            self._bad = not self._bad
        return lost


def _which(value: Any) -> str:
    return "(bursts)" if isinstance(value, dict | GilbertElliott) else "(independent)"


Loss = Annotated[
    Annotated[Share, Tag("(independent)")] | Annotated[GilbertElliott, Tag("(bursts)")],
    Discriminator(_which),
]
"""The share of packets that is lost, each for itself: 0.02; or a table with a `model`."""


def loss_process(loss: float | GilbertElliott, draws: Draws) -> LossProcess | None:
    """What happens to a connection's packets; `None` where none is ever lost."""
    if isinstance(loss, GilbertElliott):
        return BurstLoss(loss, draws)
    return IndependentLoss(loss, draws) if loss else None
