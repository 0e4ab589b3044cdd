"""The document's table of profiles is what ships."""

from __future__ import annotations

import re
from pathlib import Path

import sim

DOCUMENT = Path(__file__).parents[3] / "docs" / "client-profiles.md"


def test_the_table_has_every_profile_and_its_length() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \| [^|]+ \| ([\d,]+) \|", DOCUMENT.read_text(), re.MULTILINE
    )
    assert sorted(name for name, _, _ in rows) == list(sim.client_profiles())
    for name, title, length in rows:
        profile = sim.client_profile(name)
        assert title == profile.title
        message = profile.hello.form.message(bytes, "www.contoso.com")
        assert int(length.replace(",", "")) == len(message)


def test_the_document_s_file_is_a_profile() -> None:
    files = re.findall(r"```toml\n(title = .*?)```", DOCUMENT.read_text(), re.DOTALL)
    for text in files:
        sim.ClientProfile.from_toml(text, name="ours")
    assert len(files) == 1


def test_the_document_s_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    exec(compile(code, str(DOCUMENT), "exec"), {})
