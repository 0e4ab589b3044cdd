"""What is on the wire, captured by dumpcap and read by tshark."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers import lack, require_program

MALFORMED = "_ws.malformed || _ws.expert.severity == error"
"""A filter for packets that tshark finds something wrong with."""


@contextmanager
def captured(path: Path, port: int) -> Iterator[None]:
    """What goes to and from a port on the loopback interface, written to a file."""
    command = [require_program("dumpcap"), "-q", "-i", "lo", "-f", f"tcp port {port}", "-w"]
    with subprocess.Popen(
        [*command, str(path)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("File:"):
                break
        else:
            lack(f"the loopback interface cannot be captured: {said}")
        try:
            yield
            time.sleep(1)  # what the kernel still holds
        finally:
            process.terminate()


def tshark(path: Path, port: int, key_log: Path, *options: str) -> str:
    """What tshark says of a capture whose secrets are in a key log."""
    command = [require_program("tshark"), "-r", str(path), "-d", f"tcp.port=={port},tls"]
    command += ["-o", f"tls.keylog_file:{key_log}", *options]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return finished.stdout


def conversations(path: Path, port: int, key_log: Path, count: int) -> list[bytes]:
    """The decrypted application data of each connection, of both sides as it came."""
    options = ["-q"]
    for number in range(count):
        options += ["-z", f"follow,tls,raw,{number}"]
    found = {}
    for part in tshark(path, port, key_log, *options).split("Follow: tls,raw\n")[1:]:
        number = int(part.partition("Filter: tcp.stream eq ")[2].partition("\n")[0])
        found[number] = bytes.fromhex("".join(re.findall(r"^\t?([0-9a-f]+)$", part, re.MULTILINE)))
    return [found[number] for number in range(count)]
