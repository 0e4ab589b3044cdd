"""What a handshake may wait for: the seam for shared caches, accelerators and remote signers.

A connection answers these itself unless its configuration defers them: then its caller does, with
`Connection.answer`, at once or later. They are the part of a handshake's requests that callers see;
the others are in `tls.handshake.requests`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tls.certificates import Identity
from tls.sessions import Session
from tls.signatures import SignatureScheme


@dataclass(slots=True)
class LookUpSession:
    """Answered with the live session of that ID, or `None`."""

    session_id: bytes


@dataclass(slots=True)
class StoreSession:
    """Remember a session; the answer does not matter."""

    session: Session


@dataclass(slots=True)
class PrivateKeyOperation:
    """Use an identity's private key: on an accelerator or a remote signer, if the caller wants.

    `"decrypt"` wants the plaintext of an RSA PKCS #1 v1.5 ciphertext; for bad padding anything, or
    `None`. `"sign"` wants the signature of `data` by `scheme`; where `scheme` is `None`, `data` is
    the MD5 and SHA-1 digests that SSL 3.0 to TLS 1.1 sign.
    """

    identity: Identity
    operation: Literal["decrypt", "sign"]
    data: bytes
    scheme: SignatureScheme | None = None


Deferrable = LookUpSession | StoreSession | PrivateKeyOperation
