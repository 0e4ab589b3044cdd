"""Middleboxes from outside: classes of the caller's own, and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Literal, get_args, get_origin

from sim.middleboxes.kinds import AnyMiddlebox
from sim.middleboxes.middlebox import Middlebox


def check_parts(parts: Iterable[object]) -> None:
    """Check that each part is a class of middleboxes with a kind that no other has.

    Raises `ValueError`, naming the class, the kind and the remedy.
    """
    shipped, *_ = get_args(AnyMiddlebox)
    taken: dict[str, type] = {kind: box for box in get_args(shipped) for kind in _kinds(box)}
    for part in parts:
        if not (isinstance(part, type) and issubclass(part, Middlebox)):
            name = part.__name__ if isinstance(part, type) else repr(part)
            raise ValueError(f"{name} is no middlebox; give a class derived from sim.Middlebox")
        kinds = _kinds(part)
        if not kinds:
            raise ValueError(
                f'{part.__name__} has no kind; give it a field such as kind: Literal["my-box"]'
            )
        for kind in kinds:
            if taken.setdefault(kind, part) is not part:
                raise ValueError(
                    f'{part.__name__} has the kind "{kind}", which is {taken[kind].__name__}\'s; '
                    f"give it one of its own"
                )


def parts_of(module: ModuleType) -> tuple[type[Middlebox], ...]:
    """The middleboxes that a module defines: its classes with a `kind`, in their order there.

    Those that it only imports are not its own.
    """
    return tuple(
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Middlebox)
        and value.__module__ == module.__name__
        and _kinds(value)
    )


def _kinds(box: type[Middlebox]) -> tuple[str, ...]:
    """The kinds by which scenarios name a class of boxes; one, as a rule."""
    field = box.model_fields.get("kind")
    if field is None or get_origin(field.annotation) is not Literal:
        return ()
    return get_args(field.annotation)
