"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write UTF-8 text under a temporary name beside `file`, and rename it when it is whole.

    Raises:
        OSError: it cannot be written; `file` is as it was.
    """
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
