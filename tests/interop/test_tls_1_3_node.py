"""TLS 1.3 with Node.js, whose TLS is an OpenSSL of its own, in both roles."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.modes import shows
from tests.interop.peers.processes import end, run_client
from tests.interop.tls13 import answering, ask, request_of, served
from tests.peers import require_program
from tls.groups import SECP256R1, SECP384R1, SECP521R1, X448, X25519

pytestmark = pytest.mark.interop

GROUPS = {
    "X25519": X25519,
    "P-256": SECP256R1,
    "P-384": SECP384R1,
    "P-521": SECP521R1,
    "X448": X448,
}
_OPTIONS = """
const fs = require("fs");
const own = JSON.parse(process.argv[1]);
for (const name of ["ca", "cert", "key"]) if (own[name]) own[name] = fs.readFileSync(own[name]);
const options = {...own, minVersion: "TLSv1.3", maxVersion: "TLSv1.3"};
"""
CLIENT = (
    _OPTIONS
    + """
function visit(left, session) {
  let saved;
  const socket = require("tls").connect({...options, session}, () => {
    console.log(socket.getProtocol(), socket.getCipher().standardName, socket.isSessionReused());
    socket.write("GET / HTTP/1.0\\r\\n\\r\\n");
  });
  socket.on("session", each => saved = each);
  socket.on("data", data => process.stdout.write(data));
  socket.on("error", error => console.log("error", error.code, error.message));
  socket.on("close", () => { if (left > 1) visit(left - 1, saved); else process.exit(0); });
}
visit(own.count || 1);
"""
)
SERVER = (
    _OPTIONS
    + """
const server = require("tls").createServer(options, socket => {
  socket.on("error", () => {});
  socket.on("data", () => socket.end("HTTP/1.0 200 OK\\r\\n\\r\\na page\\n"));
});
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
"""
)


def client(identities: Identities, port: int, **options: Any) -> str:
    """What its client says and is told."""
    given = {
        **{"host": "127.0.0.1", "port": port, "servername": SERVER_NAME},
        "ca": str(identities.authority),
        **options,
    }
    return run_client("node", "-e", CLIENT, json.dumps(given), input=())


@pytest.fixture
def serve(identities: Identities) -> Iterator[Any]:
    """Start its server with some options; its port."""
    started: list[subprocess.Popen[str]] = []

    def start(**options: Any) -> int:
        files = identities.server["RSA"]
        given = {"cert": str(files.certificate), "key": str(files.key)}
        given |= {"ca": str(identities.authority), **options}
        process = subprocess.Popen(
            [require_program("node"), "-e", SERVER, json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return int(process.stdout.readline())

    yield start
    for process in started:
        end(process)


def certificate(identities: Identities, kind: str) -> dict[str, str]:
    files = identities.client[kind]
    return {"cert": str(files.certificate), "key": str(files.key)}


@shows("Node", "server", "full", "resumed")
def test_node_client(identities: Identities) -> None:
    with served(identities, kind="ECDSA") as port:
        output = client(identities, port, count=3)
    assert output.count("full handshake") == 1
    assert output.count("resumed handshake") == 2
    assert output.count("TLSv1.3 TLS_AES_256_GCM_SHA384 true") == 2


@shows("Node", "server", "groups", "retried")
@pytest.mark.parametrize("group", GROUPS)
def test_groups_with_node_client(identities: Identities, group: str) -> None:
    first = "P-256" if group != "P-256" else "X25519"
    with answering(identities, groups=[GROUPS[group]]) as ours:
        for offered in (group, f"{first}:{group}"):
            assert "a page" in client(identities, ours.port, ecdhCurve=offered)
    at_once, again = [told.completed for told in ours.told]
    assert at_once.group == again.group == GROUPS[group]
    assert again.retried
    assert not at_once.retried


@shows("Node", "server", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_node_client_shows_a_certificate(identities: Identities, kind: str) -> None:
    required = tls.ClientAuthentication.REQUIRE
    with answering(identities, client_authentication=required) as ours:
        assert "a page" in client(identities, ours.port, **certificate(identities, kind))
        assert ours.told[0].has(tls.ClientAuthenticated)
        assert "CERTIFICATE_REQUIRED" in client(identities, ours.port).upper()


@shows("Node", "server", "KeyUpdate")
def test_node_client_follows_new_keys(identities: Identities) -> None:
    with answering(identities, updates=2) as ours:
        assert "a page" in client(identities, ours.port)


@shows("Node", "client", "full", "resumed", "KeyUpdate")
def test_node_server(identities: Identities, serve: Any) -> None:
    """It gives no ticket in a connection that one resumes."""
    port = serve()
    output = request_of(identities, port, "--resume", "1", "--key-update")
    assert output.count("full handshake, TLS 1.3") == 1
    assert output.count("resumed handshake, TLS 1.3") == 1
    _, told = ask(identities, port, updates=2)
    assert told.has(tls.KeysUpdated)
    assert b"a page" in told.data


@shows("Node", "client", "groups", "retried")
@pytest.mark.parametrize("group", GROUPS)
def test_groups_with_node_server(identities: Identities, serve: Any, group: str) -> None:
    port, code = serve(ecdhCurve=group), GROUPS[group]
    first = SECP256R1 if code != SECP256R1 else X25519
    for shares in ([code], [first]):
        _, told = ask(identities, port, groups=[first, code], key_shares=shares)
        assert told.completed.group == code
        assert told.completed.retried is (shares == [first])
        assert told.data


@shows("Node", "client", "certificate")
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_we_show_node_server_a_certificate(identities: Identities, serve: Any, kind: str) -> None:
    port = serve(requestCert=True, rejectUnauthorized=True)
    _, told = ask(identities, port, identities=[identities.client_identities[kind]])
    assert told.data
    _, told = ask(identities, port)
    assert not told.data
