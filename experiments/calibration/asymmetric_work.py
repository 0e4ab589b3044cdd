"""What key agreement and signatures cost here, each done as the engine does it."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, mlkem

import tls
from experiments.calibration.prices import KeyPrice, Prices
from experiments.calibration.timing import seconds_each
from tls.entropy import RandomSource
from tls.groups import (
    FFDHE2048,
    FFDHE3072,
    FFDHE4096,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    X448,
    X25519,
    EphemeralKey,
    FiniteFieldKey,
    finite_field,
    generate_curve_key,
)
from tls.signatures import SCHEMES, PrivateKey, sign, verify

_MESSAGE = bytes(100)
_CURVES = {SECP256R1: 256, SECP384R1: 384, SECP521R1: 521}
_ECDSA = {
    256: (ec.SECP256R1(), 0x0403),
    384: (ec.SECP384R1(), 0x0503),
    521: (ec.SECP521R1(), 0x0603),
}
_DSA_SIZES = (1024, 2048)
_MlKem = type[mlkem.MLKEM768PrivateKey] | type[mlkem.MLKEM1024PrivateKey]
_MlDsa = (
    type[mldsa.MLDSA44PrivateKey] | type[mldsa.MLDSA65PrivateKey] | type[mldsa.MLDSA87PrivateKey]
)
_ML_KEM: dict[int, _MlKem] = {768: mlkem.MLKEM768PrivateKey, 1024: mlkem.MLKEM1024PrivateKey}
_ML_DSA: dict[int, tuple[_MlDsa, int]] = {
    44: (mldsa.MLDSA44PrivateKey, 0x0904),
    65: (mldsa.MLDSA65PrivateKey, 0x0905),
    87: (mldsa.MLDSA87PrivateKey, 0x0906),
}
_ED25519, _ED448, _DSA_SHA256 = 0x0807, 0x0808, 0x0402


def asymmetric_prices(seconds: float) -> Prices:
    """The price of every key agreement and signature but RSA's; about `seconds` a figure."""
    return {**_agreements(seconds), **_encapsulations(seconds), **_signatures(seconds)}


def _agreements(seconds: float) -> Prices:
    meter = tls.Meter()
    random = RandomSource(None, meter)

    def curve(group: int) -> Callable[[], EphemeralKey]:
        return lambda: generate_curve_key(group, random, meter)

    prices: Prices = {}
    # The library checks the prime of a field that it does not know by name, such as the one of the
    # export suites, at each use: that would price the check and not the exchange.
    fields = map(finite_field, (FFDHE2048, FFDHE3072, FFDHE4096))
    families: dict[str, dict[int, Callable[[], EphemeralKey]]] = {
        "x25519": {255: curve(X25519)},
        "x448": {448: curve(X448)},
        "ecdh": {bits: curve(group) for group, bits in _CURVES.items()},
        "dh": {
            field.bits: lambda field=field: FiniteFieldKey(field, random, meter)  # type: ignore[misc]
            for field in fields
        },
    }
    for name, makers in families.items():
        measured = {
            bits: _generate_and_agree(make, meter, seconds) for bits, make in makers.items()
        }
        generated_by_bits = {bits: generated for bits, (generated, _) in measured.items()}
        agreed_by_bits = {bits: agreed for bits, (_, agreed) in measured.items()}
        prices[f"{name}.generate"] = KeyPrice(generated_by_bits, 3)
        prices[f"{name}.exchange"] = KeyPrice(agreed_by_bits, 3)
    return prices


def _encapsulations(seconds: float) -> Prices:
    prices: dict[str, dict[int, float]] = {}
    for bits, kind in _ML_KEM.items():
        key = kind.generate()
        public = key.public_key()
        _, ciphertext = public.encapsulate()
        work: dict[str, Callable[[], object]] = {
            "mlkem.generate": lambda kind=kind: kind.generate().public_key().public_bytes_raw(),  # type: ignore[misc]
            "mlkem.encapsulate": public.encapsulate,
            "mlkem.decapsulate": lambda key=key, ciphertext=ciphertext: key.decapsulate(ciphertext),  # type: ignore[misc]
        }
        for name, step in work.items():
            prices.setdefault(name, {})[bits] = seconds_each(step, seconds)
    return {name: KeyPrice(by_bits, 2) for name, by_bits in prices.items()}


def _generate_and_agree(
    make: Callable[[], EphemeralKey], meter: tls.Meter, seconds: float
) -> tuple[float, float]:
    key, peer = make(), make()
    generated = seconds_each(make, seconds)
    agreed = seconds_each(lambda: key.agree(peer.public), seconds)
    meter.take()
    return generated, agreed


def _signatures(seconds: float) -> Prices:
    ecdsa = {
        bits: _sign_and_verify(ec.generate_private_key(curve), scheme, seconds)
        for bits, (curve, scheme) in _ECDSA.items()
    }
    dss = {
        bits: _sign_and_verify(dsa.generate_private_key(bits), _DSA_SHA256, seconds)
        for bits in _DSA_SIZES
    }
    post_quantum = {
        bits: _sign_and_verify(kind.generate(), code, seconds)
        for bits, (kind, code) in _ML_DSA.items()
    }
    prices: Prices = {}
    edwards = {
        name: {bits: _sign_and_verify(key, scheme, seconds)}
        for name, bits, key, scheme in (
            ("ed25519", 255, ed25519.Ed25519PrivateKey.generate(), _ED25519),
            ("ed448", 448, ed448.Ed448PrivateKey.generate(), _ED448),
        )
    }
    for name, by_bits in {"ecdsa": ecdsa, "dsa": dss, "mldsa": post_quantum, **edwards}.items():
        prices[f"{name}.sign"] = KeyPrice({bits: each[0] for bits, each in by_bits.items()}, 3)
        prices[f"{name}.verify"] = KeyPrice({bits: each[1] for bits, each in by_bits.items()}, 3)
    return prices


def _sign_and_verify(key: PrivateKey, code: int, seconds: float) -> tuple[float, float]:
    meter, scheme, public = tls.Meter(), SCHEMES[code], key.public_key()
    signature = sign(key, scheme, _MESSAGE, deterministic=False, meter=meter)
    signed = seconds_each(
        lambda: sign(key, scheme, _MESSAGE, deterministic=False, meter=meter), seconds
    )
    verified = seconds_each(lambda: verify(public, scheme, signature, _MESSAGE, meter), seconds)
    return signed, verified
