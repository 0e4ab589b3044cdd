"""A spoilt handshake ends in `PeerError` or goes on; its work and its memory are bounded.

The fast part is a sample, `make slow` runs 20,000 handshakes, and `python -m tests.tls.mutations`
the whole of 100,000.
"""

from __future__ import annotations

import resource

import pytest

import tls
from tests.tls.mutations import KINDS, Conversation, Kind, run

_EACH = -(-20_000 // len(KINDS))
_SAMPLE = 40
RESUMED = [kind for kind in KINDS if kind.way in ("by ID", "by ticket")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_sample(kind: Kind) -> None:
    reasons = {run(kind, number) for number in range(_SAMPLE)}
    # They fail in many ways: the mutations reach what they are made for.
    assert len(reasons) >= 5


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_number_says_every_byte(kind: Kind) -> None:
    for number in range(4):
        conversations = [Conversation(kind, number) for _ in range(2)]
        reasons = {conversation.hold() for conversation in conversations}
        assert len(reasons) == 1
        assert conversations[0].flights == conversations[1].flights


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k.way in ("by ID", "by ticket")], ids=lambda kind: kind.name
)
def test_sessions_are_resumed_where_the_mutation_lets_them(kind: Kind) -> None:
    resumed = 0
    for number in range(_SAMPLE):
        conversation = Conversation(kind, number)
        conversation.hold()
        resumed += conversation.resumed
    assert resumed >= 3


def test_what_fails_says_how_to_repeat_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def receive(connection: tls.ServerConnection, data: bytes) -> list[tls.Event]:
        raise OverflowError(len(data))

    monkeypatch.setattr(tls.ServerConnection, "receive", receive)
    hello = Conversation(KINDS[0], 7)
    with pytest.raises(OverflowError):
        hello.hold()
    with pytest.raises(AssertionError, match=f"{KINDS[0].name!r} 7") as failure:
        run(KINDS[0], 7)
    assert hello.flights[0].hex() in str(failure.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_many(kind: Kind) -> None:
    for number in range(_SAMPLE):
        run(kind, number)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reasons = {run(kind, number) for number in range(_EACH)}
    assert len(reasons) >= 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    assert tls.Reason.MESSAGE_NOT_DUE in reasons
