"""Streams: named, independent, the same whenever they are drawn from."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from sim.streams import BLOCK, Streams


def test_a_stream_is_the_same_each_time() -> None:
    draws = list(islice(Streams(7, 3).uniforms("population"), 2 * BLOCK + 1))
    assert draws == list(islice(Streams(7, 3).uniforms("population"), 2 * BLOCK + 1))
    assert all(0 <= draw < 1 for draw in draws)


def test_names_seeds_and_replications_are_independent() -> None:
    streams = {
        (seed, replication, name): list(islice(Streams(seed, replication).uniforms(name), 1000))
        for seed in (0, 1)
        for replication in (0, 1)
        for name in ("arrivals", "population", "profiles")
    }
    correlations = np.corrcoef(list(streams.values()))
    assert np.all(np.abs(correlations[~np.eye(len(streams), dtype=bool)]) < 0.15)


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (0, -1)])
def test_negative_seeds(seed: int, replication: int) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Streams(seed, replication)


def test_a_connection_has_its_own_bytes_in_whatever_order() -> None:
    source = Streams(1).entropy("peers.client")
    forwards = [source.of(number)(100) for number in range(20)]
    backwards = [source.of(number)(100) for number in reversed(range(20))]
    assert forwards == backwards[::-1]
    assert len(set(forwards)) == 20


def test_bytes_do_not_depend_on_how_they_are_asked_for() -> None:
    source = Streams(1).entropy("peers.client")
    at_once = source.of(5)(1000)
    bit_by_bit = source.of(5)
    assert b"".join(bit_by_bit(size) for size in (0, 1, 28, 32, 46, 93, 300, 500)) == at_once


def test_both_sides_draw_apart() -> None:
    streams = Streams(1)
    client, server = streams.entropy("peers.client"), streams.entropy("peers.server")
    assert client.of(0)(32) != server.of(0)(32)
    assert client.of(0)(32) != Streams(1, 1).entropy("peers.client").of(0)(32)


def test_bytes_are_evenly_spread() -> None:
    data = np.frombuffer(Streams(1).entropy("test").of(0)(256_000), np.uint8)
    counts = np.bincount(data, minlength=256)
    assert np.sum((counts - 1000) ** 2 / 1000) < 350  # chi-squared, 255 degrees: p > 1e-4
