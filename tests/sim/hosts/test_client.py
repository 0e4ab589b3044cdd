"""Clients: their browser stays the same, and their sessions are remembered for its time."""

from __future__ import annotations

from array import array

import pytest

import sim
import tls
from sim.costs import machine_profile
from sim.hosts.client import ClientDescription, ClientGroup, Clients, SessionMemory
from sim.hosts.work import Work
from sim.workload.browsers import browser

HOUR = 3600.0


@pytest.fixture(params=["whole sessions", "numbers"])
def memory(request: pytest.FixtureRequest) -> SessionMemory:
    return SessionMemory([] if request.param == "whole sessions" else array("q"))


def group(memory: SessionMemory) -> ClientGroup:
    work = Work("clients", machine_profile("pentium-iii-933"))
    return ClientGroup(browser("internet-explorer-6"), work, memory, 0x0A000000, 4, "path")


def test_addresses_come_round_again(memory: SessionMemory) -> None:
    clients = group(memory)
    found = [clients.address(client) for client in range(6)]
    assert found == [0x0A000001, 0x0A000002, 0x0A000003, 0x0A000000, 0x0A000001, 0x0A000002]


def test_a_session_is_remembered_for_the_browser_s_time(memory: SessionMemory) -> None:
    clients = group(memory)
    clients.remember(7, 1, 100.0, connection=1, maker=None)
    assert clients.recall(7, 99.9) is None
    assert clients.recall(7, 100.0) == 1
    assert clients.recall(7, 100.0 + 10 * HOUR) == 1
    assert clients.recall(7, 100.1 + 10 * HOUR) is None
    assert clients.recall(6, 100.1 + 10 * HOUR) is None
    assert clients.recall(8, 100.1 + 10 * HOUR) is None


def test_a_session_may_be_older_than_its_handshake(memory: SessionMemory) -> None:
    clients = group(memory)
    clients.remember(7, 1, 100.0, connection=1, maker=None, age=9 * HOUR)
    assert clients.recall(7, 99.0) is None
    assert clients.recall(7, 100.0 + HOUR) == 1
    assert clients.recall(7, 101.0 + HOUR) is None


def test_the_newest_session_is_remembered(memory: SessionMemory) -> None:
    clients = group(memory)
    clients.remember(7, 1, 0.0, connection=1, maker=None)
    clients.remember(7, 2, 9 * HOUR, connection=2, maker=None)
    assert clients.recall(7, 8 * HOUR) == 1
    assert clients.recall(7, 18 * HOUR) == 2
    clients.forget(7, 2, 18.1 * HOUR, connection=3)
    assert clients.recall(7, 18 * HOUR) == 2
    assert clients.recall(7, 18.1 * HOUR) is None
    clients.forget(7, 2, 18.1 * HOUR, connection=4)
    clients.forget(70, 2, 18.1 * HOUR, connection=5)
    assert clients.recall(70, 18.1 * HOUR) is None


def test_it_does_not_matter_who_tells_first(memory: SessionMemory) -> None:
    """Sessions come in the order of handshakes, however early it was known when they end."""
    clients = group(memory)
    clients.remember(7, 3, 30.0, connection=3, maker=None)
    clients.remember(7, 1, 10.0, connection=1, maker=None)
    clients.remember(7, 2, 20.0, connection=2, maker=None)
    assert [clients.recall(7, now) for now in (9.0, 10.0, 25.0, 30.0)] == [None, 1, 2, 3]


def test_another_session_than_the_one_that_failed_stays(memory: SessionMemory) -> None:
    clients = group(memory)
    clients.remember(7, 1, 0.0, connection=1, maker=None)
    clients.remember(7, 2, 5.0, connection=2, maker=None)
    clients.forget(7, 1, 6.0, connection=3)
    assert clients.recall(7, 7.0) == 2


def test_whole_sessions_are_given_back_as_they_are() -> None:
    clients = group(SessionMemory([]))
    session = tls.Session(bytes(32), tls.TLS_1_0, 5, bytes(48))
    clients.remember(3, session, 0.0, connection=1, maker=None)
    assert clients.recall(3, 1.0) is session


def test_a_client_s_browser_stays_the_same() -> None:
    clients = Clients(
        [
            ClientDescription(profile="internet-explorer-6", share=0.25),
            ClientDescription(profile="internet-explorer-8-windows-7", share=0.75),
        ],
        "path",
        [],
    )
    first, second = clients.groups
    assert clients.group(5, 0.2) is first
    assert clients.group(3, 0.3) is second
    assert clients.group(5, 0.9) is first
    assert clients.group(3, 0.0) is second
    assert clients.group(9, 0.999_999_999) is second


def test_every_browser_can_be_set_up_and_names_its_source() -> None:
    assert sim.browsers() == tuple(sorted(sim.browsers()))
    for name in sim.browsers():
        browser = sim.browser(name)
        assert browser.name == name
        assert len(set(browser.suites)) == len(browser.suites)
        assert set(browser.suites) & set(tls.DEFAULT_SUITES)
        assert browser.source
        tls.ClientConfig(tls.TrustStore(), versions=browser.versions, suites=browser.suites)
    with pytest.raises(ValueError, match="there are chrome-98, chromium-156, "):
        sim.browser("lynx")
