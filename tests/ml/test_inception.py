"""Inception: the network is what the published weights were made for, and a wrong file is refused in one sentence."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from ml.comparison import Weighted
from ml.errors import BadWeightsError
from ml.inception import VARIABLE, Inception, load_inception, supplied_weights
from ml.inception_net import InceptionNet, prepared
from ml.measure import measure_all
from ml.metric import Evidence, ImageSet, Metric
from ml.metrics.fid import Fid, frechet_distance
from ml.plugin import shelf
from tests.ml.tiny_data import write_tiny_pack

CPU = torch.device("cpu")
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    """Random weights of the published shapes, scaled so that images still differ at the end."""
    torch.manual_seed(0)
    net = InceptionNet()
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, 0, (2 / part.weight[0].numel()) ** 0.5)
    return {name: value.half() if value.is_floating_point() else value for name, value in net.state_dict().items()}


@pytest.fixture(scope="module")
def file(state: State, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def inception(file: Path) -> Inception:
    return load_inception(file, CPU)


def pictures(number: int, channels: int = 3, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (number, 20, 16, channels), dtype=np.uint8)


# --- the network ------------------------------------------------------------------------------------------------
def test_it_has_the_numbers_and_the_maps_of_the_published_architecture(inception: Inception) -> None:
    net = inception.net
    assert sum(value.numel() for value in net.parameters()) == 23_850_960
    assert sum(value.numel() for name, value in net.named_buffers() if "running" in name) == 34_432
    shapes: dict[str, tuple[int, ...]] = {}
    hooks = [
        part.register_forward_hook(lambda part, given, out, name=name: shapes.update({name: tuple(out.shape[1:])}))
        for name, part in net.named_children()
        if name != "fc"
    ]
    features, logits = net(torch.zeros(1, 20, 20, 1, dtype=torch.uint8))
    for hook in hooks:
        hook.remove()
    assert features.shape == (1, 2048)
    assert logits.shape == (1, 1008)
    assert shapes == {
        "Conv2d_1a_3x3": (32, 149, 149),
        "Conv2d_2a_3x3": (32, 147, 147),
        "Conv2d_2b_3x3": (64, 147, 147),
        "Conv2d_3b_1x1": (80, 73, 73),
        "Conv2d_4a_3x3": (192, 71, 71),
        "Mixed_5b": (256, 35, 35),
        "Mixed_5c": (288, 35, 35),
        "Mixed_5d": (288, 35, 35),
        "Mixed_6a": (768, 17, 17),
        "Mixed_6b": (768, 17, 17),
        "Mixed_6c": (768, 17, 17),
        "Mixed_6d": (768, 17, 17),
        "Mixed_6e": (768, 17, 17),
        "Mixed_7a": (1280, 8, 8),
        "Mixed_7b": (2048, 8, 8),
        "Mixed_7c": (2048, 8, 8),
    }


def test_pooling_counts_no_padding_and_the_last_module_takes_the_largest(inception: Inception) -> None:
    ones = torch.ones(1, 1, 4, 4)
    assert torch.equal(inception.net.Mixed_7b.pool(ones), ones)
    peak = torch.zeros(1, 1, 4, 4)
    peak[..., 1, 1] = 9
    assert inception.net.Mixed_7c.pool(peak)[0, 0, 0, 0] == 9
    assert inception.net.Mixed_7b.pool(peak)[0, 0, 0, 0] == pytest.approx(9 / 4)


def test_images_are_enlarged_from_the_first_pixel_on_and_lie_within_minus_one_and_one() -> None:
    ramp = torch.arange(0, 160, 10, dtype=torch.uint8).reshape(1, 1, 16, 1).expand(1, 20, 16, 1)
    image = prepared(ramp)
    assert image.shape == (1, 3, 299, 299)
    place = (torch.arange(299) * 16 / 299).clamp(max=15)
    assert torch.allclose(image[0, 0, 7], (place * 10 - 128) / 128, atol=1e-5)
    same = torch.randint(0, 256, (1, 299, 299, 3), dtype=torch.uint8)
    assert torch.equal(prepared(same), (same.permute(0, 3, 1, 2).float() - 128) / 128)
    white = prepared(torch.full((1, 8, 8, 1), 255, dtype=torch.uint8))
    assert torch.allclose(white, torch.tensor((255 - 128) / 128))


def test_features_are_the_same_each_time_in_any_batch_and_for_grey_as_for_three_equal_channels(
    inception: Inception,
) -> None:
    grey = pictures(2, channels=1)
    features, probabilities = inception.encode(grey)
    assert np.array_equal(features, inception.encode(grey)[0])
    one, _ = inception.encode(grey, np.array([1]))
    assert np.allclose(one[0], features[1], rtol=1e-4, atol=1e-4 * features.std())
    assert np.array_equal(features, inception.encode(grey.repeat(3, axis=3))[0])
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    assert features.std(axis=0).max() > 1e-3


def test_fid_in_this_space_agrees_with_torchmetrics_on_the_same_network(inception: Inception) -> None:
    class Module(nn.Module):
        num_features = 128  # of the 2,048: their root in the reference takes long

        def forward(self, image: Tensor) -> Tensor:
            return inception.net(image.permute(0, 2, 3, 1))[0][:, :128]  # type: ignore[no-any-return]

    x, y = pictures(6), pictures(5, seed=1) // 2
    reference = FrechetInceptionDistance(feature=Module(), input_img_size=(3, 20, 16))
    reference.set_dtype(torch.float64)
    for images, real in ((x, True), (y, False)):
        reference.update(torch.from_numpy(images).permute(0, 3, 1, 2), real=real)
    ours = frechet_distance(*(plain(inception.encode(images)[0][:, :128]) for images in (x, y)))
    assert ours == pytest.approx(float(reference.compute()), rel=1e-3)


def plain(features: np.ndarray[Any, np.dtype[np.float32]]) -> Weighted:
    return Weighted(features, np.full(len(features), 1 / len(features)))


# --- the space --------------------------------------------------------------------------------------------------
def test_real_images_are_looked_at_once(inception: Inception, tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path, counts={"bar": 2, "disc": 1})
    looked: list[int] = []
    first = inception.split_set(pack, "train", tmp_path, looked.append)
    again = inception.split_set(pack, "train", tmp_path, looked.append)
    assert looked == [3]
    assert np.array_equal(first.features, again.features)
    assert again.label.tolist() == [0, 0, 1]


def test_rows_of_this_space_name_it_and_the_file_and_only_what_compares_features_is_measured(
    inception: Inception,
) -> None:
    rng = np.random.default_rng(0)
    sets = [
        ImageSet(
            rng.normal(size=(120, 64)).astype(np.float32),
            np.arange(120) % 2,
            rng.dirichlet(np.ones(1008), 120).astype(np.float32),
        )
        for _ in range(3)
    ]
    rows = measure_all(Evidence(sets[0], sets[1], sets[2], ("a", "b"), space=inception.space))
    expected = {"fid", "kid", "precision_recall", "density_coverage", "inception_score"}
    assert {name for name, metric in shelf("metrics", Metric).items() if metric.in_any_space} == expected
    assert set(rows) == {f"inception/{name}" for name in expected}
    for row in rows.values():
        assert row["value"] is not None
        assert row["details"]["space"] == "Inception"
        assert row["details"]["weights_sha256"] == inception.sha256
        assert "not the published file" in row["caution"]
    assert "10080 are wanted" in rows["inception/inception_score"]["caution"]


def test_at_inceptions_width_fid_is_qualified_below_ten_thousand_images() -> None:
    rng = np.random.default_rng(0)
    wide = [ImageSet(rng.random((60, 2048), np.float32), np.zeros(60, np.int64), np.ones((60, 1), np.float32))] * 3
    assert "10240 are wanted" in Fid(Fid.Settings()).measure(Evidence(*wide, ("a",))).caution


# --- the file ---------------------------------------------------------------------------------------------------
def test_the_file_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert supplied_weights() is None
    monkeypatch.setenv(VARIABLE, "/somewhere/w.pth")
    assert supplied_weights() == Path("/somewhere/w.pth")


def test_both_kinds_of_file_give_the_same_network_and_are_told_apart_by_their_hash(
    state: State, inception: Inception, file: Path, tmp_path: Path
) -> None:
    assert inception.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    safe = tmp_path / "inception.safetensors"
    save_file({**state, "AuxLogits.fc.bias": torch.zeros(1008)}, safe)
    other = load_inception(safe, CPU)
    assert torch.equal(other.net.fc.weight, inception.net.fc.weight)
    assert other.sha256 != inception.sha256


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploded"),)


def altered(state: State, **tensors: Tensor | None) -> State:
    changed = {**state, **{name.replace("__", "."): value for name, value in tensors.items() if value is not None}}
    return {name: value for name, value in changed.items() if tensors.get(name.replace(".", "__"), value) is not None}


@pytest.mark.parametrize(
    ("tensors", "found"),
    [
        ({"fc__weight": torch.zeros(1000, 2048)}, r"holds fc\.weight as \[1000, 2048\] where \[1008, 2048\] belongs"),
        ({"fc__bias": None}, r"lacks fc\.bias"),
        ({"fc__bias": torch.full((1008,), torch.nan)}, r"fc\.bias that are not finite"),
        ({"head": torch.zeros(1)}, "holds head, which that network has not"),
    ],
)
def test_another_networks_file_is_refused_with_what_differs(
    state: State, tensors: dict[str, Tensor | None], found: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.pth"
    torch.save(altered(state, **tensors), path)
    with pytest.raises(BadWeightsError, match=found):
        load_inception(path, CPU)


def test_a_missing_torn_or_foreign_file_is_refused_in_one_sentence(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn.pth").write_bytes(file.read_bytes()[:-5000])
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "text.safetensors").write_text("no weights")
    (tmp_path / "empty.pth").touch()
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    torch.save({"fc.weight": Bomb()}, tmp_path / "code.pth")
    (tmp_path / "folder.pth").mkdir()
    for name, found in {
        "gone.pth": "is not there",
        "folder.pth": "is no file",
        "torn.pth": "is torn or holds no weights",
        "text.pth": "is torn or holds no weights",
        "text.safetensors": "is torn or holds no weights",
        "empty.pth": "is torn or holds no weights",
        "tensor.pth": "holds no state dict",
        "code.pth": "is torn or holds no weights",
    }.items():
        with pytest.raises(BadWeightsError, match=f"{name} are not used: the file .*{found}.* {VARIABLE} ") as caught:
            load_inception(tmp_path / name, CPU)
        assert "\n" not in caught.value.message
    assert not (tmp_path / "exploded").exists()
