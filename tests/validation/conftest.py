"""What every test on a real network needs."""

from __future__ import annotations

import pytest

from experiments.validation.namespaces import unavailable
from tests.peers import lack


@pytest.fixture
def real_hosts() -> None:
    """Skip without network namespaces, or fail where CI=true."""
    if reason := unavailable():
        lack(reason)
