"""Sessions and the cache that remembers them (RFC 2246 §7: session states)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, fields
from typing import Literal, Protocol

from tls.certificates.validation import Validation
from tls.errors import UsageError
from tls.keys.tls import Prf

MAX_SESSION_ID = 32


@dataclass(slots=True)
class Session:
    """What both sides keep to resume: RFC 2246 §7's session state.

    `id` is empty for a session that can be resumed by its ticket only. `certificates` is the
    peer's chain in DER, leaf first. `ticket` is the server's, on the client's side (RFC 5077).
    `validation` is what was found in that chain and need not be asked again.
    `keyed_prf` is the PRF under the master secret, once it was used: made, not stored.
    """

    id: bytes
    version: int
    suite: int
    master_secret: bytes
    server_name: str | None = None
    certificates: tuple[bytes, ...] = ()
    compression: int = 0
    extended_master_secret: bool = False
    ticket: bytes = b""
    ticket_lifetime_hint: int = 0
    validation: Validation | None = field(default=None, repr=False, compare=False)
    keyed_prf: Prf | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises `UsageError` for an ID that no hello has room for (RFC 5246 §7.4.1.2)."""
        if len(self.id) > MAX_SESSION_ID:
            raise UsageError(
                f"a session's ID has {MAX_SESSION_ID} bytes at most, not {len(self.id):,}"
            )

    def __reduce__(self) -> tuple[type[Session], tuple[object, ...]]:
        """What pickle and copy take: all but the keyed PRF, which has running hashes in it."""
        return Session, tuple(getattr(self, each.name) for each in fields(self) if each.init)


class SessionStore(Protocol):
    """Where a server looks sessions up; `SessionCache` is the one that ships."""

    def lookup(self, session_id: bytes, now: float) -> Session | None:
        """The live session of that ID at calendar time `now`, or `None`."""

    def store(self, session: Session, now: float) -> bool:
        """Remember a session; says whether it was kept."""

    def remove(self, session_id: bytes) -> None:
        """Forget a session (RFC 2246 §7.2: a fatal alert invalidates it)."""

    def accepts(self) -> bool:
        """Whether a new session would be kept, so that it deserves an ID."""


class SessionCache:
    """A server's session cache with a capacity and a lifetime.

    `capacity` in entries (`None`: unbounded; 0: nothing is kept). `lifetime` in seconds (`None`:
    for ever), counted from the store, or with `renew` from the last use. A full cache evicts the
    entry least recently used (`"lru"`) or stored first (`"fifo"`).

    The counters `hits`, `misses`, `expirations` and `evictions` only grow; an expired entry that
    is asked for counts as a miss and an expiration.
    """

    def __init__(
        self,
        capacity: int | None = 20_480,
        lifetime: float | None = 300.0,
        *,
        renew: bool = False,
        eviction: Literal["lru", "fifo"] = "lru",
    ) -> None:
        self.capacity = capacity
        self.lifetime = lifetime
        self.renew = renew
        self.eviction = eviction
        self.hits = self.misses = self.expirations = self.evictions = 0
        self._entries: OrderedDict[bytes, tuple[Session, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many entries are held, expired ones that nobody asked for included."""
        return len(self._entries)

    def live_entries(self, now: float) -> int:
        """How many entries have not expired by `now`; takes time in proportion to all entries."""
        if self.lifetime is None:
            return len(self._entries)
        return sum(now - since <= self.lifetime for _, since in self._entries.values())

    def backdate(self, session_id: bytes, seconds: float) -> None:
        """Make a session older than it is, if it is held, as though it had been stored earlier."""
        entry = self._entries.get(session_id)
        if entry is not None:
            self._entries[session_id] = (entry[0], entry[1] - seconds)

    def accepts(self) -> bool:
        """Whether a new session would be kept."""
        return self.capacity != 0

    def lookup(self, session_id: bytes, now: float) -> Session | None:
        """The session of that ID if it is still alive at `now`, or `None`."""
        entry = self._entries.get(session_id)
        if entry is None:
            self.misses += 1
            return None
        session, since = entry
        if self.lifetime is not None and now - since > self.lifetime:
            del self._entries[session_id]
            self.misses += 1
            self.expirations += 1
            return None
        self.hits += 1
        if self.renew:
            self._entries[session_id] = (session, now)
        if self.eviction == "lru":
            self._entries.move_to_end(session_id)
        return session

    def store(self, session: Session, now: float) -> bool:
        """Remember a session from `now` on; the same ID again replaces it."""
        if self.capacity == 0:
            return False
        self._entries[session.id] = (session, now)
        self._entries.move_to_end(session.id)
        if self.capacity is not None and len(self._entries) > self.capacity:
            self._entries.popitem(last=False)
            self.evictions += 1
        return True

    def remove(self, session_id: bytes) -> None:
        """Forget a session; one that is not held is no error."""
        self._entries.pop(session_id, None)
