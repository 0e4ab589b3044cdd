"""Capturing clients' hellos, from a socket or a file, and writing their profiles."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import tls
from experiments.capture.capture_files import Frame, frames
from experiments.capture.clients import CapturedClient, client_of, clients_of
from experiments.capture.listening import address_of, capture_one
from experiments.capture.segments import LINK_TYPES, segment_of
from experiments.capture.streams import Streams
from experiments.failures import CaptureError, FolderError
from experiments.studies.whole_files import write_whole
from experiments.wording import counted, percent

Announce = Callable[[str], None]

_NUMBERS = range(1, 5)
"""The columns of the table that are aligned to the right."""

_SUPPORTED_VERSIONS = tls.extension_from_name("supported_versions")


def capture_client(
    place: str,
    out: Path | None,
    announce: Announce,
    *,
    client: str | None,
    date: str | None,
    patience: float | None,
) -> None:
    """Write the profile of the first client that connects, to `out` or to standard output.

    Args:
        place: where to listen, "HOST:PORT".
        out: the profile's file.
        announce: is told what happens.
        client: what it is, in words.
        date: of the capture; today's if `None`.
        patience: seconds to wait for it.

    Raises:
        CaptureError: nothing was captured.
        FolderError: the file cannot be written.
    """
    host, port = address_of(place)
    day = _date(date) or datetime.date.today()
    captured = client_of(capture_one(host, port, announce, patience=patience))
    words = client or (out.stem if out is not None else "a client")
    text = captured.toml(title=words, source=f"Captured on {day} from {words}.")
    if out is None:
        print(text, end="")
        return
    _write(out, text)
    print(out)


def capture_file(
    file: Path, out: Path | None, announce: Announce, *, client: str | None, date: str | None
) -> None:
    """Write the profiles of all clients in a capture file, and a table of their shares.

    Args:
        file: pcap or pcapng.
        out: the folder for the profiles; `out/NAME` if `None`.
        announce: is told what was passed over.
        client: whose hellos they are, in words.
        date: of the capture; it is not said if `None`.

    Raises:
        CaptureError: the file cannot be read, or has no hello.
        FolderError: a profile cannot be written.
    """
    folder = Path("out") / file.stem if out is None else out
    day = _date(date)
    found, notices = _clients_in(file)
    for notice in notices:
        announce(f"{file}: {notice}")
    if not found:
        raise CaptureError(
            f"{file}: no ClientHello in it; capture from the beginning of connections, with whole "
            "packets"
        )
    total = sum(each.connections for each in found)
    names = []
    for number, each in enumerate(found, 1):
        name = f"client-{number}"
        share = percent(each.connections / total)
        words = f"{client or 'A client'} in {file.name}, {share} of {counted(total, 'connection')}"
        when = "" if day is None else f"Captured on {day}. "
        source = f"{when}From the hellos in {file.name}: {each.connections} of {total}."
        _write(folder / f"{name}.toml", each.toml(title=words, source=source))
        names.append(name)
    _print_table(found, names, total)
    print(folder)


def _clients_in(file: Path) -> tuple[list[CapturedClient], list[str]]:
    """Return the clients of a file, and what there is to say of what was passed over."""
    streams, unread = Streams(), 0

    def known(frame: Frame) -> bool:
        nonlocal unread
        unread += frame.link_type not in LINK_TYPES
        return frame.link_type in LINK_TYPES

    segments = filter(None, (segment_of(frame) for frame in frames(file) if known(frame)))
    found, malformed = clients_of(streams.hellos(segments))
    notices = []
    if unread:
        notices.append(f"{counted(unread, 'packet')} of link types that are not read")
    if streams.unfinished:
        notices.append(f"{counted(streams.unfinished, 'hello')} not whole")
    if malformed:
        notices.append(f"{counted(malformed, 'malformed hello')}")
    return found, notices


def _print_table(found: list[CapturedClient], names: list[str], total: int) -> None:
    rows = [("profile", "connections", "share", "resuming", "bytes", "versions", "shipped as")]
    for each, name in zip(found, names, strict=True):
        rows.append(
            (
                name,
                str(each.connections),
                percent(each.connections / total),
                str(each.resumed),
                str(each.least) if each.least == each.most else f"{each.least} to {each.most}",
                _versions(each),
                each.shipped or "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if place in _NUMBERS else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _versions(client: CapturedClient) -> str:
    contents = dict(client.form.extensions).get(_SUPPORTED_VERSIONS, b"")
    codes = tls.decode_contents(_SUPPORTED_VERSIONS, contents)
    known = [code for code in codes or (client.form.version,) if code != tls.ANY_GREASE]
    lowest, highest = tls.version_name(min(known)), tls.version_name(max(known))
    return highest if lowest == highest else f"{lowest} to {highest}"


def _date(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise CaptureError(f'--date: "{text}" is no date; write one such as 2026-11-27') from None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise FolderError(
            f"{file}: the profile cannot be written ({why}); choose another --out"
        ) from None
