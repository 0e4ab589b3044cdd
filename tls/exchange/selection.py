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

_KEY_KINDS = {"RSA": ("rsa",), "DSS": ("dsa",), "ECDSA": ("ecdsa", "ed25519", "ed448")}


def key_exchange(suite: CipherSuite, context: ExchangeContext) -> KeyExchange:
    """The key exchange of a suite."""
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
    words = suite.key_exchange.split("_")
    return next(_KEY_KINDS[word] for word in reversed(words) if word in _KEY_KINDS)


@cache
def signs_parameters(suite: CipherSuite) -> bool:
    """Whether the server signs its parameters: all but anonymous suites and plain RSA."""
    return not suite.is_anonymous and suite.key_exchange != "RSA"
