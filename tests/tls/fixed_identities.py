"""Identities that are the same in every process, so that a number repeats a handshake to the byte.

Their files were written once by `python -m tests.tls.fixed_identities`.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import tls
from tests.tls.authority import ROOT, client_identity, server_identity, site_identity

_FOLDER = Path(__file__).with_name("identities")


@cache
def trust() -> tls.TrustStore:
    """The authority of them all."""
    return tls.TrustStore.from_pem((_FOLDER / "root.pem").read_bytes())


@cache
def identity(name: str) -> tls.Identity:
    """One of "site", "server-ecdsa", "server-dsa", "client-rsa" and "client-ecdsa"."""
    pem = (_FOLDER / f"{name}.pem").read_bytes()
    found = tls.Identity.from_pem(pem, pem)
    if isinstance(found.private_key, dsa.DSAPrivateKey):
        return tls.Identity(found.chain, RepeatableDsaKey(found.private_key))
    return found


class RepeatableDsaKey(dsa.DSAPrivateKey):
    """A DSA key whose signature of the same data is the same, which the library's is not.

    Its secret number k comes from key and digest, more simply than in RFC 6979: for tests only.
    """

    def __init__(self, key: dsa.DSAPrivateKey) -> None:
        self._key = key

    @property
    def key_size(self) -> int:
        return self._key.key_size

    def sign(self, data: Any, algorithm: Prehashed | HashAlgorithm) -> bytes:
        """FIPS 186-4 §4.6."""
        digest = data
        if isinstance(algorithm, HashAlgorithm):
            running = Hash(algorithm)
            running.update(data)
            digest = running.finalize()
        numbers = self._key.private_numbers()
        parameters = numbers.public_numbers.parameter_numbers
        p, q, g = parameters.p, parameters.q, parameters.g
        z = int.from_bytes(digest[: (q.bit_length() + 7) // 8], "big")
        k = int.from_bytes(hashlib.sha512(b"%x %x" % (numbers.x, z)).digest(), "big") % (q - 1) + 1
        r = pow(g, k, p) % q
        s = pow(k, -1, q) * (z + numbers.x * r) % q
        return encode_dss_signature(r, s)

    def public_key(self) -> dsa.DSAPublicKey:
        return self._key.public_key()

    def parameters(self) -> dsa.DSAParameters:
        return self._key.parameters()

    def private_numbers(self) -> dsa.DSAPrivateNumbers:
        return self._key.private_numbers()

    def private_bytes(self, *arguments: Any) -> bytes:
        return self._key.private_bytes(*arguments)

    def __copy__(self) -> RepeatableDsaKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> RepeatableDsaKey:
        return self


def main() -> None:
    """Write the files."""
    _FOLDER.mkdir(exist_ok=True)
    (_FOLDER / "root.pem").write_bytes(ROOT.certificate.public_bytes(Encoding.PEM))
    identities = {
        "site": site_identity(),
        "server-ecdsa": server_identity("ecdsa"),
        "server-dsa": server_identity("dsa"),
        "client-rsa": client_identity("rsa-1024"),
        "client-ecdsa": client_identity("ecdsa"),
    }
    for name, each in identities.items():
        key = each.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = [x509.load_der_x509_certificate(der) for der in each.chain]
        pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
        (_FOLDER / f"{name}.pem").write_bytes(pem + key)


if __name__ == "__main__":
    main()
