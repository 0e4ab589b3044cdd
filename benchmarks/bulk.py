"""Application data: records of 16 KiB sealed by one side and opened by the other.

The engine and the standard library's ssl move the data over connections in memory; beside them is
the bare cipher, which encrypts and decrypts and does nothing else. Interleaved as the handshakes.

    python benchmarks/bulk.py [--seconds S]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

import contenders
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from interleaving import interleaved
from kinds import Kind
from rich.console import Console
from rich.table import Table

import tls

RECORD = bytes(16_384)

_AES = Kind(
    tls.TLS_1_2,
    tls.suite_from_name("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    "rsa",
    "ECDHE-RSA-AES128-GCM-SHA256",
    ("ecdhe_rsa", "aes128gcm", "aead"),
)
_CHACHA20 = replace(
    _AES,
    suite=tls.suite_from_name("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    openssl_suite="ECDHE-RSA-CHACHA20-POLY1305",
)
CIPHERS = {
    "AES-128-GCM": (_AES, AESGCM(bytes(16))),
    "ChaCha20-Poly1305": (_CHACHA20, ChaCha20Poly1305(bytes(32))),
}


def bare(cipher: AESGCM | ChaCha20Poly1305) -> Callable[[], object]:
    """The cipher alone."""
    nonce, associated = bytes(12), bytes(13)
    return lambda: cipher.decrypt(nonce, cipher.encrypt(nonce, RECORD, associated), associated)


def engine(kind: Kind) -> Callable[[], object]:
    """A record of the engine's client to its server."""
    configs = contenders.client_config(kind), contenders.server_config(kind)
    client, server = contenders.connected(*configs, None)

    def carry() -> list[tls.Event]:
        client.send(RECORD)
        return server.receive(client.outgoing())

    (event,) = carry()
    assert isinstance(event, tls.ApplicationData)
    assert event.data == RECORD
    return carry


def standard_library(kind: Kind) -> Callable[[], object]:
    """A record of ssl's client to its server."""
    client, server = contenders.ssl_connected(*contenders.ssl_contexts(kind), None)

    def carry() -> bytes:
        client.write(RECORD)
        return server.read(len(RECORD))

    assert carry() == RECORD
    return carry


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1.5, help="for each (default 1.5)")
    options = parser.parse_args()
    table = Table(title="Records of 16 KiB, sealed and opened on one core")
    for heading in ("cipher", "by"):
        table.add_column(heading, no_wrap=True)
    for heading in ("µs", "MB/s", "× bare"):
        table.add_column(heading, justify="right")
    for name, (kind, cipher) in CIPHERS.items():
        work = {
            "the bare cipher": bare(cipher),
            "tlscape": engine(kind),
            "stdlib ssl": standard_library(kind),
        }
        times = interleaved(work, options.seconds)
        for by, time in times.items():
            table.add_row(
                name,
                by,
                f"{time * 1e6:.1f}",
                f"{len(RECORD) / time / 1e6:,.0f}",
                f"{time / times['the bare cipher']:.2f}",
                end_section=by == "stdlib ssl",
            )
    Console(width=None if sys.stdout.isatty() else 110).print(table)


if __name__ == "__main__":
    main()
