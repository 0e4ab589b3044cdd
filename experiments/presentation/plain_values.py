"""Values of tables as JSON has them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as JSON objects; what is NaN or infinite is null."""
    return [
        {str(name): plain_value(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it: numbers of Python, `None` for NaN and what is infinite."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
