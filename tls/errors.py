"""The two faults: the peer's and the caller's."""

from __future__ import annotations

from tls.alerts import alert_name
from tls.event import Event
from tls.reasons import Reason


class PeerError(Exception):
    """The peer broke the protocol or offered what this side does not accept.

    Attributes:
        alert: the fatal alert that the connection sends, already in `outgoing()` when this leaves
            `receive`.
        reason: which fault it was: stable, where one alert stands for many.
        why: the same in a sentence.
        events: what the same call of `receive` had understood before the fault.
    """

    def __init__(self, alert: int, reason: Reason, why: str) -> None:
        super().__init__(f"{alert_name(alert)}: {why}")
        self.alert = alert
        self.reason = reason
        self.why = why
        self.events: list[Event] = []


class UsageError(Exception):
    """The caller asked for something the connection cannot do in its state or configuration."""
