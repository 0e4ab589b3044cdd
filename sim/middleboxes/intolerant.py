"""Boxes that stop what they do not understand: a version, an extension, a hello of two packets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

import tls
from sim.middleboxes.client_hello import ClientHello, begins_client_hello, read_client_hello
from sim.middleboxes.middlebox import (
    PASS,
    Action,
    Flow,
    Middlebox,
    Refusal,
    Seen,
    Verdict,
    refused,
)

Reaction = Refusal | Literal["alert"]
"""What an intolerant box does: drop, reset, or answer with the fatal alert `handshake_failure`."""

_ALERT = 21
_FATAL = 2
_HANDSHAKE_FAILURE = 40


def _react(reaction: Reaction, reason: str, hello: ClientHello) -> Verdict:
    if reaction != "alert":
        return refused(reaction, reason)
    version = min(hello.version, tls.TLS_1_2).to_bytes(2, "big")
    alert = bytes([_ALERT, *version, 0, 2, _FATAL, _HANDSHAKE_FAILURE])
    return Verdict(Action.ANSWER, reason, alert)


class VersionIntolerant(Middlebox):
    """It stops a ClientHello of a version that it has never heard of, instead of letting both ends
    agree on a lower one (RFC 5246 appendix E.1 asks servers to)."""

    kind: Literal["version-intolerant"]
    highest: str
    """The highest version that it knows: "TLS 1.0"."""
    reaction: Reaction = "drop"
    """What it does with a higher one."""

    @field_validator("highest")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            tls.version_from_name(name)
        except KeyError as error:
            raise ValueError(error.args[0]) from None
        return name

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """By the version in the ClientHello."""
        hello = read_client_hello(seen.data) if to_server else None
        if hello is None or hello.version <= tls.version_from_name(self.highest):
            return PASS
        return _react(self.reaction, f"{tls.version_name(hello.version)} unknown", hello)


class ExtensionIntolerant(Middlebox):
    """It stops a ClientHello that carries an extension that it does not know."""

    kind: Literal["extension-intolerant"]
    known: tuple[Annotated[int, Field(ge=0, le=65535, strict=True)], ...] = ()
    """Types of the extensions that it knows (IANA "TLS ExtensionType Values"); else none."""
    reaction: Reaction = "drop"
    """What it does with a ClientHello that carries any other."""

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """By the extensions of the ClientHello."""
        hello = read_client_hello(seen.data) if to_server else None
        if hello is None:
            return PASS
        unknown = [kind for kind in hello.extensions if kind not in self.known]
        if not unknown:
            return PASS
        return _react(self.reaction, f"extension {unknown[0]} unknown", hello)


class HelloSizeIntolerant(Middlebox):
    """It takes the first packet for the whole ClientHello, and stops what goes on in a second one.

    Hellos of more than one segment are those with post-quantum key shares, and with long tickets.
    """

    kind: Literal["hello-size-intolerant"]
    reaction: Refusal = "drop"
    """What it does with a ClientHello that the first packet does not hold."""

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """By what is in the first packet alone."""
        first = seen.data[: seen.first_segment]
        if not (to_server and begins_client_hello(first)) or read_client_hello(first) is not None:
            return PASS
        return refused(self.reaction, "hello in two packets")
