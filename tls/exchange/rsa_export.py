"""RSA_EXPORT: the premaster goes to a temporary key of 512 or 1,024 bits (RFC 2246 §7.4.3)."""

from __future__ import annotations

import os
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from tls.alerts import ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.exchange import Conclusion, ExchangeContext
from tls.exchange.rsa import (
    PREMASTER_LENGTH,
    accepted_premaster,
    decrypt_premaster,
    encrypt_premaster,
    encrypted_premaster,
)
from tls.reasons import Reason
from tls.wire import Reader, vector16

_EXPONENT = 65_537


class RsaExportExchange:
    """The server signs a temporary key and the client encrypts the premaster to that.

    A server whose certificate has a key that is short enough already uses that instead.
    """

    curve: int | None = None

    bits = 512

    def __init__(self, context: ExchangeContext) -> None:
        self._context = context

    def offer(self) -> bytes | None:
        """Modulus and exponent of the temporary key."""
        numbers = temporary_key(self.bits).public_key().public_numbers()
        modulus = numbers.n.to_bytes(self.bits // 8, "big")
        return vector16(modulus) + vector16(numbers.e.to_bytes(3, "big"))

    def answer(self, parameters: Reader | None) -> tuple[bytes, bytes]:
        """The premaster, encrypted to the temporary key."""
        if parameters is None:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.PARAMETERS_MISSING,
                "an export suite without a temporary key",
            )
        modulus = int.from_bytes(parameters.filled16(), "big")
        exponent = int.from_bytes(parameters.filled16(), "big")
        if modulus.bit_length() > self.bits:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.EXPORT_KEY_TOO_LONG,
                "the temporary key is too long for export",
            )
        try:
            key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        except ValueError:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.RSA_KEY_UNUSABLE, "the temporary key is unusable"
            ) from None
        return encrypt_premaster(self._context, key)

    def conclude(self, body: bytes) -> Conclusion:
        """The temporary key decrypts here: it is nobody else's."""
        context = self._context
        substitute = context.random.draw(PREMASTER_LENGTH)
        encrypted = encrypted_premaster(body, context.version)
        decrypted = decrypt_premaster(temporary_key(self.bits), encrypted, context.meter)
        yield from ()  # a coroutine like the others, though it asks for nothing
        return accepted_premaster(decrypted, substitute, context.client_version)


class RsaExport1024Exchange(RsaExportExchange):
    """RSA_EXPORT1024: the same with 1,024 bits."""

    bits = 1024


@cache
def temporary_key(bits: int) -> rsa.RSAPrivateKey:
    """This process's temporary key of that size, made at its first use.

    Servers of the age kept one for hours. The library makes none so short, but uses one that is
    given as numbers.
    """
    while True:
        p, q = _prime(bits // 2), _prime(bits // 2)
        if p != q:
            break
    n = p * q
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_EXPONENT, n)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key()


def _prime(bits: int) -> int:
    while True:
        candidate = int.from_bytes(os.urandom(bits // 8), "big") | 3 << (bits - 2) | 1
        if candidate % _EXPONENT != 1 and _is_prime(candidate):
            return candidate


_SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)
_MILLER_RABIN_ROUNDS = 24


def _is_prime(n: int) -> bool:
    if any(n % small == 0 for small in _SMALL_PRIMES):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd //= 2
        twos += 1
    for _ in range(_MILLER_RABIN_ROUNDS):
        x = pow(int.from_bytes(os.urandom(16), "big") + 2, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True
