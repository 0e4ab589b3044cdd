"""Every kind of error that our descriptions can bring about reads well, and tells the remedy."""

from __future__ import annotations

import re
from typing import Any

import pytest

import sim
from experiments.failures import ScenarioError
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.scenario_file import parse
from experiments.scenario_files.study_table import StudyTable
from tests.experiments.small_world import STUDY, WORLD

MESSAGES = {
    # tables
    "path=3": "3 is neither a link nor a name; write a table [path] with a round_trip_time, or",
    "links=3": "3 is not a table; write one",
    "path.to_server=3": "3 is not a table; write one; its keys: buffer, loss, rate",
    "population=3": "3 is not a table; write one; its keys: kind",
    "server.sessions=3": "3 is not a table; write one; its keys: capacity, entry_size",
    "study=3": "3 is not a table; write one; its keys: assumptions, baseline",
    "population={}": 'the key "kind" is missing; add it: it says which kind is meant',
    'population={kind="cats"}': 'kind = "cats" is unknown; known: revisits, independent, zipf',
    "population={kind=3}": "kind = 3 is unknown; known: revisits, independent, zipf",
    'middleboxes.b={kind="quota"}': "for a kind of your own give --parts FILE.py (parts=[...] in",
    'path.round_trip_time={distribution="gamma"}': 'distribution = "gamma" is unknown; known: log-',
    "path.round_trip_time={distribution=3}": "distribution = 3 is unknown; known: log-normal, emp",
    "path={}": 'path.round_trip_time: the key "round_trip_time" is missing; add it',
    "path.mut=3": 'unknown key "mut"; did you mean "mtu"?',
    # arrays
    'clients="x"': '"x" is not an array; write it in brackets: ["x"]',
    "clients={}": "here is one table where several may stand; write [[clients]]",
    "clients=[3]": "clients[0]: 3 is not a table; write one; its keys: certificate, connections",
    "clients=[]": "at least one table [[clients]] is needed",
    "paths.x.crosses=[]": "at least 1 entry is needed, here is none; add 1",
    'middleboxes.b={kind="sni-filter", blocked=[]}': "at least 1 entry is needed, here is none",
    'study.factors={"server.cores"=[]}': "at least 1 entry is needed, here is none; add 1",
    'study.factors={"server.cores"=2}': "2 is not an array; write it in brackets: [2]",
    'population={kind="revisits", intervals=[["5 min"]]}': "[0][1]: entry number 2 is missing; add",
    'population={kind="revisits", intervals=[["5 min", 0.1, 3]]}': (
        "[0]: at most 2 entries are allowed, here are 3; remove 1"
    ),
    # numbers
    "server.cores=true": "true is not a whole number; write one, such as 10",
    "server.cores=10.0": "10.0 is not a whole number as TOML writes it; write 10",
    'server.cores="4"': '"4" is not a whole number as TOML writes it; write 4',
    "server.cores=1.5": "1.5 is not a whole number; write one, such as 10",
    "server.cores=0": "0 will not do; it should be greater than 0",
    "server.port=70000": "70000 will not do; it should be less than or equal to 65535",
    "server.sessions.capacity=-1": "-1 will not do; it should be greater than or equal to 0",
    'server.sessions.capacity="many"': '"many" will not do; write a whole number, or "unlimited"',
    "server.sessions.capacity=10.0": "10.0 is not a whole number as TOML writes it; write 10",
    "study.replications=2.0": "2.0 is not a whole number as TOML writes it; write 2",
    "path.mtu=100 B": '"100 B" will not do; it should be greater than or equal to 576 B',
    "path.loss=true": "true is not a number; write one, such as 0.5",
    'path.loss="0.1"': '"0.1" is not a number as TOML writes it; write 0.1',
    "path.loss=nan": "nan will not do; it should be a finite number",
    "clients.0.share=2": "2 will not do; it should be less than or equal to 1",
    'server.machine={name="a", title="a", source="a", operations={x={by_bits={big=1}}}}': (
        'by_bits.big: "big" is not a whole number; write one, such as 10'
    ),
    # words
    "server.name=3": '3 is not text; write it in quotes, such as "some text"',
    'server.name=""': "the text is empty; write something",
    "kind=endless": '"endless" is unknown; known: terminating, steady-state',
    "fidelity=lives": '"lives" is unknown; did you mean "live"?',
    'middleboxes.b={kind="version-intolerant", highest="TLS 1.0", reaction="gasp"}': (
        'middleboxes.b.reaction: "gasp" is unknown; known: drop, reset, alert'
    ),
    "server.sessions.renew=maybe": '"maybe" is neither true nor false; write one of these',
    "server.sessions.renew=[1]": "[1] is neither true nor false; write one of these",
    # moments and addresses
    "start=soon": '"soon" is not a date with a time; write one, such as 1998-06-30T00:00:00Z',
    "start=12:00:00": "12:00:00 is not a date with a time; write one, such as",
    "start=2003-07-31": "2003-07-31 has no time zone; write 2003-07-31T00:00:00Z, or",
    "start=2003-07-31T09:00:00": "has no time zone; write 2003-07-31T09:00:00Z, or",
    "server.address=here": '"here" is not an IPv4 address; write one, such as "192.0.2.1"',
    "clients.0.network=here": '"here" is not an IPv4 network; write one, such as "10.0.0.0/8"',
    "clients.0.network=10.0.0.1/8": (
        '"10.0.0.1/8" is an address within a network; write the network, "10.0.0.0/8"'
    ),
}


@pytest.mark.parametrize("override", MESSAGES)
def test_what_is_said(override: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse("small", "small.toml", WORLD + STUDY, [parse_override(override)])
    said = str(caught.value)
    assert said.startswith(f"--set {override}")
    assert MESSAGES[override] in said
    assert not re.search(r"Input|instance|valid|should [A-Z]|\n", said)


TYPES_TRIED = {
    *("any", "bool", "datetime", "dict", "float", "int", "list", "literal", "model", "str"),
    *("tagged-union", "tuple", "nullable", "union"),
}
"""What the messages above are about."""

WRAPPERS = {
    *("default", "definition-ref", "definitions", "is-instance", "json-or-python"),
    *("lax-or-strict", "model-field", "model-fields"),
    *("function-before", "function-after", "function-plain", "no-info"),
}
"""What brings no errors, or has words of its own."""


def types_in(schema: Any) -> set[str]:
    """The types of pydantic's core schemas within one."""
    found = set()
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            found.add(schema["type"])
        schema = [inner for key, inner in schema.items() if key != "serialization"]
    if isinstance(schema, list | tuple):
        found.update(*map(types_in, schema))
    return found


@pytest.mark.parametrize("description", [sim.Scenario, StudyTable])
def test_no_description_has_a_type_that_was_not_tried(description: Any) -> None:
    types = types_in(description.__pydantic_core_schema__)
    assert types <= TYPES_TRIED | WRAPPERS
