from __future__ import annotations

from pathlib import Path

import pytest

import experiments
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.scenario_file import load, ready_scenarios
from experiments.studies.study import design
from tests.experiments.small_world import WORLD


def labels(file: experiments.ScenarioFile) -> list[str]:
    return [point.label for point in design(file, seed=1).points]


def test_the_grid_is_in_order_and_the_baseline_last(scenario: Path) -> None:
    assert labels(load(scenario)) == [
        "lifetime 10 s, capacity 2",
        "lifetime 10 s, capacity 1,000",
        "lifetime 5 min, capacity 2",
        "lifetime 5 min, capacity 1,000",
        "baseline (security plain)",
    ]


def test_levels_are_in_the_units_of_the_tables(scenario: Path) -> None:
    study = design(load(scenario), seed=1)
    assert study.columns == (
        "server.sessions.lifetime",
        "server.sessions.capacity",
        "server.security",
    )
    assert list(study.levels(study.points[1]).values()) == [10.0, 1000, "tls"]
    assert list(study.levels(study.points[-1]).values()) == [None, None, "plain"]
    assert study.baseline is study.points[-1]


def test_setting_a_factor_pins_it(scenario: Path) -> None:
    file = load(scenario, [parse_override("server.sessions.lifetime=1 min")])
    assert labels(file) == [
        "lifetime 1 min, capacity 2",
        "lifetime 1 min, capacity 1,000",
        "baseline (security plain)",
    ]
    assert design(file, seed=1).points[0].scenario.server.sessions.lifetime == 60.0


def test_a_file_without_study_is_one_point(scenario: Path, tmp_path: Path) -> None:
    file = tmp_path / "plain.toml"
    file.write_text(scenario.read_text().partition("[study]")[0])
    study = design(load(file), seed=1, replications=3)
    assert [point.label for point in study.points] == ["as described"]
    assert study.replications == 3
    assert study.file.study.question == "capacity"


def test_identity_tells_studies_apart_and_ignores_replications(scenario: Path) -> None:
    file = load(scenario)
    one = design(file, seed=1, replications=2).identity
    assert design(file, seed=1, replications=5).identity == one
    assert design(file, seed=2).identity != one
    longer = load(scenario, [parse_override('duration="6 min"')])
    assert design(longer, seed=1).identity != one
    # The same world in other words is the same study.
    same = load(scenario, [parse_override('duration="300 s"')])
    assert design(same, seed=1).identity == one


def test_overrides_add_up(scenario: Path) -> None:
    file = load(scenario, [parse_override("server.cores=2")])
    both = file.with_overrides([parse_override("path.round_trip_time=10 ms")])
    world = both.world()
    assert (world.server.cores, world.path.round_trip_time) == (2, 0.01)


@pytest.mark.parametrize("name", ready_scenarios())
def test_every_ready_scenario_can_be_planned(name: str) -> None:
    study = design(load(name), seed=1)
    assert study.file.title
    assert study.points
    for assumption in study.file.study.assumptions:
        assert assumption.source


CHAIN = """
[study]
replications = 1

[study.factors]
"server.identity.chain" = [[], [{ key = "rsa-2048" }, { key = "rsa-4096", extra_bytes = "1 kB" }]]
"server.identity.key" = ["rsa-2048", "ecdsa-p256"]
"""


def test_the_length_of_a_chain_is_a_factor_like_any_other(tmp_path: Path) -> None:
    """Its levels are told in words, and a longer chain takes its bytes."""
    file = tmp_path / "chain.toml"
    world = WORLD.replace(
        'identity = "contoso-rsa-1024"', 'identity = { root = { key = "ecdsa-p384" } }'
    )
    world = world.replace('"internet-explorer-6"', '"firefox-45"')
    world = world.replace('["SSL 3.0", "TLS 1.0"]', '["TLS 1.2"]')
    file.write_text(world + CHAIN)
    result = experiments.run(file, out=tmp_path / "out", workers=1)
    long = "chain rsa-2048 + rsa-4096, extra_bytes 1 kB"
    assert [point.label for point in result.study.points] == [
        "chain none, key rsa-2048",
        "chain none, key ecdsa-p256",
        f"{long}, key rsa-2048",
        f"{long}, key ecdsa-p256",
    ]
    rows = result.connections
    assert set(rows["server.identity.key"]) == {"rsa-2048", "ecdsa-p256"}
    assert set(rows["server.identity.chain"]) == {"[]", '["rsa-2048", "rsa-4096 with 1,000 B"]'}
    full = rows[rows["outcome"] == "full"]
    sent = full.groupby(["server.identity.chain", "server.identity.key"])["bytes_received"].mean()
    for key in ("rsa-2048", "ecdsa-p256"):
        more = sent['["rsa-2048", "rsa-4096 with 1,000 B"]', key] - sent["[]", key]
        # Two certificates more, of RSA keys that RSA keys have signed.
        assert 1000 + 2 * 800 < more < 1000 + 2 * 1200 + 100


def test_a_key_is_set_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "chain.toml"
    file.write_text(WORLD.replace('identity = "contoso-rsa-1024"\n', ""))
    overrides = [
        parse_override("server.identity.key=ecdsa-p256"),
        parse_override('server.identity.chain=[{ key = "rsa-4096" }]'),
    ]
    assert str(load(file, overrides).world().server.identity) == (
        "ecdsa-p256, by rsa-4096, by rsa-2048"
    )
    named = [parse_override("server.identity=contoso-rsa-2048")]
    assert load(file, named).world().server.identity == "contoso-rsa-2048"
