"""The command line of `python -m tls`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.command.connect import ConnectOptions, connect
from tls.command.serve import serve
from tls.configuration import ClientConfig, ServerConfig
from tls.errors import UsageError
from tls.sessions import SessionCache
from tls.suites import SERVER_SUITES, suite_from_name, suite_name
from tls.versions import IMPLEMENTED_VERSIONS, version_from_name, version_name

_VERSION_NAMES = ", ".join(f'"{version_name(version)}"' for version in IMPLEMENTED_VERSIONS)
_SUITE_NAMES = "\n".join(f"  {suite_name(code)}" for code in SERVER_SUITES)
_EPILOG = f"versions: {_VERSION_NAMES}\n\ncipher suites, strongest first:\n{_SUITE_NAMES}\n"

_Item = TypeVar("_Item")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code.

    0 when all went well, 1 when a connection failed, 2 for bad arguments or unreadable files.
    """
    options = _parser().parse_args(arguments)
    try:
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except (UsageError, OSError) as error:
        print(f"tls: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tls", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="serve|connect")
    _add_serve(commands)
    _add_connect(commands)
    return parser


def _add_serve(commands: Any) -> None:
    parser = commands.add_parser(
        "serve",
        help="answer connections",
        description="Answer HTTP GET requests over TLS with a short page.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("address", metavar="HOST:PORT", type=_address, help="port 0: any free one")
    parser.add_argument(
        "--certificate",
        metavar="PEM",
        required=True,
        action="append",
        help="chain, leaf first; again for another identity, chosen by the client's server name",
    )
    parser.add_argument(
        "--key", metavar="PEM", required=True, action="append", help="private key, one a chain"
    )
    _add_protocol_options(parser)
    parser.add_argument(
        "--sessions", metavar="N", type=_count, default=20_480, help="session cache's capacity"
    )
    parser.add_argument(
        "--session-lifetime", metavar="SECONDS", type=float, default=300.0, help="default 300"
    )
    parser.add_argument(
        "--session-renewal", action="store_true", help="count the lifetime from the last use"
    )
    parser.add_argument(
        "--session-eviction", choices=("lru", "fifo"), default="lru", help="default lru"
    )
    parser.set_defaults(command=_serve)


def _add_connect(commands: Any) -> None:
    parser = commands.add_parser(
        "connect",
        help="open connections",
        description="Open a connection, and more that resume its session.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("address", metavar="HOST:PORT", type=_address)
    parser.add_argument("--trust", metavar="PEM", help="authorities to trust")
    parser.add_argument(
        "--insecure", action="store_true", help="go on whatever is wrong with the certificate"
    )
    parser.add_argument("--servername", metavar="NAME", help="name to ask for; default HOST")
    _add_protocol_options(parser)
    parser.add_argument(
        "--resume", metavar="N", type=_count, default=0, help="N more connections that resume"
    )
    parser.add_argument("--get", metavar="PATH", help="request a page and print the answer")
    parser.set_defaults(command=_connect)


def _add_protocol_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--versions",
        metavar="V,V",
        type=_list_of(version_from_name),
        default=IMPLEMENTED_VERSIONS,
        help="default: all",
    )
    parser.add_argument(
        "--suites",
        metavar="S,S",
        type=_list_of(suite_from_name),
        default=SERVER_SUITES,
        help="in order of preference; default: by strength",
    )


def _serve(options: argparse.Namespace) -> int:
    if len(options.certificate) != len(options.key):
        raise UsageError("give one --key for each --certificate")
    config = ServerConfig(
        [
            Identity.from_pem(Path(certificate).read_bytes(), Path(key).read_bytes())
            for certificate, key in zip(options.certificate, options.key, strict=True)
        ],
        versions=options.versions,
        suites=options.suites,
        sessions=SessionCache(
            options.sessions,
            options.session_lifetime,
            renew=options.session_renewal,
            eviction=options.session_eviction,
        ),
    )
    asyncio.run(serve(config, *options.address))
    return 0


def _connect(options: argparse.Namespace) -> int:
    trust = TrustStore.from_pem(Path(options.trust).read_bytes()) if options.trust else TrustStore()
    config = ClientConfig(
        trust,
        versions=options.versions,
        suites=options.suites,
        accept=frozenset(CertificateProblem) if options.insecure else frozenset(),
    )
    host, port = options.address
    return connect(
        config, ConnectOptions(host, port, options.servername or host, options.resume, options.get)
    )


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdigit() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def _list_of(item: Callable[[str], _Item]) -> Callable[[str], tuple[_Item, ...]]:
    def parse(text: str) -> tuple[_Item, ...]:
        try:
            return tuple(item(name.strip()) for name in text.split(","))
        except KeyError as error:
            raise argparse.ArgumentTypeError(error.args[0]) from None

    return parse
