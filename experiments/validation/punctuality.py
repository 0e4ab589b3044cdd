"""Keeping a process on time: what else the machine does shall not be measured."""

from __future__ import annotations

import contextlib
import gc
import os
from pathlib import Path

EMULATOR = 50
PEERS = 10
"""Real-time priorities; the link goes before the peers."""


def be_punctual(priority: int) -> bool:
    """Stop garbage collection and take real-time priority; say whether the kernel gave it."""
    gc.collect()
    gc.freeze()
    gc.disable()
    with contextlib.suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError:
        return False
    return True
