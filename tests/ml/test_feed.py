"""Where the training images lie, and which of them a batch and its parts hold."""

from pathlib import Path

import pytest
import torch

from ml.draw import Draw
from ml.feed import ON_DEVICE_SHARE, Feed, belongs_on_device
from ml.pack import Pack
from tests.ml.tiny_data import write_tiny_pack

CPU = torch.device("cpu")


def feed_of(pack: Pack) -> Feed:
    rows = pack.rows("train")
    return Feed(pack, rows, Draw(pack.label[rows], 6, 3), (-1.0, 1.0), CPU)


@pytest.mark.parametrize(("num_bytes", "answer"), [(0, True), (250, True), (251, False)])
def test_images_lie_on_a_gpu_while_they_take_no_more_than_a_share_of_its_free_memory(
    num_bytes: int, answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 4000))
    assert ON_DEVICE_SHARE == 0.25
    assert belongs_on_device(torch.device("cuda"), num_bytes) is answer
    assert not belongs_on_device(CPU, num_bytes)


def test_images_on_the_device_make_the_same_batches_as_mapped_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = write_tiny_pack(tmp_path)
    mapped = feed_of(pack)
    monkeypatch.setattr("ml.feed.belongs_on_device", lambda device, num_bytes: True)
    resident = feed_of(pack)
    assert (mapped.resident is None, resident.resident is None) == (True, False)
    for cut in ((1,), (2,), (9,), (9, 0, 2), (9, 1, 2)):
        one, other = mapped.batch(*cut), resident.batch(*cut)
        assert torch.equal(one.image, other.image)
        assert torch.equal(one.label, other.label)


def test_the_parts_of_a_batch_are_the_batch(tmp_path: Path) -> None:
    feed = feed_of(write_tiny_pack(tmp_path))
    whole, parts = feed.batch(4), [feed.batch(4, part, 3) for part in range(3)]
    together = torch.cat([part.image for part in parts]).flatten(1).sum(1)
    assert together.sort().values.tolist() == whole.image.flatten(1).sum(1).sort().values.tolist()
    assert [len(part.label) for part in parts] == [2, 2, 2]
