"""Small worlds drawn at random: a number gives one, in which anything may meet anything.

    python -m tests.sim.random_worlds NUMBER    # its description

Messages have fixed lengths in all of them (no signature by ECDSA), so that live and replay may be
compared to the last bit.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

import sim
import tls
from sim.workload.browsers import browser
from tests.sim.endpoints.readers import world

PROFILES = sim.browsers()
CONTENDED = {
    "name": "contended",
    "title": "Threads that slow each other down",
    "source": "made up",
    "base": "pentium-iii-933",
    "contention": [[1, 1.0], [2, 0.75]],
}
MACHINES: tuple[Any, ...] = ("pentium-iii-933", "xeon-2026", CONTENDED)
IDENTITIES: tuple[Any, ...] = (
    *("contoso-rsa-1024", "contoso-rsa-2048", "contoso-rsa-2048-many-names"),
    {"key": "rsa-1024", "names": 3, "chain": [{"key": "ecdsa-p256", "extra_bytes": "3 kB"}]},
    {"chain": [{}, {"key": "rsa-4096"}], "root": {"authority": "own"}},
    {"key": "ed25519", "not_after": "1998-06-30T00:00:05Z"},
)
STARTS = ("1998-06-30T00:00:00Z", "2011-03-01T09:00:00Z", "2049-12-31T23:59:50Z")
RSA_SUITES = [
    name
    for name in map(tls.suite_name, tls.IMPLEMENTED_SUITES)
    if "ECDSA" not in name and "DSS" not in name and "anon" not in name
]


class Draw:
    """What a world is drawn with."""

    def __init__(self, name: str) -> None:
        self._random = random.Random(name)

    def one(self, *choices: Any) -> Any:
        """One of these."""
        return self._random.choice(choices)

    def some(self, choices: Any, least: int = 1) -> list[Any]:
        """Some of these in their order."""
        every = list(choices)
        count = self._random.randint(min(least, len(every)), len(every))
        return [every[at] for at in sorted(self._random.sample(range(len(every)), count))]

    def may(self, chance: float) -> bool:
        """Whether something happens that has this chance."""
        return self._random.random() < chance

    def options(self, chance: float, **choices: tuple[Any, ...]) -> dict[str, Any]:
        """Some of these keys, each with one of its values."""
        return {key: self.one(*values) for key, values in choices.items() if self.may(chance)}


def random_world(number: int, **changes: Any) -> sim.Scenario:
    """The world of that number."""
    return world({**random_changes(number), **changes})


def random_changes(number: int) -> dict[str, Any]:
    """What the world of that number changes in a small one."""
    draw = Draw(f"world {number}")
    steady = draw.may(0.25)
    changes: dict[str, Any] = {
        "start": STARTS[2] if draw.may(0.1) else draw.one(*STARTS[:2]),
        "duration": "10 s",
        "sample_interval": "2500 ms",
        "arrivals__rate": draw.one("3 /s", "5 /s", "8 /s"),
        "population": {
            "kind": draw.one("independent", "zipf"),
            "clients": draw.one(3, 6, 15),
        },
        "http__requests": draw.one(1, 1, 2, 3),
        "http__think_time": draw.one("0 s", "100 ms", "2 s"),
        "http__response_size": draw.one("300 B", "3.7 kB", "20 kB"),
        "tcp": _tcp(draw),
    }
    if changes["population"]["kind"] == "zipf":
        changes["population"]["exponent"] = draw.one(0.0, 0.8, 1.5)
    if steady:
        changes |= {"kind": "steady-state", "warm_up": draw.one("0 s", "5 s")}
    changes |= {f"server__{key}": value for key, value in _server(draw).items()}
    changes |= _network(draw)
    changes["clients"] = _clients(draw, list(changes["paths"]))
    tickets = _tickets(draw)
    if changes.get("server__security") != "plain":
        changes["server__tickets"] = tickets
    for box in changes["middleboxes"].values():
        if box["kind"] == "terminating-proxy":
            box["tickets"] = _tickets(draw)
    _add_visits(Draw(f"visits {number}"), changes)
    _add_resumption(Draw(f"resumption {number}"), changes)
    _add_fallback(Draw(f"fallback {number}"), changes)
    _add_early_data(Draw(f"early data {number}"), changes)
    return changes


def _add_early_data(draw: Draw, changes: dict[str, Any]) -> None:
    """Some clients send their first request with the hello, where servers allow it."""
    server = _described_server(changes)
    limit, asked = draw.one("100 B", "16 kB"), draw.may(0.6)
    resumes = server["sessions"] is not None or server["tickets"] is not None
    if not asked or server.get("security") == "plain" or not resumes:
        return
    if "TLS 1.3" not in server.get("versions", ["TLS 1.3"]):
        return
    changes["server__early_data"] = limit
    for client in changes["clients"]:
        if draw.may(0.7) and tls.TLS_1_3 in browser(client["profile"]).versions:
            client["early_data"] = True


def _add_fallback(draw: Draw, changes: dict[str, Any]) -> None:
    """Some clients fall back to lower versions, where they have any."""
    for client in changes["clients"]:
        fallback = draw.options(
            0.5,
            after=(["alert"], ["reset"], ["reset", "timeout", "alert"]),
            scsv=(True, False),
            lowest=("TLS 1.0",),
        )
        lowest = tls.version_from_name(fallback.get("lowest", "SSL 3.0"))
        versions = browser(client["profile"]).versions
        if draw.may(0.4) and len([each for each in versions if each >= lowest]) > 1:
            client["fallback"] = fallback


def _add_resumption(draw: Draw, changes: dict[str, Any]) -> None:
    """Some clients resume a fixed share of their connections, where their end of TLS may."""
    for client in changes["clients"]:
        share = draw.one(0.0, 0.5, 0.5, 1.0)
        if not draw.may(0.25):
            continue
        boxes = [changes["middleboxes"].get(name) for name in _way_of(client, changes)]
        proxies = [box for box in boxes if box and box["kind"] == "terminating-proxy"]
        end = proxies[0] if proxies else _described_server(changes)
        by_ticket = end["tickets"] is not None and browser(client["profile"]).session_tickets
        if client["profile"] == "go-1.19" and "TLS 1.3" in end.get("versions", ["TLS 1.3"]):
            continue  # It offers no session of TLS 1.3.
        if end.get("security") != "plain" and (end["sessions"] is not None or by_ticket):
            client["resumption"] = share


def _way_of(client: dict[str, Any], changes: dict[str, Any]) -> list[str]:
    crosses: list[str] = changes["paths"][client["path"]]["crosses"]
    return crosses


def _described_server(changes: dict[str, Any]) -> dict[str, Any]:
    begin = "server__"
    server = {key.removeprefix(begin): value for key, value in changes.items() if begin in key}
    return {"tickets": None, **server}


def _add_visits(draw: Draw, changes: dict[str, Any]) -> None:
    """What clients ask for and how they come varies, in half of the worlds."""
    if draw.may(0.5):
        return
    sizes = {"distribution": "log-normal", "median": "3 kB", "sigma": 1.0}
    few = {"distribution": "geometric", "mean": 2.5}
    pauses = {"distribution": "exponential", "mean": "500 ms"}
    varying = draw.options(
        0.4, request_size=("700 B", sizes), response_size=(sizes,), requests=(few,)
    )
    changes |= {f"http__{key}": value for key, value in varying.items()}
    if draw.may(0.3):
        changes["http__think_time"] = pauses
    for client in changes["clients"]:
        client |= draw.options(
            0.4,
            connections=(2, 6),
            keep_alive=(False,),
            patience=("700 ms", "3 s", {"distribution": "exponential", "mean": "2 s"}),
            retries=(_retries(draw),),
        )


def _retries(draw: Draw) -> dict[str, Any]:
    return {
        "most": draw.one(1, 3),
        "after": draw.some(["refused", "reset", "timeout", "alert"]),
        "first": draw.one("0 s", "200 ms"),
        **draw.options(
            0.4,
            backoff=("fixed",),
            longest=("300 ms",),
            jitter=("full", "equal"),
            budget=(0.0, 0.1, 1.0),
        ),
    }


def _tcp(draw: Draw) -> dict[str, Any]:
    times = {
        "user_timeout": draw.one("300 ms", *["4 s"] * 6),
        "connect_timeout": draw.one("500 ms", *["4 s"] * 6),
    }
    return times | draw.options(
        0.2,
        initial_window=(2, 4),
        congestion_control=("cubic",),
        timestamps=(True,),
        loss_probe=(True,),
        delayed_acknowledgement=("200 ms", "40 ms"),
        initial_timeout=("3 s",),
        keep_alive=("700 ms",),
        maximum_segment_size=("536 B",),
        timer_tick=("4 ms",),
        slow_start_after_idle=(False,),
    )


def _tls(draw: Draw) -> dict[str, Any]:
    """How a host speaks TLS."""
    names = list(map(tls.version_name, tls.IMPLEMENTED_VERSIONS))
    settings = draw.options(
        0.3,
        identity=IDENTITIES,
        split_records=(True,),
        client_certificates=("asked for", "asked for", "required"),
    )
    if draw.may(0.15):
        settings["versions"] = draw.some(names, 3)
    if draw.may(0.15):
        settings["suites"] = draw.some(RSA_SUITES, 20)
    settings["sessions"] = None
    if draw.may(0.85):
        settings["sessions"] = {
            "capacity": draw.one(0, 2, 5, 1000, "unlimited"),
            "lifetime": draw.one("2 s", "5 s", "5 min", "unlimited"),
            **draw.options(0.3, renew=(True,), eviction=("fifo",)),
        }
    return settings


def _tickets(draw: Draw) -> dict[str, Any] | None:
    """A server's session tickets, if it has any."""
    if draw.may(0.5):
        return None
    tickets = {"lifetime": draw.one("2 s", "6 s", "5 min"), **draw.options(0.3, renew=(False,))}
    if draw.may(0.5):
        tickets["rotation"] = draw.one("1500 ms", "4 s")
        tickets |= draw.options(0.4, kept=(0, 2), skew=("500 ms", "1 s"))
    if draw.may(0.3):
        tickets |= {"keys": "per server", "restart_interval": draw.one("3 s", "7 s")}
    return tickets


def _server(draw: Draw) -> dict[str, Any]:
    return {
        "machine": draw.one(*MACHINES),
        "cores": draw.one(1, 1, 2),
        **draw.options(0.1, security=("plain",), name=("www.example.org",)),
        **draw.options(0.2, backlog=(1, 3)),
        **_tls(draw),
    }


def _clients(draw: Draw, paths: list[str]) -> list[dict[str, Any]]:
    profiles = draw.some(PROFILES)[:3]
    return [
        {
            "profile": profile,
            "share": 1 / len(profiles),
            "machine": draw.one(*MACHINES),
            "path": draw.one(*paths),
            **draw.options(0.3, warnings=("overridden",)),
            **draw.options(0.7, certificate=("client-rsa-1024",)),
        }
        for profile in profiles
    ]


def _link(draw: Draw) -> dict[str, Any]:
    median = {"distribution": "log-normal", "median": "40 ms", "sigma": 0.5}
    bursts = {"model": "gilbert-elliott", "good_to_bad": 0.05, "bad_to_good": 0.4}
    return {
        "round_trip_time": draw.one("2 ms", "40 ms", "120 ms", median),
        **draw.options(0.3, loss=(0.02, 0.1, bursts)),
        **draw.options(0.25, rate=("256 kbit/s", "2 Mbit/s")),
    }


def _network(draw: Draw) -> dict[str, Any]:
    """Links and boxes of one path or two, which share a part of the way."""
    names, boxes, links = iter(range(100)), {}, {}

    def link() -> str:
        name = f"link-{next(names)}"
        links[name] = _link(draw)
        return name

    def stretch(most: int) -> list[str]:
        """Boxes in a row behind a link, and further links between them."""
        way = [link()]
        for _ in range(draw.one(*range(most + 1))):
            name = f"box-{next(names)}"
            boxes[name] = _box(draw, len(boxes))
            if "proxy" in boxes[name]["kind"] or draw.may(0.3):
                way += [name, link()]
            else:
                way.append(name)
        return way

    shared = [*stretch(2), link()]
    paths = {"way": {"crosses": stretch(2) + shared}}
    if draw.may(0.4):
        paths["home"] = {"crosses": stretch(2) + (shared if draw.may(0.7) else [link()])}
    return {"path": "way", "links": links, "middleboxes": boxes, "paths": paths}


BOXES = (
    *("packet-filter", "stateful-firewall", "nat", "sni-filter", "version-intolerant"),
    *("extension-intolerant", "hello-size-intolerant", "load-shedder", "syn-cookie-front"),
    *("connect-proxy", "terminating-proxy"),
    *("no-repetition", "affinity", "by-hash", "echo", "decoder"),
)
"""The kinds of boxes in these worlds; the last five heed what differs between connections."""

REFUSALS = ("drop", "reset")
REACTIONS = ("drop", "reset", "alert")
SHORT = ("500 ms", "2 s", "10 s")


def _box(draw: Draw, number: int) -> dict[str, Any]:
    kind = draw.one(*BOXES, "terminating-proxy")
    address = f"198.51.100.{number + 1}"
    some = {
        "packet-filter": lambda: {"rules": [], "otherwise": "deny" if draw.may(0.03) else "permit"},
        "stateful-firewall": lambda: draw.options(
            0.5, table_size=(4, 20), idle_timeout=SHORT, closing_timeout=SHORT, forgotten=REFUSALS
        ),
        "nat": lambda: (
            {"address": address, "last_port": draw.one(1028, 1040, 65535)}
            | draw.options(0.5, idle_timeout=SHORT, closing_timeout=SHORT, forgotten=REFUSALS)
        ),
        "sni-filter": lambda: (
            {"blocked": [draw.one("*.contoso.com", *["*.example.com"] * 8)]}
            | draw.options(0.5, unnamed=("permit", "block"), blocks=REFUSALS)
        ),
        "version-intolerant": lambda: {
            "highest": draw.one("TLS 1.0", "TLS 1.1", "TLS 1.2"),
            "reaction": draw.one(*REACTIONS),
        },
        "extension-intolerant": lambda: {
            "known": draw.one([0], *[[0, 10, 11, 13, 22, 23, 65281]] * 3),
            "reaction": draw.one(*REACTIONS),
        },
        "hello-size-intolerant": lambda: draw.options(0.5, reaction=REFUSALS),
        "load-shedder": lambda: draw.options(
            0.6, rate=("3 /s", "8 /s"), burst=(2, 8), at_once=(2, 10), excess=REFUSALS
        ),
        "syn-cookie-front": lambda: draw.options(0.5, half_open=(3, 20), cookies=(False,)),
        "connect-proxy": lambda: {"machine": draw.one(*MACHINES), "address": address},
        "terminating-proxy": lambda: (
            {"machine": draw.one(*MACHINES), "address": address}
            | draw.options(
                0.3,
                behind=("clear",),
                connects=("at the hello",),
                profile=PROFILES,
                warnings=("overridden",),
            )
            | _tls(draw)
        ),
        "affinity": lambda: draw.options(0.5, remembers=(2, 5)),
        "by-hash": lambda: draw.options(0.5, one_in=(10, 30)),
        "echo": lambda: draw.options(0.5, one_in=(3, 9)),
        "decoder": lambda: draw.options(0.5, remembers=(2, 5)),
    }
    latency = draw.options(0.2, latency=("1 ms", "20 ms"))
    return {"kind": kind, **latency, **some.get(kind, dict)()}


if __name__ == "__main__":
    print(json.dumps(random_changes(int(sys.argv[1])), indent=1))
