"""The firewalls that are compared, and what clients do through them.

Times differ by seconds where it matters which is longer: a busy machine is late.

    python -m experiments.validation.firewall_cases

runs them all and prints the table of docs/validation.md.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from experiments.validation.firewall_case import FirewallCase
from experiments.validation.openssl_peers import PORT
from experiments.validation.outcome import in_words
from experiments.validation.real_firewall import CLIENT, FIREWALL_OUTSIDE

_PLACES = 3
_RESET = "meta l4proto tcp reject with tcp reset"
_CLOSED_SOON = {
    f"net.netfilter.nf_conntrack_tcp_timeout_{state}": 1
    for state in ("fin_wait", "close_wait", "last_ack", "time_wait", "close")
}


def _filter(*rules: str) -> str:
    chain = "type filter hook forward priority filter; policy accept;"
    return "\n".join(["table ip firewall {", "chain forward {", chain, *rules, "}", "}", ""])


def _tracking(otherwise: str) -> str:
    return _filter(
        "ct state established accept",
        "ct state new tcp flags & (fin | syn | rst | ack) == syn accept",
        otherwise,
    )


def _at_most(otherwise: str) -> str:
    return _filter(
        "ct state established accept",
        f"ct state new ct count over {_PLACES} {otherwise}",
    )


def _forgetting(seconds: int) -> dict[str, str | int]:
    return {"net.netfilter.nf_conntrack_tcp_timeout_established": seconds}


def _closing(denied: str) -> dict[str, Any]:
    rules = [{"action": "deny", "ports": [PORT]}]
    return {"kind": "packet-filter", "rules": rules, "otherwise": "permit", "denied": denied}


def _remembering(seconds: int, forgotten: str = "drop") -> dict[str, Any]:
    timeout = f"{seconds} s"
    return {"kind": "stateful-firewall", "idle_timeout": timeout, "forgotten": forgotten}


def _shedding(excess: str) -> dict[str, Any]:
    return {"kind": "load-shedder", "at_once": _PLACES, "excess": excess}


# Else a connection that was forgotten gets a port again, by chance the same one.
_STRICTLY_FORGETTING = _forgetting(3) | {"net.netfilter.nf_conntrack_tcp_loose": 0}

_FIRST_PORT = 40_000
_LAST_PORT = _FIRST_PORT + _PLACES - 1
_TRANSLATING = f"""
table ip firewall {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {CLIENT} meta l4proto tcp snat to {FIREWALL_OUTSIDE}:{_FIRST_PORT}-{_LAST_PORT}
  }}
}}
"""
_TRANSLATOR: Mapping[str, Any] = {
    "kind": "nat",
    "address": FIREWALL_OUTSIDE,
    "first_port": _FIRST_PORT,
    "last_port": _LAST_PORT,
    "closing_timeout": "1 s",
}

CASES = (
    FirewallCase("port open", _filter(), _closing("drop") | {"rules": []}),
    FirewallCase("port closed, drop", _filter(f"tcp dport {PORT} drop"), _closing("drop")),
    FirewallCase(
        "port closed, reset",
        _filter(f"tcp dport {PORT} reject with tcp reset"),
        _closing("reset"),
    ),
    FirewallCase(
        "idle for 3 s, remembered for 15 s",
        _tracking("drop"),
        _remembering(15),
        _forgetting(15),
        pause=3.0,
    ),
    FirewallCase(
        "idle for 8 s, remembered for 3 s, drop",
        _tracking("drop"),
        _remembering(3),
        _forgetting(3),
        pause=8.0,
    ),
    FirewallCase(
        "idle for 8 s, remembered for 3 s, reset",
        _tracking(_RESET),
        _remembering(3, "reset"),
        _forgetting(3),
        pause=8.0,
    ),
    FirewallCase(
        "idle for 16 s, remembered for 8 s, probes each 1 s",
        _tracking("drop"),
        _remembering(8),
        _forgetting(8),
        pause=16.0,
        keep_alive=1,
    ),
    FirewallCase(
        "idle for 12 s, remembered for 3 s, probes each 8 s, reset",
        _tracking(_RESET),
        _remembering(3, "reset"),
        _forgetting(3),
        pause=12.0,
        keep_alive=8,
    ),
    FirewallCase(
        "5 at once, at most 3, drop; 5 more later",
        _at_most("drop"),
        _shedding("drop"),
        _CLOSED_SOON,
        clients=_PLACES + 2,
        waves=(0.0, 16.0),
        pause=8.0,
    ),
    FirewallCase(
        "5 at once, at most 3, reset; 5 more later",
        _at_most(_RESET),
        _shedding("reset"),
        _CLOSED_SOON,
        clients=_PLACES + 2,
        waves=(0.0, 16.0),
        pause=8.0,
    ),
    FirewallCase(
        "5 at once, at most 3, drop; patient",
        _at_most("drop"),
        _shedding("drop"),
        _CLOSED_SOON,
        clients=_PLACES + 2,
        pause=4.0,
        connect_timeout=20.0,
    ),
    FirewallCase(
        "5 at once, NAT with 3 ports; 5 more later",
        _TRANSLATING,
        _TRANSLATOR,
        _CLOSED_SOON,
        clients=_PLACES + 2,
        waves=(0.0, 16.0),
        pause=8.0,
    ),
    FirewallCase(
        "5 at once, NAT with 3 ports; patient",
        _TRANSLATING,
        _TRANSLATOR,
        _CLOSED_SOON,
        clients=_PLACES + 2,
        pause=4.0,
        connect_timeout=25.0,
    ),
    FirewallCase(
        "idle for 8 s, NAT with 3 ports kept for 3 s",
        _TRANSLATING,
        dict(_TRANSLATOR) | {"idle_timeout": "3 s", "forgotten": "reset"},
        _STRICTLY_FORGETTING,
        pause=8.0,
    ),
    FirewallCase(
        "idle for 8 s, NAT with 3 ports kept for 3 s, the rest dropped",
        _TRANSLATING + _filter("ct state invalid drop"),
        dict(_TRANSLATOR) | {"idle_timeout": "3 s", "forgotten": "drop"},
        _STRICTLY_FORGETTING,
        pause=8.0,
    ),
)


def main() -> None:
    """Print the table."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, Linux {platform.release()}\n")
    print("| case | real kernel | simulated |\n|---|---|---|")
    # They wait most of the time.
    with ThreadPoolExecutor(4) as pool:
        for case, real in zip(CASES, pool.map(FirewallCase.real, CASES), strict=True):
            print(f"| {case.name} | {in_words(real)} | {in_words(case.simulated())} |")


if __name__ == "__main__":
    main()
