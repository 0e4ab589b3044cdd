"""A server's session cache without the sessions: which are there, and since when."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal


class SessionCache:
    """What `tls.SessionCache` decides, of sessions that are numbers.

    A replayed connection has no keys to remember, only the fact that a session was stored: an entry
    takes some 160 bytes instead of a whole session's thousand.

    Args:
        capacity: entries (`None`: unbounded; 0: nothing is kept).
        lifetime: seconds (`None`: unlimited), from the store or with `renew` from the last use.
        renew: whether a use restarts the lifetime.
        eviction: who makes room in a full cache: the least recently used or the first stored.

    The counters `hits`, `misses` and `evictions` only grow; an expired entry that is asked for
    counts as a miss.
    """

    def __init__(
        self,
        capacity: int | None,
        lifetime: float | None,
        *,
        renew: bool,
        eviction: Literal["lru", "fifo"],
    ) -> None:
        self._capacity = capacity
        self._lifetime = lifetime
        self._renew = renew
        self._refresh = eviction == "lru"
        self.hits = self.misses = self.evictions = 0
        self._stored = 0
        self._since: OrderedDict[int, float] = OrderedDict()

    def __len__(self) -> int:
        """How many entries are held, expired ones that nobody asked for included."""
        return len(self._since)

    def live_entries(self, now: float) -> int:
        """How many entries have not expired by `now`; takes time in proportion to all entries."""
        if self._lifetime is None:
            return len(self._since)
        lifetime = self._lifetime
        return sum(now - since <= lifetime for since in self._since.values())

    def accepts(self) -> bool:
        """Whether a new session would be kept."""
        return self._capacity != 0

    def lookup(self, session: int, now: float) -> bool:
        """Whether that session is there and alive at `now`."""
        since = self._since.get(session)
        if since is None:
            self.misses += 1
            return False
        if self._lifetime is not None and now - since > self._lifetime:
            del self._since[session]
            self.misses += 1
            return False
        self.hits += 1
        if self._renew:
            self._since[session] = now
        if self._refresh:
            self._since.move_to_end(session)
        return True

    def store(self, now: float) -> int:
        """Remember a new session from `now` on, if any at all: its number."""
        session = self._stored = self._stored + 1
        if self._capacity != 0:
            self._since[session] = now
            if self._capacity is not None and len(self._since) > self._capacity:
                self._since.popitem(last=False)
                self.evictions += 1
        return session

    def backdate(self, session: int, seconds: float) -> None:
        """Make a session older than it is, if it is held."""
        if session in self._since:
            self._since[session] -= seconds

    def remove(self, session: int) -> None:
        """Forget a session; one that is not held is no error."""
        self._since.pop(session, None)
