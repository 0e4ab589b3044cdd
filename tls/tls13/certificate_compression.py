"""Certificates compressed by zlib, and decompressed within bounds (RFC 8879)."""

from __future__ import annotations

import zlib
from collections.abc import Container

from tls.alerts import BAD_CERTIFICATE, ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason
from tls.tls13.messages import Certificate, CompressedCertificate
from tls.versions import TLS_1_3

ZLIB = 1
BROTLI = 2
ZSTD = 3

ALGORITHM_NAMES = {ZLIB: "zlib", BROTLI: "brotli", ZSTD: "zstd"}
"""Names of the algorithms (RFC 8879 §7.3)."""

IMPLEMENTED_ALGORITHMS = (ZLIB,)
"""What this engine compresses with; others may be offered, as real clients do."""


def compress(certificate: Certificate, meter: Meter) -> CompressedCertificate:
    """A Certificate message compressed by zlib."""
    body = certificate.encode(TLS_1_3)
    meter.book(("compress.deflate", 0, 1, len(body)))
    return CompressedCertificate(ZLIB, len(body), zlib.compress(body))


def decompress(
    message: CompressedCertificate, offered: Container[int], longest: int, meter: Meter
) -> Certificate:
    """The Certificate message that came compressed.

    Args:
        message: as it came.
        offered: the algorithms that this side named.
        longest: the most bytes that a Certificate message may have here.
        meter: books the work.

    Raises:
        PeerError: `illegal_parameter` for an algorithm that was not named, `bad_certificate` for
            one that is not implemented, and for what is too long, cannot be decompressed or has
            another length than it says (RFC 8879 §4), and whatever the message itself deserves.
    """
    if message.algorithm not in offered:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.CERTIFICATE_COMPRESSION_NOT_OFFERED,
            f"a certificate compressed by algorithm {message.algorithm}, not offered",
        )
    if message.algorithm not in IMPLEMENTED_ALGORITHMS:
        raise PeerError(
            BAD_CERTIFICATE,
            Reason.CERTIFICATE_COMPRESSION_NOT_IMPLEMENTED,
            f"a certificate compressed by algorithm {message.algorithm}, not implemented",
        )
    length = message.uncompressed_length
    if length > longest:
        raise PeerError(
            BAD_CERTIFICATE,
            Reason.CERTIFICATE_DECOMPRESSION,
            f"a compressed certificate of {length:,} bytes",
        )
    stream = zlib.decompressobj()
    try:
        # No more than one byte over what it says: nothing is unpacked without bound.
        body = stream.decompress(message.compressed, length + 1)
    except zlib.error:
        body = b""
    meter.book(("decompress.deflate", 0, 1, len(body)))
    if len(body) != length or not stream.eof or stream.unused_data:
        raise PeerError(
            BAD_CERTIFICATE,
            Reason.CERTIFICATE_DECOMPRESSION,
            "a compressed certificate is not what it says",
        )
    return Certificate.decode(body, TLS_1_3)
