"""The kinds of handshakes that are measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import tls
from tls.groups import SECP256R1, X25519, X25519_MLKEM768


@dataclass(frozen=True)
class Kind:
    """A version, a suite and the way to the keys; `identity` names one of `credentials`.

    `openssl_suite` is the suite's name in OpenSSL, `tlslite_suite` its key exchange, cipher and MAC
    in tlslite-ng. In TLS 1.3 a session is resumed by the pre-shared key of a ticket, with a key
    exchange beside it, in `group`; a `retried` handshake begins with a key share of X25519 that
    the server, which has `group` only, takes for a HelloRetryRequest; with `early_data` that many
    bytes follow the first hello.
    """

    version: int
    suite: int
    identity: Literal["rsa", "ecdsa"]
    openssl_suite: str
    tlslite_suite: tuple[str, str, str]
    resumed_by: Literal["id", "ticket"] | None = None
    group: int = X25519
    retried: bool = False
    early_data: int = 0

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumes a session."""
        return self.resumed_by is not None

    @property
    def exchange(self) -> str:
        """The key exchange: RSA, ECDHE_RSA or ECDHE_ECDSA, or that without a certificate, ECDHE."""
        if self.version == tls.TLS_1_3:
            return "ECDHE" if self.resumed else f"ECDHE_{self.identity.upper()}"
        return tls.suite_name(self.suite).removeprefix("TLS_").partition("_WITH_")[0]

    @property
    def name(self) -> str:
        """Such as "TLS 1.2 ECDHE_RSA full"."""
        way = {None: "full", "id": "resumed by ID", "ticket": "resumed by ticket"}[self.resumed_by]
        if self.resumed and self.version == tls.TLS_1_3:
            way = "0-RTT" if self.early_data else "PSK"
        elif self.retried:
            way = "retried"
        elif self.group == X25519_MLKEM768:
            way = "full, MLKEM768"
        return f"{tls.version_name(self.version)} {self.exchange} {way}"


def _cbc(version: int, resumed_by: Literal["id"] | None) -> Kind:
    suite = tls.suite_from_name("TLS_RSA_WITH_AES_128_CBC_SHA")
    return Kind(version, suite, "rsa", "AES128-SHA", ("rsa", "aes128", "sha"), resumed_by)


def _gcm(exchange: str, resumed_by: Literal["id", "ticket"] | None = None) -> Kind:
    suite = tls.suite_from_name(f"TLS_{exchange}_WITH_AES_128_GCM_SHA256")
    prefix = "" if exchange == "RSA" else exchange.replace("_", "-") + "-"
    return Kind(
        tls.TLS_1_2,
        suite,
        "ecdsa" if exchange.endswith("ECDSA") else "rsa",
        f"{prefix}AES128-GCM-SHA256",
        (exchange.lower(), "aes128gcm", "aead"),
        resumed_by,
    )


def _tls_1_3(identity: Literal["rsa", "ecdsa"]) -> Kind:
    suite = tls.suite_from_name("TLS_AES_128_GCM_SHA256")
    tlslite_suite = (f"ecdhe_{identity}", "aes128gcm", "aead")
    return Kind(tls.TLS_1_3, suite, identity, "ALL", tlslite_suite)


KINDS = (
    _cbc(tls.SSL_3_0, None),
    _cbc(tls.SSL_3_0, "id"),
    _cbc(tls.TLS_1_0, None),
    _cbc(tls.TLS_1_0, "id"),
    _gcm("RSA"),
    _gcm("ECDHE_RSA"),
    _gcm("ECDHE_ECDSA"),
    _gcm("ECDHE_RSA", "id"),
    _gcm("ECDHE_RSA", "ticket"),
    _tls_1_3("rsa"),
    _tls_1_3("ecdsa"),
    replace(_tls_1_3("ecdsa"), group=X25519_MLKEM768),
    replace(_tls_1_3("ecdsa"), group=SECP256R1, retried=True),
    replace(_tls_1_3("ecdsa"), resumed_by="ticket"),
    replace(_tls_1_3("ecdsa"), resumed_by="ticket", early_data=100),
)
"""Every row of the benchmark. RSA keys have 2,048 bits, ECDSA and retries are on P-256.

Else suites with ECDHE agree on X25519, in one row beside ML-KEM-768.

In TLS 1.3 no server gives tickets but for the one that is resumed.
"""
