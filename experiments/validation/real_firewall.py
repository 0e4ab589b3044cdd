"""A Linux firewall between two hosts: three namespaces, the middle one with an nftables ruleset."""

from __future__ import annotations

import contextlib
import functools
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from experiments.validation import namespaces
from experiments.validation.namespaces import CommandFailed, Namespace, link, namespace

CLIENT = "10.3.0.2"
FIREWALL_INSIDE = "10.3.0.1"
"""The firewall's address on the client's side."""
FIREWALL_OUTSIDE = "10.4.0.1"
"""Its address on the server's side."""
SERVER = "10.4.0.2"


@dataclass(frozen=True)
class FirewalledHosts:
    """The three namespaces."""

    client: Namespace
    firewall: Namespace
    server: Namespace


@contextlib.contextmanager
def real_firewall(
    ruleset: str, sysctls: Mapping[str, str | int] | None = None
) -> Iterator[FirewalledHosts]:
    """A client and a server that reach each other through a firewall alone.

    Args:
        ruleset: for `nft -f`.
        sysctls: the firewall's kernel parameters, such as the time-outs of its connection
            tracking. The size of its table belongs to the whole machine and cannot be set here.

    Raises `CommandFailed` when that cannot be done.
    """
    with (
        namespace("client") as client,
        namespace("firewall") as firewall,
        namespace("server") as server,
        link(client, firewall, (f"{CLIENT}/24", f"{FIREWALL_INSIDE}/24"), "inside"),
        link(firewall, server, (f"{FIREWALL_OUTSIDE}/24", f"{SERVER}/24"), "outside"),
    ):
        client.set_route("default", "via", FIREWALL_INSIDE)
        server.set_route("default", "via", FIREWALL_OUTSIDE)
        # Where connection tracking is a module, its parameters appear with the first ruleset.
        load(firewall, ruleset)
        firewall.set_sysctls({"net.ipv4.ip_forward": 1, **(sysctls or {})})
        yield FirewalledHosts(client, firewall, server)


def load(place: Namespace, ruleset: str) -> None:
    """Load a ruleset inside a namespace. Raises `CommandFailed`."""
    command = place.command("nft", "-f", "-")
    done = subprocess.run(command, input=ruleset, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(command, done.stderr)


@functools.cache
def unavailable() -> str | None:
    """Why there can be no firewall here, or None when there can."""
    if reason := namespaces.unavailable():
        return reason
    if shutil.which("nft") is None:
        return "nft is not installed (Debian package nftables)"
    try:
        with namespace("trial") as trial:
            load(trial, _TRIAL)
    except CommandFailed as error:
        return str(error)
    return None


_TRIAL = """
table ip trial {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established accept
    ct count over 1 meta l4proto tcp reject with tcp reset
  }
}
"""
