"""Client profiles from files of the user's own: they stand for what is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import experiments
import sim
from experiments.failures import ScenarioError
from experiments.loading import load_scenario
from experiments.scenario_files.scenario_file import ScenarioFile
from tests.experiments.small_world import WORLD

SHIPPED = {
    name: (Path(sim.__file__).parent / "workload" / "profiles" / f"{name}.toml").read_text()
    for name in sim.client_profiles()
}
OWN = WORLD.replace('"internet-explorer-6"', '"mine.toml"').replace(
    'versions = ["SSL 3.0", "TLS 1.0"]', 'versions = ["TLS 1.0", "TLS 1.2"]'
)
PROXY = """
[links.wire]
round_trip_time = "50 ms"

[paths.way]
crosses = ["wire", "front", "lan"]

[links.lan]
round_trip_time = "1 ms"

[middleboxes.front]
kind = "terminating-proxy"
machine = "xeon-2026"
cores = 1
identity = "contoso-rsa-1024"
profile = "mine.toml"
"""


def loaded(folder: Path, profile: str, *, text: str = OWN) -> ScenarioFile:
    folder.joinpath("mine.toml").write_text(profile, encoding="utf-8")
    folder.joinpath("own.toml").write_text(text, encoding="utf-8")
    return load_scenario(folder / "own.toml")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_may_be_one_s_own(name: str, tmp_path: Path) -> None:
    world = loaded(tmp_path, SHIPPED[name]).world()
    browser = world.clients[0].browser
    assert browser.name == "mine"
    assert browser.suites == sim.browser(name).suites


def test_a_file_gives_the_tables_of_its_content(tmp_path: Path) -> None:
    own = loaded(tmp_path, SHIPPED["openssl-3"])
    result = experiments.run(own, out=tmp_path / "own", workers=1, replications=1)
    (tmp_path / "shipped.toml").write_text(OWN.replace("mine.toml", "openssl-3"))
    shipped = load_scenario(tmp_path / "shipped.toml")
    expected = experiments.run(shipped, out=tmp_path / "shipped", workers=1, replications=1)
    assert set(result.connections["profile"]) == {"mine"}
    left, right = result.connections, expected.connections
    columns = [column for column in left.columns if column != "profile"]
    assert len(left) > 50
    assert left[columns].equals(right[columns])


def test_a_result_keeps_the_file_and_is_repeated_without_it(tmp_path: Path) -> None:
    own = loaded(tmp_path, SHIPPED["openssl-3.0"])
    first = experiments.run(own, out=tmp_path / "first", workers=1, replications=1)
    (tmp_path / "mine.toml").unlink()
    manifest = json.loads((tmp_path / "first" / "manifest.json").read_text())
    assert SHIPPED["openssl-3.0"] in json.dumps(manifest, ensure_ascii=False).replace(
        "\\n", "\n"
    ).replace('\\"', '"')
    again = experiments.load_result(tmp_path / "first")
    assert again.connections.equals(first.connections)


def test_a_shipped_profile_is_kept_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(WORLD)
    scenario = load_scenario(tmp_path / "own.toml")
    experiments.run(scenario, out=tmp_path / "out", workers=1, replications=1)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    kept = manifest["client_profiles"]["internet-explorer-6"]
    profile = sim.ClientProfile.model_validate(kept)
    assert profile == sim.client_profile("internet-explorer-6")


def test_a_proxy_may_have_one_too(tmp_path: Path) -> None:
    path = '[path]\nround_trip_time = "50 ms"\n'
    assert path in WORLD
    text = WORLD.replace('kind = "terminating"', 'kind = "terminating"\npath = "way"').replace(
        path, PROXY
    )
    world = loaded(tmp_path, SHIPPED["firefox-45"], text=text).world()
    (proxy,) = world.middleboxes.values()
    assert proxy.browser.name == "mine"  # type: ignore[attr-defined]
    assert proxy.browser.groups == sim.browser("firefox-45").groups  # type: ignore[attr-defined]


def edited(*replacements: tuple[str, str]) -> str:
    text = SHIPPED["openssl-3.0"]
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return text


FAULTS: dict[str, tuple[Any, ...]] = {
    "an unknown key": (("title =", "titel ="), 'titel: unknown key "titel"; did you mean "title"?'),
    "a key of the hello": (("groups =", "group ="), 'hello.group: unknown key "group"'),
    "no suite": (
        ('"TLS_AES_256_GCM_SHA384"', '"TLS_AES_256_GCM_SHA"'),
        "hello.suites[0]: no cipher",
    ),
    "no code": (('"TLS_AES_256_GCM_SHA384"', "70_000"), "no cipher suite has the code 70000"),
    "no group": (('"x25519",', '"curve25519",'), 'no group is called "curve25519"'),
    "no scheme": (('"ed25519"', '"ed25518"'), 'did you mean "ed25519"?'),
    "no extension": (('"key_share"', '"key_shares"'), 'did you mean "key_share"?'),
    "no version": (('"TLS 1.3"', '"TLS 1.4"'), 'no version is called "TLS 1.4"'),
    "an extension without contents": (
        ('psk_modes = ["psk_dhe_ke"]\n', ""),
        '"psk_key_exchange_modes" has no contents; write `psk_modes`',
    ),
    "an unknown extension without contents": (
        ('"key_share",', '"key_share", 0x1234,'),
        '"0x1234" has no contents; write its bytes',
    ),
    "contents of none": (
        ('key_shares = ["x25519"]', 'key_shares = ["x25519"]\nalpn = ["h2"]'),
        '"application_layer_protocol_negotiation" is not among the extensions',
    ),
    "an extension twice": (('"key_share",', '"key_share", "key_share",'), "stands twice"),
    "a session's extension": (
        ('"key_share",', '"key_share", "early_data",'),
        "belongs to a session",
    ),
    "no bytes": (
        ('"key_share",', '"key_share", 0x1234,'),
        ('key_shares = ["x25519"]', 'key_shares = ["x25519"]\ncontents = { 0x1234 = "0" }'),
        "is not bytes in hexadecimal",
    ),
    "a number for a duration": (('session_lifetime = "2 h"', "session_lifetime = 7200"), "no unit"),
    "no title": (('title = "', 'title = ""\n#'), "title"),
    "a client that is not simulated": (
        ('versions = ["TLS 1.3", "TLS 1.2", "TLS 1.1", "TLS 1.0"]', "versions = [0x7f1c]"),
        "speaks no version",
    ),
    "no TOML": (("[hello]", "[hello"), "not TOML"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_file_and_line(fault: str, tmp_path: Path) -> None:
    *replacements, words = FAULTS[fault]
    text = edited(*replacements)
    with pytest.raises(ScenarioError) as raised:
        loaded(tmp_path, text).world()
    line = str(raised.value)
    assert line.startswith(f"{tmp_path / 'own.toml'}:16: clients[0].profile: mine.toml:")
    assert words in line
    assert "\n" not in line
    assert raised.value.exit_code == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    with pytest.raises(ScenarioError, match=r"own.toml:16: clients\[0\].profile: mine.toml: there"):
        load_scenario(tmp_path / "own.toml")


def test_two_clients_of_one_name_are_told(tmp_path: Path) -> None:
    table = '[[clients]]\nprofile = "openssl-3.toml"\nshare = 0.5\n\n'
    text = OWN.replace('"mine.toml"\nshare = 1.0', '"openssl-3"\nshare = 0.5').replace(
        "[path]", table + "[path]"
    )
    (tmp_path / "openssl-3.toml").write_text(SHIPPED["openssl-3"])
    with pytest.raises(ScenarioError, match='the profile "openssl-3" stands in two tables'):
        loaded(tmp_path, "", text=text).world()
