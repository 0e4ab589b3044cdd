"""A path from clients to a server: links and middleboxes in the order of crossing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field

from sim.description import Description, fault_at
from sim.middleboxes.middlebox import Middlebox
from sim.network.link import Link

ONLY = "path"
"""The name of the path, and its link, of a world that has no other."""


class Path(Description):
    """The way from clients to a site. It begins and ends with a link."""

    crosses: tuple[str, ...] = Field(min_length=1)
    """Names of links and middleboxes, from the client to the server: ["lan", "proxy", "wan"]."""
    leads_to: str | None = None
    """The balancer, or the servers of one pool, at its end; else the only one that there is."""


def check_path(
    name: str, path: Path, links: Mapping[str, Link], boxes: Mapping[str, Middlebox]
) -> None:
    """Check that a path leads from clients to a server over what there is.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    place = ("paths", name, "crosses")
    for number, part in enumerate(path.crosses):
        here = (*place, number)
        if part in links and part in boxes:
            raise fault_at(here, f'both a link and a middlebox are called "{part}"; rename one')
        if part not in links and part not in boxes:
            raise fault_at(
                here,
                f'there is no link and no middlebox "{part}"; {_remedy(part, [*links, *boxes])}',
            )
        if part in path.crosses[:number]:
            what = "link" if part in links else boxes[part].kind_name
            raise fault_at(
                here, f'the {what} "{part}" is crossed twice; give a second one its own name'
            )
    first, last = path.crosses[0], path.crosses[-1]
    if first not in links:
        raise fault_at(
            place, f'the path has no beginning; name the link from the clients to "{first}" first'
        )
    if last not in links:
        raise fault_at(
            place, f'the path has no end; name the link from "{last}" to the server last'
        )
    earlier = None
    for number, part in enumerate(path.crosses):
        if part in links:
            earlier = None
        elif boxes[part].ends_tcp:
            if earlier is not None:
                raise fault_at(
                    (*place, number),
                    f'no link leads from "{earlier}" to "{part}"; name one between them',
                )
            earlier = part


def _remedy(part: str, known: list[str]) -> str:
    """Return how to give a path a part that it lacks: one of those `known`, or a new one."""
    name = part if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", part) else "NAME"
    describe = f"describe it in a table [links.{name}] or [middleboxes.{name}]"
    return f"there are: {', '.join(sorted(known))}; or {describe}" if known else describe
