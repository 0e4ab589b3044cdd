"""The how-to pages' files, each run once by the command that stands in its page."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import experiments

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "how-to"
BEGIN, END = "<!-- what it prints -->\n", "<!-- that was it -->\n"


@dataclass(frozen=True)
class HowTo:
    """A page of the how-to: a question, its file and command, the answer, the check."""

    path: Path

    @property
    def text(self) -> str:
        """The page."""
        return self.path.read_text(encoding="utf-8")

    @property
    def scenario(self) -> Path:
        """Its file."""
        return self.path.with_suffix(".toml")

    @property
    def command(self) -> str:
        """The one line that it tells to type."""
        found = re.findall(r"```sh\n(tlscape [^\n]+)\n```", self.text)
        assert len(found) == 1, self.path
        return str(found[0])

    @property
    def printed(self) -> str:
        """What the page says that the command prints."""
        between = self.text.partition(BEGIN)[2].partition(END)[0]
        return between.removeprefix("```text\n").removesuffix("```\n")

    def with_printed(self, printed: str) -> str:
        """Return the page with what the command has printed."""
        before, _, rest = self.text.partition(BEGIN)
        return f"{before}{BEGIN}```text\n{printed}```\n{END}{rest.partition(END)[2]}"


HOW_TOS = {int(path.stem.partition("-")[0]): HowTo(path) for path in PAGES.glob("[0-9]*.md")}


@dataclass(frozen=True)
class Answered:
    """A how-to's command, run.

    Attributes:
        page: which.
        printed: what a page shows of what it printed: all up to the end of the first table.
        out: the study's folder.
    """

    page: HowTo
    printed: str
    out: Path

    @functools.cached_property
    def result(self) -> experiments.Result:
        """The study's result."""
        return experiments.load_result(self.out)

    def interval(self, point: int, metric: str) -> tuple[float, float]:
        """A metric's interval at a design point, as the summary has it."""
        summary = self.result.summary
        of_point = summary["point"].astype(str) == str(point)
        (row,) = summary[of_point & (summary["metric"] == metric)].to_dict("records")
        return float(row["low"]), float(row["high"])


def shown(printed: str) -> str:
    """Cut what is printed behind its first table."""
    lines = printed.splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("───"))
    end = next((at for at in range(rule, len(lines)) if not lines[at]), len(lines))
    kept = [line for line in lines[:end] if not re.match(r"(Plan|Report): ", line)]
    return "\n".join(line.rstrip() for line in kept) + "\n"


@pytest.fixture(scope="session")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Answered]:
    """Run the command of a how-to, by its number, the first time that it is asked for."""

    @functools.cache
    def run(number: int) -> Answered:
        page = HOW_TOS[number]
        here = tmp_path_factory.mktemp(page.path.stem)
        for file in PAGES.iterdir():
            if file.suffix in (".toml", ".csv"):
                shutil.copy(file, here)
        words = shlex.split(page.command)
        outcome = subprocess.run(
            [sys.executable, "-m", "experiments.command", *words[1:]],
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stderr
        (out,) = (here / "out").iterdir()
        return Answered(page, shown(outcome.stdout), out)

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-how-to",
        action="store_true",
        help="write what the how-tos' commands print into their pages",
    )
