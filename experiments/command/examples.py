"""An example of every command, as its help shows it: each stands alone and ends in seconds."""

from __future__ import annotations

OF_COMMANDS = {
    "run": """\
tlscape run accelerator --set scale=1/50 --replications 2
tlscape run session-cache --set scale=1/50000 --seed 7 --out out/cache
tlscape run --from out/cache/manifest.json --out out/again""",
    "plan": """\
tlscape plan accelerator --smallest server.cores --between 1..4 --set duration="20 s" \\
    --set study.factors='{}' --set study.objectives='["utilisation < 70 %"]'""",
    "compare": """\
tlscape run accelerator --set scale=1/50 --out out/card
tlscape compare out/card:0 out/card:1""",
    "check": """\
tlscape check web-farm --replications 8
tlscape check web-farm --set arrivals.rate="2400 /s\"""",
    "explain": """\
tlscape explain contoso-2003""",
    "new": """\
tlscape new accelerator shop.toml
tlscape check shop.toml""",
    "scenarios": """\
tlscape scenarios""",
    "report": """\
tlscape run accelerator --set scale=1/50 --out out/card
tlscape report out/card""",
    "connection": """\
tlscape run accelerator --set scale=1/50 --out out/card
tlscape connection out/card "slowest 1" --svg slow.svg --pcap slow.pcapng""",
    "clean": """\
tlscape run accelerator --set scale=1/50 --replications 3 --out out/card
tlscape run accelerator --set scale=1/50 --replications 2 --out out/card
tlscape clean out/card""",
    "schema": """\
tlscape schema""",
    "calibrate": """\
tlscape calibrate --out here.toml
tlscape run accelerator --set server.machine=here.toml --set scale=1/50""",
    "capture": """\
tlscape capture localhost:44330 --wait 60 --out mine.toml
# and meanwhile, in another terminal:  curl https://localhost:44330
tlscape run accelerator --set clients='[{ profile = "mine.toml" }]' --set scale=1/50""",
}
"""The lines of a shell by the command that they show."""


def epilog(command: str) -> str:
    """Return what a command's help ends with: its example, laid out as it stands."""
    lines = OF_COMMANDS[command].splitlines()
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])
