"""What a signature by each kind of key is, beside real ones."""

from __future__ import annotations

import pytest

import tls
from sim.identities import ChainDescription, identity, key_names, signature_length, verifying
from sim.identities.chain import root_certificate
from tls.certificates.certificate import parse_certificate

KEYS = [key for key in key_names() if key not in ("rsa-512", "rsa-8192")]


@pytest.mark.parametrize("key", KEYS)
def test_a_certificate_that_a_kind_of_key_has_signed(key: str) -> None:
    description = ChainDescription.model_validate({"key": "ecdsa-p256", "root": {"key": key}})
    root = parse_certificate(root_certificate(description.root))
    meter = tls.Meter()
    leaf = identity(description).leaf
    assert leaf.is_signed_by(root, meter)
    assert [tuple(each) for each in meter.take_log()] == [tuple(verifying(key))]
    assert abs(len(leaf._signature) - signature_length(key)) <= (2 if "ecdsa" in key else 0)
