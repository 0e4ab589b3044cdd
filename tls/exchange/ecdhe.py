"""Ephemeral Diffie-Hellman on elliptic curves: ECDHE and ECDH_anon (RFC 8422 §5.4, §5.7)."""

from __future__ import annotations

from tls.alerts import HANDSHAKE_FAILURE, ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.exchange import Conclusion, ExchangeContext
from tls.groups import EphemeralKey, generate_curve_key, group_name, is_curve
from tls.reasons import Reason
from tls.wire import Reader, vector8

_NAMED_CURVE = 3


class EcdheExchange:
    """A named curve and a point from the server, a point from the client."""

    def __init__(self, context: ExchangeContext) -> None:
        self._context = context
        self._key: EphemeralKey | None = None
        self.curve: int | None = None

    def offer(self) -> bytes | None:
        """ECParameters and the server's point."""
        context = self._context
        group = self.curve = context.groups[0]
        self._key = key = generate_curve_key(group, context.random, context.meter)
        return bytes((_NAMED_CURVE,)) + group.to_bytes(2, "big") + vector8(key.public)

    def answer(self, parameters: Reader | None) -> tuple[bytes, bytes]:
        """A point in the server's curve, which must be one that was offered."""
        if parameters is None:
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.PARAMETERS_MISSING,
                "an ECDHE suite without the server's parameters",
            )
        if parameters.uint8() != _NAMED_CURVE:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.EXPLICIT_CURVE,
                "the server describes a curve that has no name",
            )
        group = parameters.uint16()
        if group not in self._context.groups or not is_curve(group):
            is_offered = self._context.is_offered
            if group not in self._context.groups and is_offered is not None and is_offered(group):
                raise PeerError(
                    HANDSHAKE_FAILURE,
                    Reason.GROUP_NOT_IMPLEMENTED,
                    f"the server chose {group_name(group)}, not implemented",
                )
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.GROUP_NOT_OFFERED,
                f"the server chose {group_name(group)}, not offered",
            )
        self.curve = group
        server_public = parameters.filled8()
        key = generate_curve_key(group, self._context.random, self._context.meter)
        return vector8(key.public), key.agree(server_public)

    def conclude(self, body: bytes) -> Conclusion:
        """The secret of the client's point and the server's own key."""
        assert self._key is not None
        reader = Reader(body)
        client_public = reader.filled8()
        reader.finish()
        yield from ()  # a coroutine like the others, though it asks for nothing
        return self._key.agree(client_public)
