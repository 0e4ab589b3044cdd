"""What a part is: its own source and all that it refers to, addressed so that edits are seen."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import sim
from experiments.studies.content import Content, content_of

BOX = """\
import math
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, PrivateAttr

import sim
import far
from far import near

LIMIT = 5
TABLE = {"a": (1, 2.5), "b": [frozenset({3, 4}), np.array([1.0, 2.0])]}


@dataclass(frozen=True)
class Rule:
    port: int = 443

    def fits(self, flow):
        return flow.destination_port == self.port


class Point(NamedTuple):
    x: int = 1


RULES = [Rule(80), Rule()]


def maker(step):
    def inner(value):
        return value + step
    return inner


ADD = maker(2)


@lru_cache
def cached(value):
    return deep(value)


def deep(value):
    return value * 7 + math.floor(2.5)


class Base(sim.Middlebox):
    def entries(self, now):
        return LIMIT


class Box(Base):
    \"\"\"It is tried.\"\"\"

    kind: Literal["tried"]
    quota: int = Field(default=10, ge=0)
    steps: ClassVar[tuple] = (1, 2)
    _sent: dict[int, int] | None = PrivateAttr(default_factory=dict)

    def opens(self, flow, now):
        if any(rule.fits(flow) for rule in RULES) and TABLE["a"]:
            return sim.PASS
        return sim.Verdict(sim.Action.DROP, textwrap.dedent(far.reason()))

    def carries(self, flow, now, seen, *, to_server, extra=Point(3)):
        self._sent[flow.source] = ADD(cached(near(seen.size))) + extra.x
        return (lambda: sim.PASS)()
"""
FAR = """\
from farther import WORDS

def reason():
    return WORDS[0]

def near(value):
    def doubled():
        return value * 2
    return doubled()

def unrelated():
    return 1
"""
FARTHER = 'WORDS = ["no", "other"]\n'
MODULES = ("box", "far", "farther")

Build = Callable[..., Content]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Write the three modules with replacements, import them, and give the box's content."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(*changes: tuple[str, str]) -> Content:
        texts = dict(zip(MODULES, (BOX, FAR, FARTHER), strict=True))
        for old, new in changes:
            home = [name for name, text in texts.items() if old in text]
            assert len(home) == 1, old
            texts[home[0]] = texts[home[0]].replace(old, new, 1)
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return content_of(importlib.import_module("box").Box)

    yield make
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_same_source_is_the_same_part(build: Build) -> None:
    first, second = build(), build()
    assert first.unknown == ()
    assert first == second
    assert first.modules == ("box", "far")


EDITS = [
    ("LIMIT = 5", "LIMIT = 6"),
    ('"a": (1, 2.5)', '"a": (1, 2.25)'),
    ("frozenset({3, 4})", "frozenset({3, 5})"),
    ("np.array([1.0, 2.0])", "np.array([1.0, 2.0], np.float32)"),
    ("port: int = 443", "port: int = 444"),
    ("== self.port", "!= self.port"),
    ("Rule(80)", "Rule(81)"),
    ("value + step", "value - step"),
    ("maker(2)", "maker(3)"),
    ("value * 7", "value * 8"),
    ("math.floor", "math.ceil"),
    ("return LIMIT", "return LIMIT + 0"),
    ('Literal["tried"]', 'Literal["tried", "other"]'),
    ("default=10", "default=11"),
    ("ge=0", "ge=1"),
    ("(1, 2)\n", "(1, 3)\n"),
    ("default_factory=dict", "default_factory=lambda: {1: 1}"),
    ("Action.DROP", "Action.RESET"),
    ("textwrap.dedent", "textwrap.shorten"),
    ("Point(3)", "Point(4)"),
    ("(lambda: sim.PASS)", "(lambda: sim.PASS if now else None)"),
    ("return WORDS[0]", "return WORDS[1]"),
    ("return value * 2", "return value * 3"),
    ('["no", "other"]', '["nay", "other"]'),
]


@pytest.mark.parametrize("edit", EDITS, ids=[new for _, new in EDITS])
def test_every_edit_that_a_part_can_reach_is_seen(build: Build, edit: tuple[str, str]) -> None:
    assert build(edit).digest != build().digest
    assert build(edit).unknown == ()


def test_what_it_cannot_reach_is_none_of_it(build: Build) -> None:
    assert build(("return 1\n", "return 2\n")) == build()
    assert build(("LIMIT = 5", "# of connections\nLIMIT = 5")) == build()


def test_what_is_set_afterwards_is_seen(build: Build) -> None:
    before = build()
    module: ModuleType = sys.modules["box"]
    module.LIMIT = 50  # type: ignore[attr-defined]
    assert content_of(module.Box).digest != before.digest
    build()
    module = sys.modules["box"]
    module.Box.steps = (7,)
    assert content_of(module.Box).digest != before.digest
    build()
    module = sys.modules["box"]
    sys.modules["far"].near = lambda value: value  # type: ignore[attr-defined]
    assert content_of(module.Box) == before, "near was imported by name"
    sys.modules["far"].reason = lambda: "other"  # type: ignore[attr-defined]
    assert content_of(module.Box).digest != before.digest


UNSEEN = [
    ("return LIMIT", "return getattr(self, 'ent' + 'ries')", "calls getattr with a name"),
    ("return LIMIT", "return eval('LIMIT')", "uses eval"),
    ("return LIMIT", "return globals()['LIMIT']", "uses globals"),
    ("return LIMIT", "return len(open('/etc/hostname').read())", "uses open"),
    ("return LIMIT", "import os\n        return os.getpid()", "uses os"),
    ("return LIMIT", "import time\n        return int(time.time())", "uses time"),
    ("return LIMIT", "import random\n        return random.randint(1, 2)", "uses random"),
    ("return LIMIT", "return np.random.randint(3)", "uses np.random.randint"),
    (
        "return LIMIT",
        "import pandas as pd\n        return len(pd.read_csv('x.csv'))",
        "uses pandas",
    ),
    ("LIMIT = 5", "from pandas import read_csv as LIMIT", "uses LIMIT"),
    ("return LIMIT", "return np.loadtxt('x.csv')[0]", "uses np.loadtxt"),
    ("return LIMIT", "return (lambda n: n.loadtxt('x.csv'))(np)", "uses loadtxt"),
    ("return LIMIT", "import datetime\n        return datetime.date.today().day", "uses today"),
    ("return LIMIT", "return np.datetime64('now').item().day", "uses np.datetime64"),
    ("return LIMIT", "return np.random.default_rng().integers(3)", "default_rng without a seed"),
    ("return LIMIT", "return np.random.default_rng(None).integers(3)", "without a seed"),
    ("return LIMIT", "return hash('a') + id(self)", "uses hash"),
    ("return LIMIT", "return self.opens.__globals__['LIMIT']", "uses __globals__"),
    ("LIMIT = 5", "import os\nLIMIT = os.environ", "uses LIMIT"),
    ("LIMIT = 5", "import pathlib\nLIMIT = pathlib.Path('x.csv')", "uses LIMIT"),
    ("LIMIT = 5", "import sys\ndef LIMIT(): return len(sys.argv)", "uses sys.argv"),
    (
        "LIMIT = 5",
        "from operator import methodcaller\nfrom datetime import datetime\n"
        "CALL = methodcaller('now')\ndef LIMIT(): return CALL(datetime).day",
        "uses now",
    ),
    ("LIMIT = 5", "import time\nLIMIT = {'clock': time.time}", "time, whose answer"),
    ("LIMIT = 5", "import time\nLIMIT = [time]", "time, whose answer"),
    ("LIMIT = 5", "import pathlib\nLIMIT = {'file': pathlib.Path('x')}", "the type PosixPath"),
    ("LIMIT = 5", "import random\nLIMIT = random.Random(5)", "uses LIMIT"),
    ("LIMIT = 5", "LIMIT = np.random.default_rng(5)", "uses LIMIT"),
    ("extra=Point(3)", "extra=Point(3), clock=__import__('time').time", "time, whose answer"),
    (
        "class Base(sim.Middlebox)",
        "import threading\nclass Base(sim.Middlebox, threading.Thread)",
        "Thread",
    ),
    ("default_factory=dict", "default_factory=__import__('random').Random", "Random"),
    ("return LIMIT", "import nowhere_to_be_found\n        return 1", "which is not found"),
    ("LIMIT = 5", "import threading\nLIMIT = threading.Lock()", "uses LIMIT"),
    ("LIMIT = 5", "exec('def LIMIT(): return 5')", "LIMIT has no source"),
]


KNOWN = [
    ("return LIMIT", "import datetime\n        return datetime.date(2026, 1, 2).day"),
    ("LIMIT = 5", "import random\ndef LIMIT(): return random.Random(5).randint(1, 2)"),
    ("return LIMIT", "return np.random.default_rng(seed=5).integers(3) + np.sin(1.0)"),
    ("return LIMIT", "import json, re\n        return json.loads('1') + len(re.escape('a'))"),
    ("LIMIT = 5", "import pandas\nLIMIT = pandas.DataFrame({'a': [1, 2]})"),
    ("LIMIT = 5", "import datetime\nLIMIT = datetime.datetime(2026, 1, 2)"),
    ("LIMIT = 5", "import functools, math\nLIMIT = functools.partial(math.pow, 2)"),
    ("LIMIT = 5", "import sys, socket\ndef LIMIT(): return sys.maxsize + socket.AF_INET"),
    ("LIMIT = 5", "import ipaddress\nLIMIT = ipaddress.ip_network('10.0.0.0/8')"),
]


@pytest.mark.parametrize("change", KNOWN, ids=[new for _, new in KNOWN])
def test_what_asks_nothing_can_be_known(build: Build, change: tuple[str, str]) -> None:
    content = build(change)
    assert content.unknown == ()
    assert content == build(change)


@pytest.mark.parametrize(("old", "new", "said"), UNSEEN, ids=[new for _, new, _ in UNSEEN])
def test_what_cannot_be_known_is_said(build: Build, old: str, new: str, said: str) -> None:
    content = build((old, new))
    assert len(content.unknown) == 1
    assert said in content.unknown[0]


def test_a_class_without_source_is_said() -> None:
    made = type(sim.Middlebox)(
        "Made", (sim.Middlebox,), {"__module__": __name__, "__qualname__": "Made"}
    )
    assert content_of(made).unknown == ("Made has no source that could be read",)
    names: dict[str, type] = {}
    exec("import sim\nclass Made(sim.Middlebox):\n    def entries(self, now): return 1\n", names)
    assert content_of(names["Made"]).unknown


def test_a_file_that_was_edited_after_it_was_imported_is_said(build: Build, tmp_path: Path) -> None:
    build()
    module = sys.modules["box"]
    (tmp_path / "box.py").write_text(BOX.replace("value * 7", "value * 700"), encoding="utf-8")
    assert content_of(module.Box).unknown == ("deep is not what its source says now",)
