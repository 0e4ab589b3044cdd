"""What the events of a connection have in common."""

from __future__ import annotations


class Event:
    """Something that `receive` tells its caller; `tls.events` has them all."""

    __slots__ = ()
