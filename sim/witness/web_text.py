"""Requests and responses of a given size, as a browser and a web server would write them."""

from __future__ import annotations

_FROM_HERE_ON_A_BODY = 2_000
"""Bytes of a request: no browser's headers are much longer."""

_END = "\r\n\r\n"
_NO_CONTENT = "HTTP/1.1 204 "


def request_text(size: int, number: int, host: str) -> bytes:
    """A request of HTTP/1.1 of so many bytes; as many zeros where they are too few for one.

    Args:
        size: all of its bytes.
        number: which of its connection's requests, from 1.
        host: whom it asks.
    """
    head = f"{{}} /{number} HTTP/1.1\r\nHost: {host}\r\n"
    if size >= _FROM_HERE_ON_A_BODY:
        return _with_body(head.format("POST"), size)
    padded = head.format("GET") + "User-Agent: tlscape\r\nCookie: filler="
    for beginning, end in (
        (padded, _END),
        (head.format("GET") + "X: ", _END),
        (f"GET /{number}", " HTTP/1.0\r\n\r\n"),
    ):
        missing = size - len(beginning) - len(end)
        if missing >= 0:
            return f"{beginning}{'x' * missing}{end}".encode()
    return bytes(size)


def response_text(size: int) -> bytes:
    """A response of HTTP/1.1 of so many bytes; as many zeros where they are too few for one.

    Where they are too few for a body it has none, and its reason is as long as it takes.
    """
    with_body = _with_body("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n", size)
    missing = size - len(_NO_CONTENT) - len(_END)
    if with_body or missing < 0:
        return with_body or bytes(size)
    return f"{_NO_CONTENT}{'x' * missing}{_END}".encode()


def _with_body(head: str, size: int) -> bytes:
    """A message of so many bytes; none where they are too few for its head."""
    length = len(head) + len("Content-Length: 0123456789" + _END)
    if size < length:
        return b""
    # Leading zeros are allowed (RFC 9110 §8.6), and the head is as long for every body.
    return f"{head}Content-Length: {size - length:010d}{_END}".encode() + bytes(size - length)
