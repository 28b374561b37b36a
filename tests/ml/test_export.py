"""Exports: what lies in the zip, that it is whole, and that it is the same every time."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ml.archive import open_source
from ml.dataset_kinds.labelled_images import LabelledImages
from ml.errors import BadDatasetError, UnknownPluginError
from ml.export import run
from ml.export_format import ExportFormat
from ml.export_formats.image_folder import ImageFolder
from ml.export_images import COLUMNS, TEXT_KEY
from ml.folder_names import FolderNames, folder_name
from ml.plans import ExportPlan
from ml.plugin import find, shelf
from ml.zip_writer import ZipWriter

CLASSES = ["cat", "a/b", "Cat"]
Told = list[dict[str, Any]]


@pytest.fixture
def plan(tmp_path: Path) -> dict[str, Any]:
    """Two real images of each class and split, and three samples of each class from a pool of twelve."""
    return {
        "verb": "export",
        "format": "image_folder",
        "title": "Pets, grown",
        "classes": CLASSES,
        "resolution": 8,
        "channels": 3,
        "fit": "crop",
        "images": str(_real(tmp_path)),
        "pool": str(_pool(tmp_path / "pool")),
        "samples": str(_samples(tmp_path)),
        "card": "# Pets, grown\n",
        "provenance": {"recipe": {"name": "dcgan"}, "dataset_version": 3},
        "out": str(tmp_path / "f1" / "dataset.zip"),
    }


def _real(folder: Path) -> Path:
    lines = []
    for number in range(18):
        label, split = CLASSES[number % 3], ("train", "val", "test")[number // 3 % 3]
        buffer = io.BytesIO()
        Image.fromarray(np.full((10, 14, 3), number, np.uint8)).save(buffer, "JPEG")
        file = folder / f"{number}.JPG"
        file.write_bytes(buffer.getvalue())
        lines.append(
            {
                "id": f"real-{number:07d}",
                "file": str(file),
                "label": label,
                "split": split,
                "name": f"in/{number}.JPG",
                "row": {"sha256": hashlib.sha256(buffer.getvalue()).hexdigest(), "dataset_version": 3},
            }
        )
    return _lines(folder / "images.jsonl", lines)


def _pool(folder: Path, number: int = 12, channels: int = 3) -> Path:
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (number, 8, 8, channels), np.uint8)
    for shard in range(0, number, 5):
        np.save(folder / f"images-{shard // 5:05d}.npy", pixels[shard : shard + 5])
    facts = {"classes": CLASSES, "shard_size": 5, "num_samples": number, "channels": channels, "resolution": 8}
    (folder / "pool.json").write_text(json.dumps(facts))
    np.save(folder / "all.npy", pixels)
    return folder


def _samples(folder: Path) -> Path:
    return _lines(
        folder / "samples.jsonl",
        [
            {
                "id": f"synthetic-{index:07d}",
                "index": index,
                "label": index % 3,
                "row": {
                    "recipe": {"name": "dcgan"},
                    "checkpoint_sha256": "ab" * 32,
                    "seed": 100 + index,
                    "verdict": "accepted",
                    "scores": {"realism": 0.5, "class_confidence": float("nan")},
                    "nearest_train_distance": 1.25,
                    "split": "test",
                    "synthetic": False,
                },
            }
            for index in (0, 1, 2, 5, 6, 7, 9, 10, 11)
        ],
    )


def _lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def export(plan: dict[str, Any]) -> Told:
    events: Told = []
    run(ExportPlan(**plan), lambda event: events.append(json.loads(json.dumps(event, allow_nan=False))))  # type: ignore[typeddict-item]
    return events


def manifest(plan: dict[str, Any]) -> list[dict[str, Any]]:
    with zipfile.ZipFile(plan["out"]) as archive:
        return [json.loads(line) for line in archive.read("manifest.jsonl").decode().splitlines()]


# --- what lies in it ----------------------------------------------------------------------------------------------
def test_every_file_is_listed_with_its_checksum(plan: dict[str, Any]) -> None:
    result = export(plan)[-1]
    data = Path(plan["out"]).read_bytes()
    assert result == {
        "event": "result",
        "file": plan["out"],
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "num_real": 18,
        "num_synthetic": 9,
    }
    with zipfile.ZipFile(plan["out"]) as archive:
        assert archive.testzip() is None
        sums = dict(reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines())
        assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
        assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in sums.items())
    assert {row["path"] for row in manifest(plan)} == set(sums) - {"manifest.jsonl", "provenance.json", "README.md"}


def test_rows_have_all_columns_in_their_order(plan: dict[str, Any], tmp_path: Path) -> None:
    export(plan)
    rows = manifest(plan)
    assert all(list(row)[: len(COLUMNS)] == list(COLUMNS) for row in rows)
    real, synthetic = rows[0], rows[-1]
    digest = hashlib.sha256((tmp_path / "0.JPG").read_bytes()).hexdigest()
    assert real == dict.fromkeys(COLUMNS) | {
        "id": "real-0000000",
        "path": "train/cat/real-0000000.jpg",
        "split": "train",
        "class": "cat",
        "synthetic": False,
        "original_name": "in/0.JPG",
        "sha256": digest,
        "original_sha256": digest,
        "dataset_version": 3,
    }
    assert synthetic == {
        "id": "synthetic-0000011",
        "path": synthetic["path"],
        "split": "train",
        "class": "Cat",
        "synthetic": True,
        "recipe": {"name": "dcgan"},
        "checkpoint_sha256": "ab" * 32,
        "seed": 111,
        "scores": {"realism": 0.5, "class_confidence": None},
        "verdict": "accepted",
        "nearest_train_distance": 1.25,
    }


def test_real_images_keep_every_byte_and_their_split(plan: dict[str, Any]) -> None:
    export(plan)
    asked = {row["id"]: row for row in map(json.loads, Path(plan["images"]).read_text().splitlines())}
    with zipfile.ZipFile(plan["out"]) as archive:
        for row in (row for row in manifest(plan) if not row["synthetic"]):
            assert archive.read(row["path"]) == Path(asked[row["id"]]["file"]).read_bytes()
            assert (row["split"], row["path"].split("/")[0]) == (asked[row["id"]]["split"],) * 2


def test_real_images_lose_what_they_tell_of_people_and_the_manifest_says_both_hashes(
    plan: dict[str, Any], tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of Ada"
    exif[0x0112] = 6
    Image.open(tmp_path / "3.JPG").save(tmp_path / "turned.jpg", exif=exif)
    data = (tmp_path / "turned.jpg").read_bytes()
    rows = [json.loads(line) for line in Path(plan["images"]).read_text().splitlines()]
    rows[3]["file"], rows[3]["row"]["sha256"] = str(tmp_path / "turned.jpg"), hashlib.sha256(data).hexdigest()
    plan["images"] = str(_lines(tmp_path / "turned.jsonl", rows))
    export(plan)
    row = next(row for row in manifest(plan) if row["id"] == rows[3]["id"])
    with zipfile.ZipFile(plan["out"]) as archive:
        stored = archive.read(row["path"])
    assert b"Ada" in data
    assert b"Ada" not in stored
    assert Image.open(io.BytesIO(stored)).size == (10, 14)
    assert row["sha256"] == hashlib.sha256(stored).hexdigest()
    assert row["original_sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("channels", [1, 3])
def test_synthetic_images_are_lossless_in_train_and_say_what_they_are(
    plan: dict[str, Any], tmp_path: Path, channels: int
) -> None:
    plan["pool"] = str(_pool(tmp_path / f"pool{channels}", channels=channels))
    export(plan)
    pixels = np.load(Path(plan["pool"]) / "all.npy")
    with zipfile.ZipFile(plan["out"]) as archive:
        for row in (row for row in manifest(plan) if row["synthetic"]):
            assert row["path"].startswith("train/")
            image = Image.open(io.BytesIO(archive.read(row["path"])))
            assert np.array_equal(np.asarray(image).reshape(8, 8, channels), pixels[row["seed"] - 100])
            told = json.loads(image.info[TEXT_KEY])
            assert told == {key: value for key, value in row.items() if key != "path"}
            assert told["synthetic"] is True


def test_a_translation_says_which_image_of_the_dataset_it_was_made_from(plan: dict[str, Any]) -> None:
    export(plan)
    assert all("source_index" not in row for row in manifest(plan)), "images from noise have none"
    np.save(Path(plan["pool"]) / "source.npy", np.arange(100, 112, dtype=np.int64))
    export(plan)
    rows = {row["id"]: row for row in manifest(plan)}
    made = {name: row["source_index"] for name, row in rows.items() if row["synthetic"]}
    assert made == {name: 100 + int(name.removeprefix("synthetic-")) for name in made}
    assert made
    assert all("source_index" not in row for row in rows.values() if not row["synthetic"])


def test_the_same_plan_gives_the_same_bytes(plan: dict[str, Any]) -> None:
    first = export(plan)[-1]["sha256"]
    os.utime(plan["images"], (1, 1))
    assert export(plan)[-1]["sha256"] == first


def test_card_and_provenance_lie_at_the_root(plan: dict[str, Any]) -> None:
    export(plan)
    with zipfile.ZipFile(plan["out"]) as archive:
        assert archive.read("README.md") == b"# Pets, grown\n"
        facts = json.loads(archive.read("provenance.json"))
    assert facts["dataset_version"] == 3
    assert (facts["num_real"], facts["num_synthetic"], facts["left_out"]) == (18, 9, [])


def test_what_is_exported_can_be_read_in_again(plan: dict[str, Any]) -> None:
    export(plan)
    with open_source(Path(plan["out"])) as source:
        listing = LabelledImages.read(source.names)
        assert not source.skipped
        assert all(source.read(entry.name, 10**6) for entry in listing.entries)
    assert len(listing.entries) == 27
    assert len({entry.label for entry in listing.entries}) == 3
    assert {entry.split for entry in listing.entries} == {"train", "val", "test"}


@pytest.mark.skipif(not shutil.which("unzip") or not shutil.which("sha256sum"), reason="needs unzip and sha256sum")
def test_common_programs_unpack_and_check_it(plan: dict[str, Any], tmp_path: Path) -> None:
    export(plan)
    target = tmp_path / "unpacked"
    subprocess.run(["unzip", "-q", plan["out"], "-d", str(target)], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=target, check=True)


# --- other layouts ------------------------------------------------------------------------------------------------
def files_of(plan: dict[str, Any]) -> dict[str, bytes]:
    """The files of an export that hold: sums right, manifest complete, the same bytes again."""
    first = export(plan)[-1]["sha256"]
    with zipfile.ZipFile(plan["out"]) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sums = dict(reversed(line.split("  ", 1)) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"}
    assert json.loads(files["provenance.json"])["classes"] == CLASSES
    assert export(plan)[-1]["sha256"] == first
    return files


@pytest.mark.parametrize("name", sorted(shelf("export_formats", ExportFormat)))
def test_every_layout_notes_each_image_once_and_puts_synthetic_ones_in_train(plan: dict[str, Any], name: str) -> None:
    plan["format"] = name
    files_of(plan)
    rows = manifest(plan)
    splits = find("export_formats", ExportFormat, name).splits
    wanted = [row for row in map(json.loads, Path(plan["images"]).read_text().splitlines()) if row["split"] in splits]
    assert sorted(row["id"] for row in rows if not row["synthetic"]) == sorted(row["id"] for row in wanted)
    assert [row["split"] for row in rows if row["synthetic"]] == ["train"] * 9
    assert len({row["path"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", sorted(shelf("export_formats", ExportFormat)))
def test_the_layout_that_is_told_beforehand_is_the_one_that_is_written(plan: dict[str, Any], name: str) -> None:
    plan["format"] = name
    root = {"README.md", "provenance.json", "manifest.jsonl", "SHA256SUMS"}
    written = set(files_of(plan)) - root
    told = find("export_formats", ExportFormat, name)
    folders = FolderNames()
    paths = {
        path.format(**{"split": split, "class": folders.of(label)})
        for path in told.layout
        for split in told.splits
        for label in CLASSES
    }
    assert all(any(fnmatch(file, path) for path in paths) for file in written)
    assert all(any(fnmatch(file, path) for file in written) for path in paths)


def test_a_folder_with_metadata_says_of_every_file_what_it_is(plan: dict[str, Any]) -> None:
    files = files_of(plan | {"format": "metadata_folder"})
    for split in ("train", "val", "test"):
        rows = [json.loads(line) for line in files[f"{split}/metadata.jsonl"].decode().splitlines()]
        assert {f"{split}/{row['file_name']}" for row in rows} == {
            name for name in files if name.startswith(f"{split}/") and not name.endswith(".jsonl")
        }
        assert {row["label"] for row in rows} == set(CLASSES)
        assert {row["split"] for row in rows} == {split}
    assert sum(row["synthetic"] for row in map(json.loads, files["train/metadata.jsonl"].splitlines())) == 9


def test_shards_are_cut_where_they_are_full_and_every_image_has_its_number_and_row(
    plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.export_formats.webdataset.SHARD_BYTES", 3000)
    files = files_of(plan | {"format": "webdataset"})
    shards = sorted(name for name in files if name.endswith(".tar"))
    assert {name.partition("-")[0] for name in shards} == {"train", "val", "test"}
    assert len([name for name in shards if name.startswith("train")]) > 1
    noted, found = {row["path"]: row for row in manifest(plan)}, set()
    for name in shards:
        with tarfile.open(fileobj=io.BytesIO(files[name])) as tar:
            parts = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
        for key in {part.partition(".")[0] for part in parts}:
            row = json.loads(parts[f"{key}.json"])
            assert int(parts[f"{key}.cls"]) == CLASSES.index(row["class"])
            assert noted[f"{name}/{row['path']}"]["id"] == row["id"]
            assert Image.open(io.BytesIO(parts[row["path"]])).size in ((8, 8), (14, 10))
            found.add(f"{name}/{row['path']}")
    assert found == set(noted)


def test_a_stylegan_zip_holds_the_training_split_as_squares_of_one_size(plan: dict[str, Any]) -> None:
    files = files_of(plan | {"format": "stylegan"})
    labels = dict(json.loads(files["dataset.json"])["labels"])
    rows = {row["path"]: row for row in manifest(plan)}
    assert set(labels) == set(rows) == {name for name in files if name.endswith(".png")}
    assert list(labels)[:2] == ["00000/img00000000.png", "00000/img00000001.png"]
    for path, number in labels.items():
        image = Image.open(io.BytesIO(files[path]))
        assert (image.size, image.mode) == ((8, 8), "RGB")
        assert CLASSES[number] == rows[path]["class"]
        if not rows[path]["synthetic"]:
            assert rows[path]["sha256"] == hashlib.sha256(files[path]).hexdigest()
    assert {row["split"] for row in rows.values()} == {"train"}


def test_a_side_that_stylegan_does_not_take_is_said(plan: dict[str, Any]) -> None:
    with pytest.raises(BadDatasetError, match=r"those of this run have 28 pixels.* resolution of 16 or 32"):
        export(plan | {"format": "stylegan", "resolution": 28})


# --- what goes wrong ----------------------------------------------------------------------------------------------
def test_a_bad_image_is_told_and_left_out_and_the_rest_goes_on(plan: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "3.JPG").unlink()
    (tmp_path / "4.JPG").write_bytes(b"swapped")
    events = export(plan)
    warnings = [event["message"] for event in events if event["event"] == "warning"]
    assert len(warnings) == 2
    assert "in/3.JPG cannot be read" in warnings[0]
    assert "in/4.JPG is no longer what was uploaded" in warnings[1]
    assert (events[-1]["num_real"], events[-1]["num_synthetic"]) == (16, 9)
    progress = [event for event in events if event["event"] == "progress"]
    assert (progress[-1]["current"], progress[-1]["max"]) == (27, 27)
    with zipfile.ZipFile(plan["out"]) as archive:
        left_out = json.loads(archive.read("provenance.json"))["left_out"]
    assert [entry["id"] for entry in left_out] == ["real-0000003", "real-0000004"]


def test_a_failed_export_leaves_nothing_behind(plan: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "pool" / "images-00001.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(BadDatasetError, match="pool is damaged"):
        export(plan)
    assert list((tmp_path / "f1").iterdir()) == []


def test_an_older_export_stays_whole_until_the_new_one_is(plan: dict[str, Any], tmp_path: Path) -> None:
    first = export(plan)[-1]["sha256"]
    (tmp_path / "pool" / "pool.json").unlink()
    with pytest.raises(BadDatasetError, match="pool cannot be read"):
        export(plan)
    assert hashlib.sha256(Path(plan["out"]).read_bytes()).hexdigest() == first


def test_real_images_alone_need_no_pool(plan: dict[str, Any], tmp_path: Path) -> None:
    plan |= {"pool": None, "samples": str(_lines(tmp_path / "none.jsonl", []))}
    assert export(plan)[-1]["num_synthetic"] == 0


def test_plans_that_cannot_be_met_are_one_sentence(plan: dict[str, Any], tmp_path: Path) -> None:
    nothing = str(_lines(tmp_path / "none.jsonl", []))
    beyond = str(_lines(tmp_path / "beyond.jsonl", [{"id": "s", "index": 12, "label": 0, "row": {}}]))
    twice = str(_lines(tmp_path / "twice.jsonl", [{"id": "s", "index": 1, "label": 0, "row": {}}] * 2))
    for changes, words in (
        ({"images": nothing, "samples": nothing}, "holds no image"),
        ({"pool": None}, "no pool to take them from"),
        ({"samples": beyond}, "sample 12 of a pool with 12"),
        ({"samples": twice}, "same path"),
    ):
        with pytest.raises(BadDatasetError, match=words):
            export({**plan, **changes})
    with pytest.raises(UnknownPluginError):
        export({**plan, "format": "papyrus"})


def test_an_id_that_is_no_file_name_is_a_defect(plan: dict[str, Any], tmp_path: Path) -> None:
    row = {"id": "../../evil", "index": 0, "label": 0, "row": {}}
    with pytest.raises(ValueError, match="cannot be a file name"):
        export(plan | {"samples": str(_lines(tmp_path / "evil.jsonl", [row]))})


# --- folder names -------------------------------------------------------------------------------------------------
def test_the_shelf_has_it() -> None:
    assert find("export_formats", ExportFormat, "image_folder") is ImageFolder


def test_classes_that_differ_by_case_or_by_odd_signs_get_folders_of_their_own(plan: dict[str, Any]) -> None:
    export(plan)
    folders = {row["class"]: row["path"].split("/")[1] for row in manifest(plan)}
    assert folders["cat"] == "cat"
    assert folders["a/b"].startswith("a_b-")
    assert folders["Cat"].startswith("Cat-")
    assert len({folder.casefold() for folder in folders.values()}) == 3


@given(st.text(max_size=200))
def test_a_folder_name_is_one_part_that_every_file_system_takes(label: str) -> None:
    name = folder_name(label)
    assert name == folder_name(label)
    assert 0 < len(name.encode()) <= 130
    assert not set(name) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(char)[0] == "C" for char in name)
    assert name.strip(" ") == name
    assert not name.startswith(".")
    assert not name.endswith(".")
    assert name.split(".")[0].casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@pytest.mark.parametrize("label", ["cat", "t-shirt", "Pick-up Truck", "三毛", "10", "a.b"])
def test_an_ordinary_class_keeps_its_name(label: str) -> None:
    assert folder_name(label) == label


# --- the writer ---------------------------------------------------------------------------------------------------
def _written(tmp_path: Path, fill: Callable[[ZipWriter], None]) -> Path:
    path = tmp_path / "out.zip"
    with path.open("wb") as file, (tmp_path / "directory").open("w+b") as directory:
        writer = ZipWriter(file, directory)
        fill(writer)
        writer.finish()
    assert writer.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert writer.size_bytes == path.stat().st_size
    return path


def test_more_files_than_16_bits_count_are_written_in_constant_memory(tmp_path: Path) -> None:
    def fill(writer: ZipWriter) -> None:
        tracemalloc.start()
        for number in range(70_000):
            writer.add(f"train/cat/{number}.png", b"x")
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
        tracemalloc.stop()

    path = _written(tmp_path, fill)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 70_000
        assert archive.read("train/cat/69999.png") == b"x"
    with open_source(path) as source:
        assert len(source.names) == 70_000


def test_offsets_beyond_four_gigabytes_are_written(tmp_path: Path) -> None:
    """Between two members lies a hole of 5 GiB, which takes no time and no disk."""
    path, hole = tmp_path / "large.zip", 5 * 2**30
    with path.open("wb") as file, (tmp_path / "directory").open("w+b") as directory:
        writer = ZipWriter(file, directory)
        writer.add("first.png", b"first")
        file.seek(hole, os.SEEK_CUR)
        writer.size_bytes += hole
        writer.add("last.png", b"last")
        writer.finish()
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("last.png").header_offset > 2**32
        assert archive.read("last.png") == b"last"
    with open_source(path) as source:
        assert source.read("last.png", 10) == b"last"


def test_a_file_from_disk_is_stored_in_pieces(tmp_path: Path) -> None:
    data = os.urandom(3 * 2**20 + 17)
    (tmp_path / "big").write_bytes(data)
    digests: list[str] = []
    path = _written(tmp_path, lambda writer: digests.append(writer.add_file("big.bin", tmp_path / "big")))
    assert digests == [hashlib.sha256(data).hexdigest()]
    assert zipfile.ZipFile(path).read("big.bin") == data


def _rows(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"id": f"s{number}", "index": number % 12, "label": 0, "row": {"seed": number}}


def test_an_export_of_many_images_stays_small_in_memory(plan: dict[str, Any], tmp_path: Path) -> None:
    export(plan | {"out": str(tmp_path / "warm.zip")})
    tracemalloc.start()
    export(plan | {"samples": str(_lines(tmp_path / "many.jsonl", list(_rows(2000))))})
    assert tracemalloc.get_traced_memory()[1] < 6 * 2**20
    tracemalloc.stop()
