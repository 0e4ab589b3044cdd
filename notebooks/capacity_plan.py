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
# # A capacity plan
#
# *How many cores does this access log need?*
#
# What there is: a day's requests a minute from an access log, and what must hold: 99 % of
# handshakes within 60 ms in the busiest minute, and cores that are less than 70 % busy. What is
# wanted: the fewest cores, and how much more may come before one more is due.

# %%
import matplotlib.pyplot as plt
import pandas as pd

import experiments

# %% [markdown]
# ## From the log to the load
#
# The World Cup of 1998, the 30th of June: the day's requests by the minute ship with tlscape. Any
# CSV file of counts will do as well: `counts = "my-counts.csv"`.

# %%
day = experiments.load_scenario("session-cache").world().arrivals
counts = pd.Series(day.counts, dtype=float)
per_hour = counts.groupby(counts.index // 60).sum()
busiest = int(counts.idxmax())
rate = counts.max() / 60
print(
    f"the busiest minute begins at {busiest // 60}:{busiest % 60:02}, {rate:,.0f} requests a second"
)

# %% [markdown]
# ## The world of the busiest minute
#
# Six requests come over each connection, each of them to a server of today with an RSA-4096 key.

# %%
SCENARIO = f"""
title = "How many cores does the busiest minute need?"
kind = "steady-state"
start = 1998-06-30T{busiest // 60:02}:{busiest % 60:02}:00Z
duration = "10 s"
warm_up = "2 s"
sample_interval = "1 s"
fidelity = "replay"
arrivals = {{ process = "poisson", rate = "{rate / 6:.1f} /s" }}
population = {{ kind = "independent", clients = 10000000 }}
clients = [{{ profile = "openssl-3.0", machine = "nginx-2026" }}]
path = {{ round_trip_time = "30 ms" }}
http = {{ requests = 6, request_size = "400 B", response_size = "4 kB" }}

[server]
machine = "nginx-2026"
identity = {{ key = "rsa-4096" }}
versions = ["TLS 1.3"]
cores = 2

[study]
replications = 3
objectives = ["p99 handshake < 60 ms", "utilisation < 70 %"]
plan = {{ smallest = "server.cores", from = 1, to = 16 }}
"""

with open("busiest-minute.toml", "w", encoding="utf-8") as file:
    file.write(SCENARIO)

plan = experiments.plan("busiest-minute.toml", workers=1)
print(plan.answer)
for remark in plan.remarks:
    print(remark)

# %% [markdown]
# ## How much more may come?
#
# The design that was found, under rising load: the study's factor is the rate.

# %%
cores = int(next(iter(plan.designs)).value)
growth = [0.4, 0.7, 1.0, 1.2, 1.4]
result = experiments.run(
    "busiest-minute.toml",
    out="out/growth",
    workers=1,
    replications=3,
    **{
        "server.cores": cores,
        "study.factors": {"arrivals.rate": [f"{times * rate / 6:.1f} /s" for times in growth]},
    },
)
states = result.objectives.pivot_table(
    index="point", columns="objective", values="state", aggfunc="first"
)
print(states.set_axis([f"{times:.0%} of the peak" for times in growth]))

# %% [markdown]
# The check: a connection costs what its operations cost, and cores needed are rate times cost.

# %%
summary = result.summary.pivot_table(index="point", columns="metric", values="mean", observed=True)
cost = result.connections["server_cpu"].mean()
busy = pd.Series(growth) * rate / 6 * cost / cores
assert abs(summary["utilisation"].to_numpy(float) - busy.to_numpy()).max() < 0.06

# %%
result.plot.latency_against_load()

# %% [markdown]
# ## The day, and the plan
#
# One picture: what each hour needs, what there is, and what it may grow to.

# %%
needed = per_hour / 3600 / 6 * cost / 0.7
figure, axes = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
axes.bar(needed.index, needed, color="#56b4e9", label="the hour's mean")
axes.plot(
    counts.index / 60 - 0.5,
    counts / 60 / 6 * cost / 0.7,
    color="#0072b2",
    linewidth=0.8,
    label="each minute",
)
axes.axhline(cores, color="#d55e00", linestyle="--", label=f"the plan: {cores} cores")
axes.set_title(f"{cores} cores are enough for the busiest minute of the day", loc="left")
axes.set_ylim(0, 1.35 * cores)
axes.set_xlabel("hour")
axes.set_ylabel("cores needed at 70 % busy")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False, loc="upper left", ncols=3)
plt.show()
