"""TCP: how the hosts of a world speak it, and its rounds where nothing is in the way."""

from __future__ import annotations

from functools import cached_property
from math import ceil, floor
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.description import Description, fault_at
from sim.units import Duration, PositiveDuration, PositiveSize, at_most

IP_AND_TCP_HEADERS = 40
TIMESTAMPS = 12
SYN_OPTIONS = 8


class Tcp(Description):
    """How both hosts speak TCP."""

    maximum_segment_size: Annotated[PositiveSize, at_most("65535 B")] = 1460
    """Bytes of data in a segment at most: "1460 B", what Ethernet's 1,500 leave. A path's MTU and
    timestamps leave less."""
    initial_window: int = Field(default=10, gt=0, le=1_000_000)
    """Segments a host may send before the first acknowledgement: 10 by RFC 6928; 3 full segments
    by RFC 3390 (2002), 2 by RFC 2581 (1999), 1 before."""
    congestion_control: Literal["reno", "cubic"] = "reno"
    """How the window grows beyond slow start and shrinks after a loss: RFC 5681, or RFC 9438. BBR
    would keep its window after a random loss, and pace what it sends by the rate that it measures;
    neither makes a difference to flights within the initial window."""
    timestamps: bool = False
    """Whether segments carry timestamps (RFC 7323): 12 bytes of each, as with Linux."""
    loss_probe: bool = False
    """Whether a sender that gets no acknowledgement probes after two round trips, and takes what
    was sent before an acknowledged segment for lost (RFC 8985); without it three duplicate
    acknowledgements tell a loss (RFC 5681), and the time-out where there are fewer."""
    delayed_acknowledgement: Duration = 0.0
    """How long a receiver keeps back the acknowledgement of a lone segment: "200 ms" with Windows
    Server 2003. With "0 s" it acknowledges each, as Linux does at a connection's start."""
    initial_timeout: PositiveDuration = 1.0
    """When a SYN is sent again, and twice as long after each further time: "1 s" (RFC 6298), "3 s"
    (RFC 2988, 2000)."""
    syn_linear_timeouts: int = Field(default=0, ge=0, le=1000)
    """How many times a SYN is sent again before that time begins to double: 4 with Linux since
    6.5."""
    minimum_timeout: PositiveDuration = 0.2
    """What a retransmission time-out allows beyond the smoothed round trip at least: "200 ms" with
    Linux. RFC 6298 asks for 1 s in all."""
    timer_tick: Duration = 0.0
    """The tick of the hosts' timers: "4 ms" with Linux at 250 Hz, where a timer of 63 ticks or more
    runs off at every eighth tick, one of 504 at every 64th. With "0 s" timers are exact."""
    connect_timeout: PositiveDuration = 21.0
    """When a client gives up that has had no answer to its SYNs: "21 s" with Windows."""
    user_timeout: PositiveDuration = 60.0
    """How long what was sent may stay unacknowledged (RFC 5482), and how long a client waits for
    the first response once its first flight is there, or for a later one once its request is,
    before it gives the connection up: "60 s". What a server does for one that has gone is done in
    vain."""
    keep_alive: PositiveDuration | None = None
    """After how long a pause a probe is sent: "2 h" (RFC 1122); else none is."""
    slow_start_after_idle: bool = True
    """Whether the window falls back to the initial one after a pause longer than the retransmission
    time-out (RFC 5681 §4.1)."""

    @model_validator(mode="after")
    def _room_for_data(self) -> Self:
        # Every link's MTU leaves far more than this.
        if self.timestamps and self.maximum_segment_size <= TIMESTAMPS:
            raise fault_at(
                ("maximum_segment_size",),
                f'"{self.maximum_segment_size} B" leaves no room for data: timestamps take '
                f'{TIMESTAMPS} bytes of each segment; write at least "{TIMESTAMPS + 1} B"',
            )
        return self

    def segment(self, mtu: int) -> int:
        """Bytes of data in a full segment on a path of that MTU."""
        fits = min(self.maximum_segment_size, mtu - IP_AND_TCP_HEADERS)
        return fits - TIMESTAMPS if self.timestamps else fits

    def packets(self, size: int, segment: int) -> list[int]:
        """Bytes of the packets of a flight, headers included; one without data where `size` is 0.

        `segment`: bytes of data in a full one.
        """
        if size <= segment:
            return [size + self.headers]
        full, rest = divmod(size, segment)
        sizes = [segment + self.headers] * full
        if rest:
            sizes.append(rest + self.headers)
        return sizes

    def expiry(self, now: float, wait: float) -> float:
        """When a timer does that is set now for so long: no earlier than asked.

        A wheel of timers counts whole ticks from the last one, and one more lest it be early.
        """
        tick = self.timer_tick
        if not tick:
            return now + wait
        ticks = ceil(wait / tick)
        grain = 1 if ticks < 63 else 8 if ticks < 504 else 64
        return ((floor(now / tick) + ticks) // grain + 1) * grain * tick

    @cached_property
    def headers(self) -> int:
        """Bytes of IP and TCP headers in each packet."""
        return IP_AND_TCP_HEADERS + (TIMESTAMPS if self.timestamps else 0)

    @cached_property
    def syn(self) -> int:
        """Bytes of a SYN packet: it names the segment size and what else its sender can do."""
        return self.headers + SYN_OPTIONS
