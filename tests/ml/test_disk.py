"""A full disk: one sentence that names it, nothing half-written under a final name, nothing lost."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ml.checkpoint import read_checkpoint, write_checkpoint
from ml.disk import disk_full, volume_of
from ml.protocol import EXIT_FAULT
from ml.whole import whole_file, whole_folder
from tests.small_disk import SmallDisk, small_disk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", "2m") as mounted:
        yield mounted


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Forty images of noise, 9 MB in all."""
    random = np.random.default_rng(0)
    files = []
    for number in range(40):
        file = tmp_path / "pictures" / "ab"[number % 2] / f"{number:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (280, 280, 3), np.uint8)).save(file)
        files.append(file)
    return files


def work(plan: dict[str, Any]) -> tuple[int, list[Any]]:
    """Exit code and events of the worker's child; plan and log lie on the same disk as its output."""
    folder = Path(plan["out"]) if plan["verb"] == "ingest" else Path(plan["out"]).parent
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps(plan))
    with (folder / "log.txt").open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-m", "ml", "work", str(folder / "plan.json")],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=120,
            check=False,
        )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def check_told(code: int, events: list[Any], disk: SmallDisk) -> None:
    assert code == EXIT_FAULT
    assert events[-1]["event"] == "error"
    assert events[-1]["code"] == "disk_full"
    assert f"The disk at {disk.root} is full: " in events[-1]["message"]


def test_an_ingest_on_a_full_disk_says_so_and_leaves_whole_files_only(disk: SmallDisk, pictures: list[Path]) -> None:
    plan = {
        "verb": "ingest",
        "source": str(pictures[0].parent.parent),
        "source_name": "pictures",
        "out": str(disk.root / "versions" / "f1"),
        "store": str(disk.root / "lab"),
        "kind": None,
        "split_seed": 0,
        "split_fractions": [0.8, 0.1, 0.1],
        "limits": {},
    }
    check_told(*work(plan), disk)
    stored = list((disk.root / "lab" / "objects").glob("*/*"))
    assert stored
    for file in stored:
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.stem


def test_an_export_on_a_full_disk_says_so_and_leaves_nothing(
    disk: SmallDisk, pictures: list[Path], tmp_path: Path
) -> None:
    rows = [
        {"id": f"real-{n}", "file": str(file), "label": "a", "split": "train", "name": file.name, "row": {}}
        for n, file in enumerate(pictures)
    ]
    (tmp_path / "images.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "samples.jsonl").touch()
    plan = {
        "verb": "export",
        "format": "image_folder",
        "title": "Noise",
        "classes": ["a"],
        "resolution": 8,
        "channels": 3,
        "fit": "crop",
        "images": str(tmp_path / "images.jsonl"),
        "pool": None,
        "samples": str(tmp_path / "samples.jsonl"),
        "card": "# Noise\n",
        "provenance": {},
        "out": str(disk.root / "f1" / "dataset.zip"),
    }
    check_told(*work(plan), disk)
    assert {file.name for file in (disk.root / "f1").iterdir()} == {"plan.json", "log.txt"}


def test_a_pack_that_does_not_fit_is_refused_before_the_map_is_written(disk: SmallDisk, pictures: list[Path]) -> None:
    code = f"""
from pathlib import Path
from ml.errors import DiskFullError
from ml.pack import write_pack
from ml.records import ImageRecord
records = [ImageRecord(at, Path(file), "a", "train") for at, file in enumerate({[str(file) for file in pictures]})]
try:
    write_pack(records, ["a"], Path({str(disk.root / "data")!r}), 256)
except DiskFullError as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    assert "MB are free and 7.9 MB are needed" in done.stdout
    assert list(disk.root.iterdir()) == []


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(disk: SmallDisk) -> None:
    tensors = {"w": torch.arange(200_000, dtype=torch.float32)}
    first = write_checkpoint(disk.root, 1, tensors, {})
    disk.fill()
    with pytest.raises(OSError) as caught:  # noqa: PT011
        write_checkpoint(disk.root, 2, tensors, {})
    full = disk_full(caught.value, disk.root)
    assert full is not None
    assert str(disk.root) in full.message
    assert {file.name for file in disk.root.iterdir()} == {first.file.name, "ballast"}
    assert torch.equal(read_checkpoint(first.file, first.sha256).tensors["w"], tensors["w"])


@pytest.mark.parametrize("write", [np.save, lambda f, a: np.savez(f.open("wb"), a), lambda f, a: f.write_bytes(a)])
def test_what_is_written_whole_keeps_its_older_content(disk: SmallDisk, write: Any) -> None:
    file, folder = disk.root / "scores.npy", disk.root / "pool"
    file.write_text("older")
    folder.mkdir()
    (folder / "images.npy").write_text("older")
    for whole in (whole_file(file), whole_folder(folder)):
        with pytest.raises(OSError) as caught, whole as partial:  # noqa: PT011
            write(partial / "images.npy" if partial.is_dir() else partial, np.zeros(3_000_000, np.uint8))
        assert disk_full(caught.value, disk.root) is not None
    assert file.read_text() == (folder / "images.npy").read_text() == "older"
    assert {path.name for path in disk.root.iterdir()} == {"scores.npy", "pool"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_of_having_no_space_is_one_code_that_names_the_volume(number: int, tmp_path: Path) -> None:
    full = disk_full(OSError(number, os.strerror(number)), tmp_path / "not" / "there")
    assert full is not None
    assert full.code == "disk_full"
    assert str(volume_of(tmp_path)) in full.message


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "io"), OSError("a word"), ValueError("3 requested and 2 written")]
)
def test_other_faults_are_not_taken_for_a_full_disk(error: Exception, tmp_path: Path) -> None:
    assert disk_full(error, tmp_path) is None
