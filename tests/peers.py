"""Real peers: a missing one skips on a laptop and fails where CI=true."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def lack(reason: str) -> NoReturn:
    """Skip the test for want of something, or fail it where CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def require_program(name: str) -> str:
    """The path of a program that a test talks to."""
    path = shutil.which(name)
    if path is None:
        lack(f"{name} is not installed")
    return path
