"""The questions a study can ask. Each is a module of its own name with one `QUESTION`.

To add one: write its module, and name it in `NAMES`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.questions.question import Question

NAMES = ("capacity", "reachability", "session-cache")
"""What a `[study]` table's `question` may be."""


def find(name: str) -> Question:
    """Return the question of this name; its module is imported now.

    Raises:
        KeyError: there is none.
    """
    if name not in NAMES:
        raise KeyError(name)
    module = importlib.import_module(f"experiments.questions.{name.replace('-', '_')}")
    found: Question = module.QUESTION
    return found
