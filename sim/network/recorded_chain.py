"""A chain on which everything is known in advance, and whose packets are recorded."""

from __future__ import annotations

from sim.network.delays import DelayComponents
from sim.network.deterministic_chain import DeterministicChain
from sim.network.listener import Listener
from sim.network.lossless_sender import LosslessSender
from sim.network.one_way_path import OneWayPath
from sim.network.packets import PacketKind, Recording
from sim.network.recorded_path import record_rounds
from sim.network.tcp import Tcp
from sim.network.transport import Clock


class RecordedDeterministicChain(DeterministicChain):
    """`DeterministicChain` that writes down the packets that its sums stand for.

    Args:
        tcp: how both hosts speak.
        segment: bytes of data in a full segment.
        to_server, to_client: seconds each way.
        listener: who takes it.
        up, down: both ways, recorded.
        recording: takes what is written.
    """

    __slots__ = ("_down", "_recording", "_up")

    def __init__(
        self,
        tcp: Tcp,
        segment: int,
        to_server: float,
        to_client: float,
        listener: Listener,
        up: OneWayPath,
        down: OneWayPath,
        recording: Recording,
    ) -> None:
        super().__init__(tcp, segment, to_server, to_client, listener)
        self._up, self._down = up, down
        self._recording = recording

    def open(self, now: float, clock: Clock) -> float:
        """When the client may send: after SYN and SYN-ACK, which it acknowledges."""
        tcp = self._tcp
        self._cross(self._up, PacketKind.SYN, now, tcp.syn)
        self._cross(self._down, PacketKind.SYN, now + self._there, tcp.syn)
        opened = super().open(now, clock)
        self._cross(self._up, PacketKind.ACK, opened, tcp.headers)
        return opened

    def send_to_server(self, now: float, data: bytes, size: int, clock: Clock) -> float:
        """As any, and its packets are written down."""
        if size:
            self._recording.write(data, size, to_server=True)
        self._record(self._client, self._up, self._down, now, size)
        return super().send_to_server(now, data, size, clock)

    def send_to_client(self, now: float, data: bytes, size: int, clock: Clock) -> float:
        """As any, and its packets are written down."""
        if size:
            self._recording.write(data, size, to_server=False)
        self._record(self._server, self._down, self._up, now, size)
        return super().send_to_client(now, data, size, clock)

    def _record(
        self,
        sender: LosslessSender | None,
        forward: OneWayPath,
        backward: OneWayPath,
        now: float,
        size: int,
    ) -> None:
        if size:
            tcp = self._tcp
            rounds = (sender or self._sender()).rounds(now, size)
            sizes = tcp.packets(size, self._segment)
            record_rounds(tcp, forward, backward, now, sizes, rounds)

    def close(self, moment: float) -> None:
        """Both ends have closed at that moment: two FINs, and the last acknowledgement."""
        super().close(moment)
        headers = self._tcp.headers
        self._cross(self._up, PacketKind.FIN, moment, headers)
        self._cross(self._down, PacketKind.FIN, moment + self._there, headers)
        back = moment + (self._there + self.return_delay)
        self._cross(self._up, PacketKind.ACK, back, headers)

    def _cross(self, way: OneWayPath, kind: PacketKind, now: float, size: int) -> None:
        way.announce(kind)
        way.cross(now, size, DelayComponents())
