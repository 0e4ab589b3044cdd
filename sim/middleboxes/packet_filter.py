"""A packet filter: it knows addresses and ports, and nothing else."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Literal

from pydantic import field_validator

from sim.description import Description
from sim.hosts.addresses import AddressRange
from sim.hosts.ports import Port
from sim.middleboxes.middlebox import PASS, Behaviour, Flow, Middlebox, Refusal, Verdict, refused


class Rule(Description):
    """What becomes of packets from some addresses to some ports."""

    action: Literal["permit", "deny"]
    source: AddressRange = IPv4Network("0.0.0.0/0")
    """The clients' network: "192.168.0.0/16"."""
    ports: tuple[Port, ...] = ()
    """The server's ports: [80, 443]; else any."""


class PacketFilter(Middlebox):
    """Rules by address and port, of which the first that matches counts.

    It sees each packet by itself: what it permits, it permits in the middle of a connection too.
    """

    kind: Literal["packet-filter"]
    rules: tuple[Rule, ...]
    """The rules, in order."""
    otherwise: Literal["permit", "deny"] = "deny"
    """What becomes of packets that no rule matches."""
    denied: Refusal = "drop"
    """What a client hears that is denied: nothing, or a TCP RST."""

    reads = "nothing"

    @field_validator("rules")
    @classmethod
    def _of_use(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        for number, rule in enumerate(rules):
            if rule in rules[:number]:
                raise ValueError(f"rule {number + 1} repeats an earlier one; remove it")
        return rules

    def new_behaviour(self, now: float) -> Behaviour:
        """Its rules, in numbers."""
        return AccessList(self)


class AccessList(Behaviour):
    """A packet filter at work.

    All packets of a connection are alike to it: those that follow a SYN that it let through need
    not be looked at.
    """

    def __init__(self, described: PacketFilter) -> None:
        self._denied: Refusal = described.denied
        self._otherwise = described.otherwise == "permit"
        self._rules = [
            (
                int(rule.source.netmask),
                int(rule.source.network_address),
                frozenset(rule.ports),
                rule.action == "permit",
            )
            for rule in described.rules
        ]

    def opens(self, flow: Flow, now: float) -> Verdict:
        """By the first rule that matches."""
        if self._permits(flow.source, flow.destination_port):
            return PASS
        return refused(self._denied, f"port {flow.destination_port} closed")

    def _permits(self, source: int, port: int) -> bool:
        for mask, network, ports, permits in self._rules:
            if source & mask == network and (not ports or port in ports):
                return permits
        return self._otherwise
