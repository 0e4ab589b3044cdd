"""Options that need each other, or what only one version has: refused before anything connects."""

from __future__ import annotations

import argparse
from pathlib import Path

from tls.errors import UsageError
from tls.suites import SUITES
from tls.versions import TLS_1_3

_OF_TLS_1_3 = ("key_update", "stapling", "early_data", "psk")


def check_together(options: argparse.Namespace) -> None:
    """Check what no option alone tells. Raises `UsageError`."""
    for name in _OF_TLS_1_3:
        if getattr(options, name) and TLS_1_3 not in options.versions:
            raise UsageError(
                f"--{name.replace('_', '-')} is of TLS 1.3, which is not among --versions"
            )
    if options.command == "serve":
        _check_identity(options)
    else:
        _check_connection(options)


def _check_identity(options: argparse.Namespace) -> None:
    anonymous = all(code in SUITES and SUITES[code].is_anonymous for code in options.suites)
    if not options.certificate and not options.key and not options.psk and not anonymous:
        raise UsageError("a server wants a --certificate with its --key, or a --psk")


def _check_connection(options: argparse.Namespace) -> None:
    if options.renegotiate and set(options.versions) == {TLS_1_3}:
        raise UsageError("--renegotiate: TLS 1.3 has no renegotiation")
    if options.stapling is not None:
        _check_writable(Path(options.stapling))


def _check_writable(path: Path) -> None:
    """Check that a file can be written. Raises `OSError`; makes no file that was not there."""
    there = path.exists()
    path.open("ab").close()
    if not there:
        path.unlink()
