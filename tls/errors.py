"""The two faults: the peer's and the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tls.alerts import alert_name

if TYPE_CHECKING:
    from tls.events import Event


class PeerError(Exception):
    """The peer broke the protocol or offered what this side does not accept.

    `alert` is the fatal alert that the connection sends (already in `outgoing()` when this leaves
    `receive`), `why` says in a sentence what was wrong, and `events` holds what the same call of
    `receive` had understood before the fault.
    """

    def __init__(self, alert: int, why: str) -> None:
        super().__init__(f"{alert_name(alert)}: {why}")
        self.alert = alert
        self.why = why
        self.events: list[Event] = []


class UsageError(Exception):
    """The caller asked for something the connection cannot do in its state or configuration."""
