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
_VIRAMA = 9
_NON_JOINER, _JOINER, _MIDDLE_DOT = "\u200c", "\u200d", "\u00b7"
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_WITHIN_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"})


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
    if text.startswith("[") != text.endswith("]"):
        return None
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
    """Letters, digits and marks, the first of them no mark (RFC 5891 §4.2).

    Two hyphens in the third and fourth place are for A-labels (§4.2.3.1).
    """
    odd = [
        sign
        for number, sign in enumerate(label)
        if sign != "-"
        and unicodedata.category(sign) not in _LETTERS
        and not _is_allowed_here(label, number)
    ]
    is_mark = unicodedata.category(label[0]).startswith("M")
    if odd or is_mark or label[2:4] == "--" or not _has_one_direction(label):
        raise UsageError(
            f"{text[:80]!r} is no host name: between its dots stand letters, digits, and hyphens "
            "within"
        )


def _is_allowed_here(label: str, number: int) -> bool:
    """Whether a sign that is no letter may stand here (RFC 5892 A.1 to A.3).

    A joiner or non-joiner follows a virama; a middle dot stands between two l.
    """
    sign, before = label[number], label[number - 1] if number else ""
    if sign in (_JOINER, _NON_JOINER):
        return bool(before) and unicodedata.combining(before) == _VIRAMA
    return sign == _MIDDLE_DOT and before == "l" and label[number + 1 : number + 2] == "l"


def _has_one_direction(label: str) -> bool:
    """Whether a label of letters of both directions can be read (RFC 5893 §2)."""
    directions = [unicodedata.bidirectional(sign) for sign in label]
    if not _RIGHT_TO_LEFT & set(directions):
        return True
    last = next(each for each in reversed(directions) if each != "NSM")
    return (
        directions[0] in ("R", "AL")
        and set(directions) <= _WITHIN_RIGHT_TO_LEFT
        and last in ("R", "AL", "EN", "AN")
        and not {"EN", "AN"} <= set(directions)
    )
