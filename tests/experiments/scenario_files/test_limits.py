"""What is out of reach, and what may stand only once."""

from __future__ import annotations

import re
import tomllib

import pytest

from experiments.failures import ScenarioError
from experiments.scenario_files.overrides import parse_override, setting
from experiments.scenario_files.scenario_file import parse
from experiments.studies.study import design
from tests.experiments.small_world import WORLD
from tests.experiments.wrong_values import WORLDS, dotted_words, outcome_of, places, schema_places

_LIMITS = {
    "population.clients=1" + "0" * 30: "at most 50000000",
    "population.clients=100000000000": "memory",
    "server.cores=1000000000000": "less than or equal to",
    "arrivals.rate=1e300 /s": "frequency",
    "arrivals.rate=1e30 /s": "1e9 /s",
    "path.round_trip_time=2 d": "1 d",
    "path.round_trip_time=1000 d": "1 d",
    "duration=90000 d": "3653 d",
    "duration=36500 d": "3653 d",
    "scale=1e-12": "larger scale",
    "scale=1e-9": "a scale of at least 6.66667e-06",
    "scale=-1": "above 0",
    "sample_interval=1e-9 s": "0.0003 s",
    "sample_interval=1e-20 s": "0.0003 s",
    "start=0001-01-01T00:00:00Z": "1970 to 2105",
    "start=9999-12-31T23:59:59Z": "1970 to 2105",
    "study.replications=1" + "0" * 12: "less than or equal to",
    "http.response_size=1e15 B": "1 GB",
    "path.rate=1e-20 bit/s": "1 bit/s",
    "path.rate=1e20 bit/s": "1 bit/s",
    "server.sessions.capacity=1" + "0" * 30: "less than or equal to",
    "server.backlog=1" + "0" * 30: "less than or equal to",
}


@pytest.mark.parametrize("override", _LIMITS)
def test_what_is_out_of_reach(override: str) -> None:
    line = outcome_of("set", WORLD, lambda: [parse_override(override)])
    assert line is not None
    assert override.partition("=")[0] in line
    assert _LIMITS[override] in line


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ('"server.cores" = [1, 2, 1]', "the level 1 stands twice"),
        ('"server.cores" = [1]\n"server.\'cores\'" = [2]', 'the same setting as "server.cores"'),
        (
            '"clients.0.warnings" = ["heeded"]\n"clients[0].warnings" = ["heeded"]',
            'the same setting as "clients.0.warnings"',
        ),
    ],
)
def test_levels_and_factors_stand_once(factors: str, words: str) -> None:
    line = outcome_of("twice", f"{WORLD}[study.factors]\n{factors}\n", list)
    assert line is not None
    assert words in line
    assert line.startswith("twice.toml:")


@pytest.mark.parametrize("replications", [0, -1, 10**12])
def test_a_number_of_replications_out_of_reach(replications: int) -> None:
    file = parse("small", "small.toml", WORLD)
    with pytest.raises(ScenarioError, match=f"^--replications {replications}: write"):
        design(file, seed=0, replications=replications)


_FAR = [
    *(10**30, 1e30, -1e30, 10**12, 1e-30),
    *("1e30 s", "1e-30 s", "90000 d", "1e30 B", "1e15 B", "1 B", "1e30 /s", "1e-30 /s"),
    *("1e30 bit/s", "1e-30 bit/s"),
]
_REMEDIES = [
    (r'write (?:at (?:most|least) )?"([^"]+)"', None),
    (r"write (?:at (?:most|least) )?(-?[0-9][0-9.e+-]*)(?=[,;]|$)", None),
    (r"(?:less|greater) than or equal to ([0-9.e+-]+(?: [A-Za-z/]+)?)", None),
    (r'is from "([^"]+)" to "', None),
    (r'is from "[^"]+" to "([^"]+)"', None),
    (r"(?:duration|size) is at most ([0-9]+ [a-zA-Z]+)", None),
    (r'a scale of at (?:most|least) "?([^",;]+)"?', ("scale",)),
]
"""What messages propose, and where it is to be written when that is not the place itself."""


def _value(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize("world", ["small", "chain", "curve", "zipf"])
def test_every_remedy_works_when_it_is_followed(world: str) -> None:
    content, followed = tomllib.loads(WORLDS[world]), 0
    for path in sorted({*places(content), *schema_places(content)}, key=repr):
        for value in _FAR:
            first = setting(dotted_words(path), value)
            line = outcome_of(world, WORLDS[world], lambda first=first: [first])
            for pattern, other in _REMEDIES if line else ():
                for found in re.finditer(pattern, str(line)):
                    remedy = setting(dotted_words(other or path), _value(found[1]))
                    both = [first, remedy] if other else [remedy]
                    after = outcome_of(world, WORLDS[world], lambda both=both: both)
                    # Another place may have to follow; this one is not to be refused again.
                    place = dotted_words(other or path)
                    refused = str(after).startswith(f"the setting {place}=")
                    assert not refused or "without a rate" in str(after), (line, after)
                    followed += 1
    assert followed > 50
