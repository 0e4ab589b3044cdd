from __future__ import annotations

from random import Random

import pytest

from experiments.validation.pipes import Direction, Pipe, PipeQueue, Traffic, pipe_queues


def queue(direction: Direction) -> PipeQueue:
    return PipeQueue(direction, Random(1))


def test_without_a_rate_packets_only_take_their_time() -> None:
    way = queue(Direction(delay=0.25))
    assert [way.due(1.0, 1500), way.due(1.0, 40)] == [1.25, 1.25]


def test_packets_are_sent_one_after_another() -> None:
    way = queue(Direction(delay=0.5, rate=8000))
    assert [way.due(0.0, 1000), way.due(0.0, 500), way.due(0.1, 500)] == [1.5, 2.0, 2.5]
    assert way.due(10.0, 1000) == 11.5


def test_a_full_buffer_drops_what_comes_last() -> None:
    way = queue(Direction(delay=0.0, rate=8000, buffer=2000))
    # One is sent at once, two wait, and the first that waits is sent after a second.
    assert [way.due(0.0, 1000) for _ in range(4)] == [1.0, 2.0, 3.0, None]
    assert way.due(0.9, 1) is None
    assert way.due(1.0, 1000) == 4.0
    assert way.due(1.0, 1) is None
    assert way.traffic == Traffic(packets=7, octets=5002, lost=0, overflowed=3, deepest=2000)


def test_the_packet_that_is_sent_takes_no_buffer() -> None:
    way = queue(Direction(delay=0.0, rate=8000, buffer=0))
    assert [way.due(0.0, 1000), way.due(0.5, 1000), way.due(1.0, 1000)] == [1.0, None, 2.0]


def test_losses_depend_on_seed_pipe_direction_and_number_alone() -> None:
    def lost(way: PipeQueue, size: int = 100) -> list[bool]:
        return [way.due(float(number), size) is None for number in range(2000)]

    pipe = Pipe.symmetric(0.1, loss=0.1)
    there, back = (lost(way) for way in pipe_queues(pipe, 1, seed=7))
    assert 150 < sum(there) < 250
    assert there == lost(pipe_queues(pipe, 1, seed=7)[0], size=1)
    others = [pipe_queues(pipe, 2, seed=7)[0], pipe_queues(pipe, 1, seed=8)[0]]
    assert all(lost(way) != there for way in others)
    assert back != there


def test_a_full_buffer_does_not_shift_the_losses() -> None:
    narrow = pipe_queues(Pipe.symmetric(0.0, rate=8.0, buffer=100, loss=0.2), 1, seed=3)[0]
    wide = pipe_queues(Pipe.symmetric(0.0, loss=0.2), 1, seed=3)[0]
    for _ in range(500):
        narrow.due(0.0, 100)
        wide.due(0.0, 100)
    assert narrow.traffic.overflowed > 300
    assert narrow.traffic.lost == wide.traffic.lost


def test_pipes_pass_through_json_fields() -> None:
    pipe = Pipe(Direction(0.1, 1e6, 5000, 0.5), Direction(0.2))
    assert Pipe.from_fields(pipe.fields()) == pipe


def test_a_symmetric_pipe_halves_the_round_trip() -> None:
    assert Pipe.symmetric(0.1).to_server.delay == pytest.approx(0.05)
