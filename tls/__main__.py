"""`python -m tls serve|connect`: the engine on a real socket."""

import sys

from tls.command.line import main

sys.exit(main())
