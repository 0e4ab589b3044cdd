"""Small farms drawn at random: a number gives one, in which any part may meet any other.

    python -m tests.sim.farm.random_farms NUMBER    # its description

Messages have fixed lengths in all of them, so that live and replay may be compared to the last bit.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import sim
from tests.sim.random_worlds import CONTENDED, Draw

MACHINES: tuple[Any, ...] = ("nginx-2026", "xeon-2026", CONTENDED)
PROFILES = ("internet-explorer-6", "firefox-45", "openssl-3")
POLICIES = (
    *("round-robin", "random", "random-of-two"),
    *("least-connections", "source-hash", "session-id"),
)


def random_farm(number: int, **changes: Any) -> sim.Scenario:
    """The farm of that number."""
    return sim.Scenario.model_validate(random_description(number) | changes)


def random_description(number: int) -> dict[str, Any]:
    """What the farm of that number is."""
    draw = Draw(f"farm {number}")
    profiles = draw.some(PROFILES)
    pools = {"web": _pool(draw)}
    balancer = {"policy": draw.one(*POLICIES), **_balancer(draw, pools)}
    if draw.may(0.3):
        pools["spare"] = _pool(draw)
        if draw.may(0.5):
            balancer["weights"] = {"spare": draw.one(0, 0.5, 3)}
    lossy = {"loss": 0.02, "rate": "20 Mbit/s"} if draw.may(0.2) else {}
    return {
        "start": "2026-01-01T00:00:00Z",
        "kind": "terminating",
        "duration": "8 s",
        "sample_interval": "2 s",
        "arrivals": {"process": "poisson", "rate": draw.one("5 /s", "15 /s", "40 /s")},
        "population": {"kind": "independent", "clients": draw.one(5, 30, 100)},
        "clients": [
            {
                "profile": profile,
                "share": 1 / len(profiles),
                "machine": "xeon-2026",
                **draw.options(0.2, connections=(2, 4), patience=("500 ms", "2 s")),
                **draw.options(0.2, retries=({"most": 2, "after": ["refused", "reset"]},)),
            }
            for profile in profiles
        ],
        "path": {"round_trip_time": draw.one("1 ms", "30 ms"), **lossy},
        "http": {
            "requests": draw.one(1, 2, 4),
            "think_time": draw.one("0 s", "200 ms", "1 s"),
            "request_size": "300 B",
            "response_size": draw.one("1 kB", "20 kB"),
        },
        "servers": pools,
        "balancers": {"front": balancer},
    }


def _pool(draw: Draw) -> dict[str, Any]:
    cores, count = draw.one(1, 2, 4), draw.one(1, 2, 3)
    workers = {"discipline": "workers", **draw.options(0.4, accept=("shared queue",))}
    processor = draw.one({"discipline": "fifo"}, {"discipline": "processor-sharing"}, workers)
    pool = {
        "count": count,
        "machine": draw.one(*MACHINES),
        "identity": "contoso-rsa-2048",
        "cores": cores,
        "processor": processor,
        **draw.options(
            0.35,
            application=(
                {"cpu": "20 ms"},
                {"back_end": {"distribution": "exponential", "mean": "40 ms"}},
                {"cpu": {"distribution": "log-normal", "median": "5 ms", "sigma": 1}},
            ),
            connections=tuple(
                {"most": most, "when_full": how}
                for most in (1, 3)
                for how in ("reset", "drop", "wait")
            ),
            abandoned=("dropped",),
            backlog=(1, 4),
            keep_alive=({"time_out": "100 ms"}, {"requests": 1}, {"requests": 2}),
            private_key=tuple(
                {"service_time": "10 ms", "latency": "1 ms", "blocking": blocking, "per": per}
                for blocking in (True, False)
                for per in ("pool", "server")
            ),
        ),
    }
    if draw.may(0.85):
        per = draw.one("server", "pool", *(("worker",) if processor is workers else ()))
        far = {"latency": "2 ms", "service_time": "1 ms", "time_out": "10 ms"}
        pool["sessions"] = {
            "lifetime": draw.one("2 s", "1 min"),
            "per": per,
            **draw.one({"capacity": 20}, {"capacity": "unlimited"}, {"size": "9 kB"}),
        }
        if per == "pool" and draw.may(0.6):
            pool["sessions"]["over_network"] = far | draw.options(0.5, failures=(0.2,))
    if draw.may(0.4):
        keys = draw.one("shared", "per server")
        pool["tickets"] = {"lifetime": draw.one("3 s", "1 min"), "keys": keys}
    if draw.may(0.35):
        pool["outages"] = [
            {
                "server": draw.one(*range(1, count + 1)),
                "at": draw.one("1 s", "3500 ms"),
                "lasts": draw.one("300 ms", "2 s"),
                "kind": draw.one("process", "machine"),
            }
        ]
    return pool


def _balancer(draw: Draw, pools: dict[str, Any]) -> dict[str, Any]:
    nodes = pools["web"]["count"]
    some = draw.options(
        0.3,
        health_check=({"interval": "500 ms", "time_out": "100 ms", "fall": 2},),
        draining=({"web-2": "4 s"},),
    )
    if nodes == 1:
        some.pop("draining", None)
    if draw.may(0.25):
        service = {"distribution": "exponential", "mean": "5 ms"}
        some["forwarding"] = {"service_time": draw.one("10 ms", service), "cores": draw.one(1, 2)}
    elif draw.may(0.3):
        some["termination"] = {
            "machine": draw.one(*MACHINES),
            "identity": "contoso-rsa-2048",
            **draw.options(
                0.5,
                behind=("clear",),
                connects=("at the hello",),
                cores=(2,),
                sessions=({"capacity": 50, "lifetime": "1 min"},),
                tickets=({"lifetime": "1 min"},),
            ),
        }
    return some


if __name__ == "__main__":
    print(json.dumps(random_description(int(sys.argv[1])), indent=1))
