"""Does a certificate name the server one wanted? (RFC 2818 §3.1, RFC 6125 §6.4)"""

from __future__ import annotations

import ipaddress

from tls.certificates.certificate import Certificate


def names_server(certificate: Certificate, server_name: str) -> bool:
    """Whether a certificate speaks for `server_name`, a DNS name or an IP address.

    Subject alternative names decide where there are any of DNS type; else the subject's common
    names.
    """
    address = _address(server_name)
    if address is not None:
        return address in certificate.ip_addresses
    names = certificate.dns_names or certificate.common_names
    return any(matches(pattern, server_name) for pattern in names)


def _address(server_name: str) -> str | None:
    # No address ends in a letter without a colon: most names need no trial, which is dear.
    if ":" not in server_name and not server_name[-1:].isdigit():
        return None
    try:
        return str(ipaddress.ip_address(server_name))
    except ValueError:
        return None


def matches(pattern: str, server_name: str) -> bool:
    """Whether a certificate's name, perhaps with a wildcard, covers a DNS name.

    `*` stands for exactly one whole left-most label (RFC 6125 §6.4.3), under at least two more.
    """
    pattern_labels = pattern.lower().rstrip(".").split(".")
    labels = server_name.lower().rstrip(".").split(".")
    if len(pattern_labels) != len(labels) or not all(labels):
        return False
    if pattern_labels[0] == "*" and len(pattern_labels) > 2:
        return pattern_labels[1:] == labels[1:]
    return pattern_labels == labels
