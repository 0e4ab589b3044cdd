"""Text files and TOML as users have them: what cannot be read is told in one line."""

from __future__ import annotations

import tomllib
from pathlib import Path as FilePath
from typing import Any

from experiments.failures import ScenarioError
from experiments.scenario_files.places import dotted
from experiments.scenario_files.toml_places import Path, line_of

DEEPEST = 32
"""Tables and arrays inside each other."""

_LARGEST_NUMBER = 10**40

_IN_QUOTES = (
    'text and quantities stand in quotes, such as "5 min"; a date is one such as '
    "1998-06-30T00:00:00Z"
)
_REMEDIES = {
    "Invalid value": _IN_QUOTES,
    "Expected newline": _IN_QUOTES,
    "Cannot overwrite a value": "the key stands twice; remove one",
    "Cannot declare": "the table stands twice; join the two",
    "Cannot mutate": "the table stands elsewhere already; join the two",
    "Unclosed array": 'close it with "]"',
    "Expected '='": "write key = value",
    "Illegal character": "remove it",
    "Unescaped": "write \\\\ for a backslash, or use quotes like 'this'",
}


def read_text(
    file: FilePath, shown: str, *, largest: int, otherwise: str = "save it as UTF-8"
) -> str:
    """Return a file's text (UTF-8, a byte order mark is dropped); `shown` begins its errors.

    `otherwise` is what to do about one that is no UTF-8.

    Raises:
        ScenarioError: it is not there, no file, not readable, no UTF-8, or larger than `largest`
            bytes.
    """
    try:
        if file.is_dir():
            raise ScenarioError(f"{shown}: a folder, not a file; give a file")
        if not file.exists():
            raise ScenarioError(f"{shown}: there is no such file ({file.absolute()})")
        if not file.is_file():
            raise ScenarioError(f"{shown}: not a plain file; give one")
        with file.open("rb") as stream:
            content = stream.read(largest + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ScenarioError(f"{shown}: cannot be read ({why}); give another file") from None
    if len(content) > largest:
        raise ScenarioError(
            f"{shown}: larger than {largest / 1e6:g} MB, the most that is read; shorten it"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ScenarioError(
            f"{shown}:{line}: not UTF-8 text ({error.reason}); {otherwise}"
        ) from None


def toml_content(text: str, shown: str) -> dict[str, Any]:
    """Return what a TOML text says; `shown` begins its errors.

    Raises:
        ScenarioError: it is not TOML, or nested deeper than `DEEPEST`.
    """
    try:
        content = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{_at_line(shown, error)}: not TOML: {_with_remedy(error)}") from None
    except RecursionError:
        raise _too_deep(shown) from None
    except ValueError:
        raise ScenarioError(f"{shown}: a number has thousands of digits; shorten it") from None
    check_content(content, shown, text)
    return content


def check_content(content: Any, shown: str, text: str = "") -> None:
    """Check that nothing is nested too deep, and that no number has too many digits.

    Args:
        content: tables, arrays and values.
        shown: begins the error, with the line where a number stands in `text`.
        text: what the content was read from, if it was.

    Raises:
        ScenarioError: it is nested deeper than `DEEPEST`, or a number is longer than 40 digits.
    """
    level: list[tuple[Path, Any]] = [((), content)]
    for _ in range(DEEPEST + 1):
        level = [item for path, inner in level for item in _items(inner, path)]
        for path, inner in level:
            if isinstance(inner, int) and abs(inner) >= _LARGEST_NUMBER:
                line = line_of(text, path) if text and path else None
                where = shown if line is None else f"{shown}:{line}"
                raise ScenarioError(
                    f"{where}: {dotted(path) or 'the value'}: a number of some "
                    f"{len(hex(inner)) * 6 // 5} digits; shorten it"
                )
        if not level:
            return
    raise _too_deep(shown)


def _too_deep(shown: str) -> ScenarioError:
    return ScenarioError(
        f"{shown}: tables or arrays stand more than {DEEPEST} deep in each other; nest them less"
    )


def _items(content: Any, path: Path) -> list[tuple[Path, Any]]:
    if isinstance(content, dict):
        return [((*path, str(key)), inner) for key, inner in content.items()]
    if isinstance(content, list | tuple):
        return [((*path, number), inner) for number, inner in enumerate(content)]
    return []


def _at_line(shown: str, error: tomllib.TOMLDecodeError) -> str:
    _, _, place = str(error).partition("(at line ")
    line = place.partition(",")[0]
    return f"{shown}:{line}" if line.isdigit() else shown


def _with_remedy(error: tomllib.TOMLDecodeError) -> str:
    words = str(error)
    remedy = next((one for said, one in _REMEDIES.items() if words.startswith(said)), None)
    return f"{words}; {remedy}" if remedy else words
