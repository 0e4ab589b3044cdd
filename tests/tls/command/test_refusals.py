"""What cannot be done is refused in one line, with code 2, before anything connects or listens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tls.command.conftest import IDENTITY, SHIPPED
from tls.command.line import main

NOWHERE = "127.0.0.1:9"
OLD = ("--versions", "TLS 1.2")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("connect", NOWHERE, *OLD, "--key-update"), "--key-update is of TLS 1.3"),
        (("connect", NOWHERE, *OLD, "--stapling", "new.der"), "--stapling is of TLS 1.3"),
        (("connect", NOWHERE, *OLD, "--early-data", "100"), "--early-data is of TLS 1.3"),
        (("connect", NOWHERE, *OLD, "--psk", "a=00"), "--psk is of TLS 1.3"),
        (("connect", NOWHERE, "--versions", "TLS 1.3", "--renegotiate"), "no renegotiation"),
        (("connect", NOWHERE, "--stapling", "/nowhere/at/all"), "/nowhere/at/all"),
        (("connect", NOWHERE, "--stapling", "."), "'.'"),
        (("serve", NOWHERE), "a server wants a --certificate with its --key, or a --psk"),
        (("serve", NOWHERE, *OLD, *IDENTITY, "--key-update"), "--key-update is of TLS 1.3"),
        (("serve", NOWHERE, *OLD, *IDENTITY, "--stapling", "x"), "--stapling is of TLS 1.3"),
        (
            ("serve", NOWHERE, *IDENTITY, "--stapling", str(SHIPPED / "contoso-rsa-2048.pem")),
            "contoso-rsa-2048.pem: no OCSP response in DER",
        ),
        (
            ("connect", NOWHERE, "--key-shares", "secp521r1", "--groups", "x25519"),
            "a key share of secp521r1, which is not in the groups",
        ),
    ],
)
def test_one_line_and_code_2(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch("tls: .*\n", err)
    assert said in err


def test_a_file_is_not_made_for_a_connection_that_fails(tmp_path: Path) -> None:
    assert main(("connect", NOWHERE, "--stapling", str(tmp_path / "response.der"))) == 1
    assert list(tmp_path.iterdir()) == []
