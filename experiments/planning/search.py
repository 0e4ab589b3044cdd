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
    step: int | None = 1
    at = guess()
    if at is not None:
        at = min(max(at, low + 1), high - 1)
    while high - low > 1:
        if at is None or not low < at < high:
            at = step = None
        tried = (low + high) // 2 if at is None else at
        if meets(tried):
            high = tried
        else:
            low = tried
        if at is not None and step is not None:
            at += -step if high == tried else step
            step *= 2
    return high
