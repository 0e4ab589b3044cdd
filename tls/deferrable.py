"""What a handshake may wait for: the seam for shared caches, accelerators and remote signers.

These are all that a handshake asks of the world outside, its clock apart. A connection answers them
itself unless its configuration defers them: then its caller does, with `Connection.answer`, at once
or later. They are the part of a handshake's requests that callers see; the others are in
`tls.handshake.requests`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tls.certificates import Identity
from tls.sessions import Session
from tls.signatures import SignatureScheme


@dataclass(slots=True)
class LookUpSession:
    """Find the session of the ID that a client offers (RFC 5246 §7.4.1.2).

    Answered with the session, if it is known and not too old, or `None`.
    """

    session_id: bytes


@dataclass(slots=True)
class AcceptSession:
    """Say whether a new session would be kept, so that it deserves an ID: answered yes or no.

    Not asked where the client gets a ticket instead.
    """


@dataclass(slots=True)
class StoreSession:
    """Remember a session under its ID; the answer does not matter."""

    session: Session


@dataclass(slots=True)
class RemoveSession:
    """Forget the session of that ID after a fatal alert (RFC 2246 §7.2).

    The connection is closed by then and waits for nothing: the answer does not matter, and may be
    left out. The request comes with the events of the alert, received or sent.
    """

    session_id: bytes


@dataclass(slots=True)
class OpenTicket:
    """Open the ticket that a client offers (RFC 5077 §3.4), and judge its key and its age.

    Answered with its session and whether it deserves a new ticket, as `TicketKeys.open` does, or
    with `None` when it is no good.
    """

    ticket: bytes


@dataclass(slots=True)
class SealTicket:
    """Make a session's ticket (RFC 5077 §3.3), as `TicketKeys.seal` does.

    Answered with it; empty where there is none.
    """

    session: Session


@dataclass(slots=True)
class AcceptEarlyData:
    """Say whether early data may be taken, which somebody may have sent before (RFC 8446 §8).

    Answered yes or no, as `EarlyDataGuard.accepts` does. `hello` is what is unique to the
    ClientHello, `age_error` the seconds by which its ticket's age differs from what it says.
    """

    hello: bytes
    age_error: float


@dataclass(slots=True)
class PrivateKeyOperation:
    """Use an identity's private key: on an accelerator or a remote signer, if the caller wants.

    `use_private_key` does it in this process.

    `"decrypt"` wants the plaintext of an RSA PKCS #1 v1.5 ciphertext; for bad padding anything, or
    `None`. `"sign"` wants the signature of `data` by `scheme`; where `scheme` is `None`, `data` is
    the MD5 and SHA-1 digests that SSL 3.0 to TLS 1.1 sign.
    """

    identity: Identity
    operation: Literal["decrypt", "sign"]
    data: bytes
    scheme: SignatureScheme | None = None


Deferrable = (
    LookUpSession
    | AcceptSession
    | StoreSession
    | RemoveSession
    | OpenTicket
    | SealTicket
    | AcceptEarlyData
    | PrivateKeyOperation
)
