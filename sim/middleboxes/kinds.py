"""Every middlebox; one more is one more file, named here. Others may come from outside."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.middleboxes.connect_proxy import ConnectProxy
from sim.middleboxes.intolerant import ExtensionIntolerant, HelloSizeIntolerant, VersionIntolerant
from sim.middleboxes.load_shedder import LoadShedder, SynCookieFront
from sim.middleboxes.nat import Nat
from sim.middleboxes.packet_filter import PacketFilter
from sim.middleboxes.sni_filter import SniFilter
from sim.middleboxes.stateful_firewall import StatefulFirewall
from sim.middleboxes.terminating_proxy import TerminatingProxy

AnyMiddlebox = Annotated[
    PacketFilter
    | StatefulFirewall
    | Nat
    | ConnectProxy
    | TerminatingProxy
    | SniFilter
    | VersionIntolerant
    | ExtensionIntolerant
    | HelloSizeIntolerant
    | LoadShedder
    | SynCookieFront,
    Field(discriminator="kind"),
]
"""Any of these, told apart by its `kind`."""
