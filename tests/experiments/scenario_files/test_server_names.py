"""Names of servers: those that are taken, in one form, and those that are not."""

from __future__ import annotations

import pytest

from experiments.scenario_files.overrides import setting
from experiments.scenario_files.scenario_file import parse
from tests.experiments.small_world import WORLD
from tests.experiments.wrong_values import outcome_of


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("WWW.Contoso.Com", "www.contoso.com"),
        ("www.contoso.com.", "www.contoso.com"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("localhost", "localhost"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_a_servers_name_has_one_form(name: str, form: str) -> None:
    assert (
        parse("set", "set.toml", WORLD, [setting("server.name", name)]).world().server.name == form
    )


@pytest.mark.parametrize(
    "name",
    [
        "", " ", ".", "..", "a..b", ".a", "a b", "a\tb", "a\nb", "a\0b", "-a.example", "a-.example",
        "a" * 64 + ".example", "a." * 127 + "example", "1.2.3", "256.0.0.1", "a/b", "https://a.example",
        "a.example:443", "*.example", "\u200b.example", "\U0001f600.example", "x" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_servers_name(name: str) -> None:
    line = outcome_of("set", WORLD, lambda: [setting("server.name", name)])
    assert line is not None
    assert "server.name" in line
    assert "write" in line
