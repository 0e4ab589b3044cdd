"""The questions a study can ask. Each is a module with one `QUESTION`.

To add one: write its module and name it in `_MODULES`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.questions.question import Question

_MODULES = {
    "overview": "experiments.questions.overview",
    "passage": "experiments.questions.passage",
    "session-cache": "experiments.questions.session_cache",
}


def names() -> list[str]:
    """Return the names that a `[study]` table's `question` may have."""
    return sorted(_MODULES)


def find(name: str) -> Question:
    """Return the question of this name; its module is imported now.

    Raises:
        KeyError: there is none.
    """
    module = importlib.import_module(_MODULES[name])
    found: Question = module.QUESTION
    return found
