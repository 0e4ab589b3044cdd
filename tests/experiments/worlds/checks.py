"""Every check of sentences: a module of checks is registered by naming it here."""

from tests.experiments.worlds import (
    cache_checks,
    capacity_checks,
    factor_checks,
    reachability_checks,
    warning_checks,
)
from tests.experiments.worlds.sentences import World, hold

__all__ = [
    "World",
    "cache_checks",
    "capacity_checks",
    "factor_checks",
    "hold",
    "reachability_checks",
    "warning_checks",
]
