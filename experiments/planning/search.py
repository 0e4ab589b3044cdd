"""The search for the first of ordered designs that meets the objectives."""

from __future__ import annotations

from collections.abc import Callable


def first_that_meets(
    count: int, meets: Callable[[int], bool], guess: Callable[[], int | None]
) -> int | None:
    """Return the first of `count` designs, from small to large, that meets; `None` if none does.

    Larger designs are taken to meet what smaller ones do. The largest is tried first, then the
    `guess`, then twice as far from it each time until one meets and one does not, and at last the
    middle of the two.

    Args:
        count: how many designs there are.
        meets: whether the design of an index meets; each is asked once.
        guess: where the first is expected, asked when the largest has been found to meet.
    """
    low, high = -1, count - 1
    if count == 0 or not meets(high):
        return None
    at, step = guess(), 1
    if at is not None:
        at = min(max(at, low + 1), high - 1)
    while at is not None and low < at < high:
        if meets(at):
            high, at = at, at - step
        else:
            low, at = at, at + step
        step *= 2
    while high - low > 1:
        middle = (low + high) // 2
        if meets(middle):
            high = middle
        else:
            low = middle
    return high
