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
# # Firewalls that forget
#
# *How long must a firewall remember a silent connection?*
#
# A stateful firewall forgets connections that say nothing. Clients that keep theirs alive find out
# when they ask again. Here each client asks twice, with a pause between that is exponential, 20 s
# in the mean; the firewall's memory is from five seconds to two minutes; and TCP sends keep-alive
# probes every 25 s, or next to never.

# %%
import matplotlib.pyplot as plt
import numpy as np

import experiments

# %%
SCENARIO = """
title = "How long must a firewall remember a silent connection?"
kind = "terminating"
start = 2026-11-27T12:00:00Z
duration = "5 min"
sample_interval = "1 min"
fidelity = "replay"
path = "way"
arrivals = { process = "poisson", rate = "2 /s" }
population = { kind = "independent", clients = 10000000 }
clients = [{ profile = "openssl-3.0", machine = "nginx-2026" }]
links.internet.round_trip_time = "40 ms"
links.site.round_trip_time = "1 ms"
paths.way.crosses = ["internet", "firewall", "site"]
server = { machine = "nginx-2026", identity = "contoso-ecdsa-p256", versions = ["TLS 1.3"] }

[middleboxes.firewall]
kind = "stateful-firewall"
table_size = "unlimited"
idle_timeout = "30 s"
forgotten = "reset"

[tcp]
keep_alive = "10 min"

[http]
requests = 2
request_size = "500 B"
response_size = "2 kB"
think_time = { distribution = "exponential", mean = "20 s" }

[study]
question = "reachability"
replications = 4
[study.factors]
"tcp.keep_alive" = ["10 min", "25 s"]
"middleboxes.firewall.idle_timeout" = ["5 s", "10 s", "20 s", "30 s", "60 s", "2 min"]
"""

with open("firewalls.toml", "w", encoding="utf-8") as file:
    file.write(SCENARIO)

result = experiments.run("firewalls.toml", workers=1)
print(result.answer.sentence)

# %% [markdown]
# Every connection is a row; who fails, and what stopped him, stands in it.

# %%
connections = result.connections
failed = connections[connections["outcome"] == "failed"]
print(failed.groupby(["stopped_by", "reason", "symptom"], observed=True).size())

summary = result.summary
success = summary[summary["metric"] == "succeeded_share"]
seconds = success["middleboxes.firewall.idle_timeout"].astype(float)
alive = success["tcp.keep_alive"].astype(float)
success.assign(idle=seconds, alive=alive)[["idle", "alive", "mean", "low", "high"]].round(3)

# %% [markdown]
# A pause is longer than T with probability $e^{-T / 20\,s}$. With probes, none is longer than 25 s
# as the firewall sees it: it forgets only if T is shorter, and then all the same as before.

# %%
for idle, probe, mean in zip(seconds, alive, success["mean"], strict=True):
    expected = 0.0 if idle > probe else np.exp(-idle / 20)
    assert abs((1 - mean) - expected) < 0.03, (idle, probe, mean)

# %%
figure, axes = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
curve = np.geomspace(4, 130)
axes.plot(
    curve, 100 * np.exp(-curve / 20), color="#6b7785", linewidth=1, label="pauses longer than that"
)
for probe, mark, colour, words in (
    (600.0, "s", "#d55e00", "no probes"),
    (25.0, "o", "#0072b2", "TCP keep-alive every 25 s"),
):
    own = success[alive == probe]
    fails = 100 * (1 - own["mean"])
    bars = 100 * np.array([own["high"] - own["mean"], own["mean"] - own["low"]])
    axes.errorbar(
        seconds[alive == probe], fails, yerr=bars, fmt=mark, color=colour, capsize=3, label=words
    )
axes.set_xscale("log")
axes.set_xticks([5, 10, 20, 30, 60, 120], ["5 s", "10 s", "20 s", "30 s", "1 min", "2 min"])
axes.minorticks_off()
axes.set_title("Probes that are faster than the firewall forgets save every connection", loc="left")
axes.set_xlabel("what the firewall remembers of a silent connection")
axes.set_ylabel("connections that break, %")
axes.set_ylim(-2, 100)
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.show()
