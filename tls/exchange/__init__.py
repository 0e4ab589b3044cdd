"""Key exchanges, a file each: how both sides come to the premaster secret."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

from tls.certificates import Certificate, Identity
from tls.deferrable import PrivateKeyOperation
from tls.entropy import RandomSource
from tls.groups import FiniteField
from tls.meter import Meter
from tls.wire import Reader

Conclusion = Generator[PrivateKeyOperation, Any, bytes]
"""A coroutine that returns the premaster secret; the private key may be held elsewhere."""


MINIMUM_EXPORT_BITS = 512
"""The length of prime or modulus that export suites used: none shorter is ever taken."""


@dataclass(slots=True)
class ExchangeContext:
    """What a key exchange works with.

    `client_version` is the one of the ClientHello, `groups` the elliptic curves both sides have,
    `field` the server's finite field. A server has an `identity` (`None` for anonymous suites), a
    client the server's `certificate`, the shortest finite field it takes, `minimum_bits`, and what
    tells whether its hello lists a group, which it may not have, `is_offered`.
    """

    version: int
    client_version: int
    random: RandomSource
    meter: Meter
    groups: tuple[int, ...] = ()
    field: FiniteField | None = None
    identity: Identity | None = None
    certificate: Certificate | None = None
    minimum_bits: int = MINIMUM_EXPORT_BITS
    is_offered: Callable[[int], bool] | None = None


class KeyExchange(Protocol):
    """One key exchange: the server offers, the client answers, the server concludes.

    Attributes:
        curve: that both have agreed on, once the server has offered it; `None` where there is none.
    """

    curve: int | None

    def offer(self) -> bytes | None:
        """The server's parameters for a ServerKeyExchange; `None` when none is sent."""

    def answer(self, parameters: Reader | None) -> tuple[bytes, bytes]:
        """The client's ClientKeyExchange body and the premaster secret.

        Reads the server's parameters, and no byte more. Raises `PeerError` when they are unusable.
        """

    def conclude(self, body: bytes) -> Conclusion:
        """Coroutine that returns the premaster secret of a ClientKeyExchange body on the server."""
