"""The map of training images and samples: the same whatever the order, for few images, for one class, for many."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.image_map import FEWEST_BY_NEIGHBOURS, MARGIN, MOST, MOST_BY_NEIGHBOURS, SIDE, Placed, fixed_part, write_map


def images(size: int, seed: int, num_classes: int = 3, first_key: int = 0) -> Placed:
    """Images of which each class lies around a centre of its own."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(0, 4, (num_classes, 16))
    label = np.arange(size) % num_classes
    features = (centres[label] + random.normal(size=(size, 16))).astype(np.float32)
    return Placed(np.arange(size, dtype=np.int64) * 3 + first_key, label, features)


def mapped(folder: Path, real: Placed, samples: Placed, seed: int = 5) -> dict[str, NDArray[Any]]:
    file = folder / "map.npz"
    write_map(real, samples, len(samples.key), file, seed)
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def shuffled(some: Placed) -> Placed:
    return some.rows(np.random.default_rng(9).permutation(len(some.key)))


def test_places_follow_from_keys_features_and_seed_and_not_from_the_order(tmp_path: Path) -> None:
    real, samples = images(40, 1, first_key=7), images(30, 2)
    one, other = mapped(tmp_path, real, samples), mapped(tmp_path, shuffled(real), shuffled(samples))
    assert set(one) == {"num_real", "num_samples", "pca_real", "pca_samples", "tsne_real", "tsne_samples"}
    for name, array in one.items():
        assert np.array_equal(array, other[name]), name
    assert one["pca_real"][:, 0].tolist() == real.key.tolist()
    assert one["pca_samples"][:, 1].tolist() == samples.label.tolist()


def test_the_first_view_shows_the_direction_in_which_the_images_differ_most(tmp_path: Path) -> None:
    features = np.zeros((20, 4), np.float32)
    features[:, 2], features[:, 0] = np.linspace(-10, 10, 20), np.tile([-1, 1, 1, -1], 5)
    real = Placed(np.arange(20), np.zeros(20, np.int64), features)
    (x, y) = mapped(tmp_path, real, real)["pca_real"][:, 2:].T
    assert x.tolist() == sorted(x)
    assert (x[0], x[-1]) == (MARGIN, SIDE - MARGIN)
    assert np.ptp(y) == pytest.approx((SIDE - 2 * MARGIN) / 10, abs=2)  # nothing is stretched


def test_neighbours_stay_neighbours(tmp_path: Path) -> None:
    found = mapped(tmp_path, images(60, 1), images(60, 2))
    both = np.concatenate([found["tsne_real"], found["tsne_samples"]])
    for key in range(len(both)):
        distance = np.hypot(*(both[:, 2:] - both[key, 2:]).T)
        distance[key] = np.inf
        assert both[distance.argmin(), 1] == both[key, 1]


@pytest.mark.parametrize(("num_real", "num_samples"), [(1, 1), (1, 30), (2, 0), (5, 3)])
def test_few_images_have_a_map(tmp_path: Path, num_real: int, num_samples: int) -> None:
    found = mapped(tmp_path, images(num_real, 1), images(num_samples, 2))
    assert (len(found["pca_real"]), len(found["pca_samples"])) == (num_real, num_samples)
    assert ("tsne_real" in found) == (num_real + num_samples >= FEWEST_BY_NEIGHBOURS)
    for name in found.keys() - {"num_real", "num_samples"}:
        assert ((found[name][:, 2:] >= MARGIN) & (found[name][:, 2:] <= SIDE - MARGIN)).all(), name


def test_images_that_are_all_alike_lie_in_the_middle(tmp_path: Path) -> None:
    alike = Placed(np.arange(20), np.zeros(20, np.int64), np.ones((20, 8), np.float32))
    found = mapped(tmp_path, alike, alike)
    assert set(found) == {"num_real", "num_samples", "pca_real", "pca_samples"}
    assert np.unique(found["pca_real"][:, 2:]).tolist() == [round(SIDE / 2)]


def test_one_class_has_a_map(tmp_path: Path) -> None:
    found = mapped(tmp_path, images(20, 1, num_classes=1), images(20, 2, num_classes=1))
    assert len(np.unique(found["tsne_samples"][:, 2:], axis=0)) == 20


def test_a_part_depends_on_keys_and_seed_alone_and_grows_into_a_larger_one() -> None:
    key = np.arange(5000, dtype=np.int64)
    part = fixed_part(key, 500, seed=1)
    assert part.tolist() == sorted(set(part.tolist()))
    mixed = np.random.default_rng(0).permutation(key)
    assert mixed[fixed_part(mixed, 500, seed=1)].tolist() == part.tolist()
    assert set(part.tolist()) < set(fixed_part(key, 900, seed=1).tolist())
    assert set(part.tolist()) != set(fixed_part(key, 500, seed=2).tolist())
    assert abs(part.mean() - 2500) < 250  # from everywhere


def test_of_many_images_a_part_is_placed_and_all_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.image_map.MOST", 50)
    monkeypatch.setattr("ml.image_map.MOST_BY_NEIGHBOURS", 20)
    found = mapped(tmp_path, images(300, 1), images(200, 2))
    assert (int(found["num_real"]), int(found["num_samples"])) == (300, 200)
    for source in ("real", "samples"):
        assert (len(found[f"pca_{source}"]), len(found[f"tsne_{source}"])) == (50, 20)
        assert set(found[f"tsne_{source}"][:, 0]) < set(found[f"pca_{source}"][:, 0])
    assert MOST > MOST_BY_NEIGHBOURS
