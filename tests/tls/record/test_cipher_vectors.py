"""Published vectors of the block ciphers, those that no living peer speaks among them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tls.record.cbc import ALGORITHMS

VECTORS = {
    # RFC 2268 §5: 128 effective bits, as the expanded export key has.
    "rc2-40-cbc": ("88bca90e90875a7f0f79c384627bafb2", "00" * 8, "2269552ab0f85ca6"),
    # X. Lai, On the Design and Security of Block Ciphers, 1992.
    "idea-cbc": ("00010002000300040005000600070008", "0000000100020003", "11fbed2b01986de5"),
    # FIPS 46: the worked example.
    "des-cbc": ("133457799bbcdff1", "0123456789abcdef", "85e813540f0ab405"),
    "des40-cbc": ("133457799bbcdff1", "0123456789abcdef", "85e813540f0ab405"),
    # RFC 3713 appendix A.
    "camellia-128-cbc": (
        "0123456789abcdeffedcba9876543210",
        "0123456789abcdeffedcba9876543210",
        "67673138549669730857065648eabe43",
    ),
    "camellia-256-cbc": (
        "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff",
        "0123456789abcdeffedcba9876543210",
        "9acc237dff16d76c20ef7c919e3a7509",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_block_ciphers(name: str) -> None:
    key, plain, encrypted = map(bytes.fromhex, VECTORS[name])
    cipher = Cipher(ALGORITHMS[name](key), CBC(bytes(len(plain))))
    assert cipher.encryptor().update(plain) == encrypted
