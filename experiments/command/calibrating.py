"""Measuring this machine, with its faults told in one line."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from experiments.calibration import calibrate, profile_toml, write_profile
from experiments.failures import FolderError


def calibrate_machine(out: Path | None, *, contention: bool = False) -> None:
    """Measure this machine and write its profile to `out`, or to stdout.

    Args:
        out: the profile's file.
        contention: whether to measure how much slower its threads are at once, too.

    Raises:
        FolderError: the file cannot be written; nothing was measured.
    """
    partial = None if out is None else out.with_name(f".{out.name}.partial")
    try:
        if partial is not None:
            partial.touch()
        with Console(stderr=True).status("Measuring this machine's operations"):
            profile = calibrate(with_contention=contention)
        if out is None or partial is None:
            print(profile_toml(profile), end="")
        else:
            write_profile(partial, profile)
            os.replace(partial, out)
            print(out)
    except OSError as error:
        raise FolderError(
            f"{out}: the profile cannot be written ({error.strerror}); choose another --out FILE"
        ) from None
    finally:
        if partial is not None and partial.parent.is_dir():
            partial.unlink(missing_ok=True)
