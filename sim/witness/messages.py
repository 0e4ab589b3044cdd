"""The messages of one end, read from the records that it has made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import tls
from sim.witness.notes import SentRecord

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
_RECORD_HEADER, _MESSAGE_HEADER = 5, 4
_SERVER_HELLO, _FINISHED = 2, 20
_FATAL = 2
_RETRY = sha256(b"HelloRetryRequest").digest()
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3)."""
_LONGEST_LINE = 60


@dataclass(frozen=True, slots=True)
class Message:
    """A message as one end has sent it.

    Attributes:
        name: the RFC's, such as `ClientHello`; `alert unknown_ca (fatal)`, `application data`.
        detail: of application data its first line, where that can be read.
        size: its own bytes, those of records apart.
        begin, end: the bytes of the records that it lies in, counted from the end's first one.
        protected: whether these are encrypted.
    """

    name: str
    detail: str
    size: int
    begin: int
    end: int
    protected: bool


@dataclass(slots=True)
class _Piece:
    """A record of the handshake, and how many bytes of it belong to no message yet."""

    left: int
    begin: int
    end: int
    protected: bool


class MessageReader:
    """Reads what one end sends, turn by turn."""

    def __init__(self) -> None:
        self._position = 0
        self._handshake = b""
        self._pieces: list[_Piece] = []
        self._finished = False

    def read(self, records: Sequence[SentRecord]) -> tuple[Message, ...]:
        """The messages that end in these records, which come next."""
        return tuple(_joined(self._messages(records)))

    def _messages(self, records: Sequence[SentRecord]) -> Iterator[Message]:
        for kind, carried, length in records:
            begin, end = self._position, self._position + length
            self._position = end
            # Whatever is protected is longer, by a tag, a MAC or padding.
            protected = length > _RECORD_HEADER + len(carried)
            if kind == HANDSHAKE:
                yield from self._handshake_messages(carried, begin, end, protected)
                continue
            if kind is None:
                name, detail = "ClientHello", "in SSL 2.0's format"
                protected = False
            elif kind == CHANGE_CIPHER_SPEC:
                name, detail = "ChangeCipherSpec", ""
            elif kind == ALERT:
                level = " (fatal)" if carried[0] == _FATAL else ""
                name, detail = f"alert {tls.alert_name(carried[1])}{level}", ""
            else:
                name, detail = self._data(carried)
            yield Message(name, detail, len(carried), begin, end, protected)

    def _data(self, carried: bytes) -> tuple[str, str]:
        name = "application data" if self._finished else "early data"
        return name, first_line(carried)

    def _handshake_messages(
        self, carried: bytes, begin: int, end: int, protected: bool
    ) -> Iterator[Message]:
        """Messages, of which a record carries several, or several records one."""
        self._handshake += carried
        self._pieces.append(_Piece(len(carried), begin, end, protected))
        while len(self._handshake) >= _MESSAGE_HEADER:
            kind = self._handshake[0]
            size = _MESSAGE_HEADER + int.from_bytes(self._handshake[1:_MESSAGE_HEADER], "big")
            if len(self._handshake) < size:
                return
            message, self._handshake = self._handshake[:size], self._handshake[size:]
            first, last = self._take(size)
            self._finished |= kind == _FINISHED
            yield Message(_name(kind, message), "", size, first.begin, last.end, first.protected)

    def _take(self, size: int) -> tuple[_Piece, _Piece]:
        """The records in which the next so many bytes begin and end."""
        first = self._pieces[0]
        while True:
            last = self._pieces[0]
            taken = min(size, last.left)
            size -= taken
            last.left -= taken
            if not last.left:
                self._pieces.pop(0)
            if not size:
                return first, last


def _name(kind: int, message: bytes) -> str:
    if kind == _SERVER_HELLO and message[6:38] == _RETRY:
        return "HelloRetryRequest"
    words = tls.message_name(kind)
    return words if " " in words else words.title().replace("_", "")


def first_line(data: bytes) -> str:
    """The first line of a request or response; nothing where it is not one."""
    line = data.partition(b"\r\n")[0][:_LONGEST_LINE].decode("ascii", "replace")
    return line if line.startswith(("GET ", "POST ", "CONNECT ", "HTTP/")) else ""


def _joined(messages: Iterator[Message]) -> Iterator[Message]:
    """Messages; application data of several records is one."""
    before: Message | None = None
    for message in messages:
        if before is not None and before.name == message.name and message.name.endswith(" data"):
            before = Message(
                before.name,
                before.detail or message.detail,
                before.size + message.size,
                before.begin,
                message.end,
                True,
            )
            continue
        if before is not None:
            yield before
        before = message
    if before is not None:
        yield before
