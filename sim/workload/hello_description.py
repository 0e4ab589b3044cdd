"""What a client's hello says, as its profile describes it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    field_validator,
    model_validator,
)

import tls
from sim.description import Description, fault_at
from sim.workload.hello_codes import (
    CertificateCompression,
    Compression,
    Extension,
    Group,
    PointFormat,
    PskMode,
    Scheme,
    Suite,
    Version,
    extension_code,
)

KEYS = {
    "supported_versions": "versions",
    "supported_groups": "groups",
    "key_share": "key_shares",
    "signature_algorithms": "signature_schemes",
    "signature_algorithms_cert": "certificate_signature_schemes",
    "application_layer_protocol_negotiation": "alpn",
    "ec_point_formats": "point_formats",
    "psk_key_exchange_modes": "psk_modes",
    "compress_certificate": "certificate_compressions",
    "record_size_limit": "record_size_limit",
    "padding": "padding",
    "encrypted_client_hello": "encrypted_client_hello",
}
"""The key that has an extension's contents, by the extension's name."""

IMPLIED = {
    "server_name": b"",
    "status_request": bytes.fromhex("0100000000"),
    "signed_certificate_timestamp": b"",
    "encrypt_then_mac": b"",
    "extended_master_secret": b"",
    "session_ticket": b"",
    "post_handshake_auth": b"",
    "renegotiation_info": b"\0",
}
"""What extensions say that need no key: nothing but that they are there, or all that is usual."""

LIMITS_OF_RECORDS = 64, 16_385
"""Bytes that a record_size_limit may have: in TLS 1.3 the content's type counts (RFC 8449 §4)."""

TO_512 = "to 512 B"
"""Padding as browsers do it (RFC 7685)."""

_GREASE_KEY = "GREASE"
_OF_SESSIONS = ("pre_shared_key", "early_data", "cookie")


def _hexadecimal(value: Any) -> Any:
    """Bytes in hexadecimal, or a list of them."""
    for text in value if isinstance(value, list | tuple) else (value,):
        if not isinstance(text, str) or not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text):
            raise ValueError(
                f'{text!r} is not bytes in hexadecimal; write two digits each, such as "01ff"'
            )
    return value


def _padding(value: Any) -> Any:
    is_size = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65_535
    if value != TO_512 and not is_size:
        raise ValueError(f'{value!r} is no padding; write "{TO_512}", or a number of bytes')
    return value


def _which_share(value: Any) -> str:
    return "(share)" if isinstance(value, dict | KeyShareDescription) else "(group)"


def _name_of(code: int) -> str:
    """An extension as `contents` has it."""
    if code == tls.ANY_GREASE:
        return _GREASE_KEY
    return tls.EXTENSION_NAMES.get(code, f"0x{code:04x}")


Contents = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_hexadecimal, json_schema_input_type=str | list[str]),
]


class KeyShareDescription(Description):
    """A key share of a group whose shares have a length that is not known here."""

    group: Group
    length: Annotated[int, Field(ge=1, le=65_535)]
    """Its bytes."""


def _protocol(value: Any) -> Any:
    if not isinstance(value, str) or value in (_GREASE_KEY, tls.ANY_GREASE_PROTOCOL):
        return tls.ANY_GREASE_PROTOCOL if isinstance(value, str) else value
    if not 1 <= len(value.encode("utf-8", "surrogateescape")) <= 255:
        raise ValueError("an application protocol's name has 1 to 255 bytes; shorten it")
    return value


Protocol = Annotated[
    str,
    BeforeValidator(_protocol, json_schema_input_type=str),
    PlainSerializer(lambda name: _GREASE_KEY if name == tls.ANY_GREASE_PROTOCOL else name),
]
"""An application protocol, "GREASE" for one of RFC 8701's."""

KeyShare = Annotated[
    Annotated[Group, Tag("(group)")] | Annotated[KeyShareDescription, Tag("(share)")],
    Discriminator(_which_share),
]


class EncryptedHelloDescription(Description):
    """An encrypted hello, or what looks like one (RFC 9849 §6.2): all that is not random in it."""

    kdf: Annotated[int, Field(ge=0, le=0xFFFF)] = 1
    """The code of its key derivation; 1 is HKDF-SHA256."""
    aead: Annotated[int, Field(ge=0, le=0xFFFF)] = 1
    """The code of its cipher; 1 is AES-128-GCM, 3 ChaCha20Poly1305."""
    enc: Annotated[int, Field(ge=0, le=65_535)] = 32
    """Bytes of the encapsulated key."""
    payload: (
        Annotated[int, Field(ge=1, le=65_535)]
        | Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], Field(min_length=1)]
    )
    """Bytes of the encrypted hello; of several numbers each connection draws one."""

    @property
    def payloads(self) -> tuple[int, ...]:
        """The bytes that the encrypted hello may have."""
        return (self.payload,) if isinstance(self.payload, int) else self.payload


class HelloDescription(Description):
    """All that the first hellos of a client say that offers no session, in their order."""

    versions: Annotated[tuple[Version, ...], Field(min_length=1, max_length=127)]
    """What it speaks, the best first: ["TLS 1.3", "TLS 1.2"]. With the extension supported_versions
    these are its contents, in order."""
    client_version: Version | None = None
    """The version that every hello begins with; else the highest of `versions` up to TLS 1.2."""
    record_version: Version | None = None
    """The version of the record that it comes in; else TLS 1.0, or SSL 3.0 if that is all."""
    session_id: Annotated[int, Field(ge=0, le=32)] = 0
    """Bytes of a session ID that resumes nothing: 32 in TLS 1.3's compatibility mode."""
    suites: Annotated[tuple[Suite, ...], Field(min_length=1, max_length=32_000)]
    """The cipher suites, in order."""
    compressions: Annotated[tuple[Compression, ...], Field(min_length=1, max_length=255)] = (0,)
    """The compression methods, in order."""
    extensions: tuple[Extension, ...] = ()
    """The extensions, in order. Each that says more than that it is there has a key of its own
    here, or its bytes in `contents`."""
    extension_order: Literal["fixed", "permuted"] = "fixed"
    """Whether each hello has them in another order, as Chromium's have from version 110 on."""
    groups: Annotated[tuple[Group, ...], Field(min_length=1)] | None = None
    """supported_groups, in order."""
    key_shares: tuple[KeyShare, ...] | None = None
    """key_share: the groups that keys are sent for, in order; one of a group that is not known here
    is a table { group = 0x6399, length = 1216 }."""
    signature_schemes: Annotated[tuple[Scheme, ...], Field(min_length=1)] | None = None
    """signature_algorithms, in order."""
    certificate_signature_schemes: Annotated[tuple[Scheme, ...], Field(min_length=1)] | None = None
    """signature_algorithms_cert, in order."""
    alpn: Annotated[tuple[Protocol, ...], Field(min_length=1)] | None = None
    """application_layer_protocol_negotiation: ["h2", "http/1.1"]."""
    point_formats: Annotated[tuple[PointFormat, ...], Field(min_length=1)] | None = None
    """ec_point_formats: ["uncompressed"]."""
    psk_modes: Annotated[tuple[PskMode, ...], Field(min_length=1)] | None = None
    """psk_key_exchange_modes: ["psk_dhe_ke"]."""
    certificate_compressions: (
        Annotated[tuple[CertificateCompression, ...], Field(min_length=1)] | None
    ) = None
    """compress_certificate: ["zlib", "brotli", "zstd"]."""
    record_size_limit: (
        Annotated[int, Field(ge=LIMITS_OF_RECORDS[0], le=LIMITS_OF_RECORDS[1])] | None
    ) = None
    """record_size_limit: bytes, with the byte of the content's type in TLS 1.3 (RFC 8449 §4)."""
    padding: (
        Annotated[int | str, BeforeValidator(_padding, json_schema_input_type=int | str)] | None
    ) = None
    """padding: "to 512 B" for a hello of 256 to 511 bytes and none for others, or its bytes."""
    encrypted_client_hello: EncryptedHelloDescription | None = None
    """encrypted_client_hello, or GREASE that looks like it."""
    contents: dict[str, Contents] = Field(default={})
    """The bytes of other extensions in hexadecimal, by name or code: { 0x3374 = "" }; for GREASE a
    list, one for each."""

    @field_validator("contents")
    @classmethod
    def _by_name(cls, contents: dict[str, Any]) -> dict[str, Any]:
        """Each under its extension's name, or under its code where it has none."""
        named = {}
        for key, data in contents.items():
            code = int(key, 16) if re.fullmatch("0x[0-9a-fA-F]{1,4}", key) else key
            try:
                named[_name_of(extension_code(code))] = data
            except ValueError as error:
                raise fault_at((key,), str(error)) from None
        return named

    @field_validator("key_shares")
    @classmethod
    def _known_lengths(
        cls, shares: tuple[int | KeyShareDescription, ...] | None
    ) -> tuple[int | KeyShareDescription, ...] | None:
        for place, share in enumerate(shares or ()):
            if isinstance(share, KeyShareDescription):
                known = tls.KEY_SHARE_LENGTHS.get(share.group, share.length)
                if share.length != known:
                    raise fault_at(
                        (place, "length"),
                        f"a key share of group 0x{share.group:04x} has {known:,} bytes; remove it",
                    )
                continue
            if share not in tls.KEY_SHARE_LENGTHS:
                raise fault_at(
                    (place,),
                    f"how long a key share of group 0x{share:04x} is, is not known here; write "
                    f"{{ group = 0x{share:04x}, length = 1216 }}",
                )
        return shares

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Each extension has its contents, each contents an extension, and bytes can be made."""
        named = [_name_of(code) for code in self.extensions]
        for place, name in enumerate(named):
            if name in _OF_SESSIONS:
                raise fault_at(
                    ("extensions", place),
                    f'"{name}" belongs to a session, which clients of a scenario offer when they '
                    "have one; remove it",
                )
            if name != _GREASE_KEY and named.index(name) != place:
                raise fault_at(("extensions", place), f'"{name}" stands twice; remove one')
        self._check_keys(named)
        self._check_shares()
        self._check_contents(named)
        if named.count(_GREASE_KEY) > 16:
            raise fault_at(("extensions",), "there are 16 GREASE values; write fewer")
        length = sum(4 + len(data) for _, data in self._extensions())
        if self.encrypted_client_hello is not None:
            payloads = self.encrypted_client_hello.payloads
            length += max(payloads) - payloads[0]
        if length > 60_000:
            raise fault_at(("extensions",), "longer than a hello has room for; write fewer")
        return self

    def _check_keys(self, named: list[str]) -> None:
        for extension, key in KEYS.items():
            is_given = getattr(self, key) is not None
            if key != "versions" and is_given and extension not in named:
                raise fault_at(
                    (key,), f'"{extension}" is not among the extensions; add it there in its place'
                )
            if extension not in named:
                continue
            if key != "versions" and is_given and extension in self.contents:
                raise fault_at((key,), f"stands in `contents` as {extension} too; remove one")
            if not is_given and extension not in self.contents:
                raise fault_at(
                    ("extensions", named.index(extension)),
                    f'"{extension}" has no contents; write `{key}`',
                )
            if is_given and extension not in self.contents:
                try:
                    tls.encode_contents(tls.extension_from_name(extension), self._value(key))
                except ValueError as error:
                    raise fault_at((key,), f"{error}; write fewer") from None

    def _check_shares(self) -> None:
        """Each share is of a group that is listed, and of another one (RFC 8446 §4.2.8)."""
        groups = [
            share.group if isinstance(share, KeyShareDescription) else share
            for share in self.key_shares or ()
        ]
        for place, group in enumerate(groups):
            name = "GREASE" if group == tls.ANY_GREASE else tls.group_name(group)
            if groups.index(group) != place:
                raise fault_at(("key_shares", place), f"{name} has a key share twice; remove one")
            if self.groups is not None and group not in self.groups:
                raise fault_at(
                    ("key_shares", place),
                    f"{name} is not among the groups; add it there, or remove its key share",
                )

    def _check_contents(self, named: list[str]) -> None:
        for name, data in self.contents.items():
            if name not in named:
                raise fault_at(
                    ("contents", name),
                    f'"{name}" is not among the extensions; add it there in its place',
                )
            count = named.count(name)
            if (name == _GREASE_KEY) != isinstance(data, tuple):
                remedy = 'a list, such as ["", "00"]' if name == _GREASE_KEY else 'text: "01ff"'
                raise fault_at(("contents", name), f"its bytes are {remedy}")
            if isinstance(data, tuple) and len(data) != count:
                raise fault_at(
                    ("contents", name), f"the extensions have {count} GREASE; write as many here"
                )
        for place, name in enumerate(named):
            if name not in KEYS and name not in IMPLIED and name not in self.contents:
                wanted = 'GREASE = ["", "00"]' if name == _GREASE_KEY else f'{name} = ""'
                raise fault_at(
                    ("extensions", place),
                    f'"{name}" has no contents; write its bytes in hexadecimal under '
                    f"[hello.contents], such as {wanted}",
                )

    def _value(self, key: str) -> Any:
        value = getattr(self, key)
        if key == "key_shares":
            return tuple(
                (share.group, share.length)
                if isinstance(share, KeyShareDescription)
                else (share, tls.KEY_SHARE_LENGTHS[share])
                for share in value
            )
        if key == "encrypted_client_hello":
            return value.kdf, value.aead, value.enc, value.payloads[0]
        if value == TO_512:
            return 0
        return value

    def _extensions(self) -> tuple[tuple[int, bytes], ...]:
        grease = iter(self.contents.get(_GREASE_KEY, ()))
        found = []
        for code in self.extensions:
            name = _name_of(code)
            if code == tls.ANY_GREASE:
                data = bytes.fromhex(next(grease))
            elif name in self.contents:
                data = bytes.fromhex(str(self.contents[name]))
            elif name in KEYS:
                data = tls.encode_contents(code, self._value(KEYS[name]))
            else:
                data = IMPLIED[name]
            found.append((code, data))
        return tuple(found)

    @property
    def highest(self) -> int:
        """The highest version up to TLS 1.2 that it speaks, or TLS 1.2."""
        below = [code for code in self.versions if code <= tls.TLS_1_2]
        return max(below, default=tls.TLS_1_2)

    @property
    def form(self) -> tls.HelloForm:
        """As the engine's codecs have it."""
        version = self.highest if self.client_version is None else self.client_version
        return tls.HelloForm(
            version,
            self.session_id,
            self.suites,
            bytes(self.compressions),
            self._extensions(),
            self.padding == TO_512,
        )

    @property
    def template(self) -> tls.HelloTemplate:
        """What the engine sends: the form, and how it differs from connection to connection."""
        payloads: tuple[int, ...] = ()
        if self.encrypted_client_hello is not None:
            payloads = self.encrypted_client_hello.payloads
        return tls.HelloTemplate(
            self.form,
            permuted=self.extension_order == "permuted",
            encrypted_payloads=payloads if len(payloads) > 1 else (),
            record_version=self.record_version,
        )

    @property
    def names(self) -> frozenset[str]:
        """The names of its extensions."""
        return frozenset(map(_name_of, self.extensions))
