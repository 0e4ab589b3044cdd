"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, content: str | bytes) -> None:
    """Write bytes, or text as UTF-8, beside `file`, and rename it when it is whole.

    Raises:
        OSError: it cannot be written; `file` is as it was.
    """
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
