"""CycleGAN: its losses, who learns from them, and what it finds out by itself on a tiny problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from ml.compute import Compute
from ml.errors import BadDatasetError, BadSettingsError
from ml.generation import RESULT, generate_with_views
from ml.layers.patch_discriminator import PatchDiscriminator, num_halvings
from ml.layers.resnet_generator import ResnetGenerator, num_blocks_for
from ml.model import Batch, DataSpec
from ml.models.cyclegan import Cyclegan
from ml.pack import write_pack
from ml.plugin import read_settings
from ml.records import ImageRecord
from ml.train import load_for_generation, train
from tests.ml.tiny_data import write_tiny_pack

DATA = DataSpec(16, 1, ("bar", "disc"), (9, 9))


def build(**values: Any) -> Cyclegan:
    torch.manual_seed(0)
    return Cyclegan(DATA, read_settings(Cyclegan, {"resolution": 16, "width": 4, **values}))


class Adds(nn.Module):
    """A G whose every pixel is raised by `number`."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.tensor(number))

    def forward(self, image: Tensor) -> Tensor:
        return image + self.number


class Means(nn.Module):
    """A D with two patches, which both score an image's mean."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.0))

    def forward(self, image: Tensor) -> Tensor:
        return self.gain * image.mean((1, 2, 3)).view(-1, 1, 1, 1).expand(-1, 1, 1, 2)


class Noted:
    """Takes the losses and steps nothing."""

    number = 1

    def __init__(self) -> None:
        self.losses: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[Any]:
        yield lambda loss: self.losses.update({name: loss.item()})

    def whole(self, values: Tensor) -> Tensor:
        return values.detach()


@pytest.mark.parametrize("identity_weight", [0.5, 0.0])
def test_the_losses_are_those_of_the_paper(identity_weight: float) -> None:
    """x = 0.1 and y = 0.4 everywhere; G adds 0.2 and F takes 0.5 away."""
    model = build(identity_weight=identity_weight, cycle_weight=3.0)
    model.G_AB, model.G_BA, model.D_A, model.D_B = Adds(0.2), Adds(-0.5), Means(), Means()
    image = torch.full((4, 1, 16, 16), 0.1)
    image[2:] = 0.4
    update: Any = Noted()
    told = model.training_step(Batch(image, torch.tensor([0, 0, 1, 1])), update, 1)
    fake_B, fake_A = 0.1 + 0.2, 0.4 - 0.5
    adversarial = ((fake_B - 1) ** 2 + (fake_A - 1) ** 2) / 2
    cycle = 0.3 + 0.3  # both ways lead 0.3 too low
    identity = 0.2 + 0.5
    assert update.losses["G"] == pytest.approx(adversarial + 3 * cycle + 3 * identity_weight * identity)
    loss_A, loss_B = ((0.1 - 1) ** 2 + fake_A**2) / 2, ((0.4 - 1) ** 2 + fake_B**2) / 2
    assert update.losses["D"] == pytest.approx(loss_A + loss_B)
    assert told["loss/G"].item() == pytest.approx(adversarial / 2)
    assert told["loss/D"].item() == pytest.approx((loss_A + loss_B) / 2)
    assert told["loss/cycle"].item() == pytest.approx(cycle / 2)
    assert told["score/real"].item() == pytest.approx((0.1 + 0.4) / 2)
    assert told["score/fake"].item() == pytest.approx((fake_A + fake_B) / 2)
    assert ("loss/identity" in told) == bool(identity_weight)


def test_each_D_is_shown_images_of_its_own_history() -> None:
    model = build(pool_size=4)
    image = torch.rand(8, 1, 16, 16) * 2 - 1
    update: Any = Noted()
    model.training_step(Batch(image, torch.arange(8) // 4), update, 1)
    assert torch.allclose(model.history_B.image, model.G_AB(image[:4]), atol=1e-6)
    assert torch.allclose(model.history_A.image, model.G_BA(image[4:]), atol=1e-6)


def test_the_rate_is_kept_and_then_falls_in_a_straight_line_to_nothing_after_the_last_step() -> None:
    model = build(num_steps=100)
    assert [model.rate_share(step) for step in (1, 50)] == [1.0, 1.0]
    falling = [model.rate_share(step) for step in range(50, 101)]
    assert np.allclose(np.diff(falling), -1 / 51)
    assert falling[-1] == pytest.approx(1 / 51)
    assert build(num_steps=100, decay_after=1.0).rate_share(100) == 1.0


def test_the_loop_steps_by_the_rate_of_the_step(tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path, counts={"bar": 4, "disc": 4})
    small = {"resolution": 16, "width": 4, "batch_size": 4, "num_checkpoints": 1, "num_previews": 1, "num_steps": 8}
    settings = read_settings(Cyclegan, {**small, "learning_rate_D": 1e-3})
    rates: list[tuple[float, float]] = []

    class Watched(Cyclegan):
        def optimizers(self) -> dict[str, torch.optim.Optimizer]:
            self.made = super().optimizers()
            return self.made

        def training_step(self, batch: Batch, update: Any, step: int) -> dict[str, Tensor]:
            rates.append((self.made["G"].param_groups[0]["lr"], self.made["D"].param_groups[0]["lr"]))
            return super().training_step(batch, update, step)

    train(Watched, settings, pack, tmp_path / "out", 1)
    shares = [build(num_steps=8).rate_share(step) for step in range(1, 9)]
    assert rates == [(pytest.approx(2e-4 * share), pytest.approx(1e-3 * share)) for share in shares]
    assert shares[-1] < shares[0]


@pytest.mark.parametrize(("resolution", "halvings", "patch"), [(16, 1, 16), (30, 1, 16), (32, 2, 34), (64, 3, 70)])
def test_a_score_sees_a_patch_of_the_paper_s_size_or_of_the_image_s(resolution: int, halvings: int, patch: int) -> None:
    assert num_halvings(resolution) == halvings
    D = PatchDiscriminator(1, 256, 4) if resolution == 64 else PatchDiscriminator(1, resolution, 4)
    for layer in list(D.body):  # a norm lets a pixel be heard everywhere
        if isinstance(layer, nn.GroupNorm):
            layer.forward = lambda x: x  # type: ignore[method-assign]
    side = 256 if resolution == 64 else 4 * resolution
    image = torch.zeros(1, 1, side, side, requires_grad=True)
    scores = D(image)
    middle = scores.shape[-1] // 2
    scores[0, 0, middle, middle].backward()
    assert image.grad is not None
    rows = image.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert int(rows.max() - rows.min()) + 1 == patch


@pytest.mark.parametrize("resolution", [16, 17, 30, 33, 64])
def test_G_keeps_the_size_and_its_blocks_go_by_the_resolution(resolution: int) -> None:
    G = ResnetGenerator(3, 1, resolution, 4, 1)
    image = G(torch.rand(2, 3, resolution, resolution))
    assert image.shape == (2, 1, resolution, resolution)
    assert image.abs().max() <= 1
    assert [num_blocks_for(side) for side in (64, 127, 128, 255, 256)] == [3, 3, 6, 6, 9]


def test_an_image_goes_through_the_G_of_its_class_and_its_reconstruction_through_the_other() -> None:
    model = build().eval()
    model.G_AB, model.G_BA = Adds(0.25), Adds(-0.5)
    source = Batch(torch.zeros(3, 1, 16, 16), torch.tensor([0, 1, 0]))
    label = torch.tensor([1, 0, 1])
    made = model.generate(source, label)
    assert made[:, 0, 0, 0].tolist() == [0.25, -0.5, 0.25]
    assert model.generate(source, torch.ones_like(label))[:, 0, 0, 0].tolist() == [0.25] * 3
    back = model.views_of(source, label, made)["reconstruction"]
    assert back[:, 0, 0, 0].tolist() == [-0.25] * 3


def test_realism_is_the_mean_patch_score_of_the_class_s_own_D() -> None:
    model = build()
    image = torch.rand(2, 1, 16, 16)
    of_B, of_A = model.realism(image, torch.tensor([1, 0]))
    assert of_B.item() == pytest.approx(model.D_B(image[:1]).mean().item())
    assert of_A.item() == pytest.approx(model.D_A(image[1:]).mean().item())


def test_it_finds_what_sets_two_classes_apart_without_a_pair_and_leaves_the_rest(tmp_path: Path) -> None:
    """A: red squares; B: green ones. A result is of the other colour, and stands where its source stood."""
    rng = np.random.default_rng(0)
    records = []
    for number in range(80):
        image = np.zeros((16, 16, 3), np.uint8)
        top, left = rng.integers(1, 9, 2)
        image[top : top + 6, left : left + 6, number % 2] = rng.integers(180, 256)
        file = tmp_path / f"{number}.png"
        Image.fromarray(image).save(file)
        records.append(ImageRecord(number, file, "AB"[number % 2], "train"))
    pack = write_pack(records, ["A", "B"], tmp_path / "pack", 16)
    small = {"resolution": 16, "width": 8, "num_blocks": 1, "num_steps": 300, "num_checkpoints": 1, "num_previews": 1}
    rates = {"learning_rate_G": 1e-3, "learning_rate_D": 1e-3, "ema_half_life": 200}
    done = train(Cyclegan, read_settings(Cyclegan, {**small, **rates}), pack, tmp_path / "out", 1)
    shown = generate_with_views(load_for_generation(done.checkpoint, pack=pack), np.arange(40) % 2, np.arange(40))
    for target in (0, 1):
        made, source = (shown[name][target::2].astype(float) for name in (RESULT, "source"))
        square = source[..., 1 - target] > 0
        assert made[square][:, target].mean() > 2 * made[square][:, 1 - target].mean()
        assert made[square][:, target].mean() > 3 * made[~square][:, target].mean()


def test_parts_that_cannot_hold_as_many_of_each_domain_and_an_empty_domain_are_refused(tmp_path: Path) -> None:
    settings = read_settings(Cyclegan, {"resolution": 16, "width": 4, "batch_size": 6, "num_steps": 2})
    pack = write_tiny_pack(tmp_path, counts={"bar": 4, "disc": 4})
    with pytest.raises(BadSettingsError, match="choose a batch_size that is a multiple of 4"):
        train(Cyclegan, settings, pack, tmp_path / "out", 1, compute=Compute(micro_batch=3))
    train(Cyclegan, settings, pack, tmp_path / "out", 1, compute=Compute(micro_batch=2))
    empty = write_tiny_pack(tmp_path / "empty", counts={"bar": 4, "disc": 0})
    with pytest.raises(BadDatasetError, match="no image of disc"):
        train(Cyclegan, settings, empty, tmp_path / "none", 1)
