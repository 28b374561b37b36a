"""SimGAN: the signs of its losses, what of an image is kept, and a refiner that finds the real images' look."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ml.budget import resolve
from ml.errors import BadBudgetError
from ml.generation import generate_images, generate_with_views, load_for_generation
from ml.model import Batch, DataSpec
from ml.models.simgan import REAL, SYNTHETIC, Simgan, SimganSettings, features_of, loss_of_D, loss_of_R
from ml.pack import Pack, write_pack
from ml.pipeline import Run, run
from ml.pool import open_pool
from ml.records import ImageRecord, read_records
from ml.seeds import preview_columns
from ml.train import train
from tests.ml.recorded_update import RecordedUpdate
from tests.ml.tiny_data import SHAPES, render
from tests.ml.tiny_run import SETTINGS, Heard, write_plan

DATA = DataSpec(16, 1, ("drawn", "photo"), (8, 8))


def small(**changes: Any) -> SimganSettings:
    return SimganSettings(**{"resolution": 16, "width": 4, "num_blocks": 1, "batch_size": 8, **changes})


def batch() -> Batch:
    torch.manual_seed(1)
    return Batch(torch.rand(8, 1, 16, 16) * 2 - 1, torch.arange(8) // 4)


def test_losses_have_the_signs_that_make_D_the_chance_of_being_refined() -> None:
    chance_refined, chance_real = 0.9, 0.2
    logit = lambda chance: torch.tensor([math.log(chance / (1 - chance))])  # noqa: E731
    expected_D = -math.log(chance_refined) - math.log(1 - chance_real)
    assert loss_of_D(logit(chance_refined), logit(chance_real)).item() == pytest.approx(expected_D, abs=1e-6)
    assert loss_of_R(logit(chance_refined)).item() == pytest.approx(-math.log(1 - chance_refined), abs=1e-6)
    assert loss_of_R(logit(0.1)) < loss_of_R(logit(0.9)), "R wants to be taken for real"
    assert loss_of_D(logit(0.9), logit(0.1)) < loss_of_D(logit(0.1), logit(0.9))


@pytest.mark.parametrize(("step", "warm"), [(1, 0.0), (3, 1.0)])
def test_the_first_steps_of_R_keep_images_and_later_ones_make_them_real_too(step: int, warm: float) -> None:
    model, one, update = Simgan(DATA, small(warmup_steps=2, self_weight=7.0)), batch(), RecordedUpdate()
    scalars = model.training_step(one, update, step)
    synthetic, real = one.image[:4], one.image[4:]
    refined = model.R(synthetic)
    kept = (refined - synthetic).abs().mean()
    assert len(update.losses["R"]) == 2, "twice for each step of D"
    for loss in update.losses["R"]:
        assert torch.allclose(loss, warm * loss_of_R(model.D(refined)) + 7.0 * kept, atol=1e-5)
    assert torch.allclose(update.only("D"), loss_of_D(model.D(refined), model.D(real)), atol=1e-5)
    assert torch.allclose(scalars["score/real"], -model.D(real).mean(), atol=1e-5), "higher is more real"


def test_D_is_reminded_of_what_R_used_to_make() -> None:
    model, one = Simgan(DATA, small(history_size=4)), batch()
    model.training_step(one, RecordedUpdate(), 1)
    before = model.R(one.image[:4]).detach()
    with torch.no_grad():
        for parameter in model.R.parameters():
            parameter.zero_()
    seen: list[torch.Tensor] = []
    model.D.register_forward_pre_hook(lambda module, given: seen.append(given[0].detach()))
    model.training_step(one, RecordedUpdate(), 2)
    shown = seen[-2]
    older = [any(torch.allclose(image, old) for old in before) for image in shown]
    newer = [not image.any() for image in shown]
    assert all(old != new for old, new in zip(older, newer, strict=True))
    assert any(older)


def test_what_must_stay_is_the_setting_s() -> None:
    torch.manual_seed(0)
    image = torch.rand(2, 3, 5, 5)
    turned = image.flip(1)
    assert torch.allclose(features_of(image, "colour_mean"), features_of(turned, "colour_mean"))
    assert not torch.allclose(features_of(image, "identity"), features_of(turned, "identity"))
    assert torch.allclose(features_of(image, "gradient"), features_of(image + 0.5, "gradient"), atol=1e-6)
    assert features_of(image, "gradient").shape == (2, 2 * 3 * 4 * 5)


def test_R_moves_nothing() -> None:
    model = Simgan(DATA, small())
    assert not [layer for layer in model.R.modules() if isinstance(layer, nn.Conv2d) and layer.stride != (1, 1)]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Drawn shapes on black, and other ones on grey."""
    folder = tmp_path_factory.mktemp("domains")
    records = []
    for number in range(32):
        shape = np.asarray(render(SHAPES[number % 3], number, size=16))
        real = number % 2
        picture = Image.fromarray((90 + shape // 2).astype(np.uint8) if real else shape)
        picture.save(folder / f"{number}.png")
        split = "train" if number < 26 else "val"
        records.append(ImageRecord(number, folder / f"{number}.png", ("drawn", "photo")[real], split))
    return write_pack(records, ["drawn", "photo"], folder / "pack", 16)


def test_refined_images_take_the_look_of_real_ones_and_keep_their_shape(pack: Pack, tmp_path: Path) -> None:
    settings = small(num_steps=250, width=8, warmup_steps=20, num_checkpoints=1, num_previews=1, ema_half_life=50)
    settings = settings.model_copy(update={"self_features": "gradient", "self_weight": 2.0, "learning_rate_R": 2e-3})
    result = train(Simgan, settings, pack, tmp_path, seed=1)
    model = load_for_generation(result.checkpoint, pack=pack)
    views = generate_with_views(model, np.full(12, REAL), np.arange(12))
    background = {name: np.percentile(images, 20) for name, images in views.items()}
    assert background["source"] == 0
    assert abs(background["result"] - 90) < 45
    alike = [np.corrcoef(views["result"][n].ravel(), views["source"][n].ravel())[0, 1] for n in range(12)]
    assert np.mean(alike) > 0.7
    with pytest.raises(BadBudgetError, match="No training image can become 'drawn'"):
        generate_images(model, [SYNTHETIC], [1])


def test_it_is_asked_for_images_of_the_real_class_alone(tmp_path: Path) -> None:
    assert preview_columns(("drawn", "photo"), 1, (REAL,))[0].tolist() == [REAL] * 12
    plan = write_plan(
        tmp_path,
        model="simgan",
        model_settings={**SETTINGS, "domain_synthetic": "frame", "domain_real": "bar"},
        sampler="random",
        budget={"kind": "per_class", "count": 5},
    )
    work = Run(plan, Heard(), lambda: False)
    assert resolve(plan["recipe"]["budget"], work.train_counts) == {"frame": 5, "bar": 5}
    assert work.budget() == {"frame": 0, "bar": 5}
    heard = Heard()
    done = run(plan, heard)
    pool = open_pool(Path(done["generate"]["pool"]))
    assert pool.source is not None
    rendered = [row.index for row in read_records(Path(plan["dataset"]["images"])) if row.label == "frame"]
    assert set(pool.source) <= set(rendered), "by which the labels of rendered images are found again"
    assert [pool.facts.classes[label] for label in set(pool.label)] == ["bar"]
    assert {column["class"] for column in heard.of("preview")[0]["columns"]} == {"bar"}
    assert any("metric/kid" in event["values"] for event in heard.of("scalars"))
