"""An objective of a study: what must hold, and for whom."""

from __future__ import annotations

import functools
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

import sim
from experiments.failures import ScenarioError
from experiments.scenario_files.places import Source
from experiments.scenario_files.requirement import (
    Requirement,
    Subject,
    parse_requirement,
)
from experiments.scenario_files.suggestions import did_you_mean
from experiments.scenario_files.toml_places import Path
from experiments.wording import duration_words
from sim.units import PositiveDuration


class Objective(BaseModel):
    """What must hold, for the whole load or a part of it; a text alone is what it requires."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    require: str = Field(
        description='a metric, "<" or ">", and its limit: "p99 handshake < 150 ms", '
        '"failed < 0.1 %", "utilisation < 70 %", "memory < 8 GiB"'
    )
    profile: str | None = Field(
        default=None, description="of the clients of this profile alone, such as `chromium-150`"
    )
    server: str | None = Field(
        default=None, description="of this server alone: a pool, or one server of it"
    )
    busiest: PositiveDuration | None = Field(
        default=None,
        description='in the busiest interval of this length alone, such as "1 min": the one in '
        "which most connections arrive",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"require": value} if isinstance(value, str) else value

    @field_validator("require")
    @classmethod
    def _readable(cls, text: str) -> str:
        parse_requirement(text)
        return text

    @model_validator(mode="after")
    def _has_such_rows(self) -> Objective:
        subject = self.requirement.measure.subject
        words = self.requirement.measure.words
        if self.profile is not None and subject is Subject.SERVERS:
            raise ValueError(f'"{words}" is of servers, not of clients; remove `profile`')
        if self.server is not None and subject is Subject.VISITS:
            raise ValueError(
                f'"{words}" is of visits, which may go to several servers; remove `server`'
            )
        return self

    @functools.cached_property
    def requirement(self) -> Requirement:
        """What it requires."""
        return parse_requirement(self.require)

    @property
    def words(self) -> str:
        """The objective in words: "p99 handshake < 150 ms of chromium-150"."""
        return f"{self.requirement}{self.whose}"

    @property
    def whose(self) -> str:
        """Of whom it is, nothing for the whole: " of chromium-150 in the busiest minute"."""
        words = "".join(f" of {name}" for name in (self.profile, self.server) if name is not None)
        if self.busiest is not None:
            words += f" in the busiest {duration_words(self.busiest, article=True)}"
        return words


def servers_called(world: sim.Scenario) -> dict[str, tuple[str, ...]]:
    """Return which servers a name means: a pool's all of its, else the one; `server` a lone one."""
    found: dict[str, tuple[str, ...]] = {}
    for name, pool in world.pools.items():
        nodes = pool.nodes(name)
        found |= {name: nodes, **{node: (node,) for node in nodes}}
        if world.server is not None:
            found["server"] = nodes
    return found


def check_objectives(
    objectives: tuple[Objective, ...], world: sim.Scenario, source: Source
) -> None:
    """Check that there is whom objectives are of.

    Raises:
        ScenarioError: a world has no such profile or server, or is shorter than the busiest part.
    """
    profiles = [group.browser.name for group in world.clients]
    servers = sorted(servers_called(world))
    for number, objective in enumerate(objectives):
        place: Path = ("study", "objectives", number)
        if objective.profile is not None and objective.profile not in profiles:
            remedy = did_you_mean(objective.profile, profiles, what="profiles here")
            raise ScenarioError(
                f"{source.place((*place, 'profile'))}: no client has the profile "
                f'"{objective.profile}"; {remedy}'
            )
        if objective.server is not None and objective.server not in servers:
            remedy = did_you_mean(objective.server, servers, what="servers here")
            raise ScenarioError(
                f'{source.place((*place, "server"))}: there is no server "{objective.server}"; '
                f"{remedy}"
            )
        if objective.busiest is not None and objective.busiest > world.duration:
            raise ScenarioError(
                f"{source.place((*place, 'busiest'))}: "
                f"{duration_words(objective.busiest)} are longer than the recorded time; write at "
                f'most "{duration_words(world.duration)}"'
            )
