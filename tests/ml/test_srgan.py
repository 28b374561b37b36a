"""SRGAN and EnhanceNet: reductions and enlargements, each choice of losses, features that stay frozen."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, softplus

from ml.checkpoint import read_checkpoint
from ml.encoder_training import encoder_of
from ml.errors import BadWeightsError
from ml.features import EncoderNet
from ml.generation import generate_with_views, load_for_generation
from ml.model import Batch, DataSpec
from ml.models.srgan import PARTS, LossesName, Srgan, SrganSettings
from ml.perceptual import grams, map_loss, texture_loss
from ml.train import train
from ml.vgg import VARIABLE, Vgg
from tests.ml.recorded_update import RecordedUpdate
from tests.ml.tiny_data import write_tiny_pack

DATA = DataSpec(16, 1, ("a",), (8,))


def small(**changes: Any) -> SrganSettings:
    return SrganSettings(**{"resolution": 16, "width": 4, "num_blocks": 1, "batch_size": 4, **changes})


def made(**changes: Any) -> Srgan:
    torch.manual_seed(0)
    model = Srgan(DATA, small(**changes))
    model.begin(lambda: EncoderNet(16, 1, 2).eval())
    return model


def batch(side: int = 16) -> Batch:
    torch.manual_seed(1)
    return Batch(torch.rand(4, 1, side, side) * 2 - 1, torch.zeros(4, dtype=torch.int64))


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("resolution", [16, 17, 30, 31])
def test_any_size_is_reduced_and_enlarged_in_place(resolution: int, scale: int) -> None:
    model = Srgan(DataSpec(resolution, 1, ("a",), (8,)), small(resolution=resolution, scale=scale)).eval()
    ramp = torch.linspace(-0.8, 0.8, resolution).expand(2, 1, resolution, resolution)
    low = model.reduced(ramp)
    assert low.shape[2:] == (-(-resolution // scale),) * 2
    large = model.bicubic(low)
    assert large.shape == ramp.shape
    middle = slice(scale * 2, -scale * 2)
    assert torch.allclose(large[..., middle], ramp[..., middle], atol=0.03), "nothing has moved"
    inputs = Batch(ramp, torch.zeros(2, dtype=torch.int64))
    assert model.generate(inputs, inputs.label).shape == ramp.shape


@pytest.mark.parametrize("losses", get_args(LossesName))
def test_each_choice_of_losses_is_the_sum_that_its_paper_names(losses: str) -> None:
    model, one, update = made(losses=losses, texture_weight=3.0), batch(), RecordedUpdate()
    scalars = model.training_step(one, update, 1)
    # D's batch norm sees the fakes a second time, by the statistics of the same batch
    fake = model.enlarged(model.G, model.reduced(one.image))
    pixels, adversarial = mse_loss(fake, one.image), 1e-3 * softplus(-model.D(fake)).mean()
    expected = torch.zeros(())
    if losses in ("MSE", "SRGAN-MSE") or losses.startswith("E"):
        expected = expected + pixels
    if model.features is not None:
        ours, true = model.features(fake), model.features(one.image)
        distance = {name: (ours[name] - true[name]).square().mean() for name in ours}
        expected = expected + (distance["2"] if losses == "SRGAN-VGG22" or "P" in losses else 0)
        expected = expected + (distance["4"] if losses == "SRGAN-VGG54" or "P" in losses else 0)
        if "T" in losses:
            expected = expected + 3.0 * texture_loss(ours, true, ("1", "2", "3"), 16)
    if losses not in ("MSE", "E", "P"):
        expected = expected + adversarial
    assert torch.allclose(update.only("G"), expected, rtol=1e-4)
    assert ("loss/texture" in scalars) == ("T" in losses)
    assert ("loss/G" in scalars) == (losses not in ("MSE", "E", "P"))
    needs_features = losses not in ("MSE", "SRGAN-MSE", "E", "EA")
    assert (model.features is not None) == needs_features


def test_gram_matrices_are_means_of_products_within_each_patch() -> None:
    maps = torch.zeros(1, 2, 4, 4)
    maps[0, 0, :2, :2] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    maps[0, 1, :2, :2] = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    maps[0, 1, 2:, 2:] = 3.0
    first, *others = grams(maps, 2)[0]
    assert torch.allclose(first, torch.tensor([[30 / 4, 5 / 4], [5 / 4, 2 / 4]]))
    assert [float(one.sum()) for one in others] == [0, 0, 9]
    assert grams(torch.rand(2, 3, 30, 30), 16).shape == (2, 4, 3, 3)
    assert grams(torch.rand(2, 3, 5, 5), 16).shape == (2, 1, 3, 3)


def test_texture_forgives_where_things_lie_and_features_do_not() -> None:
    torch.manual_seed(0)
    maps = {"1": torch.rand(1, 3, 8, 8)}
    moved = {"1": maps["1"].roll((3, 2), (2, 3))}
    assert texture_loss(moved, maps, ("1",), 16).item() == pytest.approx(0, abs=1e-10)
    assert map_loss(moved, maps, ("1",)) > 0.05


def test_with_the_losses_of_enhance_net_G_adds_to_the_bicubic_enlargement() -> None:
    low = batch(4).image
    nothing: nn.Module = _Nothing()
    for losses in ("E", "PAT"):
        model = made(losses=losses)
        assert torch.equal(model.enlarged(nothing, low), model.bicubic(low))
    for losses in PARTS:
        assert not made(losses=losses).enlarged(nothing, low).any()


class _Nothing(nn.Module):
    def forward(self, low: Tensor) -> Tensor:
        return torch.zeros(len(low), 1, 16, 16)


def test_features_are_the_pack_s_encoder_never_learn_and_lie_in_checkpoints(tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path, counts={"bar": 6, "disc": 6})
    encoder = encoder_of(pack)
    results = [
        train(Srgan, small(num_steps=2, num_checkpoints=1, losses="PAT"), pack, tmp_path / name, 1, encoder=given)
        for name, given in (("given", encoder), ("anew", None))
    ]
    for result in results:
        tensors = read_checkpoint(result.checkpoint).tensors
        for name, value in encoder.net.body.state_dict().items():
            assert torch.equal(tensors[f"model/features.net.body.{name}"], value.cpu()), name


def test_it_beats_bicubic_enlargement_on_images_that_it_learnt(tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path, counts={"frame": 8})
    settings = small(num_steps=150, num_checkpoints=1, num_previews=1, losses="E", scale=2, width=16, ema_half_life=20)
    result = train(Srgan, settings.model_copy(update={"learning_rate_G": 2e-3}), pack, tmp_path / "run", 1)
    views = generate_with_views(load_for_generation(result.checkpoint, pack=pack), np.zeros(8, np.int64), np.arange(8))
    error = {name: np.square(views[name].astype(float) - views["target"]).mean() for name in ("result", "bicubic")}
    assert error["result"] < 0.7 * error["bicubic"]


# --- VGG-19 -------------------------------------------------------------------------------------------------------
def test_vgg_has_sixteen_named_maps_in_the_published_places() -> None:
    net = Vgg().eval()
    assert [name for name in net.state_dict() if name.endswith("weight")][-1] == "features.34.weight"
    maps = net(torch.rand(1, 3, 32, 32))
    assert len(maps) == 16
    assert maps["2_2"].shape == (1, 128, 16, 16)
    assert maps["5_4"].shape == (1, 512, 2, 2)


def test_vgg_without_a_file_or_with_another_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Srgan(DATA, small(features="vgg19", losses="P"))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(BadWeightsError, match="names no file"):
        model.begin(lambda: EncoderNet(16, 1, 2))
    file = tmp_path / "vgg.pth"
    monkeypatch.setenv(VARIABLE, str(file))
    torch.save({"features.0.weight": torch.zeros(3)}, file)
    with pytest.raises(BadWeightsError, match=r"features\.0\.weight as \[3\]"):
        model.begin(lambda: EncoderNet(16, 1, 2))
    file.write_bytes(b"no weights")
    with pytest.raises(BadWeightsError, match="torn or holds no weights"):
        model.begin(lambda: EncoderNet(16, 1, 2))
    whole = {f"features.{name}": value for name, value in Vgg().features.state_dict().items()}
    torch.save({**whole, "classifier.0.weight": torch.zeros(1)}, file)
    model.begin(lambda: EncoderNet(16, 1, 2))
    assert model.features is not None
    assert torch.equal(model.features.net.features[0].weight, whole["features.0.weight"])
