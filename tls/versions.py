"""Protocol versions as they stand on the wire (RFC 6101 §5.2.1, RFC 2246 §6.2.1)."""

SSL_2_0 = 0x0002
SSL_3_0 = 0x0300
TLS_1_0 = 0x0301
TLS_1_1 = 0x0302
TLS_1_2 = 0x0303
TLS_1_3 = 0x0304

_NAMES = {
    SSL_2_0: "SSL 2.0",
    SSL_3_0: "SSL 3.0",
    TLS_1_0: "TLS 1.0",
    TLS_1_1: "TLS 1.1",
    TLS_1_2: "TLS 1.2",
    TLS_1_3: "TLS 1.3",
}
_CODES = {name: code for code, name in _NAMES.items()}

IMPLEMENTED_VERSIONS = (SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2)
"""The versions a configuration speaks unless told otherwise, lowest first: those before TLS 1.3."""

ALL_VERSIONS = (*IMPLEMENTED_VERSIONS, TLS_1_3)
"""Every version this engine speaks, lowest first."""


def version_name(version: int) -> str:
    """The usual name of a wire version, `"TLS 1.0"` for 0x0301; unknown ones in hexadecimal."""
    return _NAMES.get(version, f"0x{version:04x}")


def version_from_name(name: str) -> int:
    """The wire version of a name such as `"TLS 1.0"`.

    Raises `KeyError` with the known names when there is no such version.
    """
    try:
        return _CODES[name]
    except KeyError:
        raise KeyError(f"unknown version {name!r}; known: {', '.join(_CODES)}") from None
