"""Files of the user's own: counts from a CSV, and machine profiles that were measured."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import experiments
import sim
from experiments.calibration import profile_toml
from experiments.failures import ScenarioError
from experiments.loading import load_scenario
from experiments.scenario_files.count_files import read_counts
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.scenario_file import ScenarioFile, load, parse, ready_scenarios
from experiments.studies.study import design
from tests.experiments.small_world import ROOT, WORLD, Run

Write = Callable[..., Path]

CURVE = WORLD.replace(
    'process = "poisson"\nrate = "0.5 /s"', 'process = "curve"\ncounts = "my.csv"'
)
DATA_SET = ROOT / "experiments" / "data" / "worldcup98-1998-06-30.csv"


def profile(**changes: object) -> str:
    """The text of a machine profile as `tlscape calibrate` writes it, with the built-in prices."""
    built_in = sim.machine_profile("xeon-2026")
    operations = {
        name: price.model_dump(mode="json", exclude_defaults=True)
        for name, price in built_in.operations.items()
    }
    operations.update(changes)  # type: ignore[arg-type]
    kept = {name: fields for name, fields in operations.items() if fields is not None}
    return profile_toml({"title": "Mine", "source": "measured", "operations": kept})


def curve(folder: Path, csv: str | bytes, *, text: str = CURVE) -> ScenarioFile:
    """The small world with counts of its own."""
    folder.joinpath("my.csv").write_bytes(csv if isinstance(csv, bytes) else csv.encode())
    folder.joinpath("own.toml").write_text(text, encoding="utf-8")
    return load_scenario(folder / "own.toml")


# ---------------------------------------------------------------- counts

COUNTS = {
    "one column": ("1\n2\n3\n", None),
    "one column with a header": ("requests\n1\n2\n3\n", None),
    "times of day": ("00:00,1\n00:01,2\n00:02,3\n", 60.0),
    "times of day with seconds": ("23:59:30;1\n23:59:45;2\n00:00:00;3\n", 15.0),
    "past midnight": ("time\tcount\n23:58\t1\n23:59\t2\n00:00\t3\n", 60.0),
    "hours": ("0:00,1\n1:00,2\n2:00,3", 3600.0),
    "dates": ("day,hits\n2026-01-31,1\n2026-02-01,2\n2026-02-02,3\n", 86400.0),
    "moments": ("2026-01-31T23:59:59Z,1\n2026-02-01T00:00:00Z,2\n2026-02-01T00:00:01Z,3\n", 1.0),
    "moments without a zone": (
        "2026-01-31 10:00,1\n2026-01-31 10:05,2\n2026-01-31 10:10,3\n",
        300.0,
    ),
    "moments across a change of the clocks": (
        "2026-03-29T01:30+01:00,1\n2026-03-29T03:00+02:00,2\n2026-03-29T03:30+02:00,3\n",
        1800.0,
    ),
    "Unix times": ("1767225600,1\n1767225601,2\n1767225602,3\n", 1.0),
    "Unix times with a fraction": ("1767225600.1,1\n1767225600.2,2\n1767225600.3,3\n", 0.1),
    "numbered minutes": ("minute,requests\n0,1\n1,2\n2,3\n", 60.0),
    "numbered seconds": ("second,requests\n0,1\n1,2\n2,3\n", 1.0),
    "a byte order mark": ("\ufeff00:00,1\n00:01,2\n00:02,3\n", 60.0),
    "Windows lines": ("minute,requests\r\n00:00,1\r\n00:01,2\r\n00:02,3\r\n", 60.0),
    "quotation marks": ('"minute";"requests"\n"00:00";"1"\n"00:01";"2"\n"00:02";"3"\n', 60.0),
    "remarks and empty lines": ("# mine\n\n00:00,1\n\n00:01,2\n# more\n00:02,3\n", 60.0),
    "spaces": ("00:00 , 1\n00:01 , 2\n00:02 , 3\n", 60.0),
    "decimal points": ("1.0\n2.0\n3e0\n", None),
    "decimal commas": ("00:00;1,0\n00:01;2,0\n00:02;3,00\n", 60.0),
}


@pytest.mark.parametrize("form", COUNTS)
def test_counts_in_every_form(form: str, tmp_path: Path) -> None:
    csv, interval = COUNTS[form]
    text = CURVE if interval else CURVE.replace('"my.csv"', '"my.csv"\ninterval = "5 min"')
    arrivals = curve(tmp_path, csv, text=text).world().arrivals
    assert isinstance(arrivals, sim.Scenario.model_fields["arrivals"].annotation)  # type: ignore[arg-type]
    assert arrivals.process == "curve"
    assert arrivals.counts == (1.0, 2.0, 3.0)
    assert arrivals.interval == pytest.approx(interval or 300.0, rel=1e-12)


FAULTS = {
    "missing row": ("00:00,1\n00:01,2\n00:03,3\n", "my.csv:3: a row is missing"),
    "missing rows": ("00:00,1\n00:01,2\n00:02,2\n00:06,3\n", "my.csv:4: 3 rows are missing"),
    "disorder": ("00:00,1\n00:02,2\n00:01,3\n00:03,4\n00:04,4\n", "my.csv:3: the time"),
    "twice": ("00:00,1\n00:01,2\n00:01,3\n00:02,3", 'my.csv:3: the time "00:01" comes twice'),
    "uneven": ("00:00,1\n00:02,2\n00:04,3\n00:05,3", 'my.csv:4: "00:05" comes 60 s after'),
    "no number": ("minute,n\n00:00,1\n00:01,many\n", 'my.csv:3: "many" is not a count'),
    "negative": ("1\n-2\n", "my.csv:2: the count -2 is negative"),
    "not a number": ("1\nnan\n", 'my.csv:2: "nan" is not a count'),
    "infinite": ("1\ninf\n", 'my.csv:2: "inf" is not a count'),
    "other digits": ("1\n١\n", "my.csv:2: "),
    "underscores": ("1\n1_000\n", 'my.csv:2: "1_000" is not a count'),
    "missing count": ("00:00,1\n00:01,\n", "my.csv:2: the count is missing"),
    "thousands": ("00:00;1,234\n00:01;2\n", "my.csv:1: 1,234 may be thousands or a fraction"),
    "three columns": ("00:00,1,2\n", "my.csv:1: 3 columns"),
    "ragged": ("00:00,1\n00:01\n", "my.csv:2: 1 column where the first line has 2"),
    "no such time": ("00:00,1\n00:60,2\n", 'my.csv:2: "00:60" is no time'),
    "other times": ("00:00,1\n2026-01-01,2\n", 'my.csv:2: "2026-01-01" is no time'),
    "no unit of time": ("0,1\n1,2\n", 'my.csv:1: "0" is no time'),
    "milliseconds": ("1767225600000,1\n1767225660000,2\n", "divide milliseconds by 1000"),
    "zones and none": ("2026-01-01T00:00Z,1\n2026-01-01T00:01,2\n", "my.csv:2: "),
    "one row": ("00:00,1\n", "my.csv:1: one row alone tells no interval"),
    "empty": ("", "my.csv: no counts"),
    "a header alone": ("minute,requests\n", "my.csv: no counts"),
    "a zero byte": ("1\n2\0\n", "my.csv:2: not text"),
    "an open quotation mark": ('1\n"2\n', "my.csv:2: "),
    "no counts above 0": ("0\n0\n", "count"),
    "no text": (b"\xff\xfe1\x00", "my.csv:1: not UTF-8"),
    "no interval": ("1\n2\n", "my.csv has counts but no times"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_file_of_counts_is_told_with_its_line(fault: str, tmp_path: Path) -> None:
    csv, words = FAULTS[fault]
    text = CURVE
    if words.startswith("count"):
        text = CURVE.replace('"my.csv"', '"my.csv"\ninterval = "5 min"')
    with pytest.raises(ScenarioError) as raised:
        curve(tmp_path, csv, text=text)
    line = str(raised.value)
    assert words in line
    assert line.startswith(f"{tmp_path / 'own.toml'}:9: arrivals")
    assert "\n" not in line


def test_an_interval_beside_times_is_to_be_theirs(tmp_path: Path) -> None:
    csv = "00:00,1\n00:01,2\n"
    same = CURVE.replace('"my.csv"', '"my.csv"\ninterval = "60 s"')
    assert curve(tmp_path, csv, text=same).world().arrivals.interval == 60.0  # type: ignore[union-attr]
    with pytest.raises(ScenarioError, match=r'arrivals.interval: .*my.csv .* write "60 s"'):
        curve(tmp_path, csv, text=CURVE.replace('"my.csv"', '"my.csv"\ninterval = "1 h"'))


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet='0123456789:-T,;\t\n\r "#.eZ+aé\0', max_size=120))
def test_any_text_is_a_series_or_one_line(text: str) -> None:
    try:
        series = read_counts(text, "my.csv")
    except ScenarioError as error:
        assert str(error).startswith("my.csv")
        assert "\n" not in str(error)
    else:
        assert series.counts
        assert series.interval is None or series.interval > 0
        assert all(count >= 0 for count in series.counts)


def test_the_shared_trace_works_as_it_is(tmp_path: Path) -> None:
    lines = [line for line in DATA_SET.read_text().splitlines() if not line.startswith("#")]
    own = curve(tmp_path, "\n".join(lines) + "\n").world()
    named = parse("named", "named.toml", CURVE.replace("my.csv", DATA_SET.stem)).world()
    assert own == named


def test_what_is_run_depends_on_the_content_and_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    first = design(curve(there, "00:00,5\n00:01,6\n"), seed=1)
    monkeypatch.chdir(here)
    Path("other.csv").write_text("time;n\n10:00;5\n10:01;6\n")
    override = parse_override("arrivals.counts=other.csv")
    second = design(load_scenario(there / "own.toml", [override]), seed=1)
    assert second.identity == first.identity
    absolute = parse_override(f"arrivals.counts={here / 'other.csv'}")
    third = load_scenario(there / "own.toml", [absolute])
    assert design(third, seed=1).identity == first.identity
    Path("other.csv").write_text("time;n\n10:00;5\n10:01;7\n")
    assert design(third.with_overrides([]), seed=1).identity == first.identity
    changed = load_scenario(there / "own.toml", [override])
    assert design(changed, seed=1).identity != first.identity


def test_two_files_of_one_name_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curve(
        tmp_path,
        "00:00,5\n00:01,6\n",
        text=CURVE + '\n[study]\nbaseline = {"arrivals.counts" = "my.csv"}\n',
    )
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("my.csv").write_text("00:00,5\n00:01,7\n")
    with pytest.raises(ScenarioError, match=r'two files "my.csv"'):
        load_scenario(tmp_path / "own.toml", [parse_override("arrivals.counts=my.csv")])


# ---------------------------------------------------------------- machine profiles

PLACES = ["server.machine", "clients.0.machine", "clients[0].machine", "middleboxes.proxy.machine"]
PROXY = '\n[middleboxes.proxy]\nkind = "connect-proxy"\nmachine = "nginx-2026"\n'


@pytest.mark.parametrize("place", PLACES)
def test_a_profile_that_was_measured_is_taken_as_it_is(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here.toml").write_text(profile())
    file = parse("small", "small.toml", WORLD + PROXY, [parse_override(f"{place}=here.toml")])
    dumped = file.world().model_dump(mode="json")
    found = [host["machine"] for host in (dumped["server"], *dumped["clients"])]
    found.append(dumped["middleboxes"]["proxy"]["machine"])
    (own,) = [machine for machine in found if isinstance(machine, dict)]
    assert own["name"] == "here"
    assert own["operations"]["rsa.private"]["by_bits"]
    assert set(file.data.texts) == {"here.toml"}


def test_profiles_lie_beside_the_scenario_and_may_be_levels(tmp_path: Path) -> None:
    (tmp_path / "fast.toml").write_text(profile(accept={"each": 1e-9}))
    study = '\n[study]\nfactors = { "server.machine" = ["nginx-2026", "fast.toml"] }\n'
    (tmp_path / "own.toml").write_text(WORLD + study)
    points = design(load_scenario(tmp_path / "own.toml"), seed=1).points
    assert [point.label for point in points] == ["machine nginx-2026", "machine fast.toml"]
    fast = points[1].scenario.server.machine
    assert isinstance(fast, sim.MachineProfile)
    assert fast.operations["accept"].each == 1e-9


def test_a_missing_price_is_refused_before_anything_is_run(
    tmp_path: Path, tlscape_here: Run
) -> None:
    (tmp_path / "here.toml").write_text(profile(**{"rsa.private": None}))
    (tmp_path / "own.toml").write_text(WORLD.replace('"pentium-iii-933"', '"here.toml"'))
    outcome = tlscape_here("run", tmp_path / "own.toml", "--out", tmp_path / "out")
    assert outcome.returncode == 2
    assert outcome.stderr.count("\n") == 1
    for words in ("own.toml:30: server.machine", '"here"', "rsa.private of 1024 bits", "by_bits"):
        assert words in outcome.stderr
    assert not (tmp_path / "out").exists()


LACKING = {
    "another key size": ({"rsa.private": {"by_bits": {"2048": 0.001}}}, "rsa.private of 1024 bits"),
    "a cipher": ({"encrypt.rc4-128": None}, "encrypt.rc4-128,"),
    "only of resumed sessions or closing": ({"decrypt.rc4-128": None}, "decrypt.rc4-128,"),
    "the request": ({"request": None}, "request,"),
    "a flight": ({"flight": None, "byte": None}, "byte, flight,"),
}


@pytest.mark.parametrize("what", LACKING)
def test_what_a_world_needs_and_a_profile_lacks(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, words = LACKING[what]
    monkeypatch.chdir(tmp_path)
    Path("here.toml").write_text(profile(**changes))
    with pytest.raises(ScenarioError) as raised:
        parse("small", "small.toml", WORLD, [parse_override("server.machine=here.toml")])
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_price_that_is_not_needed_may_be_missing() -> None:
    machine = {"name": "mine", "title": "mine", "source": "me", "operations": {}}
    built_in = sim.machine_profile("xeon-2026")
    machine["operations"] = {
        name: built_in.operations[name].model_dump()
        for name in ("accept", "request", "flight", "byte")
    }
    setting = experiments.scenario_files.overrides.setting
    overrides = [setting("server.machine", machine), setting("server.security", "plain")]
    parse("small", "small.toml", WORLD, overrides)
    with pytest.raises(ScenarioError, match="no price for"):
        parse("small", "small.toml", WORLD, overrides[:1])


def test_what_is_rehearsed_is_what_is_done() -> None:
    """In each ready scenario no operation is done that its rehearsal had not foreseen."""
    from sim.rehearsal import _needs

    for name in ready_scenarios():
        world = load(name).world()
        expected = world.arrivals.mean_rate * (world.duration + world.warm_up)
        scale = min(world.scale, 400 / expected)
        world = world.model_copy(update={"scale": scale, "fidelity": "live"})
        sink = sim.MemorySink()
        sim.simulate(world, seed=1, sink=sink)
        done: dict[str, set[tuple[str, int]]] = {}
        table = sink.table("operations")
        for row in table.to_pylist():
            done.setdefault(row["node"], set()).add((row["operation"], row["bits"]))
        needs: dict[str, set[tuple[str, int]]] = {}
        for place, operations in _needs(world).items():
            needs.setdefault(_node(world, place), set()).update(operations)
        for node in world.pools:
            needs[node].add(("application", 0))
        assert done
        for node, operations in done.items():
            assert operations <= needs[node], (name, node)


def _node(world: sim.Scenario, place: tuple[str | int, ...]) -> str:
    if place[0] == "clients":
        return f"clients/{world.clients[int(place[1])].profile}"
    node = world.server.name if place[0] == "server" else str(place[1])
    return f"{node}/signer" if place[-1] == "private_key" else node


def test_an_operation_that_there_is_not_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text(profile(**{"rsa.privat": {"each": 1.0}}))
    (tmp_path / "own.toml").write_text(WORLD.replace('"pentium-iii-933"', '"here.toml"'))
    with pytest.raises(ScenarioError) as raised:
        load_scenario(tmp_path / "own.toml")
    line = str(raised.value)
    assert "own.toml:30: server.machine: here.toml:" in line
    assert 'no operation is called "rsa.privat"; did you mean "rsa.private"?' in line


def test_an_inline_profile_is_checked_alike() -> None:
    inline = WORLD.replace(
        'machine = "pentium-iii-933"\ncores = 1',
        'cores = 1\nmachine = { name = "m", title = "m", source = "m", base = "nginx-2026", '
        "operations = { requst = { each = 1.0 } } }",
    )
    with pytest.raises(ScenarioError, match=r'no operation is called "requst"; did you mean "req'):
        parse("small", "small.toml", inline)
    parse("small", "small.toml", inline.replace("requst", "request"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "title"),
        ("title = 5\n", "title"),
        ("title = [", "not TOML"),
        ("[[[[", "not TOML"),
        ("a = " + "[" * 500 + "]" * 500, "deep"),
        ('title = "a"\nsource = "b"\nbase = "pentium"\n', "pentium"),
        ('title = "a"\nsource = "b"\n[operations]\naccept = { each = nan }\n', "accept"),
        ('title = "a"\nsource = "b"\n[operations]\naccept = { each = 1e300 }\n', "accept"),
    ],
)
def test_a_file_that_is_no_profile(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text(content)
    (tmp_path / "own.toml").write_text(WORLD.replace('"pentium-iii-933"', '"here.toml"'))
    with pytest.raises(ScenarioError) as raised:
        load_scenario(tmp_path / "own.toml")
    line = str(raised.value)
    assert words in line
    assert "here.toml" in line
    assert "\n" not in line


def test_a_folder_keeps_what_was_read(tmp_path: Path) -> None:
    """A report is made again, and a study gone on with, when the files are gone."""
    (tmp_path / "here.toml").write_text(profile())
    (tmp_path / "my.csv").write_text("00:00,30\n00:01,40\n")
    text = CURVE.replace('"pentium-iii-933"', '"here.toml"')
    (tmp_path / "own.toml").write_text(text)
    out = tmp_path / "out"
    result = experiments.run(tmp_path / "own.toml", out=out, replications=1, workers=1)
    os.remove(tmp_path / "here.toml")
    os.remove(tmp_path / "my.csv")
    assert experiments.load_result(out).study.identity == result.study.identity
    manifest = json.loads((out / "manifest.json").read_text())
    assert set(manifest["scenario"]["data_files"]) == {"here.toml", "my.csv"}
