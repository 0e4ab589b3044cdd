"""The engine's client and its server send the traces of RFC 8448, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import tls
from tests.tls.conversation import data_in
from tests.tls.handshake.tls13.trace_ends import (
    EARLY_DATA_LIMIT,
    EPOCH_OF_TRACES,
    SERVER_NAME,
    TraceEnds,
    server_chain,
)
from tests.tls.tls13.rfc8448 import TRACES, opened
from tls.extensions import EARLY_DATA
from tls.tls13.messages import NewSessionTicket
from tls.tls13.psk_extensions import EarlyDataLimit

DATA = bytes(range(50))
EARLY = b"ABCDEF"
AGE = 0.0065
"""Seconds, cut to the 6 ms that the trace's client says its ticket is old."""


def ticket_of_the_trace() -> NewSessionTicket:
    simple = TRACES["simple"]
    record = opened(simple["new_session_ticket"], simple["server_application_traffic_secret"])
    return NewSessionTicket.decode(record[0][4:], tls.TLS_1_3)


def session_of_the_trace() -> tls.Session:
    """What `simple` gives and `resumed` uses."""
    ticket = ticket_of_the_trace()
    return tls.Session(
        b"",
        tls.TLS_1_3,
        0x1301,
        TRACES["simple"]["resumption_psk"],
        SERVER_NAME,
        server_chain("simple"),
        ticket=ticket.ticket,
        ticket_lifetime_hint=ticket.lifetime,
        made=EPOCH_OF_TRACES,
        age_add=ticket.age_add,
        max_early_data=EARLY_DATA_LIMIT,
    )


@pytest.fixture
def ends(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TraceEnds:
    return TraceEnds(request.param, monkeypatch)


every_trace = pytest.mark.parametrize("ends", TRACES, indirect=True)


def answered(side: Any, answers: dict[type, object]) -> list[tls.Event]:
    """Answer what is asked for by its kind; all events."""
    events: list[tls.Event] = []
    while side.pending_request is not None:
        events += side.answer(answers[type(side.pending_request)])
    return events


@every_trace
def test_the_client(ends: TraceEnds) -> None:
    trace = ends.trace
    resumes = "early_data" in trace
    client, values = ends.client(session_of_the_trace() if resumes else None, EPOCH_OF_TRACES + AGE)
    if resumes:
        assert client.early_data_left == EARLY_DATA_LIMIT
        client.send(EARLY)
    assert client.outgoing() == trace["client_hello"] + trace.get("early_data", b"")
    if "hello_retry_request" in trace:
        client.receive(trace["hello_retry_request"])
        assert client.outgoing() == trace["second_client_hello"]
    assert values.all_drawn()

    events = client.receive(trace["server_hello"] + trace["server_flight"])
    events += answered(client, {tls.PrivateKeyOperation: ends.client_signature})
    assert client.outgoing() == trace["client_flight"]
    assert client.resumed is resumes
    assert (tls.EarlyDataAccepted() in events) is resumes

    client.receive(trace.get("new_session_ticket", b""))
    if "new_session_ticket" in trace:
        assert client.session is not None
        assert client.session.master_secret == trace["resumption_psk"]
        assert client.session.max_early_data == EARLY_DATA_LIMIT
    if "client_data" in trace:
        client.send(DATA)
        assert client.outgoing() == trace["client_data"]
        assert data_in(client.receive(trace["server_data"])) == DATA
    client.close()
    assert client.outgoing() == trace["client_close_notify"]
    client.receive(trace["server_close_notify"])
    assert client.closed


@every_trace
def test_the_server(ends: TraceEnds) -> None:
    trace = ends.trace
    resumes = "early_data" in trace
    ticket = ticket_of_the_trace() if "new_session_ticket" in trace else None
    server, values = ends.server(ticket, EPOCH_OF_TRACES + AGE)
    answers: dict[type, object] = {
        tls.PrivateKeyOperation: ends.server_signature,
        tls.OpenTicket: (replace(session_of_the_trace(), certificates=()), False),
        tls.SealTicket: ticket and ticket.ticket,
    }
    events = server.receive(trace["client_hello"])
    if "hello_retry_request" in trace:
        assert server.outgoing() == trace["hello_retry_request"]
        server.receive(trace["second_client_hello"])
    events += answered(server, answers)
    assert server.outgoing() == trace["server_hello"] + trace["server_flight"]
    assert data_in(server.receive(trace.get("early_data", b""))) == (EARLY if resumes else b"")

    server.receive(trace["client_flight"])
    answered(server, answers)
    assert server.handshake_completed
    assert server.resumed is resumes
    assert server.outgoing() == trace.get("new_session_ticket", b"")
    assert values.all_drawn()
    if "client_data" in trace:
        assert data_in(server.receive(trace["client_data"])) == DATA
        server.send(DATA)
        assert server.outgoing() == trace["server_data"]
    server.receive(trace["client_close_notify"])
    server.close()
    assert server.outgoing() == trace["server_close_notify"]
    assert server.closed


def test_the_ticket_of_the_trace() -> None:
    ticket = ticket_of_the_trace()
    assert ticket.nonce == bytes(2)
    assert (
        EarlyDataLimit.decode(ticket.extensions[EARLY_DATA]).max_early_data_size == EARLY_DATA_LIMIT
    )
