"""What a scenario says of an identity of its own: a chain of certificates, link by link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from sim.description import Description, fault_at
from sim.host_names import CertificateName
from sim.identities.key_pool import key_names, known_key
from sim.units import Size, at_most

MOST_NAMES = 10_000
LONGEST_CHAIN = 99
"""Certificates between a leaf and its root: a client takes a path of 100 above a leaf (OpenSSL)."""

_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What stands where no good end is known (RFC 5280 §4.1.2.5)."""


def _to_the_second(moment: datetime) -> datetime:
    """The moment as a certificate has it: UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)


KeyName = Annotated[
    str,
    AfterValidator(known_key),
    WithJsonSchema({"type": "string", "enum": list(key_names())}),
]
"""A kind of key: "rsa-1024" to "rsa-8192", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519",
"ed448", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"."""

Moment = Annotated[AwareDatetime, AfterValidator(_to_the_second)]


def _number_or_list(value: Any) -> str:
    return "(number)" if isinstance(value, int | float) else "(list)"


Names = Annotated[
    Annotated[int, Field(ge=1, le=MOST_NAMES), Tag("(number)")]
    | Annotated[
        tuple[CertificateName, ...], Field(min_length=1, max_length=MOST_NAMES), Tag("(list)")
    ],
    Discriminator(_number_or_list),
]


class CertificateDescription(Description):
    """One certificate of a chain: its key, its length, its validity.

    Its issuer signs it with SHA-256, with SHA-384 by a key on P-384 and SHA-512 by one on P-521,
    also where a world is older than these: no hash makes a signature longer, or dearer.
    """

    key: KeyName = "rsa-2048"
    """Its key: "rsa-1024" to "rsa-8192", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519",
    "ed448", or post-quantum "ml-dsa-44", "ml-dsa-65" or "ml-dsa-87". Clients take the last five
    where their profile offers these signatures, as "openssl-3" does of the first two and
    "chromium-156" of the others, which TLS 1.3 alone signs with; the handshakes of others fail, as
    in reality."""
    extra_bytes: Annotated[Size, at_most("131 kB")] = 0
    """An extension of so many bytes beside those that it has: "500 B" stands for policies, places
    of revocation lists and timestamps of logs. Its frame takes some 20 more. Clients take handshake
    messages of up to 131 kB, and a chain that makes a longer one is refused."""
    not_before: Moment = _FIRST_MOMENT
    """When its validity begins: from 1970 on where nothing is said."""
    not_after: Moment = _NO_END
    """When its validity ends: never where nothing is said."""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.not_before.year < 1950:
            raise fault_at(
                ("not_before",), "a certificate is valid from 1950 on at the earliest; write later"
            )
        if self.not_after < self.not_before:
            raise fault_at(
                ("not_after",),
                f"the validity ends before it begins ({self.not_before:%Y-%m-%dT%H:%M:%SZ}); "
                "write a later end",
            )
        return self

    def __str__(self) -> str:
        """Its key, and what else is said of it, in a few words."""
        words = self.key
        if self.extra_bytes:
            words += f" with {self.extra_bytes:,} B"
        if self.not_before != _FIRST_MOMENT:
            words += f" from {self.not_before:%Y-%m-%d}"
        if self.not_after != _NO_END:
            words += f" until {self.not_after:%Y-%m-%d}"
        return words


class RootDescription(CertificateDescription):
    """The authority at the end of a chain. Servers do not send it."""

    authority: Annotated[str, Field(min_length=1, max_length=1000)] = "contoso-root"
    """Whose root it is, as `trusts` names it: clients that trust "contoso-root", as they do where
    nothing is said, trust this one too. Another name makes an authority of your own."""


class ChainDescription(CertificateDescription):
    """A certificate and its chain, made as described: the same bytes each time, signatures by
    ML-DSA apart.

    Keys are made for simulation and public. Those of RSA are from a shipped pool, no key twice in a
    chain unless it has more of one size than the pool; others follow from their kind.
    """

    names: Names = 1
    """The names in the certificate (subjectAltName): how many, the first of them the server's own;
    or a list of all, with "*" for any first part, such as ["www.contoso.com", "*.contoso.com"]. A
    list without the server's name makes clients warn. The first is the common name too, if it has
    no more than 64 characters."""
    chain: tuple[CertificateDescription, ...] = Field(default=(), max_length=LONGEST_CHAIN)
    """The certificates of authorities that are sent along, from the issuer of the server's own up;
    an empty list where the root has issued that itself."""
    root: RootDescription = RootDescription()
    """The authority that issued the last of them. It is not sent."""

    def __str__(self) -> str:
        """The chain's certificates in a few words, from the leaf to the root."""
        leaf = super().__str__()
        if not isinstance(self.names, int) or self.names > 1:
            number = self.names if isinstance(self.names, int) else len(self.names)
            leaf += f" for {number:,} name{'s' if number > 1 else ''}"
        return ", ".join([leaf, *(f"by {each}" for each in (*self.chain, self.root))])
