"""The topology of a world: its links, boxes and paths, those of its balancers included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address

from sim.balancers.balancer import Balancer
from sim.balancers.termination import TlsTermination
from sim.description import fault_at
from sim.hosts.pool import ServerPool
from sim.middleboxes.middlebox import Middlebox
from sim.middleboxes.nat import Nat
from sim.middleboxes.proxy import Proxy
from sim.network.link import Link
from sim.network.path import Path
from sim.site import Place, entrance_of


def terminations(balancers: Mapping[str, Balancer]) -> dict[str, TlsTermination]:
    """Where balancers end TLS: a box each, by the balancer's name."""
    return {
        name: balancer.termination
        for name, balancer in balancers.items()
        if balancer.termination is not None
    }


def place_of_box(name: str, boxes: Mapping[str, Middlebox]) -> Place:
    """Where a box is described: among the `boxes`, or as a balancer's."""
    return ("middleboxes", name) if name in boxes else ("balancers", name, "termination")


def links_behind(balancers: Mapping[str, Balancer]) -> dict[str, Link]:
    """The ways from where balancers end TLS to their servers."""
    return {_link(name): box.link for name, box in terminations(balancers).items()}


def path_to_servers(
    path: Path, pools: Mapping[str, ServerPool], balancers: Mapping[str, Balancer]
) -> Path:
    """A path as it goes on through the balancer at its end, where that ends TLS."""
    try:
        entrance = entrance_of(path, pools, balancers)
    except KeyError:
        return path
    if entrance.balancer.termination is None:
        return path
    crosses = (*path.crosses, entrance.name, _link(entrance.name))
    return path.model_copy(update={"crosses": crosses})


def check_terminations(
    balancers: Mapping[str, Balancer], boxes: Mapping[str, Middlebox], links: Mapping[str, Link]
) -> None:
    """Check that balancers which end TLS have names of their own among links and boxes.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    for name in terminations(balancers):
        for what, named in (("middlebox", boxes), ("link", links)):
            if name in named:
                raise fault_at(
                    ("balancers", name),
                    f'both a balancer that ends TLS and a {what} are called "{name}"; rename one',
                )


def check_addresses(boxes: Mapping[str, Middlebox], place: Callable[[str], Place]) -> None:
    """Check that each box that has an address has one of its own.

    Connections from equal addresses and ports would be one and the same to a box behind.

    Args:
        boxes: those that paths cross, by name.
        place: where one is described.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    having: dict[IPv4Address, tuple[str, Middlebox]] = {}
    for name, box in boxes.items():
        if not isinstance(box, Nat | Proxy):
            continue
        other, before = having.setdefault(box.address, (name, box))
        if before is not box:
            raise fault_at(
                (*place(name), "address"),
                f'the {before.kind_name} "{other}" and the {box.kind_name} "{name}" both have the '
                f"address {box.address}; give one of them another",
            )


def check_buffers(links: Mapping[Place, Link]) -> None:
    """Check that no link has a buffer for a direction that sends at once whatever comes.

    Args:
        links: by the place where each is described.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    for place, link in links.items():
        for key in _unused_buffers(link):
            raise fault_at(
                (*place, *key),
                "a buffer has no effect without a rate; add a rate or remove the buffer",
            )


def _unused_buffers(link: Link) -> Iterator[tuple[str, ...]]:
    """Where a buffer is given for a direction that sends at once whatever comes."""
    to_server = link.direction(to_server=True).rate is not None
    to_client = link.direction(to_server=False).rate is not None
    if link.buffer is not None and not (to_server or to_client):
        yield ("buffer",)
    if link.to_server.buffer is not None and not to_server:
        yield "to_server", "buffer"
    if link.to_client.buffer is not None and not to_client:
        yield "to_client", "buffer"


def _link(balancer: str) -> str:
    return f"{balancer}/servers"
