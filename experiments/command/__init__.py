"""The command line: `tlscape`.

Each command's work is imported when it is run, so that help comes at once.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line; exit codes as in `docs/exit-codes.md`."""
    _leave_the_scripts_folder()
    from experiments.command.application import application
    from experiments.command.output import OutputFailed, any_terminal, flushed
    from experiments.failures import Failure

    signal.signal(signal.SIGTERM, _interrupt)
    any_terminal()
    code: object = 0
    try:
        with flushed():
            try:
                application(prog_name="tlscape")
            except SystemExit as end:
                code = end.code
    except OutputFailed as failure:
        code = failure.exit_code
    except Failure as failure:
        print(f"tlscape: {failure}", file=sys.stderr)
        code = failure.exit_code
    sys.exit(code)  # type: ignore[arg-type]


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A service manager's SIGTERM ends a study as Ctrl-C does: finished jobs are kept."""
    raise KeyboardInterrupt


def _leave_the_scripts_folder() -> None:
    """Import nothing from the folder that the command itself lies in.

    Python puts a script's own folder first on its path, and tlslite-ng installs a script `tls.py`
    there, which would be imported in the place of the package `tls`.
    """
    scripts = os.path.dirname(os.path.realpath(sys.argv[0]))
    if (
        sys.path
        and os.path.realpath(sys.path[0]) == scripts
        and not os.path.isdir(os.path.join(scripts, "tls"))
    ):
        del sys.path[0]
