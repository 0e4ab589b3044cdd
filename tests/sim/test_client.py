"""Clients: their browser stays the same, and their sessions are remembered for its time."""

from __future__ import annotations

import pytest

import sim
import tls
from sim.hosts.client import ClientDescription, ClientGroup, Clients

HOUR = 3600.0


def session(number: int) -> tls.Session:
    return tls.Session(number.to_bytes(32, "big"), tls.TLS_1_0, 5, bytes(48))


def group() -> ClientGroup:
    return ClientGroup(ClientDescription(profile="internet-explorer-6"))


def test_a_session_is_remembered_for_the_browser_s_time() -> None:
    clients = group()
    clients.remember(7, session(1), 100.0)
    assert clients.recall(7, 100.0) == session(1)
    assert clients.recall(7, 100.0 + 10 * HOUR) == session(1)
    assert clients.recall(7, 100.1 + 10 * HOUR) is None
    assert clients.recall(8, 100.0) is None


def test_the_newest_session_is_remembered() -> None:
    clients = group()
    clients.remember(7, session(1), 0.0)
    clients.remember(7, session(2), 9 * HOUR)
    assert clients.recall(7, 18 * HOUR) == session(2)
    clients.remember(7, None, 18 * HOUR)
    assert clients.recall(7, 18 * HOUR) is None
    clients.remember(7, None, 18 * HOUR)


def test_forgotten_sessions_take_no_room() -> None:
    clients = group()
    for client in range(10_000):
        clients.remember(client, session(client), 10.0 * client)
    assert len(clients._sessions) == 3601


def test_a_client_s_browser_stays_the_same() -> None:
    clients = Clients(
        [
            ClientDescription(profile="internet-explorer-6", share=0.25),
            ClientDescription(profile="internet-explorer-8-windows-7", share=0.75),
        ]
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
    with pytest.raises(ValueError, match="there are internet-explorer-6, "):
        sim.browser("lynx")
