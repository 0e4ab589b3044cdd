from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.scenario_files.schema import keys_at
from experiments.scenario_files.toml_places import is_written, line_of

TEXT = """\
title = "t"

# a comment = 1
[a]
x = 1
many = [
    1,
    2,  # two
]
inline = { y = 2, "dotted.key" = 3 }
b.c = 4
long = \"\"\"
[not a header]
z = 9
\"\"\"

[[list]]
n = 0
[[list]]
n = 1
[list.sub]
m = 2

[study.factors]
"server.cores" = [1, 2]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("a",), 4),
        (("a", "x"), 5),
        (("a", "many"), 6),
        (("a", "many", 1), 6),
        (("a", "inline", "y"), 10),
        (("a", "inline", "dotted.key"), 10),
        (("a", "b", "c"), 11),
        (("a", "long"), 12),
        (("list",), 17),
        (("list", 0, "n"), 18),
        (("list", 1, "n"), 20),
        (("list", 1, "sub", "m"), 22),
        (("study", "factors", "server.cores"), 25),
        (("a", "missing"), 4),
        (("study",), 24),
        (("nowhere",), None),
    ],
)
def test_line_of(path: tuple[str | int, ...], line: int | None) -> None:
    tomllib.loads(TEXT)
    assert line_of(TEXT, path) == line


def test_is_written() -> None:
    assert is_written(TEXT, ("study",))
    assert is_written(TEXT, ("a", "x"))
    assert not is_written(TEXT, ("a", "z"))


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), unique=True, min_size=1))
def test_every_key_is_found_on_its_own_line(keys: list[str]) -> None:
    text = "".join(f"{key} = {number}\n" for number, key in enumerate(keys))
    assert [line_of(text, (key,)) for key in keys] == list(range(1, len(keys) + 1))


def test_keys_of_a_table_that_has_a_name_of_the_user_s_own() -> None:
    content = {
        "middleboxes": {"gate": {"kind": "stateful-firewall"}},
        "links": {"wan": {"round_trip_time": {"distribution": "empirical"}}},
    }
    assert "idle_timeout" in keys_at(("middleboxes", "gate"), content)
    assert "share_to_server" in keys_at(("links", "wan"), content)
    assert keys_at(("links", "wan", "round_trip_time"), content) == ["distribution", "within"]
