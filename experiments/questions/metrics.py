"""The metrics that several questions share, with their definitions."""

from __future__ import annotations

from experiments.questions.question import Metric, Quantity

RESUMED_SHARE = Metric(
    "resumed_share",
    "Resumed, of all",
    Quantity.SHARE,
    "Connections that resumed a session, as a share of all connections.",
)
HIT_RATE = Metric(
    "hit_rate",
    "Hits, of offers",
    Quantity.SHARE,
    "Cache hits as a share of the connections that offered a session.",
)
FAILED_SHARE = Metric(
    "failed_share",
    "Failed",
    Quantity.SHARE,
    "Connections whose handshake failed, as a share of all connections.",
)
SERVER_CPU = Metric(
    "server_cpu",
    "Server CPU",
    Quantity.SECONDS,
    "CPU time that a connection costs the server (accept, handshake, records, requests), mean.",
    decimals=2,
)
HANDSHAKE = tuple(
    Metric(
        f"handshake_p{percent}",
        f"Handshake p{percent}",
        Quantity.SECONDS,
        f"Time from the client's hello until it may send its request, {percent}th percentile.",
        at_scale=True,
    )
    for percent in (50, 95, 99)
)
FIRST_BYTE = tuple(
    Metric(
        f"first_byte_p{percent}",
        f"First byte p{percent}",
        Quantity.SECONDS,
        f"Time from the connect to the response's first byte, {percent}th percentile.",
        at_scale=True,
    )
    for percent in (50, 95, 99)
)
