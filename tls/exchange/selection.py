"""Which class runs a suite's key exchange, and which certificate it wants."""

from __future__ import annotations

from functools import cache

from tls.exchange import ExchangeContext, KeyExchange
from tls.exchange.dhe import DheExchange
from tls.exchange.ecdhe import EcdheExchange
from tls.exchange.rsa import RsaExchange
from tls.exchange.rsa_export import RsaExport1024Exchange, RsaExportExchange
from tls.suites import CipherSuite

_BY_FAMILY: dict[str, type] = {
    "RSA": RsaExchange,
    "RSA_EXPORT": RsaExportExchange,
    "RSA_EXPORT1024": RsaExport1024Exchange,
    "DHE": DheExchange,
    "DH": DheExchange,
    "ECDHE": EcdheExchange,
    "ECDH": EcdheExchange,
}

_KEY_KINDS = {"RSA": ("rsa", "rsa-pss"), "DSS": ("dsa",), "ECDSA": ("ecdsa", "ed25519", "ed448")}


# A key for RSASSA-PSS decrypts nothing (RFC 4055 §1.2).
_TRANSPORTS = ("RSA", "RSA_EXPORT", "RSA_EXPORT1024")

_EXPORT_BITS = {
    "RSA_EXPORT": RsaExportExchange.bits,
    "RSA_EXPORT1024": RsaExport1024Exchange.bits,
}


def key_exchange(suite: CipherSuite, context: ExchangeContext) -> KeyExchange:
    """The key exchange of a suite."""
    holder = context.identity or context.certificate
    if holder is not None and not sends_parameters(suite, holder.key_size):
        return RsaExchange(context)
    exchange: KeyExchange = _exchange_class(suite)(context)
    return exchange


@cache
def _exchange_class(suite: CipherSuite) -> type:
    name = suite.key_exchange
    return _BY_FAMILY.get(name) or _BY_FAMILY[name.partition("_")[0]]


@cache
def is_elliptic(suite: CipherSuite) -> bool:
    """Whether a suite agrees on a secret on an elliptic curve."""
    return suite.key_exchange.startswith("EC")


@cache
def is_finite_field_exchange(suite: CipherSuite) -> bool:
    """Whether a suite agrees on a secret in a finite field."""
    return suite.key_exchange.startswith("DH")


@cache
def key_kinds(suite: CipherSuite) -> tuple[str, ...]:
    """The kinds of keys of certificates that authenticate a suite; none for anonymous ones."""
    if suite.is_anonymous:
        return ()
    if suite.key_exchange in _TRANSPORTS:
        return ("rsa",)
    words = suite.key_exchange.split("_")
    return next(_KEY_KINDS[word] for word in reversed(words) if word in _KEY_KINDS)


@cache
def sends_parameters(suite: CipherSuite, key_size: int) -> bool:
    """Whether the server sends a ServerKeyExchange, with a certificate's key of that many bits.

    All suites but RSA do; RSA_EXPORT only where the key is longer than may be exported, else it is
    illegal and the certificate's key decrypts as in RSA (RFC 2246 §7.4.3).
    """
    if suite.key_exchange == "RSA":
        return False
    return key_size > _EXPORT_BITS.get(suite.key_exchange, -1)


def signs_parameters(suite: CipherSuite, key_size: int) -> bool:
    """Whether the server sends parameters and signs them: not where nobody is authenticated."""
    return not suite.is_anonymous and sends_parameters(suite, key_size)
