"""Private-key operations in this process."""

from __future__ import annotations

from typing import cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tls.deferrable import PrivateKeyOperation
from tls.errors import UsageError
from tls.exchange.rsa import decrypt_premaster
from tls.meter import Meter
from tls.signatures import sign, sign_md5_and_sha1


def use_private_key(
    request: PrivateKeyOperation, meter: Meter, *, deterministic: bool = False
) -> bytes | None:
    """Sign or decrypt with the identity's own key.

    Args:
        request: what to do.
        meter: books the work.
        deterministic: whether ECDSA signs without chance (RFC 6979), as a connection with entropy
            of its caller's does.

    Raises:
        UsageError: for a key that does not decrypt.

    Returns:
        What `Connection.answer` wants.
    """
    key = request.identity.private_key
    if request.operation == "decrypt":
        if request.identity.key_kind != "rsa":
            raise UsageError("only RSA keys decrypt")
        return decrypt_premaster(cast("RSAPrivateKey", key), request.data, meter)
    if request.scheme is None:
        return sign_md5_and_sha1(key, request.data, deterministic=deterministic, meter=meter)
    return sign(key, request.scheme, request.data, deterministic=deterministic, meter=meter)
