"""Networks that cannot be: the message names the place and the remedy."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.sim.middleboxes.networks import network
from tests.sim.worlds import scenario

MACHINE = {"machine": "pentium-iii-933"}
PROXY = {"kind": "terminating-proxy", **MACHINE}
FIREWALL = {"kind": "stateful-firewall"}


def crossing(*parts: str) -> dict[str, Any]:
    return network({"box": FIREWALL, "proxy": PROXY}) | {"paths": {"way": {"crosses": parts}}}


def side_by_side(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    """Each on a path of its own."""
    return network({"one": one, "two": two}) | {
        "paths": {
            "way": {"crosses": ["near", "one", "far"]},
            "by": {"crosses": ["near", "two", "far"]},
        }
    }


def with_box(**box: Any) -> dict[str, Any]:
    return network({"box": box})


FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no end": (crossing("near", "box"), "paths.way.crosses", 'link from "box" to the server last'),
    "no beginning": (crossing("box", "far"), "paths.way.crosses", 'clients to "box" first'),
    "nothing crossed": (crossing(), "paths.way.crosses", "at least 1 item"),
    "unknown part": (
        crossing("near", "fox", "far"),
        "paths.way.crosses",
        'no link and no middlebox "fox"; there are: box, far, near, proxy; or describe it in a '
        "table [links.fox] or [middleboxes.fox]",
    ),
    "no parts at all": (
        {"path": "way", "paths": {"way": {"crosses": ["lan"]}}},
        "paths.way.crosses",
        'no link and no middlebox "lan"; describe it in a table [links.lan] or [middleboxes.lan]',
    ),
    "a part whose name is no bare key": (
        crossing("near", "a box", "far"),
        "paths.way.crosses",
        "or describe it in a table [links.NAME] or [middleboxes.NAME]",
    ),
    "crossed twice": (
        crossing("near", "proxy", "far", "proxy", "near"),
        "paths.way.crosses",
        'the terminating-proxy "proxy" is crossed twice; give a second one its own name',
    ),
    "link crossed twice": (
        crossing("near", "box", "near"),
        "paths.way.crosses",
        'the link "near" is crossed twice; give a second one its own name',
    ),
    "no link between proxies": (
        network({"one": PROXY, "two": {"kind": "connect-proxy", **MACHINE}}),
        "paths.way.crosses",
        'no link leads from "one" to "two"; name one between them',
    ),
    "no link between proxies but a box": (
        network({"one": PROXY, "box": FIREWALL, "two": {"kind": "connect-proxy", **MACHINE}}),
        "paths.way.crosses",
        'no link leads from "one" to "two"; name one between them',
    ),
    "one address for two": (
        side_by_side(PROXY, {"kind": "connect-proxy", **MACHINE}),
        "middleboxes.two.address",
        'the terminating-proxy "one" and the connect-proxy "two" both have the address '
        "198.51.100.1; give one of them another",
    ),
    "one address for two NATs": (
        side_by_side({"kind": "nat"}, {"kind": "nat"}),
        "middleboxes.two.address",
        'the nat "one" and the nat "two" both have the address 192.0.2.1; give one of them another',
    ),
    "one address for a NAT and a proxy": (
        side_by_side({"kind": "nat", "address": "198.51.100.1"}, PROXY),
        "middleboxes.two.address",
        'the nat "one" and the terminating-proxy "two" both have the address 198.51.100.1',
    ),
    "one name for two": (
        network({"near": FIREWALL}),
        "paths.way.crosses",
        'both a link and a middlebox are called "near"',
    ),
    "unknown path": (network({}, path="wya"), "path", 'no path "wya"; there are: way'),
    "unknown path of a client": (
        network({}, clients=[{"profile": "internet-explorer-6", "path": "wya"}]),
        "clients.0.path",
        'no path "wya"; there are: way',
    ),
    "port out of range": (
        with_box(kind="packet-filter", rules=[{"action": "permit", "ports": [65536]}]),
        "middleboxes.box.packet-filter.rules.0.ports.0",
        "less than or equal to 65535",
    ),
    "port zero": (
        with_box(kind="nat", first_port=0),
        "middleboxes.box.nat.first_port",
        "greater than or equal to 1",
    ),
    "ports the wrong way round": (
        with_box(kind="nat", first_port=2000, last_port=1000),
        "middleboxes.box.nat",
        "there is no port from 2000 to 1000; exchange the two",
    ),
    "a rule twice": (
        with_box(kind="packet-filter", rules=[{"action": "permit"}, {"action": "permit"}]),
        "middleboxes.box.packet-filter.rules",
        "rule 2 repeats an earlier one; remove it",
    ),
    "unknown kind": (with_box(kind="fire-wall"), "middleboxes.box", "'stateful-firewall'"),
    "unknown version": (
        with_box(kind="version-intolerant", highest="TLS 9"),
        "middleboxes.box.version-intolerant.highest",
        "TLS 1.0",
    ),
    "unknown authority": (
        with_box(trusts=["nobody"], **PROXY),
        "middleboxes.box.trusts.0",
        "contoso-root",
    ),
    "unknown profile": (
        with_box(profile="lynx", **PROXY),
        "middleboxes.box.terminating-proxy.profile",
        "there are chrome-98, chromium-156",
    ),
    "negative time": (
        with_box(idle_timeout="-1 s", **FIREWALL),
        "middleboxes.box.stateful-firewall.idle_timeout",
        "is negative",
    ),
    "loss above 1": (
        network({}, links={"near": {"round_trip_time": "1 ms", "loss": 1.5}}),
        "links.near.loss",
        "less than or equal to 1",
    ),
    "bursts that make it better": (
        network(
            {},
            links={
                "near": {
                    "round_trip_time": "1 ms",
                    "loss": {
                        "model": "gilbert-elliott",
                        "good_to_bad": 0.1,
                        "bad_to_good": 0.1,
                        "loss_when_good": 0.5,
                        "loss_when_bad": 0.1,
                    },
                }
            },
        ),
        "links.near.loss",
        "exchange the two shares",
    ),
    "an MTU below IP's": (
        network({}, links={"near": {"round_trip_time": "1 ms", "mtu": "68 B"}}),
        "links.near.mtu",
        "greater than or equal to 576",
    ),
}


LINK = {"round_trip_time": "1 ms"}
BUFFER = {"buffer": "64 kB"}
RATE = {"rate": "1 Mbit/s"}


@pytest.mark.parametrize(
    ("link", "place"),
    [
        (BUFFER, ("buffer",)),
        ({"to_server": BUFFER}, ("to_server", "buffer")),
        ({"to_client": BUFFER, "to_server": RATE}, ("to_client", "buffer")),
    ],
)
def test_a_buffer_needs_a_rate(link: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="a buffer has no effect without a rate") as caught:
        scenario(**network({}, links={"near": LINK | link, "far": LINK}))
    assert [error["loc"] for error in caught.value.errors()] == [("links", "near", *place)]


@pytest.mark.parametrize(
    "link",
    [
        BUFFER | RATE,
        BUFFER | {"to_server": RATE},
        RATE | {"to_server": BUFFER},
        {"to_client": BUFFER | RATE},
    ],
)
def test_a_buffer_may_stand_elsewhere_than_its_rate(link: dict[str, Any]) -> None:
    scenario(**network({}, links={"near": LINK | link, "far": LINK}))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_its_place_and_remedy(fault: str) -> None:
    changes, place, remedy = FAULTS[fault]
    with pytest.raises(ValidationError) as caught:
        scenario(**changes)
    said = [(".".join(map(str, error["loc"])), error["msg"]) for error in caught.value.errors()]
    assert any(
        (where.startswith(place) or place in message) and remedy in message
        for where, message in said
    ), said


def test_what_stands_on_no_path_may_have_any_address() -> None:
    world = network({"one": PROXY}) | {"middleboxes": {"one": PROXY, "two": PROXY}}
    assert set(scenario(**world).middleboxes) == {"one", "two"}


def test_two_with_addresses_of_their_own_may_stand_side_by_side() -> None:
    scenario(**side_by_side(PROXY, PROXY | {"address": "198.51.100.2"}))
