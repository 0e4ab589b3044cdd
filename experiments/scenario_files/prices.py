"""Do a world's machine profiles price all that its hosts will do?"""

from __future__ import annotations

import sim
from experiments.failures import ScenarioError
from experiments.scenario_files.places import Source

_SHOWN = 4


def check_prices(world: sim.Scenario, source: Source) -> None:
    """Check that no operation will be found without a price while the world is simulated.

    Raises:
        ScenarioError: a profile lacks the price of one; the message names it and its key size.
    """
    unpriced = sim.unpriced_operations(world)
    if not unpriced:
        return
    first = unpriced[0]
    lacking = [one for one in unpriced if one.host == first.host]
    words = ", ".join(_words(one) for one in lacking[:_SHOWN])
    if len(lacking) > _SHOWN:
        words += f" and {len(lacking) - _SHOWN} more"
    raise ScenarioError(
        f'{source.place((*first.host, "machine"))}: the profile "{first.profile}" has no price '
        f"for {words}, which this world needs; add to its operations "
        f'{_example(first)}, or give it a base such as "nginx-2026"'
    )


def _words(one: sim.UnpricedOperation) -> str:
    return f"{one.operation} of {one.bits} bits" if one.bits else one.operation


def _example(one: sim.UnpricedOperation) -> str:
    if one.bits:
        return f'"{one.operation}" = {{ by_bits = {{ {one.bits} = SECONDS }} }}'
    return f'"{one.operation}" = {{ each = SECONDS, per_byte = SECONDS }}'
