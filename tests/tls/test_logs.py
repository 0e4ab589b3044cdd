"""What a side tells of its secrets and records: all of it, and to tell changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

import tls
from tests.tls.conversation import new_client, new_server

HANDSHAKE, APPLICATION_DATA = 22, 23
REQUEST, RESPONSE = b"x" * 400, b"y" * 20_000


@dataclass
class Spoken:
    """What one side sent, what it did for that, and what it told."""

    wire: bytes = b""
    work: list[tuple[str, int, int, int]] = field(default_factory=list)
    records: list[tuple[int | None, bytes, int]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)


def conversation(*, logged: bool, **settings: Any) -> tuple[Spoken, Spoken]:
    """A handshake, a request, a response and both ends: the client's side, and the server's."""
    sides = Spoken(), Spoken()

    def logs(side: Spoken) -> dict[str, Any]:
        if not logged:
            return {}
        told = side.records
        return {"record_log": lambda *each: told.append(each), "key_log": side.secrets.append}

    client = new_client(**settings, **logs(sides[0]))
    server = new_server(**settings, **logs(sides[1]))
    asked = answered = False
    while data := client.outgoing():
        sides[0].wire += data
        server.receive(data)
        if asked and not answered:
            answered = True
            server.send(RESPONSE)
        data = server.outgoing()
        sides[1].wire += data
        client.receive(data)
        if client.handshake_completed and not asked:
            asked = True
            client.send(REQUEST)
        elif answered:
            client.close()
    for side, engine in zip(sides, (client, server), strict=True):
        side.work = engine.meter.take_log()
    return sides


WORLDS: dict[str, dict[str, Any]] = {
    "SSL 3.0": {"versions": [tls.SSL_3_0]},
    "TLS 1.0": {"versions": [tls.TLS_1_0]},
    "TLS 1.2": {"versions": [tls.TLS_1_2]},
    "TLS 1.3": {"versions": [tls.TLS_1_3]},
    "compressed": {"versions": [tls.TLS_1_0], "compress": True},
    "a hello of SSL 2.0": {"versions": [tls.TLS_1_0], "ssl2_hello": True},
}


@pytest.mark.parametrize("settings", WORLDS.values(), ids=WORLDS)
def test_a_record_log_tells_every_record_that_is_sent(settings: dict[str, Any]) -> None:
    for side, data in zip(conversation(logged=True, **settings), (REQUEST, RESPONSE), strict=True):
        assert sum(length for _, _, length in side.records) == len(side.wire)
        told = [carried for kind, carried, _ in side.records if kind == APPLICATION_DATA]
        assert b"".join(told) == data
        assert any(kind == HANDSHAKE for kind, _, _ in side.records)
    is_old = "ssl2_hello" in settings
    client, _ = conversation(logged=True, **settings)
    assert [kind is None for kind, _, _ in client.records].count(True) == is_old


@pytest.mark.parametrize("settings", WORLDS.values(), ids=WORLDS)
def test_to_tell_is_no_work(settings: dict[str, Any]) -> None:
    for told, untold in zip(
        conversation(logged=True, **settings), conversation(logged=False, **settings), strict=True
    ):
        assert told.secrets
        # Bytes apart: signatures of DSA vary in length.
        assert [each[:3] for each in told.work] == [each[:3] for each in untold.work]
