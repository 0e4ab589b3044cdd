"""A capture file of connections, with the keys to read what is encrypted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from experiments.capture import pcapng
from experiments.evidence.finding import Found
from experiments.evidence.frames import Host, frames_of, free_port
from experiments.failures import DiskFailed
from experiments.studies.whole_files import write_whole
from experiments.version import version
from experiments.wording import counted

_IPV4_PACKETS = 228
"""The link type of packets that begin with an IPv4 header (LINKTYPE_IPV4)."""

_NANOSECONDS = 1_000_000_000


def key_log_file(file: Path) -> Path:
    """Return where the key log of a capture file lies."""
    return file.with_name(f"{file.name}.keys")


def write_capture(file: Path, connections: Sequence[Found]) -> None:
    """Write connections as a pcapng file, and beside it their key log.

    The file has the keys as well, where Wireshark finds them by itself. Each replication is an
    interface; the first packet of each connection tells in a comment which one it is.

    Raises:
        DiskFailed: they cannot be written; what was there before is left.
    """
    keys = list(dict.fromkeys(line for each in connections for line in each.seen.keys))
    _write(key_log_file(file), "".join(f"{line}\n" for line in keys).encode("ascii"))
    _write(file, b"".join(_blocks(connections, keys)))


def _write(file: Path, content: bytes) -> None:
    try:
        write_whole(file, content)
    except OSError as error:
        raise DiskFailed(
            f"{file}: cannot be written ({error.strerror}); the study itself is finished: name a "
            "file in a folder that can be written, and run the same command again"
        ) from None


def _blocks(connections: Sequence[Found], keys: Sequence[str]) -> Iterator[bytes]:
    program = f"tlscape {version()}"
    words = f"{counted(len(connections), 'simulated connection')}, as the clients' side sees them"
    yield pcapng.section([(pcapng.APPLICATION, program.encode()), (pcapng.COMMENT, words.encode())])
    places = list(dict.fromkeys((each.point.index, each.replication) for each in connections))
    labels = {each.point.index: each.point.label for each in connections}
    for point, replication in places:
        name = f"point {point}, replication {replication}"
        yield pcapng.interface(
            _IPV4_PACKETS,
            [
                (pcapng.INTERFACE_NAME, name.encode()),
                (pcapng.INTERFACE_DESCRIPTION, labels[point].encode()),
            ],
        )
    if keys:
        yield pcapng.key_log(keys)
    packets = []
    taken: list[tuple[Host, Host]] = []
    for found in connections:
        client, server = Host(*found.seen.client), Host(*found.seen.server)
        client = client._replace(port=free_port(client, server, taken))
        taken.append((client, server))
        number = places.index((found.point.index, found.replication))
        start = found.point.scenario.start
        comment = [(pcapng.COMMENT, _described(found).encode())]
        for frame in frames_of(found.seen, client.port):
            packets.append((unix_nanoseconds(start, frame.moment), number, frame.data, comment))
            comment = []
    packets.sort(key=lambda packet: packet[0])
    for moment, number, data, options in packets:
        yield pcapng.packet(number, moment, data, options)


def unix_nanoseconds(start: datetime, moment: float) -> int:
    """Return a moment of a world as nanoseconds since 1970, which a float is too coarse for."""
    seconds = int(start.timestamp())
    return (seconds * _NANOSECONDS + start.microsecond * 1000) + round(moment * _NANOSECONDS)


def _described(found: Found) -> str:
    row = found.seen.row
    what = [row["profile"], row["outcome"], row["version"], row["suite"]]
    words = ", ".join(str(each) for each in what if each is not None)
    return f"connection {found.row} of connections.parquet (number {row['connection']}): {words}"
