"""Measuring this machine, with its faults told in one line."""

from __future__ import annotations

from pathlib import Path


def calibrate_machine(out: Path | None) -> None:
    """Measure this machine and write its profile.

    Raises
    ------
    FolderError : the file cannot be written; nothing was measured.

    """
    raise NotImplementedError
