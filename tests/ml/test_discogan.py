"""DiscoGAN: its losses, its networks, and that a change of shape can be learnt."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ml.generation import RESULT, generate_with_views, load_for_generation
from ml.model import Batch, DataSpec
from ml.models.discogan import Discogan, Discriminator, Translator, feature_matching
from ml.pack import write_pack
from ml.plugin import read_settings
from ml.records import ImageRecord
from ml.train import train
from ml.update import Updates

DATA = DataSpec(16, 1, ("bar", "disc"), (9, 9))
IMAGE = torch.linspace(-1, 1, 8 * 256).view(8, 1, 16, 16)


def build(**values: Any) -> Discogan:
    torch.manual_seed(0)
    return Discogan(DATA, read_settings(Discogan, {"resolution": 16, "width": 4, "num_steps": 100, **values}))


class Noted(Updates):
    """Keeps the losses, and steps."""

    def __init__(self, model: Discogan) -> None:
        super().__init__(model, model.optimizers())
        self.losses: dict[str, float] = {}

    def _minimise(self, name: str, loss: Tensor) -> None:
        self.losses[name] = loss.item()
        super()._minimise(name, loss)


def test_features_match_by_their_means_over_images() -> None:
    real = [torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(2, 2, 1, 1), torch.tensor([5.0, 5.0]).view(2, 1, 1, 1)]
    fake = [torch.tensor([[0.0, 3.0], [0.0, 5.0]]).view(2, 2, 1, 1), torch.tensor([2.0, 0.0]).view(2, 1, 1, 1)]
    # means (2, 3) and (0, 4): (4 + 1) / 2; means 5 and 1: 16
    assert feature_matching(real, fake).item() == pytest.approx(2.5 + 16)


@pytest.mark.parametrize(("step", "share"), [(10, 0.01), (11, 0.4)])
@pytest.mark.parametrize("feature_weight", [0.9, 0.0])
def test_G_s_loss_is_the_authors_sum_whose_weights_change_after_the_beginning(
    step: int, share: float, feature_weight: float
) -> None:
    model = build(reconstruction_share=0.4, feature_weight=feature_weight)
    update = Noted(model)
    told = model.training_step(Batch(IMAGE, torch.arange(8) // 4), update, step)
    game = (1 - feature_weight) * told["loss/G"].item()
    if feature_weight:
        game += feature_weight * told["loss/features"].item()
    # each of both ways is told as the mean of the two
    assert update.losses["G"] == pytest.approx(2 * ((1 - share) * game + share * told["loss/reconstruction"].item()))
    assert update.losses["D"] == pytest.approx(2 * told["loss/D"].item())


def test_reconstruction_is_the_mean_squared_error_of_the_way_back_of_both_domains() -> None:
    model, again = build(), build()
    told = model.training_step(Batch(IMAGE, torch.arange(8) // 4), Updates(model, model.optimizers()), 1)
    again.train()
    real_A, real_B = IMAGE.chunk(2)
    back_A, back_B = again.G_BA(again.G_AB(real_A)), again.G_AB(again.G_BA(real_B))
    expected = ((back_A - real_A) ** 2).mean() / 2 + ((back_B - real_B) ** 2).mean() / 2
    assert told["loss/reconstruction"].item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(("still", "networks"), [("D", {"G_AB", "G_BA"}), ("G", {"D_A", "D_B"})])
def test_each_player_moves_its_own_networks_alone(still: str, networks: set[str]) -> None:
    model = build()
    rates = {f"learning_rate_{still}": 1e-30}
    model.settings = model.settings.model_copy(update=rates)
    before = {path: value.clone() for path, value in model.named_parameters()}
    model.training_step(Batch(IMAGE, torch.arange(8) // 4), Updates(model, model.optimizers()), 50)
    gaps = {path: (value - before[path]).abs().max().item() for path, value in model.named_parameters()}
    assert {path.split(".")[0] for path, gap in gaps.items() if gap > 1e-9} == networks


@pytest.mark.parametrize(("resolution", "smallest"), [(16, 4), (17, 4), (30, 7), (64, 4)])
def test_an_image_passes_through_the_smallest_map_and_comes_out_at_its_size(resolution: int, smallest: int) -> None:
    data = DataSpec(resolution, 3, ("a", "b"), (1, 1))
    image = torch.rand(2, 3, resolution, resolution)
    seen: list[int] = []
    G = Translator(data, 4)
    for layer in G.body:
        layer.register_forward_hook(lambda layer, given, maps: seen.append(maps.shape[-1]))
    assert G(image).shape == image.shape
    assert min(seen) == smallest
    logits, features = Discriminator(data, 4).look(image)
    assert logits.shape == (2,)
    assert features[-1].shape[-1] == smallest
    assert len(features) == (3 if resolution == 64 else 1)


def test_it_changes_the_shape_and_keeps_what_both_domains_have(tmp_path: Path) -> None:
    """A: bars that lie; B: bars that stand; grey of any brightness."""
    rng = np.random.default_rng(0)
    records = []
    for number in range(120):
        image = np.zeros((16, 16), np.uint8)
        image[6:10, 2:14] = rng.choice((90, 250))
        file = tmp_path / f"{number}.png"
        Image.fromarray(image if number % 2 == 0 else image.T).save(file)
        records.append(ImageRecord(number, file, "AB"[number % 2], "train"))
    pack = write_pack(records, ["A", "B"], tmp_path / "pack", 16)
    small = {"resolution": 16, "width": 8, "num_steps": 200, "num_checkpoints": 1, "num_previews": 1}
    rates = {"learning_rate_G": 1e-3, "learning_rate_D": 1e-3, "ema_half_life": 200}
    done = train(Discogan, read_settings(Discogan, {**small, **rates}), pack, tmp_path / "out", 1)
    shown = generate_with_views(load_for_generation(done.checkpoint, pack=pack), np.arange(40) % 2, np.arange(40))
    for target in (0, 1):
        made, source, back = (
            shown[name][target::2, ..., 0].astype(float) for name in (RESULT, "source", "reconstruction")
        )
        other_way = source.transpose(0, 2, 1) > 0
        outside = ~other_way
        assert made[other_way].mean() > 4 * made[outside].mean()
        assert np.abs(back - source).mean() < 0.5 * source.mean()
