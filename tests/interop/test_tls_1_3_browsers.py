"""TLS 1.3 with Chromium and curl: a page from `python -m tls serve` and from a server in a test."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.modes import shows
from tests.interop.peers.processes import run_client
from tests.interop.tls13 import answering, served
from tests.peers import require_program
from tls.groups import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    X448,
    X25519,
    X25519_MLKEM768,
    group_name,
)

pytestmark = pytest.mark.interop

TLS_AES_256_GCM_SHA384 = 0x1302
TIMEOUT = 60


def load(folder: Path, port: int) -> tuple[str, list[dict[str, Any]]]:
    """What Chromium shows of the page, and what its log says of each connection."""
    log = folder / "net-log.json"
    shown = subprocess.run(
        [
            *(require_program("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--ignore-certificate-errors", f"--user-data-dir={folder / 'profile'}"),
            *(f"--log-net-log={log}", "--dump-dom", f"https://localhost:{port}/"),
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    ).stdout
    record = json.loads(log.read_text(encoding="utf-8"))
    kind = record["constants"]["logEventTypes"]["SSL_CONNECT"]
    events = [event.get("params", {}) for event in record["events"] if event["type"] == kind]
    return shown, [event for event in events if "version" in event]


@shows("Chromium", "server", "full")
def test_chromium_loads_a_page_with_a_post_quantum_key_exchange(
    identities: Identities, tmp_path: Path
) -> None:
    """By the defaults of both."""
    with served(identities, kind="ECDSA") as port:
        shown, connections = load(tmp_path, port)
    assert "TLS 1.3\nTLS_AES_256_GCM_SHA384\nfull handshake\n" in shown
    assert connections
    for connection in connections:
        assert connection["version"] == "TLS 1.3"
        assert connection["cipher_suite"] == TLS_AES_256_GCM_SHA384
        assert connection["key_exchange_group"] == X25519_MLKEM768


@shows("Chromium", "server", "groups")
@pytest.mark.slow
@pytest.mark.parametrize("group", [X25519_MLKEM768, X25519, SECP256R1, SECP384R1], ids=group_name)
def test_groups_with_chromium(identities: Identities, tmp_path: Path, group: int) -> None:
    with answering(identities, groups=[group]) as ours:
        shown, connections = load(tmp_path, ours.port)
    assert "a page" in shown
    assert {each["key_exchange_group"] for each in connections} == {group}
    assert {told.completed.group for told in ours.told if told.data} == {group}


@shows("Chromium", "server", "retried")
def test_chromium_is_asked_for_another_key_share(identities: Identities, tmp_path: Path) -> None:
    with served(identities, "--groups", "secp384r1", "--retry-cookie") as port:
        shown, connections = load(tmp_path, port)
    assert "TLS 1.3\n" in shown
    assert {each["key_exchange_group"] for each in connections} == {SECP384R1}


# -- curl


def curl(identities: Identities, port: int, *options: str) -> str:
    name = f"{SERVER_NAME}:{port}"
    return run_client(
        *["curl", "--silent", "--show-error", "--tlsv1.3", "--cacert", str(identities.authority)],
        *["--connect-to", f"{name}:127.0.0.1:{port}", f"https://{name}/", *options],
        input=(),
    )


CURVES = {
    "X25519": X25519,
    "P-256": SECP256R1,
    "P-384": SECP384R1,
    "P-521": SECP521R1,
    "X448": X448,
}


@shows("curl", "server", "full")
def test_curl(identities: Identities) -> None:
    with served(identities) as port:
        assert "TLS 1.3\nTLS_AES_256_GCM_SHA384\nfull handshake\n" in curl(identities, port)


@shows("curl", "server", "groups", "retried")
@pytest.mark.parametrize("curve", CURVES)
def test_groups_with_curl(identities: Identities, curve: str) -> None:
    first = "P-256" if curve != "P-256" else "X25519"
    with answering(identities, groups=[CURVES[curve]]) as ours:
        for offered in (curve, f"{first}:{curve}"):
            assert "a page" in curl(identities, ours.port, "--curves", offered)
    assert [told.completed.retried for told in ours.told] == [False, True]
    assert {told.completed.group for told in ours.told} == {CURVES[curve]}


@shows("curl", "server", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_curl_shows_a_certificate(identities: Identities, kind: str) -> None:
    files = identities.client[kind]
    required = tls.ClientAuthentication.REQUIRE
    with answering(identities, client_authentication=required) as ours:
        own = ("--cert", str(files.certificate), "--key", str(files.key))
        assert "a page" in curl(identities, ours.port, *own)
        assert ours.told[0].has(tls.ClientAuthenticated)
        assert "certificate required" in curl(identities, ours.port)
