"""The command line of `python -m tls`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.certificates.ocsp import check_response
from tls.command.connect import ConnectOptions, connect
from tls.command.options import (
    EPILOG,
    add_protocol_options,
    address,
    count,
    key_log_writer,
    lifetime,
    list_of,
    protocol_settings,
)
from tls.command.requirements import check_together
from tls.command.serve import serve
from tls.configuration import ClientAuthentication, ClientConfig, ServerConfig
from tls.early_data import ReplayWindow
from tls.errors import UsageError
from tls.groups import group_from_name
from tls.sessions import SessionCache
from tls.tickets import TicketKeys
from tls.versions import ALL_VERSIONS, IMPLEMENTED_VERSIONS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code.

    0 when all went well, 1 when a connection failed, 2 for bad arguments or unreadable files.
    """
    options = _parser().parse_args(arguments)
    try:
        check_together(options)
        return _serve(options) if options.command == "serve" else _connect(options)
    except (UsageError, OSError) as error:
        print(f"tls: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tls", description="The protocol engine on a real socket."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="serve|connect")
    _add_serve(commands)
    _add_connect(commands)
    return parser


def _add_serve(commands: Any) -> None:
    parser = commands.add_parser(
        "serve",
        help="answer connections",
        description="Answer connections over TLS.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("address", metavar="HOST:PORT", type=address, help="port 0: any free one")
    _add_identity_options(parser)
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument(
        "--http", action="store_true", help="answer a GET with a short page, then close (default)"
    )
    answer.add_argument(
        "--echo", action="store_true", help="send back what comes; each answer may take --deadline"
    )
    parser.add_argument(
        "--deadline",
        metavar="SECONDS",
        type=lifetime,
        default=60.0,
        help="cut off a client that takes longer, default 60",
    )
    parser.add_argument(
        "--connections", metavar="N", type=count, help="at a time; default: by descriptors"
    )
    add_protocol_options(parser)
    parser.add_argument(
        "--client-auth",
        choices=[each.value for each in ClientAuthentication],
        default="none",
        help="ask for the client's certificate (default none)",
    )
    parser.add_argument(
        "--client-trust", metavar="PEM", help="authorities of clients; without, any will do"
    )
    parser.add_argument(
        "--sessions", metavar="N", type=count, default=20_480, help="session cache's capacity"
    )
    parser.add_argument(
        "--session-lifetime", metavar="SECONDS", type=lifetime, default=300.0, help="default 300"
    )
    parser.add_argument(
        "--session-renewal", action="store_true", help="count the lifetime from the last use"
    )
    parser.add_argument(
        "--session-eviction", choices=("lru", "fifo"), default="lru", help="default lru"
    )
    parser.add_argument(
        "--tickets",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="issue session tickets (default on)",
    )
    parser.add_argument(
        "--early-data",
        metavar="BYTES",
        type=count,
        default=0,
        help="take so many bytes of early data (default 0)",
    )
    parser.add_argument(
        "--stapling",
        metavar="FILE",
        help="OCSP response in DER, stapled to the first certificate in TLS 1.3",
    )
    parser.add_argument(
        "--retry-cookie",
        action="store_true",
        help="keep nothing for a client that is asked for another key share",
    )
    parser.add_argument(
        "--retry-for-preferred-group",
        action="store_true",
        help="ask for a key share of the first group that both sides have",
    )


def _add_connect(commands: Any) -> None:
    parser = commands.add_parser(
        "connect",
        help="open connections",
        description="Open a connection, and more that resume its session.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("address", metavar="HOST:PORT", type=address)
    parser.add_argument("--trust", metavar="PEM", help="authorities to trust")
    parser.add_argument(
        "--insecure", action="store_true", help="go on whatever is wrong with the certificate"
    )
    parser.add_argument("--servername", metavar="NAME", help="name to ask for; default HOST")
    _add_identity_options(parser)
    add_protocol_options(parser)
    parser.add_argument(
        "--tickets",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="ask for session tickets (default on)",
    )
    parser.add_argument(
        "--resume", metavar="N", type=count, default=0, help="N more connections that resume"
    )
    parser.add_argument("--get", metavar="PATH", help="request a page and print the answer")
    parser.add_argument(
        "--renegotiate",
        action="store_true",
        help="negotiate anew once, before any request; leaves TLS 1.3 out unless it is named",
    )
    parser.add_argument(
        "--minimum-key-bits",
        metavar="N",
        type=count,
        default=1024,
        help="shortest RSA, DSA or DHE key of a server, default 1024",
    )
    parser.add_argument(
        "--false-start", action="store_true", help="send before the server's Finished"
    )
    parser.add_argument(
        "--fallback-scsv", action="store_true", help="say that this is a retry at a lower version"
    )
    parser.add_argument(
        "--max-fragment-length", metavar="N", type=count, help="512, 1024, 2048 or 4096"
    )
    parser.add_argument(
        "--key-shares",
        metavar="G,G",
        type=list_of(group_from_name),
        help="groups of the first key shares; default: the first, with a curve beside a hybrid",
    )
    parser.add_argument(
        "--early-data",
        metavar="BYTES",
        type=count,
        default=0,
        help="send a request of up to so many bytes as early data when resuming (default 0)",
    )
    parser.add_argument(
        "--stapling",
        metavar="FILE",
        help="ask for an OCSP response in TLS 1.3 and write it there, in DER",
    )
    parser.add_argument(
        "--post-handshake-auth",
        action="store_true",
        help="let the server ask for a certificate after the handshake",
    )


def _add_identity_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--certificate",
        metavar="PEM",
        action="append",
        default=[],
        help="chain, leaf first; again for another identity",
    )
    parser.add_argument(
        "--key",
        metavar="PEM",
        action="append",
        default=[],
        help="private key, one for each --certificate in the same order",
    )


def _identities(options: argparse.Namespace) -> list[Identity]:
    if len(options.certificate) != len(options.key):
        raise UsageError("give one --key for each --certificate")
    return [
        Identity.from_pem(Path(certificate).read_bytes(), Path(key).read_bytes())
        for certificate, key in zip(options.certificate, options.key, strict=True)
    ]


def _servers_identities(options: argparse.Namespace) -> list[Identity]:
    """The same, with an OCSP response for the first, if there is one."""
    identities = _identities(options)
    if options.stapling is not None:
        if not identities:
            raise UsageError("--stapling wants a --certificate")
        first, *others = identities
        response = Path(options.stapling).read_bytes()
        check_response(response, first.leaf, options.stapling)
        identities = [Identity(first.chain, first.private_key, response), *others]
    return identities


def _trust(path: str | None) -> TrustStore:
    return TrustStore.from_pem(Path(path).read_bytes()) if path else TrustStore()


_EVERY_PROBLEM = frozenset(CertificateProblem)
_INSECURE = _EVERY_PROBLEM - {CertificateProblem.KEY_TOO_SHORT}  # --minimum-key-bits says which


def _serve(options: argparse.Namespace) -> int:
    with key_log_writer(options.keylog) as key_log:
        config = ServerConfig(
            _servers_identities(options),
            sessions=SessionCache(
                options.sessions,
                options.session_lifetime,
                renew=options.session_renewal,
                eviction=options.session_eviction,
            ),
            ticket_keys=(
                TicketKeys(os.urandom(32), lifetime=options.session_lifetime)
                if options.tickets
                else None
            ),
            client_authentication=ClientAuthentication(options.client_auth),
            client_trust=_trust(options.client_trust),
            accept=frozenset() if options.client_trust else _EVERY_PROBLEM,
            ssl2_hello=options.ssl2_hello,
            max_early_data=options.early_data,
            early_data_guard=ReplayWindow(),
            retry_cookie_key=os.urandom(32) if options.retry_cookie else None,
            retry_for_preferred_group=options.retry_for_preferred_group,
            key_log=key_log,
            **protocol_settings(options),
        )
        asyncio.run(
            serve(
                config,
                *options.address,
                echo=options.echo,
                deadline=options.deadline,
                places=options.connections,
                key_update=options.key_update,
            )
        )
    return 0


def _connect(options: argparse.Namespace) -> int:
    host, port = options.address
    if options.renegotiate and options.versions == ALL_VERSIONS:
        options.versions = IMPLEMENTED_VERSIONS  # TLS 1.3 has no renegotiation
    with key_log_writer(options.keylog) as key_log:
        config = ClientConfig(
            _trust(options.trust),
            identities=_identities(options),
            accept=_INSECURE if options.insecure else frozenset(),
            session_tickets=options.tickets,
            ssl2_hello=options.ssl2_hello,
            false_start=options.false_start,
            minimum_key_bits=options.minimum_key_bits,
            fallback=options.fallback_scsv,
            max_fragment_length=options.max_fragment_length,
            key_shares=options.key_shares,
            early_data=options.early_data > 0,
            certificate_status=options.stapling is not None,
            post_handshake_authentication=options.post_handshake_auth,
            key_log=key_log,
            **protocol_settings(options),
        )
        return connect(
            config,
            ConnectOptions(
                host,
                port,
                host if options.servername is None else options.servername,
                options.resume,
                options.get,
                options.renegotiate,
                options.key_update,
                options.early_data,
                options.stapling,
            ),
        )
