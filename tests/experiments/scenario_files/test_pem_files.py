"""Certificates and keys of the user's own, from PEM files; no result has a private key."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate
from pydantic import ValidationError

import experiments
import sim
from experiments.failures import ScenarioError
from experiments.loading import load_scenario
from experiments.scenario_files.overrides import parse_override
from experiments.studies.study import design
from sim.identities import IdentityFiles, PrivateKeyFile, without_private_keys
from sim.identities.pem import PemFault, blocks, check_order
from tests.experiments.small_world import WORLD, Run
from tests.sim.worlds import description as small_world
from tests.tls.authority import Issued, Shape, authority, issue

NAMED = 'identity = "contoso-rsa-1024"'
FILES = 'identity = { certificate_file = "site.pem", key_file = "site.key" }'
TRUST = ("share = 1.0", 'share = 1.0\ntrusts = ["contoso-root", "root.pem"]')
PKCS8, TRADITIONAL = PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL


def certificate(*issued: Issued) -> str:
    return "".join(each.certificate.public_bytes(Encoding.PEM).decode() for each in issued)


def key(issued: Issued, form: PrivateFormat = PKCS8, password: bytes | None = None) -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return issued.key.private_bytes(Encoding.PEM, form, encryption).decode()


@pytest.fixture(scope="module")
def chain() -> tuple[Issued, Issued, Issued]:
    """A leaf, the authority that issued it, and the root."""
    root = authority("Own root", 30)
    middle = issue(root, Shape("Own authority", (), authority=True, purposes=[], key_name=31))
    return issue(middle, Shape(key_name=32)), middle, root


@pytest.fixture
def folder(tmp_path: Path, chain: tuple[Issued, Issued, Issued]) -> Path:
    """A folder with the files of a site and a world that has them."""
    leaf, middle, root = chain
    (tmp_path / "site.pem").write_text(certificate(leaf, middle))
    (tmp_path / "site.key").write_text(key(leaf))
    (tmp_path / "root.pem").write_text(certificate(root))
    write(tmp_path)
    return tmp_path


def write(folder: Path, *replacements: tuple[str, str], study: str = "") -> Path:
    text = WORLD.replace('duration = "5 min"', 'duration = "1 min"').replace(NAMED, FILES) + study
    for old, new in (TRUST, *replacements):
        assert old in text
        text = text.replace(old, new)
    file = folder / "own.toml"
    file.write_text(text)
    return file


def secrets_in(folder: Path, pem: str) -> list[Path]:
    """The files below a folder that have a line of a private key."""
    lines = [line.encode() for line in pem.splitlines() if line and not line.startswith("-----")]
    assert len(lines) > 3
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if any(line in file.read_bytes() for line in lines)]


# ---------------------------------------------------------------- they are used


def test_a_site_of_ones_own(folder: Path, chain: tuple[Issued, Issued, Issued]) -> None:
    """Workers have the key, the folder with the results has not."""
    leaf, middle, _ = chain
    out = folder / "out"
    result = experiments.run(folder / "own.toml", out=out, replications=2, workers=2)
    assert len(result.connections) > 20
    assert "failed" not in set(result.connections["outcome"])
    assert secrets_in(out, key(leaf)) == []
    kept = json.loads((out / "manifest.json").read_text())["scenario"]
    assert kept["data_files"]["site.pem"] == certificate(leaf, middle)
    assert "SHA-256 of its public key" in kept["data_files"]["site.key"]
    assert kept["keys_at"] == {"site.key": str(folder / "site.key")}


def test_a_result_is_read_without_the_key_and_run_again_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, again = folder / "out", folder / "again"
    first = experiments.run(folder / "own.toml", out=out, replications=1, workers=1)
    monkeypatch.chdir(out)
    (folder / "site.key").rename(folder / "elsewhere")
    read = experiments.load_result(out)
    assert read.study.identity == first.study.identity
    assert read.study.worlds == first.study.worlds
    assert read.study.points[0].scenario.missing_keys == [("server",)]
    for repeat in (
        lambda: experiments.repeat(out, out=again, workers=1),
        lambda: experiments.run(read.study.file, out=again, workers=1),
    ):
        with pytest.raises(ScenarioError, match=r"^site.key: there is no such file; results do no"):
            repeat()
    assert not again.exists()
    (folder / "site.key").write_text(key(authority("Another", 33)))
    with pytest.raises(ScenarioError, match="not what the study was run with"):
        experiments.repeat(out, out=again, workers=1)
    (folder / "elsewhere").rename(folder / "site.key")
    capsys.readouterr()
    assert experiments.repeat(out, out=again, workers=1).study.identity == first.study.identity
    assert "the tables are the same, byte for byte" in capsys.readouterr().err
    assert json.loads((again / "manifest.json").read_text())["scenario"]["keys_at"]


def test_a_study_goes_on_when_the_file_is_read_again(folder: Path) -> None:
    out = folder / "out"
    experiments.run(folder / "own.toml", out=out, replications=1, workers=1)
    jobs = {path.name for path in (out / "jobs").glob("?" * 64)}
    (folder / "site.key").write_text(f"a remark\n{(folder / 'site.key').read_text()}")
    experiments.run(folder / "own.toml", out=out, replications=2, workers=1)
    assert jobs < {path.name for path in (out / "jobs").glob("?" * 64)}


def test_what_is_run_depends_on_no_name_and_no_form(
    folder: Path, chain: tuple[Issued, Issued, Issued]
) -> None:
    """One file of both, the key in another form: the same study."""
    leaf, middle, _ = chain
    first = design(load_scenario(folder / "own.toml"), seed=1).identity
    both = certificate(leaf) + key(leaf, TRADITIONAL) + "a remark\n" + certificate(middle)
    (folder / "both.pem").write_text(both)
    file = write(folder, ('"site.pem"', '"both.pem"'), ('"site.key"', '"both.pem"'))
    loaded = load_scenario(file)
    assert design(loaded, seed=1).identity == first
    kept = loaded.data.texts["both.pem"]
    assert "PRIVATE KEY-----" not in kept
    assert kept.count("BEGIN CERTIFICATE") == 2
    assert "a remark" in kept


def test_overrides_name_files_that_are_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, chain: tuple[Issued, Issued, Issued]
) -> None:
    here = folder / "here"
    here.mkdir()
    for name in ("site.pem", "site.key", "root.pem"):
        (folder / name).rename(here / name)
    monkeypatch.chdir(here)
    (folder / "named.toml").write_text(WORLD)
    overrides = [
        parse_override('server.identity={ certificate_file = "site.pem", key_file = "site.key" }'),
        parse_override('clients.0.trusts=["root.pem"]'),
    ]
    world = load_scenario(folder / "named.toml", overrides).world()
    assert isinstance(world.server.identity, IdentityFiles)
    assert [str(each) for each in world.clients[0].trusts] == ["CN=Own root"]


def test_files_are_levels(folder: Path, chain: tuple[Issued, Issued, Issued]) -> None:
    (folder / "short.pem").write_text(certificate(chain[0]))
    study = (
        "\n[study]\nreplications = 1\n[study.factors]\n"
        '"server.identity.certificate_file" = ["short.pem", "site.pem"]\n'
    )
    result = experiments.run(write(folder, study=study), out=folder / "out", workers=1)
    labels = [point.label for point in result.study.points]
    assert labels == ["certificate file short.pem", "certificate file site.pem"]
    column = result.connections["server.identity.certificate_file"]
    assert list(column.unique()) == ["CN=www.contoso.com", "CN=www.contoso.com and 1 more"]
    # Without the authority between them no path leads to the root.
    assert set(result.connections.loc[column == "CN=www.contoso.com", "outcome"]) == {"failed"}


def test_a_proxy_of_ones_own(folder: Path) -> None:
    box = (
        '\n[middleboxes.proxy]\nkind = "terminating-proxy"\nmachine = "xeon-2026"\n'
        'identity = { certificate_file = "site.pem", key_file = "site.key" }\n'
        'trusts = ["root.pem"]\n'
    )
    write(folder, study=box)
    box_of_world = load_scenario(folder / "own.toml").world().middleboxes["proxy"]
    assert isinstance(box_of_world.identity, IdentityFiles)  # type: ignore[attr-defined]
    assert str(box_of_world.trusts[0]) == "CN=Own root"  # type: ignore[attr-defined]


def test_a_balancer_of_ones_own(folder: Path) -> None:
    balancer = (
        '\n[balancers.front]\npolicy = "random"\n'
        '\n[balancers.front.termination]\nmachine = "xeon-2026"\n'
        'identity = { certificate_file = "site.pem", key_file = "site.key" }\n'
        'trusts = ["root.pem"]\n'
    )
    write(folder, study=balancer)
    ends_tls = load_scenario(folder / "own.toml").world().all_boxes["front"]
    assert isinstance(ends_tls.identity, IdentityFiles)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["contoso-rsa-1024", "client-rsa-1024"])
def test_chains_that_sha_1_has_signed(name: str) -> None:
    """They were the rule until 2010, and the order of one is seen all the same."""
    folder = files("sim.identities")
    chain = (folder / f"{name}.pem").read_text()
    described = {"certificate_file": chain, "key_file": (folder / f"{name}.key.pem").read_text()}
    assert len(IdentityFiles.model_validate(described).identity().chain) > 1
    (_, first), (block, _), *_ = [
        (each, load_pem_x509_certificate(each.text.encode())) for each in blocks(chain)
    ]
    assert isinstance(first.signature_hash_algorithm, SHA1)
    check_order(chain)
    with pytest.raises(PemFault, match="is not the issuer of the one before it"):
        check_order(block.text + chain)
    forged = bytearray(first.public_bytes(Encoding.DER))
    forged[-1] ^= 1
    other = load_der_x509_certificate(bytes(forged)).public_bytes(Encoding.PEM).decode()
    with pytest.raises(PemFault, match="has not signed the one before it"):
        check_order(other + block.text)


def test_who_does_not_trust_the_root_fails(folder: Path) -> None:
    file = write(folder, (', "root.pem"', ""))
    result = experiments.run(file, out=folder / "out", replications=1, workers=1)
    assert set(result.connections["outcome"]) == {"failed"}
    assert set(result.connections["alert"]) == {"unknown_ca"}


@pytest.mark.parametrize("kind", ["ecdsa", "ed25519", "dsa", "rsa-2048", "rsa-512"])
@pytest.mark.parametrize("form", [PKCS8, TRADITIONAL])
def test_every_kind_and_form_of_key(kind: str, form: PrivateFormat) -> None:
    leaf = issue(authority("Own root", 30), Shape(key_name=kind))
    if form is TRADITIONAL and kind == "ed25519":
        return
    files = IdentityFiles.model_validate(
        {"certificate_file": certificate(leaf), "key_file": key(leaf, form)}
    )
    assert files.identity().leaf.der == leaf.der


# ---------------------------------------------------------------- the key is shown nowhere


def test_no_words_and_no_dump_have_the_key(chain: tuple[Issued, Issued, Issued]) -> None:
    leaf, middle, _ = chain
    written = {"certificate_file": certificate(leaf, middle), "key_file": key(leaf)}
    files = IdentityFiles.model_validate(written)
    secret = key(leaf).splitlines()[3]
    for words in (
        *(repr(files), str(files), str(files.key_file), files.model_dump_json()),
        str(files.model_dump()),
    ):
        assert secret not in words
    assert secret not in without_private_keys(written["key_file"] * 2 + written["key_file"][:-30])
    again = IdentityFiles.model_validate_json(files.model_dump_json())
    assert not again.has_key
    assert again.key_file.fingerprint == files.key_file.fingerprint
    with pytest.raises(ValueError, match="was not kept"):
        again.identity()
    assert pickle.loads(pickle.dumps(files)).has_key


def test_what_was_kept_is_read_again(chain: tuple[Issued, Issued, Issued]) -> None:
    read = PrivateKeyFile.of_text(key(chain[0]))
    assert PrivateKeyFile.of_text(without_private_keys(key(chain[0]))) == PrivateKeyFile(
        fingerprint=read.fingerprint
    )
    for before in ("x ", "", "\n"):
        assert "Z" not in without_private_keys(f"{before}-----BEGIN PRIVATE KEY-----Z\nZ")
    text = "no PEM\n-----BEGIN CERTIFICATE-----\n"
    assert without_private_keys(text) == text


# ---------------------------------------------------------------- what is wrong with them

Make = Callable[[Issued, Issued, Issued], Any]

FAULTS: dict[str, tuple[str, Make, str, str]] = {
    "another key": (
        "site.key",
        lambda leaf, middle, root: key(root),
        "key_file",
        "the private key does not fit the first certificate of certificate_file; give the key that",
    ),
    "the key of the authority": (
        "site.key",
        lambda leaf, middle, root: key(middle),
        "key_file",
        "does not fit the first certificate of certificate_file; it is that of certificate 2",
    ),
    "an encrypted key": (
        "site.key",
        lambda leaf, middle, root: "\n" + key(leaf, password=b"x"),
        "key_file",
        "site.key:2: the private key is encrypted; give one that is not",
    ),
    "a key encrypted of old": (
        "site.key",
        lambda leaf, middle, root: key(leaf, TRADITIONAL, b"x"),
        "key_file",
        "site.key:1: the private key is encrypted; give one that is not",
    ),
    "a certificate as a key": (
        "site.key",
        lambda leaf, middle, root: certificate(leaf),
        "key_file",
        "site.key:1: no private key stands here in PEM; give a file with",
    ),
    "a broken key": (
        "site.key",
        lambda leaf, middle, root: key(leaf).replace("M", "N"),
        "key_file",
        "site.key:1: the private key cannot be read",
    ),
    "a key of another kind": (
        "site.key",
        lambda leaf, middle, root: (
            x25519.X25519PrivateKey.generate()
            .private_bytes(Encoding.PEM, PKCS8, NoEncryption())
            .decode()
        ),
        "key_file",
        "site.key:1: no server has such a key; give one of RSA, DSA, ECDSA or EdDSA",
    ),
    "a key without end": (
        "site.key",
        lambda leaf, middle, root: key(leaf)[:-30],
        "key_file",
        'site.key:1: the part that begins here has no end; add "-----END PRIVATE KEY-----"',
    ),
    "no key file": ("site.key", lambda *_: None, "key_file", "site.key: there is no such file ("),
    "upside down": (
        "site.pem",
        lambda leaf, middle, root: certificate(middle, leaf),
        "certificate_file",
        'certificate 2, of "CN=www.contoso.com", is not the issuer of the one before it; put the',
    ),
    "a gap": (
        "site.pem",
        lambda leaf, middle, root: certificate(leaf, root),
        "certificate_file",
        'certificate 2, of "CN=Own root", is not the issuer of the one before it; put the',
    ),
    "another of the same name": (
        "site.pem",
        lambda leaf, middle, root: certificate(leaf, authority("Own authority", 35)),
        "certificate_file",
        'certificate 2, of "CN=Own authority", has not signed the one before it; put the',
    ),
    "no certificate": (
        "site.pem",
        lambda leaf, middle, root: "hello\n",
        "certificate_file",
        "site.pem:1: no certificate stands here in PEM; give a file with",
    ),
    "a broken certificate": (
        "site.pem",
        lambda leaf, middle, root: certificate(leaf) + certificate(middle).replace("MII", "MIJ"),
        "certificate_file",
        "the certificate cannot be read (",
    ),
    "DER": (
        "site.pem",
        lambda leaf, middle, root: leaf.der,
        "certificate_file",
        "site.pem:1: not UTF-8 text (",
    ),
    "no certificate file": (
        "site.pem",
        lambda *_: None,
        "certificate_file",
        "site.pem: there is no such file (",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_file(
    fault: str, folder: Path, chain: tuple[Issued, Issued, Issued], tlscape_here: Run
) -> None:
    name, make, place, words = FAULTS[fault]
    content = make(*chain)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    outcome = tlscape_here("run", folder / "own.toml", "--out", folder / "out")
    assert outcome.returncode == 2
    assert outcome.stderr.startswith(
        f"tlscape: {folder / 'own.toml'}:30: server.identity.{place}: "
    )
    assert words in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert not (folder / "out").exists()


WRONG = {
    "no key": (', key_file = "site.key"', "", 'the key "key_file" is missing; add it'),
    "no certificate": ('certificate_file = "site.pem", ', "", '"certificate_file" is missing'),
    "a number": ('"site.key"', "5", "5 is no file; write the name of one in PEM"),
    "misspelt": ("key_file", "keyfile", 'unknown key "keyfile"; did you mean "key_file"?'),
    "a key too": ("key_file =", 'key = "rsa-2048", key_file =', 'unknown key "key"; keys here'),
    "the content": ('"site.key"', '"-----BEGIN PRIVATE KEY-----"', "write the file's name"),
    "a folder": ('"site.key"', '"."', "a folder, not a file"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_fault_in_the_scenario(wrong: str, folder: Path) -> None:
    old, new, words = WRONG[wrong]
    with pytest.raises(ScenarioError) as raised:
        load_scenario(write(folder, (old, new)))
    line = str(raised.value)
    assert line.startswith(f"{folder / 'own.toml'}:30: server.identity")
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "root.pem: there is no such file"),
        ("hello", "root.pem:1: no certificate stands here in PEM"),
    ],
)
def test_a_fault_in_what_is_trusted(content: str | None, words: str, folder: Path) -> None:
    (folder / "root.pem").unlink()
    if content:
        (folder / "root.pem").write_text(content)
    with pytest.raises(ScenarioError) as raised:
        load_scenario(folder / "own.toml")
    assert str(raised.value).startswith(f"{folder / 'own.toml'}:18: clients[0].trusts[1]: ")
    assert words in str(raised.value)


def test_in_python_stand_contents(chain: tuple[Issued, Issued, Issued]) -> None:
    leaf, middle, root = chain
    description = small_world()
    description["server"]["identity"] = {
        "certificate_file": certificate(leaf, middle),
        "key_file": key(leaf),
    }
    description["clients"][0]["trusts"] = [certificate(root)]
    world = sim.Scenario.model_validate(description)
    assert world.missing_keys == []
    again = sim.Scenario.model_validate_json(world.model_dump_json())
    assert again.missing_keys == [("server",)]
    assert again.clients == world.clients
    description["server"]["identity"]["key_file"] = key(root)
    with pytest.raises(ValidationError, match="does not fit the first certificate"):
        sim.Scenario.model_validate(description)
