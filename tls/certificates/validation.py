"""What the validation of a chain found, for as long as it holds (RFC 5280 §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tls.certificates.problems import CertificateProblem

MAX_KEPT_CHAIN = 32_768
"""The longest chain that is kept for resumption, in bytes: longer ones are not resumed."""


class Question(NamedTuple):
    """What was asked about a chain: by whom, for which use, name and shortest key.

    `store` is the fingerprint of the trust store and of the signatures that were listed.
    """

    store: bytes
    by_client: bool
    server_name: str | None = None
    minimum_key_bits: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """What a chain's validation found and did: the same at any time between two moments.

    `problems` are worst first. `after` and `before` are Unix times, between which no validity of
    a certificate concerned begins or ends. `signatures` says of each pair of fingerprints, of a
    certificate and of its issuer, whether the signature holds: that never changes. `log` is what
    was booked.
    """

    question: Question
    problems: tuple[CertificateProblem, ...]
    after: float
    before: float
    signatures: Mapping[tuple[bytes, bytes], bool] = field(default_factory=dict)
    log: tuple[tuple[str, int, int, int], ...] = ()

    def holds(self, now: float) -> bool:
        """Whether the same would be found at calendar time `now`."""
        return self.after < now < self.before
