"""Requests and responses of any size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sim.witness.web_text import request_text, response_text

SIZES = st.integers(1, 5000)


@given(SIZES, st.integers(1, 500))
def test_a_request_has_its_size_and_its_form(size: int, number: int) -> None:
    text = request_text(size, number, "www.contoso.com")
    assert len(text) == size
    if size < len(f"GET /{number} HTTP/1.0\r\n\r\n"):
        assert text == bytes(size)
        return
    head, _, body = text.partition(b"\r\n\r\n")
    first, *fields = head.decode("ascii").split("\r\n")
    assert first.split()[0] == ("POST" if size >= 2000 else "GET")
    lengths = [each for each in fields if each.startswith("Content-Length: ")]
    assert len(body) == (int(lengths[0].split()[1]) if lengths else 0)
    assert all(": " in each for each in fields)


@given(SIZES)
def test_a_response_has_its_size_and_its_form(size: int) -> None:
    text = response_text(size)
    assert len(text) == size
    if size < len("HTTP/1.1 204 \r\n\r\n"):
        assert text == bytes(size)
        return
    head, _, body = text.partition(b"\r\n\r\n")
    first, *fields = head.decode("ascii").split("\r\n")
    assert first.startswith(("HTTP/1.1 200 OK", "HTTP/1.1 204 "))
    lengths = [each for each in fields if each.startswith("Content-Length: ")]
    assert len(body) == (int(lengths[0].split()[1]) if lengths else 0)
