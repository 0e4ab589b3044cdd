"""The `[study.plan]` table of a scenario file: what is to be as small as the objectives allow."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from experiments.scenario_files.ladder import Bound, ladder

MOST_REPLICATIONS_OF_A_PLAN = 64


class PlanTable(BaseModel):
    """Which setting is to be as small as the objectives allow, and within which range."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest: str = Field(
        description="dotted path of the setting: servers, cores, entries, bytes, a lifetime"
    )
    least: Annotated[
        Bound, Field(alias="from", description='the smallest that is tried: 1, "64 MB" or "1 min"')
    ]
    most: Annotated[
        Bound, Field(alias="to", description='the largest that is tried: 64, "4 GB" or "12 h"')
    ]
    resolution: float = Field(
        default=0.05,
        ge=0.001,
        le=1,
        description="how much larger the next one tried is, as a share, where they are no small "
        "whole numbers",
    )
    confidence: float = Field(
        default=0.95,
        gt=0.5,
        lt=1,
        description="that each verdict is to have, all looks at one design together",
    )
    most_replications: int = Field(
        default=MOST_REPLICATIONS_OF_A_PLAN,
        ge=2,
        le=10_000,
        strict=True,
        description="of one design; what is undecided by then is taken for missed, and told",
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> PlanTable:
        ladder(self.least, self.most, self.resolution)
        return self

    @property
    def designs(self) -> tuple[int | float | str, ...]:
        """What may be tried, from the smallest to the largest."""
        return ladder(self.least, self.most, self.resolution)
