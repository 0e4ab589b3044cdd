"""Single connections of a study on the command line: as text, as a ladder, in a capture file.

What reads tables is imported when there is something to read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.failures import DiskFailed, EvidenceError
from experiments.studies.progress import notice
from experiments.studies.whole_files import write_whole
from experiments.wording import counted

if TYPE_CHECKING:
    from experiments.result import Result


def check_capture(file: Path | None, connections: str | None) -> None:
    """Check what `--pcap` and `--connections` say, before anything is run.

    Raises:
        EvidenceError: nothing can be written there, or the words choose nothing.
    """
    from experiments.evidence.choice import DEFAULT, parse_choice

    if file is not None:
        parse_choice(DEFAULT if connections is None else connections)
        _check_file(file, "--pcap")
    elif connections is not None:
        raise EvidenceError(
            f"--connections {connections}: it chooses what --pcap writes; give --pcap FILE too"
        )


def write_capture(result: Result, file: Path, connections: str | None) -> None:
    """Write connections of a study as a capture file, and say so on stderr.

    Raises:
        EvidenceError: one was never run, or does not come out as its row says.
        DiskFailed: the file cannot be written.
    """
    from experiments.evidence.choice import DEFAULT

    count = result.write_capture(file, DEFAULT if connections is None else connections)
    _tell(file, count)


def show_connections(
    folder: Path, which: str, parts: Sequence[Path], *, svg: Path | None, pcap: Path | None
) -> None:
    """Print connections of a finished study, and write what else is asked for.

    Raises:
        EvidenceError: one was never run, or nothing can be written there.
        FolderError: no finished study lies in the folder.
        DiskFailed: a file cannot be written.
    """
    from rich.console import Console

    from experiments.evidence.capture_file import write_capture
    from experiments.evidence.choice import parse_choice
    from experiments.evidence.finding import find_connections
    from experiments.evidence.shown import ShownConnection
    from experiments.evidence.text import connection_parts
    from experiments.presentation.terminal import WIDTH_WITHOUT_TERMINAL
    from experiments.results.study_tables import load_tables
    from experiments.scenario_files.part_files import load_parts

    choice = parse_choice(which)
    for file, option in ((svg, "--svg"), (pcap, "--pcap")):
        if file is not None:
            _check_file(file, option)
    found = find_connections(load_tables(folder, load_parts(parts)), choice, notice)
    if svg is not None and len(found) > 1:
        raise EvidenceError(
            f"--svg {svg}: a ladder shows one connection, and {which} are {len(found):,}; "
            "choose one"
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)
    for number, each in enumerate(found):
        shown = ShownConnection(each)
        if number:
            console.print()
        for part in connection_parts(shown):
            console.print(part)
        if svg is not None:
            _write(svg, shown.svg())
    if pcap is not None:
        write_capture(pcap, found)
        _tell(pcap, len(found))


def _tell(file: Path, count: int) -> None:
    from experiments.evidence.capture_file import key_log_file

    notice(f"{file}: {counted(count, 'connection')}; their keys in {key_log_file(file)}")


def _check_file(file: Path, option: str) -> None:
    if file.is_dir():
        raise EvidenceError(f"{option} {file}: a folder; name a file in it")
    if not file.parent.is_dir():
        raise EvidenceError(f"{option} {file}: there is no folder {file.parent}; make it first")
    if not os.access(file.parent, os.W_OK):
        raise EvidenceError(
            f"{option} {file}: {file.parent} cannot be written; choose another folder"
        )


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        raise DiskFailed(
            f"{file}: cannot be written ({error.strerror}); choose another file"
        ) from None
