"""Random numbers: named streams that are independent of each other, and bytes for the engines.

What a connection needs is drawn when it arrives, always the same number of draws from each stream.
A part that draws more, less or later therefore changes no other part's draws, and two designs that
are simulated with one seed see the same arrivals of the same visitors (common random numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from struct import Struct

import numpy as np

_EIGHT = Struct("<8Q")

BLOCK = 4096
"""Draws are made this many at a time: a single call of numpy costs as much as fifty of a block."""


class Streams:
    """All randomness of one replication, from one seed.

    Args:
        seed: at least 0.
        replication: at least 0; other replications of the same seed are independent.
    """

    def __init__(self, seed: int, replication: int = 0) -> None:
        if seed < 0 or replication < 0:
            raise ValueError("a seed and a replication are whole numbers of at least 0")
        self._seed = seed
        self._replication = replication

    def generator(self, name: str) -> np.random.Generator:
        """The stream of that name, from its beginning."""
        return np.random.Generator(np.random.Philox(self._sequence(name)))

    def uniforms(self, name: str) -> Iterator[float]:
        """Draws from [0, 1) of the stream of that name, without end."""
        return uniforms(self.generator(name))

    def entropy(self, name: str) -> EntropySource:
        """Sources of random bytes, one a connection, under that name."""
        key = self._sequence(name).generate_state(4, np.uint64)
        return EntropySource(key.astype("<u8").tobytes())

    def _sequence(self, name: str) -> np.random.SeedSequence:
        digest = blake2b(name.encode(), digest_size=16).digest()
        words = (int.from_bytes(digest[start : start + 4], "little") for start in range(0, 16, 4))
        return np.random.SeedSequence(self._seed, spawn_key=(self._replication, *words))


def uniforms(generator: np.random.Generator) -> Iterator[float]:
    """Draws from [0, 1), without end."""
    while True:
        yield from generator.random(BLOCK).tolist()


def unit_rate_process(generator: np.random.Generator) -> Iterator[np.ndarray]:
    """A Poisson process of rate 1: blocks of ascending times from 0 on."""
    last = 0.0
    while True:
        times = last + np.cumsum(generator.standard_exponential(BLOCK))
        last = float(times[-1])
        yield times


class EntropySource:
    """Gives each connection its own random bytes, the same whenever and in whatever order."""

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(key=key)

    def of(self, connection: int) -> ConnectionEntropy:
        """The bytes of the connection with that number."""
        own = self._keyed.copy()
        own.update(connection.to_bytes(8, "little"))
        return ConnectionEntropy(own)


def connection_draws(entropy: ConnectionEntropy) -> Callable[[], float]:
    """Draws from [0, 1) of one connection, from its random bytes: call it for the next."""
    return _draws(entropy).__next__


def _draws(entropy: ConnectionEntropy) -> Iterator[float]:
    """Draws of 53 random bits each."""
    while True:
        for word in reversed(_EIGHT.unpack(entropy(_EIGHT.size))):
            yield (word >> 11) * 2.0**-53


class ConnectionEntropy:
    """Random bytes: BLAKE2b, keyed by the seed, of the connection's number and a block counter.

    Calling it with n returns the next n bytes.
    """

    __slots__ = ("_block", "_bytes", "_keyed")

    def __init__(self, keyed: blake2b) -> None:
        self._keyed = keyed
        self._block = 0
        self._bytes = b""

    def __call__(self, length: int) -> bytes:
        """The next `length` bytes."""
        data = self._bytes
        while len(data) < length:
            block = self._keyed.copy()
            block.update(self._block.to_bytes(8, "little"))
            self._block += 1
            data += block.digest()
        self._bytes = data[length:]
        return data[:length]
