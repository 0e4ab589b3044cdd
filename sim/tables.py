"""The tables that a simulation writes, assembled from the columns of its parts."""

from __future__ import annotations

import pyarrow as pa

from sim import bridging, connection
from sim.hosts import server, work
from sim.middleboxes import middlebox
from sim.network import link
from sim.telemetry import Column, schema_of

COLUMNS: dict[str, tuple[Column, ...]] = {
    "connections": connection.COLUMNS,
    "samples": server.COLUMNS,
    "operations": work.COLUMNS,
    "links": link.COLUMNS,
    "middleboxes": middlebox.COLUMNS,
    "verdicts": middlebox.VERDICT_COLUMNS,
    "bridged": bridging.COLUMNS,
}
"""The columns of every table."""

SCHEMAS: dict[str, pa.Schema] = {name: schema_of(columns) for name, columns in COLUMNS.items()}
"""The Arrow schema of every table. Times are seconds since the scenario's start, durations
seconds."""
