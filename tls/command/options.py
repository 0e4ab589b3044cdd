"""The options that both commands have, and how their words are read."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tls.errors import UsageError
from tls.external_psks import ExternalPsk
from tls.groups import DEFAULT_GROUPS, GROUP_NAMES, HYBRID_NAMES, group_from_name
from tls.record.sizes import RecordSizes
from tls.settings import PskMode, Renegotiation
from tls.signatures import DEFAULT_SCHEMES, SCHEMES, scheme_from_name
from tls.suites import (
    DEFAULT_SUITES,
    DEFAULT_TLS_1_3_SUITES,
    IMPLEMENTED_SUITES,
    TLS_1_3_SUITES,
    suite_from_name,
    suite_name,
)
from tls.versions import ALL_VERSIONS, version_from_name, version_name

_Item = TypeVar("_Item")


def _lines(names: list[str]) -> str:
    return "\n".join(f"  {name}" for name in names)


_DEFAULT = (*DEFAULT_TLS_1_3_SUITES, *DEFAULT_SUITES)
_SUITE_LINES = _lines(
    [
        suite_name(code) + ("" if code in _DEFAULT else " (only when named)")
        for code in (*TLS_1_3_SUITES, *IMPLEMENTED_SUITES)
    ]
)

EPILOG = f"""\
versions: {", ".join(f'"{version_name(version)}"' for version in ALL_VERSIONS)}

groups: {", ".join([*HYBRID_NAMES.values(), *GROUP_NAMES.values()])}

signature schemes:
{_lines([scheme.name for scheme in SCHEMES.values()])}

cipher suites, strongest first:
{_SUITE_LINES}
"""


def add_protocol_options(parser: argparse.ArgumentParser) -> None:
    """Add what both sides can be told about the protocol."""
    lists: tuple[tuple[str, str, Callable[[str], Any], Any, str], ...] = (
        ("--versions", "V,V", version_from_name, ALL_VERSIONS, "default: all"),
        ("--suites", "S,S", suite_from_name, DEFAULT_SUITES, "preferred first; by strength"),
        ("--groups", "G,G", group_from_name, DEFAULT_GROUPS, "preferred first; default: all"),
        ("--signature-schemes", "S,S", scheme_from_name, DEFAULT_SCHEMES, "default: all"),
        (
            "--certificate-signature-schemes",
            "S,S",
            scheme_from_name,
            None,
            "of the peer's chain; default: the same",
        ),
        ("--alpn", "P,P", str, (), "application protocols, preferred first"),
    )
    for name, metavar, item, default, text in lists:
        parser.add_argument(name, metavar=metavar, type=list_of(item), default=default, help=text)
    parser.add_argument(
        "--renegotiation",
        choices=[each.value for each in Renegotiation],
        default="secure",
        help="when to negotiate anew (default secure)",
    )
    parser.add_argument(
        "--psk",
        metavar="IDENTITY=HEX",
        type=external_psk,
        action="append",
        default=[],
        help="a pre-shared key of TLS 1.3, for suites with SHA-256; again for another",
    )
    parser.add_argument(
        "--psk-modes",
        metavar="M,M",
        type=list_of(_psk_mode),
        default=(PskMode.WITH_DIFFIE_HELLMAN,),
        help="what goes beside a pre-shared key: psk_dhe_ke (default), psk_ke",
    )
    parser.add_argument(
        "--key-update",
        action="store_true",
        help="change the keys of TLS 1.3 once, on both sides, before any request or answer",
    )
    parser.add_argument(
        "--record-padding",
        metavar="N",
        type=count,
        default=1,
        help="pad the records of TLS 1.3 to a multiple of N bytes",
    )
    switches = (
        ("--certificate-compression", False, "compress certificates of TLS 1.3 by zlib"),
        ("--middlebox-compatibility", True, "let TLS 1.3 look like a resumed session"),
        ("--split-records", True, "split application data 1/n-1 where the IV is predictable"),
        ("--encrypt-then-mac", True, "speak RFC 7366"),
        ("--extended-master-secret", True, "speak RFC 7627"),
        ("--compress", False, "offer or accept DEFLATE"),
        ("--ssl2-hello", False, "accept or send the hello in SSL 2.0's format"),
    )
    for name, default, text in switches:
        parser.add_argument(
            name,
            action=argparse.BooleanOptionalAction,
            default=default,
            help=f"{text} (default {'on' if default else 'off'})",
        )
    parser.add_argument(
        "--record-size-limit", metavar="N", type=count, help="largest plaintext taken (RFC 8449)"
    )
    parser.add_argument(
        "--record-size", metavar="N", type=count, default=16_384, help="largest plaintext sent"
    )
    parser.add_argument(
        "--small-records",
        metavar="N",
        type=count,
        default=0,
        help="send the first N bytes in records of one segment",
    )
    parser.add_argument("--keylog", metavar="FILE", help="append secrets, as SSLKEYLOGFILE")


def protocol_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The settings of `tls.ServerConfig` and `tls.ClientConfig` that both options give."""
    return {
        "versions": options.versions,
        "suites": options.suites,
        "groups": options.groups,
        "signature_schemes": options.signature_schemes,
        "certificate_signature_schemes": options.certificate_signature_schemes,
        "alpn": options.alpn,
        "renegotiation": Renegotiation(options.renegotiation),
        "split_records": options.split_records,
        "encrypt_then_mac": options.encrypt_then_mac,
        "extended_master_secret": options.extended_master_secret,
        "compress": options.compress,
        "record_size_limit": options.record_size_limit,
        "psks": options.psk,
        "psk_modes": options.psk_modes,
        "record_padding": options.record_padding,
        "certificate_compression": options.certificate_compression,
        "middlebox_compatibility": options.middlebox_compatibility,
        "record_sizes": RecordSizes(full=options.record_size, warm_up_bytes=options.small_records),
    }


@contextlib.contextmanager
def key_log_writer(path: str | None) -> Iterator[Callable[[str], None] | None]:
    """A function that appends a line to the file at once, or `None` without one."""
    if path is None:
        yield None
        return
    with open(path, "a", encoding="ascii", buffering=1) as file:
        yield lambda line: print(line, file=file)


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, an IPv6 address in brackets."""
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdigit() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def external_psk(text: str) -> ExternalPsk:
    """IDENTITY=HEX, the key in hexadecimal."""
    identity, _, key = text.rpartition("=")
    try:
        return ExternalPsk(identity.encode(), bytes.fromhex(key))
    except (ValueError, UsageError):
        raise argparse.ArgumentTypeError(f"{text!r} is not IDENTITY=HEX") from None


_PSK_MODES = {"psk_ke": PskMode.ALONE, "psk_dhe_ke": PskMode.WITH_DIFFIE_HELLMAN}


def _psk_mode(name: str) -> PskMode:
    try:
        return _PSK_MODES[name]
    except KeyError:
        known = ", ".join(_PSK_MODES)
        raise KeyError(f"unknown mode of pre-shared keys {name!r}; known: {known}") from None


def lifetime(text: str) -> float:
    """Seconds from 0 to the longest that a ticket's 32 bits can hint at."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1 << 32:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds below 4,294,967,296")
    return seconds


def count(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def list_of(item: Callable[[str], _Item]) -> Callable[[str], tuple[_Item, ...]]:
    """A parser of names between commas."""

    def parse(text: str) -> tuple[_Item, ...]:
        try:
            return tuple(item(name.strip()) for name in text.split(","))
        except KeyError as error:
            raise argparse.ArgumentTypeError(error.args[0]) from None

    return parse
