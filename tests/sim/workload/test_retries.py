"""Retries: back-off by the book, and a budget that holds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sim.workload.retries import Retries, RetryPolicy


def described(**settings: Any) -> Retries:
    return Retries.model_validate(settings)


def test_back_off_grows_up_to_the_longest() -> None:
    retries = described(first="500 ms", factor=2.0, longest="3 s")
    assert [retries.wait(before, 0.5) for before in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert retries.wait(10**6, 0.5) == 3.0
    fixed = described(backoff="fixed", first="500 ms")
    assert [fixed.wait(before, 0.5) for before in range(3)] == [0.5, 0.5, 0.5]
    assert described(first="0 s").wait(10**6, 0.5) == 0.0


def test_jitter_spreads_waits() -> None:
    full = described(first="1 s", jitter="full")
    assert [full.wait(1, draw) for draw in (0.0, 0.25, 0.5)] == [0.0, 0.5, 1.0]
    equal = described(first="1 s", jitter="equal")
    assert [equal.wait(1, draw) for draw in (0.0, 0.5)] == [1.0, 1.5]


def test_only_some_symptoms_and_only_so_often() -> None:
    policy = RetryPolicy(described(most=2, after=["reset"]), 1.0)
    assert [policy.allows("reset", before) for before in range(4)] == [True, True, False, False]
    assert not policy.allows("timeout", 0)


def test_a_budget_is_a_token_bucket() -> None:
    policy = RetryPolicy(described(budget=0.25, burst=2), 1.0)
    assert [policy.allows("reset", 0) for _ in range(3)] == [True, True, False]
    policy.note_requests(3)
    assert not policy.allows("reset", 0)
    policy.note_requests(1)
    assert [policy.allows("reset", 0) for _ in range(2)] == [True, False]
    policy.note_requests(1000)
    assert sum(policy.allows("reset", 0) for _ in range(100)) == 2


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"after": []}, "leave `retries` out"),
        ({"after": ["reset", "reset"]}, "remove one"),
        ({"after": ["hunger"]}, "'refused', 'reset', 'timeout' or 'alert'"),
        ({"first": "1 min"}, "a longer `longest`"),
        ({"backoff": "fixed", "factor": 3.0}, "no effect on a fixed back-off"),
        ({"burst": 3}, "no effect without a budget"),
        ({"most": 0}, "greater than or equal to 1"),
        ({"budget": 1.5}, "less than or equal to 1"),
    ],
)
def test_what_contradicts_itself_is_refused(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        described(**settings)
