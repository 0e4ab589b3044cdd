"""The table of states, and the ways that connections take through it."""

import pytest

import tls
from tests.tls.conversation import connected, converse, new_client, new_server
from tls.state import MAY_SEND, TRANSITIONS, ConnectionState, Occurrence, State


def walk(*occurrences: Occurrence) -> State:
    state = ConnectionState()
    for occurrence in occurrences:
        state.advance(occurrence)
    return state.current


def test_every_state_can_be_reached_and_left() -> None:
    reached, frontier = {State.HANDSHAKE}, [State.HANDSHAKE]
    while frontier:
        for state in TRANSITIONS[frontier.pop()].values():
            if state not in reached:
                reached.add(state)
                frontier.append(state)
    assert reached == set(State) == set(TRANSITIONS)


@pytest.mark.parametrize("state", State)
def test_a_fatal_alert_ends_every_state_and_nothing_follows(state: State) -> None:
    assert TRANSITIONS[state][Occurrence.FATAL_ALERT] is State.CLOSED
    assert set(TRANSITIONS[State.CLOSED].values()) == {State.CLOSED}


def test_what_cannot_happen_is_not_in_the_table() -> None:
    with pytest.raises(KeyError):
        walk(Occurrence.HANDSHAKE_STARTED)
    with pytest.raises(KeyError):
        walk(Occurrence.HANDSHAKE_COMPLETED, Occurrence.SENDING_ALLOWED)


def test_a_close_behind_a_renegotiation_comes_last() -> None:
    renegotiates = (
        Occurrence.HANDSHAKE_COMPLETED,
        Occurrence.HANDSHAKE_STARTED,
        Occurrence.CLOSE_REQUESTED,
    )
    assert walk(*renegotiates) not in MAY_SEND
    assert walk(*renegotiates, Occurrence.HANDSHAKE_COMPLETED) is State.LAST_DATA
    assert (
        walk(*renegotiates, Occurrence.HANDSHAKE_COMPLETED, Occurrence.CLOSE_NOTIFY_SENT)
        is State.CLOSING
    )


def test_the_states_of_a_connection() -> None:
    client, server = new_client(false_start=True), new_server()
    assert client.state is server.state is State.HANDSHAKE
    server.receive(client.outgoing())
    client.receive(server.outgoing())
    assert client.state is State.EARLY
    converse(client, server)
    assert client.state is server.state is State.OPEN
    client.renegotiate()
    assert client.state is State.RENEGOTIATION
    client.close()
    assert client.state is State.LAST_RENEGOTIATION
    converse(client, server)
    assert client.state is server.state is State.CLOSED


def test_closing_while_the_peer_still_sends() -> None:
    client, server = connected()
    client.close()
    assert client.state is State.CLOSING
    server.send(b"still")
    assert client.receive(server.outgoing()) == [tls.ApplicationData(b"still")]


def test_a_close_before_the_end_of_the_handshake_ends_it() -> None:
    client, server = new_client(), new_server()
    server.receive(client.outgoing())
    client.close()
    assert client.closed
    assert client.receive(server.outgoing()) == []
    assert client.receive_end() == []
