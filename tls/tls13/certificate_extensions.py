"""What certificates are asked for, and what comes with them (RFC 8446 §4.2, §4.4.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tls.alerts import BAD_CERTIFICATE_STATUS_RESPONSE, DECODE_ERROR
from tls.errors import PeerError
from tls.reasons import Reason
from tls.wire import Reader, codes16, remembered, vector8, vector16, vector24

_OCSP = 1


@dataclass(slots=True)
class CertificateAuthorities:
    """certificate_authorities: names in DER (RFC 8446 §4.2.4).

    ```
    DistinguishedName authorities<3..2^16-1>;           each of them <1..2^16-1>
    ```
    """

    authorities: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The extension's data."""
        return vector16(b"".join([vector16(name) for name in self.authorities]))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        reader = Reader(data)
        names = Reader(reader.filled16())
        reader.finish()
        authorities = []
        while not names.at_end():
            authorities.append(names.filled16())
        return cls(tuple(authorities))


@dataclass(slots=True)
class OidFilters:
    """oid_filters: certificate extensions and values that a client's has (RFC 8446 §4.2.5).

    ```
    OIDFilter filters<0..2^16-1>;
        opaque certificate_extension_oid<1..2^8-1>;     DER
        opaque certificate_extension_values<0..2^16-1>; DER
    ```
    """

    filters: tuple[tuple[bytes, bytes], ...]

    def encode(self) -> bytes:
        """The extension's data."""
        return vector16(b"".join([vector8(oid) + vector16(value) for oid, value in self.filters]))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        reader = Reader(data)
        entries = Reader(reader.vector16())
        reader.finish()
        filters = []
        while not entries.at_end():
            filters.append((entries.filled8(), entries.vector16()))
        return cls(tuple(filters))


@dataclass(slots=True)
class CompressionAlgorithms:
    """compress_certificate: how a certificate may come compressed (RFC 8879 §3).

    ```
    CertificateCompressionAlgorithm algorithms<2..2^8-2>;
    ```
    """

    algorithms: tuple[int, ...]

    def encode(self) -> bytes:
        """The extension's data."""
        return vector8(codes16(self.algorithms)[2:])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data. Raises `PeerError(decode_error)`."""
        return cls(_decode_algorithms(data))


@remembered
def _decode_algorithms(data: bytes) -> tuple[int, ...]:
    reader = Reader(data)
    algorithms = reader.filled8()
    reader.finish()
    return Reader(vector16(algorithms)).codes16()


@dataclass(slots=True)
class StatusRequest:
    """status_request in a ClientHello or CertificateRequest: staple an OCSP response.

    (RFC 6066 §8, RFC 8446 §4.4.2.1)

    ```
    CertificateStatusType status_type;                  1, ocsp
    ResponderID responder_id_list<0..2^16-1>;           each of them <1..2^16-1>
    Extensions request_extensions<0..2^16-1>;           DER
    ```

    Attributes:
        responders: the responders that are trusted, in DER; none stands for those that are known.
        request_extensions: of the OCSP request, in DER.
    """

    responders: tuple[bytes, ...] = ()
    request_extensions: bytes = b""

    def encode(self) -> bytes:
        """The extension's data."""
        responders = b"".join([vector16(responder) for responder in self.responders])
        return bytes((_OCSP,)) + vector16(responders) + vector16(self.request_extensions)

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """From the extension's data; `None` for a type other than OCSP, which is ignored.

        Raises `PeerError(decode_error)`.
        """
        reader = Reader(data)
        if reader.uint8() != _OCSP:
            return None
        entries = Reader(reader.vector16())
        request_extensions = reader.vector16()
        reader.finish()
        responders = []
        while not entries.at_end():
            responders.append(entries.filled16())
        return cls(tuple(responders), request_extensions)


@dataclass(slots=True)
class CertificateStatus:
    """status_request beside a certificate: its OCSP response in DER (RFC 8446 §4.4.2.1).

    ```
    CertificateStatusType status_type;                  1, ocsp
    opaque OCSPResponse<1..2^24-1>;
    ```
    """

    response: bytes

    def encode(self) -> bytes:
        """The extension's data."""
        return bytes((_OCSP,)) + vector24(self.response)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the extension's data.

        Raises `PeerError(decode_error)` when malformed, `bad_certificate_status_response` for a
        type that was not asked for (RFC 6066 §8).
        """
        reader = Reader(data)
        if reader.uint8() != _OCSP:
            raise PeerError(
                BAD_CERTIFICATE_STATUS_RESPONSE,
                Reason.CERTIFICATE_STATUS_TYPE,
                "a certificate's status is not of OCSP",
            )
        response = reader.vector24()
        reader.finish()
        if not response:
            raise PeerError(DECODE_ERROR, Reason.EMPTY_VALUE, "an OCSP response is empty")
        return cls(response)
