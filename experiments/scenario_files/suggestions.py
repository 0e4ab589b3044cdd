"""Near misses: what the user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 60


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a text, or its beginning where it is too long to be quoted."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def did_you_mean(written: str, known: Iterable[str], *, what: str) -> str:
    """Return the remedy for a name that is not known.

    The nearest of the `known` names when one is near, and else all of them, called `what`
    ("scenarios", "keys here").
    """
    names = list(known)
    near = difflib.get_close_matches(shortened(written), names, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    if not names:
        return f"there are no {what}"
    return f"{what}: {', '.join(names)}"
