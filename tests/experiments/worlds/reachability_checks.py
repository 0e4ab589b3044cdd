"""Checks of what the question of reachability says."""

# ruff: noqa: E501 - a sentence's pattern is easiest to compare with the sentence on few lines

from __future__ import annotations

import re

from tests.experiments.worlds.sentences import (
    PLAIN,
    SHARE,
    TIME,
    World,
    same,
    says,
)


@says(
    rf"(?:[Aa]t (?P<label>LABEL): )?(?:{SHARE} of the connections succeed(?:, in {PLAIN} round trips, "
    rf"first byte after {TIME} in the median)?|[Nn]o connection succeeds)"
)
def _reached(world: World, found: re.Match[str]) -> None:
    groups = found.groups()
    evidence, _ = world.at(found["label"])
    if groups[1] is None:
        assert evidence.share_of("succeeded")[0] == 0
        return
    same(groups[1:4], evidence.share_of("succeeded"), 100)
    if groups[4] is not None:
        same(groups[4:7], evidence.succeeded_mean("round_trips"))
        same(groups[7:10], evidence.quantile_of("first_byte_time", 0.5), 1000)


@says(
    rf"(?:At (?P<label>LABEL): w|W)aiting for lost packets takes a connection that succeeds {TIME} in "
    r"the mean\."
)
def _lost(world: World, found: re.Match[str]) -> None:
    evidence, _ = world.at(found["label"])
    same(found.groups()[1:4], evidence.succeeded_mean("time_retransmission"), 1000)
