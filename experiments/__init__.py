"""Questions and answers: scenario files, studies, statistics, plots, reports.

>>> import experiments
>>> result = experiments.run("session-cache", replications=1)      # doctest: +SKIP
>>> result.connections                                              # a DataFrame; doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from experiments.failures import (
    ClusterFailed,
    ClusterNotFound,
    ColumnError,
    DiskFailed,
    EvidenceError,
    Failure,
    FolderError,
    Interrupted,
    ScenarioError,
    WorkerDied,
)

if TYPE_CHECKING:
    from experiments.busiest import busiest_part
    from experiments.comparing.comparison import Comparison
    from experiments.comparing.pairing import compare
    from experiments.evidence.shown import ShownConnection
    from experiments.loading import load_scenario
    from experiments.planning.plan import Plan
    from experiments.planning.planning import plan
    from experiments.repeating import repeat
    from experiments.result import Result, load_result
    from experiments.running import run
    from experiments.scenario_files.scenario_file import ScenarioFile, ready_scenarios

_LAZY = {
    "Comparison": ("experiments.comparing.comparison", "Comparison"),
    "Plan": ("experiments.planning.plan", "Plan"),
    "Result": ("experiments.result", "Result"),
    "ShownConnection": ("experiments.evidence.shown", "ShownConnection"),
    "ScenarioFile": ("experiments.scenario_files.scenario_file", "ScenarioFile"),
    "busiest_part": ("experiments.busiest", "busiest_part"),
    "compare": ("experiments.comparing.pairing", "compare"),
    "load_result": ("experiments.result", "load_result"),
    "load_scenario": ("experiments.loading", "load_scenario"),
    "plan": ("experiments.planning.planning", "plan"),
    "ready_scenarios": ("experiments.scenario_files.scenario_file", "ready_scenarios"),
    "repeat": ("experiments.repeating", "repeat"),
    "run": ("experiments.running", "run"),
}

__all__ = [
    "run",
    "plan",
    "compare",
    "repeat",
    "load_scenario",
    "busiest_part",
    "load_result",
    "ready_scenarios",
    "Result",
    "Plan",
    "Comparison",
    "ScenarioFile",
    "ShownConnection",
    "Failure",
    "ScenarioError",
    "FolderError",
    "ColumnError",
    "EvidenceError",
    "WorkerDied",
    "ClusterNotFound",
    "ClusterFailed",
    "DiskFailed",
    "Interrupted",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the command line's help needs none of them."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    found = getattr(importlib.import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
