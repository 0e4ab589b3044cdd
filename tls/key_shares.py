"""Key exchange in two shares: the client's, then the server's with the secret (RFC 8446 §4.2.8).

One interface for Diffie-Hellman, where both sides do the same, and for key encapsulation, where the
server answers to what the client offered (draft-ietf-tls-ecdhe-mlkem).
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import mlkem

from tls.alerts import ILLEGAL_PARAMETER
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.groups import (
    GROUP_NAMES,
    HYBRID_NAMES,
    SECP256R1,
    SECP256R1_MLKEM768,
    SECP384R1,
    SECP384R1_MLKEM1024,
    X25519,
    X25519_MLKEM768,
    EphemeralKey,
    FiniteFieldKey,
    finite_field,
    generate_curve_key,
    group_name,
    is_finite_field,
)
from tls.meter import Meter
from tls.reasons import Reason


def is_known_group(group: int) -> bool:
    """Whether this engine can agree on a secret in that group in TLS 1.3."""
    return group in GROUP_NAMES or group in HYBRID_NAMES


def client_share(group: int, random: RandomSource, meter: Meter) -> EphemeralKey:
    """A client's fresh key in a group for which `is_known_group` holds.

    It agrees with the server's share.
    """
    if group in _HYBRIDS:
        return _HybridShare(_HYBRIDS[group], random, meter)
    return _diffie_hellman_key(group, random, meter)


def server_share(
    group: int, client_public: bytes, random: RandomSource, meter: Meter
) -> tuple[bytes, bytes]:
    """The server's share and the shared secret, for what a client sent of a known group.

    Raises:
        PeerError: `illegal_parameter` when that is not one of the group's.
    """
    if group in _HYBRIDS:
        return _answer_hybrid(_HYBRIDS[group], client_public, random, meter)
    key = _diffie_hellman_key(group, random, meter)
    return key.public, key.agree(client_public)


# -- Diffie-Hellman


class _FiniteFieldShare(FiniteFieldKey):
    """A key of a finite field, whose values are as long as its prime (RFC 8446 §4.2.8.1)."""

    def __init__(self, group: int, random: RandomSource, meter: Meter) -> None:
        super().__init__(finite_field(group), random, meter)
        self._group = group

    def agree(self, peer_public: bytes) -> bytes:
        """The shared secret, as long as the prime (RFC 8446 §7.4.1)."""
        if len(peer_public) != len(self.public):
            raise _malformed(self._group, peer_public)
        return super().agree(peer_public)


def _diffie_hellman_key(group: int, random: RandomSource, meter: Meter) -> EphemeralKey:
    if is_finite_field(group):
        return _FiniteFieldShare(group, random, meter)
    return generate_curve_key(group, random, meter)


def _malformed(group: int, share: bytes) -> PeerError:
    return PeerError(
        ILLEGAL_PARAMETER,
        Reason.KEY_SHARE_INVALID,
        f"a key share of {len(share)} bytes for {group_name(group)}",
    )


# -- hybrids with ML-KEM


class _MlKem:
    """A parameter set of ML-KEM (FIPS 203 §8); lengths in bytes."""

    def __init__(
        self,
        bits: int,
        private: type[mlkem.MLKEM768PrivateKey | mlkem.MLKEM1024PrivateKey],
        public: type[mlkem.MLKEM768PublicKey | mlkem.MLKEM1024PublicKey],
        public_length: int,
        ciphertext_length: int,
    ) -> None:
        self.bits = bits
        self.private = private
        self.public = public
        self.public_length = public_length
        self.ciphertext_length = ciphertext_length


_ML_KEM_768 = _MlKem(768, mlkem.MLKEM768PrivateKey, mlkem.MLKEM768PublicKey, 1_184, 1_088)
_ML_KEM_1024 = _MlKem(1024, mlkem.MLKEM1024PrivateKey, mlkem.MLKEM1024PublicKey, 1_568, 1_568)
_SEED_LENGTH = 64


@dataclass(frozen=True, slots=True)
class _Hybrid:
    """A curve beside ML-KEM: shares and secrets of both end to end, in one order."""

    group: int
    curve: int
    curve_length: int
    kem: _MlKem
    kem_first: bool

    def join(self, of_curve: bytes, of_kem: bytes) -> bytes:
        """Both parts of a share or of a secret."""
        return of_kem + of_curve if self.kem_first else of_curve + of_kem

    def split(self, share: bytes, kem_length: int) -> tuple[bytes, bytes]:
        """The curve's part and ML-KEM's. Raises `PeerError(illegal_parameter)`."""
        if len(share) != self.curve_length + kem_length:
            raise _malformed(self.group, share)
        if self.kem_first:
            return share[kem_length:], share[:kem_length]
        return share[: self.curve_length], share[self.curve_length :]


_HYBRIDS = {
    hybrid.group: hybrid
    for hybrid in (
        _Hybrid(X25519_MLKEM768, X25519, 32, _ML_KEM_768, kem_first=True),
        _Hybrid(SECP256R1_MLKEM768, SECP256R1, 65, _ML_KEM_768, kem_first=False),
        _Hybrid(SECP384R1_MLKEM1024, SECP384R1, 97, _ML_KEM_1024, kem_first=False),
    )
}


class _HybridShare:
    """A key of a curve and one of ML-KEM."""

    __slots__ = ("_hybrid", "_kem_key", "_key", "_meter", "public")

    def __init__(self, hybrid: _Hybrid, random: RandomSource, meter: Meter) -> None:
        kem = hybrid.kem
        meter.add("mlkem.generate", kem.bits, 1, 0)
        if random.seeded:
            self._kem_key = kem.private.from_seed_bytes(random.draw(_SEED_LENGTH))
        else:
            self._kem_key = kem.private.generate()
        self._hybrid = hybrid
        self._meter = meter
        self._key = generate_curve_key(hybrid.curve, random, meter)
        self.public = hybrid.join(self._key.public, self._kem_key.public_key().public_bytes_raw())

    def agree(self, peer_public: bytes) -> bytes:
        """Both secrets, end to end.

        A ciphertext that was not made to this key gives another secret, not a fault (FIPS 203
        §6.3): it is the Finished message that fails then.
        """
        hybrid = self._hybrid
        of_curve, ciphertext = hybrid.split(peer_public, hybrid.kem.ciphertext_length)
        agreed = self._key.agree(of_curve)
        self._meter.add("mlkem.decapsulate", hybrid.kem.bits, 1, 0)
        return hybrid.join(agreed, self._kem_key.decapsulate(ciphertext))


def _answer_hybrid(
    hybrid: _Hybrid, client_public: bytes, random: RandomSource, meter: Meter
) -> tuple[bytes, bytes]:
    """The server's half. What ML-KEM encapsulates is the library's random choice always."""
    kem = hybrid.kem
    of_curve, encapsulation_key = hybrid.split(client_public, kem.public_length)
    try:
        # Checks that every coefficient is reduced (FIPS 203 §7.2).
        kem_key = kem.public.from_public_bytes(encapsulation_key)
    except ValueError:
        raise PeerError(
            ILLEGAL_PARAMETER, Reason.KEY_SHARE_INVALID, "the client's ML-KEM key is malformed"
        ) from None
    key = generate_curve_key(hybrid.curve, random, meter)
    agreed = key.agree(of_curve)
    meter.add("mlkem.encapsulate", kem.bits, 1, 0)
    encapsulated, ciphertext = kem_key.encapsulate()
    return hybrid.join(key.public, ciphertext), hybrid.join(agreed, encapsulated)
