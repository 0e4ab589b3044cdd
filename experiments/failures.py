"""What can go wrong in a study, each with the exit code of the command line.

The codes are documented in `docs/exit-codes.md`.
"""

from __future__ import annotations

import re

OBJECTIVE_MISSED = 3
"""The exit code of a study that ran, and whose scenario misses one of its objectives."""

_LONGEST = 2_000
_LONGEST_NAME = 255
"""Of a file, on any system: what is longer is no part of a path that the user is to open."""

_BEGINNING = 57

_LONG = re.compile(rf'"[^"]*"|[^\s/"]{{{_LONGEST_NAME + 1},}}')
"""What is quoted, of whatever length, or a long word."""


class Failure(Exception):
    """A failure that is told in one line: its message names the place and the remedy.

    What the message quotes may have line breaks and other signs that a terminal obeys or nobody
    sees; they are written as Python writes them (`\\n`). A value or name of hundreds of characters
    is cut, so that the remedy behind it is seen, and so is a message of pages.
    """

    exit_code = 1

    def __init__(self, message: object = "") -> None:
        super().__init__(_one_line(str(message)))


class ScenarioError(Failure):
    """A scenario file, an override, a scenario's name or a part of the caller's own is wrong."""

    exit_code = 2


class CaptureError(Failure):
    """A client's hello cannot be captured: no TLS, no such port, no capture file."""

    exit_code = 2


class EvidenceError(Failure):
    """A connection that is to be shown was never run, or does not come out as its row says."""

    exit_code = 2


class ColumnError(Failure):
    """A table was asked for a column that it does not have."""

    exit_code = 2


class FolderError(Failure):
    """The out folder cannot be used: not writable, or it holds something else."""

    exit_code = 2


class WorkerDied(Failure):
    """A worker process ended without an answer; finished jobs are kept."""

    exit_code = 5


class ClusterNotFound(Failure):
    """No cluster answers at the address that was given; nothing was run there."""

    exit_code = 2


class ClusterFailed(Failure):
    """A cluster was lost, or its workers died again and again; finished jobs are kept."""

    exit_code = 1


class DiskFailed(Failure):
    """Writing results failed midway (full disk, folder gone); finished jobs are kept."""

    exit_code = 4


class Interrupted(KeyboardInterrupt):
    """The user interrupted a study; finished jobs are kept."""

    exit_code = 130


def _one_line(text: str) -> str:
    """Return a text as it can be printed in one line."""
    text = _LONG.sub(_shortened, text)
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "..."
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _shortened(found: re.Match[str]) -> str:
    words = found[0]
    if len(words) <= _LONGEST_NAME + 2:
        return words
    return words[:_BEGINNING] + "..." + ('"' if words[0] == '"' else "")
