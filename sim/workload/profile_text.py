"""A client profile as the text of its file, made from the form of a hello."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tls
from sim.workload.client_profile import ClientProfile
from sim.workload.hello_codes import (
    CERTIFICATE_COMPRESSIONS,
    COMPRESSIONS,
    GREASE,
    GROUPS,
    POINT_FORMATS,
    PSK_MODES,
    SCHEMES,
    VERSIONS,
    Names,
    written,
)
from sim.workload.hello_description import IMPLIED, KEYS, LIMITS_OF_RECORDS, TO_512

_WIDTH = 100
_UNKNOWN_LIFETIME = '"24 h"'


def profile_toml(
    form: tls.HelloForm,
    *,
    title: str,
    source: str,
    record_version: int | None = None,
    permuted: bool = False,
    payloads: tuple[int, ...] = (),
) -> str:
    """The text of a profile's file, from which the profile's `hello.form` is `form` again.

    Args:
        form: what its hellos have in common.
        title: one line for people.
        source: where it comes from.
        record_version: of the record that the hello came in; `None` where it is not known.
        permuted: whether each hello has its extensions in another order.
        payloads: the bytes that the payload of encrypted_client_hello may have; else those of
            `form`.
    """
    others = [length for length in payloads if length != _payload_of(form)]
    lines = [f"title = {_quoted(title)}", f"source = {_quoted(source)}"]
    lines += ["# A hello does not say how long its client offers a session; set what you know."]
    lines += [f"session_lifetime = {_UNKNOWN_LIFETIME}", "", "[hello]"]
    lines += _hello(form, record_version, permuted=permuted, other_payloads=others)
    text = "\n".join(lines) + "\n"
    assert ClientProfile.from_toml(text, name="written").hello.form == form
    return text


def _payload_of(form: tls.HelloForm) -> int | None:
    """The bytes of an encrypted hello's payload, where there is one."""
    for kind, data in form.extensions:
        if _name(kind) == "encrypted_client_hello":
            value = tls.decode_contents(kind, data)
            return None if value is None else value.payload
    return None


def _hello(
    form: tls.HelloForm,
    record_version: int | None,
    *,
    permuted: bool,
    other_payloads: list[int],
) -> Iterator[str]:
    values = {kind: _value(kind, data, form) for kind, data in form.extensions}
    named = {_name(kind): value for kind, value in values.items()}
    versions = named.get("supported_versions") or (form.version,)
    yield _list("versions", [written(code, VERSIONS) for code in versions])
    highest = max((code for code in versions if code <= tls.TLS_1_2), default=tls.TLS_1_2)
    if form.version != highest:
        yield f"client_version = {written(form.version, VERSIONS)}"
    usual = tls.SSL_3_0 if form.version == tls.SSL_3_0 else tls.TLS_1_0
    if record_version not in (None, usual):
        yield f"record_version = {written(record_version, VERSIONS)}"
    if form.session_id_length:
        yield f"session_id = {form.session_id_length}"
    yield _list("suites", [written(code, tls.SUITE_NAMES) for code in form.suites], column=True)
    if form.compressions != b"\0":
        yield _list("compressions", [_short(code, COMPRESSIONS) for code in form.compressions])
    if form.extensions:
        names = [written(kind, tls.EXTENSION_NAMES) for kind, _ in form.extensions]
        yield _list("extensions", names, column=True)
    if permuted:
        yield 'extension_order = "permuted"'
    for name, value in named.items():
        if value is not None and name != "supported_versions":
            if name == "encrypted_client_hello" and other_payloads:
                value = value._replace(payload=[value.payload, *other_payloads])
            yield _setting(name, value)
    contents = list(_contents(form, named))
    if contents:
        yield ""
        yield "[hello.contents]"
        yield from contents


def _name(kind: int) -> str:
    if kind == tls.ANY_GREASE:
        return GREASE
    return tls.EXTENSION_NAMES.get(kind, f"0x{kind:04x}")


def _value(kind: int, data: bytes, form: tls.HelloForm) -> Any:
    """What an extension says as its key has it; `None` where it has its bytes in `contents`."""
    name = _name(kind)
    if name == "padding" and form.pads:
        return TO_512
    if name not in KEYS:
        return None
    value = tls.decode_contents(kind, data)
    if name == "key_share" and value is not None:
        return value if _may_be_shared(value, form) else None
    if name == "record_size_limit" and value is not None:
        least, most = LIMITS_OF_RECORDS
        return value if least <= value <= most else None
    if name == "application_layer_protocol_negotiation" and value is not None:
        return value if all(map(_is_plain, value)) else None
    if name == "encrypted_client_hello" and value is not None:
        return value if value.payload else None
    return value


def _may_be_shared(shares: tuple[tls.KeyShareForm, ...], form: tls.HelloForm) -> bool:
    """Whether each share is of another group that is listed, and as long as it is known to be."""
    listed = next(
        (
            tls.decode_contents(kind, data)
            for kind, data in form.extensions
            if _name(kind) == "supported_groups"
        ),
        None,
    )
    groups = [share.group for share in shares]
    return (
        len(set(groups)) == len(groups)
        and (listed is None or set(groups) <= set(listed))
        and all(
            tls.KEY_SHARE_LENGTHS.get(share.group, share.length) == share.length for share in shares
        )
    )


def _is_plain(protocol: str) -> bool:
    return protocol == tls.ANY_GREASE_PROTOCOL or (protocol.isascii() and protocol.isprintable())


def _contents(form: tls.HelloForm, named: dict[str, Any]) -> Iterator[str]:
    grease = [data.hex() for kind, data in form.extensions if kind == tls.ANY_GREASE]
    if grease:
        yield _list(GREASE, [f'"{data}"' for data in grease])
    for kind, data in form.extensions:
        name = _name(kind)
        is_implied = IMPLIED.get(name) == data
        if kind != tls.ANY_GREASE and named[name] is None and not is_implied:
            yield f'{name} = "{data.hex()}"'


def _setting(name: str, value: Any) -> str:
    key = KEYS[name]
    if name == "encrypted_client_hello":
        words = ", ".join(f"{field} = {number}" for field, number in value._asdict().items())
        return f"{key} = {{ {words} }}"
    if isinstance(value, str | int):
        return f"{key} = {_quoted(value) if isinstance(value, str) else value}"
    items = [_WRITTEN[name](item) for item in value]
    return _list(key, items, column=len(key) + 5 + sum(map(len, items)) + 2 * len(items) > _WIDTH)


def _share(share: tls.KeyShareForm) -> str:
    name = written(share.group, GROUPS)
    if tls.KEY_SHARE_LENGTHS.get(share.group) == share.length:
        return name
    return f"{{ group = {name}, length = {share.length} }}"


def _protocol(name: str) -> str:
    return f'"{GREASE}"' if name == tls.ANY_GREASE_PROTOCOL else _quoted(name)


def _short(code: int, names: Names, grease: int = -1) -> str:
    return written(code, names, grease) if code in names or code == grease else f"0x{code:02x}"


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "supported_groups": lambda code: written(code, GROUPS),
    "key_share": _share,
    "signature_algorithms": lambda code: written(code, SCHEMES),
    "signature_algorithms_cert": lambda code: written(code, SCHEMES),
    "application_layer_protocol_negotiation": _protocol,
    "ec_point_formats": lambda code: _short(code, POINT_FORMATS),
    "psk_key_exchange_modes": lambda code: _short(code, PSK_MODES, tls.ANY_GREASE_PSK_MODE),
    "compress_certificate": lambda code: written(code, CERTIFICATE_COMPRESSIONS),
}


def _list(key: str, items: Iterable[str], *, column: bool = False) -> str:
    if column:
        return "\n".join([f"{key} = [", *(f"    {item}," for item in items), "]"])
    return f"{key} = [{', '.join(items)}]"


def _quoted(text: str) -> str:
    """A string as TOML has it."""
    signs = {'"': '\\"', "\\": "\\\\"}
    return (
        '"'
        + "".join(signs.get(s, s if s.isprintable() else f"\\U{ord(s):08x}") for s in text)
        + '"'
    )
