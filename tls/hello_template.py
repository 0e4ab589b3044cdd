"""What a real client's hellos are made of, and what an engine that sends them can agree to."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import shake_128
from typing import Any, Self

from tls.certificates.signature_codes import BEFORE_TLS_1_2
from tls.drawn_hello import Draw, DrawnHello
from tls.entropy import RandomSource
from tls.errors import UsageError
from tls.exchange.selection import is_elliptic
from tls.extensions import (
    ALPN,
    COMPRESS_CERTIFICATE,
    ENCRYPT_THEN_MAC,
    ENCRYPTED_CLIENT_HELLO,
    EXTENDED_MASTER_SECRET,
    KEY_SHARE,
    POST_HANDSHAKE_AUTH,
    PSK_KEY_EXCHANGE_MODES,
    RECORD_SIZE_LIMIT,
    RENEGOTIATION_INFO,
    SERVER_NAME,
    SESSION_TICKET,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    STATUS_REQUEST,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
)
from tls.grease import ANY_GREASE, ANY_GREASE_PROTOCOL
from tls.groups import DEFAULT_GROUPS, GROUP_NAMES, HYBRID_NAMES
from tls.hello_contents import KEY_SHARE_LENGTHS, decode_contents, encode_contents
from tls.hello_form import HelloForm
from tls.record.compression import DEFLATE
from tls.signatures import SCHEMES
from tls.suites import (
    EMPTY_RENEGOTIATION_INFO_SCSV,
    FALLBACK_SCSV,
    SUITES,
    is_of_versions,
)
from tls.tls13.certificate_compression import ZLIB
from tls.versions import ALL_VERSIONS, SSL_3_0, TLS_1_2, version_name

SEED_LENGTH = 32
"""Bytes of the seed that a connection's hellos are drawn from."""

_SIGNALLING = frozenset({ANY_GREASE, EMPTY_RENEGOTIATION_INFO_SCSV, FALLBACK_SCSV})

_OF_TLS_1_3 = frozenset(
    {
        SUPPORTED_VERSIONS,
        KEY_SHARE,
        PSK_KEY_EXCHANGE_MODES,
        COMPRESS_CERTIFICATE,
        POST_HANDSHAKE_AUTH,
        ENCRYPTED_CLIENT_HELLO,
    }
)
_OF_TLS_1_2 = frozenset({SIGNATURE_ALGORITHMS, SIGNATURE_ALGORITHMS_CERT})
_LARGEST_LIMIT = 16_384


@dataclass(frozen=True)
class HelloTemplate:
    """What the hellos of a client are made of: their form and how that differs between them.

    All that is drawn for a connection's hellos, keys apart, follows from one seed, so that an
    observer who knows that knows them too.

    Attributes:
        form: one of them.
        permuted: whether each connection has its extensions in another order.
        encrypted_payloads: the bytes that the payload of encrypted_client_hello may have, one as
            likely as another; none where it is always as in the form.
        record_version: of the record that the first hello comes in; `None` for TLS 1.0, and
            SSL 3.0 where that is all.
    """

    form: HelloForm
    permuted: bool = False
    encrypted_payloads: tuple[int, ...] = ()
    record_version: int | None = None

    def __post_init__(self) -> None:
        """Check it. Raises `UsageError`."""
        if self.encrypted_payloads and self._contents(ENCRYPTED_CLIENT_HELLO) is None:
            raise UsageError("a hello without encrypted_client_hello has no payload of one")

    # -- what is drawn

    @cached_property
    def varies(self) -> bool:
        """Whether a seed is drawn for a connection's hellos, behind the random of the first."""
        return (
            self.permuted or bool(self.encrypted_payloads) or self._look(bytes) != self._look(_ones)
        )

    def _look(self, draw: Draw) -> tuple[object, ...]:
        """What an observer sees of a hello that is drawn so, less keys."""
        drawn = self.form.drawn(draw)
        shares = {KEY_SHARE: self._without_keys(drawn)} if self.key_shares else {}
        return drawn.suites, tuple((drawn.extensions | shares).items())

    def _without_keys(self, drawn: DrawnHello) -> bytes:
        return drawn.key_share({group: bytes(1) for group in self.key_shares})

    def draw(self, random: RandomSource) -> DrawnHello:
        """What a connection's hellos say, of a seed that is drawn if it takes one."""
        return self.of_seed(random.draw(SEED_LENGTH)) if self.varies else self._fixed

    @cached_property
    def _fixed(self) -> DrawnHello:
        return self.form.drawn(bytes)

    def of_seed(self, seed: bytes) -> DrawnHello:
        """What the hellos of a connection say with that seed."""
        draw = _expanded(seed)
        form = self._forms[self.length_of(seed)]
        if self.permuted:
            form = form.permuted(draw)
        return form.drawn(draw)

    @property
    def lengths(self) -> int:
        """How many lengths its hellos have, of connections to one server that offer the same."""
        return len(self._forms)

    def length_of(self, seed: bytes) -> int:
        """Which of its lengths the hellos of a seed have, from 0."""
        return int.from_bytes(seed[:4], "big") % len(self._forms)

    def of_length(self, number: int) -> Self:
        """The same with hellos of one of its lengths alone, whatever the seed."""
        return replace(self, form=self._forms[number], encrypted_payloads=())

    @cached_property
    def _forms(self) -> tuple[HelloForm, ...]:
        """The form with each payload that encrypted_client_hello may have."""
        if not self.encrypted_payloads:
            return (self.form,)
        outer = self._contents(ENCRYPTED_CLIENT_HELLO)
        return tuple(
            self.form.with_contents(
                ENCRYPTED_CLIENT_HELLO,
                encode_contents(ENCRYPTED_CLIENT_HELLO, outer._replace(payload=payload)),
            )
            for payload in self.encrypted_payloads
        )

    # -- what can be agreed to

    def _contents(self, kind: int) -> Any:
        """An extension's value; `None` where it is not there or has none."""
        return next(
            (decode_contents(kind, data) for each, data in self.form.extensions if each == kind),
            None,
        )

    @property
    def highest_version(self) -> int | None:
        """The highest version that it offers and an engine has; `None` without one."""
        listed = self._contents(SUPPORTED_VERSIONS)
        if listed is None:
            listed = [each for each in ALL_VERSIONS if each <= min(self.form.version, TLS_1_2)]
        return max(set(listed).intersection(ALL_VERSIONS), default=None)

    def check_versions(self, versions: tuple[int, ...]) -> None:
        """Check that a client of these versions may send it. Raises `UsageError`."""
        highest, spoken = self.highest_version, versions[-1]
        if spoken != highest:
            offered = "no version" if highest is None else version_name(highest)
            raise UsageError(
                f"a hello that offers {offered}, of a client that speaks {version_name(spoken)}"
            )

    @cached_property
    def key_shares(self) -> tuple[int, ...]:
        """The groups of its key shares that an engine makes keys for."""
        known = GROUP_NAMES | HYBRID_NAMES
        return tuple(
            group
            for group, length in self._contents(KEY_SHARE) or ()
            if group in known and KEY_SHARE_LENGTHS.get(group) == length
        )

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What an engine can do of what it offers, by the attributes of a client's configuration.

        Versions are not among them: before TLS 1.3 a hello tells the highest alone.
        """
        form, kinds = self.form, {kind for kind, _ in self.form.extensions}
        groups, schemes = self._contents(SUPPORTED_GROUPS), self._contents(SIGNATURE_ALGORITHMS)
        known_groups = GROUP_NAMES | HYBRID_NAMES
        of_certificates = self._contents(SIGNATURE_ALGORITHMS_CERT) or schemes
        limit = self._contents(RECORD_SIZE_LIMIT)
        return {
            "suites": tuple(code for code in form.suites if code not in _SIGNALLING),
            "groups": self._unsaid_groups if groups is None else _known(groups, known_groups),
            "signature_schemes": (
                self._unsaid_schemes if schemes is None else _known(schemes, SCHEMES)
            ),
            # A client that lists none may be shown any (RFC 5246 §7.4.2).
            "certificate_signature_schemes": (
                tuple(code for code in of_certificates or () if code != ANY_GREASE)
                or tuple(sorted(BEFORE_TLS_1_2))
            ),
            "alpn": tuple(
                name for name in self._contents(ALPN) or () if name != ANY_GREASE_PROTOCOL
            ),
            "extended_master_secret": EXTENDED_MASTER_SECRET in kinds,
            "encrypt_then_mac": ENCRYPT_THEN_MAC in kinds,
            "compress": DEFLATE in form.compressions,
            "record_size_limit": None if limit is None else min(limit, _LARGEST_LIMIT),
            "psk_modes": tuple(self._contents(PSK_KEY_EXCHANGE_MODES) or ()),
            "certificate_compression": ZLIB in (self._contents(COMPRESS_CERTIFICATE) or ()),
            "middlebox_compatibility": form.session_id_length > 0,
            "server_name_indication": SERVER_NAME in kinds,
            "secure_renegotiation": RENEGOTIATION_INFO in kinds
            or EMPTY_RENEGOTIATION_INFO_SCSV in form.suites,
            "session_tickets": SESSION_TICKET in kinds,
            "key_shares": self.key_shares,
            "post_handshake_authentication": POST_HANDSHAKE_AUTH in kinds,
            "certificate_status": STATUS_REQUEST in kinds,
        }

    @property
    def _unsaid_groups(self) -> tuple[int, ...]:
        """Those of a client that names none: any, if it has suites of elliptic curves."""
        has_curves = any(is_elliptic(SUITES[code]) for code in self.form.suites if code in SUITES)
        return DEFAULT_GROUPS if has_curves else ()

    @property
    def _unsaid_schemes(self) -> tuple[int, ...]:
        """SHA-1 with RSA, DSA and ECDSA (RFC 5246 §7.4.1.4.1)."""
        speaks_tls_1_2 = (self.highest_version or 0) >= TLS_1_2
        return (0x0201, 0x0202, 0x0203) if speaks_tls_1_2 else ()

    # -- falling back

    def lowered(self, version: int, *, signalled: bool) -> Self:
        """The hellos of the same client when it falls back to a lower version.

        Args:
            version: the highest that it still offers, below TLS 1.3.
            signalled: whether it says so (RFC 7507).
        """
        form, highest = self.form, min(version, TLS_1_2)
        left_out = _OF_TLS_1_3 if version >= TLS_1_2 else _OF_TLS_1_3 | _OF_TLS_1_2
        suites = tuple(code for code in form.suites if _is_of(code, version))
        extensions = tuple(
            (kind, _without_hybrids(kind, data))
            for kind, data in form.extensions
            if kind not in left_out and version > SSL_3_0
        )
        by_extension = RENEGOTIATION_INFO in dict(form.extensions)
        if version == SSL_3_0 and by_extension and EMPTY_RENEGOTIATION_INFO_SCSV not in suites:
            # Its servers may stumble over extensions (RFC 5746 §3.4).
            suites += (EMPTY_RENEGOTIATION_INFO_SCSV,)
        if signalled:
            suites += (FALLBACK_SCSV,)
        lowered = replace(
            form,
            version=min(form.version, highest),
            session_id_length=0,
            suites=suites,
            extensions=extensions,
        )
        return replace(self, form=lowered, encrypted_payloads=(), record_version=None)


def _known(codes: tuple[int, ...], known: Container[int]) -> tuple[int, ...]:
    return tuple(code for code in dict.fromkeys(codes) if code in known)


def _is_of(suite: int, version: int) -> bool:
    return suite in _SIGNALLING or is_of_versions(suite, range(SSL_3_0, version + 1))


def _without_hybrids(kind: int, data: bytes) -> bytes:
    """supported_groups without those of TLS 1.3 alone."""
    codes = decode_contents(kind, data) if kind == SUPPORTED_GROUPS else None
    if codes is None:
        return data
    return encode_contents(kind, tuple(code for code in codes if code not in HYBRID_NAMES))


def _ones(length: int) -> bytes:
    return b"\xff" * length


def _expanded(seed: bytes) -> Draw:
    """Random bytes that follow from a seed."""
    count = 0

    def draw(length: int) -> bytes:
        nonlocal count
        count += 1
        return shake_128(seed + count.to_bytes(4, "big")).digest(length)

    return draw
