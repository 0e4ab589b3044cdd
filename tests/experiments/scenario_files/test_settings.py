"""Dotted paths that name a part of a world, and those that do not."""

from __future__ import annotations

import pytest

import experiments
from experiments.scenario_files.overrides import parse_path, setting
from experiments.scenario_files.settings import unknown_setting

WORLD = experiments.load_scenario("contoso-2003").world()


@pytest.mark.parametrize(
    "path",
    [
        "clients",
        "clients.0.share",
        "arrivals.rate",
        'paths."open port".crosses',
        "middleboxes.proxy.allowed_ports",
        "links.farm.buffer",
        "tcp.timestamps",
    ],
)
def test_a_setting(path: str) -> None:
    assert unknown_setting(WORLD, parse_path(path, "test")) is None


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sever", 'there is nothing called "sever"; did you mean "server"?'),
        ("links.frm", 'links has nothing called "frm"; did you mean "farm"?'),
        ("links.zz", 'links has nothing called "zz"; names there: access, farm, internet'),
        ("clients.3.share", 'clients has nothing called "3"; names there: 0, 1, 2'),
        ("server.cores.each", 'server.cores has nothing called "each"; there are no names there'),
        ("tcp.timestamp", 'tcp has nothing called "timestamp"; did you mean "timestamps"?'),
    ],
)
def test_no_setting(path: str, said: str) -> None:
    assert unknown_setting(WORLD, parse_path(path, "test")) == said


def test_an_assumption_about_what_an_override_took_away_is_left_out() -> None:
    """Other arrivals than a day's visits have neither counts nor visits."""
    poisson = [setting("arrivals", {"process": "poisson", "rate": "10 /s"})]
    abouts = [each.about for each in experiments.load_scenario("session-cache").study.assumptions]
    left = [
        each.about for each in experiments.load_scenario("session-cache", poisson).study.assumptions
    ]
    assert "arrivals.counts" in abouts
    assert left == [about for about in abouts if not about.startswith("arrivals.")]
