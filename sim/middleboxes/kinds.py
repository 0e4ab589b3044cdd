"""Every middlebox; one more is one more file, named here. Others may come from outside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import Field

from sim.middleboxes.connect_proxy import ConnectProxy
from sim.middleboxes.intolerant import ExtensionIntolerant, HelloSizeIntolerant, VersionIntolerant
from sim.middleboxes.load_shedder import LoadShedder, SynCookieFront
from sim.middleboxes.middlebox import Middlebox
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


def any_middlebox_or(parts: Iterable[type[Middlebox]]) -> Any:
    """The type of any of these or of further ones, each of which has a `kind` of its own.

    Raises `ValueError` for one that has none.
    """
    known, *_ = get_args(AnyMiddlebox)
    for part in parts:
        kind = part.model_fields.get("kind")
        if kind is None or get_origin(kind.annotation) is not Literal:
            raise ValueError(
                f'{part.__name__} has no kind; give it a field such as kind: Literal["my-box"]'
            )
        known = known | part
    return Annotated[known, Field(discriminator="kind")]
