"""Record protection of TLS 1.3: an AEAD over content, its type and padding (RFC 8446 §5.2)."""

from __future__ import annotations

from struct import Struct

from cryptography.exceptions import InvalidTag

from tls.alerts import BAD_RECORD_MAC, RECORD_OVERFLOW, UNEXPECTED_MESSAGE
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.aead import AEADS
from tls.record.protection import Body
from tls.record.sizes import MAX_FRAGMENT
from tls.suites import BulkCipher

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22
APPLICATION_DATA = 23

MAX_BODY = MAX_FRAGMENT + 256
"""The largest body of a protected record (RFC 8446 §5.2)."""

MAX_INNER = MAX_FRAGMENT + 1
"""The largest content with its type and padding (RFC 8446 §5.4)."""

_INNER_TYPES = frozenset({ALERT, HANDSHAKE, APPLICATION_DATA})
_TYPES = {kind: bytes((kind,)) for kind in range(256)}
_HEADER = Struct(">BHH").pack
_NONCE_LENGTH = 12
_ALERT_LENGTH = 2

_OPERATIONS = {
    write: {name: f"{direction}.{name}" for name in AEADS}
    for write, direction in ((True, "encrypt"), (False, "decrypt"))
}

RECORDS_UNDER_ONE_KEY = {
    "aes-128-gcm": 23_726_566,
    "aes-256-gcm": 23_726_566,
    "aes-128-ccm": 1 << 23,
    "aes-128-ccm-8": 1 << 23,
    "chacha20-poly1305": (1 << 64) - 1,
}
"""How many full records one key may protect before it is to be updated.

2^24.5 under AES-GCM; ChaCha20-Poly1305 reaches the end of sequence numbers first (RFC 8446 §5.5).
Of AES-CCM RFC 9001 §6.6 says 2^23.
"""


class Tls13Protection:
    """One direction's records under one traffic key.

    TLSInnerPlaintext = content || type || zeros; nonce = IV XOR sequence number; the associated
    data is the record's header, whose type is application_data whatever the content is.

    Args:
        cipher: of the suite.
        key: the traffic key.
        iv: 12 bytes.
        write: whether it seals or opens.
        meter: books the work.
        pad_to: content with its type is padded to a multiple of so many bytes; 1 pads nothing.
        longest: the largest content with its type and padding (RFC 8449 §4).

    Attributes:
        records: how many it has protected: the next sequence number.
        alerts_in_clear: whether the first record may be an alert without protection, as of a client
            that could make nothing of the ServerHello. Never under the keys of application data,
            where anybody could end it so.
    """

    predictable_iv = False
    wire_type = APPLICATION_DATA
    alerts_in_clear = False
    records = 0

    def __init__(
        self,
        cipher: BulkCipher,
        key: bytes,
        iv: bytes,
        write: bool,
        meter: Meter,
        pad_to: int = 1,
        longest: int = MAX_INNER,
    ) -> None:
        name = cipher.name
        self._aead = AEADS[name](key)
        self._iv = int.from_bytes(iv, "big")
        self._cipher = cipher
        self._book = meter.book
        self._operation = _OPERATIONS[write][name]
        self.pad_to = pad_to
        self.longest = longest

    @property
    def is_worn(self) -> bool:
        """Whether its key has protected as many records as it may (RFC 8446 §5.5)."""
        return self.records >= RECORDS_UNDER_ONE_KEY[self._cipher.name]

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """The whole body: there is no nonce to carry."""
        inner = fragment + _TYPES[content_type]
        if self.pad_to > 1:
            inner += bytes(min(-len(inner) % self.pad_to, max(0, self.longest - len(inner))))
        size = len(inner)
        sequence = self.records
        self.records = sequence + 1
        self._book((self._operation, 0, 1, size))
        nonce = (self._iv ^ sequence).to_bytes(_NONCE_LENGTH, "big")
        associated = _HEADER(APPLICATION_DATA, version, size + self._cipher.tag_length)
        return b"", self._aead.encrypt(nonce, inner, associated)

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """The inner content type and the content, authenticated.

        A change_cipher_spec is given as it is, for its receiver to drop or refuse; so is an alert
        in clear before the first protected record, where `alerts_in_clear` says so.

        Raises:
            PeerError: `bad_record_mac`, and the sequence number stays; `record_overflow` for what
                is too long; `unexpected_message` for a content type that is not due under
                protection, and for nothing but padding (RFC 8446 §5.4).
        """
        if content_type != APPLICATION_DATA:
            return self._in_clear(content_type, body)
        length = len(body)
        if length > MAX_BODY:
            raise PeerError(
                RECORD_OVERFLOW, Reason.RECORD_TOO_LONG, f"a record has a body of {length} bytes"
            )
        sequence = self.records
        size = length - self._cipher.tag_length
        self._book((self._operation, 0, 1, size if size > 0 else 0))
        nonce = (self._iv ^ sequence).to_bytes(_NONCE_LENGTH, "big")
        try:
            inner = self._aead.decrypt(nonce, body, _HEADER(content_type, version, length))
        except InvalidTag:
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record does not authenticate"
            ) from None
        self.records = sequence + 1
        if len(inner) > self.longest:
            raise PeerError(
                RECORD_OVERFLOW,
                Reason.RECORD_TOO_LONG,
                f"a record carries {len(inner)} bytes with type and padding",
            )
        if inner and (inner_type := inner[-1]) in _INNER_TYPES:
            return inner_type, inner[:-1]
        return _without_padding(inner)

    def _in_clear(self, content_type: int, body: Body) -> tuple[int, bytes]:
        may_be_alert = self.alerts_in_clear and not self.records and len(body) == _ALERT_LENGTH
        if content_type == CHANGE_CIPHER_SPEC or (content_type == ALERT and may_be_alert):
            return content_type, bytes(body)
        raise PeerError(
            UNEXPECTED_MESSAGE,
            Reason.RECORD_NOT_PROTECTED,
            f"a record of type {content_type} has no protection",
        )


def _without_padding(inner: bytes) -> tuple[int, bytes]:
    """Content type and content of a TLSInnerPlaintext."""
    inner = inner.rstrip(b"\0")
    if not inner or inner[-1] not in _INNER_TYPES:
        raise PeerError(
            UNEXPECTED_MESSAGE,
            Reason.UNKNOWN_RECORD_TYPE,
            f"a protected record has the type {inner[-1]}"
            if inner
            else "a protected record has no content type",
        )
    return inner[-1], inner[:-1]
