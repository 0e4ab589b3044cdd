"""Hellos and records that no engine of ours would send."""

from __future__ import annotations

import tls
from tls import extensions as types
from tls.groups import SECP256R1, X25519
from tls.messages import ClientHello, ServerHello, encode_message
from tls.tls13.hello_extensions import (
    KeyShareEntry,
    SelectedGroup,
    SelectedVersion,
    ServerKeyShare,
)
from tls.tls13.messages import HELLO_RETRY_REQUEST_RANDOM


def record(message: bytes, version: bytes = b"\3\3") -> bytes:
    return b"\x16" + version + len(message).to_bytes(2, "big") + message


def server_hello(hello: bytes, **changes: object) -> bytes:
    """A well-formed answer to a client's hello, some of its fields changed."""
    theirs = ClientHello.decode(hello[9:], tls.TLS_1_2)
    fields = {
        "server_version": tls.TLS_1_2,
        "random": bytes(range(32)),
        "session_id": theirs.session_id,
        "cipher_suite": 0x1301,
        "compression_method": 0,
        "extensions": {
            types.SUPPORTED_VERSIONS: SelectedVersion(tls.TLS_1_3).encode(),
            types.KEY_SHARE: ServerKeyShare(KeyShareEntry(X25519, b"\x09" + bytes(31))).encode(),
        },
        **changes,
    }
    return record(encode_message(ServerHello(**fields), tls.TLS_1_2))  # type: ignore[arg-type]


def chosen(**changes: bytes | None) -> dict[int, bytes]:
    """The extensions of a ServerHello, changed."""
    base = {
        types.SUPPORTED_VERSIONS: SelectedVersion(tls.TLS_1_3).encode(),
        types.KEY_SHARE: ServerKeyShare(KeyShareEntry(X25519, b"\x09" + bytes(31))).encode(),
    }
    for name, data in changes.items():
        base.pop(getattr(types, name), None)
        if data is not None:
            base[getattr(types, name)] = data
    return base


def retry(**changes: bytes | None) -> dict[str, object]:
    """The fields of a HelloRetryRequest."""
    group = SelectedGroup(SECP256R1).encode()
    return {
        "random": HELLO_RETRY_REQUEST_RANDOM,
        "extensions": chosen(**{"KEY_SHARE": group, **changes}),
    }
