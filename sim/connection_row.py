"""The row of a client's connection: what stands in the table `connections`."""

from __future__ import annotations

from math import nan
from typing import Any

import tls
from sim.hosts.client import ClientGroup
from sim.network.transport import TransportFailure
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
from sim.tls_exchange import TlsExchange, outcome_of

COLUMNS = (
    Column("connection", COUNT),
    Column("client", COUNT),
    Column("profile", WORD),
    Column("path", WORD),
    Column("server", WORD),
    Column("arrival", TIME),
    Column("version", OPTIONAL_WORD, tls.version_name),
    Column("suite", OPTIONAL_WORD, tls.suite_name),
    Column("outcome", WORD),
    Column("symptom", OPTIONAL_WORD),
    Column("alert", OPTIONAL_WORD, tls.alert_name),
    Column("stopped_by", OPTIONAL_WORD),
    Column("reason", OPTIONAL_WORD),
    Column("offered_session", FLAG),
    Column("cache_hit", OPTIONAL_FLAG),
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
    Column("time_cpu_queue", TIME),
    Column("time_server_cpu", TIME),
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

`path` is the name of the path that it takes. `outcome` is `full`, `resumed-by-id`, `plain` or
`failed`; a connection that ends after its handshake but before its last response has failed too.
`symptom` is what the client of a failed one notices: `alert` (then `alert` names it), `reset`,
`timeout`, or `refused` by a proxy; `stopped_by` and `reason` name the box or host that did it, null
where the network lost too much or an end itself gave up. `responses`: those that came.
`connect_time`: from the SYN until TCP is connected (to the server, through any tunnel);
`handshake_time`: from there until the client may send its request, null without TLS or when it
failed; `first_byte_time`: from the SYN until the first byte of the first response. The nine
headings `time_...` say where the `duration` went and add up to it: on the way (waiting for
acknowledgements included), being sent bit by bit, behind others on a link, until what was lost was
sent again or given up, in boxes, in the server's run queue, on the server's processor and the
client's, and between requests. Bytes and records are those on the wire, seen from the client.
`round_trips`: whole ones from the SYN until the client may send its request. `client_cpu` and
`server_cpu` are CPU seconds.
"""


def connection_row(
    exchange: TlsExchange,
    number: int,
    client: int,
    group: ClientGroup,
    server: str,
    arrival: float,
    *,
    offered: bool,
    responses: int,
    first_byte: float,
) -> list[Any]:
    """The row of a connection that has ended.

    Args:
        exchange: with the server.
        number: the connection's.
        client: the client's number.
        group: the client's group.
        server: the name of the server.
        arrival: when it began.
        offered: whether a session was offered.
        responses: how many came.
        first_byte: when the first of the first one was there; else NaN.
    """
    state, stopped = exchange.endpoints.state, exchange.stopped
    version = state.version
    return [
        number,
        client,
        group.browser.name,
        group.path,
        server,
        arrival,
        version,
        state.suite,
        outcome_of(state, stopped),
        _symptom(state.failure, stopped),
        state.failure,
        None if stopped is None else stopped.where,
        None if stopped is None else stopped.reason,
        offered,
        bool(exchange.endpoints.server.session_found) if offered else None,
        responses,
        exchange.connected - arrival,
        nan if version is None else exchange.handshake_time,
        first_byte - arrival,
        exchange.now - arrival,
        exchange.time_propagation,
        exchange.time_transmission,
        exchange.time_link_queue,
        exchange.time_retransmission,
        exchange.time_middlebox,
        exchange.time_cpu_queue,
        exchange.time_server_cpu,
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


def _symptom(alert: int | None, stopped: TransportFailure | None) -> str | None:
    if alert is not None:
        return "alert"
    if stopped is None:
        return None
    return "reset" if stopped.symptom == "answered" else stopped.symptom
