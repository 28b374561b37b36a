import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import pack as pack_module
from ml.errors import BadDatasetError, BadImageError
from ml.pack import open_pack, write_pack
from ml.records import ImageRecord
from tests.ml.tiny_data import SHAPES, write_images, write_tiny_pack


def test_a_pack_holds_every_image_with_its_class_split_and_place(tmp_path: Path) -> None:
    records = write_images(tmp_path / "source")
    pack = write_pack(list(reversed(records)), SHAPES, tmp_path / "pack", 20)
    assert (len(pack), pack.resolution, pack.channels) == (36, 20, 1)
    for row, record in enumerate(records):
        assert pack.index[row] == record.index
        assert pack.classes[pack.label[row]] == record.label
        assert np.array_equal(pack.images[row, ..., 0], np.asarray(Image.open(record.file)))
    assert pack.counts("train") == dict.fromkeys(SHAPES, 10)
    assert pack.counts("val") == dict.fromkeys(SHAPES, 2)
    assert pack.spec().counts == (10, 10, 10)
    assert sorted([*pack.rows("train"), *pack.rows("val")]) == list(range(36))


def test_images_stay_on_disk_and_batches_are_copies(tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path)
    assert isinstance(pack.images, np.memmap)
    pixels, label = pack.read(np.array([0, 3, 30]))
    assert pixels.shape == (3, 16, 16, 1)
    assert np.array_equal(pixels[1], pack.images[3])
    assert label.tolist() == pack.label[[0, 3, 30]].tolist()
    pixels[:] = 0
    assert pack.images[0].any()


def test_the_hash_follows_pixels_labels_and_splits_but_not_the_folder(tmp_path: Path) -> None:
    records = write_images(tmp_path / "source")
    first = write_pack(records, SHAPES, tmp_path / "1", 16).hash
    assert write_pack(records, SHAPES, tmp_path / "2", 16).hash == first
    moved = [dataclasses.replace(records[0], split="val"), *records[1:]]
    relabelled = [dataclasses.replace(records[0], label=SHAPES[1]), *records[1:]]
    others = [
        write_pack(moved, SHAPES, tmp_path / "3", 16).hash,
        write_pack(relabelled, SHAPES, tmp_path / "4", 16).hash,
        write_pack(records, SHAPES, tmp_path / "5", 17).hash,
        write_pack(records[1:], SHAPES, tmp_path / "6", 16).hash,
    ]
    assert len({first, *others}) == 5


def test_auto_is_grey_only_when_every_training_image_is(tmp_path: Path) -> None:
    grey = write_images(tmp_path / "grey")
    colour = write_images(tmp_path / "colour", colour=True)
    assert write_pack(grey, SHAPES, tmp_path / "1", 16).channels == 1
    assert write_pack([*grey[1:], colour[0]], SHAPES, tmp_path / "2", 16).channels == 3
    assert write_pack(grey, SHAPES, tmp_path / "3", 16, channels="colour").channels == 3
    assert write_pack(colour, SHAPES, tmp_path / "4", 16, channels="grey").channels == 1
    val = next(record for record in colour if record.split == "val")
    train = [record for record in grey if record.split == "train"]
    assert write_pack([*train, dataclasses.replace(val, index=99)], SHAPES, tmp_path / "5", 16).channels == 1


def test_a_grey_image_stored_in_colour_counts_as_grey(tmp_path: Path) -> None:
    Image.linear_gradient("L").convert("RGB").save(tmp_path / "a.png")
    pack = write_pack([ImageRecord(0, tmp_path / "a.png", "x", "train")], ["x"], tmp_path / "pack", 16)
    assert pack.channels == 1


def test_an_image_that_cannot_be_decoded_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    records = write_images(tmp_path / "source")
    records[5].file.write_bytes(records[5].file.read_bytes()[:60])
    with pytest.raises(BadImageError, match=records[5].file.name):
        write_pack(records, SHAPES, tmp_path / "out" / "pack", 16)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_kill_before_the_last_moment_leaves_no_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    records = write_images(tmp_path / "source")
    monkeypatch.setattr(os, "replace", kill)
    monkeypatch.setattr(pack_module.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(Killed):
        write_pack(records, SHAPES, tmp_path / "pack", 16)
    with pytest.raises(BadDatasetError, match="no readable pack"):
        open_pack(tmp_path / "pack")
    monkeypatch.undo()
    assert len(write_pack(records, SHAPES, tmp_path / "pack", 16)) == 36


def test_a_pack_is_replaced_whole(tmp_path: Path) -> None:
    records = write_images(tmp_path / "source")
    write_pack(records, SHAPES, tmp_path / "pack", 16)
    assert write_pack(records[:20], SHAPES, tmp_path / "pack", 24).resolution == 24
    assert len(open_pack(tmp_path / "pack")) == 20


def test_unusable_data_is_refused_with_the_reason(tmp_path: Path) -> None:
    records = write_images(tmp_path / "source")
    with pytest.raises(BadDatasetError, match="classes frame, which"):
        write_pack(records, SHAPES[:2], tmp_path / "pack", 16)
    with pytest.raises(BadDatasetError, match="training split holds no images"):
        write_pack([dataclasses.replace(record, split="val") for record in records], SHAPES, tmp_path / "pack", 16)


def test_a_torn_pack_is_refused(tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path)
    np.save(pack.folder / "label.npy", pack.label[:-1])
    with pytest.raises(BadDatasetError, match="prepare the data again"):
        open_pack(pack.folder)


def test_progress_counts_every_image(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_pack(write_images(tmp_path / "s"), SHAPES, tmp_path / "p", 16, on_packed=lambda *now: told.append(now))
    assert told == [(number, 36) for number in range(1, 37)]
