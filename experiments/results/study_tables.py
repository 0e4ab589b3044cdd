"""The merged tables of a study that has been run, read from its folder when asked."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sim
from experiments.failures import FolderError
from experiments.scenario_files.data_files import DataFiles
from experiments.scenario_files.embedded import Embedded
from experiments.scenario_files.former_names import renamed_columns
from experiments.scenario_files.overrides import Override
from experiments.scenario_files.scenario_file import ScenarioFile, parse
from experiments.studies.job_record import checksum
from experiments.studies.manifest import FILE as MANIFEST
from experiments.studies.study import Study, design

if TYPE_CHECKING:
    import pandas as pd

    from experiments.results.measures import Measurements


class StudyTables:
    """What a study has written down: data, and nothing of what is made of it.

    Attributes:
        folder: the study's out folder.
        study: what was run.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder = folder
        self.study = study
        self._frames: dict[str, pd.DataFrame] = {}

    def frame(self, name: str) -> pd.DataFrame:
        """Return a whole table of `sim.SCHEMAS` by its name; times in seconds, sizes in bytes."""
        import pandas as pd

        if name not in self._frames:
            self._frames[name] = pd.read_parquet(self.folder / f"{name}.parquet")
        return self._frames[name]

    @functools.cached_property
    def manifest(self) -> dict[str, Any]:
        """Everything the study did, where and when: the content of `manifest.json`."""
        return read_manifest(self.folder)

    def measurements(self) -> Measurements:
        """Open the tables for measuring, without the warm-up of steady-state worlds."""
        from experiments.results.measures import Measurements

        steady = [
            point.index for point in self.study.points if point.scenario.kind == "steady-state"
        ]
        return Measurements(self.folder, steady_points=steady)


def load_tables(folder: str | os.PathLike[str], parts: Sequence[sim.Part] = ()) -> StudyTables:
    """Return the tables that lie in a study's out folder.

    `parts` are those that it was run with.

    Raises:
        FolderError: no finished study lies there, a table is missing or not as it was written, or
            the study is of an earlier version whose tables have other columns.
        ScenarioError: its scenario means nothing to this version of tlscape.
    """
    manifest = read_manifest(Path(folder))
    _check_columns(Path(folder))
    try:
        file = scenario_of(manifest, parts)
        seed, replications = int(manifest["seed"]), int(manifest["replications"])
        checksums = dict(manifest.get("checksums", {}))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FolderError(
            f"{folder}: {MANIFEST} is damaged ({type(error).__name__}: {error}); run the study "
            "again with the same --out, which takes up its finished replications"
        ) from None
    _check_tables(Path(folder), checksums)
    return StudyTables(Path(folder), design(file, seed=seed, replications=replications))


def scenario_of(manifest: Mapping[str, Any], parts: Sequence[sim.Part] = ()) -> ScenarioFile:
    """Return the scenario that a manifest tells of, with all data that came along.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: it is not as it was written.
        ScenarioError: the scenario means nothing to this version of tlscape.
    """
    scenario = manifest["scenario"]
    overrides = [
        Override(tuple(one["path"]), one["value"], one["words"]) for one in scenario["overrides"]
    ]
    return parse(
        scenario["name"],
        scenario["file"],
        scenario["text"],
        overrides,
        parts,
        data=DataFiles.of_texts(scenario.get("data_files", {}), scenario.get("keys_at", {})),
        embedded=Embedded.of_plain(manifest),
    )


def _check_tables(folder: Path, checksums: Mapping[str, str]) -> None:
    """Check that each merged table is there, as it was written."""
    faults = []
    for name in sim.SCHEMAS:
        file = folder / f"{name}.parquet"
        try:
            found = checksum(file)
            if found != checksums.get(name, found):
                faults.append(f"{file.name} is damaged")
        except FileNotFoundError:
            faults.append(f"{file.name} is missing")
        except OSError as error:
            faults.append(f"{file.name} cannot be read ({error.strerror})")
    if faults:
        raise FolderError(
            f"{folder}: {', '.join(faults)}; mend it with tlscape run --from "
            f"{folder / MANIFEST} --out {folder}, which takes up its finished replications"
        )


def _check_columns(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(folder / "connections.parquet").names
    except (OSError, pa.ArrowInvalid):
        return
    renamed = renamed_columns(names)
    if renamed is not None:
        raise FolderError(
            f"{folder}: its tables have columns of other names ({renamed}); "
            "run the study again into another folder with --out"
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the content of a folder's `manifest.json`.

    Raises:
        FolderError: no finished study lies there.
    """
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise FolderError(
            f"{folder}: no finished study lies here (no readable {MANIFEST}); "
            "run one into it with tlscape run NAME --out"
        ) from None
    return content
