"""The simulated network against a real one: medians without loss, distributions with it.

    python -m experiments.validation.comparison > comparison.md

What the hosts take (Python, OpenSSL, the kernel's scheduler) is measured beside each cell, over a
short delay without rate or loss, and given to the simulator: its median as prices, and how it
scatters about that. Everything else is predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

import sim
from experiments.validation.cells import Cell, Hosts, lossless, lossy
from experiments.validation.real_network import PipeResult, measure

CONCURRENCY = {0.005: 2, 0.05: 12, 0.2: 40}
"""How many links are measured at once: connections over long ones leave the processors idle."""
TIMES = {"connect": "connect_time", "handshake": "handshake_time", "first byte": "first_byte_time"}
"""What is compared, by the column of the table `connections`."""

_SIMULATED = 8000
_SIMULATED_WITHOUT_LOSS = 100
_FLIGHTS_OF_A_REQUEST = 4
_TAIL = 0.01
_CONFIDENCE = 0.999
_HALVES = 2
_LINKS_OF_A_HALF = 2


@dataclass(frozen=True)
class Comparison:
    """One time of one cell; seconds.

    Attributes:
        cell: the cell.
        time: "connect", "handshake" or "first byte".
        real, simulated: all values.
    """

    cell: Cell
    time: str
    real: npt.NDArray[np.float64]
    simulated: npt.NDArray[np.float64]

    @property
    def medians(self) -> tuple[float, float]:
        """Real and simulated."""
        return float(np.median(self.real)), float(np.median(self.simulated))

    @property
    def medians_agree(self) -> bool:
        """Whether the simulated median is within max(3 %, 0.5 ms) of the real one."""
        real, simulated = self.medians
        return abs(simulated - real) <= tolerance(real)

    @property
    def distance(self) -> float:
        """The largest distance between the two distribution functions.

        As a value of the one counts what the other has within the medians' tolerance: what the
        test network itself adds to each packet is spread about as widely.
        """
        values = np.concatenate([self.real, self.simulated])
        reach = np.array([tolerance(value) for value in values])
        real, low, high = (
            _share(self.real, values),
            _share(self.simulated, values - reach),
            _share(self.simulated, values + reach),
        )
        return float(max(np.max(real - high), np.max(low - real), 0.0))

    @property
    def tails_agree(self) -> bool:
        """Whether as many real values are beyond the simulated 0.99 quantile as chance allows.

        They are counted from the quantile's ends on, within the medians' tolerance. Losses make
        times fall into few clusters, so that quantiles leap where shares do not: the slowest
        hundredth is compared by its share.
        """
        limit, count = float(np.quantile(self.simulated, 1 - _TAIL)), len(self.real)
        fewest = int(np.sum(self.real > limit + tolerance(limit)))
        most = int(np.sum(self.real > limit - tolerance(limit)))
        low, high = binom.interval(_CONFIDENCE, count, _TAIL)
        return bool(fewest <= high and most >= low)


def tolerance(value: float) -> float:
    """3 % of a time, and no less than 0.5 ms (seconds)."""
    return max(0.03 * value, 0.0005)


def compare(cells: Sequence[Cell], concurrency: int) -> list[Comparison]:
    """Measure these cells, what the hosts take beside each, and simulate them."""
    comparisons = []
    for cell, (result, reference) in zip(cells, _measured(cells, concurrency), strict=True):
        number = _SIMULATED if cell.loss else _SIMULATED_WITHOUT_LOSS
        simulated = _simulated(cell, _hosts(cell.reference, reference), number)
        real, hosts_alone = _times(result), _times(reference)
        for time in TIMES:
            # A machine profile has one price; how real hosts scatter about it was measured.
            scatter = hosts_alone[time] - np.median(hosts_alone[time])
            times = simulated[time] + np.resize(scatter, len(simulated[time]))
            comparisons.append(Comparison(cell, time, real[time], times))
    return comparisons


def _times(result: PipeResult) -> dict[str, npt.NDArray[np.float64]]:
    return {
        "connect": np.array(result.connect_times),
        "handshake": np.array(result.handshake_times),
        "first byte": np.array(result.first_byte_times),
    }


def _measured(cells: Sequence[Cell], concurrency: int) -> list[tuple[PipeResult, PipeResult]]:
    """Each cell's connections, in two halves, and those in between that tell what the hosts take.

    The speed of a shared machine changes within minutes.
    """
    pipes = []
    for cell in cells:
        halves = cell.pipes(_HALVES * _LINKS_OF_A_HALF)
        middle = len(halves) // 2
        pipes += [*halves[:middle], *cell.reference.pipes(), *halves[middle:]]
    results = measure(pipes, concurrency=concurrency, seed=1).pipes
    share = len(pipes) // len(cells)
    found = []
    for first in range(0, len(results), share):
        own = results[first : first + share]
        reference = own.pop(share // 2)
        found.append((_together(own), reference))
    return found


def _together(results: Sequence[PipeResult]) -> PipeResult:
    lists = ("connect_times", "handshake_times", "first_byte_times", "total_times", "symptoms")
    whole = {name: [each for one in results for each in getattr(one, name)] for name in lists}
    return PipeResult(**whole, not_resumed=sum(one.not_resumed for one in results))


def _simulated(cell: Cell, taken: Hosts, connections: int) -> dict[str, npt.NDArray[np.float64]]:
    sink = sim.MemorySink()
    sim.simulate(cell.scenario(taken, connections), seed=1, sink=sink)
    table = sink.table("connections").to_pandas()
    wanted = table[table["outcome"] == ("resumed-by-id" if cell.resumed else "full")]
    return {time: wanted[column].to_numpy() for time, column in TIMES.items()}


def _hosts(cell: Cell, result: PipeResult) -> Hosts:
    """What is left of the real times when the way and the cryptography are taken off."""
    connect, handshake = median(result.connect_times), median(result.handshake_times)
    link = connect - cell.round_trip_time
    answered = median(result.first_byte_times) - connect - handshake
    flight = max(0.0, (answered - connect) / _FLIGHTS_OF_A_REQUEST)
    without = Hosts(flight, 0.0, link)
    simulated = float(np.median(_simulated(cell, without, _SIMULATED_WITHOUT_LOSS)["handshake"]))
    return Hosts(flight, max(0.0, handshake - simulated), link)


def _share(values: npt.NDArray[np.float64], at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Share of the values that is no larger."""
    return np.searchsorted(np.sort(values), at, side="right") / len(values)


def _main() -> None:
    print("| | real, ms | simulated, ms | difference |\n|---|---|---|---|")
    for round_trip_time, concurrency in CONCURRENCY.items():
        for one in compare(lossless(round_trip_time), concurrency):
            real, simulated = (1e3 * value for value in one.medians)
            mark = "" if one.medians_agree else " **beyond**"
            print(
                f"| {one.cell.label}: {one.time} | {real:.2f} | {simulated:.2f} "
                f"| {simulated - real:+.2f}{mark} |",
                flush=True,
            )
    print("\n| | distance | real p50, p90, p99, ms | simulated |\n|---|---|---|---|")
    for round_trip_time, concurrency in CONCURRENCY.items():
        for one in compare(list(lossy(round_trip_time)), concurrency):
            mark = "" if one.tails_agree else " **tail**"
            quantiles = [
                ", ".join(f"{1e3 * value:.0f}" for value in np.quantile(values, (0.5, 0.9, 0.99)))
                for values in (one.real, one.simulated)
            ]
            print(
                f"| {one.cell.label}: {one.time} | {one.distance:.3f} | {quantiles[0]} "
                f"| {quantiles[1]}{mark} |",
                flush=True,
            )


if __name__ == "__main__":
    _main()
