"""The in-domain encoder: it learns, from the training split alone, the same way every time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import torch
from PIL import Image
from torchmetrics.functional.image.lpips import _LPIPS
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from ml.comparison import Weighted
from ml.encoder_training import MIN_VALIDATION, num_steps, train_encoder
from ml.errors import BadDatasetError
from ml.features import NUM_FEATURES, Encoder, load_encoder, save_encoder, split_features
from ml.images import Pixels
from ml.metric import Evidence, Metric
from ml.metrics.fid import frechet_distance
from ml.metrics.kid import kernel_distance
from ml.pack import Pack, write_pack
from ml.plugin import shelf
from ml.recognition import recognised
from ml.records import ImageRecord
from tests.ml.tiny_data import SHAPES, render, write_images

COUNTS = dict.fromkeys(SHAPES, 40)


@pytest.fixture(scope="module")
def make_pack(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pack]:
    """A pack of shapes; `num_val` per class."""

    def make(counts: dict[str, int] = COUNTS, num_val: int = 10, resolution: int = 16) -> Pack:
        folder = tmp_path_factory.mktemp("shapes")
        records = write_images(folder / "source", counts, num_val=num_val, colour=True)
        return write_pack(records, list(counts), folder / "pack", resolution)

    return make


@pytest.fixture(scope="module")
def pack(make_pack: Callable[..., Pack]) -> Pack:
    return make_pack()


@pytest.fixture(scope="module")
def encoder(pack: Pack) -> Encoder:
    return train_encoder(pack, seed=1)


def same_weights(first: Encoder, second: Encoder) -> bool:
    states = first.net.state_dict(), second.net.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_it_recognises_validation_images_it_never_learnt(encoder: Encoder, pack: Pack) -> None:
    rows = pack.rows("val")
    _, probabilities = encoder.encode(pack.images, rows)
    assert (probabilities.argmax(axis=1) == pack.label[rows]).mean() > 0.9
    assert encoder.facts.val_accuracy is not None
    assert encoder.facts.val_accuracy > 0.9
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_rare_class_is_learnt_too(make_pack: Callable[..., Pack]) -> None:
    uneven = make_pack({"bar": 60, "disc": 60, "frame": 6}, num_val=12)
    rows = uneven.rows("val")
    rare = rows[uneven.label[rows] == 2]
    _, probabilities = train_encoder(uneven, seed=1).encode(uneven.images, rare)
    assert (probabilities.argmax(axis=1) == 2).mean() > 0.6


def test_the_same_seed_gives_the_same_encoder_and_another_seed_another(encoder: Encoder, pack: Pack) -> None:
    assert same_weights(encoder, train_encoder(pack, seed=1))
    assert not same_weights(encoder, train_encoder(pack, seed=2))


def test_training_leaves_the_random_generators_alone(pack: Pack) -> None:
    before = torch.get_rng_state()
    next_number = np.random.RandomState(0)
    np.random.seed(0)
    train_encoder(pack, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    assert np.random.random() == next_number.random_sample()


def test_validation_images_are_not_learnt_from(make_pack: Callable[..., Pack]) -> None:
    few = MIN_VALIDATION // 3 - 1  # per class: too few to choose the best state by
    first, second = (train_encoder(make_pack(num_val=number), seed=1) for number in (0, few))
    assert same_weights(first, second)
    assert first.facts.val_accuracy is None


def test_features_have_zero_mean_and_mean_variance_one_over_the_training_split(encoder: Encoder, pack: Pack) -> None:
    features, _ = encoder.encode(pack.images, pack.rows("train"))
    assert features.shape == (120, NUM_FEATURES)
    assert features.dtype == np.float32
    assert np.abs(features.mean(axis=0)).max() < 1e-4
    assert features.var(axis=0).mean() == pytest.approx(1, rel=1e-4)


def test_the_batch_size_does_not_matter(encoder: Encoder, pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = *encoder.encode(pack.images), encoder.appearance(pack.images)
    monkeypatch.setattr("ml.features.CHUNK", 7)
    parts = *encoder.encode(pack.images), encoder.appearance(pack.images)
    for one, other in zip(whole, parts, strict=True):
        assert np.allclose(one, other, atol=1e-4)


def test_an_image_has_the_same_features_whatever_others_stand_around_it(encoder: Encoder, pack: Pack) -> None:
    features, probabilities = encoder.encode(pack.images)
    order = np.random.default_rng(0).permutation(len(features))
    other_features, other_probabilities = encoder.encode(pack.images, order)
    assert np.allclose(features[order], other_features, atol=1e-4)
    assert np.allclose(probabilities[order], other_probabilities, atol=1e-4)


def noisy(images: Pixels, amount: float) -> Pixels:
    noise = np.random.default_rng(0).normal(0, 255, images.shape)
    return (images + amount * noise).clip(0, 255).astype(np.uint8)


def blurred(images: Pixels, amount: float) -> Pixels:
    sigma = 8 * amount
    return np.asarray(scipy.ndimage.gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0)).astype(np.uint8))


def inverted(images: Pixels, amount: float) -> Pixels:
    some = np.arange(len(images)) % 10 < 10 * amount
    return np.where(some[:, None, None, None], 255 - images, images).astype(np.uint8)


@pytest.mark.parametrize("corrupted", [noisy, blurred, inverted])
@pytest.mark.parametrize("name", ["fid", "kid", "precision_recall", "density_coverage", "tarr"])
def test_the_more_images_are_corrupted_the_worse_they_are_called(
    encoder: Encoder, pack: Pack, corrupted: Callable[[Pixels, float], Pixels], name: str
) -> None:
    metric = shelf("metrics", Metric)[name]
    rows = pack.rows("train")
    real, images = encoder.image_set(pack.images[rows], pack.label[rows]), np.asarray(pack.images[rows])
    nothing = real.take(np.empty(0, np.int64))
    values = []
    for amount in (0.0, 0.1, 0.3, 0.8):
        synthetic = encoder.image_set(corrupted(images, amount), pack.label[rows])
        values.append(metric(metric.Settings()).measure(Evidence(real, nothing, synthetic, pack.classes)).value)
    worse = sorted(values, reverse=metric.better == "higher")
    assert values == pytest.approx(worse, abs=0.02 * abs(worse[-1] - worse[0]))
    assert abs(values[-1] - values[0]) > 0.1 * abs(values[0])


@pytest.fixture
def module(encoder: Encoder) -> torch.nn.Module:
    """The encoder as others' metrics take one: uint8 [N, C, H, W] -> [N, 128]."""

    class Seen(torch.nn.Module):
        num_features = NUM_FEATURES

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(encoder.encode(images.permute(0, 2, 3, 1).contiguous().numpy())[0])

    return Seen()


def test_distances_agree_with_torchmetrics_looking_through_the_encoder(
    encoder: Encoder, pack: Pack, module: torch.nn.Module
) -> None:
    real = np.asarray(pack.images[pack.rows("train")])
    other = noisy(real[::-1], 0.2)[:100]
    fid = FrechetInceptionDistance(feature=module, input_img_size=(3, 16, 16))
    kid = KernelInceptionDistance(feature=module, subsets=1, subset_size=100)
    for one in (fid, kid):
        for images, is_real in ((real[:100], True), (other, False)):
            one.update(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()), real=is_real)
    ours = [
        Weighted(encoder.encode(images)[0], np.full(100, 0.01)) for images in (np.ascontiguousarray(real[:100]), other)
    ]
    assert frechet_distance(*ours) == pytest.approx(float(fid.compute()), rel=1e-3)
    assert kernel_distance(*ours) == pytest.approx(float(kid.compute()[0]), rel=1e-3)


def test_the_distance_of_two_looks_agrees_with_the_lpips_of_torchmetrics(encoder: Encoder, pack: Pack) -> None:
    class Lpips(_LPIPS):
        """Its distance, of our maps and with no weights from people."""

        def __init__(self) -> None:
            torch.nn.Module.__init__(self)
            self.spatial, self.resize, self.L = False, None, 4
            self.scaling_layer = torch.nn.Identity()
            self.net = torch.nn.Module()
            self.net.forward = lambda pixels: encoder.net.maps(pixels)
            self.lins = [lambda squares: squares.sum(1, keepdim=True)] * self.L

    rows = np.array([0, 41, 7, 90])
    images = torch.from_numpy(np.asarray(pack.images)[rows])
    with torch.inference_mode():
        expected = Lpips()(images[:2], images[2:]).flatten().numpy()
    looks = encoder.appearance(np.asarray(pack.images)[rows])
    assert np.square(looks[:2] - looks[2:]).sum(1) == pytest.approx(expected, rel=1e-3)


def test_it_is_saved_and_read_back_whole(encoder: Encoder, pack: Pack, tmp_path: Path) -> None:
    save_encoder(encoder, tmp_path)
    again = load_encoder(tmp_path)
    assert again.facts == encoder.facts
    assert np.array_equal(again.encode(pack.images)[0], encoder.encode(pack.images)[0])


@pytest.mark.parametrize("damage", ["encoder.json", "encoder.safetensors"])
def test_a_damaged_encoder_is_refused(encoder: Encoder, tmp_path: Path, damage: str) -> None:
    save_encoder(encoder, tmp_path)
    file = tmp_path / damage
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(BadDatasetError, match="prepare the data again"):
        load_encoder(tmp_path)


def test_features_are_extracted_once_and_read_afterwards(encoder: Encoder, pack: Pack, tmp_path: Path) -> None:
    first = split_features(encoder, pack, "train", tmp_path)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    second = split_features(encoder, pack, "train", tmp_path)
    assert sorted(file.name for file in written) == ["train-features.npy", "train-probabilities.npy"]
    assert written == {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert np.array_equal(first.features, second.features)
    assert np.array_equal(first.label, pack.label[pack.rows("train")])


def test_an_empty_split_gives_empty_arrays(make_pack: Callable[..., Pack], encoder: Encoder, tmp_path: Path) -> None:
    empty = split_features(encoder, make_pack(num_val=0), "val", tmp_path)
    assert empty.features.shape == (0, NUM_FEATURES)
    assert len(empty) == 0


def test_images_larger_than_it_looks_at_are_averaged_down(make_pack: Callable[..., Pack]) -> None:
    large = make_pack(dict.fromkeys(SHAPES, 3), num_val=0, resolution=96)
    features, probabilities = train_encoder(large, seed=1).encode(large.images)
    assert features.shape == (9, NUM_FEATURES)
    assert np.isfinite(probabilities).all()


def test_steps_grow_with_the_set_within_bounds() -> None:
    assert num_steps(1) == 20
    assert num_steps(1000) == 25_000 // 64
    assert num_steps(100) < num_steps(1000) == num_steps(5000) < num_steps(60_000)
    assert num_steps(10_000_000) == 200_000 // 64


def test_a_step_that_raises_ends_the_training(pack: Pack) -> None:
    class Enough(Exception):
        pass

    def stop(step: int, number: int) -> None:
        if step == 3:
            raise Enough

    with pytest.raises(Enough):
        train_encoder(pack, seed=1, on_step=stop)


def test_appearance_is_the_distance_of_maps_of_unit_length(encoder: Encoder, pack: Pack) -> None:
    first, second = (torch.from_numpy(np.asarray(pack.images[row : row + 1])) for row in (0, 41))
    expected = 0.0
    with torch.inference_mode():
        for one, other in zip(encoder.net.maps(first), encoder.net.maps(second), strict=True):
            lengths = [part.square().sum(1, keepdim=True).sqrt() + 1e-10 for part in (one, other)]
            expected += float((one / lengths[0] - other / lengths[1]).square().sum(1).mean())
    rows = encoder.image_set(pack.images, pack.label).appearance
    assert rows is not None
    both = rows(np.array([0, 41]))
    assert float(np.square(both[0] - both[1]).sum()) == pytest.approx(expected, rel=1e-4)
    assert expected > 0.1


def test_the_images_of_a_split_are_looked_at_by_their_own_rows(encoder: Encoder, pack: Pack, tmp_path: Path) -> None:
    val = split_features(encoder, pack, "val", tmp_path).appearance
    assert val is not None
    assert np.array_equal(val(np.array([3])), encoder.appearance(pack.images[pack.rows("val")[[3]]]))


def test_of_attributes_each_has_a_probability_of_its_own(tmp_path: Path) -> None:
    """Round and bright are independent here, and of the first images nobody said whether they are bright."""
    rng = np.random.default_rng(3)
    records = []
    for index in range(180):
        shape, bright = ("disc", "bar")[index % 2], index // 2 % 2
        pixels = np.asarray(render(shape, index)) // (1 if bright else 3)
        file = tmp_path / f"{index}.png"
        Image.fromarray((pixels + rng.integers(0, 9, pixels.shape)).clip(0, 255).astype(np.uint8)).save(file)
        said = f"{int(shape == 'disc')}{bright if index > 9 else '?'}"
        label = {"10": "round", "11": "round", "01": "bright", "00": "none"}.get(said, "round")
        records.append(ImageRecord(index, file, label, "train" if index < 120 else "val", attributes=said))
    names = ("round", "bright")
    pack = write_pack(records, [*names, "none"], tmp_path / "pack", 16, attributes=names)
    encoder = train_encoder(pack, seed=1)
    assert encoder.facts.several
    assert encoder.facts.val_accuracy is not None
    assert encoder.facts.val_accuracy > 0.8
    val = split_features(encoder, pack, "val", tmp_path)
    member = pack.membership(pack.rows("val"))
    assert ((val.probabilities > 0.5) == (member == 1)).mean() > 0.8
    both = (member[:, :2] == 1).all(axis=1)
    assert (val.probabilities[both, :2] > 0.5).all(axis=1).mean() > 0.6, "both at once, which shares of 1 could not say"
    assert recognised(val).mean() > 0.8
    save_encoder(encoder, tmp_path)
    assert load_encoder(tmp_path).facts == encoder.facts
