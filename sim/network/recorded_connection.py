"""A TCP connection whose packets are recorded, and what is written to it."""

from __future__ import annotations

from sim.network.flight import Delivery
from sim.network.listener import Listener
from sim.network.middlebox_chain import MiddleboxChain
from sim.network.packets import Recording
from sim.network.recorded_path import RecordedPath
from sim.network.tcp import Tcp
from sim.network.tcp_connection import TcpConnection


class RecordedTcpConnection(TcpConnection):
    """`TcpConnection` over recorded ways that notes what its ends write.

    Args:
        tcp: how both ends speak it.
        segment: bytes of data in a full segment.
        up, down: the ways to the server, and back.
        middleboxes: those on the ways.
        listener: who takes it.
        recording: takes what is written.
    """

    __slots__ = ("_recording",)

    def __init__(
        self,
        tcp: Tcp,
        segment: int,
        up: RecordedPath,
        down: RecordedPath,
        middleboxes: MiddleboxChain,
        listener: Listener,
        recording: Recording,
    ) -> None:
        super().__init__(tcp, segment, up, down, middleboxes, listener)
        self._recording = recording

    def send(self, now: float, data: bytes, size: int, *, to_server: bool) -> Delivery | None:
        """As any, and what is written is noted."""
        if size:
            self._recording.write(data, size, to_server=to_server)
        return super().send(now, data, size, to_server=to_server)
