"""Pairs in a pack, and the training images that a translation starts from."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ml.candidates import write_candidates
from ml.errors import BadBudgetError
from ml.feed import batch_of
from ml.label_colours import has_few_colours, in_colours
from ml.model import ModelSettings, TranslationModel
from ml.models.cyclegan import Cyclegan
from ml.pack import Pack, write_pack
from ml.plugin import read_settings
from ml.records import ImageRecord
from ml.sources import Sources, check_fields, give_sources, labels_shown
from tests.ml.tiny_data import SHAPES, render, write_images, write_tiny_pack


class Anything(TranslationModel):
    """As every translation starts by default."""

    name = "anything"


class OneWay(TranslationModel):
    """Only the first class becomes the second."""

    name = "one_way"

    @classmethod
    def starts_from(cls, settings: ModelSettings, source_label: int, target: int, num_classes: int) -> bool:
        return (source_label, target) == (0, 1)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return write_tiny_pack(tmp_path, counts={"bar": 5, "disc": 7, "frame": 3})


def test_a_source_is_a_training_image_of_another_class_and_the_seed_s_remainder_picks_it(pack: Pack) -> None:
    sources = Sources.of(Anything, ModelSettings(), pack)
    labels, seeds = np.repeat(np.arange(3), 40), np.arange(120)
    rows = sources.at(labels, seeds)
    assert set(rows) <= set(pack.rows("train"))
    assert (pack.label[rows] != labels).all()
    assert rows[0] == sources.at([0], [10])[0] == sources.at([0], [0])[0], "ten images are not bars"
    batch = sources.batch([1, 1], [3, 4], (-1.0, 1.0))
    expected = batch_of(pack.read_whole(sources.at([1, 1], [3, 4])), (-1.0, 1.0))
    assert batch.image.equal(expected.image)
    assert batch.label.equal(expected.label)


def test_what_no_image_can_become_is_refused_in_one_sentence(pack: Pack) -> None:
    sources = Sources.of(OneWay, ModelSettings(), pack)
    assert set(pack.label[sources.at([1] * 9, range(9))]) == {0}
    with pytest.raises(BadBudgetError, match="No training image can become 'frame'"):
        sources.at([2], [1])


def test_each_class_s_sources_are_used_equally_often_and_more_begins_with_fewer(pack: Pack) -> None:
    sources = Sources.of(Anything, ModelSettings(), pack)
    labels = np.arange(72) % 3
    seeds = np.random.default_rng(0).integers(0, 2**53, 72)
    even = sources.evenly(labels, seeds, 5)
    assert (even < 2**53).all()
    assert (even >= 0).all()
    for label in range(3):
        used = np.bincount(sources.at(labels[labels == label], even[labels == label]))
        assert used.max() - used[used > 0].min() <= 1
    assert np.array_equal(sources.evenly(labels[:30], seeds[:30], 5), even[:30])


def pairs(folder: Path, number: int = 8, together: bool = False) -> list[ImageRecord]:
    """B: shapes in grey, with noise; A: which shape each pixel belongs to, as the numbers 0 and 1 to 3."""
    records = []
    folder.mkdir()
    for index in range(number):
        shape = np.asarray(render(SHAPES[index % 3], index, size=40))
        B = Image.fromarray(np.maximum(shape, np.random.default_rng(index).integers(0, 120, shape.shape, np.uint8)))
        A = Image.fromarray(((shape > 0) * (1 + index % 3)).astype(np.uint8))
        file, pair = folder / f"{index}.png", folder / f"{index}-map.png"
        if together:
            both = Image.new("L", (80, 40))
            both.paste(A, (0, 0))
            both.paste(B, (40, 0))
            both.save(file)
            pair = file
        else:
            A.save(pair)
            B.save(file)
        records.append(ImageRecord(index, file, "pairs", "train" if index < 6 else "val", pair))
    return records


def test_a_pair_is_packed_as_what_is_made_and_what_is_given_and_a_map_is_never_blurred(tmp_path: Path) -> None:
    records = pairs(tmp_path / "data")
    pack = write_pack(records, ["pairs"], tmp_path / "pack", 16)
    assert pack.source is not None
    assert (pack.channels, pack.spec().source_channels) == (1, 3)
    colours = {tuple(colour) for colour in pack.source.reshape(-1, 3)}
    known = {tuple(colour) for colour in np.asarray(in_colours(Image.fromarray(np.arange(4, dtype=np.uint8)[None])))[0]}
    assert colours <= known, "no colour between two"
    other = write_pack(records, ["pairs"], tmp_path / "other", 16, makes_A=True)
    assert np.array_equal(other.images, pack.source)
    assert other.source is not None
    assert np.array_equal(other.source, pack.images)
    assert other.hash != pack.hash


def test_halves_of_one_file_are_the_pair(tmp_path: Path) -> None:
    apart = write_pack(pairs(tmp_path / "apart"), ["pairs"], tmp_path / "pack", 16)
    together = write_pack(pairs(tmp_path / "one", together=True), ["pairs"], tmp_path / "pack2", 16)
    assert np.array_equal(apart.images, together.images)
    assert apart.source is not None
    assert together.source is not None
    assert np.array_equal(apart.source, together.source)


def test_a_photo_is_no_map() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    assert not has_few_colours(Image.fromarray(noise))
    assert has_few_colours(Image.fromarray(noise // 8))


def test_attributes_are_packed_with_what_is_known_together(tmp_path: Path) -> None:
    records = write_images(tmp_path / "source", {"bar": 3, "disc": 2}, num_val=1)
    said = iter(("10", "11", "1?", "11", "01", "00", "11"))
    records = [ImageRecord(r.index, r.file, r.label, r.split, attributes=next(said)) for r in records]
    pack = write_pack(records, ["bar", "disc"], tmp_path / "pack", 16, attributes=("round", "big"))
    data = pack.spec()
    assert data.attributes == ("round", "big")
    assert data.together == ((3, 1), (1, 2)), "training images alone"
    batch = batch_of(pack.read_whole(np.array([2, 3])), (-1.0, 1.0))
    assert batch.attributes is not None
    assert batch.attributes[1].tolist() == [1, 1]
    assert batch.attributes[0].isnan().tolist() == [False, True]


def test_a_number_has_the_same_colour_in_every_map() -> None:
    first, second = (np.asarray(in_colours(Image.fromarray(np.array([[0, 7, more]], np.uint8)))) for more in (1, 255))
    assert np.array_equal(first[0, :2], second[0, :2])


def test_a_pool_holds_each_translation_once(pack: Pack, tmp_path: Path) -> None:
    """A second one of the same image would be the same picture."""
    settings = read_settings(Cyclegan, {"resolution": 16, "width": 8, "num_blocks": 1, "batch_size": 4})
    two = Pack(**{**vars(pack), "classes": pack.classes[:2], "label": np.minimum(pack.label, 1)})
    model = Cyclegan(two.spec(), settings).eval()
    give_sources(model, two)
    warned: list[str] = []
    pool = write_candidates(
        tmp_path / "pool",
        model,
        "0" * 64,
        two,
        {"bar": 30, "disc": 3},
        1,
        torch.device("cpu"),
        "fp32",
        on_made=lambda done, number: None,
        warn=lambda code, sentence: warned.append(sentence),
    )
    assert pool.source is not None
    assert np.bincount(pool.label).tolist() == [10, 3]
    assert all(len(set(pool.source[pool.label == label])) == (pool.label == label).sum() for label in (0, 1))
    assert warned == ["Each training image is translated once, so there are fewer candidates: bar (10 instead of 30)."]


def test_an_attribute_that_every_image_has_is_not_shown_and_a_budget_for_it_is_refused(tmp_path: Path) -> None:
    records = write_images(tmp_path / "source", {"bar": 3, "disc": 2}, num_val=1)
    said = iter(("10", "11", "10", "11", "11", "1?", "11"))
    label = {"bar": "round", "disc": "big"}
    records = [ImageRecord(r.index, r.file, label[r.label], r.split, attributes=next(said)) for r in records]
    names = ("round", "big")
    pack = write_pack(records, names, tmp_path / "pack", 16, attributes=names)
    assert labels_shown(Anything, ModelSettings(), pack) == (1,)
    check_fields(Anything, ModelSettings(), records, names, {"round": 0, "big": 5})
    with pytest.raises(BadBudgetError, match="No training image is known to lack 'round'"):
        check_fields(Anything, ModelSettings(), records, names, {"round": 1, "big": 5})
