"""RSA key exchange: the client encrypts the premaster to the server's key (RFC 2246 §7.4.7.1)."""

from __future__ import annotations

from typing import cast

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from tls.alerts import HANDSHAKE_FAILURE, ILLEGAL_PARAMETER
from tls.deferrable import PrivateKeyOperation
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.exchange import Conclusion, ExchangeContext
from tls.meter import Meter
from tls.reasons import Reason
from tls.versions import SSL_3_0
from tls.wire import Reader, vector16

PREMASTER_LENGTH = 48
_PADDING = PKCS1v15()


class RsaExchange:
    """The premaster goes encrypted to the key of the server's certificate."""

    curve: int | None = None

    def __init__(self, context: ExchangeContext) -> None:
        self._context = context

    def offer(self) -> bytes | None:
        """The certificate's key is enough."""
        return None

    def answer(self, parameters: Reader | None) -> tuple[bytes, bytes]:
        """The premaster, encrypted to the certificate's key."""
        certificate = self._context.certificate
        if certificate is None or certificate.key_kind != "rsa":
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.KEY_KIND_OF_SUITE,
                "an RSA suite with a certificate of another kind",
            )
        if not certificate.may_encipher_keys:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.KEY_USAGE_OF_SUITE,
                "the certificate's key is not for key encipherment",
            )
        return encrypt_premaster(self._context, cast("RSAPublicKey", certificate.public_key))

    def conclude(self, body: bytes) -> Conclusion:
        """The identity's key decrypts, wherever it is held."""
        context = self._context
        assert context.identity is not None
        substitute = context.random.draw(PREMASTER_LENGTH)
        encrypted = encrypted_premaster(body, context.version)
        decrypted: bytes | None = yield PrivateKeyOperation(context.identity, "decrypt", encrypted)
        return accepted_premaster(decrypted, substitute, context.client_version)


def encrypt_premaster(context: ExchangeContext, key: RSAPublicKey) -> tuple[bytes, bytes]:
    """A ClientKeyExchange body and the premaster: the hello's version and 46 random bytes.

    SSL 3.0 sends the ciphertext without its length, as all its implementations did.
    """
    if key.key_size < 8 * (PREMASTER_LENGTH + 11):
        raise PeerError(
            HANDSHAKE_FAILURE,
            Reason.RSA_KEY_TOO_SHORT,
            "the server's key is too short for a premaster",
        )
    random = context.random
    premaster = context.client_version.to_bytes(2, "big") + random.draw(PREMASTER_LENGTH - 2)
    context.meter.add("rsa.public", key.key_size, 1, 0)
    if random.seeded:
        encrypted = _encrypt_with_own_padding(key, premaster, random)
    else:
        try:
            encrypted = key.encrypt(premaster, _PADDING)
        except ValueError:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.RSA_KEY_UNUSABLE, "the server's key does not encrypt"
            ) from None
    body = encrypted if context.version == SSL_3_0 else vector16(encrypted)
    return body, premaster


def encrypted_premaster(body: bytes, version: int) -> bytes:
    """The ciphertext in a ClientKeyExchange body."""
    if version == SSL_3_0:
        return body
    reader = Reader(body)
    encrypted = reader.vector16()
    reader.finish()
    return encrypted


def accepted_premaster(decrypted: bytes | None, substitute: bytes, client_version: int) -> bytes:
    """What was decrypted if it is a premaster of this hello, else the substitute.

    Whatever is wrong with it, padding, length or version, gives a random premaster, so that the
    Finished message fails and nothing tells why (RFC 5246 §7.4.7.1). The version inside must be
    the one of the ClientHello: that is the guard against rollback.
    """
    if (
        decrypted is not None
        and len(decrypted) == PREMASTER_LENGTH
        and decrypted.startswith(client_version.to_bytes(2, "big"))
    ):
        return decrypted
    return substitute


def decrypt_premaster(key: RSAPrivateKey, ciphertext: bytes, meter: Meter) -> bytes | None:
    """PKCS #1 v1.5 decryption; bad padding gives anything or `None`."""
    meter.add("rsa.private", key.key_size, 1, 0)
    try:
        return key.decrypt(ciphertext, _PADDING)
    except ValueError:
        return None


def _encrypt_with_own_padding(key: RSAPublicKey, premaster: bytes, random: RandomSource) -> bytes:
    # EM = 0x00 || 0x02 || PS || 0x00 || M; c = EM^e mod n (RFC 8017 §7.2.1).
    length = (key.key_size + 7) // 8
    padding = random.nonzero_bytes(length - len(premaster) - 3)
    encoded = int.from_bytes(b"\x00\x02" + padding + b"\x00" + premaster, "big")
    numbers = key.public_numbers()
    return pow(encoded, numbers.e, numbers.n).to_bytes(length, "big")
