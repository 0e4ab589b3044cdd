"""The key schedule of TLS 1.3 (RFC 8446 §7.1, §7.2, §7.3, §7.5, §4.4.4, §4.2.11.2, §4.6.1)."""

from __future__ import annotations

from functools import cache

from tls.keys.hashes import HASHES
from tls.keys.hkdf import HASH_LENGTHS, expand_label, label_head
from tls.keys.hmac import KeyedHmac, hmac
from tls.meter import Meter

_HKDF = {"sha256": "hkdf.sha256", "sha384": "hkdf.sha384"}
_HMAC = {"sha256": "hmac.sha256", "sha384": "hmac.sha384"}

HKDF_HASHES = tuple(_HKDF)
"""The hashes of the suites of TLS 1.3."""

_LABELS = (
    *(b"ext binder", b"res binder", b"c e traffic", b"e exp master", b"derived", b"c hs traffic"),
    *(b"s hs traffic", b"c ap traffic", b"s ap traffic", b"exp master", b"res master"),
)

EMPTY_HASHES = {name: HASHES[name](b"").digest() for name in _HKDF}
"""Transcript-Hash("") by each of them."""

# What follows is what every connection derives: where HKDF-Expand takes one block, and that is all
# that is ever asked for here, it is HMAC(secret, HkdfLabel || 1) (RFC 5869 §2.3).
_HEADS = {
    name: {label: label_head(label, HASH_LENGTHS[name], HASH_LENGTHS[name]) for label in _LABELS}
    for name in _HKDF
}
_DERIVED = {name: _HEADS[name][b"derived"] + EMPTY_HASHES[name] + b"\1" for name in _HKDF}
_ENTRIES = {name: (operation, 0, 1, HASH_LENGTHS[name]) for name, operation in _HKDF.items()}
_FINISHED = {name: label_head(b"finished", 0, HASH_LENGTHS[name]) + b"\1" for name in _HKDF}
_FINISHED_ENTRIES = {name: (_HMAC[name], 0, 1, HASH_LENGTHS[name]) for name in _HKDF}
_IV_LENGTH = 12
_IV = label_head(b"iv", 0, _IV_LENGTH) + b"\1"
_KEYS = {length: label_head(b"key", 0, length) + b"\1" for length in (16, 32)}
_KEYS_ENTRIES = {
    (name, length): (operation, 0, 2, length + _IV_LENGTH)
    for name, operation in _HKDF.items()
    for length in _KEYS
}


class KeySchedule:
    """From pre-shared key and key exchange to the secrets of a connection, stage by stage.

    ```
                 0
                 v
       PSK -> Extract = Early Secret       binder_key, early traffic, early exporter
                 v derived
    (EC)DHE -> Extract = Handshake Secret  handshake traffic
                 v derived
       0 ---> Extract = Master Secret      application traffic, exporter, resumption
    ```

    Begins with the early secret. Every method that takes a `transcript_hash` is Derive-Secret of
    the stage's secret, with the messages that its name in RFC 8446 §7.1 demands.

    Attributes:
        hash_name: of the suite, "sha256" or "sha384".
        hash_length: in bytes: of the hash and of every secret.
    """

    __slots__ = ("_book", "_entry", "_heads", "_secret", "hash_length", "hash_name")

    def __init__(self, hash_name: str, meter: Meter, psk: bytes = b"") -> None:
        self.hash_name = hash_name
        self.hash_length = HASH_LENGTHS[hash_name]
        self._book = meter.book
        self._entry = _ENTRIES[hash_name]
        self._heads = _HEADS[hash_name]
        if psk:
            self._book(self._entry)
            self._secret = KeyedHmac(hash_name, early_secret(hash_name, psk))
        else:
            self._secret = _early_secret_without_psk(hash_name)

    # -- under the early secret

    def binder_key(self, *, external: bool) -> bytes:
        """Derive-Secret(., "ext binder" | "res binder", "")."""
        label = b"ext binder" if external else b"res binder"
        return self._derive(label, EMPTY_HASHES[self.hash_name])

    def client_early_traffic_secret(self, transcript_hash: bytes) -> bytes:
        """Derive-Secret(., "c e traffic", ClientHello)."""
        return self._derive(b"c e traffic", transcript_hash)

    def early_exporter_master_secret(self, transcript_hash: bytes) -> bytes:
        """Derive-Secret(., "e exp master", ClientHello)."""
        return self._derive(b"e exp master", transcript_hash)

    # -- under the handshake secret

    def enter_handshake(self, shared_secret: bytes = b"") -> None:
        """Go on to HKDF-Extract(Derive-Secret(., "derived", ""), (EC)DHE).

        Without a key exchange the shared secret is as many zeros as the hash has bytes.
        """
        hash_name = self.hash_name
        keying_material = shared_secret or bytes(self.hash_length)
        if self._secret is _early_secret_without_psk(hash_name):
            self._book(self._entry)
            secret = _salt_without_psk(hash_name).digest(keying_material)
            self._secret = KeyedHmac(hash_name, secret)
        else:
            self._extract(keying_material)

    def handshake_traffic_secrets(self, transcript_hash: bytes) -> tuple[bytes, bytes]:
        """Derive-Secret(., "c hs traffic" | "s hs traffic", ClientHello...ServerHello)."""
        return self._derive_both(b"c hs traffic", b"s hs traffic", transcript_hash)

    # -- under the master secret

    def enter_master(self) -> None:
        """Go on to HKDF-Extract(Derive-Secret(., "derived", ""), 0)."""
        self._extract(bytes(self.hash_length))

    def application_traffic_secrets(self, transcript_hash: bytes) -> tuple[bytes, bytes]:
        """Derive-Secret(., "c ap traffic" | "s ap traffic", ClientHello...server Finished)."""
        return self._derive_both(b"c ap traffic", b"s ap traffic", transcript_hash)

    def exporter_master_secret(self, transcript_hash: bytes, *, booked: bool = True) -> bytes:
        """Derive-Secret(., "exp master", ClientHello...server Finished).

        `booked`: whether that is the protocol's work, and not done for a log alone.
        """
        return self._derive(b"exp master", transcript_hash, booked=booked)

    def resumption_master_secret(self, transcript_hash: bytes) -> bytes:
        """Derive-Secret(., "res master", ClientHello...client Finished)."""
        return self._derive(b"res master", transcript_hash)

    def _derive(self, label: bytes, transcript_hash: bytes, *, booked: bool = True) -> bytes:
        if booked:
            self._book(self._entry)
        return self._secret.digest(self._heads[label] + transcript_hash + b"\1")

    def _derive_both(
        self, client: bytes, server: bytes, transcript_hash: bytes
    ) -> tuple[bytes, bytes]:
        self._book(self._entry)
        self._book(self._entry)
        heads, end = self._heads, transcript_hash + b"\1"
        return self._secret.digest_both(heads[client] + end, heads[server] + end)

    def _extract(self, keying_material: bytes) -> None:
        hash_name = self.hash_name
        self._book(self._entry)
        salt = self._secret.digest(_DERIVED[hash_name])
        self._book(self._entry)
        self._secret = KeyedHmac(hash_name, hmac(hash_name, salt, keying_material))


class TrafficSecret:
    """A base key: a traffic secret, or a binder key, and what is expanded from it.

    Attributes:
        secret: itself, as a key log tells it.
    """

    __slots__ = ("_hash_name", "_keyed", "_meter", "secret")

    def __init__(self, hash_name: str, secret: bytes, meter: Meter) -> None:
        self.secret = secret
        self._hash_name = hash_name
        self._meter = meter
        self._keyed = KeyedHmac(hash_name, secret)

    def keys(self, key_length: int) -> tuple[bytes, bytes]:
        """Write key, of 16 or 32 bytes, and IV, of 12, of one direction (RFC 8446 §7.3).

        HKDF-Expand-Label(Secret, "key", "", key_length) and (Secret, "iv", "", iv_length).
        """
        self._meter.book(_KEYS_ENTRIES[self._hash_name, key_length])
        key, iv = self._keyed.digest_both(_KEYS[key_length], _IV)
        return key[:key_length], iv[:_IV_LENGTH]

    def finished(self, transcript_hash: bytes) -> bytes:
        """The verify_data of a Finished message, or a PSK's binder (RFC 8446 §4.4.4, §4.2.11.2).

        finished_key = HKDF-Expand-Label(BaseKey, "finished", "", Hash.length)
        verify_data = HMAC(finished_key, Transcript-Hash(...))
        """
        hash_name = self._hash_name
        book = self._meter.book
        book(_ENTRIES[hash_name])
        finished_key = self._keyed.digest(_FINISHED[hash_name])
        book(_FINISHED_ENTRIES[hash_name])
        return hmac(hash_name, finished_key, transcript_hash)

    def next(self) -> TrafficSecret:
        """application_traffic_secret_N+1 (RFC 8446 §7.2).

        HKDF-Expand-Label(application_traffic_secret_N, "traffic upd", "", Hash.length)
        """
        length = HASH_LENGTHS[self._hash_name]
        self._meter.book((_HKDF[self._hash_name], 0, 1, length))
        secret = expand_label(self._keyed, b"traffic upd", b"", length)
        return TrafficSecret(self._hash_name, secret, self._meter)


def early_secret(hash_name: str, psk: bytes) -> bytes:
    """HKDF-Extract(0, PSK)."""
    return _zero_salt(hash_name).digest(psk)


def resumption_psk(
    hash_name: str, resumption_master_secret: bytes, ticket_nonce: bytes, meter: Meter
) -> bytes:
    """The pre-shared key of a ticket (RFC 8446 §4.6.1).

    HKDF-Expand-Label(resumption_master_secret, "resumption", ticket_nonce, Hash.length)
    """
    length = HASH_LENGTHS[hash_name]
    meter.book((_HKDF[hash_name], 0, 1, length))
    keyed = KeyedHmac(hash_name, resumption_master_secret)
    return expand_label(keyed, b"resumption", ticket_nonce, length)


def export(
    hash_name: str,
    exporter_secret: bytes,
    label: bytes,
    context: bytes,
    length: int,
    meter: Meter,
) -> bytes:
    """TLS-Exporter(label, context_value, key_length) (RFC 8446 §7.5).

    HKDF-Expand-Label(Derive-Secret(Secret, label, ""), "exporter", Hash(context_value), key_length)

    Args:
        hash_name: of the suite.
        exporter_secret: the exporter master secret, or the early one.
        label: of the exporter, registered or private.
        context: an absent one is an empty one.
        length: in bytes, at most 255 times the hash's.
        meter: books the work.
    """
    hash_length = HASH_LENGTHS[hash_name]
    operation = _HKDF[hash_name]
    meter.book((operation, 0, 1, hash_length))
    keyed = KeyedHmac(hash_name, exporter_secret)
    derived = expand_label(keyed, label, EMPTY_HASHES[hash_name], hash_length)
    meter.book((operation, 0, 1, length))
    digest = HASHES[hash_name](context).digest()
    return expand_label(KeyedHmac(hash_name, derived), b"exporter", digest, length)


@cache
def _zero_salt(hash_name: str) -> KeyedHmac:
    return KeyedHmac(hash_name, bytes(HASH_LENGTHS[hash_name]))


@cache
def _early_secret_without_psk(hash_name: str) -> KeyedHmac:
    """The same in every connection that has no pre-shared key: HKDF-Extract(0, 0)."""
    return KeyedHmac(hash_name, early_secret(hash_name, bytes(HASH_LENGTHS[hash_name])))


@cache
def _salt_without_psk(hash_name: str) -> KeyedHmac:
    """Derive-Secret(Early Secret, "derived", "") of that."""
    salt = _early_secret_without_psk(hash_name).digest(_DERIVED[hash_name])
    return KeyedHmac(hash_name, salt)
