"""benchmarks/translation_speed.py: the plain loops do the work that ml/models do, and figures are what they say."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks.plain_translation import STEPS, as_public
from benchmarks.translation_speed import SHAPES, Clock, setting, table
from benchmarks.translation_speed_data import KINDS, packed, write_records
from ml.draw import Draw
from ml.feed import Feed
from ml.model import Batch, Model
from ml.update import Updates

NUM_STEPS = 5
"""With 5 steps of D for each of G, the last trains G, too; of 5 steps of IcGAN, two train the encoders."""
SMALL = {"width": 8, "jitter": "none", "batch_size": 8}
ALL_COUNT = {"warmup_steps": 2, "latent_warmup_steps": 1, "latent_weight": 1.0, "adversarial_weight": 1.0}
"""So that no loss is too small to be missed."""


@contextmanager
def counted_steps(model: Model) -> Iterator[Counter[str]]:
    """Steps of each weight."""
    names = {id(weight): name for name, weight in model.named_parameters()}
    steps: Counter[str] = Counter()

    def count(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        steps.update(names[id(weight)] for group in optimizer.param_groups for weight in group["params"])

    hook = register_optimizer_step_post_hook(count)
    try:
        yield steps
    finally:
        hook.remove()


def in_plain_order(batch: Batch) -> Batch:
    """Dropout draws in memory order."""
    source = None if batch.source is None else batch.source.contiguous()
    return replace(batch, image=batch.image.contiguous(), source=source)


def as_loaded(model: Model, kind: str, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch as a loader would give it."""
    image = batch.image
    if kind == "domains":
        first, second = image.chunk(2)
    elif kind == "pairs":
        assert batch.source is not None
        first, second = batch.source, image
    elif kind == "small":
        first, second = model.reduced(image), image  # type: ignore[operator]
    else:
        assert batch.attributes is not None
        first, second = image, batch.attributes
    return first.contiguous(), second.contiguous()


def apart(own: Model, other: Model) -> float:
    """How far apart their weights are, summed."""
    pairs = zip(own.parameters(), other.parameters(), strict=True)
    return sum(float((one - two).detach().abs().sum()) for one, two in pairs)


@pytest.mark.parametrize("name", SHAPES)
def test_both_loops_take_the_same_steps_to_the_same_losses_and_weights(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    kind, model_class = KINDS[name], setting(name, 32, NUM_STEPS)[0]
    others = {key: value for key, value in (SMALL | ALL_COUNT).items() if key in model_class.Settings.model_fields}
    settings = setting(name, 32, NUM_STEPS, **others)[1]
    pack = packed(kind, write_records(kind, tmp_path / "png", 32), tmp_path / "pack", 32)
    rows = pack.rows("train")
    draw = Draw(pack.label[rows], settings.batch_size, 0, model_class.draw)
    feed = Feed(pack, rows, draw, (-1.0, 1.0), torch.device("cpu"))
    own, other, before = (model_class(pack.spec(), settings).train() for _ in range(3))
    update = Updates(own, own.optimizers())
    with as_public(other):
        step = STEPS[name](other)
        for number in range(1, NUM_STEPS + 1):
            other.load_state_dict(own.state_dict())  # what Adam makes of rounding would add up
            before.load_state_dict(own.state_dict())
            batch = in_plain_order(feed.batch(number))
            torch.manual_seed(number)
            with counted_steps(own) as own_steps:
                scalars = own.training_step(batch, update, number)
            torch.manual_seed(number)
            with counted_steps(other) as other_steps:
                losses = step(*as_loaded(other, kind, batch), number)
            assert own_steps
            assert other_steps == own_steps
            told = {path: float(value) for path, value in scalars.items() if not path.startswith("score/")}
            assert losses == pytest.approx(told, rel=1e-3, abs=1e-5)
            assert apart(own, other) < 0.01 * apart(own, before)


def test_the_rarer_kind_of_step_weighs_by_how_often_it_comes() -> None:
    _, settings = setting("stargan", 32, 21)
    clock = Clock()
    clock.ticks = [0.0]
    for step in range(1, 21):
        clock.ticks.append(clock.ticks[-1] + (3.0 if step % settings.num_critic_steps == 0 else 1.0))  # type: ignore[attr-defined]
    clock.ticks[1:] = [tick + 100.0 for tick in clock.ticks[1:]]  # a slow first step
    assert clock.images_per_s(settings) == pytest.approx(settings.batch_size * 20 / (16 * 1.0 + 4 * 3.0))


def test_a_row_says_medians_and_the_ratio_round_by_round() -> None:
    row = {"resolution": 64, "batch_size": 16, "machine": "M", "ours": [10.0, 12.0, 30.0], "plain": [10.0, 8.0, 15.0]}
    told = table({"cyclegan": row})
    assert "| cyclegan | 64 | 16 | 12.0 | 10.0 | 1.50x (1.00 to 2.00) |" in told
    assert "medians of 3 rounds" in told
