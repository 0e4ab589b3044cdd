"""How many connections are open, and what it takes to know that."""

from __future__ import annotations

from sim.hosts.open_connections import OpenConnections
from sim.middleboxes.connect_proxy import ConnectProxy


def test_connections_count_until_they_are_closed() -> None:
    opened = OpenConnections()
    for _ in range(3):
        opened.open()
    opened.close(7.0, 1.0)
    opened.close(5.0, 2.0)
    assert [opened.count(now) for now in (4.9, 5.0, 6.9, 7.0)] == [3, 2, 2, 1]


def test_a_proxy_remembers_no_ends_that_are_past() -> None:
    """Whether anybody asks how many connections are open or not."""
    described = {"kind": "connect-proxy", "machine": "pentium-iii-933"}
    proxy = ConnectProxy.model_validate(described).place("proxy", 0.0, 1.0)
    for number in range(1000):
        proxy.open_connection()
        proxy.processor.serve(float(number), 0.1)
        proxy.close_connection(number + 2.5)
    assert len(proxy.open_connections._closing) <= 3
    assert proxy.entries(1000.0) == 2
