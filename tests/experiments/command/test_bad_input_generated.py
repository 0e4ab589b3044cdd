"""Wrong values of every kind in every place of a scenario file: one line each, or a world."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.scenario_files.overrides import parse_override, setting
from tests.experiments.small_world import WORLD
from tests.experiments.wrong_values import (
    LONG,
    WORLDS,
    WRONG,
    cases,
    changed,
    document,
    dotted_words,
    in_toml,
    outcome_of,
    places,
)


def _check_set(world: str, every: int) -> None:
    """Set wrong values from outside the file."""
    refused = valid = 0
    for path, kind in cases(world, every):
        words, value = dotted_words(path), WRONG[kind]
        line = outcome_of(
            world, WORLDS[world], lambda words=words, value=value: [setting(words, value)]
        )
        if line is None:
            valid += 1
            continue
        refused += 1
        assert line.startswith(("the setting ", f"{world}.toml")), line
        assert line.count(": ") >= 1, line
    assert refused > valid


def _check_written(world: str, every: int) -> None:
    """Write wrong values into the file."""
    content = tomllib.loads(WORLDS[world])
    refused = valid = 0
    for path, kind in cases(world, every):
        if kind in LONG:
            continue
        line = outcome_of(world, document(changed(content, path, WRONG[kind])), list)
        if line is None:
            valid += 1
            continue
        refused += 1
        assert line.startswith(f"{world}.toml"), line
    assert refused > valid


@pytest.mark.parametrize("world", WORLDS)
def test_kinds_of_wrong_values_in_places(world: str) -> None:
    """Some 1,000 of them; the slow test tries ten times as many."""
    _check_set(world, every=100)
    _check_written(world, every=100)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_each_kind_of_wrong_value_in_each_place(world: str) -> None:
    _check_set(world, every=10)
    _check_written(world, every=10)


_LINES = st.sampled_from(sorted(WORLDS.values()))


@settings(max_examples=100, deadline=None)
@given(
    text=_LINES,
    where=st.floats(0, 1),
    length=st.integers(0, 30),
    instead=st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            [
                "\0",
                "\ufeff",
                "\r",
                "[",
                "]]",
                "{",
                '"',
                "'",
                '"""',
                "=",
                ".",
                "#",
                "\n",
                "1e999",
                "[[",
            ]
        ),
    ),
)
def test_any_change_of_a_text_is_a_world_or_one_line(
    text: str, where: float, length: int, instead: str
) -> None:
    begin = int(where * len(text))
    edited = text[:begin] + instead + text[begin + length :]
    line = outcome_of("changed", edited, list)
    assert line is None or line.startswith(("changed.toml", "changed"))


@settings(max_examples=100, deadline=None)
@given(
    path=st.one_of(
        st.sampled_from(
            [dotted_words(path) for text in WORLDS.values() for path in places(tomllib.loads(text))]
        ),
        st.text(max_size=20),
        st.sampled_from(
            ["clients[0].share", "clients[9].share", "clients[-1].share", "[0]", "a[0"]
        ),
    ),
    value=st.one_of(
        st.text(max_size=30),
        st.sampled_from(sorted(in_toml(one) for kind, one in WRONG.items() if kind not in LONG)),
        st.integers().map(str),
        st.floats().map(str),
    ),
)
def test_any_words_of_an_override_are_a_world_or_one_line(path: str, value: str) -> None:
    line = outcome_of("set", WORLD, lambda: [parse_override(f"{path}={value}")])
    assert line is None or line.startswith(("--set", "set.toml")), line
