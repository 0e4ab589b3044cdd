"""RSA key exchange: the client encrypts the premaster to the server's key (RFC 2246 §7.4.7.1)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tls.alerts import HANDSHAKE_FAILURE, ILLEGAL_PARAMETER
from tls.certificates import Certificate, Identity
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.handshake.requests import Handshake, PrivateKeyOperation
from tls.messages import ClientKeyExchange
from tls.meter import Meter

PREMASTER_LENGTH = 48
_PADDING = PKCS1v15()


def client_key_exchange(
    certificate: Certificate, client_version: int, random: RandomSource, meter: Meter
) -> tuple[ClientKeyExchange, bytes]:
    """The client's message and the premaster secret in it.

    PreMasterSecret is the version of the ClientHello and 46 random bytes. Raises `PeerError` when
    the certificate's key cannot carry it.
    """
    key = certificate.public_key
    if not isinstance(key, RSAPublicKey):
        raise PeerError(ILLEGAL_PARAMETER, "an RSA suite with a certificate without an RSA key")
    if not certificate.may_encipher_keys:
        raise PeerError(ILLEGAL_PARAMETER, "the certificate's key is not for key encipherment")
    if key.key_size < 8 * (PREMASTER_LENGTH + 11):
        raise PeerError(HANDSHAKE_FAILURE, "the certificate's key is too short for a premaster")
    premaster = client_version.to_bytes(2, "big") + random.draw(PREMASTER_LENGTH - 2)
    meter.add("rsa.public", key.key_size, 1, 0)
    encrypt = _encrypt_with_own_padding if random.seeded else _encrypt
    return ClientKeyExchange(encrypt(key, premaster, random)), premaster


def server_premaster(
    identity: Identity, message: ClientKeyExchange, client_version: int, random: RandomSource
) -> Handshake:
    """Coroutine that returns the premaster secret of a client's message.

    Whatever is wrong with it, padding, length or version, gives a random premaster instead, so
    that the Finished message fails and nothing tells why (RFC 5246 §7.4.7.1). The version inside
    must be the one of the ClientHello: that is the guard against rollback.
    """
    substitute = random.draw(PREMASTER_LENGTH)
    decrypted: bytes | None = yield PrivateKeyOperation(identity, message.encrypted_premaster)
    if (
        decrypted is not None
        and len(decrypted) == PREMASTER_LENGTH
        and decrypted.startswith(client_version.to_bytes(2, "big"))
    ):
        return decrypted
    return substitute


def decrypt_premaster(identity: Identity, ciphertext: bytes, meter: Meter) -> bytes | None:
    """PKCS #1 v1.5 decryption with an identity's key; bad padding gives anything or `None`."""
    meter.add("rsa.private", identity.key_size, 1, 0)
    try:
        return identity.private_key.decrypt(ciphertext, _PADDING)
    except ValueError:
        return None


def _encrypt(key: RSAPublicKey, premaster: bytes, random: RandomSource) -> bytes:
    return key.encrypt(premaster, _PADDING)


def _encrypt_with_own_padding(key: RSAPublicKey, premaster: bytes, random: RandomSource) -> bytes:
    # EM = 0x00 || 0x02 || PS || 0x00 || M; c = EM^e mod n (RFC 8017 §7.2.1).
    length = (key.key_size + 7) // 8
    padding = random.nonzero_bytes(length - len(premaster) - 3)
    encoded = int.from_bytes(b"\x00\x02" + padding + b"\x00" + premaster, "big")
    numbers = key.public_numbers()
    return pow(encoded, numbers.e, numbers.n).to_bytes(length, "big")
