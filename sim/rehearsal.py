"""Which operations a world needs, and which of them its machine profiles do not price.

One connection of each group of clients, and one that resumes its session, are rehearsed between
engines, over every hop of TLS on their path: before anything is simulated, and without a network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import tls
from sim.costs import MachineProfile, UnpricedOperationError
from sim.endpoints.endpoints import ACCEPT, REQUEST, Operations
from sim.endpoints.engine_configuration import client_config, server_config
from sim.endpoints.engine_pair import EnginePair, Output
from sim.hosts.client import ClientDescription
from sim.hosts.server import TlsSettings
from sim.middleboxes.proxy import Proxy
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.browsers import browser

Place = tuple[str | int, ...]
"""Where a host is described, from the scenario on: `("clients", 0)`."""

Needs = dict[Place, set[tuple[str, int]]]
"""The operations that each host does, by name and bits."""

_ENOUGH = 4096
_TURNS = 12
_FLIGHT = (("flight", 0), ("byte", 0))
_SERVING = (*_FLIGHT, ACCEPT[:2], REQUEST[:2])


class UnpricedOperation(NamedTuple):
    """An operation that a host does and its own machine profile does not price.

    Attributes:
        host: where the host is described, from the scenario on: `("server",)`.
        profile: the name of its machine profile.
        operation: the operation's name.
        bits: the key's size, 0 for an operation without one.
    """

    host: Place
    profile: str
    operation: str
    bits: int


def unpriced_operations(scenario: Scenario) -> list[UnpricedOperation]:
    """Return what the world does and its machine profiles do not price.

    Built-in profiles price all that the engine does; a world that has no other is not rehearsed.
    """
    machines = {
        place: machine
        for place, machine in _machines(scenario)
        if isinstance(machine, MachineProfile)
    }
    if not machines:
        return []
    needs = _needs(scenario)
    return [
        UnpricedOperation(place, machine.name, name, bits)
        for place, machine in machines.items()
        for name, bits in sorted(needs[place])
        if not _has_price(machine, name, bits)
    ]


def _has_price(machine: MachineProfile, name: str, bits: int) -> bool:
    try:
        machine.price(tls.Operation(name, bits, 1, 0))
    except UnpricedOperationError:
        return False
    return True


def _machines(scenario: Scenario) -> Iterator[tuple[Place, str | MachineProfile]]:
    yield ("server",), scenario.server.machine
    for number, client in enumerate(scenario.clients):
        yield ("clients", number), client.machine
    for name, box in scenario.middleboxes.items():
        if isinstance(box, Proxy):
            yield ("middleboxes", name), box.machine


def _needs(scenario: Scenario) -> Needs:
    needs: Needs = defaultdict(set)
    for number, client in enumerate(scenario.clients):
        before: Place = ("clients", number)
        speaks: ClientDescription | TerminatingProxy = client
        for name in scenario.all_paths[client.path or scenario.default_path].crosses:
            box = scenario.middleboxes.get(name)
            if isinstance(box, Proxy):
                needs["middleboxes", name].update(_FLIGHT)
            if isinstance(box, TerminatingProxy):
                end: Place = ("middleboxes", name)
                _add_hop(needs, scenario, (before, speaks), (end, box))
                before, speaks = end, box
        _add_hop(needs, scenario, (before, speaks), (("server",), scenario.server))
    return needs


def _add_hop(
    needs: Needs,
    scenario: Scenario,
    client: tuple[Place, ClientDescription | TerminatingProxy],
    server: tuple[Place, TlsSettings],
) -> None:
    """Add what both ends of one hop do."""
    (before, speaks), (end, settings) = client, server
    needs[before].update(_FLIGHT)
    needs[end].update(_SERVING)
    in_clear = isinstance(speaks, TerminatingProxy) and speaks.behind == "clear"
    if in_clear or (end == ("server",) and scenario.server.security == "plain"):
        return
    of_client, of_server = _rehearsed(scenario, speaks, settings)
    needs[before].update(of_client)
    needs[end].update(of_server)


def _rehearsed(
    scenario: Scenario, speaks: ClientDescription | TerminatingProxy, settings: TlsSettings
) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    """Return what client and server do in a connection and in one that resumes it.

    At the beginning and at the end of simulated time, as certificates may expire in between.
    """
    client = client_config(
        browser(speaks.profile),
        speaks.trusts,
        heed_warnings=speaks.warnings == "heeded",
        certificate=speaks.certificate if isinstance(speaks, ClientDescription) else None,
    )
    sessions = None if settings.sessions is None else settings.sessions.cache(1.0)
    server = server_config(settings, sessions)
    entropy = Streams(0).entropy("rehearsal")
    done: tuple[set[tuple[str, int]], set[tuple[str, int]]] = (set(), set())
    start = scenario.start.timestamp()
    for moment in (start - scenario.warm_up, start + scenario.duration):
        session: tls.Session | None = None
        for number in range(2):
            pair = EnginePair(
                client,
                server,
                server_name=scenario.server.name,
                session=session,
                entropy=(entropy.of(2 * number), entropy.of(2 * number + 1)),
                clock=lambda moment=moment: moment,  # type: ignore[misc]
            )
            for side, operations in _connection(pair, scenario):
                done[side].update((name, bits) for name, bits, _, _ in operations)
            session = pair.session
    return done


def _connection(pair: EnginePair, scenario: Scenario) -> Iterator[tuple[int, Operations]]:
    """Yield what the client (0) and the server (1) do, turn by turn, until both have closed."""
    http = scenario.http
    request, response = min(http.request_size, _ENOUGH), min(http.response_size, _ENOUGH)
    asked = False
    flight = pair.client_sends(0)
    for _ in range(_TURNS):
        yield 0, flight.operations
        answer = _server_answers(pair, flight, response if asked else 0)
        yield 1, answer.operations
        yield 0, pair.client_receives(answer.data)
        if asked or pair.failure is not None or pair.server_failed:
            break
        asked = pair.completed
        flight = pair.client_sends(request if asked else 0)
    last = pair.client_closes() if pair.failure is None else pair.client_sends(0)
    yield 0, last.operations
    yield 1, _server_answers(pair, last, 0).operations


def _server_answers(pair: EnginePair, flight: Output, response_size: int) -> Output:
    """The server's turn, which waits for nothing: its engine defers nothing."""
    output = pair.server_answers(flight.data, response_size)
    assert isinstance(output, Output)
    return output
