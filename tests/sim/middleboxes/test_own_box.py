"""A reader's own box: one class, or a description that makes a plain object."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import PrivateAttr

import sim
from tests.sim.middleboxes.networks import network
from tests.sim.worlds import description, rows, simulated


class Meter(sim.Middlebox):
    """That of `docs/own-middlebox.md`: it cuts connections beyond a client's quota."""

    kind: Literal["meter"]
    quota: int

    _sent: dict[int, int] = PrivateAttr(default_factory=dict)

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        if to_server:
            self._sent[flow.source] = self._sent.get(flow.source, 0) + seen.size
        if self._sent.get(flow.source, 0) > self.quota:
            return sim.Verdict(sim.Action.RESET, "quota used up")
        return sim.PASS

    def entries(self, now: float) -> int:
        return len(self._sent)


class PlainMeter(sim.Middlebox):
    """The same in two classes."""

    kind: Literal["meter"]
    quota: int

    def new_behaviour(self, now: float) -> sim.Behaviour:
        return Counting(self.quota)


class Counting(sim.Behaviour):
    def __init__(self, quota: int) -> None:
        self._quota = quota
        self._sent: dict[int, int] = {}

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        if to_server:
            self._sent[flow.source] = self._sent.get(flow.source, 0) + seen.size
        if self._sent.get(flow.source, 0) > self._quota:
            return sim.Verdict(sim.Action.RESET, "quota used up")
        return sim.PASS

    def entries(self, now: float) -> int:
        return len(self._sent)


def metered(box: type[sim.Middlebox]) -> dict[str, list[dict[str, Any]]]:
    described = description(**network({"meter": {"kind": "meter", "quota": 2500}}))
    tables = simulated(sim.scenario_with(box).model_validate(described))
    return {name: rows(tables.table(name)) for name in sim.SCHEMAS}


def test_one_class_and_two_do_the_same() -> None:
    one, two = metered(Meter), metered(PlainMeter)
    assert one == two
    stopped = {row["reason"] for row in one["connections"]}
    assert stopped == {None, "quota used up"}
    assert one["middleboxes"][-1]["entries"] == len({row["client"] for row in one["connections"]})


def test_each_world_has_a_box_of_its_own() -> None:
    assert metered(Meter) == metered(Meter)
