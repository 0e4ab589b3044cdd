"""Measure what this machine's operations cost, as a machine profile.

CPU time alone counts, the median of repeats; what a run takes beside other work on the machine is
less precise but not longer.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cryptography
from cryptography.hazmat.backends.openssl import backend

from experiments.calibration.contention import contention
from experiments.calibration.cryptographic_work import cryptographic_prices
from experiments.calibration.host_work import host_prices
from experiments.calibration.prices import profile_toml

__all__ = ["calibrate", "profile_toml", "write_profile"]


def calibrate(
    seconds_per_operation: float = 0.2, *, with_contention: bool = False
) -> dict[str, Any]:
    """The fields of a machine profile of this machine, without a name.

    `seconds_per_operation` is about how long each figure is measured; there are some eighty.
    `with_contention` measures how much slower several processes are at once, too, for a second each
    number of them.
    """
    prices = {
        **host_prices(seconds_per_operation),
        **cryptographic_prices(seconds_per_operation),
    }
    curve = {"contention": contention()} if with_contention else {}
    return {
        "title": f"One core of {_processor()}, measured",
        "source": _source()
        + (" Contention: processes that sign with ECDSA P-256 at once." if curve else ""),
        **curve,
        "operations": {name: prices[name].fields() for name in sorted(prices)},
    }


def write_profile(path: Path, profile: Mapping[str, Any] | None = None) -> None:
    """Write a machine profile as TOML; by default one measured now.

    Raises `OSError` when the file cannot be written.
    """
    profile = calibrate() if profile is None else profile
    path.write_text(profile_toml(profile), encoding="utf-8")


def _source() -> str:
    today = datetime.now(UTC).date()
    return (
        f"Measured on {today} by `tlscape calibrate`: CPU time, medians. {_processor()}, "
        f"{platform.system()} {platform.machine()}, {platform.python_implementation()} "
        f"{platform.python_version()}, cryptography {cryptography.__version__} with "
        f"{backend.openssl_version_text()}. Cryptography as the engine calls it from Python; "
        "accept, flight and byte from loopback sockets; request: its lines taken apart and a file "
        "of 3.7 kB read."
    )


def _processor() -> str:
    """The processor's name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
