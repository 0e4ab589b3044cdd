"""A packet filter: it knows addresses and ports, and nothing else."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Literal

from pydantic import field_validator

from sim.description import Description
from sim.hosts.ports import Port
from sim.middleboxes.middlebox import PASS, Flow, Middlebox, Refusal, Seen, Verdict, refused


class Rule(Description):
    """What becomes of the packets that it matches."""

    action: Literal["permit", "deny"]
    source: IPv4Network = IPv4Network("0.0.0.0/0")
    """The clients' network: "192.168.0.0/16"."""
    ports: tuple[Port, ...] = ()
    """The server's ports: [80, 443]; else any."""

    def matches(self, source: int, port: int) -> bool:
        """Whether it speaks of packets from this address to this port."""
        network = self.source
        if source & int(network.netmask) != int(network.network_address):
            return False
        return not self.ports or port in self.ports


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

    def opens(self, flow: Flow, now: float) -> Verdict:
        """By the first rule that matches."""
        source, port = flow.source, flow.destination_port
        matching = (rule.action for rule in self.rules if rule.matches(source, port))
        if next(matching, self.otherwise) == "permit":
            return PASS
        return refused(self.denied, f"port {port} closed")

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """By the rules, as any other packet: a filter remembers no connection."""
        return self.opens(flow, now)
