"""A connection as text, as tables and as a ladder: all tell what its row tells."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

import experiments
from experiments.evidence.finding import Found
from experiments.evidence.shown import ShownConnection
from experiments.studies.study import DesignPoint
from tests.experiments.evidence.captures import found_in
from tests.sim.witness.worlds import EVERY, FAILURES, HANDSHAKES, WAYS, modern


def shown_in(name: str, **wanted: Any) -> ShownConnection:
    """The first connection of a world that has these values in its row."""
    for found in found_in(EVERY[name], most=40):
        if all(found.seen.row[column] == value for column, value in wanted.items()):
            return ShownConnection(found)
    raise AssertionError("there is none")


def written(shown: ShownConnection) -> list[str]:
    """The words of a ladder."""
    texts = ElementTree.fromstring(shown.svg()).iter("{http://www.w3.org/2000/svg}text")
    return [text.text or "" for text in texts]


def test_a_full_handshake_as_text() -> None:
    shown = shown_in("TLS 1.0", outcome="full")
    lines = str(shown).splitlines()
    assert lines[0] == f"Connection {shown.number}: full"
    assert lines[1] == "TLS 1.0, TLS_RSA_WITH_RC4_128_SHA; as described, replication 0"
    assert "to www.contoso.com at 192.0.2.80:443" in str(shown)
    steps = [line for line in lines if re.search(r" (->|<-) ", line)]
    assert re.fullmatch(r" *0\.000 +50\.000   ->   SYN", steps[0])
    assert re.fullmatch(r" *100\.089 +150\.089   ->   ClientHello +65", steps[2])
    assert any(re.search(r"<-   ChangeCipherSpec +1$", line) for line in steps)
    assert any(re.search(r"<-   Finished \* +16$", line) for line in steps)
    assert any("GET /1 HTTP/1.1 *" in line for line in steps)
    assert "rsa.private" in str(shown)
    assert max(map(len, lines)) <= 80
    ends = f"In all {1e3 * shown.row['duration']:,.3f} ms: propagation 600.000, server cpu"
    assert ends in str(shown).replace("\n", " ")


def test_what_was_lost_says_where() -> None:
    shown = shown_in("losses", outcome="full")
    assert re.search(r"\[\d+ of \d+\s+packets\s+lost at\s+(near|far)", str(shown))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a name that is blocked", "failed, reset, by box: www.contoso.com blocked"),
        ("a wrong name", "failed, alert bad_certificate"),
        ("an alert of a box", "failed, alert handshake_failure, by box: TLS 1.0 unknown"),
        ("a closed port", "failed, timeout, by wall: "),
        ("a tunnel that is refused", "failed, refused, by tunnel: port 443 refused"),
    ],
)
def test_how_it_failed_is_told(name: str, words: str) -> None:
    shown = shown_in(name, outcome="failed")
    assert words in shown.outcome_words
    assert shown.outcome_words in " ".join(str(shown).split("\n"))
    assert ("RST" in str(shown)) is (shown.seen.reset is not None)


def test_what_a_box_says_is_not_the_servers() -> None:
    shown = shown_in("an alert of a box", outcome="failed")
    said = [step for step in shown.steps if step.kind == "alert"]
    assert [step.words for step in said] == ["alert handshake_failure, in the server's name"]
    assert [step.sender for step in said] == ["box"]


def is_complete(found: Found) -> bool:
    return bool(found.seen.row["outcome"] != "failed")


@pytest.mark.parametrize("name", [*HANDSHAKES, *WAYS])
def test_tables_add_up_to_the_row(name: str) -> None:
    found = found_in(EVERY[name], most=60)
    shown = ShownConnection(next(each for each in found if is_complete(each)))
    row = shown.row
    steps = [step for step in shown.steps if step.kind not in ("TCP", "proxy")]
    assert sum(step.size for step in steps if step.to_server) == row["bytes_sent"]
    assert sum(step.size for step in steps if not step.to_server) == row["bytes_received"]
    assert sum(step.records for step in steps if step.to_server) == row["records_sent"]
    assert sum(step.records for step in steps if not step.to_server) == row["records_received"]
    work = shown.operations.groupby("node")["cpu_seconds"].sum()
    assert work["client"] == pytest.approx(row["client_cpu"], rel=1e-9)
    assert sum(shown.times.values()) == pytest.approx(row["duration"], abs=1e-9)
    told = shown.messages
    assert (told["network_time"].dropna() > 0).all()
    assert (told["sent"].dropna().diff().dropna() >= 0).all()
    assert set(told["flight"]) <= set(range(len(shown.steps)))


@pytest.mark.parametrize("name", EVERY)
def test_a_ladder_is_an_svg_file_that_tells_every_message(name: str) -> None:
    shown = ShownConnection(found_in(EVERY[name], most=1)[0])
    words = " ".join(written(shown))
    for step in shown.steps:
        for each in step.messages:
            assert each.message.name in words
        if step.work:
            assert f"{1e3 * step.seconds:,.3f} ms CPU" in words
    assert f"Where its {1e3 * shown.row['duration']:,.3f} ms went" in words
    assert shown.svg() == shown._repr_svg_() == shown.svg()
    assert " id=" not in shown.svg()


def test_a_long_pause_is_told_and_not_drawn() -> None:
    changes = modern(http__think_time="1 h", http__requests=2, tcp={"keep_alive": None})
    shown = ShownConnection(found_in(changes, most=1)[0])
    assert any(words == "waits 1 h" for words in written(shown))
    height = float(re.search(r'height="([\d.]+)"', shown.svg())[1])  # type: ignore[index]
    assert height < 2500


def test_names_are_no_markup() -> None:
    (found,) = found_in(HANDSHAKES["TLS 1.0"], most=1)
    point = DesignPoint(0, False, {"server.name": "a&b<c>"}, found.point.scenario)
    assert any(
        "name a&b<c>" in words for words in written(ShownConnection(replace(found, point=point)))
    )


def test_from_python(study: experiments.Result) -> None:
    shown = study.connection(3)
    assert isinstance(shown, experiments.ShownConnection)
    row = study.connections.iloc[3]
    assert shown.row["connection"] == row["connection"]
    assert shown.began.timestamp() == pytest.approx(899_164_800 + row["arrival"])
    with pytest.raises(experiments.EvidenceError, match="connection 1,000,000 was never run"):
        study.connection(1_000_000)
    with pytest.raises(experiments.EvidenceError, match="rows are counted from 0"):
        study.connection(-1)


@pytest.mark.parametrize("name", FAILURES)
def test_worlds_of_failures_have_some(name: str) -> None:
    """So that what is tested of them is."""
    (found,) = found_in(FAILURES[name], most=1)
    assert found.seen.row["outcome"] == "failed"
