"""What a server does against early data that is sent twice (RFC 8446 §8)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol


class EarlyDataGuard(Protocol):
    """Says whether early data may be taken; `ReplayWindow` is the one that ships."""

    def accepts(self, hello: bytes, age_error: float, now: float) -> bool:
        """Whether early data may be taken.

        Args:
            hello: what is unique to the ClientHello: its PSK binder.
            age_error: seconds by which the ticket is older, by the server's clock, than the client
                says; 0 for an external PSK, which has no age.
            now: calendar time in seconds.
        """


class ReplayWindow:
    """Takes a hello once within a window of time, and none that comes too late or too early.

    It remembers what it has seen for twice the window (RFC 8446 §8.2, §8.3): a copy that comes
    later is refused for its age. Of a full memory nothing more is taken until some of it is old.

    Args:
        window: seconds by which a ticket's age may differ from what the client says.
        capacity: how many hellos are remembered at most.
    """

    def __init__(self, window: float = 10.0, capacity: int = 65_536) -> None:
        self.window = window
        self.capacity = capacity
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        """How many hellos are remembered."""
        return len(self._seen)

    def accepts(self, hello: bytes, age_error: float, now: float) -> bool:
        """Whether this hello is fresh and the first of its kind."""
        if not abs(age_error) <= self.window:
            return False
        seen, oldest = self._seen, now - 2 * self.window
        while seen and next(iter(seen.values())) < oldest:
            seen.popitem(last=False)
        if hello in seen or len(seen) >= self.capacity:
            return False
        seen[hello] = now
        return True
