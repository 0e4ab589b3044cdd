from __future__ import annotations

import pytest

from experiments.studies.progress import StudyProgress


def test_lines_tell_the_progress_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with StudyProgress("shop", jobs=8, finished=2, between_lines=0.0) as progress:
        progress.update(finished=3, done=1.5)
    line = capsys.readouterr().err
    assert line.startswith("tlscape: shop: 3 of 8 replications finished, 0 s elapsed, about ")
    assert line.endswith(" s to go\n")


def test_a_short_study_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with StudyProgress("shop", jobs=8, finished=2) as progress:
        progress.update(finished=3, done=1.5)
    assert capsys.readouterr().err == ""
