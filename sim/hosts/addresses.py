"""Addresses of hosts and networks, as a scenario gives them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import BeforeValidator


def _written(value: object) -> object:
    """A number is an address to Python, and none to people."""
    if not isinstance(value, str | IPv4Address | IPv4Network):
        raise ValueError(
            f'{value!r} is no address; write one, such as "192.0.2.80" or "10.0.0.0/8"'
        )
    return value


Address = Annotated[IPv4Address, BeforeValidator(_written, json_schema_input_type=str)]
"""An IPv4 address, written "192.0.2.80"."""

AddressRange = Annotated[IPv4Network, BeforeValidator(_written, json_schema_input_type=str)]
"""An IPv4 network, written "10.0.0.0/8"."""
