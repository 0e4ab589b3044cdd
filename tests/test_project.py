"""The project's own files keep their promises."""

from __future__ import annotations

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from importlib.metadata import entry_points, requires, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PACKAGES = ("tls", "sim", "experiments")


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower()


def wanted() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [*PROJECT["project"]["dependencies"], *(name for extra in extras for name in extra)]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git work tree")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_the_lock_names_no_host_and_no_index() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*(--(extra-)?index-url|--find-links|-f|-i)\b", LOCK, re.MULTILINE)


def test_the_lock_has_every_dependency_with_hashes() -> None:
    entries = re.split(r"^(?=\S)", LOCK, flags=re.MULTILINE)
    locked = {name_of(entry): entry for entry in entries if entry.strip()}
    assert all("--hash=sha256:" in entry for entry in locked.values())
    assert {name_of(requirement) for requirement in wanted()} <= locked.keys()


@pytest.mark.parametrize("requirement", wanted(), ids=name_of)
def test_every_dependency_has_its_reason(requirement: str) -> None:
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| {re.escape(name_of(requirement))} \| \S", reasons, re.MULTILINE)


def test_no_file_names_a_path_of_some_machine(tracked: list[Path]) -> None:
    folder = re.compile("/(?:{})/".format("|".join(("root", "work", "home/[a-z]+", "Users"))))
    found = []
    for path in tracked:
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = (line for line in text.splitlines() if folder.search(line))
        found += [f"{path.relative_to(ROOT)}: {line.strip()}" for line in lines]
    assert found == []


def test_every_data_file_of_a_package_is_installed_with_it(tracked: list[Path]) -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    forgotten = [
        path
        for path in tracked
        if path.relative_to(ROOT).parts[0] in PACKAGES
        and path.suffix != ".py"
        and not any(fnmatch(path.name, pattern) for pattern in patterns)
    ]
    assert forgotten == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_the_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="tlscape")
    assert command.value == PROJECT["project"]["scripts"]["tlscape"]
    assert callable(command.load())


def test_the_installed_distribution_is_this_one() -> None:
    assert version("tlscape") == PROJECT["project"]["version"]
    installed = {name_of(requirement) for requirement in requires("tlscape") or ()}
    assert installed == {name_of(requirement) for requirement in wanted()}


def test_the_engine_example_of_the_readme_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    (example,) = (block for block in blocks if block.startswith("import tls\n"))
    names: dict[str, object] = {}
    exec(example, names)
    assert names["client"].handshake_completed  # type: ignore[attr-defined]


def test_links_of_the_documents_lead_somewhere(tracked: list[Path]) -> None:
    broken = []
    for document in (path for path in tracked if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert broken == []
