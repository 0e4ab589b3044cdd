"""What a client of TLS 1.3 says first, and again if it is asked to (RFC 8446 §4.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from tls.alerts import ILLEGAL_PARAMETER
from tls.configuration import ClientConfig
from tls.drawn_hello import DrawnHello
from tls.entropy import new_session_id
from tls.errors import PeerError
from tls.extensions import (
    COMPRESS_CERTIFICATE,
    COOKIE,
    EARLY_DATA,
    EC_POINT_FORMATS,
    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,
    KEY_SHARE,
    MAX_EXTENSIONS,
    POST_HANDSHAKE_AUTH,
    PRE_SHARED_KEY,
    PSK_KEY_EXCHANGE_MODES,
    RENEGOTIATION_INFO,
    SERVER_NAME,
    SESSION_TICKET,
    STATUS_REQUEST,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
    Extensions,
    encode_codes,
    encode_server_name,
)
from tls.grease import is_grease
from tls.groups import EphemeralKey, group_name
from tls.handshake.choices import group_not_implemented, lists
from tls.handshake.client_hello import (
    fixed_extensions,
    offered_suites,
    own_name,
    unused_session_id,
)
from tls.handshake.client_resumption import Offer, offer_of
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import HelloMessage
from tls.handshake.tls13.psk_offer import bind, modes_extension, psks_of, unbound
from tls.handshake.tls13.schedule import HandshakeSchedule
from tls.host_names import ip_address
from tls.key_shares import client_share
from tls.messages import HEADER_LENGTH, ClientHello, encode_message
from tls.reasons import Reason
from tls.sessions import Session
from tls.suites import FALLBACK_SCSV
from tls.tls13.certificate_compression import ZLIB
from tls.tls13.certificate_extensions import CompressionAlgorithms, StatusRequest
from tls.tls13.hello_extensions import (
    ClientKeyShares,
    Cookie,
    OfferedVersions,
    encode_key_shares,
)
from tls.versions import TLS_1_2, TLS_1_3

_HEADER = 4
_ROOM = MAX_EXTENSIONS - 2 - _HEADER
_BESIDE_IDENTITY = 64
"""More than what stands beside an identity: lengths, age and binder."""

_NO_RENEGOTIATION = b"\0"
"""What renegotiation_info says in a first handshake (RFC 5746 §3.4)."""

_FOR_VERSIONS_BEFORE = (
    RENEGOTIATION_INFO,
    EXTENDED_MASTER_SECRET,
    EC_POINT_FORMATS,
    SESSION_TICKET,
    ENCRYPT_THEN_MAC,
)
"""Extensions that say nothing where TLS 1.3 alone is spoken (RFC 8446 §4.2)."""


class ClientOffer:
    """What a client offers, in its first hello and in the one that answers a retry.

    Attributes:
        hello: as it was sent last, its binders apart.
        shares: the keys that it sent public values of, by their group.
        psks: the pre-shared keys in it.
        schedules: the key schedule that each of them begins.
        early_data: whether early data goes with it.
        resumes: how it offers a session of the versions before, if it does.
    """

    hello: ClientHello

    def __init__(
        self,
        context: HandshakeContext,
        config: ClientConfig,
        server_name: str,
        session: Session | None,
    ) -> None:
        self._context = context
        self._config = config
        template = config.hello
        self._says = says = _sayings(config) if template is None else template.draw(context.random)
        self.resumes = _resumed_before(context, config, server_name, session)
        # Whatever is offered has the ID's room filled (RFC 8446 appendix D.4).
        if self.resumes is not None and self.resumes.id:
            self._session_id = self.resumes.id
        elif template is not None:
            self._session_id = unused_session_id(context, template.form)
        elif config.middlebox_compatibility:
            self._session_id = new_session_id(context.random.draw)
        else:
            self._session_id = b""
        self._own = _own_extensions(config, server_name)
        if self.resumes is not None and self.resumes.ticket and SESSION_TICKET in says.extensions:
            self._own[SESSION_TICKET] = self.resumes.ticket
        self.psks = (
            psks_of(context, config, server_name, session, says.suites)
            if PSK_KEY_EXCHANGE_MODES in says.extensions
            else []
        )
        self.schedules: list[HandshakeSchedule] = []
        self.early_data = bool(config.early_data and self.psks and self.psks[0].max_early_data)
        self.shares = self._generate(config.key_shares or ())
        if self.shares:
            public = {group: key.public for group, key in self.shares.items()}
            # A template's other shares, which no key is known of, stay as they were drawn.
            self._own[KEY_SHARE] = (
                encode_key_shares(public) if template is None else says.key_share(public)
            )

    def _generate(self, groups: Sequence[int]) -> dict[int, EphemeralKey]:
        random, meter = self._context.random, self._context.meter
        return {group: client_share(group, random, meter) for group in groups}

    def first(self) -> HelloMessage:
        """The first hello."""
        return self._message(cookie=None)

    def again(self, suite_hash: str, group: int | None, cookie: bytes | None) -> HelloMessage:
        """The hello that a HelloRetryRequest asked for (RFC 8446 §4.1.2).

        Args:
            suite_hash: of the suite that it chose: keys that go with another are left out.
            group: the group of the one share that it wants, or `None`.
            cookie: what it wants back.
        """
        self.early_data = False
        self.psks = [psk for psk in self.psks if psk.hash == suite_hash]
        if group is not None:
            self.shares = self._generate([group])
            self._own[KEY_SHARE] = encode_key_shares({group: self.shares[group].public})
        return self._message(cookie)

    def _message(self, cookie: bytes | None) -> HelloMessage:
        own = self._own.copy()
        if cookie is not None:
            own[COOKIE] = Cookie(cookie).encode()
        self._make_room(own)
        if self.early_data:
            own[EARLY_DATA] = b""
        if not self.psks:
            self.hello = self._hello(own)
            return HelloMessage(self.hello.encode(TLS_1_2))
        unbound_psks = unbound(self.psks, self._context.clock())
        own[PRE_SHARED_KEY] = unbound_psks.encode()
        self.hello = self._hello(own)
        message = encode_message(self.hello, TLS_1_2)
        message, self.schedules = bind(self._context, self.psks, unbound_psks, message)
        return HelloMessage(message[HEADER_LENGTH:])

    def _hello(self, own: Extensions) -> ClientHello:
        return self._says.hello(self._context.client_random, self._session_id, own)

    def _make_room(self, own: Extensions) -> None:
        """Leave the keys out where the hello has no room for them.

        Raises `PeerError(illegal_parameter)` where there is none for the server's cookie.
        """
        extensions = self._says.extensions | own
        used = _HEADER * len(extensions) + sum(map(len, extensions.values()))
        if used > _ROOM:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.COOKIE_TOO_LONG, "a cookie that no hello has room for"
            )
        for psk in self.psks:
            used += len(psk.identity) + _BESIDE_IDENTITY
        if used > _ROOM:
            self.psks = []
            self.early_data = False

    def check_retry(self, group: int | None, cookie: bytes | None) -> None:
        """Check that a HelloRetryRequest asks for something (RFC 8446 §4.1.4, §4.2.8)."""
        if group is None and cookie is None:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.RETRY_CHANGES_NOTHING, "a retry that changes nothing"
            )
        if group is None:
            return
        if group in self._shared_groups() or not self.offers_group(group):
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.GROUP_NOT_OFFERED,
                f"a retry with {group_name(group)}, whose share was sent or which was not offered",
            )
        if group not in self._config.groups:
            raise group_not_implemented(group)

    def offers_group(self, group: int) -> bool:
        """Whether the hello lists a group, which this engine may not have."""
        return lists(self.hello, SUPPORTED_GROUPS, group)

    def sent_share(self, group: int) -> bool:
        """Whether the hello has a share of a group, which may be one without a key."""
        return not is_grease(group) and group in self._shared_groups()

    def _shared_groups(self) -> set[int]:
        data = self.hello.extensions.get(KEY_SHARE)
        try:
            shares = () if data is None else ClientKeyShares.decode(data).shares
        except PeerError:  # a template's, which no server goes on with
            return set()
        return {share.group for share in shares}


def _resumed_before(
    context: HandshakeContext, config: ClientConfig, server_name: str, session: Session | None
) -> Offer | None:
    """How a session of the versions before is offered beside TLS 1.3 (RFC 8446 §4.1.2)."""
    if session is None or session.version >= TLS_1_3:
        return None
    return offer_of(
        context,
        config,
        server_name,
        session,
        ticket_fits=config.session_tickets,
    )


def _own_extensions(config: ClientConfig, server_name: str) -> Extensions:
    if config.hello is not None:
        return own_name(config.hello.form, server_name)
    if config.server_name_indication and ip_address(server_name) is None:
        return {SERVER_NAME: encode_server_name(server_name)}
    return {}


def _composed(config: ClientConfig) -> DrawnHello:
    """What every hello of a configuration says that names no template."""
    suites = offered_suites(config)
    before = config.versions[0] < TLS_1_3
    if config.fallback:
        suites += (FALLBACK_SCSV,)
    extensions: Extensions = {SERVER_NAME: b""}
    if before and config.secure_renegotiation:
        extensions[RENEGOTIATION_INFO] = _NO_RENEGOTIATION
    extensions |= fixed_extensions(config)
    if not before:
        for kind in _FOR_VERSIONS_BEFORE:
            extensions.pop(kind, None)
    if config.groups:
        extensions[SUPPORTED_GROUPS] = encode_codes(config.groups)
    versions = tuple(reversed(config.versions))
    extensions[SUPPORTED_VERSIONS] = OfferedVersions(versions).encode()
    if config.certificate_compression:
        extensions[COMPRESS_CERTIFICATE] = CompressionAlgorithms((ZLIB,)).encode()
    if config.certificate_status:
        extensions[STATUS_REQUEST] = StatusRequest().encode()
    if config.post_handshake_authentication:
        extensions[POST_HANDSHAKE_AUTH] = b""
    extensions |= modes_extension(config)
    extensions[KEY_SHARE] = encode_key_shares(dict.fromkeys(config.key_shares or (), b"\0"))
    return DrawnHello(TLS_1_2, suites, b"\0", extensions)


_by_config: WeakKeyDictionary[ClientConfig, DrawnHello] = WeakKeyDictionary()


def _sayings(config: ClientConfig) -> DrawnHello:
    says = _by_config.get(config)
    if says is None:
        says = _by_config[config] = _composed(config)
    return says
