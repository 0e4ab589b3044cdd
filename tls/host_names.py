"""The one form of a server's name: in SNI, in the certificate check, in sessions and scenarios.

A DNS name in lower case, its labels in ASCII (A-labels, RFC 5890 §2.3.2.1), without a trailing dot;
or an IP address as the standard library writes it.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache

from tls.errors import UsageError

MAX_NAME = 253
MAX_LABEL = 63

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_LETTERS = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_JOINERS = "\u200c\u200d"


@lru_cache(maxsize=1024)
def host_name(text: str) -> str:
    """The one form of a DNS name or IP address that a person or a program wrote.

    One trailing dot is dropped, as it only says that the name is whole (RFC 6066 §3); an IPv6
    address may stand in brackets. Raises `UsageError` for what is neither: empty or over-long
    labels, a name of more than 253 characters, signs that no host name has, four numbers that are
    no address.
    """
    address = ip_address(text)
    if address is not None:
        return address
    labels = [_a_label(label, text) for label in _DOTS.split(text)]
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    name = ".".join(labels)
    if not all(labels):
        raise UsageError(f"{text[:80]!r} is no host name: a label between its dots is empty")
    if len(name) > MAX_NAME:
        raise UsageError(f"{text[:80]!r} is no host name: it has more than {MAX_NAME} characters")
    if labels[-1].isdigit():
        raise UsageError(f"{text[:80]!r} is neither a host name nor an IP address")
    return name


def ip_address(text: str) -> str | None:
    """The one form of an IP address; `None` for anything else."""
    # No address ends in a letter without a colon: most names need no trial, which is dear.
    if ":" not in text and not text[-1:].isdigit():
        return None
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        return None


def peers_host_name(text: str) -> str:
    """The form of a name that came in a server_name extension: nothing is refused here.

    A name that no certificate can have finds none.
    """
    name = text.lower()
    return name[:-1] if name.endswith(".") else name


def _a_label(label: str, text: str) -> str:
    """One label in ASCII (RFC 5891 §5): letters of other scripts as `xn--` and Punycode.

    What people write in other widths or cases is mapped first (RFC 5895 §2).
    """
    if not label.isascii():
        mapped = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
        if not mapped.isascii():
            _check_u_label(mapped, text)
            mapped = "xn--" + mapped.encode("punycode").decode("ascii")
        label = mapped
    label = label.lower()
    if len(label) > MAX_LABEL:
        raise UsageError(
            f"{text[:80]!r} is no host name: more than {MAX_LABEL} characters stand between dots"
        )
    if label and not _LABEL.fullmatch(label):
        raise UsageError(
            f"{text[:80]!r} is no host name: between its dots stand letters, digits, and hyphens "
            "within"
        )
    return label


def _check_u_label(label: str, text: str) -> None:
    """Letters, digits and marks, the first of them no mark (RFC 5891 §4.2)."""
    odd = [
        sign
        for sign in label
        if sign != "-" and sign not in _JOINERS and unicodedata.category(sign) not in _LETTERS
    ]
    if odd or unicodedata.category(label[0]).startswith("M"):
        raise UsageError(
            f"{text[:80]!r} is no host name: between its dots stand letters, digits, and hyphens "
            "within"
        )
