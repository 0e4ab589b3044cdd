"""`python -m tls` against the system's OpenSSL, both roles."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.peers import require_program
from tests.tls.authority import Issued, Shape, authority, issue

pytestmark = pytest.mark.interop

ROOT = Path(__file__).resolve().parents[2]
_FOLDER = tempfile.TemporaryDirectory(prefix="tls-identity-")
CHAIN, KEY, AUTHORITY = (
    Path(_FOLDER.name) / name for name in ("chain.pem", "key.pem", "authority.pem")
)
REQUEST = b"GET / HTTP/1.0\r\n\r\n"
SUITES = {
    "AES128-SHA": "TLS_RSA_WITH_AES_128_CBC_SHA",
    "AES256-SHA": "TLS_RSA_WITH_AES_256_CBC_SHA",
}


@pytest.fixture(scope="module", autouse=True)
def identity() -> None:
    """www.contoso.com with an RSA-2048 key, an authority between, and their root, in files."""
    root = authority("A root", "rsa-2048-0")
    between = issue(
        root, Shape("An authority", (), authority=True, purposes=[], key_name="rsa-2048-1")
    )
    leaf = issue(between, Shape(key_name="rsa-2048-2"))

    def pem(*certificates: Issued) -> bytes:
        return b"".join(each.certificate.public_bytes(Encoding.PEM) for each in certificates)

    CHAIN.write_bytes(pem(leaf, between))
    AUTHORITY.write_bytes(pem(root))
    KEY.write_bytes(leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@contextmanager
def tls_serve(*options: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """`python -m tls serve` on a free port; its standard error is checked to be empty."""
    command = [sys.executable, "-m", "tls", "serve", "127.0.0.1:0"]
    command += ["--certificate", str(CHAIN), "--key", str(KEY), *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on 127.0.0.1:"), line + process.stderr.read()
            yield int(line.rpartition(":")[2]), process
            assert process.poll() is None
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=10)
        assert errors == ""


def s_client(port: int, *options: str) -> str:
    """The output of `openssl s_client` that asks for a page."""
    command = [require_program("openssl"), "s_client", "-connect", f"127.0.0.1:{port}"]
    command += ["-tls1", "-ign_eof", "-CAfile", str(AUTHORITY), *options]
    finished = subprocess.run(command, input=REQUEST, capture_output=True, timeout=20)
    return (finished.stdout + finished.stderr).decode(errors="replace")


@pytest.mark.parametrize("cipher", SUITES)
def test_openssl_client_full_then_resumed(cipher: str, tmp_path: Path) -> None:
    session = str(tmp_path / "session.pem")
    with tls_serve("--no-tickets") as (port, _):
        full = s_client(port, "-cipher", f"{cipher}:@SECLEVEL=0", "-sess_out", session)
        assert f"New, SSLv3, Cipher is {cipher}" in full
        assert "Verify return code: 0 (ok)" in full
        assert f"TLS 1.0\n{SUITES[cipher]}\nfull handshake" in full.replace("\r", "")
        assert re.search(r"Session-ID: [0-9A-F]{64}\n", full)
        assert "closed" in full
        resumed = s_client(port, "-cipher", f"{cipher}:@SECLEVEL=0", "-sess_in", session)
        assert f"Reused, SSLv3, Cipher is {cipher}" in resumed
        assert "resumed handshake" in resumed


def test_a_cache_without_room_gives_no_session_id() -> None:
    with tls_serve("--sessions", "0", "--no-tickets") as (port, _):
        output = s_client(port, "-cipher", "AES128-SHA:@SECLEVEL=0")
        assert "New, SSLv3" in output
        assert re.search(r"Session-ID: *\n", output)


NOTHING_IN_COMMON = ("-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256")


def test_failures_do_not_end_the_server() -> None:
    with tls_serve() as (port, _):
        assert "alert handshake failure" in s_client(port, "-cipher", "ADH-AES128-SHA:@SECLEVEL=0")
        refused = subprocess.run(
            [
                require_program("openssl"),
                "s_client",
                "-connect",
                f"127.0.0.1:{port}",
                *NOTHING_IN_COMMON,
            ],
            input=b"",
            capture_output=True,
            timeout=20,
        )
        assert b"alert handshake failure" in refused.stderr
        assert "full handshake" in s_client(port, "-cipher", "AES128-SHA:@SECLEVEL=0")


def test_fifty_at_once() -> None:
    with tls_serve() as (port, _), ThreadPoolExecutor(10) as pool:
        outputs = pool.map(lambda _: s_client(port, "-cipher", "AES128-SHA:@SECLEVEL=0"), range(50))
        assert all("full handshake" in output for output in outputs)


@contextmanager
def s_server(*options: str) -> Iterator[int]:
    """`openssl s_server` that answers a GET with its status page."""
    command = [require_program("openssl"), "s_server", "-accept", "127.0.0.1:0", "-www"]
    command += ["-cert", str(CHAIN), "-cert_chain", str(CHAIN), "-key", str(KEY), "-tls1", *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(b"ACCEPT"):
                    break
            yield int(line.rpartition(b":")[2])
        finally:
            process.kill()


def tls_connect(port: int, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tls", "connect", f"127.0.0.1:{port}"]
    command += ["--servername", "www.contoso.com", "--trust", str(AUTHORITY), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("cipher", SUITES)
def test_openssl_server_full_then_resumed(cipher: str) -> None:
    with s_server("-cipher", f"{cipher}:@SECLEVEL=0") as port:
        finished = tls_connect(port, "--resume", "2", "--get", "/")
    assert finished.stderr == ""
    assert finished.returncode == 0
    reports = [line for line in finished.stdout.splitlines() if " handshake, " in line]
    assert reports == [
        f"{how} handshake, TLS 1.0, {SUITES[cipher]}" for how in ("full", "resumed", "resumed")
    ]
    assert finished.stdout.count("Reused, SSLv3") == 2


def test_openssl_server_that_wants_a_client_certificate() -> None:
    """A client without one says so, and this server goes on."""
    with s_server("-cipher", "AES128-SHA:@SECLEVEL=0", "-verify", "1") as port:
        finished = tls_connect(port)
    assert finished.returncode == 0, finished.stderr


def test_the_name_in_openssls_certificate_is_checked() -> None:
    with s_server("-cipher", "AES128-SHA:@SECLEVEL=0") as port:
        refused = tls_connect(port, "--servername", "www.fabrikam.com")
        accepted = tls_connect(port, "--servername", "www.fabrikam.com", "--insecure")
    assert refused.returncode == 1
    assert refused.stderr == "tls: bad_certificate: the server's certificate: name mismatch\n"
    assert accepted.returncode == 0
    assert "accepted certificate problems: name mismatch" in accepted.stdout


def test_bad_arguments_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    for arguments in (
        ["serve", "127.0.0.1:0", "--certificate", str(tmp_path / "none"), "--key", "none"],
        ["serve", "nowhere", "--certificate", "x", "--key", "x"],
        ["connect", "127.0.0.1:1", "--suites", "TLS_NONSENSE"],
        ["connect", "127.0.0.1:1", "--versions", "TLS 9"],
    ):
        finished = subprocess.run(
            [sys.executable, "-m", "tls", *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert finished.returncode == 2
        assert "Traceback" not in finished.stderr


def test_help_lists_versions_suites_and_cache_options() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tls", "serve", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    for word in (
        "SSL 3.0",
        "TLS 1.0",
        "TLS_RSA_WITH_RC4_128_MD5",
        "--sessions",
        "--session-lifetime",
    ):
        assert word in finished.stdout
