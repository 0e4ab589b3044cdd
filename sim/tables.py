"""The tables that a simulation writes, assembled from the columns of its parts.

Each part documents its own row:

- `connections`: one row a client connection, when it ends (`sim.connection_row`).
- `visits`: one row a visit, when it is over (`sim.visit`).
- `samples`: each server at each sample time (`sim.hosts.samples`, `sim.processors.processor`).
- `operations`: the work of each node by kind, with its price (`sim.hosts.work`).
- `links`: each direction of a link at each sample time (`sim.network.link`).
- `middleboxes`: each middlebox at each sample time (`sim.middleboxes.middlebox`).
- `verdicts`: how many connections each middlebox decided the same of (`sim.middleboxes.middlebox`).
- `bridged`: the connections of terminating proxies themselves (`sim.terminating_proxy_exchange`).
"""

from __future__ import annotations

import pyarrow as pa

from sim import connection_row, terminating_proxy_exchange, visit
from sim.hosts import samples, work
from sim.middleboxes import middlebox
from sim.network import link
from sim.telemetry import Column, schema_of

COLUMNS: dict[str, tuple[Column, ...]] = {
    "connections": connection_row.COLUMNS,
    "visits": visit.COLUMNS,
    "samples": samples.COLUMNS,
    "operations": work.COLUMNS,
    "links": link.COLUMNS,
    "middleboxes": middlebox.COLUMNS,
    "verdicts": middlebox.VERDICT_COLUMNS,
    "bridged": terminating_proxy_exchange.COLUMNS,
}
"""The columns of every table, in order, by the table's name."""

SCHEMAS: dict[str, pa.Schema] = {name: schema_of(columns) for name, columns in COLUMNS.items()}
"""The Arrow schema of every table. Times are seconds since the scenario's start, durations
seconds."""
