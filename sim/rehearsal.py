"""Which operations a world needs, and which of them its machine profiles do not price.

One connection of each group of clients, and one that resumes its session, are rehearsed between
engines, over every hop of TLS on their path: before anything is simulated, and without a network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import tls
from sim.costs import MachineProfile, UnpricedOperationError
from sim.distributions import drawn_size
from sim.endpoints.endpoints import ACCEPT, REQUEST, Operations
from sim.endpoints.engine_configuration import client_config, fallen_back_configs, server_config
from sim.endpoints.engine_pair import EnginePair, Output
from sim.hosts.client import ClientDescription
from sim.hosts.pool import ServerPool
from sim.hosts.server import TlsSettings
from sim.identities import trust_store
from sim.middleboxes.proxy import Proxy
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.scenario import Scenario
from sim.site import Place
from sim.streams import Streams

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
    Nor is one without the private key of an identity, as results have it, which cannot be run.
    """
    machines = {
        place: machine
        for place, machine in _machines(scenario)
        if isinstance(machine, MachineProfile)
    }
    if not machines or scenario.missing_keys:
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
    for name, pool in scenario.pools.items():
        place = _place_of(scenario, name)
        yield place, pool.machine
        if pool.private_key is not None and pool.private_key.machine is not None:
            yield (*place, "private_key"), pool.private_key.machine
    for number, client in enumerate(scenario.clients):
        yield ("clients", number), client.machine
    for name, box in scenario.all_boxes.items():
        if isinstance(box, Proxy):
            yield scenario.place_of_box(name), box.machine


def _place_of(scenario: Scenario, pool: str) -> Place:
    """Where the servers of a pool are described."""
    return ("servers", pool) if scenario.server is None else ("server",)


def _needs(scenario: Scenario) -> Needs:
    needs: Needs = defaultdict(set)
    for number, client in enumerate(scenario.clients):
        before: Place = ("clients", number)
        speaks: ClientDescription | TerminatingProxy = client
        path = scenario.all_paths[client.path or scenario.default_path]
        pools = scenario.entrance(path).pools
        host = scenario.entrance(path).front.name
        for name in path.crosses:
            box = scenario.all_boxes.get(name)
            if isinstance(box, Proxy):
                needs[scenario.place_of_box(name)].update(_FLIGHT)
            if isinstance(box, TerminatingProxy):
                end: Place = scenario.place_of_box(name)
                _add_hop(needs, scenario, host, (before, speaks), (end, box))
                before, speaks = end, box
        for name, pool in pools.items():
            end = _place_of(scenario, name)
            _add_hop(needs, scenario, host, (before, speaks), (end, pool))
    return needs


def _add_hop(
    needs: Needs,
    scenario: Scenario,
    host: str,
    client: tuple[Place, ClientDescription | TerminatingProxy],
    server: tuple[Place, ServerPool | TerminatingProxy],
) -> None:
    """Add what both ends of one hop do."""
    (before, speaks), (end, settings) = client, server
    needs[before].update(_FLIGHT)
    needs[end].update(_SERVING)
    in_clear = isinstance(speaks, TerminatingProxy) and speaks.behind == "clear"
    if in_clear or (isinstance(settings, ServerPool) and settings.security == "plain"):
        return
    of_client, of_server = _rehearsed(scenario, host, speaks, settings)
    needs[before].update(of_client)
    if isinstance(settings, ServerPool) and settings.private_key is not None:
        with_key = {operation for operation in of_server if _uses_private_key(operation[0])}
        needs[*end, "private_key"].update(with_key)
        of_server -= with_key
    needs[end].update(of_server)


def _uses_private_key(operation: str) -> bool:
    """Whether it is what a signer does in a server's place."""
    return operation == "rsa.private" or operation.endswith(".sign")


def _rehearsed(
    scenario: Scenario,
    host: str,
    speaks: ClientDescription | TerminatingProxy,
    settings: TlsSettings,
) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    """Return what client and server do in a connection and in one that resumes it.

    At the beginning and at the end of simulated time, as certificates may expire in between.
    """
    client = client_config(
        speaks.browser,
        trust_store(*speaks.trusts, roots=scenario.roots),
        heed_warnings=speaks.warnings == "heeded",
        certificate=speaks.certificate if isinstance(speaks, ClientDescription) else None,
        early_data=isinstance(speaks, ClientDescription) and speaks.early_data,
    )
    sessions = None if settings.sessions is None else settings.sessions.cache(1.0)
    server = server_config(settings, host, sessions)
    entropy = Streams(0).entropy("rehearsal")
    done: tuple[set[tuple[str, int]], set[tuple[str, int]]] = (set(), set())
    start = scenario.start.timestamp()
    fallback = speaks.fallback if isinstance(speaks, ClientDescription) else None
    configs = client, *fallen_back_configs(client, fallback)
    moments = start - scenario.warm_up, start + scenario.duration
    for client, moment in product(configs, moments):
        session: tls.Session | None = None
        for number in range(2):
            pair = EnginePair(
                client,
                server,
                server_name=host,
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
    request = min(drawn_size(http.request_size, 0.5), _ENOUGH)
    response = min(drawn_size(http.response_size, 0.5), _ENOUGH)
    asked = 0 < request <= pair.early_data_left
    flight = pair.client_sends(request if asked else 0)
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
