"""A world that is simulated in a moment, and a study of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]

WORLD = """\
title = "A small server"
start = 1998-06-30T00:00:00Z
kind = "terminating"
duration = "5 min"
sample_interval = "30 s"

[arrivals]
process = "poisson"
rate = "0.5 /s"

[population]
kind = "independent"
clients = 20

[[clients]]
profile = "internet-explorer-6"
share = 1.0

[path]
round_trip_time = "50 ms"

[http]
requests = 1
request_size = "400 B"
response_size = "1 kB"

[server]
name = "www.contoso.com"
identity = "contoso-rsa-1024"
machine = "pentium-iii-933"
cores = 1
security = "tls"
versions = ["SSL 3.0", "TLS 1.0"]

[server.sessions]
capacity = 1000
lifetime = "5 min"
"""

STUDY = """
[study]
question = "session-cache"
replications = 2
baseline = { "server.security" = "plain" }

[study.factors]
"server.sessions.lifetime" = ["10 s", "5 min"]
"server.sessions.capacity" = [2, 1000]
"""

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `tlscape` with arguments, in an empty folder."""
