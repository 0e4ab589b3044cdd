"""The identities of simulated servers, and the authorities that clients trust.

Some ship with the project, as keys cannot be derived from a seed: with them two runs of one seed
give the same bytes. A scenario describes others (`ChainDescription`), whose RSA keys ship too, or
has them in files of its own (`IdentityFiles`). The shipped private keys are public; they are good
for simulation alone.
"""

from sim.identities.any_identity import AnyIdentity, has_key, identity
from sim.identities.description import CertificateDescription, ChainDescription, RootDescription
from sim.identities.identity_files import CertificateFile, IdentityFiles, PrivateKeyFile
from sim.identities.key_pool import key_names
from sim.identities.pem import PemFault, without_private_keys
from sim.identities.shipped import authority_names, names
from sim.identities.signatures import signature_length, signing, verifying
from sim.identities.trust import Authority, trust_store

__all__ = [
    "AnyIdentity",
    "Authority",
    "CertificateDescription",
    "CertificateFile",
    "ChainDescription",
    "IdentityFiles",
    "PemFault",
    "PrivateKeyFile",
    "RootDescription",
    "authority_names",
    "has_key",
    "identity",
    "key_names",
    "names",
    "signature_length",
    "signing",
    "trust_store",
    "verifying",
    "without_private_keys",
]
