"""The documentation is built into a site without a warning, and its references are complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tls
from experiments.questions.settings import scenario_file_schema
from experiments.scenario_files.requirement import MEASURES
from scripts.documentation_site import command_reference, scenario_reference
from tests.docs.conftest import ROOT
from tests.experiments.command.test_examples import COMMANDS


def sections(text: str) -> dict[str, str]:
    """The parts of a page by their headings."""
    _, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_reference_has_every_key_with_what_it_is() -> None:
    schema = scenario_file_schema()
    parts = sections(scenario_reference())
    tables = {
        "The file itself": schema,
        "study": schema["properties"]["study"],
        **{name: one for name, one in schema["$defs"].items() if "properties" in one},
    }
    for name, table in tables.items():
        rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", parts[name], re.MULTILINE)
        assert [key for key, _ in rows] == list(table["properties"]), name
        for key, rest in rows:
            kind, default, _ = rest.split(" | ", 2) if " |  | " not in rest else (rest, "", "")
            assert kind, (name, key)
            assert (default == "") == (key in table.get("required", ())), (name, key)
    linked = set(re.findall(r"\]\(#([^)]+)\)", scenario_reference()))
    assert linked <= {name.lower() for name in parts}


@pytest.mark.parametrize(
    ("section", "key", "says"),
    [
        ("Tcp", "initial_timeout", 'duration | `"1 s"`'),
        ("Tcp", "maximum_segment_size", 'size | `"1460 B"`'),
        ("Link", "rate", "bit rate | none"),
        ("Poisson", "rate", "rate | "),
        ("Tcp", "congestion_control", '`"reno"`, `"cubic"` | `"reno"`'),
        ("Zipf", "clients", "whole number above 0"),
    ],
)
def test_values_have_their_kind_and_default(section: str, key: str, says: str) -> None:
    (row,) = re.findall(rf"^\| `{key}` \| (.*)$", sections(scenario_reference())[section], re.M)
    assert row.startswith(says)


def test_the_reference_lists_the_names_that_may_stand() -> None:
    text = scenario_reference()
    for name in ("nginx-2026", "firefox-45", "contoso-rsa-2048", "X25519MLKEM768", "reachability"):
        assert name in text
    for code in tls.ALL_SUITES:
        assert tls.suite_name(code).replace("_", "\\_") in text
    assert all(f"| `{words}` |" in text for words in MEASURES)


def test_the_reference_of_commands_has_each_with_its_example() -> None:
    parts = sections(command_reference())
    assert list(parts) == [f"tlscape {name}" for name in COMMANDS]
    assert all("  Example:\n    tlscape " in help_text for help_text in parts.values())


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "WARNING" not in outcome.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', text)
        fetched += re.findall(r'<link[^>]* href="([^"]+)"', text)
        assert fetched
        assert not [one for one in fetched if re.match(r"(https?:)?//", one)], page
    for sheet in tmp_path.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(url\(|@import\s*)['\"]?(https?:)?//", text), sheet
    assert (tmp_path / "how-to" / "1-how-many-servers.toml").is_file()
