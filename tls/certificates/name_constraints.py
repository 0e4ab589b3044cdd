"""The names that an authority may issue certificates for (RFC 5280 §4.2.1.10)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from tls.host_names import ip_address

CanonicalName = tuple[frozenset[tuple[str, str | bytes]], ...]
"""A distinguished name as RFC 5280 §7.1 compares it: without case, spaces at most one in a row."""


def canonical_name(name: x509.Name) -> CanonicalName:
    """The form in which two spellings of a name are equal."""
    return tuple(
        frozenset((each.oid.dotted_string, _canonical_value(each.value)) for each in rdn)
        for rdn in name.rdns
    )


def _canonical_value(value: str | bytes) -> str | bytes:
    return " ".join(value.casefold().split()) if isinstance(value, str) else value


_Name = TypeVar("_Name")


class SubjectNames:
    """All names of a certificate's subject, by form.

    `dns` are the host names that it is checked against: its alternative names, or of an end
    entity that has none its common names.
    """

    def __init__(
        self,
        subject: x509.Name,
        alternatives: x509.SubjectAlternativeName | None,
        common_host_names: Iterable[str],
    ) -> None:
        names: list[x509.GeneralName] = [] if alternatives is None else list(alternatives)
        directory = [each.value for each in names if isinstance(each, x509.DirectoryName)]
        if subject.rdns:
            directory.append(subject)
        self.directory = [canonical_name(name) for name in directory]
        self.dns = [each.value for each in names if isinstance(each, x509.DNSName)]
        self.dns = self.dns or [name for name in common_host_names if "." in name]
        self.ip = [each.value for each in names if isinstance(each, x509.IPAddress)]
        self.email = [each.value for each in names if isinstance(each, x509.RFC822Name)]
        if not self.email:
            addresses = subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
            self.email = [str(each.value) for each in addresses]
        self.uri_hosts = [
            _uri_host(each.value)
            for each in names
            if isinstance(each, x509.UniformResourceIdentifier)
        ]
        forms = (
            x509.DirectoryName,
            x509.DNSName,
            x509.IPAddress,
            x509.RFC822Name,
            x509.UniformResourceIdentifier,
        )
        self.others = {type(each) for each in names if not isinstance(each, forms)}
        self._count = len(names) + len(self.directory) + len(self.dns) + len(self.email)

    def __len__(self) -> int:
        """How many names there are at most."""
        return self._count


MAX_COMPARISONS = 1 << 20
"""The most comparisons of a name with a subtree for one chain, as OpenSSL has it."""


class ComparisonBudget:
    """How many comparisons are left for one chain, whatever the peer sends.

    Attributes:
        left: comparisons that may still be made.
    """

    def __init__(self, left: int = MAX_COMPARISONS) -> None:
        self.left = left

    def take(self, count: int) -> bool:
        """Whether so many more may be made; then they are taken."""
        if count > self.left:
            return False
        self.left -= count
        return True


class NameConstraints:
    """One authority's constraints, for all certificates below it."""

    def __init__(self, extension: x509.NameConstraints) -> None:
        self._permitted = [_subtree(tree) for tree in extension.permitted_subtrees or ()]
        self._excluded = [_subtree(tree) for tree in extension.excluded_subtrees or ()]
        self._forms = {form for form, _ in (*self._permitted, *self._excluded)}

    def comparisons(self, names: SubjectNames) -> int:
        """How many comparisons `permit` makes at most."""
        return max(len(names), 1) * (len(self._permitted) + len(self._excluded))

    def permit(self, names: SubjectNames) -> bool:
        """Whether a subject's names are all within the permitted and none in the excluded.

        Names of a form that is constrained and not understood are refused.
        """
        if self._forms & names.others:
            return False
        return (
            self._permits(x509.DNSName, names.dns, _dns_within)
            and self._permits(x509.IPAddress, names.ip, _ip_within)
            and self._permits(x509.DirectoryName, names.directory, _directory_within)
            and self._permits(x509.RFC822Name, names.email, _email_within)
            and self._permits(x509.UniformResourceIdentifier, names.uri_hosts, _uri_within)
            # One without a host name is refused where they are constrained (§4.2.1.10).
            and (x509.UniformResourceIdentifier not in self._forms or all(names.uri_hosts))
        )

    def _permits(
        self,
        form: type[x509.GeneralName],
        names: Sequence[_Name],
        within: Callable[[_Name, Any], bool],
    ) -> bool:
        if form not in self._forms:
            return True
        permitted = [tree for kind, tree in self._permitted if kind is form]
        excluded = [tree for kind, tree in self._excluded if kind is form]
        return all(
            (not permitted or any(within(name, tree) for tree in permitted))
            and not any(within(name, tree) for tree in excluded)
            for name in names
        )


def _subtree(tree: x509.GeneralName) -> tuple[type[x509.GeneralName], Any]:
    """The form of a subtree, and its base as it is compared."""
    value = tree.value
    if isinstance(tree, x509.DirectoryName):
        value = canonical_name(value)
    elif isinstance(tree, x509.DNSName):
        value = value.lower().removesuffix(".")
    return type(tree), value


def _dns_within(name: str, tree: str) -> bool:
    """Any name made by adding labels to the left; with a leading dot, at least one."""
    name = name.lower().removesuffix(".")
    if tree.startswith("."):
        return name.endswith(tree)
    return not tree or name == tree or name.endswith("." + tree)


def _ip_within(address: object, tree: object) -> bool:
    networks = (ipaddress.IPv4Network, ipaddress.IPv6Network)
    addresses = (ipaddress.IPv4Address, ipaddress.IPv6Address)
    return isinstance(tree, networks) and isinstance(address, addresses) and address in tree


def _directory_within(name: CanonicalName, base: CanonicalName) -> bool:
    return name[: len(base)] == base


def _email_within(address: str, tree: str) -> bool:
    """A mailbox, all of a host, or with a leading dot all of a domain's hosts."""
    mailbox, _, host = address.rpartition("@")
    if "@" in tree:
        tree_mailbox, _, tree_host = tree.rpartition("@")
        return mailbox == tree_mailbox and host.lower() == tree_host.lower()
    return _host_within(host, tree)


def _uri_within(host: str | None, tree: str) -> bool:
    return host is not None and _host_within(host, tree)


def _uri_host(uri: str) -> str | None:
    """The host name in a URI; `None` where it has none or an address."""
    try:
        host = urlsplit(uri).hostname
    except ValueError:
        return None
    return host if host and ip_address(host) is None else None


def _host_within(host: str, tree: str) -> bool:
    host, tree = host.lower(), tree.lower()
    return host.endswith(tree) if tree.startswith(".") else host == tree
