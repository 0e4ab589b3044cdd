"""Standard output and error that survive: an ASCII terminal, a closed pipe, a full device."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Iterator

from experiments.failures import Failure

_IN_ASCII = {
    "±": "+/-",
    "–": "-",
    "—": "-",
    "…": "...",
    "×": "x",
    "’": "'",
    "“": '"',
    "”": '"',
    "─": "-",
    "µ": "u",
    "μ": "u",
    "\u00a0": " ",
    "\u202f": " ",
}


class OutputFailed(Failure):
    """What was printed could not be written; results lie in the out folder all the same."""

    exit_code = 4


def any_terminal() -> None:
    """Let both streams take every character: what an encoding has not is written in ASCII."""
    codecs.register_error("tlscape", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="tlscape")


@contextlib.contextmanager
def flushed() -> Iterator[None]:
    """Write out what was printed; a reader that has gone away is no fault.

    Raises:
        OutputFailed: the device is full, or cannot be written for another reason; a line on
            standard error says so.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    except OSError as error:
        if error.filename is not None:
            raise
        _discard_output()
        with contextlib.suppress(OSError):
            print(f"tlscape: standard output: {error.strerror}", file=sys.stderr)
        raise OutputFailed(error.strerror) from None


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wanted = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(character, "?") for character in wanted), error.end


def _discard_output() -> None:
    """Leave nothing that the interpreter would try to write at its end."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
