"""The command line: `tlscape`.

Each command's work is imported when it is run, so that help comes at once.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit codes as in `docs/exit-codes.md`."""
    from experiments.command.application import application
    from experiments.failures import Failure

    try:
        application(prog_name="tlscape")
    except Failure as failure:
        print(f"tlscape: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)
