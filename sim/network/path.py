"""A path from clients to a server: links and middleboxes in the order of crossing."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from sim.description import Description
from sim.middleboxes.middlebox import Middlebox
from sim.network.link import Link

ONLY = "path"
"""The name of the path, and its link, of a world that has no other."""


class Path(Description):
    """The way from clients to the server. It begins and ends with a link."""

    crosses: tuple[str, ...] = Field(min_length=1)
    """Names of links and middleboxes, from the client to the server: ["lan", "proxy", "wan"]."""


def check_path(
    name: str, path: Path, links: Mapping[str, Link], boxes: Mapping[str, Middlebox]
) -> None:
    """Check that a path leads from clients to a server over what there is.

    Raises `ValueError`, naming the place and the remedy.
    """
    place = f"paths.{name}.crosses"
    for number, part in enumerate(path.crosses):
        if part in links and part in boxes:
            raise ValueError(f'{place}: both a link and a middlebox are called "{part}"')
        if part not in links and part not in boxes:
            known = ", ".join(sorted([*links, *boxes])) or "none"
            raise ValueError(
                f'{place}: there is no link and no middlebox "{part}"; there are: {known}'
            )
        if part in path.crosses[:number]:
            what = "link" if part in links else boxes[part].kind_name
            raise ValueError(
                f'{place}: the {what} "{part}" is crossed twice; give a second one its own name'
            )
    if path.crosses[0] not in links:
        raise ValueError(
            f'{place}: the path has no beginning; name the link from the clients to "'
            f'{path.crosses[0]}" first'
        )
    if path.crosses[-1] not in links:
        raise ValueError(
            f'{place}: the path has no end; name the link from "{path.crosses[-1]}" to the server '
            "last"
        )
    earlier = None
    for part in path.crosses:
        if part in links:
            earlier = None
        elif boxes[part].ends_tcp:
            if earlier is not None:
                raise ValueError(
                    f'{place}: no link leads from "{earlier}" to "{part}"; name one between them'
                )
            earlier = part
