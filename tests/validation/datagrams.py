"""Numbered UDP datagrams from one host to another, each with the time of its sending.

python datagrams.py receive ADDRESS          until "end" comes on standard input
python datagrams.py send ADDRESS COUNT SIZE GAP
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import sys
import time

PORT = 9000
HEADERS = 28  # IPv4 and UDP


def receive(address: str) -> None:
    """Write a list of [number, seconds on the way, time of arrival]."""
    came = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as arrivals:
        arrivals.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE: none is lost here
        arrivals.bind((address, PORT))
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([arrivals, sys.stdin], [], [])
            if arrivals not in ready:
                break
            data = arrivals.recv(2048)
            now = time.perf_counter()
            number, sent = struct.unpack("!Id", data[:12])
            came.append((number, now - sent, now))
    print(json.dumps(came))


def send(address: str, count: int, size: int, gap: float) -> None:
    """Send `count` IP packets of `size` bytes, `gap` seconds apart."""
    padding = bytes(size - HEADERS - 12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect((address, PORT))
        for number in range(count):
            out.send(struct.pack("!Id", number, time.perf_counter()) + padding)
            if gap:
                time.sleep(gap)


def be_punctual() -> None:
    """Go before what else the machine does, but not before the link."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))


if __name__ == "__main__":
    be_punctual()
    role, address, *numbers = sys.argv[1:]
    if role == "receive":
        receive(address)
    else:
        send(address, int(numbers[0]), int(numbers[1]), float(numbers[2]))
