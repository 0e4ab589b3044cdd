"""Linux network namespaces: hosts of their own on one machine, gone when their block ends."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.failures import Failure

_TUN = Path("/dev/net/tun")


class CommandFailed(Failure):
    """A command that sets up the network failed.

    Attributes:
        command: the words of the command.
        stderr: what it wrote to standard error.
    """

    def __init__(self, command: Sequence[str], stderr: str) -> None:
        self.command = tuple(command)
        self.stderr = stderr.strip()
        super().__init__(f"{' '.join(command)}: {self.stderr or 'failed without a word'}")


def run(*command: str) -> str:
    """Run a command; return what it wrote to standard output.

    Raises `CommandFailed` when it cannot be started or does not end with 0.
    """
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise CommandFailed(command, str(error)) from None
    if done.returncode:
        raise CommandFailed(command, done.stderr)
    return done.stdout


@dataclass(frozen=True)
class Namespace:
    """A network namespace that exists. Every method may raise `CommandFailed`."""

    name: str

    def command(self, *words: str) -> list[str]:
        """The command that runs `words` inside; its process becomes that of `words`."""
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words: str) -> str:
        """Run a command inside; return its standard output."""
        return run(*self.command(*words))

    def ip(self, *words: str) -> str:
        """Run `ip` inside."""
        return run("ip", "-n", self.name, *words)

    def add_address(self, device: str, address: str) -> None:
        """Give a device an address with its prefix length: "10.1.0.1/24"."""
        self.ip("address", "add", address, "dev", device)

    def bring_up(self, device: str) -> None:
        """Let a device carry packets."""
        self.ip("link", "set", device, "up")

    def set_route(self, destination: str, *words: str) -> None:
        """Make or change the route to `destination`: `set_route("10.2.0.1", "dev", "wire")`."""
        self.ip("route", "replace", destination, *words)

    def set_sysctls(self, values: Mapping[str, str | int]) -> None:
        """Set kernel parameters that belong to the namespace: {"net.ipv4.tcp_sack": 0}."""
        # In one go: each command in a namespace costs some 10 ms.
        self.run("sysctl", "-q", "-w", *(f"{name}={value}" for name, value in values.items()))

    def sysctl(self, name: str) -> str:
        """The value of a kernel parameter, as text."""
        return self.run("sysctl", "-n", name).strip()


@contextlib.contextmanager
def namespace(label: str = "host") -> Iterator[Namespace]:
    """A new namespace with a random name that begins with `label`; its loopback is up.

    At the end its processes are killed, and it is removed with its devices.
    """
    made = Namespace(f"{label}-{secrets.token_hex(4)}")
    run("ip", "netns", "add", made.name)
    try:
        made.bring_up("lo")
        yield made
    finally:
        _end_processes(made)
        run("ip", "netns", "delete", made.name)


@contextlib.contextmanager
def link(
    one: Namespace, other: Namespace, addresses: tuple[str, str], device: str = "wire"
) -> Iterator[None]:
    """A veth pair: a device of that name in each namespace, up, with an address ("10.0.0.1/24").

    Packets pass at once; for a link with delay, rate and loss see `emulator`.
    """
    run(
        *("ip", "link", "add", device, "netns", one.name, "type", "veth"),
        *("peer", "name", device, "netns", other.name),
    )
    try:
        for place, address in zip((one, other), addresses, strict=True):
            place.add_address(device, address)
            place.bring_up(device)
        yield
    finally:
        # Its other end goes with it; a namespace that is gone already took both along.
        with contextlib.suppress(CommandFailed):
            one.ip("link", "delete", device)


@functools.cache
def unavailable() -> str | None:
    """Why namespaces and TUN devices cannot be used here, or None when they can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces need Linux"
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program, package in (("ip", "iproute2"), ("sysctl", "procps")):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian package {package})"
    if not _TUN.exists():
        return f"there is no {_TUN}"
    try:
        with namespace("trial") as trial:
            trial.ip("tuntap", "add", "wire", "mode", "tun")
    except CommandFailed as error:
        return str(error)
    return None


def _end_processes(place: Namespace) -> None:
    # A process that is left would keep the namespace alive without its name.
    with contextlib.suppress(CommandFailed):
        for number in run("ip", "netns", "pids", place.name).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), 9)
