"""A spoilt handshake ends in `PeerError` or goes on; its work and its memory are bounded.

The fast part is a sample, `make slow` runs 20,000 handshakes, and `python -m tests.tls.mutations`
the whole of 100,000.
"""

from __future__ import annotations

import resource

import pytest

import tls
from tests.tls.mutations import KINDS, Kind, run

_EACH = -(-20_000 // len(KINDS))
_SAMPLE = 40


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_sample(kind: Kind) -> None:
    reasons = {run(kind, number) for number in range(_SAMPLE)}
    # They fail in many ways: the mutations reach what they are made for.
    assert len(reasons) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_many(kind: Kind) -> None:
    for number in range(_SAMPLE):
        run(kind, number)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reasons = {run(kind, number) for number in range(_EACH)}
    assert len(reasons) >= 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    assert tls.Reason.MESSAGE_NOT_DUE in reasons
