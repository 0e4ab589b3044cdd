"""Captures of small worlds, and what tshark reads in them."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sim
import tls
from experiments.evidence.capture_file import write_capture
from experiments.evidence.finding import Found
from experiments.studies.study import DesignPoint
from tests.peers import require_program
from tests.sim.worlds import rows, scenario, simulated

SYN, ACK, FIN, RST = 0x02, 0x10, 0x01, 0x04
HANDSHAKE_TYPES = {
    name.title().replace("_", "") if "_" in name else name.capitalize(): kind
    for kind in range(256)
    if " " not in (name := tls.message_name(kind))
} | {"HelloRetryRequest": 2}

_FIELDS = (
    "tcp.stream",
    "frame.time_epoch",
    "ip.src",
    "tcp.srcport",
    "tcp.flags",
    "tcp.seq",
    "tcp.len",
    "tcp.analysis.flags",
    "tcp.analysis.ack_lost_segment",
    "_ws.malformed",
    "_ws.expert.severity",
    "tcp.checksum.status",
    "ip.checksum.status",
    "tls.handshake.type",
    "http.request.uri",
    "http.response.code",
    "frame.comment",
)
_ERROR = str(0x00800000)


def found_in(changes: dict[str, Any], most: int = 12, seed: int = 1) -> list[Found]:
    """The first connections of a world that fail, and to end, seen again."""
    world = scenario(**changes)
    table = rows(simulated(world, seed=seed).table("connections"))
    table = sorted(table, key=lambda row: bool(row["outcome"] != "failed"))[:most]
    numbers = [row["connection"] for row in table]
    seen = {
        each.row["connection"]: each for each in sim.witness(world, seed=seed, connections=numbers)
    }
    point = DesignPoint(0, False, {}, world)
    return [Found(place, point, 0, seen[number], {}) for place, number in enumerate(numbers)]


@dataclass
class ReadPacket:
    """A packet as tshark reads it."""

    moment: int
    source: tuple[str, int]
    flags: int
    sequence: int
    length: int


@dataclass
class ReadConnection:
    """A connection as tshark reads it.

    Attributes:
        comment: of its first packet.
        packets: all of them; times are nanoseconds since 1970.
        remarks: what tshark remarks on their sequence.
        faults: what it finds wrong.
        handshake: types of handshake messages, decrypted ones included.
        requests, responses: of HTTP.
    """

    comment: str = ""
    packets: list[ReadPacket] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    handshake: Counter[int] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    responses: list[str] = field(default_factory=list)

    @property
    def client(self) -> tuple[str, int]:
        """Address and port of who has sent the first packet."""
        return self.packets[0].source

    def moments(self, flags: int, *, to_server: bool) -> list[int]:
        """When packets of exactly these flags passed one way."""
        return [
            each.moment
            for each in self.packets
            if each.flags == flags and (each.source == self.client) is to_server
        ]

    def payload(self, *, to_server: bool) -> int:
        """Bytes that passed one way, each counted once."""
        pieces = sorted(
            (each.sequence, each.sequence + each.length)
            for each in self.packets
            if each.length and (each.source == self.client) is to_server
        )
        counted = last = 0
        for begin, end in pieces:
            counted += max(0, end - max(begin, last))
            last = max(last, end)
        return counted


def tshark(file: Path, *options: str) -> str:
    """What tshark says of a capture, with no key log but the one in it."""
    command = [require_program("tshark"), "-r", str(file), "-o", "tcp.check_checksum:TRUE"]
    # Without it tshark reads nothing behind a packet that came later than the next.
    command += ["-o", "ip.check_checksum:TRUE", "-o", "tcp.reassemble_out_of_order:TRUE", *options]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return finished.stdout


def read(file: Path) -> list[ReadConnection]:
    """The connections of a capture, in the order of their first packets."""
    options = [option for name in _FIELDS for option in ("-e", name)]
    connections: dict[int, ReadConnection] = {}
    for line in tshark(file, "-T", "fields", "-E", "separator=/t", *options).splitlines():
        told = dict(zip(_FIELDS, line.split("\t"), strict=True))
        one = connections.setdefault(int(told["tcp.stream"]), ReadConnection())
        one.comment = one.comment or told["frame.comment"]
        seconds, _, fraction = told["frame.time_epoch"].partition(".")
        one.packets.append(
            ReadPacket(
                int(seconds) * 10**9 + int(fraction.ljust(9, "0")),
                (told["ip.src"], int(told["tcp.srcport"])),
                int(told["tcp.flags"], 16),
                int(told["tcp.seq"]),
                int(told["tcp.len"]),
            )
        )
        one.faults += _faults(told)
        if told["tcp.analysis.flags"]:
            one.remarks.append(line)
        one.handshake.update(map(int, _listed(told["tls.handshake.type"])))
        one.requests += _listed(told["http.request.uri"])
        one.responses += _listed(told["http.response.code"])
    return [connections[number] for number in sorted(connections)]


def _faults(told: dict[str, str]) -> Iterator[str]:
    if told["_ws.malformed"]:
        yield f"malformed: {told}"
    if _ERROR in _listed(told["_ws.expert.severity"]):
        yield f"an error: {told}"
    if told["tcp.analysis.ack_lost_segment"]:
        yield f"acknowledges what was never seen: {told}"
    if (told["tcp.checksum.status"], told["ip.checksum.status"]) != ("1", "1"):
        yield f"a wrong checksum: {told}"


def _listed(value: str) -> Sequence[str]:
    return [each for each in value.split(",") if each]


def captured(found: Sequence[Found], file: Path) -> dict[int, ReadConnection]:
    """Connections written to a file, and what tshark reads of each, by the number of its row."""
    write_capture(file, found)
    read_ones = read(file)
    assert len(read_ones) == len(found)
    return {int(each.comment.split()[1]): each for each in read_ones}
