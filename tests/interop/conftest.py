"""What the conversations share, and the document that is made of their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.interop.document import Outcome, write_document
from tests.interop.identities import Identities
from tests.interop.modes import Claim, claims_of
from tests.interop.ours import serve_everything
from tests.interop.peers import Peer
from tests.interop.verifiers import GnuTls, Java, OpenSsl, java

SERVERS = {
    "by ID": ("--no-tickets",),
    "by ticket": ("--sessions", "0"),
    "with certificates": ("--client-auth", "require", "--client-trust", "{authority}"),
}
_OUTCOMES: list[Outcome] = []
_CLAIMS: list[tuple[Claim, bool]] = []


@pytest.fixture(scope="session")
def identities(tmp_path_factory: pytest.TempPathFactory) -> Identities:
    return Identities(tmp_path_factory.mktemp("identities"))


@pytest.fixture(scope="session")
def our_server(identities: Identities) -> Iterator[Callable[[str], int]]:
    """The port of one of `SERVERS`, started at its first use and ended with the session."""
    with ExitStack() as running:

        @cache
        def port(how: str) -> int:
            options = [each.format(authority=identities.authority) for each in SERVERS[how]]
            return running.enter_context(serve_everything(identities, *options))

        yield port


@pytest.fixture(scope="session")
def peer_of(identities: Identities) -> Iterator[Callable[[type[Peer]], Peer]]:
    """A peer of that class, started at its first use and ended with the session."""
    with ExitStack() as running:

        @cache
        def peer(kind: type[Peer]) -> Peer:
            started = kind(identities)
            running.callback(started.close)
            return started

        yield peer


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-interoperability",
        metavar="FILE",
        type=Path,
        help="write what the matrix measured to this document",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shows(peer, role, modes): see tests/interop/modes.py")


def pytest_runtest_setup(item: pytest.Item) -> None:
    item.user_properties += [("claim", tuple(claim)) for claim in claims_of(item)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, value in report.user_properties:
        if name == "cell" and report.when == "call":
            _OUTCOMES.append(Outcome(*value))
        if name == "claim" and (report.when == "call" or report.failed):
            _CLAIMS.append((Claim(*value), report.passed))


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Without a default it would fail where this file is found only after the options are read.
    path = session.config.getoption("write_interoperability", None)
    if path is not None and not hasattr(session.config, "workerinput"):
        write_document(path, _OUTCOMES, _CLAIMS)


@pytest.fixture(scope="session")
def verifiers() -> Iterator[dict[str, OpenSsl | GnuTls | Java]]:
    """What others say of certificates, by their name."""
    with java() as running:
        yield {"OpenSSL": OpenSsl(), "GnuTLS": GnuTls(), "Java": running}
