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
# # Parts of your own
#
# *Whom should a server serve first when more come than it can serve?*
#
# A queue that is served in order makes everybody wait, and under overload all have left before it
# is their turn: the server works for nobody. What if it served the last who came? tlscape has no
# such discipline; here it is a class of ten lines, handed over as a part.

# %%
from typing import Literal

import matplotlib.pyplot as plt

import experiments
import sim

# %% [markdown]
# ## The part
#
# A discipline says what its processor is; a run queue that picks the next job in its own way is
# enough. Its `discipline` is what a scenario calls it.


# %%
class Stack(sim.RunQueue):
    """A run queue whose next job is the one that came last."""

    def take_next(self, waiting):
        return waiting.pop()


class LastComeFirstServed(sim.ProcessorDescription):
    """Who has waited for the shortest time is next."""

    discipline: Literal["last-come"]

    def processor(self, environment, cores, *, blocking):
        return Stack(environment, cores)


# %% [markdown]
# ## The world
#
# One core that can do some 250 connections a second, visitors who wait for two seconds, and a load
# from a comfortable one to twice of what it can do. Work whose client has gone is done in vain.

# %%
SCENARIO = """
title = "Whom should a server serve first when more come than it can serve?"
kind = "terminating"
start = 2026-11-27T12:00:00Z
duration = "15 s"
sample_interval = "1 s"
fidelity = "replay"
arrivals = { process = "poisson", rate = "100 /s" }
population = { kind = "independent", clients = 10000000 }
clients = [{ profile = "openssl-3.0", machine = "nginx-2026", patience = "2 s" }]
path = { round_trip_time = "30 ms" }
http = { request_size = "500 B", response_size = "2 kB" }

[server]
machine = "nginx-2026"
identity = { key = "rsa-4096" }
versions = ["TLS 1.3"]
processor = { discipline = "fifo" }

[study]
replications = 3
[study.factors]
"server.processor" = [{ discipline = "fifo" }, { discipline = "last-come" }]
"arrivals.rate" = ["100 /s", "200 /s", "250 /s", "300 /s", "400 /s", "500 /s"]
"""

with open("own-parts.toml", "w", encoding="utf-8") as file:
    file.write(SCENARIO)

result = experiments.run("own-parts.toml", parts=[LastComeFirstServed], workers=1)
result.visits.groupby("outcome", observed=True).size()

# %% [markdown]
# ## Who is served in time?

# %%
visits = result.visits
served = (
    visits.assign(served=visits["outcome"] == "completed")
    .groupby(["server.processor", "arrivals.rate", "replication"])["served"]
    .mean()
)
table = served.groupby(level=[0, 1]).agg(["mean", "min", "max"])
table.round(3)

# %% [markdown]
# The core can do 1 / c connections a second, whoever is next: no order serves more than that share
# of those who come. Below, all are served by either.

# %%
cost = result.connections.loc[result.connections["outcome"] == "full", "server_cpu"].mean()
for (_, rate), share in table["mean"].items():
    assert share <= min(1.0, 1 / cost / rate) + 0.1, (rate, share)
    assert rate > 0.9 / cost or share > 0.99

# %%
figure, axes = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
rates = sorted({rate for _, rate in table.index})
axes.plot(
    rates,
    [100 * min(1.0, 1 / cost / rate) for rate in rates],
    color="#6b7785",
    label="all that a core can do",
)
styles = {
    "fifo": ("s--", "#d55e00", "in order"),
    "last-come": ("o-", "#0072b2", "the last who came"),
}
for name, own in table.groupby(level=0):
    mark, colour, words = next(style for key, style in styles.items() if key in str(name))
    means = own["mean"].to_numpy()
    axes.errorbar(
        own.index.get_level_values(1),
        100 * means,
        yerr=100 * abs(own[["min", "max"]].to_numpy().T - means),
        fmt=mark,
        color=colour,
        capsize=3,
        label=words,
    )
axes.set_title("Under overload, whom a server serves first decides how many it serves", loc="left")
axes.set_xlabel("connections that come a second")
axes.set_ylabel("visitors served within 2 s, %")
axes.set_ylim(0, 105)
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.show()
