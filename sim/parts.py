"""Parts from outside: classes of the caller's own, and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import GenericAlias, ModuleType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel, Field, create_model

from sim.balancers.balancer import Balancer
from sim.balancers.kinds import AnyBalancer
from sim.hosts.client import ClientDescription
from sim.hosts.pool import ServerPool
from sim.hosts.server import ServerDescription
from sim.middleboxes.kinds import AnyMiddlebox
from sim.middleboxes.middlebox import Middlebox
from sim.processors.description import ProcessorDescription
from sim.processors.kinds import AnyProcessor
from sim.workload.arrival_process import ArrivalProcess
from sim.workload.arrivals import Arrivals
from sim.workload.browsers import Browser, OwnBrowser, browsers
from sim.workload.population import ClientPopulation
from sim.workload.populations import Population

Part = type
"""A class of the caller's own, derived from the base of a family or from `OwnBrowser`."""

Model = TypeVar("Model", bound=BaseModel)


class Family(NamedTuple):
    """Parts of one sort.

    Attributes:
        words: what one is called.
        base: what its class is derived from.
        name: of that class, for callers.
        key: the field by which scenarios name it.
        shipped: the type of any that ships.
    """

    words: str
    base: type
    name: str
    key: str
    shipped: Any


_MIDDLEBOX = Family("middlebox", Middlebox, "sim.Middlebox", "kind", AnyMiddlebox)
_BALANCER = Family("balancer", Balancer, "sim.Balancer", "policy", AnyBalancer)
_PROCESSOR = Family(
    "discipline", ProcessorDescription, "sim.ProcessorDescription", "discipline", AnyProcessor
)
_ARRIVALS = Family("arrival process", ArrivalProcess, "sim.ArrivalProcess", "process", Arrivals)
_POPULATION = Family("population", ClientPopulation, "sim.ClientPopulation", "kind", Population)
FAMILIES = (_MIDDLEBOX, _BALANCER, _PROCESSOR, _ARRIVALS, _POPULATION)
"""All sorts of parts but browsers, which are no descriptions."""


def check_parts(parts: Iterable[object]) -> None:
    """Check that each part is a class of a sort that there is, with a name that no other has.

    Raises `ValueError`, naming the class, the name and the remedy.
    """
    taken: dict[tuple[str, str], str] = {}
    for each in FAMILIES:
        for shipped in get_args(get_args(each.shipped)[0]):
            for name in _names(shipped, each.key):
                taken[each.words, name] = shipped.__name__
    for shipped_browser in browsers():
        taken["browser", shipped_browser] = "one that ships"
    for part in parts:
        family = _family_of(part)
        if not isinstance(part, type) or (family is None and not _is_browser(part)):
            called = part.__name__ if isinstance(part, type) else repr(part)
            bases = ", ".join([*(each.name for each in FAMILIES), "sim.OwnBrowser"])
            raise ValueError(f"{called} is no part; give a class derived from one of {bases}")
        if family is None:
            own = getattr(part, "browser", None)
            if not isinstance(own, Browser):
                raise ValueError(
                    f"{part.__name__} has no browser; give it an attribute browser = "
                    'sim.Browser(name="my-browser", ...)'
                )
            words, names = "browser", [own.name]
        else:
            words, names = family.words, [*_names(part, family.key)]
            if not names:
                raise ValueError(
                    f"{part.__name__} has no {family.key}; give it a field such as "
                    f'{family.key}: Literal["my-own"]'
                )
        for name in names:
            if taken.setdefault((words, name), part.__name__) != part.__name__:
                raise ValueError(
                    f'{part.__name__} is the {words} "{name}", as {taken[words, name]} is; give it '
                    f"a name of its own"
                )


def parts_of(module: ModuleType) -> tuple[Part, ...]:
    """The parts that a module defines: its classes with a name, in their order there.

    Those that it only imports are not its own.
    """
    return tuple(
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and _is_whole(value)
    )


def fields_with(parts: Sequence[Any]) -> dict[str, Any]:
    """The fields of a scenario that may have these parts besides those that ship."""
    fields: dict[str, Any] = {}
    boxes, balancers, processors, arrivals, populations = (
        [part for part in parts if _family_of(part) is family] for family in FAMILIES
    )
    if boxes:
        either = _any_or(_MIDDLEBOX, boxes)
        fields["middleboxes"] = GenericAlias(dict, (str, either)), Field(default={})
    if balancers:
        either = _any_or(_BALANCER, balancers)
        fields["balancers"] = GenericAlias(dict, (str, either)), Field(default={})
    if processors:
        either = _any_or(_PROCESSOR, processors)
        server, pool = (_with_processor(host, either) for host in (ServerDescription, ServerPool))
        fields["server"] = server | None, None
        fields["servers"] = GenericAlias(dict, (str, pool)), Field(default={})
    if arrivals:
        fields["arrivals"] = _any_or(_ARRIVALS, arrivals), ...
    if populations:
        fields["population"] = _any_or(_POPULATION, populations), ...
    own = {part.browser.name: part.browser for part in parts if _is_browser(part)}
    if own:
        client = _derived(ClientDescription)
        client.own_browsers = own
        fields["clients"] = GenericAlias(tuple, (client, ...)), ...
    return fields


def _with_processor(host: type[Model], either: Any) -> type[Model]:
    return _derived(host, processor=(either, host.model_fields["processor"].default))


def _derived(host: type[Model], **fields: Any) -> type[Model]:
    """The same with other fields, to be taken for what it is derived from."""
    return create_model(host.__name__, __base__=host, __module__=host.__module__, **fields)


def _any_or(family: Family, parts: Iterable[Any]) -> Any:
    known = get_args(family.shipped)[0]
    for part in parts:
        known = known | part
    return Annotated[known, Field(discriminator=family.key)]


def _family_of(part: object) -> Family | None:
    if not isinstance(part, type):
        return None
    return next((family for family in FAMILIES if issubclass(part, family.base)), None)


def _is_browser(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, OwnBrowser)


def _is_whole(part: type) -> bool:
    family = _family_of(part)
    if family is not None:
        return bool(_names(part, family.key))
    return _is_browser(part) and hasattr(part, "browser")


def _names(part: Any, key: str) -> tuple[str, ...]:
    """The names by which scenarios mean a class of parts; one, as a rule."""
    field = part.model_fields.get(key)
    if field is None or get_origin(field.annotation) is not Literal:
        return ()
    return get_args(field.annotation)
