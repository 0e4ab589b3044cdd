"""Key shares that no hello may have are refused where they are described (RFC 8446 §4.2.8)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sim.workload.client_profile import client_profile
from sim.workload.hello_description import HelloDescription

NODE = client_profile("node-20").hello


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (["x25519", "X25519MLKEM768"], "X25519MLKEM768 is not among the groups"),
        (["GREASE", "x25519"], "GREASE is not among the groups"),
        (["x25519", "secp256r1", "x25519"], "x25519 has a key share twice"),
        ([{"group": "x25519", "length": 65}], "a key share of group 0x001d has 32 bytes"),
        ([{"group": 0x6399, "length": 1216}], "is not among the groups"),
    ],
)
def test_key_shares_that_no_hello_has(shares: list[Any], said: str) -> None:
    described = NODE.model_dump() | {"key_shares": shares}
    with pytest.raises(ValidationError, match=said):
        HelloDescription.model_validate(described)


def test_some_of_the_groups_and_none_are_well() -> None:
    for shares in (["x25519", "secp521r1"], [{"group": "x25519", "length": 32}], []):
        HelloDescription.model_validate(NODE.model_dump() | {"key_shares": shares})
