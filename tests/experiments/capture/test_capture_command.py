"""`tlscape capture`: real programs connect and their profiles are those that ship."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import sim
import tls
from experiments.capture.clients import client_of, kind_of
from experiments.capture.listening import address_of, capture_one
from experiments.capture.streams import CapturedHello
from experiments.failures import CaptureError
from tests.experiments.capture.packets import ETHERNET, framed, pcap
from tests.experiments.capture.test_capture_files import connection, hello_of
from tests.experiments.capture.test_first_hello import HELLO, record
from tests.experiments.small_world import ROOT, WORLD, Run
from tests.peers import require_program
from tls.extensions import KEY_SHARE
from tls.messages import ClientHello

PATIENCE = 60.0

PYTHON = """
import sys, urllib.request
urllib.request.urlopen(f"https://localhost:{sys.argv[1]}/")
"""

JAVA = """
public class Client {
    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        var factory =
            (javax.net.ssl.SSLSocketFactory) javax.net.ssl.SSLSocketFactory.getDefault();
        var connected = new java.net.Socket("localhost", port);
        var socket = factory.createSocket(connected, "www.contoso.com", port, true);
        ((javax.net.ssl.SSLSocket) socket).startHandshake();
    }
}
"""


@contextmanager
def capturing(host: str = "localhost") -> Iterator[tuple[int, list[CapturedHello | CaptureError]]]:
    """Listen in a thread: yields the port, and a list that has the hello or fault at the end."""
    told: list[str] = []
    found: list[CapturedHello | CaptureError] = []
    listens = threading.Event()

    def announce(words: str) -> None:
        told.append(words)
        listens.set()

    def capture() -> None:
        try:
            found.append(capture_one(host, 0, announce, patience=PATIENCE))
        except CaptureError as error:
            found.append(error)
            listens.set()

    thread = threading.Thread(target=capture)
    thread.start()
    assert listens.wait(PATIENCE)
    (port,) = re.findall(r":(\d+);", told[0])
    yield int(port), found
    thread.join(PATIENCE)
    assert not thread.is_alive()


def captured_from(*command: str) -> CapturedHello:
    """The hello of a program; {port} in its arguments is the port to connect to."""
    with capturing() as (port, found):
        subprocess.run(
            [each.replace("{port}", str(port)) for each in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    (hello,) = found
    assert isinstance(hello, CapturedHello), hello
    return hello


def check_shipped(name: str, captured: CapturedHello, host: str = "localhost") -> None:
    """The program says what the shipped profile says, and its hello can be made of it again."""
    client = client_of(captured)
    shipped = sim.client_profile(name).hello
    assert kind_of(client.form) == kind_of(shipped.form)
    if shipped.extension_order == "fixed":
        assert client.form == shipped.form
    made = client.form.message(bytes, host)
    assert len(made) == len(captured.message)
    assert tls.HelloForm.of(made) == tls.HelloForm.of(captured.message)
    if tls.ANY_GREASE not in shipped.suites:
        ours, theirs = (ClientHello.decode(each[4:], 0) for each in (made, captured.message))
        theirs.random, theirs.session_id = ours.random, ours.session_id
        theirs.extensions[KEY_SHARE] = ours.extensions[KEY_SHARE]
        assert ours == theirs


def version_of(*command: str) -> str:
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return outcome.stdout + outcome.stderr


def require_version(begins: str, *command: str) -> None:
    """Skip where another version of a program is installed than the one whose profile ships."""
    found = version_of(*command)
    if begins not in found:
        pytest.skip(f"{command[0]} is {found.splitlines()[0]}, not {begins}")


@pytest.mark.interop
def test_openssl_is_what_ships() -> None:
    openssl = require_program("openssl")
    require_version("OpenSSL 3.0.", openssl, "version")
    place = ("-connect", "localhost:{port}", "-servername", "localhost")
    check_shipped("openssl-3.0", captured_from(openssl, "s_client", *place))


@pytest.mark.interop
def test_gnutls_is_what_ships() -> None:
    gnutls = require_program("gnutls-cli")
    require_version("gnutls-cli 3.7.", gnutls, "--version")
    check_shipped("gnutls-3.7", captured_from(gnutls, "--insecure", "-p", "{port}", "localhost"))


@pytest.mark.interop
def test_java_is_what_ships(tmp_path: Path) -> None:
    java = require_program("java")
    require_version('"17.', java, "-version")
    file = tmp_path / "Client.java"
    file.write_text(JAVA)
    # JSSE names no host without a dot.
    check_shipped("java-17", captured_from(java, str(file), "{port}"), "www.contoso.com")


@pytest.mark.interop
def test_python_is_what_ships() -> None:
    python = sys.executable
    words = "import platform, ssl; print(ssl.OPENSSL_VERSION, platform.python_version())"
    require_version("OpenSSL 3.0.", python, "-c", words)
    require_version(" 3.11.", python, "-c", words)
    captured = captured_from(python, "-c", PYTHON, "{port}")
    name = client_of(captured).shipped
    assert name in ("python-3.11", "python-3.11-debian")
    check_shipped(name, captured)


@pytest.mark.interop
def test_curl_is_what_ships() -> None:
    curl = require_program("curl")
    require_version("OpenSSL/3.0.", curl, "--version")
    check_shipped("curl-openssl-3.0", captured_from(curl, "-sk", "https://localhost:{port}/"))


@pytest.mark.interop
def test_chromium_is_what_ships(tmp_path: Path) -> None:
    chromium = require_program("chromium")
    require_version("Chromium 156.", chromium, "--version")
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}")
    page = "https://localhost:{port}/"
    check_shipped("chromium-156", captured_from(chromium, *flags, "--dump-dom", page))


# ---------------------------------------------------------------- the command


def test_a_client_is_captured_into_a_file_that_a_scenario_takes(
    tlscape: Run, tlscape_here: Run, tmp_path: Path
) -> None:
    scenario = tmp_path / "mine.toml"
    scenario.write_text(WORLD.replace('"internet-explorer-6"', '"client.toml"'))
    command = [sys.executable, "-m", "experiments.command", "capture", "localhost:0"]
    options = ["--out", str(tmp_path / "client.toml"), "--client", "A client", "--wait", "60"]
    process = subprocess.Popen(
        [*command, *options, "--date", "2026-11-27"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = process.stderr.readline()
    (port,) = re.findall(r"^tlscape: listening on localhost:(\d+); ", told)
    with socket.create_connection(("localhost", int(port))) as connection:
        wire = record(hello_of("firefox-45"), b"\3\1")
        connection.sendall(wire[:40])
        connection.sendall(wire[40:])
        assert connection.recv(100) == bytes((21, 3, 1, 0, 2, 2, 40))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, f"{tmp_path / 'client.toml'}\n", "")
    text = (tmp_path / "client.toml").read_text()
    profile = sim.ClientProfile.from_toml(text, name="client")
    assert profile.hello.form == sim.client_profile("firefox-45").hello.form
    assert profile.source == "Captured on 2026-11-27 from A client."
    assert tlscape_here("check", scenario).returncode == 0


def test_a_capture_file_gives_profiles_and_their_shares(tlscape_here: Run, tmp_path: Path) -> None:
    file, out = tmp_path / "many.pcap", tmp_path / "out"
    names = ["chrome-98"] * 3 + ["openssl-3.0"]
    packets = [
        packet
        for number, name in enumerate(names)
        for packet in connection(hello_of(name, number), 40_000 + number)
    ]
    file.write_bytes(pcap([(ETHERNET, framed(ETHERNET, packet)) for packet in packets]))
    outcome = tlscape_here("capture", "--pcap", file, "--out", out)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    lines = [re.split(r"  +", line) for line in outcome.stdout.splitlines()]
    assert lines[1][:3] == ["client-1", "3", "75 %"]
    assert lines[1][-1] == "chrome-98"
    assert lines[2][:3] == ["client-2", "1", "25 %"]
    assert lines[2][-1] == "openssl-3.0"
    for number, name in ((1, "chrome-98"), (2, "openssl-3.0")):
        text = (out / f"client-{number}.toml").read_text()
        profile = sim.ClientProfile.from_toml(text, name=name)
        assert profile.hello.form == sim.client_profile(name).hello.form
        assert f"{4 - 2 * number + 1} of 4" in profile.source
    before = {each: each.read_bytes() for each in out.iterdir()}
    tlscape_here("capture", "--pcap", file, "--out", out)
    assert {each: each.read_bytes() for each in out.iterdir()} == before


BAD = {
    "nothing": ([], "give either HOST:PORT"),
    "both": (["localhost:1", "--pcap", "x"], "give either HOST:PORT"),
    "no port": (["localhost"], '"localhost": no HOST:PORT'),
    "no number": (["localhost:https"], '"https" is no port'),
    "a port beyond": (["localhost:65536"], '"65536" is no port'),
    "another machine's": (["192.0.2.1:0"], "192.0.2.1:0: cannot listen there"),
    "no host": (["no host:443"], "no host: no such host"),
    "a host of dots": (["..:443"], "..: no"),
    "no date": (["localhost:0", "--date", "yesterday"], '"yesterday" is no date'),
    "no time": (["localhost:0", "--wait", "0"], "--wait: write seconds above 0"),
    "nobody": (["localhost:0", "--wait", "0.1"], "no client came within 0.1 s"),
    "no file": (["--pcap", "none.pcap"], "none.pcap: there is no such file"),
    "a folder": (["--pcap", "."], ".: a folder, not a file"),
    "wait for a file": (["--pcap", "x", "--wait", "5"], "--wait is for listening"),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_input_gets_one_line(fault: str, tlscape_here: Run) -> None:
    arguments, words = BAD[fault]
    outcome = tlscape_here("capture", *arguments)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    last = outcome.stderr.splitlines()[-1]
    assert last.startswith("tlscape: ")
    assert words in last


def test_a_port_in_use_is_told(tlscape_here: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = tlscape_here("capture", f"127.0.0.1:{taken.getsockname()[1]}")
    assert outcome.returncode == 2
    assert "another program listens there; stop it" in outcome.stderr


def test_a_capture_without_a_hello_is_told(tlscape_here: Run, tmp_path: Path) -> None:
    file = tmp_path / "none.pcap"
    file.write_bytes(pcap([(ETHERNET, framed(ETHERNET, connection(HELLO)[0]))]))
    outcome = tlscape_here("capture", "--pcap", file, "--out", tmp_path / "out")
    assert outcome.returncode == 2
    assert outcome.stderr.startswith(f"tlscape: {file}: no ClientHello in it; ")
    assert not (tmp_path / "out").exists()


def test_a_profile_that_cannot_be_written_is_told(tlscape_here: Run, tmp_path: Path) -> None:
    file = tmp_path / "one.pcap"
    file.write_bytes(pcap([(ETHERNET, framed(ETHERNET, each)) for each in connection(HELLO)]))
    outcome = tlscape_here("capture", "--pcap", file, "--out", file)
    assert outcome.returncode == 2
    assert "the profile cannot be written" in outcome.stderr
    assert file.stat().st_size > 0


Speak = Callable[[socket.socket], None]

SPEAKERS: dict[str, tuple[Speak, str]] = {
    "HTTP": (lambda client: client.sendall(b"GET / HTTP/1.1\r\n\r\n"), "no TLS"),
    "cut short": (
        lambda client: (client.sendall(record(HELLO)[:100]), client.shutdown(1)),  # type: ignore[dict-item, func-returns-value, return-value]
        "a hello cut short: the client closed the connection",
    ),
    "malformed": (lambda client: client.sendall(record(b"\1\0\0\2ab")), "a malformed ClientHello"),
}


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_client_without_a_hello_is_told(speaker: str) -> None:
    speak, words = SPEAKERS[speaker]
    with (
        capturing("127.0.0.1") as (port, found),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        speak(client)
        while client.recv(100):
            pass
    (outcome,) = found
    if isinstance(outcome, CapturedHello):
        with pytest.raises(CaptureError, match=words):
            client_of(outcome)
    else:
        assert words in str(outcome)
        assert "\n" not in str(outcome)


def test_a_connection_that_is_opened_in_advance_is_passed_over() -> None:
    with capturing("127.0.0.1") as (port, found):
        socket.create_connection(("127.0.0.1", port)).close()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(record(HELLO))
            assert client.recv(100)[:1] == b"\x15"
    assert [each.message for each in found if isinstance(each, CapturedHello)] == [HELLO]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("localhost:443", ("localhost", 443)),
        (":443", ("localhost", 443)),
        ("[::1]:8443", ("::1", 8443)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
    ],
)
def test_places_are_read(text: str, place: tuple[str, int]) -> None:
    assert address_of(text) == place
