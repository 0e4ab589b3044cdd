"""What is wrong with a value, and the remedy: the words for each kind of pydantic's errors."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Any

from pydantic_core import ErrorDetails

from experiments.scenario_files import former_names, schema
from experiments.scenario_files.places import dotted
from experiments.scenario_files.suggestions import did_you_mean
from experiments.scenario_files.toml_places import Path
from sim.units import parse_bit_rate, parse_duration, parse_frequency, parse_size

_LONGEST = 60

_UNITS = {"s": parse_duration, "B": parse_size, "bit/s": parse_bit_rate, "/s": parse_frequency}


def explain(cause: ErrorDetails, path: Path, content: Any, written: Any) -> str:
    """Return what `cause` says of `path`, where the whole file's content has `written`."""
    kind, context = cause["type"], cause.get("ctx", {})
    if kind == "extra_forbidden":
        if path in former_names.KEYS:
            return former_names.is_called(str(path[-1]), former_names.KEYS[path])
        known = schema.keys_at(path[:-1], content)
        return f'unknown key "{path[-1]}"; {did_you_mean(str(path[-1]), known, what="keys here")}'
    if kind == "missing":
        return _missing(path)
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return _no_table(path, content, written)
    if kind in _OF_ARRAYS:
        return _OF_ARRAYS[kind](path, written)
    if kind in _OF_NUMBERS:
        return _OF_NUMBERS[kind](written, schema.limits_at(path, content))
    if kind in _OF_VALUES:
        return _OF_VALUES[kind](written)
    if kind in _OF_CONSTRAINTS:
        return _OF_CONSTRAINTS[kind](written, context)
    message = cause["msg"].removeprefix("Input should ") + _unit(kind, written)
    if message == cause["msg"]:
        return f"{quoted(written)} will not do: {message[:1].lower()}{message[1:]}"
    return f"{quoted(written)} will not do; it should {message}"


def _unit(kind: str, written: Any) -> str:
    """Return the unit of a limit, where a quantity was written: that of the tables."""
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        for unit, parse in _UNITS.items():
            with contextlib.suppress(ValueError):
                parse(written)
                return f" {unit}"
    return ""


def quoted(written: Any) -> str:
    """Return a value as TOML writes it, shortened; tables by that word."""
    if isinstance(written, Mapping):
        return "a table"
    words = _in_toml(written)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."


def _in_toml(written: Any) -> str:
    if isinstance(written, bool):
        return str(written).lower()
    if isinstance(written, str):
        return f'"{written}"'
    if isinstance(written, list | tuple):
        return f"[{', '.join(map(_in_toml, written[:_LONGEST]))}]"
    if isinstance(written, dict):
        return "{ ... }" if written else "{}"
    if isinstance(written, int) and abs(written) >= 10**_LONGEST:
        return f"a number of some {len(hex(written)) * 6 // 5} digits"
    return str(written)


def _missing(path: Path) -> str:
    if isinstance(path[-1], int):
        return f"entry number {path[-1] + 1} is missing; add it"
    return f'the key "{path[-1]}" is missing; add it'


def _no_table(path: Path, content: Any, written: Any) -> str:
    known = schema.keys_at(path, content)
    keys = f"; its keys: {', '.join(known)}" if known else ""
    return f"{quoted(written)} is not a table; write one{keys}"


# ---------------------------------------------------------------- arrays


def _no_array(path: Path, written: Any) -> str:
    if isinstance(written, Mapping):
        return f"here is one table where several may stand; write [[{dotted(path)}]]"
    return f"{quoted(written)} is not an array; write it in brackets: [{quoted(written)}]"


_OF_ARRAYS: dict[str, Callable[[Path, Any], str]] = {
    "tuple_type": _no_array,
    "list_type": _no_array,
}


# ---------------------------------------------------------------- single values


def _no_whole_number(written: Any, limits: schema.Limits) -> str:
    number = _number(written)
    if number is not None and number == int(number) and limits.are_near(number):
        words = f"{quoted(written)} is not a whole number as TOML writes it; write "
        return words + limits.words(int(number))
    return f"{quoted(written)} is not a whole number; write one, such as {limits.words(10)}"


def _no_number(written: Any, limits: schema.Limits) -> str:
    number = _number(written)
    if number is not None:
        words = f"{quoted(written)} is not a number as TOML writes it; write "
        return words + limits.words(number, str(written).strip())
    return f"{quoted(written)} is not a number; write one, such as {limits.words(0.5)}"


_OF_NUMBERS: dict[str, Callable[[Any, schema.Limits], str]] = {
    "int_type": _no_whole_number,
    "int_parsing": _no_whole_number,
    "int_from_float": _no_whole_number,
    "float_type": _no_number,
    "float_parsing": _no_number,
}


def _number(written: Any) -> float | None:
    """Return the finite number that is meant by a text or a number."""
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        return None
    try:
        number = float(written)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def _no_text(written: Any) -> str:
    return f'{quoted(written)} is not text; write it in quotes, such as "some text"'


def _no_truth_value(written: Any) -> str:
    return f"{quoted(written)} is neither true nor false; write one of these, without quotes"


def _no_moment(written: Any) -> str:
    return f"{quoted(written)} is not a date with a time; write one, such as 1998-06-30T00:00:00Z"


def _no_time_zone(written: Any) -> str:
    example = "1998-06-30T00:00:00"
    if isinstance(written, datetime.datetime):
        example = written.isoformat()
    elif isinstance(written, datetime.date):
        example = f"{written.isoformat()}T00:00:00"
    return f"{quoted(written)} has no time zone; write {example}Z, or with an offset from it"


def _no_address(written: Any) -> str:
    return f'{quoted(written)} is not an IPv4 address; write one, such as "192.0.2.1"'


def _no_network(written: Any) -> str:
    try:
        network = IPv4Network(written, strict=False)
    except (ValueError, TypeError):
        return f'{quoted(written)} is not an IPv4 network; write one, such as "10.0.0.0/8"'
    return f'{quoted(written)} is an address within a network; write the network, "{network}"'


_OF_VALUES: dict[str, Callable[[Any], str]] = {
    "string_type": _no_text,
    "bool_type": _no_truth_value,
    "bool_parsing": _no_truth_value,
    "datetime_type": _no_moment,
    "datetime_parsing": _no_moment,
    "datetime_from_date_parsing": _no_moment,
    "datetime_object_invalid": _no_moment,
    "timezone_aware": _no_time_zone,
    "ip_v4_address": _no_address,
    "ip_v4_network": _no_network,
}


# ---------------------------------------------------------------- constraints


def _too_short(written: Any, context: Mapping[str, Any]) -> str:
    least, number = context["min_length"], context["actual_length"]
    return f"at least {_entries(least)} needed, here {_are(number)}; add {least - number}"


def _too_long(written: Any, context: Mapping[str, Any]) -> str:
    most, number = context["max_length"], len(written)
    return f"at most {_entries(most)} allowed, here {_are(number)}; remove {number - most}"


def _entries(number: int) -> str:
    return "1 entry is" if number == 1 else f"{number} entries are"


def _are(number: int) -> str:
    return "is none" if number == 0 else "is 1" if number == 1 else f"are {number}"


def _text_too_short(written: Any, context: Mapping[str, Any]) -> str:
    least = context["min_length"]
    if least == 1:
        return "the text is empty; write something"
    return f"{quoted(written)} is too short; write at least {least} characters"


def _text_too_long(written: Any, context: Mapping[str, Any]) -> str:
    return f"{quoted(written)} is too long; write at most {context['max_length']} characters"


def _unknown_word(written: Any, context: Mapping[str, Any]) -> str:
    known = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
    renamed = former_names.WORDS.get(str(written))
    if renamed is not None and renamed in known:
        return former_names.is_called(str(written), renamed)
    return f"{quoted(written)} is unknown; {did_you_mean(str(written), known, what='known')}"


def _unknown_kind(written: Any, context: Mapping[str, Any]) -> str:
    known = [tag.strip(" '()") for tag in context["expected_tags"].split(",")]
    key, wrong = context["discriminator"].strip("'"), str(context["tag"]).strip("()")
    if key.endswith(")"):
        # A function chooses: the file's own word for it is the one that is unknown.
        key = next((name for name, value in written.items() if str(value) == wrong), "kind")
        known = [tag for tag in known if tag != "constant"]
    word = quoted(written.get(key, wrong))
    return f"{key} = {word} is unknown; {did_you_mean(wrong, known, what='known')}"


def _no_kind(written: Any, context: Mapping[str, Any]) -> str:
    key = context["discriminator"].strip("'")
    return f'the key "{key}" is missing; add it: it says which kind is meant'


def _own_words(written: Any, context: Mapping[str, Any]) -> str:
    return str(context["error"])


_OF_CONSTRAINTS: dict[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "too_short": _too_short,
    "too_long": _too_long,
    "string_too_short": _text_too_short,
    "string_too_long": _text_too_long,
    "literal_error": _unknown_word,
    "enum": _unknown_word,
    "union_tag_invalid": _unknown_kind,
    "union_tag_not_found": _no_kind,
    "value_error": _own_words,
}
