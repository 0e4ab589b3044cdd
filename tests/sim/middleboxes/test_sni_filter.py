"""A filter by server name: it reads the name in the ClientHello."""

from __future__ import annotations

import pytest

from sim.middleboxes.sni_filter import SniFilter
from tests.sim.middleboxes.networks import (
    FAR,
    IE6,
    IE8,
    NEAR,
    behind,
    connections,
    count,
    hellos,
    verdicts,
    watch,
)

BOTH = [{"profile": IE6, "share": 0.5}, {"profile": IE8, "share": 0.5}]


@pytest.mark.parametrize(("blocks", "symptom"), [("reset", "reset"), ("drop", "timeout")])
def test_a_blocked_name_is_stopped_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch, blocks: str, symptom: str
) -> None:
    """Internet Explorer 6 names no host, and so gets through."""
    shown = watch(monkeypatch, SniFilter)
    tables = behind("sni-filter", {"blocked": ["*.contoso.com"], "blocks": blocks}, clients=BOTH)
    found = connections(tables)
    named = [row for row in found if row["profile"] == IE8]
    expected = ("failed", symptom, "box", "www.contoso.com blocked")
    assert count(named, "outcome", "symptom", "stopped_by", "reason") == {expected: len(named)}
    assert {row["symptom"] for row in found if row["profile"] == IE6} == {None}
    wait = NEAR if blocks == "reset" else 60.0
    for row in named:
        assert row["duration"] == pytest.approx(NEAR + FAR + wait, abs=0.001)
        assert row["time_server_cpu"] == 0
    action = "reset" if blocks == "reset" else "dropped"
    assert verdicts(tables) == {
        ("box", action, "www.contoso.com blocked"): len(named),
        ("box", "passed", ""): len(found) - len(named),
    }
    names = [hello.server_name for hello in hellos(shown)]
    assert names.count("www.contoso.com") == len(named)
    assert names.count(None) == len(found) - len(named)


def test_a_hello_without_a_name_may_be_blocked() -> None:
    tables = behind("sni-filter", {"blocked": ["x"], "unnamed": "block"}, clients=BOTH)
    found = connections(tables)
    assert {row["reason"] for row in found if row["profile"] == IE6} == {"no server name"}
    assert {row["reason"] for row in found if row["profile"] == IE8} == {None}


def test_a_hello_in_many_packets_is_put_together() -> None:
    settings = {"blocked": ["WWW.contoso.*"]}
    tables = behind("sni-filter", settings, clients=BOTH, tcp={"maximum_segment_size": "40 B"})
    found = connections(tables)
    assert {row["symptom"] for row in found if row["profile"] == IE8} == {"reset"}
