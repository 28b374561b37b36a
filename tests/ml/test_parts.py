"""Parts of a batch teach as the whole batch does."""

import math
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from ml.checkpoint import read_checkpoint
from ml.compute import Compute
from ml.layers.minibatch_stddev import MinibatchStddev
from ml.model import Batch, DataSpec, Model, Scalars, Update
from ml.models.dcgan import Dcgan
from ml.pack import Pack
from ml.parts import Parts
from ml.plugin import find, read_settings
from ml.ranks import Ranks
from ml.train import train
from ml.update import Updates
from tests.ml.test_train import Told, assert_same, settings
from tests.ml.tiny_data import write_tiny_pack

DATA = DataSpec(16, 1, ("cat", "dog"), (40, 40))
CPU = torch.device("cpu")
SMALL: dict[str, Any] = {"resolution": 16, "batch_size": 8, "width": 4, "num_steps": 6}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("dcgan", {"discriminator_norm": "none"}),
    ("dcgan", {"loss": "wgan_gp", "num_critic_steps": 3}),
    ("dcgan", {"loss": "began", "began_rate": 0.1}),
    ("dcgan", {"loss": "lsgan", "spectral_norm": True, "discriminator_norm": "none"}),
    ("dcgan", {"augmentation_mode": "adaptive", "ada_images": 100, "r1_weight": 1.0, "r1_interval": 2}),
    ("infogan", {"hidden_width": 16}),
    ("gan", {"width": 8}),
    ("progressive_gan", {"num_steps": 6}),
    ("cyclegan", {"pool_size": 5}),
]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return write_tiny_pack(tmp_path_factory.mktemp("tiny"))


def compute_exactly(patch: pytest.MonkeyPatch) -> None:
    """From now on all arithmetic is in double precision, and noise the same for every image."""
    noise = torch.randn(1, 512, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def same_rows(rows: int, *rest: int, **_: Any) -> Tensor:
        number = math.prod(rest)
        return noise[:, :number].expand(rows, number).reshape(rows, *rest)

    patch.setattr(torch.Tensor, "float", torch.Tensor.double)
    patch.setattr(torch, "randn", same_rows)
    patch.setattr(torch, "rand", lambda *size, **_: torch.full(size, 0.3, dtype=torch.float64))
    patch.setattr(torch, "randint", lambda *bounds, **_: torch.ones(bounds[-1], dtype=torch.int64))


def without_batch_statistics(model: nn.Module) -> None:
    """Every layer then looks at images one by one."""
    for parent in list(model.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                setattr(parent, name, nn.Identity())
            elif isinstance(layer, MinibatchStddev):
                layer.eval()


def learnt(name: str, changed: dict[str, Any], num_parts: int) -> tuple[dict[str, Tensor], list[Scalars]]:
    """State and scalars after six steps of eight images."""
    torch.manual_seed(0)
    model_class = find("models", Model, name)
    model = model_class(DATA, read_settings(model_class, {**SMALL, **changed})).double().train()
    without_batch_statistics(model)
    image = torch.linspace(-0.9, 0.8, 6 * 8 * 256, dtype=torch.float64).view(6, 8, 1, 16, 16).sin()
    label = torch.ones(8, dtype=torch.int64) if name == "gan" else torch.arange(8) % 2
    by_class = model_class.draw == "by_class"
    update: Any = Updates(model, model.optimizers())
    if num_parts > 1:
        update = Parts(model, model.optimizers(), num_parts, Ranks(), CPU)

    def run(step: int, part: int) -> Scalars:
        own = torch.arange(part * 8 // num_parts, (part + 1) * 8 // num_parts)
        if by_class:
            own = own[label[own].argsort(stable=True)]
        return model.training_step(Batch(image[step - 1, own], label[own]), update, step)

    with pytest.MonkeyPatch.context() as patch:
        compute_exactly(patch)
        told = []
        for step in range(1, 7):
            told.append(update.together(partial(run, step)))
    return model.state_dict(), told


@pytest.mark.parametrize(("name", "changed"), VARIANTS, ids=lambda value: str(value).replace("'", ""))
def test_networks_that_look_at_images_one_by_one_learn_the_same_in_any_number_of_parts(
    name: str, changed: dict[str, Any]
) -> None:
    """In double precision to 1e-10, whatever the game: D's steps before G's, slopes of slopes, k and p."""
    whole, told = learnt(name, changed, 1)
    for number in (2, 4):
        parted, told_of_parts = learnt(name, changed, number)
        for path, value in whole.items():
            torch.testing.assert_close(parted[path], value, rtol=1e-10, atol=1e-10, msg=f"{path}, {number} parts")
        for one, other in zip(told, told_of_parts, strict=True):
            assert one.keys() == other.keys()
            for path, value in one.items():
                assert other[path].item() == pytest.approx(value.item(), rel=1e-9, abs=1e-9), path


@pytest.mark.parametrize("name", ["dcgan", "infogan", "progressive_gan"])
def test_a_part_s_batch_statistics_are_its_own_and_the_parts_are_averaged(
    name: str, pack: Pack, tmp_path: Path
) -> None:
    """Whatever happens within a step, running statistics move once, and count one batch."""
    model_class = find("models", Model, name)
    wanted = read_settings(model_class, {**SMALL, "num_steps": 3, "num_checkpoints": 1})
    states = []
    for size in (8, 4, 2):
        done = train(model_class, wanted, pack, tmp_path / str(size), 3, compute=Compute(micro_batch=size))
        states.append(read_checkpoint(done.last).tensors)
    for path, value in states[0].items():
        if path.endswith("num_batches_tracked") or path.endswith("trained_steps"):
            assert [int(state[path]) for state in states] == [int(value)] * 3, path
        elif path.endswith(("running_mean", "usual")):
            assert all(0.3 * value.norm() < state[path].norm() < 3 * value.norm() for state in states), path


@pytest.mark.parametrize("changed", [{}, {"loss": "wgan_gp", "num_critic_steps": 2}, {"precision": "bf16"}], ids=str)
def test_a_run_in_parts_that_is_stopped_and_resumed_ends_as_one_that_was_not(
    changed: dict[str, Any], pack: Pack, tmp_path: Path
) -> None:
    wanted, compute = settings(num_steps=5, **changed), Compute(micro_batch=2)
    whole = train(Dcgan, wanted, pack, tmp_path / "whole", 3, compute=compute)
    first = train(Dcgan, wanted, pack, tmp_path / "f1", 3, callbacks=Told(2), compute=compute)
    heard = Told()
    second = train(Dcgan, wanted, pack, tmp_path / "f2", 3, first.last, heard, compute=compute)
    assert heard.warnings == []
    assert_same(whole.last, second.last)


def test_each_part_draws_noise_of_its_own_at_every_step(pack: Pack, tmp_path: Path) -> None:
    seen: list[Tensor] = []

    class Watched(Dcgan):
        def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
            seen.append(torch.cat([torch.rand(2), batch.image[0, 0, 0, :1]]))
            scalars = super().training_step(batch, update, step)
            seen.append(torch.rand(3))
            return scalars

    train(Watched, settings(num_steps=3), pack, tmp_path, 3, compute=Compute(micro_batch=2))
    drawn = torch.stack(seen)[:, :2]
    assert len(seen) == 3 * 3 * 2
    assert len(torch.unique(drawn, dim=0)) == len(drawn)


def test_parts_hold_as_many_images_of_each_class(pack: Pack, tmp_path: Path) -> None:
    held: list[list[int]] = []

    class Watched(Dcgan):
        def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
            held.append(torch.bincount(batch.label, minlength=len(self.data.classes)).tolist())
            return super().training_step(batch, update, step)

    num_classes = len(pack.classes)
    wanted = settings(num_steps=2, batch_size=4 * num_classes)
    train(Watched, wanted, pack, tmp_path, 3, compute=Compute(micro_batch=2 * num_classes))
    assert held == [[2] * num_classes] * 4


def test_a_checkpoint_goes_on_in_other_parts_and_says_that_it_may_differ(pack: Pack, tmp_path: Path) -> None:
    wanted, told = settings(num_steps=4), Told()
    first = train(Dcgan, wanted, pack, tmp_path / "f1", 3, callbacks=Told(2))
    second = train(Dcgan, wanted, pack, tmp_path / "f2", 3, first.last, told, compute=Compute(micro_batch=3))
    assert (second.step, second.stopped) == (4, False)
    assert [(code, "parts 1 -> 2" in message) for code, message in told.warnings] == [("resume_not_identical", True)]


class Wayward(Dcgan):
    """Each part goes its own way: not what the contract asks for."""

    ways: ClassVar[list[str]] = []

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        way = self.ways.pop(0)
        if way == "end":
            return {}
        if way == "context":
            with torch.no_grad():
                update.whole(batch.label)
        with update(way) as minimise:
            minimise(sum((value.sum() for value in self.get_submodule(way).parameters()), torch.zeros(())))
        return {}


@pytest.mark.parametrize(
    ("ways", "sentence"),
    [(["D", "G"], "different things"), (["D", "end"], "ended their"), (["context", "D"], "context of the model's own")],
)
def test_parts_that_go_different_ways_are_a_defect_and_do_not_train(
    ways: list[str], sentence: str, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wayward, "ways", ways)
    with pytest.raises(RuntimeError, match=sentence):
        train(Wayward, settings(), pack, tmp_path, 3, compute=Compute(micro_batch=3))
