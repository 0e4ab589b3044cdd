"""A link emulator: a process that carries packets between two TUN devices, late and not all.

It is a process of its own, so that nothing else delays packets. It reads its settings from one
line of standard input, writes "ready", carries packets until standard input ends, and writes its
report. `emulated_link` is how to use it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import heapq
import json
import os
import secrets
import select
import struct
import sys
from array import array
from dataclasses import asdict
from time import perf_counter
from typing import Any

from experiments.validation.namespaces import Namespace, run
from experiments.validation.pipes import Pipe, PipeQueue, pipe_queues
from experiments.validation.punctuality import EMULATOR, be_punctual

DEVICE = "wire"
CLIENTS = bytes((10, 1, 0))
SERVERS = bytes((10, 2, 0))

_TUNSETIFF = 0x400454CA
_IFF_TUN = 0x0001
_IFF_NO_PI = 0x1000
_LONGEST = 2048
_READS_AT_ONCE = 8
"""Packets to read before looking whether others are due."""
_SPIN = 80e-6
"""Seconds before a packet is due from which on its time is awaited awake: sleep is less exact."""


def open_tun(place: Namespace) -> int:
    """Make a TUN device called `DEVICE` in the namespace; return its end in this process."""
    name = f"tun{secrets.token_hex(4)}"
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    run("ip", "link", "set", name, "netns", place.name, "name", DEVICE)
    return device


class Emulator:
    """Packets on their way between two devices."""

    def __init__(self, client: int, server: int, pipes: list[Pipe], seed: int) -> None:
        self._devices = (client, server)
        self._ways: dict[bytes, tuple[PipeQueue, int]] = {}
        self._queues: list[tuple[PipeQueue, PipeQueue]] = []
        for number, pipe in enumerate(pipes, start=1):
            there, back = pipe_queues(pipe, number, seed)
            last = bytes((number,))
            self._ways[CLIENTS + last + SERVERS + last] = (there, server)
            self._ways[SERVERS + last + CLIENTS + last] = (back, client)
            self._queues.append((there, back))
        self._strangers = 0
        self._lateness = array("d")

    def run(self, until: int) -> None:
        """Carry packets until the file descriptor `until` has something to read or ends."""
        under_way: list[tuple[float, int, int, bytes]] = []
        serial = 0
        watched = (*self._devices, until)
        ways, late, clock = self._ways, self._lateness.append, perf_counter
        while True:
            while under_way and under_way[0][0] <= (now := clock()):
                due, _, device, packet = heapq.heappop(under_way)
                late(now - due)
                # A device that is down takes nothing.
                with contextlib.suppress(OSError):
                    os.write(device, packet)
            patience = max(0.0, under_way[0][0] - clock() - _SPIN) if under_way else None
            for device in select.select(watched, (), (), patience)[0]:
                if device == until:
                    return
                for _ in range(_READS_AT_ONCE):
                    if not (packet := _read(device)):
                        break
                    # IPv4 has its addresses from byte 12 to byte 20 (RFC 791 §3.1).
                    way = ways.get(packet[12:20])
                    if way is None:
                        self._strangers += 1
                        continue
                    queue, out = way
                    due_at = queue.due(clock(), len(packet))
                    if due_at is not None:
                        serial += 1
                        heapq.heappush(under_way, (due_at, serial, out, packet))

    def report(self) -> dict[str, Any]:
        """The counts of each pipe, and how late packets were."""
        late = sorted(self._lateness) or [0.0]
        return {
            "pipes": [[asdict(queue.traffic) for queue in pair] for pair in self._queues],
            "strangers": self._strangers,
            "lateness": {
                "packets": len(self._lateness),
                "median": late[len(late) // 2],
                "p99": late[len(late) * 99 // 100],
                "largest": late[-1],
            },
        }


def _read(device: int) -> bytes:
    try:
        return os.read(device, _LONGEST)
    except OSError as error:
        # Nothing there, or the device is down.
        if error.errno in (errno.EAGAIN, errno.EIO):
            return b""
        raise


def main() -> None:
    """Be the process."""
    settings = json.loads(sys.stdin.readline())
    emulator = Emulator(
        open_tun(Namespace(settings["client"])),
        open_tun(Namespace(settings["server"])),
        [Pipe.from_fields(fields) for fields in settings["pipes"]],
        settings["seed"],
    )
    real_time = be_punctual(EMULATOR)
    print("ready", flush=True)
    emulator.run(sys.stdin.fileno())
    print(json.dumps({**emulator.report(), "real_time": real_time}))


if __name__ == "__main__":
    main()
