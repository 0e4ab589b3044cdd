"""The base of every part's description in a scenario."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Description(BaseModel):
    """What a scenario says of one part: frozen, and no key but those it has."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )
