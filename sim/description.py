"""The base of every part's description in a scenario."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails


def _make_numbers_strict(schema: Any, own: type[BaseModel]) -> None:
    """Have pydantic take no other type for a number, except a whole one for any.

    What is inside another model than one's own is its own affair.
    """
    if isinstance(schema, dict):
        if schema.get("type") == "model" and schema["cls"] is not own:
            return
        if schema.get("type") in ("int", "float"):
            schema["strict"] = True
        schema = list(schema.values())
    if isinstance(schema, list | tuple):
        for inner in schema:
            _make_numbers_strict(inner, own)


class Description(BaseModel):
    """What a scenario says of one part: frozen, and no key but those it has.

    A number is written as one: `true`, `"4"` and, where it is to be whole, `4.0` are refused.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        _make_numbers_strict(schema, cls)
        return schema


def none_if_none(value: object) -> object:
    """`None` for "none", which a study writes where a scenario says nothing; else the value."""
    return None if value == "none" else value


def fault_at(place: tuple[str | int, ...], why: str) -> ValidationError:
    """What a validator raises that knows the fault's place, a path from its own description on.

    Pydantic puts the path to that description in front.
    """
    details = InitErrorDetails(
        type="value_error", loc=place, input=None, ctx={"error": ValueError(why)}
    )
    return ValidationError.from_exception_data("Description", [details])
