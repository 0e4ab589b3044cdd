"""The clients of a capture: hellos of one form, and how many connections began with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

import sim
import tls
from experiments.capture.streams import CapturedHello
from experiments.failures import CaptureError

_PADDING = tls.extension_from_name("padding")
_SERVER_NAME = tls.extension_from_name("server_name")
_ENCRYPTED_HELLO = tls.extension_from_name("encrypted_client_hello")

_AT_TIMES = (_PADDING, _SERVER_NAME)
"""Extensions that one client sends or leaves out, by how long its hello is and whom it calls."""

_FORMS = 64
"""Of one client that are kept: those of a client that permutes its extensions are without end."""

Kind = tuple[int, tls.HelloForm]
"""What tells clients apart: the version of the record, and the form without what changes."""


@dataclass
class CapturedClient:
    """Connections whose hellos have one form, the order of extensions excepted.

    Attributes:
        record_version: of the records that the hellos came in.
        connections: how many there were.
        resumed: how many of them offered a session.
        least, most: the lengths of the shortest and the longest, in bytes with their handshake
            header.
        forms: whole forms, the first few that came; the commonest of them stands for all.
    """

    record_version: int
    connections: int = 0
    resumed: int = 0
    least: int = 0
    most: int = 0
    forms: Counter[tls.HelloForm] = field(default_factory=Counter)

    def count(self, hello: CapturedHello, form: tls.HelloForm, *, resumes: bool) -> None:
        """Count one more of its hellos."""
        size = len(hello.message)
        self.least = min(self.least, size) if self.connections else size
        self.most = max(self.most, size)
        self.connections += 1
        self.resumed += resumes
        if form in self.forms or len(self.forms) < _FORMS:
            self.forms[form] += 1

    @property
    def form(self) -> tls.HelloForm:
        """The form that says most of all, and of those the commonest."""
        return max(self.forms, key=lambda form: (len(form.extensions), self.forms[form]))

    @property
    def is_permuted(self) -> bool:
        """Whether hellos that say the same say it in different orders."""
        orders = {
            tuple(kind for kind, _ in form.extensions if kind not in _AT_TIMES)
            for form in self.forms
        }
        return len(orders) > 1

    @property
    def payloads(self) -> tuple[int, ...]:
        """The bytes that the payload of its encrypted hellos had, the fewest first."""
        found = {_payload(form) for form in self.forms}
        return tuple(sorted(length for length in found if length))

    @property
    def shipped(self) -> str | None:
        """The shipped profile whose client sends such hellos, if there is one."""
        kind = kind_of(self.form)
        return next((name for name, known in _shipped_kinds().items() if known == kind), None)

    def toml(self, *, title: str, source: str) -> str:
        """Its profile file.

        Raises:
            CaptureError: the hello says what a profile cannot.
        """
        try:
            return sim.profile_toml(
                self.form,
                title=title,
                source=source,
                record_version=self.record_version,
                permuted=self.is_permuted,
                payloads=self.payloads,
            )
        except ValueError as error:
            why = str(error).splitlines()
            raise CaptureError(
                f"the hello cannot be described ({why[min(2, len(why) - 1)].strip()}); capture "
                "another client"
            ) from None


def clients_of(hellos: Iterable[CapturedHello]) -> tuple[list[CapturedClient], int]:
    """Return the clients, the commonest first, and how many hellos were malformed."""
    clients: dict[Kind, CapturedClient] = {}
    malformed = 0
    for hello in hellos:
        try:
            form = tls.HelloForm.of(hello.message)
            resumes = tls.offers_session(hello.message)
        except tls.PeerError:
            malformed += 1
            continue
        kind = hello.record_version, kind_of(form)
        client = clients.setdefault(kind, CapturedClient(hello.record_version))
        client.count(hello, form, resumes=resumes)
    return sorted(clients.values(), key=lambda client: -client.connections), malformed


def client_of(hello: CapturedHello) -> CapturedClient:
    """Return the client of one hello.

    Raises:
        CaptureError: it is malformed.
    """
    try:
        tls.HelloForm.of(hello.message)
    except tls.PeerError as error:
        raise CaptureError(f"a malformed ClientHello ({error}); use another client") from None
    (client,), _ = clients_of([hello])
    return client


def kind_of(form: tls.HelloForm) -> tls.HelloForm:
    """A form without what changes from hello to hello of one client.

    Extensions in the order of their codes, none that come at times, and an encrypted hello of no
    length: browsers draw it.
    """
    kept = sorted(
        (kind, _without_length(data) if kind == _ENCRYPTED_HELLO else data)
        for kind, data in form.extensions
        if kind not in _AT_TIMES
    )
    return replace(form, extensions=tuple(kept), pads=False)


def _payload(form: tls.HelloForm) -> int | None:
    data = next((data for kind, data in form.extensions if kind == _ENCRYPTED_HELLO), b"")
    value = tls.decode_contents(_ENCRYPTED_HELLO, data)
    return None if value is None else value.payload


def _without_length(data: bytes) -> bytes:
    value = tls.decode_contents(_ENCRYPTED_HELLO, data)
    if value is None:
        return data
    return tls.encode_contents(_ENCRYPTED_HELLO, value._replace(payload=0))


@cache
def _shipped_kinds() -> dict[str, tls.HelloForm]:
    return {name: kind_of(sim.client_profile(name).hello.form) for name in sim.client_profiles()}
