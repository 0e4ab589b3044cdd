"""Does a certificate name the server one wanted? (RFC 2818 §3.1, RFC 6125 §6.4)"""

from __future__ import annotations

from functools import lru_cache

from tls.certificates.certificate import Certificate
from tls.errors import UsageError
from tls.host_names import host_name, ip_address


def names_server(certificate: Certificate, server_name: str) -> bool:
    """Whether a certificate speaks for `server_name`, in the form of `host_name`.

    Subject alternative names decide where there are any of DNS type; else the subject's common
    names. An address must be among the alternative names (RFC 2818 §3.1).
    """
    if ip_address(server_name) is not None:
        return server_name in certificate.ip_addresses
    if certificate.dns_names:
        return any(matches(pattern, server_name) for pattern in certificate.dns_names)
    return any(matches(pattern, server_name) for pattern in common_host_names(certificate))


def common_host_names(certificate: Certificate) -> list[str]:
    """The common names that are host names, perhaps with a wildcard."""
    found = []
    for name in certificate.common_names:
        if name.endswith("."):
            continue
        wildcard = "*." if name.startswith("*.") else ""
        try:
            plain = host_name(name.removeprefix(wildcard))
        except UsageError:
            continue
        if ip_address(plain) is None:
            found.append(wildcard + plain)
    return found


@lru_cache(maxsize=256)
def matches(pattern: str, server_name: str) -> bool:
    """Whether a certificate's name, perhaps with a wildcard, covers a DNS name.

    `*` stands for the left-most label or its beginning, under at least two more; a label of
    another script has no such beginning (RFC 6125 §6.4.3). A certificate's name that ends in a dot
    is in no form of RFC 5280 §4.2.1.6 and covers nothing.
    """
    pattern_labels = pattern.lower().split(".")
    labels = server_name.lower().removesuffix(".").split(".")
    if len(pattern_labels) != len(labels) or not all(labels):
        return False
    if pattern_labels[0].startswith("*") and len(pattern_labels) > 2:
        return pattern_labels[1:] == labels[1:] and _covers(pattern_labels[0][1:], labels[0])
    return pattern_labels == labels


def _covers(end: str, label: str) -> bool:
    """Whether a wildcard with that end after it covers a label."""
    return not end or (label.endswith(end) and not label.startswith("xn--"))
