"""A scenario in words: the world that it describes, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sim
import tls
from experiments import questions
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.wording import (
    counted,
    duration_words,
    factor_words,
    fraction,
    level_words,
    listed,
    percent,
    rate_words,
)
from sim.identities import identity

_TOLD = 8
"""Of more clients, paths or factors than these the rest is counted."""


def explained(file: ScenarioFile) -> list[tuple[str, list[str]]]:
    """Return a scenario in words: headings, each with its sentences."""
    world = file.world()
    parts = [
        ("When", list(_time(world))),
        ("Who comes", list(_load(world, file))),
        ("What is between", list(_network(world, file.description))),
        ("What answers", list(_servers(world, file.description))),
        ("What is asked", list(_study(file))),
    ]
    return [(heading, sentences) for heading, sentences in parts if sentences]


def _time(world: sim.Scenario) -> Iterator[str]:
    kind = "a world that ends" if world.kind == "terminating" else "a steady state"
    start = f"{world.start:%Y-%m-%d %H:%M} {world.start.tzname() or 'UTC'}"
    yield f"{duration_words(world.duration)} of {kind} are recorded, from {start} on."
    if world.warm_up:
        yield f"Before them {duration_words(world.warm_up)} go by unrecorded, to fill caches."
    if world.fast_forward:
        yield (
            f"The first {duration_words(world.fast_forward)} of that only book sessions: networks "
            "and processors are left out."
        )
    if world.scale < 1:
        yield f"{fraction(world.scale)} of the load is simulated."
    if world.fidelity == "live":
        yield "Two engines run in every connection."
    else:
        yield (
            f"Two engines run in the first {counted(world.traces, 'connection')} of each class; "
            "later ones do what those did."
        )


def _load(world: sim.Scenario, file: ScenarioFile) -> Iterator[str]:
    description = file.description
    arrivals = dict(_table(description, "arrivals"))
    process = str(arrivals.pop("process", "")).replace("-", " ")
    rate = world.arrivals.mean_rate
    yield (
        f"Visits come at {rate_words(rate).replace('connection', 'visit')} in the mean: "
        f"{_joined(process, arrivals)}."
    )
    population = dict(_table(description, "population"))
    yield f"Who comes: {_joined(str(population.pop('kind', '')), population)}."
    yield f"Each visit: {level_words(_table(description, 'http'))}."
    number = world.connections_per_visit
    yield f"A visit makes {number:.3g} connection{'' if number == 1 else 's'} in the mean."
    written = description.get("clients", [])
    for number, client in enumerate(world.clients[:_TOLD]):
        own = dict(written[number]) if number < len(written) else {}
        for key in ("profile", "share"):
            own.pop(key, None)
        speaks = _versions(client.browser.versions)
        yield (
            f"{percent(client.share)} are {client.browser.name}, which speaks {speaks}"
            + (f" ({level_words(own)})" if own else "")
            + "."
        )
    if len(world.clients) > _TOLD:
        yield f"{counted(len(world.clients) - _TOLD, 'further profile')} stand in the file."


def _network(world: sim.Scenario, description: Mapping[str, Any]) -> Iterator[str]:
    links = {**_table(description, "links")}
    if isinstance(description.get("path"), Mapping):
        links["path"] = description["path"]
    boxes = _table(description, "middleboxes")
    taken = dict.fromkeys(client.path or world.default_path for client in world.clients)
    for name in list(taken)[:_TOLD]:
        crossed = [
            f"{part} ({level_words(links.get(part) or boxes.get(part) or {})})"
            for part in world.all_paths[name].crosses
            if part in links or part in boxes
        ]
        told = " > ".join(crossed)
        if len(taken) == 1 and list(world.all_paths[name].crosses) == ["path"]:
            yield f"One link from clients to servers: {level_words(links['path'])}."
        else:
            yield f"By {name}: {told}."
    if "tcp" in description:
        yield f"TCP: {level_words(description['tcp'])}."


def _servers(world: sim.Scenario, description: Mapping[str, Any]) -> Iterator[str]:
    for name, pool in world.pools.items():
        written = dict(
            _table(description, "server")
            if world.server is not None
            else _table(description, "servers").get(name, {})
        )
        for key in ("count", "cores", "machine", "identity", "versions", "security", "name"):
            written.pop(key, None)
        speaks = "no TLS" if pool.security == "plain" else listed(list(pool.versions))
        yield (
            f"{name}: {counted(pool.count, 'server')} of {counted(pool.cores, 'core')} "
            f"({_machine(pool)}) that speak{'s' if pool.count == 1 else ''} {speaks}"
            + ("" if pool.security == "plain" else f", with {_identity(pool)}")
            + (f"; {level_words(written)}" if written else "")
            + "."
        )
    for name, balancer in _table(description, "balancers").items():
        yield f"The balancer {name} is in front of them: {level_words(balancer)}."
    for name, box in world.all_boxes.items():
        if isinstance(box, sim.TerminatingProxy):
            yield f"{name} {_bridging(box)}."


def _bridging(box: sim.TerminatingProxy) -> str:
    if box.behind == "clear":
        return "ends TLS, and asks the servers in clear"
    browser = box.browser
    speaks = _versions(browser.versions)
    return f"ends TLS, and is to the servers as {browser.name}, which speaks {speaks}"


def _study(file: ScenarioFile) -> Iterator[str]:
    study = file.study
    yield questions.find(study.question).asks
    paths = tuple(study.factors)
    for path, levels in list(study.factors.items())[:_TOLD]:
        told = "; ".join(map(level_words, levels))
        yield f"Varied: {factor_words(path, paths)} ({path}): {told}."
    if study.baseline is not None:
        yield f"Compared with a baseline: {level_words(study.baseline)}."
    for objective in study.objectives:
        yield f"Objective: {objective.words}."
    if study.plan is not None:
        plan = study.plan
        yield (
            f"Planned: the smallest {plan.smallest} from {level_words(plan.least)} to "
            f"{level_words(plan.most)} that meets the objectives."
        )
    for assumption in study.assumptions:
        yield f"Assumed of {assumption.about}: {assumption.says}"


def _machine(pool: sim.ServerPool) -> str:
    return pool.machine if isinstance(pool.machine, str) else pool.machine.name


def _identity(pool: sim.ServerPool) -> str:
    if not isinstance(pool.identity, str):
        return f"a chain of its own ({pool.identity})"
    chain = identity(pool.identity, pool.name).certificates
    return f"{pool.identity} ({counted(len(chain), 'certificate')})"


def _versions(versions: Sequence[int]) -> str:
    names = [tls.version_name(version) for version in versions]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _joined(first: str, settings: Mapping[str, Any]) -> str:
    return ", ".join(words for words in (first, level_words(settings)) if words and words != "none")


def _table(description: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = description.get(name)
    return found if isinstance(found, Mapping) else {}
