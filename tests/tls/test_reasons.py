"""Faults that share an alert can be told apart."""

import ast
from pathlib import Path

import pytest

import tls
from tests.tls.conversation import new_client, new_server
from tls.alerts import ILLEGAL_PARAMETER
from tls.messages import ServerHello, encode_message

ENGINE = Path(tls.__file__).parent


def reasons_in(file: Path) -> set[str]:
    return {
        node.attr
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
    }


def test_every_reason_is_given_somewhere() -> None:
    given = set().union(*map(reasons_in, ENGINE.rglob("*.py")))
    assert given == {reason.name for reason in tls.Reason}


def test_a_reason_is_its_own_name() -> None:
    assert all(reason.value == reason.name.lower() for reason in tls.Reason)


@pytest.mark.parametrize(
    ("suite", "compression", "extensions", "reason"),
    [
        (0x0013, 0, {}, tls.Reason.SUITE_NOT_OFFERED),
        (0xC02F, 0, {}, tls.Reason.SUITE_OF_ANOTHER_VERSION),
        (0x002F, 1, {}, tls.Reason.COMPRESSION_NOT_OFFERED),
        (0xC013, 0, {11: b"\1\1"}, tls.Reason.UNCOMPRESSED_POINTS_MISSING),
        (0x0005, 0, {22: b""}, tls.Reason.ENCRYPT_THEN_MAC_WITHOUT_CBC),
    ],
    ids=lambda value: value.value if isinstance(value, tls.Reason) else "",
)
def test_the_same_alert_for_different_reasons(
    suite: int, compression: int, extensions: dict[int, bytes], reason: tls.Reason
) -> None:
    client = new_client(suites=[0x002F, 0xC02F, 0xC013, 0x0005])
    client.outgoing()
    answer = ServerHello(tls.TLS_1_1, bytes(32), b"", suite, compression, extensions)
    message = encode_message(answer, tls.TLS_1_1)
    with pytest.raises(tls.PeerError) as caught:
        client.receive(b"\x16\x03\x02" + len(message).to_bytes(2, "big") + message)
    assert (caught.value.alert, caught.value.reason) == (ILLEGAL_PARAMETER, reason)


def test_the_reason_does_not_depend_on_the_version_though_the_alert_does() -> None:
    for version in (tls.SSL_3_0, tls.TLS_1_2):
        server = new_server(versions=[version], suites=[0x0005])
        with pytest.raises(tls.PeerError) as caught:
            server.receive(new_client(versions=[version], suites=[0x002F]).outgoing())
        assert caught.value.reason is tls.Reason.NO_SUITE_IN_COMMON
