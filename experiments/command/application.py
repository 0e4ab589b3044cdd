"""The commands of `tlscape` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from experiments.command.examples import epilog
from experiments.failures import OBJECTIVE_MISSED, Interrupted


class _Interruptible(TyperGroup):
    """Commands that an interrupt (Ctrl-C, SIGTERM) ends with one line and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interruption:
            typer.echo(f"tlscape: {str(interruption) or 'interrupted'}", err=True)
            raise typer.Exit(Interrupted.exit_code) from None


application = typer.Typer(
    name="tlscape",
    cls=_Interruptible,
    help="Simulate SSL/TLS sessions with the real protocol in every connection, and get an "
    "answer: a scenario file in, tables and a report out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from experiments.version import version

        typer.echo(f"tlscape {version()}")
        raise typer.Exit


@application.callback()
def _tlscape(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


Scenario = Annotated[
    str, typer.Argument(metavar="NAME|FILE.toml", help="A ready scenario, or a scenario file.")
]
Seed = Annotated[
    int | None, typer.Option(metavar="N", help="Seed of all random numbers.  [default: 1]")
]
Workers = Annotated[
    int | None, typer.Option(metavar="N", help="Worker processes.  [default: one a processor]")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help='Override a setting, such as server.sessions.lifetime="5 min". Repeatable.',
    ),
]
Store = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Finished replications, which studies may share.  [default: jobs in --out]",
    ),
]
Parts = Annotated[
    list[Path] | None,
    typer.Option(
        "--parts",
        metavar="FILE.py",
        help="Middleboxes of your own: every class with a kind in it. Repeatable.",
    ),
]


Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="tcp://HOST:PORT|FILE",
        help="Run on a Dask cluster: its scheduler's address, or its file.",
    ),
]


Busiest = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help='The busiest part of the load alone, such as "1 min", at scale 1; what comes before '
        "it is fast-forwarded.",
    ),
]


@application.command(epilog=epilog("run"))
def run(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|FILE.toml",
            help="A ready scenario, or a scenario file; none with --from.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder for the results.  [default: out/NAME]"),
    ] = None,
    seed: Seed = None,
    replications: Annotated[
        int | None,
        typer.Option(metavar="N", help="Replications of each design point.  [default: the file's]"),
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    settings: Settings = None,
    busiest: Busiest = None,
    parts: Parts = None,
    store: Store = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="manifest.json",
            help="Repeat the study that a manifest tells of, byte for byte.",
        ),
    ] = None,
    pcap: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write chosen connections as a capture file with its keys, for Wireshark.",
        ),
    ] = None,
    connections: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH",
            help="Those that --pcap writes: row numbers such as 1,5,10-20, or words such as "
            '"slowest 3", failed.  [default: first 10]',
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Run even more than 20 million connections.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as one JSON object.")
    ] = False,
) -> None:
    """Run a scenario: one point, or the grid of its [study] table.

    Finished replications are kept: the same command run again runs only what is missing.
    """
    from experiments.command.showing import check_capture, write_capture
    from experiments.command.studies import repeat_study, run_study

    check_capture(pcap, connections)
    how: dict[str, Any] = {"out": out, "workers": workers, "store": store, "cluster": cluster}
    how |= {"yes": yes, "announce": _announce}
    if manifest is not None:
        given: dict[str, Any] = {"NAME": scenario, "--seed": seed, "--replications": replications}
        given |= {"--set": settings, "--busiest": busiest}
        result = repeat_study(manifest, parts or (), given, **how)
    else:
        how |= {"seed": seed, "replications": replications, "busiest": busiest}
        result = run_study(scenario, settings or (), parts or (), **how)
    from experiments.command.answer import print_answer, print_json

    if as_json:
        print_json(result)
    else:
        print_answer(result)
    if pcap is not None:
        write_capture(result, pcap, connections)
    if result.misses_an_objective:
        raise typer.Exit(OBJECTIVE_MISSED)


def _announce(words: str) -> None:
    typer.echo(f"tlscape: {words}", err=True)


@application.command(epilog=epilog("plan"))
def plan(
    scenario: Scenario,
    smallest: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The setting that is to be as small as can be, such as server.cores.  "
            "[default: the file's]",
        ),
    ] = None,
    between: Annotated[
        str | None,
        typer.Option(
            metavar="LEAST..MOST",
            help='What is tried, such as 1..64 or "1 min..12 h".  [default: the file\'s]',
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder for the plan.  [default: out/NAME-plan]"),
    ] = None,
    seed: Seed = None,
    replications: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Replications of a design's first look.  [default: the file's]"
        ),
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    settings: Settings = None,
    parts: Parts = None,
    store: Store = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Try even designs of more than 20 million connections.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the plan as one JSON object.")
    ] = False,
) -> None:
    """Find the smallest design that meets the objectives of a scenario's study.

    Finished replications are kept, and used again. The exit code is 3 where no design in range
    meets the objectives.
    """
    from experiments.command.planning import plan_study, print_plan

    how: dict[str, Any] = {"out": out, "workers": workers, "store": store, "yes": yes}
    how["cluster"] = cluster
    how |= {"smallest": smallest, "between": between, "seed": seed, "replications": replications}
    found = plan_study(scenario, settings or (), parts or (), **how)
    print_plan(found, as_json=as_json)
    if not found.is_met:
        raise typer.Exit(OBJECTIVE_MISSED)


@application.command(epilog=epilog("compare"))
def compare(
    first: Annotated[
        str,
        typer.Argument(
            metavar="FIRST",
            help="A scenario, a result's folder, or one point of it: FOLDER:NUMBER.",
        ),
    ],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="What is compared with it.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Below it is written what there is.  [default: out]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of scenarios.  [default: 1]")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(metavar="N", help="Replications of scenarios.  [default: the file's]"),
    ] = None,
    workers: Workers = None,
    parts: Parts = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as one JSON object.")
    ] = False,
) -> None:
    """Compare two worlds under the same random numbers: what differs, and why."""
    from experiments.command.comparing import compare_two, print_comparison

    how: dict[str, Any] = {"replications": replications, "workers": workers}
    found, folder = compare_two(first, second, parts or (), out=out, seed=seed, **how)
    print_comparison(found, folder, as_json=as_json)


@application.command(epilog=epilog("check"))
def check(
    scenario: Scenario,
    replications: Annotated[
        int | None,
        typer.Option(metavar="N", help="Replications of each design point.  [default: the file's]"),
    ] = None,
    settings: Settings = None,
    parts: Parts = None,
) -> None:
    """Check a scenario file and say what would be run; run nothing."""
    from experiments.command.studies import load
    from experiments.questions.validity import warnings_before_a_run
    from experiments.studies.forecast import outlook
    from experiments.studies.study import design

    file = load(scenario, settings or (), parts or ())
    for notice in file.notices:
        _announce(notice)
    study = design(file, seed=0, replications=replications)
    for warning in warnings_before_a_run(study):
        _announce(warning)
    for line in outlook(study):
        typer.echo(line)


@application.command(epilog=epilog("explain"))
def explain(
    scenario: Scenario,
    settings: Settings = None,
    parts: Parts = None,
) -> None:
    """Tell a scenario in words: who comes, what is between, what answers, what is asked."""
    from experiments.command.studies import load
    from experiments.presentation.explained import explained

    file = load(scenario, settings or (), parts or ())
    typer.echo(file.title)
    for heading, sentences in explained(file):
        typer.echo(f"\n{heading}")
        for sentence in sentences:
            typer.echo(f"  {sentence}")


@application.command(epilog=epilog("new"))
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The ready scenario that it starts from.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The new file.")],
) -> None:
    """Start a scenario of your own from a ready one, with its comments."""
    from experiments.scenario_files.scenario_file import start_scenario

    start_scenario(name, file)
    typer.echo(f"{file}: as {name}; edit it, and run it with tlscape run {file}")


@application.command(epilog=epilog("scenarios"))
def scenarios() -> None:
    """List the ready scenarios."""
    from experiments.scenario_files.scenario_file import ready_scenarios

    known = ready_scenarios()
    width = max(map(len, known), default=0)
    for name, title in known.items():
        typer.echo(f"{name:<{width}}  {title}")


@application.command(epilog=epilog("report"))
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A study's out folder.")],
    parts: Parts = None,
) -> None:
    """Make a finished study's summary, plots and report anew from its tables."""
    from experiments.result import load_result
    from experiments.running import write_analysis
    from experiments.scenario_files.part_files import load_parts
    from experiments.studies.out_folder import writing

    result = load_result(folder, load_parts(parts or ()))
    with writing(folder):
        write_analysis(result.analysis)
    typer.echo(result.report)


@application.command(epilog=epilog("connection"))
def connection(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A study's out folder.")],
    which: Annotated[
        str,
        typer.Argument(
            metavar="WHICH",
            help="The number of its row in the table connections, from 0; several, such as "
            '1,5,10-20; or words such as "slowest 3", failed.',
        ),
    ],
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it as a ladder, too.")
    ] = None,
    pcap: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a capture file with its keys, too, for Wireshark.",
        ),
    ] = None,
    parts: Parts = None,
) -> None:
    """Show connections of a finished study message by message: bytes, times, operations, CPU."""
    from experiments.command.showing import show_connections

    show_connections(folder, which, parts or (), svg=svg, pcap=pcap)


@application.command(epilog=epilog("clean"))
def clean(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A study's out folder, or a store of jobs.")
    ],
) -> None:
    """Remove finished replications that no study there needs any longer, and half-written ones."""
    from experiments.studies.out_folder import clean as clean_jobs
    from experiments.wording import counted

    done = clean_jobs(folder)
    for file in done.unread:
        typer.echo(
            f"tlscape: {folder}: {file} cannot be read, so no finished replication was removed; "
            "run the studies there again, or remove that file",
            err=True,
        )
    typer.echo(
        f"{folder}: removed {counted(done.jobs, 'replication')} that no study needs and "
        f"{counted(done.partial, 'half-written one')}, {done.size:,} bytes; "
        f"{counted(done.kept, 'replication')} kept"
    )


@application.command(epilog=epilog("schema"))
def schema() -> None:
    """Print the JSON schema of scenario files."""
    import json

    from experiments.questions.settings import scenario_file_schema

    typer.echo(json.dumps(scenario_file_schema(), indent=2))


@application.command(epilog=epilog("calibrate"))
def calibrate(
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the machine profile here, not to stdout."),
    ] = None,
    contention: Annotated[
        bool,
        typer.Option("--contention", help="Measure how much slower processes are at once, too."),
    ] = False,
) -> None:
    """Measure what this machine's operations cost, as a machine profile."""
    from experiments.command.calibrating import calibrate_machine

    calibrate_machine(out, contention=contention)


@application.command(epilog=epilog("capture"))
def capture(
    place: Annotated[
        str | None,
        typer.Argument(
            metavar="HOST:PORT",
            help="Where to listen; none with --pcap.",
            show_default=False,
        ),
    ] = None,
    pcap: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Read all hellos of a capture file: pcap or pcapng."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The profile's file, else stdout; with --pcap the folder of the profiles.  "
            "[default: out/NAME]",
        ),
    ] = None,
    client: Annotated[
        str | None, typer.Option(metavar="WORDS", help="What the client is, for the profile.")
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="The day of the capture, for the profile.  [default: today; with --pcap none]",
        ),
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="How long to wait for a client.  [default: no end]"),
    ] = None,
) -> None:
    """Write the profile of a real client, from its hello: listen for it, or read a capture file."""
    from experiments.command.capturing import capture_client, capture_file
    from experiments.failures import CaptureError

    if (place is None) == (pcap is None):
        raise CaptureError("give either HOST:PORT to listen on, or --pcap FILE")
    if pcap is not None:
        if wait is not None:
            raise CaptureError("--wait is for listening; remove it, or give HOST:PORT")
        capture_file(pcap, out, _announce, client=client, date=date)
    else:
        if wait is not None and not 0 < wait <= 1e6:
            raise CaptureError("--wait: write seconds above 0, at most a million")
        how = {"client": client, "date": date}
        capture_client(str(place), out, _announce, **how, patience=wait)
