"""What a class of boxes is shown of the bytes that pass."""

from __future__ import annotations

from typing import Any, Literal, get_args

import pytest

import sim
from sim.middleboxes.kinds import AnyMiddlebox
from sim.middleboxes.middlebox import Behaviour, Middlebox
from sim.middleboxes.nat import Nat


class Looking:
    """Looks at flights."""

    def carries(self, *arguments: Any, **named: Any) -> sim.Verdict:
        return sim.PASS


class Silent(Middlebox):
    kind: Literal["silent"]


class Reader(Looking, Middlebox):
    kind: Literal["reader"]


class Decoder(Reader):
    reads = "everything"


class DecoderOfMore(Decoder):
    def carries(self, *arguments: Any, **named: Any) -> sim.Verdict:
        return sim.PASS


class Meter(Reader):
    reads = "nothing"


class ReadingNat(Nat):
    def carries(self, *arguments: Any, **named: Any) -> sim.Verdict:
        return sim.PASS


class Working(Middlebox):
    kind: Literal["working"]

    def new_behaviour(self, now: float) -> Behaviour:
        return Behaviour()


class BlindSilent(Silent):
    reads = "everything"


@pytest.mark.parametrize(
    ("box", "shown"),
    [
        (Silent, "nothing"),
        (BlindSilent, "nothing"),
        (Reader, "plaintext"),
        (Decoder, "everything"),
        (DecoderOfMore, "everything"),
        (Meter, "nothing"),
        (ReadingNat, "plaintext"),
        (Working, "plaintext"),
    ],
)
def test_a_box_is_shown_what_it_reads(box: type[Middlebox], shown: str) -> None:
    """Who looks in a way of its own and says nothing may read what lies in clear."""
    assert box.shown_bytes() == shown


def test_shipped_boxes_that_go_by_addresses_are_shown_nothing() -> None:
    union, _ = get_args(AnyMiddlebox)
    reading = {box.__name__ for box in get_args(union) if box.shown_bytes() != "nothing"}
    assert reading == {
        "SniFilter",
        "VersionIntolerant",
        "ExtensionIntolerant",
        "HelloSizeIntolerant",
    }
