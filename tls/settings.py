"""What both sides of a connection are set up with, whichever they are."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tls.certificates.signature_codes import BEFORE_TLS_1_2
from tls.deferrable import Deferrable
from tls.errors import UsageError
from tls.extensions import encode_protocol
from tls.external_psks import ExternalPsk
from tls.groups import (
    DEFAULT_GROUPS,
    DEFAULT_TLS_1_3_GROUPS,
    GROUP_NAMES,
    HYBRID_NAMES,
    group_name,
)
from tls.record.log import RecordLog
from tls.record.sizes import RecordSizes
from tls.signatures import DEFAULT_SCHEMES, DEFAULT_TLS_1_3_SCHEMES, SCHEMES, scheme_name
from tls.suites import (
    DEFAULT_SUITES,
    DEFAULT_TLS_1_3_SUITES,
    TLS_1_3_SUITES,
)
from tls.versions import ALL_VERSIONS, IMPLEMENTED_VERSIONS, TLS_1_2, TLS_1_3, version_name


class Renegotiation(enum.Enum):
    """When a connection negotiates anew."""

    REFUSE = "refuse"
    """Never: no_renegotiation is answered."""
    SECURE = "secure"
    """When both sides know RFC 5746."""
    LEGACY = "legacy"
    """Always, as before 2009: open to the prefix attack."""


class PskMode(enum.Enum):
    """What a handshake by a pre-shared key takes beside it (RFC 8446 §4.2.9)."""

    ALONE = 0
    """Nothing: who learns the key later can read everything."""
    WITH_DIFFIE_HELLMAN = 1
    """A key exchange, so that what was said stays secret."""


MAX_SUITES = 32_000
"""A hello's list has room for 32,767 codes, some of which signal something (RFC 5246 §7.4.1.2)."""

MAX_LISTS = 32_000
"""The bytes of a hello's extensions that lists may take: the rest is for names and tickets."""


def _protocol_length(name: str) -> int:
    try:
        return len(encode_protocol(name))
    except UnicodeEncodeError:
        raise UsageError(
            f"{name!r} is no application protocol's name: it has no form in UTF-8"
        ) from None


def _go_on(alert: int) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, eq=False)
class Settings:
    """What both sides are set up with.

    Attributes:
        versions: wire versions spoken.
        suites: in order of preference.
        groups: named groups for (EC)DHE, in order of preference.
        signature_schemes: from TLS 1.2 on, in order of preference.
        certificate_signature_schemes: codes of the signatures that the peer's chain may have, in
            order of preference; `None` for those of `signature_schemes`.
        alpn: application protocols, in order of preference; none leaves ALPN out.
        extended_master_secret, encrypt_then_mac: whether those extensions are spoken (RFC 7627,
            RFC 7366).
        compress: whether DEFLATE is offered or accepted.
        renegotiation: when to negotiate anew.
        record_size_limit: the largest plaintext this side takes, in bytes; `None` leaves RFC 8449
            out.
        record_sizes: how large the records of application data are made.
        split_records: whether application data is split 1/n-1 under CBC in SSL 3.0 and TLS 1.0.
        on_warning: asked with each warning alert's code whether to go on.
        key_log: given each line of an SSLKEYLOGFILE, without its end.
        record_log: given each record that this side sends: its content type, `None` for a hello in
            SSL 2.0's format; what it carries, in clear; and its bytes on the wire.
        psks: keys that both sides were given before (TLS 1.3).
        psk_modes: what may go beside a pre-shared key, a session's or another.
        record_padding: protected records of TLS 1.3 are padded to a multiple of so many bytes.
        certificate_compression: whether chains are compressed by zlib in TLS 1.3 (RFC 8879).
        middlebox_compatibility: whether a handshake of TLS 1.3 looks like one of TLS 1.2 that
            resumes a session (RFC 8446 appendix D.4).
        deferred: kinds of requests that the caller answers, with `Connection.answer`, at once or
            later, such as `{tls.LookUpSession}`; a client makes `PrivateKeyOperation` only.

    Where TLS 1.3 is among the versions, `suites` without any of its own stand behind
    `DEFAULT_TLS_1_3_SUITES`, and groups and signature schemes left at their default are its.
    """

    versions: Sequence[int] = IMPLEMENTED_VERSIONS
    suites: Sequence[int] = DEFAULT_SUITES
    groups: Sequence[int] = DEFAULT_GROUPS
    signature_schemes: Sequence[int] = DEFAULT_SCHEMES
    certificate_signature_schemes: Sequence[int] | None = None
    alpn: Sequence[str] = ()
    extended_master_secret: bool = True
    encrypt_then_mac: bool = True
    compress: bool = False
    renegotiation: Renegotiation = Renegotiation.SECURE
    record_size_limit: int | None = None
    record_sizes: RecordSizes = field(default_factory=RecordSizes)
    split_records: bool = True
    on_warning: Callable[[int], bool] = _go_on
    key_log: Callable[[str], None] | None = None
    record_log: RecordLog | None = None
    psks: Sequence[ExternalPsk] = ()
    psk_modes: Sequence[PskMode] = (PskMode.WITH_DIFFIE_HELLMAN,)
    record_padding: int = 1
    certificate_compression: bool = False
    middlebox_compatibility: bool = True

    deferred: frozenset[type[Deferrable]] = frozenset()

    def __post_init__(self) -> None:
        """Check what both sides have in common. Raises `UsageError`."""
        if not self.versions:
            raise UsageError("at least one version is needed")
        for version in self.versions:
            if version not in ALL_VERSIONS:
                raise UsageError(f"{version_name(version)} is not implemented")
        object.__setattr__(self, "versions", tuple(sorted(set(self.versions))))
        for name in ("suites", "groups", "signature_schemes", "alpn", "psks", "psk_modes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.certificate_signature_schemes is not None:
            codes = tuple(self.certificate_signature_schemes)
            object.__setattr__(self, "certificate_signature_schemes", codes)
            if not codes or not all(0 <= code <= 0xFFFF for code in codes):
                raise UsageError("a hello lists one code of 16 bits at least for certificates")
        if self.versions[-1] == TLS_1_3:
            self._complete_for_tls_1_3()
        if not 1 <= len(self.suites) <= MAX_SUITES:
            raise UsageError(f"a hello lists 1 to {MAX_SUITES:,} cipher suites")
        for code in self.suites:
            if not 0 <= code <= 0xFFFF:
                raise UsageError(f"a cipher suite's code has 16 bits, which {code} has not")
        for group in self.groups:
            if group not in GROUP_NAMES and group not in HYBRID_NAMES:
                raise UsageError(f"{group_name(group)} is not implemented")
        for scheme in self.signature_schemes:
            if scheme not in SCHEMES:
                raise UsageError(f"signature scheme {scheme_name(scheme)} is not implemented")
        if self.record_size_limit is not None and not 64 <= self.record_size_limit <= 16_384:
            raise UsageError("a record size limit is 64 to 16,384 bytes")
        for name in self.alpn:
            if not 1 <= _protocol_length(name) <= 255:
                raise UsageError("an application protocol's name has 1 to 255 bytes")
        of_certificates = self.certificate_signature_schemes or ()
        lists = 2 * (len(self.groups) + len(self.signature_schemes) + len(of_certificates))
        lists += sum(1 + len(encode_protocol(name)) for name in self.alpn)
        if lists > MAX_LISTS:
            raise UsageError(
                "groups, signature schemes and application protocols take "
                f"{lists:,} bytes of a hello, which has room for {MAX_LISTS:,}: name fewer"
            )
        if not 1 <= self.record_padding <= 16_384:
            raise UsageError("records are padded to a multiple of 1 to 16,384 bytes")
        if len({psk.identity for psk in self.psks}) < len(self.psks):
            raise UsageError("two pre-shared keys have the same identity")

    def _complete_for_tls_1_3(self) -> None:
        if not any(code in TLS_1_3_SUITES for code in self.suites):
            object.__setattr__(self, "suites", (*DEFAULT_TLS_1_3_SUITES, *self.suites))
        if self.groups is DEFAULT_GROUPS:
            object.__setattr__(self, "groups", DEFAULT_TLS_1_3_GROUPS)
        if self.signature_schemes is DEFAULT_SCHEMES:
            schemes = DEFAULT_TLS_1_3_SCHEMES
            if self.versions[0] < TLS_1_3:
                schemes += tuple(code for code in DEFAULT_SCHEMES if code not in schemes)
            object.__setattr__(self, "signature_schemes", schemes)

    def verifiable_signatures(self, version: int) -> frozenset[int]:
        """The codes of the signatures that the peer's chain may have (RFC 5246 §7.4.2).

        Before TLS 1.2 nobody lists any: those of the time then, and what is listed later.
        """
        return self._listed if version >= TLS_1_2 else self._unlisted

    @cached_property
    def _listed(self) -> frozenset[int]:
        if self.certificate_signature_schemes is not None:
            return frozenset(self.certificate_signature_schemes)
        return frozenset(self.signature_schemes) or BEFORE_TLS_1_2

    @cached_property
    def _unlisted(self) -> frozenset[int]:
        return self._listed | BEFORE_TLS_1_2 if self.versions[-1] >= TLS_1_2 else BEFORE_TLS_1_2

    @property
    def exchanges_keys_beside_psk(self) -> bool:
        """Whether a pre-shared key may go together with a key exchange."""
        return PskMode.WITH_DIFFIE_HELLMAN in self.psk_modes
