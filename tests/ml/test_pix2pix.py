"""pix2pix: its U-Net, its losses, and where its pairs come from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import binary_cross_entropy_with_logits

from ml.errors import BadSettingsError
from ml.generation import generate_with_views, load_for_generation
from ml.images import to_model
from ml.layers.jitter import jitter
from ml.model import Batch, DataSpec
from ml.models.pix2pix import Pix2pix, Pix2pixSettings, UNet
from ml.pack import Pack, write_pack
from ml.pairs_made import edges, grey
from ml.records import ImageRecord
from ml.sources import Sources
from ml.train import train
from tests.ml.recorded_update import RecordedUpdate
from tests.ml.test_sources import pairs
from tests.ml.tiny_data import SHAPES, render

PAIRS = DataSpec(16, 1, ("street",), (8,), source_channels=3)


def small(**changes: Any) -> Pix2pixSettings:
    return Pix2pixSettings(**{"resolution": 16, "width": 4, "batch_size": 4, **changes})


def batch(data: DataSpec = PAIRS, number: int = 4) -> Batch:
    torch.manual_seed(0)
    image = torch.rand(number, data.channels, 16, 16) * 2 - 1
    source = torch.rand(number, data.source_channels, 16, 16) * 2 - 1 if data.source_channels else None
    return Batch(image, torch.zeros(number, dtype=torch.int64), source)


@pytest.mark.parametrize(("resolution", "depth"), [(16, 4), (17, 4), (30, 4), (31, 4), (64, 6), (100, 6)])
def test_the_u_net_halves_any_size_to_one_pixel_and_comes_back_to_it(resolution: int, depth: int) -> None:
    net = UNet(3, 1, resolution, 4, 0.5).eval()
    assert net(torch.zeros(2, 3, resolution, resolution)).shape == (2, 1, resolution, resolution)
    assert len(net.down) == depth
    inner = torch.zeros(1, 3, resolution, resolution)
    for halve in net.down:
        inner = halve(inner)
    assert inner.shape[2:] == (1, 1)


def test_detail_passes_by_the_narrow_middle(tmp_path: Path) -> None:
    net = UNet(1, 1, 16, 4, 0.0).eval()
    with torch.no_grad():
        for parameter in net.up[0].parameters():
            parameter.zero_()  # nothing comes back from the innermost map
    torch.manual_seed(1)
    source = torch.rand(1, 1, 16, 16)
    changed = source.clone()
    changed[0, 0, 3, 3] += 1
    assert (net(source) - net(changed)).abs()[0, 0, 2:5, 2:5].max() > 0


def test_dropout_is_noise_in_training_alone() -> None:
    model = Pix2pix(PAIRS, small())
    source = batch().source
    assert source is not None
    assert not torch.equal(model.train().G(source), model.G(source))
    assert torch.equal(model.eval().G(source), model.G(source))


def test_losses_are_those_of_the_paper_by_hand() -> None:
    model = Pix2pix(PAIRS, small(dropout=0, jitter="none", l1_weight=100, adversarial_weight=0.5))
    one, update = batch(), RecordedUpdate()
    scalars = model.training_step(one, update, 1)
    assert one.source is not None
    fake = model.G(one.source)
    real_patches = model.D(torch.cat([one.source, one.image], 1))
    fake_patches = model.D(torch.cat([one.source, fake], 1))
    ones, zeros = torch.ones_like(real_patches), torch.zeros_like(real_patches)
    loss_D = binary_cross_entropy_with_logits(real_patches, ones)
    loss_D = loss_D + binary_cross_entropy_with_logits(fake_patches, zeros)
    loss_G = binary_cross_entropy_with_logits(fake_patches, ones)
    loss_L1 = (fake - one.image).abs().mean()
    assert torch.allclose(update.only("D"), loss_D / 2, atol=1e-6), "D learns at half the rate"
    assert torch.allclose(update.only("G"), 0.5 * loss_G + 100 * loss_L1, atol=1e-4)
    for name, loss in (("D", loss_D), ("G", loss_G), ("L1", loss_L1)):
        assert torch.allclose(scalars[f"loss/{name}"], loss, atol=1e-6)


def test_D_sees_source_and_image_together_and_scores_patches() -> None:
    model = Pix2pix(DataSpec(64, 1, ("street",), (8,), source_channels=3), small(resolution=64)).eval()
    image, sources = torch.zeros(2, 1, 64, 64), torch.rand(2, 3, 64, 64)
    assert model.D(torch.cat([sources, image], 1)).shape == (2, 1, 6, 6)
    label = torch.zeros(2, dtype=torch.int64)
    first, second = model.realism_beside(image, label, Batch(sources, label))
    assert first != second, "the same image beside other sources"
    with pytest.raises(RuntimeError, match="realism_beside"):
        model.realism(image, label)


def test_grey_is_brightness_and_edges_are_where_it_changes() -> None:
    assert grey(torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1)).item() == pytest.approx(2 * 0.299 - 1)
    image = torch.full((1, 3, 6, 6), -1.0)
    image[..., 3:] = 1.0
    lines = edges(image, full=1.0)
    assert torch.allclose(lines[0, 0, 2], torch.tensor([-1.0, -1.0, 1.0, 1.0, -1.0, -1.0])), "black to white is 1"
    image[..., 3:] = -0.5  # a quarter of that
    assert torch.allclose(edges(image, full=0.5)[0, 0, 2, 2:4], torch.zeros(2)), "half a line"
    assert torch.allclose(edges(image, full=0.25)[0, 0, 2, 2:4], torch.ones(2))


def test_jitter_moves_each_image_by_itself_and_both_halves_alike() -> None:
    torch.manual_seed(0)
    places = torch.arange(256.0).view(1, 1, 16, 16).expand(64, 2, 16, 16)
    moved = jitter(places, 2, mirror=False)
    assert torch.equal(moved[:, 0], moved[:, 1])
    middles = {int(one[0, 8, 8]) for one in moved}
    assert len(middles) > 15
    assert all(abs(middle // 16 - 8) <= 2 and abs(middle % 16 - 8) <= 2 for middle in middles)
    mirrored = jitter(places, 0, mirror=True)
    turned = [torch.equal(one, places[0].flip(2)) for one in mirrored]
    assert 15 < sum(turned) < 49
    assert all(torch.equal(one, places[0]) for one, is_turned in zip(mirrored, turned, strict=True) if not is_turned)
    assert torch.equal(jitter(places, 0, mirror=False), places)


def test_a_source_is_the_given_half_and_its_target_the_other(tmp_path: Path) -> None:
    records = pairs(tmp_path / "data")
    pack = write_pack(records, ["pairs"], tmp_path / "pack", 16)
    for made, expected in (("given", pack.source), ("edges_to_photo", pack.images)):
        source = Sources.of(Pix2pix, small(pairs=made), pack).batch([0, 0], [4, 1], (-1.0, 1.0))
        assert expected is not None
        assert torch.equal(source.image, to_model(torch.from_numpy(expected[[4, 1]]), (-1.0, 1.0)))
        assert (source.target is None) == (made != "given")
    assert Pix2pix.makes_other_half(small(direction="B_to_A"))
    assert not Pix2pix.makes_other_half(small(direction="B_to_A", pairs="edges_to_photo"))
    assert not Pix2pix.makes_other_half(small())


def test_an_image_is_made_from_one_of_its_own_class(tmp_path: Path) -> None:
    assert Pix2pix.starts_from(small(), 1, 1, 3)
    assert not Pix2pix.starts_from(small(), 0, 1, 3)


def test_what_cannot_be_learnt_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadSettingsError, match="every training image is grey"):
        Pix2pix(DataSpec(16, 1, ("a",), (4,)), small(pairs="grey_to_colour"))
    with pytest.raises(BadSettingsError, match="the dataset has none"):
        Pix2pix(DataSpec(16, 1, ("a",), (4,)), small())
    with pytest.raises(ValueError, match="Nothing is left for G"):
        small(l1_weight=0, adversarial_weight=0)


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("pairs")
    records = []
    for number in range(12):
        shape = render(SHAPES[number % 3], number, size=16)
        photo = Image.fromarray(200 - np.asarray(shape) // 2)
        for name, half in (("A", shape), ("B", photo)):
            half.save(folder / f"{number}{name}.png")
        records.append(ImageRecord(number, folder / f"{number}B.png", "pairs", "train", folder / f"{number}A.png"))
    return write_pack(records, ["pairs"], folder / "pack", 16)


def test_it_learns_the_other_half_better_than_the_mean_image_does(paired: Pack, tmp_path: Path) -> None:
    settings = small(num_steps=80, num_checkpoints=1, num_previews=1, width=8, ema_half_life=20, learning_rate_G=2e-3)
    result = train(Pix2pix, settings, paired, tmp_path, seed=1)
    model = load_for_generation(result.checkpoint, pack=paired)
    views = generate_with_views(model, np.zeros(6, np.int64), np.arange(6))
    target = views["target"].astype(float)
    mean = paired.images[paired.rows("train")].mean(axis=0)
    assert np.abs(views["result"] - target).mean() < 0.6 * np.abs(mean - target).mean()
    assert views["source"].shape == views["target"].shape == (6, 16, 16, 3)
