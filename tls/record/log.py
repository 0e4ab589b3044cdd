"""What a side tells of the records that it sends."""

from __future__ import annotations

from collections.abc import Callable

RecordLog = Callable[[int | None, bytes, int], None]
"""Given each record that is sent: its content type (`None` for a hello in SSL 2.0's format), what
it carries in clear, and its bytes on the wire."""
