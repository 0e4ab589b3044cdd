"""Small worlds of every kind of connection that is to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tests.sim.middleboxes.networks import IE6, IE8, SSL3, network

LOSSY = {"round_trip_time": "60 ms", "loss": 0.05}
SHARED = {"round_trip_time": "60 ms", "rate": "256 kbit/s", "buffer": "8 kB"}
SHORT = {"duration": "20 s"}
_PENTIUM = {"machine": "pentium-iii-933"}
_TLS_1_3: dict[str, Any] = {
    "start": "2026-11-02T12:00:00Z",
    "duration": "20 s",
    "population__clients": 15,
    "server__machine": "xeon-2026",
    "server__identity": "contoso-rsa-2048",
}


def modern(
    profile: str = "openssl-3.0", client: Mapping[str, Any] = MappingProxyType({}), **changes: Any
) -> dict[str, Any]:
    """Changes to a small world that make it one of TLS 1.3."""
    clients = [{"profile": profile, "machine": "xeon-2026", **client}]
    return {**_TLS_1_3, "clients": clients, **changes}


TICKETS = {"lifetime": "5 min"}
HANDSHAKES: dict[str, dict[str, Any]] = {
    "SSL 3.0": {**SHORT, "clients": [{"profile": SSL3}]},
    "TLS 1.0": {**SHORT},
    "TLS 1.0, its hello in a record of its own": {**SHORT, "server__split_records": True},
    "TLS 1.0, ephemeral keys": {**SHORT, "clients": [{"profile": IE8}]},
    "TLS 1.2": {**SHORT, "clients": [{"profile": "openssl-3"}]},
    "TLS 1.2, ECDSA": {
        **SHORT,
        "clients": [{"profile": "openssl-3"}],
        "server__identity": "contoso-ecdsa-p256",
    },
    "TLS 1.2, tickets": {
        **modern(),
        "server__versions": ["TLS 1.2"],
        "server__tickets": TICKETS,
    },
    "a client's certificate": {
        **SHORT,
        "clients": [{"profile": "openssl-3", "certificate": "client-rsa-1024"}],
        "server__client_certificates": "required",
    },
    "TLS 1.3": modern(),
    "TLS 1.3, tickets": modern("chromium-156", server__tickets=TICKETS),
    "TLS 1.3, names of its cache": modern("firefox-esr-153"),
    "early data": modern(
        client={"early_data": True}, server__tickets=TICKETS, server__early_data="16 kB"
    ),
    "early data that is refused": modern(
        client={"early_data": True},
        server__tickets={**TICKETS, "keys": "per server", "restart_interval": "5 s"},
        server__early_data="16 kB",
    ),
    "another hello": modern("chromium-156", server__groups=["secp384r1"]),
    "post-quantum": modern("node-24", server__identity={"key": "ml-dsa-65"})
    | {"server__groups": ["X25519MLKEM768"]},
    "TLS 1.3, a client's certificate": modern(
        client={"certificate": "client-rsa-1024"}, server__client_certificates="required"
    ),
}
"""Every way to shake hands, over a link that delays."""

WAYS: dict[str, dict[str, Any]] = {
    "no TLS": {**SHORT, "server__security": "plain"},
    "many rounds": {**SHORT, "http__response_size": "100 kB"},
    "large requests": {**SHORT, "http__request_size": "30 kB"},
    "tiny requests": {**SHORT, "http__request_size": "20 B", "http__response_size": "30 B"},
    "losses": network({}, links={"near": LOSSY, "far": LOSSY}, http__response_size="40 kB"),
    "losses, as Linux recovers": network(
        {},
        links={"near": LOSSY, "far": LOSSY},
        http__response_size="40 kB",
        tcp={"loss_probe": True, "timestamps": True, "congestion_control": "cubic"},
    ),
    "a shared link": {"path": SHARED, "http__response_size": "20 kB", "arrivals__rate": "2 /s"},
    "late acknowledgements": {
        **SHORT,
        "tcp": {"delayed_acknowledgement": "200 ms", "initial_window": 1},
    },
    "small packets": {**SHORT, "tcp": {"maximum_segment_size": "536 B", "timestamps": True}},
    "a tunnel": network({"tunnel": {"kind": "connect-proxy", **_PENTIUM}}),
    "a tunnel, losses": network(
        {"tunnel": {"kind": "connect-proxy", **_PENTIUM}},
        links={"near": LOSSY, "far": SHARED},
    ),
    "two tunnels": network(
        {},
        middleboxes={
            "one": {"kind": "connect-proxy", **_PENTIUM},
            "two": {"kind": "connect-proxy", "address": "198.51.100.2", **_PENTIUM},
        },
        links={name: {"round_trip_time": "20 ms"} for name in ("near", "between", "far")},
        paths={"way": {"crosses": ["near", "one", "between", "two", "far"]}},
    ),
    "a bridge": network({"bridge": {"kind": "terminating-proxy", "profile": IE6, **_PENTIUM}}),
    "a balancer that takes its time": {
        **SHORT,
        "server": None,
        "servers": {"web": {"count": 2, **_PENTIUM}},
        "balancers": {"front": {"policy": "round-robin", "forwarding": {"service_time": "100 ms"}}},
    },
    "a balancer that ends TLS": {
        **SHORT,
        "server": None,
        "servers": {"web": {"count": 2, **_PENTIUM}},
        "balancers": {
            "front": {
                "policy": "round-robin",
                "termination": {
                    "machine": "nginx-2026",
                    "identity": "contoso-rsa-2048",
                    "behind": "clear",
                },
            }
        },
    },
    "a backlog": {
        "arrivals": {"process": "curve", "counts": [50], "interval": "100 ms"},
        "duration": "100 ms",
        "path": {"round_trip_time": "20 ms"},
        "server__backlog": 5,
    },
    "connections at once": {
        **SHORT,
        "http__requests": 6,
        "clients": [{"profile": IE6, "connections": 3}],
    },
}
"""Every way to the server, and back."""

FAILURES: dict[str, dict[str, Any]] = {
    "a wrong name": {**SHORT, "server__name": "www.example.org"},
    "no common suite": {
        **SHORT,
        "server__suites": ["TLS_RSA_WITH_DES_CBC_SHA"],
        "clients": [{"profile": IE8}],
    },
    "a name that is blocked": network(
        {"box": {"kind": "sni-filter", "blocked": ["*.contoso.com"]}},
        clients=[{"profile": IE8}],
    ),
    "a name that is dropped": network(
        {"box": {"kind": "sni-filter", "blocked": ["*.contoso.com"], "blocks": "drop"}},
        clients=[{"profile": IE8}],
    ),
    "an alert of a box": network(
        {"box": {"kind": "version-intolerant", "highest": "SSL 3.0", "reaction": "alert"}}
    ),
    "a closed port": network({"wall": {"kind": "packet-filter", "rules": []}}),
    "a port that is reset": network(
        {"wall": {"kind": "packet-filter", "rules": [], "denied": "reset"}}
    ),
    "a tunnel that is refused": network(
        {"tunnel": {"kind": "connect-proxy", "allowed_ports": [563], **_PENTIUM}}
    ),
    "a server that goes down": {
        **SHORT,
        "server__outages": [{"at": "8 s", "lasts": "4 s", "kind": "process"}],
        "http__think_time": "200 ms",
        "http__requests": 3,
    },
    "a user who goes": {
        "arrivals__rate": "250 /s",
        "duration": "2 s",
        "clients": [{"profile": IE6, "patience": "1 s"}],
    },
    "a server that does not answer in time": {
        "arrivals__rate": "300 /s",
        "duration": "3 s",
        "tcp": {"user_timeout": "1 s"},
    },
}
"""Ways to fail."""

EVERY = {**HANDSHAKES, **WAYS, **FAILURES}
