"""Code points of a ClientHello as profile files write them: by IANA's name, or as a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator

import tls

GREASE = "GREASE"
"""What stands for any GREASE value (RFC 8701)."""

POINT_FORMATS = {
    0: "uncompressed",
    1: "ansiX962_compressed_prime",
    2: "ansiX962_compressed_char2",
}
PSK_MODES = {0: "psk_ke", 1: "psk_dhe_ke"}
CERTIFICATE_COMPRESSIONS = {1: "zlib", 2: "brotli", 3: "zstd"}
COMPRESSIONS = {0: "null", 1: "deflate"}

Names = Mapping[int, str]


def _versions() -> Names:
    versions = (tls.SSL_3_0, tls.TLS_1_0, tls.TLS_1_1, tls.TLS_1_2, tls.TLS_1_3)
    return {code: tls.version_name(code) for code in versions}


VERSIONS = _versions()
SCHEMES: Names = {code: scheme.name for code, scheme in tls.SCHEMES.items()}
GROUPS: Names = {**tls.GROUP_NAMES, **tls.HYBRID_NAMES}


def _reading(
    names: Names, what: str, *, most: int = 0xFFFF, grease: int | None = tls.ANY_GREASE
) -> Callable[[Any], int]:
    """Return what reads one code, or refuses it in one sentence."""
    codes = {name: code for code, name in names.items()}
    if grease is not None:
        codes[GREASE] = grease

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(
                f"{value!r} is no {what}; write its name in quotes, or its code as a number"
            )
        if isinstance(value, int):
            if not 0 <= value <= most:
                digits = len(f"{most:x}")
                raise ValueError(
                    f"no {what} has the code {value}; it is one from 0x{0:0{digits}x} to 0x{most:x}"
                )
            return value
        if value in codes:
            return codes[value]
        near = get_close_matches(value[:80], codes, n=1, cutoff=0.6)
        meant = f'did you mean "{near[0]}"?' if near else f"names are such as {_some(codes)};"
        raise ValueError(
            f'no {what} is called "{value}"; {meant} one without a name here is written as its '
            "code, such as 0x0a"
        )

    return read


def _some(codes: Mapping[str, int]) -> str:
    return ", ".join(f'"{name}"' for name in list(codes)[:3])


def _code(read: Callable[[Any], int]) -> BeforeValidator:
    return BeforeValidator(read, json_schema_input_type=str | int)


Version = Annotated[int, _code(_reading(VERSIONS, "version"))]
Suite = Annotated[int, _code(_reading(tls.SUITE_NAMES, "cipher suite"))]
extension_code = _reading(tls.EXTENSION_NAMES, "extension")
Extension = Annotated[int, _code(extension_code)]
Group = Annotated[int, _code(_reading(GROUPS, "group"))]
Scheme = Annotated[int, _code(_reading(SCHEMES, "signature scheme"))]
PointFormat = Annotated[int, _code(_reading(POINT_FORMATS, "point format", most=0xFF, grease=None))]
PskMode = Annotated[
    int, _code(_reading(PSK_MODES, "PSK mode", most=0xFF, grease=tls.ANY_GREASE_PSK_MODE))
]
CertificateCompression = Annotated[
    int, _code(_reading(CERTIFICATE_COMPRESSIONS, "compression algorithm", grease=None))
]
Compression = Annotated[
    int, _code(_reading(COMPRESSIONS, "compression method", most=0xFF, grease=None))
]


def written(code: int, names: Names, grease: int = tls.ANY_GREASE) -> str:
    """A code as a profile file has it: its name in quotes, or a number."""
    if code == grease:
        return f'"{GREASE}"'
    return f'"{names[code]}"' if code in names else f"0x{code:04x}"
