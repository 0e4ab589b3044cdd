"""Retries: which failed attempts are made again, when, and how many of all clients' at most."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from sim.description import Description, fault_at
from sim.units import Duration, PositiveDuration, at_most

Symptom = Literal["refused", "reset", "timeout", "alert"]


class Retries(Description):
    """What a client does after an attempt that has failed: it waits, then makes another one.

    The request that was not answered, and those behind it, are made again over a new connection.
    """

    most: int = Field(default=3, ge=1, le=1000)
    """How many times in a row at most, without a response between."""
    after: tuple[Symptom, ...] = ("refused", "reset", "timeout")
    """After which symptoms: "refused" by a proxy, "reset", "timeout", "alert"."""
    backoff: Literal["fixed", "exponential"] = "exponential"
    """How the wait grows: "fixed" stays as `first` is, "exponential" is multiplied by `factor` from
    each to the next."""
    first: Annotated[Duration, at_most("1 d")] = 0.5
    """The wait before the first retry: "500 ms"; at most a day."""
    factor: float = Field(default=2.0, ge=1, le=100)
    """By how much an exponential back-off grows."""
    longest: Annotated[PositiveDuration, at_most("1 d")] = 30.0
    """The longest wait, before its jitter: "30 s"; at most a day."""
    jitter: Literal["none", "full", "equal"] = "none"
    """How waits are spread: "full" takes any from 0 to the back-off, "equal" any from its half on
    (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015)."""
    budget: float | None = Field(default=None, ge=0, le=1)
    """Which share of their requests all clients of the table may retry: 0.1. Each first request
    puts that much of a token into a bucket that all share, and each retry takes one out; an empty
    one allows none. Else any number."""
    burst: int = Field(default=10, ge=1, le=1_000_000)
    """How many tokens the bucket of a budget holds at most, before scaling; it is full at first."""

    @field_validator("after")
    @classmethod
    def _some_symptom(cls, after: tuple[str, ...]) -> tuple[str, ...]:
        if not after:
            raise ValueError("at least one symptom is needed; without any leave `retries` out")
        for symptom in after:
            if after.count(symptom) > 1:
                raise ValueError(f'"{symptom}" stands there twice; remove one')
        return after

    @model_validator(mode="after")
    def _longest_is_longest(self) -> Self:
        if self.first > self.longest:
            raise fault_at(
                ("first",),
                f'"{self.first:g} s" is longer than the longest wait, "{self.longest:g} s"; write '
                "a shorter one, or a longer `longest`",
            )
        if self.backoff == "fixed" and "factor" in self.model_fields_set:
            raise fault_at(("factor",), "has no effect on a fixed back-off; remove it")
        if self.budget is None and "burst" in self.model_fields_set:
            raise fault_at(("burst",), "has no effect without a budget; add one or remove it")
        return self

    def wait(self, before: int, draw: float) -> float:
        """Seconds until the next attempt.

        Args:
            before: how many retries in a row there have been.
            draw: from [0, 1), for the jitter.
        """
        backoff = self.first
        if self.backoff == "exponential" and backoff:
            backoff = self._grown(before)
        if self.jitter == "full":
            return backoff * draw
        if self.jitter == "equal":
            return backoff * (1 + draw) / 2
        return backoff

    def _grown(self, before: int) -> float:
        try:
            return float(min(self.first * self.factor**before, self.longest))
        except OverflowError:
            return self.longest


class RetryPolicy:
    """The retries of all clients of one group.

    Args:
        described: how they retry.
        scale: the world's, which divides the bucket of a budget.
    """

    def __init__(self, described: Retries, scale: float) -> None:
        self._described = described
        self._share = described.budget
        self._burst = max(1.0, described.burst * scale)
        self._tokens = self._burst

    @property
    def draws(self) -> bool:
        """Whether `wait` needs a draw."""
        return self._described.jitter != "none"

    def note_requests(self, count: int) -> None:
        """So many requests are made for the first time."""
        if self._share is not None:
            self._tokens = min(self._tokens + self._share * count, self._burst)

    def allows(self, symptom: str, before: int) -> bool:
        """Whether an attempt is made again that has failed so; takes a token if it is.

        Args:
            symptom: what the client has noticed.
            before: how many retries in a row there have been.
        """
        described = self._described
        if symptom not in described.after or before >= described.most:
            return False
        if self._share is None:
            return True
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def wait(self, before: int, draw: float) -> float:
        """Seconds until the next attempt, by a draw from [0, 1) for the jitter."""
        return self._described.wait(before, draw)
