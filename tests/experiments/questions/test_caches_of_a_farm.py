"""What is said of the session caches of several servers, shared or their own."""

from __future__ import annotations

from pathlib import Path

import pytest

import experiments

WORLD = """
start = 2024-03-05T12:00:00Z
kind = "terminating"
duration = "2 min"
warm_up = "1 min"
fidelity = "replay"
arrivals = {{ process = "poisson", rate = "4 /s" }}
population = {{ kind = "independent", clients = 60 }}
path = {{ round_trip_time = "20 ms" }}
http = {{ request_size = "600 B", response_size = "2 kB" }}

[[clients]]
profile = "internet-explorer-8-windows-7"
machine = "nginx-2026"

[servers.web]
count = 2
machine = "nginx-2026"
cores = 2
processor = {{ discipline = "workers" }}

[servers.web.sessions]
size = "50 kB"
lifetime = "1 h"
per = "{per}"
over_network = {{ latency = "1 ms" }}

[study]
question = "session-cache"
replications = 2
"""


@pytest.mark.parametrize(
    ("per", "number", "entries"), [("pool", 1, 200), ("server", 2, 400), ("worker", 4, 800)]
)
def test_caches_are_counted_as_they_are(
    per: str, number: int, entries: int, tmp_path: Path
) -> None:
    """Of 50 kB each, at 250 B an entry: one of all servers', one of each, or of each worker."""
    file = tmp_path / "farm.toml"
    file.write_text(WORLD.format(per=per), encoding="utf-8")
    result = experiments.run(file, out=tmp_path / "out", workers=1)
    said = " ".join(str(result.answer).split())
    assert f"{entries:,} entries of 250 B" in said
    if number == 1:
        # Each of 60 clients has one session, and all of them are in the one cache.
        assert "At most 60" in said
    else:
        assert f"entries of the {number} caches were live at a time" in said
