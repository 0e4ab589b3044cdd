"""The row of a client's connection: what stands in the table `connections`."""

from __future__ import annotations

from math import nan
from typing import Any, Protocol

import tls
from sim.hosts.client import ClientGroup
from sim.telemetry import (
    COUNT,
    FLAG,
    OPTIONAL_FLAG,
    OPTIONAL_TIME,
    OPTIONAL_WORD,
    TIME,
    WORD,
    Column,
)
from sim.tls_exchange import TlsExchange, outcome_of, reason_of

COLUMNS = (
    Column("connection", COUNT),
    Column("visit", COUNT),
    Column("attempt", COUNT),
    Column("client", COUNT),
    Column("profile", WORD),
    Column("path", WORD),
    Column("server", WORD),
    Column("arrival", TIME),
    Column("version", OPTIONAL_WORD, tls.version_name),
    Column("suite", OPTIONAL_WORD, tls.suite_name),
    Column("group", OPTIONAL_WORD, tls.group_name),
    Column("outcome", WORD),
    Column("retried", FLAG),
    Column("early_data", OPTIONAL_FLAG),
    Column("symptom", OPTIONAL_WORD),
    Column("alert", OPTIONAL_WORD, tls.alert_name),
    Column("stopped_by", OPTIONAL_WORD),
    Column("reason", OPTIONAL_WORD),
    Column("offered_session", FLAG),
    Column("cache_hit", OPTIONAL_FLAG),
    Column("ticket_accepted", OPTIONAL_FLAG),
    Column("responses", COUNT),
    Column("connect_time", OPTIONAL_TIME),
    Column("handshake_time", OPTIONAL_TIME),
    Column("first_byte_time", OPTIONAL_TIME),
    Column("duration", TIME),
    Column("time_propagation", TIME),
    Column("time_transmission", TIME),
    Column("time_link_queue", TIME),
    Column("time_retransmission", TIME),
    Column("time_middlebox", TIME),
    Column("time_backlog", TIME),
    Column("time_cpu_queue", TIME),
    Column("time_server_cpu", TIME),
    Column("time_session_store", TIME),
    Column("time_signer", TIME),
    Column("time_back_end", TIME),
    Column("time_client_cpu", TIME),
    Column("time_think", TIME),
    Column("bytes_sent", COUNT),
    Column("bytes_received", COUNT),
    Column("records_sent", COUNT),
    Column("records_received", COUNT),
    Column("round_trips", COUNT),
    Column("client_cpu", TIME),
    Column("server_cpu", TIME),
)
"""A row of the table `connections`, written when the connection has ended.

`connection`: its number; for the first connection of a visit that of the `visit`, for each further
one a number of its own. `attempt`: which of its visit's connections it is, in order of beginning,
from 1.
`path` is the name of the path that it takes. `outcome` is `full`, `resumed-by-id`,
`resumed-by-ticket`, `resumed-by-psk` (TLS 1.3), `0-rtt` (that, with its first request as early
data), `plain` or `failed`; a connection that ends after its handshake but before its last response
has failed too. `group` is that of TLS 1.3's key exchange, or the curve of one before; `retried`
says whether the server has asked for another hello (HelloRetryRequest), `early_data` whether it has
taken the request that was sent with the hello, null where none was. A session is offered by its ID
or by its ticket: `cache_hit` says whether the first was in the server's cache, `ticket_accepted`
whether the server opened the second, and found it young enough; each is null where none was offered
like that, or
resumption is an input and neither was asked.
`symptom` is what the client of a failed one notices: `alert` (then `alert` names it), `reset`,
`timeout`, `refused` by a proxy, or `gave up` where its user would not wait any longer;
`stopped_by` names the box or host that did it, null where the network lost too much or an end
itself gave up; `reason` is why, in the box's words, or what an end found wrong that sent the alert
(`tls.Reason`). `responses`: those that came.
`connect_time`: from the SYN until TCP is connected (to the server, through any tunnel);
`handshake_time`: from there until the client may send its request, null without TLS or when it
failed; `first_byte_time`: from the SYN until the first byte of the first response. The thirteen
headings `time_...` say where the `duration` went and add up to it: on the way (waiting for
acknowledgements included), being sent bit by bit, behind others on a link, until what was lost was
sent again or given up, in boxes, in the server's backlog until there was a place, in its run queue
(where cores are shared: what sharing adds), on its processor, waiting for what remembers its
sessions, for what holds its private key, and for what stands behind it, on the client's processor,
and between requests. Bytes and records are those on the wire, seen from the client.
`round_trips`: whole ones from the SYN until the client may send its request. `client_cpu` and
`server_cpu` are CPU seconds: how long cores were occupied, contention included.
"""


class EndedConnection(Protocol):
    """What is written down of a connection: see `sim.client_connection.ClientConnection`."""

    exchange: TlsExchange
    number: int
    visit: int
    attempt: int
    client: int
    group: ClientGroup
    server: str
    arrival: float
    offered: bool
    responses: int
    first_byte: float


def connection_row(ended: EndedConnection) -> list[Any]:
    """The row of a connection that has ended."""
    exchange, group, arrival, offered = ended.exchange, ended.group, ended.arrival, ended.offered
    state, stopped = exchange.endpoints.state, exchange.stopped
    version, server_state = state.version, exchange.endpoints.server
    # A ticket of TLS 1.3 may be an ID by which the server's cache knows a session.
    found = server_state.session_found
    asked = offered and group.resumption is None
    return [
        ended.number,
        ended.visit,
        ended.attempt,
        ended.client,
        group.browser.name,
        group.path,
        ended.server,
        arrival,
        version,
        state.suite,
        state.group,
        outcome_of(state, stopped),
        state.retried,
        state.early_data,
        symptom_of(exchange),
        state.failure,
        None if stopped is None else stopped.where,
        reason_of(state, stopped),
        offered,
        bool(found) if asked and (found is not None or not state.offers_ticket) else None,
        bool(server_state.ticket_accepted)
        if asked and found is None and state.offers_ticket
        else None,
        ended.responses,
        exchange.connected - arrival,
        nan if version is None else exchange.handshake_time,
        ended.first_byte - arrival,
        exchange.now - arrival,
        exchange.time_propagation,
        exchange.time_transmission,
        exchange.time_link_queue,
        exchange.time_retransmission,
        exchange.time_middlebox,
        exchange.time_backlog,
        exchange.time_cpu_queue,
        exchange.time_server_cpu,
        exchange.time_session_store,
        exchange.time_signer,
        exchange.time_back_end,
        exchange.time_client_cpu,
        exchange.time_think,
        exchange.sent,
        exchange.received,
        exchange.sent_records,
        exchange.received_records,
        exchange.round_trips,
        # Its processor is not shared out in slices: CPU seconds are the time they take.
        exchange.time_client_cpu,
        exchange.server_cpu,
    ]


def symptom_of(exchange: TlsExchange) -> str | None:
    """What the client of an exchange that has failed notices; `None` for one that has not."""
    if exchange.endpoints.state.failure is not None:
        return "alert"
    stopped = exchange.stopped
    if stopped is None:
        return None
    return "reset" if stopped.symptom == "answered" else stopped.symptom
