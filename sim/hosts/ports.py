"""TCP ports, as a scenario gives them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
"""A TCP port's number, from 1 to 65535."""

DYNAMIC_PORTS = range(49152, 65536)
"""Where connections come from (RFC 6335 §6)."""


def source_port(number: int) -> int:
    """The dynamic port of a host's connection of that number; they come round again."""
    return DYNAMIC_PORTS[number % len(DYNAMIC_PORTS)]
