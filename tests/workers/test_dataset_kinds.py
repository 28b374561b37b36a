"""Pairs and attributes from a folder to a version, to a run's plan, a study's and an export, with the real child."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.records import read_all_records
from tests.ml.test_ingest_kinds import attribute_files, pair_files, photo, write
from tests.worlds import queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.removal import mark
from webapp.datasets.models import DatasetImage, DatasetVersion
from webapp.datasets.selectors import Difference, difference
from webapp.datasets.services import create_dataset, next_version
from webapp.datasets.services.versions import Choice, Edits
from webapp.exports.models import Export
from webapp.exports.services.building import export_of_version, queue_export
from webapp.runs.models import Run, RunState
from webapp.upkeep.models import LabStorage
from webapp.upkeep.services.measuring import measure
from webapp.upkeep.services.sweep import sweep
from webapp.upkeep.services.unreferenced import missing, unreferenced
from workers.export import ExportWork
from workers.ingest import IngestWork
from workers.run import RunWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]


def ingest(lab: Lab, source: Path, name: str = "Set", kind: str = "") -> DatasetVersion:
    version = create_dataset(lab, name, None, source_path=source, kind=kind).versions.get()
    return read(version)


def read(version: DatasetVersion) -> DatasetVersion:
    assert supervise(IngestWork, version.pk)
    version = DatasetVersion.objects.select_related("dataset").get(pk=version.pk)
    assert version.state == "ready", version.error_message
    return version


@pytest.fixture
def pairs(lab: Lab, tmp_path: Path) -> DatasetVersion:
    return ingest(lab, write(tmp_path / "pairs", pair_files(30)))


@pytest.fixture
def faces(lab: Lab, tmp_path: Path) -> DatasetVersion:
    return ingest(lab, write(tmp_path / "faces", attribute_files(40)), "Faces")


def records_of(version: DatasetVersion, person: Person) -> tuple[dict[str, Any], Any]:
    """The dataset part of a run's plan, and its images."""
    run = queue_run(version, person)
    claimed = Run.claim(run.pk, "worker", RunState.PREPARING)
    assert claimed is not None
    work = RunWork(claimed)
    work.folder.mkdir(parents=True)
    part = dict(work.plan()["dataset"])
    return part, list(read_all_records(Path(part["images"])))


# --- pairs --------------------------------------------------------------------------------------------------------
def test_pairs_are_recognised_with_the_reason_and_both_halves_are_kept(pairs: DatasetVersion, lab: Lab) -> None:
    assert pairs.dataset.kind == "paired_images"
    assert pairs.recognised == "30 pairs: every name in A/ has one in B/."
    for image in pairs.images.all():
        assert image.pair_name == image.name.replace("B/", "A/")
        half = storage.object_file(lab.pk, image.pair_sha256, image.pair_suffix)
        assert half.stat().st_size == image.pair_size_bytes
        assert storage.thumbnail_file(lab.pk, image.pair_sha256).exists()
    assert list(missing(check_hashes=True)) == []
    assert list(unreferenced(-60.0)) == []


def test_a_kind_that_was_chosen_stays_and_gives_no_reason(lab: Lab, tmp_path: Path) -> None:
    version = ingest(lab, write(tmp_path / "set", pair_files()), kind="labelled_images")
    assert (version.dataset.kind, version.recognised, version.classes) == ("labelled_images", "", ["A", "B"])


def test_a_lost_half_is_told_and_its_bytes_count_once(pairs: DatasetVersion, lab: Lab) -> None:
    measure()
    files = {
        path: path.stat().st_size for path in (storage.lab_folder(lab.pk) / "objects").rglob("*") if path.is_file()
    }
    assert LabStorage.objects.get(lab=lab).originals_bytes == sum(files.values()) == pairs.size_bytes
    image = pairs.images.get(index=3)
    storage.object_file(lab.pk, image.pair_sha256, image.pair_suffix).unlink()
    assert [found.code for found in missing()] == ["file_missing"]


def test_a_deleted_version_takes_its_halves_along_but_those_that_another_names(
    pairs: DatasetVersion, lab: Lab, tmp_path: Path
) -> None:
    kept = {"cat/1.png": pair_files()["A/1.png"], "cat/2.png": photo(999)}
    other = ingest(lab, write(tmp_path / "other", kept), "Other")
    mark(pairs.dataset)
    assert sweep(60)
    left = {path.stem for path in (storage.lab_folder(lab.pk) / "objects").rglob("*") if path.is_file()}
    assert left == set(other.images.values_list("sha256", flat=True))
    assert not DatasetImage.objects.filter(version=pairs.pk).exists()


def test_a_half_that_a_row_names_outlives_the_image_of_the_same_bytes(
    lab: Lab, tmp_path: Path, pairs: DatasetVersion
) -> None:
    other = ingest(lab, write(tmp_path / "other", {"cat/1.png": pair_files()["A/1.png"]}), "Other")
    mark(other.dataset)
    assert sweep(60)
    assert list(missing(check_hashes=True)) == []
    assert pairs.images.filter(pair_name="A/1.png").exists()


def test_the_next_version_of_pairs_shares_both_halves(pairs: DatasetVersion) -> None:
    first, second = pairs.images.get(index=0), pairs.images.get(index=1)
    version = read(next_version(pairs, Edits(exclude=Choice(images=[first.index]))))
    image = version.images.get(name=second.name)
    assert (image.pair_sha256, image.pair_name) == (second.pair_sha256, second.pair_name)
    assert difference(version, pairs) == Difference(added=0, removed=1, relabelled=0, moved=0, unchanged=29)


def test_a_run_s_plan_names_both_halves_and_no_test_image(pairs: DatasetVersion, researcher: Person) -> None:
    part, records = records_of(pairs, researcher)
    assert (part["classes"], part.keys()) == (["pairs"], {"classes", "images"})
    halves = dict(pairs.images.values_list("index", "pair_sha256"))
    assert len(records) == sum(pairs.counts[split]["pairs"] for split in ("train", "val"))
    assert all(record.pair is not None and record.pair.stem == halves[record.index] for record in records)


# --- attributes ---------------------------------------------------------------------------------------------------
def test_a_run_s_plan_names_attributes_and_classes_in_their_order(faces: DatasetVersion, researcher: Person) -> None:
    assert (faces.dataset.kind, faces.attributes) == ("attribute_images", ["Male", "Hat"])
    part, records = records_of(faces, researcher)
    assert (part["classes"], part["attributes"]) == (["Male", "Hat", "none"], ["Male", "Hat"])
    said = dict(faces.images.values_list("index", "attributes"))
    assert {record.index: record.attributes for record in records}.items() <= said.items()


def test_the_next_version_keeps_attributes(faces: DatasetVersion) -> None:
    version = read(next_version(faces, Edits(exclude=Choice(images=[0]))))
    assert (version.attributes, version.recognised) == (["Male", "Hat"], "")
    said = dict(faces.images.exclude(index=0).values_list("name", "attributes"))
    assert dict(version.images.values_list("name", "attributes")) == said


# --- exports ------------------------------------------------------------------------------------------------------
def exported(version: DatasetVersion, person: Person, format: str) -> zipfile.ZipFile:
    export = queue_export(export_of_version(version, format=format), person)
    assert supervise(ExportWork, export.pk)
    export = Export.objects.get(pk=export.pk)
    assert export.state == "ready", export.error_message
    return zipfile.ZipFile(storage.stored(export.path))


def test_attributes_are_columns_of_the_metadata_and_are_read_back(
    faces: DatasetVersion, researcher: Person, lab: Lab, tmp_path: Path
) -> None:
    archive = exported(faces, researcher, "metadata_folder")
    rows = [json.loads(line) for line in archive.read("train/metadata.jsonl").splitlines()]
    assert {(row["Male"], row["Hat"]) for row in rows} == {(True, True), (True, False), (False, False)}
    archive.extractall(tmp_path / "again")
    again = ingest(lab, tmp_path / "again", "Again")
    assert (again.dataset.kind, again.attributes) == ("attribute_images", ["Male", "Hat"])
    assert again.classes == faces.classes


@pytest.mark.parametrize("format", ["image_folder", "stylegan", "webdataset"])
def test_of_pairs_the_half_B_is_exported_and_the_card_says_so(
    pairs: DatasetVersion, researcher: Person, format: str
) -> None:
    archive = exported(pairs, researcher, format)
    assert "it holds the image B alone" in archive.read("README.md").decode()
    rows = [json.loads(line) for line in archive.read("manifest.jsonl").splitlines()]
    assert {row["original_name"] for row in rows} <= set(pairs.images.values_list("name", flat=True))
    assert rows


def test_of_files_that_hold_both_halves_the_right_one_is_exported(lab: Lab, researcher: Person, tmp_path: Path) -> None:
    files = {f"{place}.png": photo(place, 32, 16) for place in range(10)}
    version = ingest(lab, write(tmp_path / "set", files))
    archive = exported(version, researcher, "image_folder")
    for row in map(json.loads, archive.read("manifest.jsonl").splitlines()):
        half = Image.open(io.BytesIO(archive.read(row["path"])))
        whole = Image.open(io.BytesIO(files[row["original_name"]]))
        assert np.array_equal(np.asarray(half), np.asarray(whole)[:, 16:])
