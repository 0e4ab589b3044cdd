"""Spoilt handshakes of TLS 1.3 end in `PeerError` or go on, whatever is spoilt."""

from __future__ import annotations

import pytest

import tls
from tests.tls.handshake.tls13.mutations import run
from tests.tls.handshake.tls13.worlds import MODES, Mode

_SAMPLE = 60
_EACH = 1_500


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_sample(mode: Mode) -> None:
    reasons = {run(mode, number) for number in range(_SAMPLE)}
    # They fail in many ways: the mutations reach what they are made for.
    assert len(reasons) >= 6


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_many(mode: Mode) -> None:
    reasons = {run(mode, number) for number in range(_EACH)}
    assert len(reasons) >= 12
    assert tls.Reason.MESSAGE_NOT_DUE in reasons
