"""A study whose connections are looked at again."""

from __future__ import annotations

import pytest

import experiments
from tests.experiments.small_world import STUDY, WORLD


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> experiments.Result:
    """Five points, two replications each; some resume, and all succeed."""
    folder = tmp_path_factory.mktemp("evidence")
    file = folder / "small.toml"
    text = WORLD.replace('duration = "5 min"', 'duration = "40 s"')
    file.write_text(text + STUDY, encoding="utf-8")
    return experiments.run(file, out=folder / "out", workers=1)
