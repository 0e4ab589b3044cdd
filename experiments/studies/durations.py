"""How long a quiet server of 2026 takes to simulate and to report: a model, fitted to measurements.

Good within a factor of two: processors differ as much, and what a network loses or a queue makes
wait is not known beforehand.
"""

from __future__ import annotations

import sim

_START, _WORKER_START = 2.0, 2.0
_FIRST_WORLD, _EACH_WORLD = 0.2, 0.007
_REPORT, _EACH_POINT, _EACH_JOB, _EACH_ROW = 1.5, 0.1, 0.012, 4e-6
"""Of a run, in seconds: imports, those of worker processes; machine profiles and keys, read once;
the report, and what each point, replication and connection adds to it."""

_HANDSHAKE, _LIVE_REQUEST, _LIVE_BYTE = 1.0e-3, 7e-5, 1.7e-9
"""Of a connection between engines: RSA of 1,024 to 2,048 bits, with some sessions resumed."""

_REPLAY, _VARYING_DELAY, _REPLAY_REQUEST = 3.5e-5, 5e-5, 3e-6
"""Of one that follows a trace, and what a round-trip time that varies adds."""

_BACKLOG, _BACKLOG_REQUEST = 5e-5, 4.5e-5
"""What a server's backlog adds, whose requests are an event each."""

_NETWORK, _PACKET, _HANDSHAKE_PACKETS, _SEGMENT = 3e-4, 3e-5, 10, 1460
"""What links that lose or queue, and boxes, add to a connection and to each of its packets."""

_SAMPLE = 3e-5
"""Of each sample."""


def seconds_of_job(world: sim.Scenario, connections: float) -> float:
    """Return about how long one core takes to simulate that many connections of a world."""
    samples = world.duration / world.sample_interval
    return _EACH_WORLD + _rehearsal(world) + connections * _each(world) + samples * _SAMPLE


def seconds_of_run(
    *, simulating: float, processes: int, points: int, jobs: int, rows: float
) -> float:
    """Return about how long a run takes, from the command to its report.

    Args:
        simulating: seconds of simulation, by the clock.
        processes: worker processes that one processor starts; 0 where this one simulates itself.
        points: design points of the study.
        jobs: replications of all points.
        rows: connections of all replications.
    """
    first = _FIRST_WORLD if simulating else 0.0
    report = _REPORT + _EACH_POINT * points + _EACH_JOB * jobs + _EACH_ROW * rows
    return _START + _WORKER_START * processes + first + simulating + report


def _rehearsal(world: sim.Scenario) -> float:
    """Return how long the connections take that record the traces of a replay."""
    if not world.replays:
        return 0.0
    return 2 * world.traces * len(world.clients) * _HANDSHAKE


def _each(world: sim.Scenario) -> float:
    """Return how long a connection takes, with its share of its visit's requests."""
    http, each = world.http, _HANDSHAKE
    requests = http.mean_requests / world.connections_per_visit
    response = http.mean_response_size
    size = requests * (http.mean_request_size + response)
    replays = world.replays and not sim.boxes_that_need_engines(world)
    pools = world.pools.values()
    if replays or all(pool.security == "plain" for pool in pools):
        each = _REPLAY + _REPLAY_REQUEST * requests
        delays = [link.round_trip_time for link in world.all_links.values()]
        each += _VARYING_DELAY if any(hasattr(one, "distribution") for one in delays) else 0.0
    else:
        each += _LIVE_REQUEST * max(0.0, requests - 1) + _LIVE_BYTE * size
    if _has_a_network(world):
        segments = requests * (2 + response // _SEGMENT)
        return each + _NETWORK + _PACKET * (_HANDSHAKE_PACKETS + segments)
    if any(pool.backlog is not None for pool in pools):
        each += _BACKLOG + _BACKLOG_REQUEST * requests
    return each


def _has_a_network(world: sim.Scenario) -> bool:
    """Tell whether something on a path loses, queues or looks at packets."""
    crossed = {name for path in world.all_paths.values() for name in path.crosses}
    links = world.all_links
    return not all(name in links and links[name].only_delays for name in crossed)
