"""What a scenario says of an identity in PEM files; its private key is never written down."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BeforeValidator, Field, model_validator

import tls
from sim.description import Description, fault_at
from sim.identities.pem import (
    PemFault,
    certificates_in,
    check_order,
    fingerprint,
    kept_fingerprint,
    place_of_key,
    private_key_in,
)


class CertificateFile(Description):
    """Certificates from a file."""

    pem: str
    """They alone, in PEM."""

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The certificates of a text in PEM; whatever else it holds is left out.

        Raises `PemFault` where there is none, and for one that cannot be read.
        """
        return cls(pem="".join(block.text for block, _ in certificates_in(text)))

    @property
    def certificates(self) -> list[x509.Certificate]:
        """Them, in their order."""
        return [each for _, each in certificates_in(self.pem)]

    @property
    def ders(self) -> list[bytes]:
        """Them, in DER."""
        return [each.public_bytes(Encoding.DER) for each in self.certificates]

    def __str__(self) -> str:
        """Whose they are: the subject of the first, and how many follow."""
        first, *others = self.certificates
        words = first.subject.rfc4514_string()
        return f"{words} and {len(others)} more" if others else words


class PrivateKeyFile(Description):
    """A private key from a file: by its public key wherever it is written down.

    It goes to the processes that simulate, and into no table, dump or digest. What is read of a
    result has no private key any more.
    """

    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """The SHA-256 of its public key."""
    pem: str | None = Field(default=None, exclude=True, repr=False)
    """The private key in PEM; `None` where only its fingerprint was kept."""

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The first private key of a text in PEM, or what was kept of it.

        Raises `PemFault` where there is none, or it cannot be used.
        """
        kept = kept_fingerprint(text)
        if kept is not None:
            return cls(fingerprint=kept)
        pem, key = private_key_in(text)
        return cls(fingerprint=fingerprint(key), pem=pem)

    def __str__(self) -> str:
        """The beginning of its fingerprint."""
        return f"key {self.fingerprint[:12]}"


def _certificates(value: Any) -> Any:
    return CertificateFile.of_text(value) if isinstance(value, str) else _file(value)


def _private_key(value: Any) -> Any:
    return PrivateKeyFile.of_text(value) if isinstance(value, str) else _file(value)


def _file(value: Any) -> Any:
    """What is a file already. Raises `ValueError` for anything else."""
    if isinstance(value, Mapping | CertificateFile | PrivateKeyFile):
        return value
    raise ValueError(f'{value!r} is no file; write the name of one in PEM, such as "site.pem"')


class IdentityFiles(Description):
    """A certificate chain and its private key from files of your own, in PEM.

    In a scenario file stand the files' names, relative to it; in Python their contents. Who trusts
    the chain is for `trusts` to say, which takes PEM files of authorities too.
    """

    certificate_file: Annotated[
        CertificateFile, BeforeValidator(_certificates, json_schema_input_type=str)
    ]
    """The server's certificate, then those of the authorities that are sent along, each the issuer
    of the one before. Results keep them."""
    key_file: Annotated[PrivateKeyFile, BeforeValidator(_private_key, json_schema_input_type=str)]
    """The private key, not encrypted. Results do not keep it: a study of theirs is run again where
    the file is."""

    @property
    def has_key(self) -> bool:
        """Whether the private key is here, and not its fingerprint alone."""
        return self.key_file.pem is not None

    def identity(self) -> tls.Identity:
        """The chain and its private key.

        Raises `ValueError` where the key is not here, or the engine has none of its kind.
        """
        if self.key_file.pem is None:
            raise ValueError("the private key was not kept; give its file again")
        return _identity(self.certificate_file.pem, self.key_file.pem)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        try:
            check_order(self.certificate_file.pem)
        except PemFault as fault:
            raise fault_at(("certificate_file",), str(fault)) from None
        return self

    @model_validator(mode="after")
    def _key_of_the_first(self) -> Self:
        place = place_of_key(self.certificate_file.certificates, self.key_file.fingerprint)
        if place == 0:
            return self
        remedy = "give the key that this certificate was made for"
        if place is not None:
            remedy = f"it is that of certificate {place + 1}: put this one first"
        raise fault_at(
            ("key_file",),
            f"the private key does not fit the first certificate of certificate_file; {remedy}",
        )

    def __str__(self) -> str:
        """Whose certificate it is."""
        return str(self.certificate_file)


@cache
def _identity(chain: str, key: str) -> tls.Identity:
    try:
        return tls.Identity.from_pem(chain.encode(), key.encode())
    except tls.UsageError as error:
        raise ValueError(f"{error}; give another certificate") from None
