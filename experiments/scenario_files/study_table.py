"""The `[study]` table of a scenario file: what is asked, and of which design points."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from experiments.scenario_files.objective import Objective
from experiments.scenario_files.plan_table import PlanTable

MOST_REPLICATIONS = 100_000


class Assumption(BaseModel):
    """One assumption of a study, for its report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = Field(description="dotted path of the setting it explains; there must be one")
    says: str = Field(description="what is assumed, and why")
    source: str = Field(description="where the figure comes from")


class StudyTable(BaseModel):
    """A question, and the grid of design points that answers it.

    A file without a `[study]` table is one design point and the question "capacity". Further keys
    are the question's own settings, which it knows itself (`experiments.questions.settings`).
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    question: str = Field(
        default="capacity", description="which analysis answers: a module of experiments.questions"
    )
    factors: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="settings (dotted paths) and their levels; the grid is every combination, "
        "the last factor varying fastest, at most 10,000 of them",
    )
    replications: int = Field(
        default=4,
        ge=1,
        le=MOST_REPLICATIONS,
        strict=True,
        description="independent repetitions of every design point",
    )
    baseline: dict[str, Any] | None = Field(
        default=None,
        description="settings (dotted paths) of one more design point to compare with",
    )
    objectives: tuple[Objective, ...] = Field(
        default=(), description="what must hold: each is told as met, missed or undecided"
    )
    plan: PlanTable | None = Field(
        default=None, description="what `tlscape plan` makes as small as the objectives allow"
    )
    assumptions: tuple[Assumption, ...] = Field(
        default=(), description="what the study takes for granted, with sources"
    )
