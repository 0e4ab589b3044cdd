"""Sessions and the cache that remembers them (RFC 2246 §7: session states)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, fields
from typing import Literal, Protocol, overload

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

    In TLS 1.3 `master_secret` is the pre-shared key of a ticket (RFC 8446 §4.6.1), or of its ID
    where the server keeps it; `ticket_lifetime_hint` is how long it may be used, in seconds.
    `made` is the Unix time at which this side made or got the ticket, `age_add` what its age is
    obscured by, `max_early_data` the bytes of early data that it allows, under
    `application_protocol`.

    `since` is the moment of the full handshake that it goes back to, by the clock of what has
    found it on the server's side, a store or ticket keys: what resumes it makes it no younger
    (RFC 8446 §4.6.1). `None` stands for this handshake.
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
    made: float = 0.0
    age_add: int = 0
    max_early_data: int = 0
    application_protocol: str | None = None
    since: float | None = field(default=None, compare=False)
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
        """Remember a session; says whether it was kept.

        Where it has a `since` it is as old as that.
        """

    def remove(self, session_id: bytes) -> None:
        """Forget a session (RFC 2246 §7.2: a fatal alert invalidates it)."""

    def accepts(self) -> bool:
        """Whether a new session would be kept, so that it deserves an ID."""


SessionKey = bytes | int
"""What a cache finds a session by: its ID, or the number that it is."""


class SessionCache:
    """A server's session cache with a capacity and a lifetime.

    A session is whole and has its ID as its key, as for an engine; or it is a number, its own key,
    where only the fact is remembered that there is one: its entry takes some 160 bytes instead of a
    thousand. Times are seconds of whatever clock the caller goes by, the same one throughout.

    Args:
        capacity: entries (`None`: unbounded; 0: nothing is kept).
        lifetime: seconds (`None`: unlimited), counted from the full handshake, or with `renew`
            from the last use.
        renew: whether a use restarts the lifetime.
        eviction: what makes room in a full cache: the entry least recently used (`"lru"`) or the
            one stored first (`"fifo"`).

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
        self._since: OrderedDict[SessionKey, float] = OrderedDict()
        self._whole: dict[SessionKey, Session] = {}

    def __len__(self) -> int:
        """How many entries are held, expired ones that nobody asked for included."""
        return len(self._since)

    def live_entries(self, now: float) -> int:
        """How many entries have not expired by `now`; takes time in proportion to all entries."""
        lifetime = self.lifetime
        if lifetime is None:
            return len(self._since)
        return sum(now - since <= lifetime for since in self._since.values())

    def backdate(self, key: SessionKey, seconds: float) -> None:
        """Make a session older than it is, if it is held, as though it had been stored earlier."""
        if key in self._since:
            self._since[key] -= seconds

    def clear(self) -> None:
        """Forget all sessions, as a restart does; the counters go on."""
        self._since.clear()
        self._whole.clear()

    def accepts(self) -> bool:
        """Whether a new session would be kept."""
        return self.capacity != 0

    @overload
    def lookup(self, key: bytes, now: float) -> Session | None: ...

    @overload
    def lookup(self, key: int, now: float) -> float | None: ...

    def lookup(self, key: SessionKey, now: float) -> Session | float | None:
        """The session of that key if it is still alive at `now`, or `None`.

        Its `since` is the moment that its lifetime is counted from. Of a number that alone is
        returned.
        """
        since, lifetime = self._since.get(key), self.lifetime
        if since is None:
            self.misses += 1
            return None
        if lifetime is not None and now - since > lifetime:
            self.remove(key)
            self.misses += 1
            self.expirations += 1
            return None
        self.hits += 1
        if self.renew:
            since = self._since[key] = now
        if self.eviction == "lru":
            self._since.move_to_end(key)
        if type(key) is int:
            return since
        session = self._whole[key]
        session.since = since
        return session

    def store(self, session: Session | int, now: float, since: float | None = None) -> bool:
        """Remember a session from `now` on; another one of the same key is replaced.

        Args:
            session: whole, or its number.
            now: the moment.
            since: when the full handshake was that a number goes back to, if not `now`; a whole
                session says it itself.

        Returns whether it was kept.
        """
        if self.capacity == 0:
            return False
        key: SessionKey
        if isinstance(session, int):
            key = session
        else:
            key = session.id
            self._whole[key] = session
            since = session.since
        self._since[key] = now if since is None else min(since, now)
        self._since.move_to_end(key)
        if self.capacity is not None and len(self._since) > self.capacity:
            self.remove(next(iter(self._since)))
            self.evictions += 1
        return True

    def remove(self, key: SessionKey) -> None:
        """Forget a session; one that is not held is no error."""
        self._since.pop(key, None)
        self._whole.pop(key, None)
