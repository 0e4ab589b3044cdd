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
# # A first look at tlscape
#
# *How long, and how many, TLS sessions should a server remember on its busiest day?*
#
# A scenario file describes a world and a question; `experiments.run` simulates it, with the real
# protocol in every connection, and answers. This notebook asks the question at a small scale,
# looks into one handshake to see what a remembered session saves, and plots the answer.

# %%
import pandas as pd

import experiments
import sim
import sim.identities
import tls

# %% [markdown]
# ## The study, small
#
# `session-cache` is a ready scenario: one day of the 1998 World Cup's web site, browsers and a
# server of that age. Any of its settings can be replaced by its dotted path. Here one visit in
# 50,000 is simulated, for two lifetimes and two cache sizes, twice each: a few seconds, and wide
# intervals. `experiments.run("session-cache")` is the whole study.

# %%
result = experiments.run(
    "session-cache",
    scale="1/50000",
    replications=2,
    workers=1,
    **{
        "study.factors": {
            "server.sessions.lifetime": ["5 min", "10 h"],
            "server.sessions.capacity": [200_000, 2_000_000],
        }
    },
)
result

# %% [markdown]
# Every connection is a row: when it came, what it offered, where its time went. All tables are
# Parquet files in the result's folder; `result.connections` loads one as a DataFrame.

# %%
result.connections[
    ["point", "arrival", "profile", "outcome", "handshake_time", "server_cpu", "bytes_received"]
].head()

# %%
result.connections.groupby("outcome")[["handshake_time", "server_cpu", "bytes_received"]].mean()

# %% [markdown]
# ## One handshake, message by message
#
# What is behind such a row? Two engines that exchange bytes. We carry the bytes from one to the
# other ourselves, a record at a time, and note what each record contains and how much work it
# makes for whoever receives it, priced for the server's machine of the scenario.

# %%
machine = sim.machine_profile("pentium-iii-933")
browser = sim.browser("internet-explorer-6")
TIME = 899_164_800.0  # 1998-06-30T00:00:00Z, for the hellos and the certificates' validity

RECORD_TYPES = {20: "ChangeCipherSpec", 21: "alert", 22: "handshake", 23: "application data"}


def records_of(data):
    """Cut bytes into records: each its type, the whole record, and its fragment."""
    while data:
        length = 5 + int.from_bytes(data[3:5], "big")
        record, data = data[:length], data[length:]
        yield record[0], record, record[5:]


def content(kind, fragment, encrypted):
    """Name what a record contains; handshake messages by their types, where they can be read."""
    if kind != 22:
        return RECORD_TYPES[kind]
    if encrypted:
        return "Finished (encrypted)"
    names = []
    while fragment:
        names.append(tls.message_name(fragment[0]))
        fragment = fragment[4 + int.from_bytes(fragment[1:4], "big") :]
    return ", ".join(names)


def handshake(client, server):
    """Let two engines shake hands; return a row a record."""
    rows = [("—", "(begins)", 0, "client", client.meter.take())]
    ends = {"client": client, "server": server}
    encrypted = {"client": False, "server": False}
    sender, receiver = "client", "server"
    while data := ends[sender].outgoing():
        for kind, record, fragment in records_of(data):
            name = content(kind, fragment, encrypted[sender])
            encrypted[sender] |= kind == 20
            ends[receiver].receive(record)
            work = ends[receiver].meter.take()
            rows.append((sender, name, len(record), receiver, work))
        sender, receiver = receiver, sender
    table = pd.DataFrame(rows, columns=["from", "content", "bytes", "works", "operations"])
    table["CPU ms"] = [1e3 * sum(map(machine.price, work)) for work in table["operations"]]
    table["operations"] = [
        ", ".join(dict.fromkeys(operation.name for operation in work))
        for work in table["operations"]
    ]
    return table[["from", "content", "bytes", "works", "CPU ms", "operations"]].round(3)


cache = tls.SessionCache(capacity=100, lifetime=300.0)
server_config = tls.ServerConfig([sim.identities.identity("contoso-rsa-1024")], sessions=cache)
client_config = tls.ClientConfig(
    sim.identities.trust_store(),
    versions=browser.versions,
    suites=browser.suites,
    server_name_indication=browser.server_name_indication,
    secure_renegotiation=browser.secure_renegotiation,
)


def connect(session=None):
    """Shake hands once; return the client's engine and the table."""
    client = tls.ClientConnection(
        client_config, "www.contoso.com", session=session, clock=lambda: TIME
    )
    server = tls.ServerConnection(server_config, clock=lambda: TIME)
    table = handshake(client, server)
    assert client.handshake_completed
    assert server.handshake_completed
    return client, table


first, full = connect()
print(tls.version_name(first.version), tls.suite_name(first.suite), "resumed:", first.resumed)
full

# %% [markdown]
# `works` is who does the operations: the receiver of the record, who checks it, answers it, or
# both. Nearly all of the server's time goes into one operation, `rsa.private`, when the
# ClientKeyExchange arrives. The same client comes back and offers the session:

# %%
second, resumed = connect(session=first.session)
print(tls.version_name(second.version), tls.suite_name(second.suite), "resumed:", second.resumed)
resumed

# %%
pd.DataFrame(
    {
        "bytes": [full["bytes"].sum(), resumed["bytes"].sum()],
        "server CPU ms": [
            table.loc[table["works"] == "server", "CPU ms"].sum() for table in (full, resumed)
        ],
        "client CPU ms": [
            table.loc[table["works"] == "client", "CPU ms"].sum() for table in (full, resumed)
        ],
    },
    index=["full handshake", "resumed"],
).round(2)

# %% [markdown]
# ## The answer
#
# The more sessions a server remembers, and the longer, the more handshakes look like the second
# one.

# %%
print(result.answer.sentence)

# %%
result.plot.hit_rate()

# %%
result.plot.cores_needed()

# %% [markdown]
# The intervals are wide: two replications of a day at 1/50,000. `tlscape run session-cache` is
# sharper, and its report tells what was assumed. Where it was written here:

# %%
result.report
