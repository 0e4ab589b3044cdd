"""The metrics that several questions share, with their definitions.

Those that say more than a fixed sentence can are functions of the study.
"""

from __future__ import annotations

from experiments.questions.metric import Metric, Quantity
from experiments.questions.peak import peak_of
from experiments.studies.study import Study
from experiments.wording import listed, percent

SECONDS = Metric("seconds", "Seconds", Quantity.COUNT, "A duration in seconds.", decimals=1)
FULL_SHARE = Metric(
    "full_share",
    "Full",
    Quantity.SHARE,
    "Connections that completed a full handshake and were answered, as a share of all.",
    count="connections",
)
RESUMED_SHARE = Metric(
    "resumed_share",
    "Resumed, of all",
    Quantity.SHARE,
    "Connections that resumed a session and were answered, as a share of all.",
    count="connections",
)
HIT_RATE = Metric(
    "hit_rate",
    "Hits, of offers",
    Quantity.SHARE,
    "Sessions found in the cache and tickets accepted, as a share of the connections that offered "
    "a session which their client remembered.",
    count="offered_sessions",
)
FAILED_SHARE = Metric(
    "failed_share",
    "Failed",
    Quantity.SHARE,
    "Connections that ended before their last response (in the network, in the handshake or "
    "after it), as a share of all.",
    count="connections",
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
        "Time from the moment TCP is connected until the client may send its request, "
        f"{percent}th percentile of completed handshakes.",
        at_scale=True,
        quantile=percent / 100,
        column="handshake_time",
    )
    for percent in (50, 95, 99)
)
FIRST_BYTE = tuple(
    Metric(
        f"first_byte_p{percent}",
        f"First byte p{percent}",
        Quantity.SECONDS,
        f"Time from the SYN to the response's first byte, {percent}th percentile of the "
        "connections that got one.",
        at_scale=True,
        quantile=percent / 100,
        column="first_byte_time",
    )
    for percent in (50, 95, 99)
)
UTILISATION = Metric(
    "utilisation",
    "Busy, mean",
    Quantity.SHARE,
    "Share of the server's core time that was busy, mean over the samples.",
    at_scale=True,
    bounded=True,
)

MEMORY = Metric(
    "memory",
    "Memory, most",
    Quantity.BYTES,
    "Memory of the server that takes most at any sample: its processes, open connections and "
    "cached sessions, as its machine's profile prices them; at the whole load (connections and "
    "sessions are scaled up, processes are not), mean over replications.",
)


def utilisation_busiest(study: Study) -> Metric:
    """Return the share of core time that was busy in the busiest sample."""
    lengths = sorted({point.scenario.sample_interval for point in study.points})
    return Metric(
        "utilisation_busiest",
        "Busy, most",
        Quantity.SHARE,
        "Share of the server's core time that was busy in the busiest sample (samples are "
        f"{listed([f'{length:g} s' for length in lengths])} long), mean over replications.",
        at_scale=True,
        bounded=True,
    )


def offered_load(study: Study) -> Metric:
    """Return the work that arrives a second as a share of what the cores can do."""
    constant = all(peak_of(point.scenario).is_constant for point in study.points)
    return Metric(
        "offered_load",
        "Offered load",
        Quantity.SHARE,
        "CPU time of the work that arrives in a second, as a share of what the server's cores can "
        "do in it: arrivals a second"
        + ("" if constant else " in the busiest interval of the arrivals")
        + ", times the mean server CPU time of a connection, over the cores; at the scale "
        "simulated. At 100 % or more the queue grows without end while it lasts.",
        at_scale=True,
    )


def cores_needed(study: Study, target: float) -> Metric:
    """Return the cores that the whole load needs at its peak so that the target share is busy."""
    peaks = {peak_of(point.scenario) for point in study.points}
    moments = listed(sorted(peak.words for peak in peaks))
    windows = listed(sorted({peak.window_words for peak in peaks}))
    return Metric(
        "cores_needed",
        "Cores",
        Quantity.COUNT,
        f"Cores needed for the whole load {moments}: arrivals a second, times the mean server CPU "
        f"time {windows}, over the utilisation target of {percent(target)}; none where nine in ten "
        "connections fail or more.",
        decimals=2,
    )
