"""A Linux firewall and the simulated one do the same to clients that do the same."""

from __future__ import annotations

import pytest

from experiments.validation.firewall_case import FirewallCase
from experiments.validation.firewall_cases import CASES
from experiments.validation.namespaces import CommandFailed, namespace
from experiments.validation.outcome import Outcome, by_waves, in_words
from experiments.validation.real_firewall import load, real_firewall, unavailable
from tests.peers import lack

SERVED = Outcome(True, True, 2, None)
REFUSED = Outcome(False, False, 0, "timeout")


@pytest.fixture
def firewalls() -> None:
    """Skip without nftables in namespaces, or fail where CI=true."""
    if reason := unavailable():
        lack(reason)


@pytest.mark.slow
@pytest.mark.usefixtures("firewalls")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_real_firewall_and_a_simulated_one_agree(case: FirewallCase) -> None:
    assert in_words(case.real()) == in_words(case.simulated())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_all_simulated_clients_come(case: FirewallCase) -> None:
    assert list(map(len, case.simulated())) == [case.clients] * len(case.waves)


@pytest.mark.usefixtures("firewalls")
def test_hosts_reach_each_other_through_the_firewall_alone() -> None:
    with real_firewall("", {"net.netfilter.nf_conntrack_tcp_timeout_established": 7}) as hosts:
        assert "via 10.3.0.1" in hosts.client.ip("route", "get", "10.4.0.2")
        assert "via 10.4.0.1" in hosts.server.ip("route", "get", "10.3.0.2")
        name = "net.netfilter.nf_conntrack_tcp_timeout_established"
        assert hosts.firewall.sysctl(name) == "7"
        assert hosts.server.sysctl(name) != "7"


@pytest.mark.usefixtures("firewalls")
def test_a_ruleset_that_is_none_is_told_with_its_fault() -> None:
    with namespace() as place, pytest.raises(CommandFailed, match="syntax error"):
        load(place, "no ruleset")


def test_outcomes_in_words() -> None:
    lone = by_waves([Outcome(True, True, 1, "reset")], 1)
    assert in_words(lone) == "1 response, then reset"
    crowd = by_waves([REFUSED, SERVED, SERVED, Outcome(True, False, 0, "reset")], 2)
    assert in_words(crowd) == (
        "1 × 2 responses, 1 × no connection: timeout; "
        "later 1 × 2 responses, 1 × no handshake: reset"
    )
