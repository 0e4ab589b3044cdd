# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Session caches behind many servers
#
# *Each server remembers its own sessions. What does the next server cost?*
#
# A session is remembered by the server that made it. Whoever comes back to another one makes a full
# handshake again. Here 300 clients come once a minute each, by a balancer that knows nothing of
# sessions; they live for five minutes, in caches of the servers' own or in one that all share.

# %%
import matplotlib.pyplot as plt
import numpy as np

import experiments

# %% [markdown]
# ## The world
#
# A scenario file is TOML. This one is kept short: everything that is not said has a default.

# %%
SCENARIO = """
title = "What does each further server cost in resumption?"
kind = "steady-state"
start = 2026-11-27T12:00:00Z
duration = "5 min"
warm_up = "5 min"
sample_interval = "30 s"
fidelity = "replay"
arrivals = { process = "poisson", rate = "5 /s" }
population = { kind = "independent", clients = 300 }
clients = [{ profile = "openssl-3", machine = "nginx-2026" }]
path = { round_trip_time = "40 ms" }
http = { request_size = "500 B", response_size = "2 kB" }
balancers.front = { policy = "random" }

[servers.web]
count = 1
machine = "nginx-2026"
identity = "contoso-rsa-2048"
versions = ["TLS 1.2"]
sessions = { capacity = 20000, lifetime = "5 min", per = "server" }

[study]
question = "session-cache"
replications = 4
[study.factors]
"servers.web.sessions.per" = ["server", "pool"]
"servers.web.count" = [1, 2, 3, 4, 6, 8]
"""

with open("session-caches.toml", "w", encoding="utf-8") as file:
    file.write(SCENARIO)

result = experiments.run("session-caches.toml", workers=1)
print(result.answer.sentence)

# %% [markdown]
# ## What was measured
#
# `result.summary` has each metric of each design point with its 95 % interval.

# %%
summary = result.summary
hits = summary[summary["metric"] == "resumed_share"].copy()
hits[["servers.web.sessions.per", "servers.web.count", "mean", "low", "high"]].round(3)

# %% [markdown]
# ## What theory says
#
# A client's visits are a Poisson process, λT = 5 of them in a lifetime. With one cache for all a
# cycle is a full handshake and the visits of a lifetime: $\lambda T / (1 + \lambda T)$. With
# caches of n servers' own it ends, too, when a visit comes to another server, which gives the
# client another session: $h = c / (1 + c)$ with $c = (1 - e^{-\lambda T (n-1)/n}) / (n - 1)$
# visits that resume in a cycle.


# %%
def apart(servers, visits=5.0):
    """The share that resumes where each of several servers remembers its own sessions."""
    if servers == 1:
        return visits / (1 + visits)
    resume = (1 - np.exp(-visits * (servers - 1) / servers)) / (servers - 1)
    return resume / (1 + resume)


shared = 5 / 6
for row in hits.itertuples():
    is_shared = row[hits.columns.get_loc("servers.web.sessions.per") + 1] == "pool"
    servers = row[hits.columns.get_loc("servers.web.count") + 1]
    expected = shared if is_shared else apart(servers)
    assert abs(row.mean - expected) < 0.03, (servers, row.mean, expected)

# %% [markdown]
# ## One picture

# %%
figure, axes = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
grid = np.arange(1, 9)
axes.plot(grid, [100 * apart(n) for n in grid], color="#d55e00", linewidth=1)
axes.axhline(100 * shared, color="#0072b2", linewidth=1)
for per, mark, colour, words in (
    ("pool", "o", "#0072b2", "one cache for all"),
    ("server", "s", "#d55e00", "each its own"),
):
    own = hits[hits["servers.web.sessions.per"] == per]
    bars = 100 * np.array([own["mean"] - own["low"], own["high"] - own["mean"]])
    axes.errorbar(
        own["servers.web.count"].astype(int),
        100 * own["mean"],
        yerr=bars,
        fmt=mark,
        color=colour,
        capsize=3,
        label=f"{words}, simulated (lines: theory)",
    )
axes.set_title(
    "A second server with a cache of its own costs nearly half of the resumptions", loc="left"
)
axes.set_xlabel("servers")
axes.set_ylabel("connections that resume, %")
axes.set_ylim(0, 100)
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.show()
