"""The kinds of handshakes that are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import tls


@dataclass(frozen=True)
class Kind:
    """A version, a suite and the way to the keys; `identity` names one of `credentials`.

    `openssl_suite` is the suite's name in OpenSSL, `tlslite_suite` its key exchange, cipher and MAC
    in tlslite-ng.
    """

    version: int
    suite: int
    identity: Literal["rsa", "ecdsa"]
    openssl_suite: str
    tlslite_suite: tuple[str, str, str]
    resumed_by: Literal["id", "ticket"] | None = None

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumes a session."""
        return self.resumed_by is not None

    @property
    def exchange(self) -> str:
        """The suite's key exchange: RSA, ECDHE_RSA or ECDHE_ECDSA."""
        return tls.suite_name(self.suite).removeprefix("TLS_").partition("_WITH_")[0]

    @property
    def name(self) -> str:
        """Such as "TLS 1.2 ECDHE_RSA full"."""
        way = {None: "full", "id": "resumed by ID", "ticket": "resumed by ticket"}[self.resumed_by]
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
)
"""Every row of the benchmark. Suites with ECDHE agree on X25519; RSA keys have 2,048 bits."""
