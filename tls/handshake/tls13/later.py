"""What both sides of TLS 1.3 do after the handshake: KeyUpdate and exporters (RFC 8446 §4.6.3)."""

from __future__ import annotations

from collections.abc import Mapping

from tls.errors import UsageError
from tls.events import KeysUpdated
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake, LaterMessage
from tls.handshake.tls13.schedule import HandshakeSchedule, protection
from tls.keys.tls13 import TrafficSecret, export
from tls.suites import CipherSuite
from tls.tls13.messages import KeyUpdate

_MAX_BLOCKS = 255


class Later:
    """One side's secrets after the handshake.

    Args:
        context: the handshake's.
        suite: agreed on.
        schedule: concluded.
        own: what this side sends under.
        peers: what the peer sends under.
    """

    def __init__(
        self,
        context: HandshakeContext,
        suite: CipherSuite,
        schedule: HandshakeSchedule,
        own: TrafficSecret,
        peers: TrafficSecret,
    ) -> None:
        self._context = context
        self._suite = suite
        self._own = own
        self._peers = peers
        self._schedule = schedule

    @property
    def messages(self) -> Mapping[int, LaterMessage]:
        """The messages that may come, and the methods that deal with them: not bound ones.

        An object that holds its own methods is freed by the collector only.
        """
        return _KEY_UPDATE

    def update_keys(self, *, update_requested: bool) -> None:
        """Tell the peer, and send under the next keys."""
        self._context.channel.send_apart(KeyUpdate(update_requested))
        self._own = self._own.next()
        keys = protection(self._context, self._suite, self._own, write=True)
        self._context.channel.change_write_keys(keys, announced=False)

    def follow(self, message: KeyUpdate, raw: bytes) -> None:
        """The peer's keys change, and ours if it asks for that."""
        self._peers = self._peers.next()
        keys = protection(self._context, self._suite, self._peers, write=False)
        self._context.channel.change_read_keys(keys)
        self._context.channel.tell(KeysUpdated())
        if message.update_requested:
            self.update_keys(update_requested=False)

    def request_certificate(self) -> Handshake:
        """Only a server asks."""
        raise UsageError("only a server asks for a certificate")

    def export(self, label: bytes, context: bytes, length: int, *, early: bool) -> bytes:
        """Keying material of the whole handshake, or of the first hello (RFC 8446 §7.5)."""
        schedule = self._schedule
        secret = schedule.early_exporter_secret if early else schedule.exporter_secret
        if not secret:
            raise UsageError("there was no early data, which has a secret of its own to export")
        hash_name = self._suite.prf_hash
        if not 1 <= length <= _MAX_BLOCKS * len(secret):
            raise UsageError(
                f"1 to {_MAX_BLOCKS * len(secret):,} bytes can be exported, not {length:,}"
            )
        return export(hash_name, secret, label, context, length, self._context.meter)


_KEY_UPDATE: Mapping[int, LaterMessage] = {KeyUpdate.type: (KeyUpdate, Later.follow)}
