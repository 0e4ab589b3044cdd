"""The base of every part's description in a scenario."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails


class Description(BaseModel):
    """What a scenario says of one part: frozen, and no key but those it has."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def fault_at(place: tuple[str | int, ...], why: str) -> ValidationError:
    """What a validator raises that knows the fault's place, a path from its own description on.

    Pydantic puts the path to that description in front.
    """
    details = InitErrorDetails(
        type="value_error", loc=place, input=None, ctx={"error": ValueError(why)}
    )
    return ValidationError.from_exception_data("Description", [details])
