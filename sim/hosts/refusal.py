"""Why a host takes no connection."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """Why a SYN does not open a connection.

    Attributes:
        reason: in the listener's words.
        resets: whether it is answered by a RST; else it is dropped.
    """

    reason: str
    resets: bool


BACKLOG_FULL = Refusal("backlog full", resets=False)
