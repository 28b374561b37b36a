"""Pools and their scores: whole or absent, in shards, each candidate reproducible, copies recognised."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.encoder_training import train_encoder
from ml.errors import BadDatasetError
from ml.features import Encoder
from ml.images import Pixels
from ml.model import LabelledImageModel
from ml.models.dcgan import Dcgan
from ml.models.gan import Gan
from ml.pack import Pack
from ml.plugin import read_settings
from ml.pool import SEED_LIMIT, Pool, PoolFacts, open_pool, plan_candidates, shard_size, write_pool
from ml.pool_pixels import PoolPixels
from ml.score import Known, read_scores, score_pool
from ml.whole import whole_file, whole_folder
from tests.ml.tiny_data import SHAPES, write_tiny_pack

Rows = NDArray[np.int64]


def pixels_of(labels: Rows, seeds: Rows) -> Pixels:
    """Images that tell their label and seed apart: uint8 [N, 16, 16, 1]."""
    level = ((labels * 60 + seeds) % 256).astype(np.uint8)
    return np.broadcast_to(level[:, None, None, None], (len(labels), 16, 16, 1))


def make_pool(folder: Path, number: int = 700, size: int = 300) -> Pool:
    label = np.arange(number, dtype=np.int64) % 3
    facts = PoolFacts(SHAPES, 16, 1, number, "0" * 64, "dcgan", size)
    return write_pool(folder, label, np.arange(number, dtype=np.int64), facts, pixels_of)


# --- on disk ----------------------------------------------------------------------------------------------------
def test_every_image_comes_back_from_its_shard(tmp_path: Path) -> None:
    pool = make_pool(tmp_path / "pool")
    assert sorted(file.name for file in (tmp_path / "pool").glob("images-*")) == [
        "images-00000.npy",
        "images-00001.npy",
        "images-00002.npy",
    ]
    rows = np.array([699, 0, 300, 299, 5])
    assert np.array_equal(pool.images(rows), pixels_of(pool.label[rows], pool.seed[rows]))
    seen = np.zeros(700, int)
    for part, pixels in pool.chunks(100):
        seen[part] += 1
        assert np.array_equal(pixels, pixels_of(pool.label[part], pool.seed[part]))
    assert (seen == 1).all()


def test_the_export_reads_the_same_pixels(tmp_path: Path) -> None:
    pool, pixels = make_pool(tmp_path / "pool"), PoolPixels(tmp_path / "pool")
    for row in (0, 299, 300, 699):
        assert np.array_equal(pixels.pixels(row), pool.images(np.array([row]))[0])


def test_a_pool_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    def fail(done: int, number: int) -> None:
        if done > 300:
            raise InterruptedError

    facts = PoolFacts(SHAPES, 16, 1, 700, "0" * 64, "dcgan", 300)
    rows = np.zeros(700, np.int64)
    with pytest.raises(InterruptedError):
        write_pool(tmp_path / "pool", rows, rows, facts, pixels_of, fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lost", ["pool.json", "label.npy", "seed.npy"])
def test_a_folder_without_its_parts_is_no_pool(tmp_path: Path, lost: str) -> None:
    make_pool(tmp_path / "pool")
    (tmp_path / "pool" / lost).unlink()
    with pytest.raises(BadDatasetError, match="generate again"):
        open_pool(tmp_path / "pool")


def test_a_lost_shard_is_named(tmp_path: Path) -> None:
    pool = make_pool(tmp_path / "pool")
    (tmp_path / "pool" / "images-00001.npy").unlink()
    assert len(pool.images(np.array([3]))) == 1
    with pytest.raises(BadDatasetError, match="images-00001"):
        pool.images(np.array([301]))


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    def half(write: Callable[[Path], Any], place: Any) -> None:
        with place as partial:
            write(partial)
            raise InterruptedError

    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").write_text("old")
    (tmp_path / "file.txt").write_text("old")
    with pytest.raises(InterruptedError):
        half(lambda partial: (partial / "new").write_text("new"), whole_folder(tmp_path / "folder"))
    with pytest.raises(InterruptedError):
        half(lambda partial: partial.write_text("new"), whole_file(tmp_path / "file.txt"))
    assert {path.name for path in tmp_path.rglob("*")} == {"folder", "old", "file.txt"}
    assert (tmp_path / "file.txt").read_text() == "old"


# --- what is planned --------------------------------------------------------------------------------------------
@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=5).filter(any), st.integers(-5, 2**63))
def test_every_class_gets_its_number_and_every_candidate_a_seed_of_its_own(sizes: list[int], run_seed: int) -> None:
    label, seed = plan_candidates({str(number): size for number, size in enumerate(sizes)}, run_seed)
    assert np.bincount(label, minlength=len(sizes)).tolist() == sizes
    assert len(set(seed.tolist())) == len(seed) == sum(sizes)
    assert seed.min() >= 0
    assert seed.max() < SEED_LIMIT


def test_classes_take_turns_and_a_larger_pool_begins_with_the_smaller_one() -> None:
    label, seed = plan_candidates({"a": 2, "b": 3}, 7)
    assert label.tolist() == [0, 1, 0, 1, 1]
    more_label, more_seed = plan_candidates({"a": 9, "b": 9}, 7)
    for number in (0, 1):
        few = seed[label == number]
        assert np.array_equal(more_seed[more_label == number][: len(few)], few)


@pytest.mark.parametrize(("resolution", "channels"), [(16, 1), (64, 3), (256, 3)])
def test_a_shard_is_about_64_mib_of_whole_chunks(resolution: int, channels: int) -> None:
    size = shard_size(resolution, channels)
    assert size % 256 == 0
    assert size * resolution * resolution * channels <= 64 * 2**20


# --- scores -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return write_tiny_pack(tmp_path_factory.mktemp("tiny"), counts=dict.fromkeys(SHAPES, 12))


@pytest.fixture(scope="module")
def encoder(pack: Pack) -> Encoder:
    return train_encoder(pack, seed=1)


def known_of(pack: Pack, encoder: Encoder, number: int | None = None) -> Known:
    train, val = pack.rows("train")[:number], pack.rows("val")
    sets = [encoder.image_set(pack.images[rows], pack.label[rows]) for rows in (train, val)]
    return Known(sets[0], sets[1], pack.index[train])


def build(model: type[LabelledImageModel], pack: Pack) -> LabelledImageModel:
    return model(pack.spec(), read_settings(model, {"resolution": 16})).eval()


def test_copies_of_training_images_are_recognised_with_their_place(
    pack: Pack, encoder: Encoder, tmp_path: Path
) -> None:
    train = pack.rows("train")
    facts = PoolFacts(SHAPES, 16, 1, len(train), "0" * 64, "dcgan", 256)
    pool = write_pool(tmp_path / "pool", pack.label[train], train, facts, make=lambda labels, seeds: pack.images[seeds])
    names = score_pool(pool, build(Dcgan, pack), encoder, known_of(pack, encoder), tmp_path / "scores.npz")
    with np.load(tmp_path / "scores.npz") as scores:
        assert np.array_equal(scores["nearest_index"][:, 0], pack.index[train])
        assert scores["nearest_training_distance"].max() < 1e-4
        assert scores["memorised"].all()
        assert (np.diff(scores["nearest_distance"], axis=1) >= 0).all()
        assert (scores["classifier_confidence"] > 0.5).mean() > 0.9
    assert set(read_scores(tmp_path / "scores.npz")) == set(names)


@pytest.mark.parametrize(("model", "gives"), [(Dcgan, {"realism", "class_confidence"}), (Gan, {"realism"})])
def test_a_model_is_asked_only_for_what_it_gives(
    pack: Pack, encoder: Encoder, tmp_path: Path, model: type[LabelledImageModel], gives: set[str]
) -> None:
    pool = make_pool(tmp_path / "pool", 9)
    names = score_pool(pool, build(model, pack), encoder, known_of(pack, encoder), tmp_path / "scores.npz")
    assert set(names) == gives | {"classifier_confidence", "nearest_training_distance"}


@pytest.mark.parametrize("number", [1, 3])
def test_fewer_training_images_than_neighbours_leave_gaps(
    pack: Pack, encoder: Encoder, tmp_path: Path, number: int
) -> None:
    pool = make_pool(tmp_path / "pool", 4)
    score_pool(pool, build(Gan, pack), encoder, known_of(pack, encoder, number), tmp_path / "scores.npz")
    with np.load(tmp_path / "scores.npz") as scores:
        assert (scores["nearest_index"][:, number:] == -1).all()
        assert (scores["nearest_index"][:, :number] >= 0).all()
        assert np.isinf(scores["nearest_distance"][:, number:]).all()
