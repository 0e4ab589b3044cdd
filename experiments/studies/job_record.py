"""A finished job's record: what it is of, and the checksum of each of its tables.

The record is written in one way only and carries a checksum of itself, so that no byte of a job's
folder can change without being noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import sim

FILE = "job.json"
TABLES = tuple(f"{name}.parquet" for name in sim.SCHEMAS)
FILES = frozenset((FILE, *TABLES))
"""The names of everything that lies in a finished job's folder."""


class Damaged(Exception):
    """A job's folder is not as the job left it; the message names the file and the fault."""


@dataclass(frozen=True)
class JobRecord:
    """What a finished job says of itself.

    Attributes:
        key: the digest of the job's content.
        seed: of all random numbers.
        replication: which of the independent repetitions.
        simulation: the digest of the code that simulated it.
        rows: of each table.
        checksums: the SHA-256 of each file of tables, in hexadecimal.
        wall_seconds: how long it took.
    """

    key: str
    seed: int
    replication: int
    simulation: str
    rows: Mapping[str, int]
    checksums: Mapping[str, str]
    wall_seconds: float

    def write(self, folder: Path) -> None:
        """Write the record into the job's folder."""
        (folder / FILE).write_bytes(self.encoded())

    def encoded(self) -> bytes:
        """Return the one way in which this record is written."""
        content = asdict(self)
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return (json.dumps({**content, "checksum": digest}, indent=1) + "\n").encode()

    @classmethod
    def decoded(cls, data: bytes) -> JobRecord:
        """Read a record.

        Raises:
            Damaged: it is not as it was written.
        """
        try:
            content = json.loads(data)
            del content["checksum"]
            record = cls(**content)
            whole = record.encoded() == data
        except (ValueError, TypeError, KeyError, AttributeError):
            whole = False
        if not whole:
            raise Damaged(f"{FILE} is damaged")
        return record


def checked(folder: Path, key: str) -> JobRecord:
    """Return the record of the job that lies in a folder, after a look at every byte there.

    Raises:
        Damaged: a file is missing, cut short, changed, another job's, or one too many.
        FileNotFoundError: there is no such folder.
    """
    names = {path.name for path in folder.iterdir()}
    missing = [name for name in (FILE, *TABLES) if name not in names]
    if missing:
        raise Damaged(f"{missing[0]} is missing")
    foreign = sorted(names - FILES)
    if foreign:
        raise Damaged(f"{foreign[0]} is not the job's")
    try:
        record = JobRecord.decoded((folder / FILE).read_bytes())
        if record.key != key:
            raise Damaged(f"{FILE} is another job's")
        if sorted(record.checksums) != sorted(TABLES):
            raise Damaged(f"{FILE} is damaged")
        for name in TABLES:
            if checksum(folder / name) != record.checksums[name]:
                raise Damaged(f"{name} is damaged, or another job's")
    except OSError as error:
        name = Path(str(error.filename or FILE)).name
        raise Damaged(f"{name} cannot be read ({error.strerror})") from None
    return record


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal, read piece by piece."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
