"""Ephemeral Diffie-Hellman in a finite field: DHE and DH_anon (RFC 2246 §7.4.3, §7.4.7.2)."""

from __future__ import annotations

from tls.alerts import HANDSHAKE_FAILURE, INSUFFICIENT_SECURITY
from tls.errors import PeerError
from tls.exchange import Conclusion, ExchangeContext
from tls.groups import FiniteField, FiniteFieldKey
from tls.reasons import Reason
from tls.wire import Reader, vector16

MAX_BITS = 8_192


class DheExchange:
    """Prime, generator and public value from the server, a public value from the client."""

    curve: int | None = None

    def __init__(self, context: ExchangeContext) -> None:
        self._context = context
        self._key: FiniteFieldKey | None = None

    def offer(self) -> bytes | None:
        """p, g and Ys, each behind its length."""
        context = self._context
        if context.field is None:
            raise PeerError(
                HANDSHAKE_FAILURE, Reason.NO_FINITE_FIELD, "no finite field for Diffie-Hellman"
            )
        self._key = key = FiniteFieldKey(context.field, context.random, context.meter)
        field = context.field
        generator = field.generator.to_bytes((field.generator.bit_length() + 7) // 8, "big")
        prime = field.prime.to_bytes((field.bits + 7) // 8, "big")
        return vector16(prime) + vector16(generator) + vector16(key.public)

    def answer(self, parameters: Reader | None) -> tuple[bytes, bytes]:
        """Yc in the server's field."""
        if parameters is None:
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.PARAMETERS_MISSING,
                "a DHE suite without the server's parameters",
            )
        prime = int.from_bytes(parameters.filled16(), "big")
        generator = int.from_bytes(parameters.filled16(), "big")
        server_public = parameters.filled16()
        field = FiniteField(prime, generator)
        if not self._context.minimum_bits <= field.bits <= MAX_BITS:
            raise PeerError(
                INSUFFICIENT_SECURITY,
                Reason.DIFFIE_HELLMAN_PRIME_LENGTH,
                f"a Diffie-Hellman prime of {field.bits} bits",
            )
        key = FiniteFieldKey(field, self._context.random, self._context.meter)
        return vector16(key.public), _premaster(key, server_public)

    def conclude(self, body: bytes) -> Conclusion:
        """The secret of Yc and the server's own key."""
        assert self._key is not None
        reader = Reader(body)
        client_public = reader.filled16()
        reader.finish()
        yield from ()  # a coroutine like the others, though it asks for nothing
        return _premaster(self._key, client_public)


def _premaster(key: FiniteFieldKey, peer_public: bytes) -> bytes:
    """The shared secret; leading zero bytes are stripped (RFC 5246 §8.1.2)."""
    return key.agree(peer_public).lstrip(b"\0")
