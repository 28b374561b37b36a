"""Runs that start from a checkpoint of another one: more samples, more training, other data."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml import pipeline
from ml.checkpoint import carry, file_hash, read_checkpoint
from ml.errors import BadSettingsError, CheckpointError
from ml.model import Model
from ml.models.dcgan import Dcgan
from ml.models.progressive_gan import ProgressiveGan
from ml.pack import Pack
from ml.plans import RunPlan
from ml.plugin import read_settings, shelf
from ml.pool import open_pool
from ml.shaping import shapes_of, shaping_settings
from ml.start import check_start
from ml.start_plan import Start, Way
from ml.told import StopRequested
from ml.train import TrainResult, train
from tests.ml.shelf_data import pack_for, spec_for
from tests.ml.tiny_data import SHAPES, write_tiny_pack
from tests.ml.tiny_run import SETTINGS, Heard, write_plan

MODELS = shelf("models", Model)
N, M = 4, 7
every_model = pytest.mark.parametrize("name", MODELS)


def tiny(name: str, **changed: Any) -> Any:
    small = {"resolution": 16, "batch_size": 6, "num_steps": N, "num_checkpoints": 1, "num_previews": 1, "width": 8}
    return read_settings(MODELS[name], {**small, **changed})


def start_at(file: Path, way: Way, **prepared: Any) -> Start:
    return {"way": way, "file": str(file), "sha256": file_hash(file), "prepared": prepared}  # type: ignore[typeddict-item]


def differing(first: Path, second: Path) -> list[str]:
    """Names of tensors that are not equal to the bit."""
    one, other = read_checkpoint(first).tensors, read_checkpoint(second).tensors
    assert one.keys() == other.keys()
    return [name for name, tensor in one.items() if not torch.equal(tensor, other[name])]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return write_tiny_pack(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def short(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A dcgan of N steps."""
    return train(Dcgan, tiny("dcgan"), pack, tmp_path_factory.mktemp("short"), 3)


# --- continue ---------------------------------------------------------------------------------------------------
@every_model
def test_a_training_continued_to_more_steps_equals_one_of_so_many_from_the_start_or_says_what_differs(
    name: str, tmp_path: Path
) -> None:
    pack = pack_for(MODELS[name], tiny(name), tmp_path)
    before = train(MODELS[name], tiny(name), pack, tmp_path / "short", 3)
    whole = train(MODELS[name], tiny(name, num_steps=M), pack, tmp_path / "whole", 3)
    heard = Heard()
    told = pipeline.Told(heard, lambda: False)
    start = start_at(before.last, "continue")
    longer = train(MODELS[name], tiny(name, num_steps=M), pack, tmp_path / "longer", 3, callbacks=told, start=start)
    assert longer.step == M
    assert [event["step"] for event in heard.of("checkpoint")] == [N, M]
    warned = [event["message"] for event in heard.of("warning")]
    assert warned == ([MODELS[name].continuing] if MODELS[name].continuing else [])
    assert bool(differing(whole.last, longer.last)) == bool(warned)


def test_what_grows_by_a_plan_keeps_it_and_stays_grown(pack: Pack, tmp_path: Path) -> None:
    before = train(ProgressiveGan, tiny("progressive_gan"), pack, tmp_path / "short", 3)
    for way, num_steps in (("continue", M), ("reuse", 2)):
        heard = Heard()
        told, settings = pipeline.Told(heard, lambda: False), tiny("progressive_gan", num_steps=num_steps)
        train(ProgressiveGan, settings, pack, tmp_path / way, 3, callbacks=told, start=start_at(before.last, way))  # type: ignore[arg-type]
        shown = [event["values"]["growth/resolution"] for event in heard.of("scalars")]
        assert shown
        assert set(shown) == {16.0}


def test_a_changed_learning_rate_takes_effect_at_once(pack: Pack, short: TrainResult, tmp_path: Path) -> None:
    start = start_at(short.last, "continue")
    still = tiny("dcgan", num_steps=M, learning_rate_G=1e-12, ema_half_life=1)
    after = train(Dcgan, still, pack, tmp_path / "still", 3, start=start)
    moved = differing(short.last, after.last)
    assert any(name.startswith("model/D.") for name in moved)
    trained = [
        name for name in moved if name.startswith("model/G.") and "running" not in name and "batches" not in name
    ]
    one, other = read_checkpoint(short.last).tensors, read_checkpoint(after.last).tensors
    assert all(torch.allclose(one[name], other[name], atol=1e-9) for name in trained)
    assert read_checkpoint(after.last).facts["optimizers"]["G"]["groups"][0]["lr"] == 1e-12


def test_a_continued_training_that_is_stopped_or_lost_its_start_resumes_from_its_own(
    pack: Pack, short: TrainResult, tmp_path: Path
) -> None:
    mine = carry(short.last, tmp_path / "start").file
    start, settings = start_at(mine, "continue"), tiny("dcgan", num_steps=M)
    whole = train(Dcgan, settings, pack, tmp_path / "whole", 3, start=start)
    asked = iter([False, True])
    told = pipeline.Told(Heard(), lambda: next(asked))
    stopped = train(Dcgan, settings, pack, tmp_path / "f1", 3, callbacks=told, start=start)
    assert (stopped.stopped, stopped.step) == (True, N + 1)
    mine.unlink()
    resumed = train(Dcgan, settings, pack, tmp_path / "f2", 3, resume_from=stopped.last, start=start)
    assert differing(whole.last, resumed.last) == []


# --- reuse ------------------------------------------------------------------------------------------------------
def test_reused_weights_begin_a_training_on_other_data_at_step_0_with_fresh_optimizers(
    short: TrainResult, tmp_path: Path
) -> None:
    other = write_tiny_pack(tmp_path, counts=dict.fromkeys(SHAPES, 13))
    settings = tiny("dcgan", num_checkpoints=2, learning_rate_D=1e-3)
    reused = train(Dcgan, settings, other, tmp_path / "reused", 5, num_kept=9, start=start_at(short.last, "reuse"))
    first = read_checkpoint(tmp_path / "reused" / "checkpoints" / "step-00000000.safetensors")
    before = read_checkpoint(short.last).tensors
    assert not any(name.startswith("optimizer/") for name in first.tensors)
    assert all(torch.equal(tensor, before[name]) for name, tensor in first.tensors.items())
    assert (reused.step, reused.num_steps) == (N, N)


@pytest.mark.parametrize("colour", [True, False])
def test_reused_weights_that_do_not_fit_the_images_are_refused(
    colour: bool, short: TrainResult, tmp_path: Path
) -> None:
    other = write_tiny_pack(tmp_path, 16 if colour else 17, colour=colour)
    settings = tiny("dcgan", resolution=other.resolution)
    says = "3 colour channels, the checkpoint expects 1" if colour else "17 pixels, the checkpoint expects 16"
    with pytest.raises(CheckpointError, match=says):
        train(Dcgan, settings, other, tmp_path / "out", 5, start=start_at(short.last, "reuse"))


def test_training_does_not_continue_on_other_images(short: TrainResult, tmp_path: Path) -> None:
    other = write_tiny_pack(tmp_path, counts=dict.fromkeys(SHAPES, 11))
    with pytest.raises(CheckpointError, match="trained on other images"):
        train(Dcgan, tiny("dcgan", num_steps=M), other, tmp_path / "out", 3, start=start_at(short.last, "continue"))


# --- what is refused before anything is prepared ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("way", "changed", "classes", "seed", "says"),
    [
        ("continue", {"num_steps": N}, SHAPES, 3, "4 steps in all, and the checkpoint has learnt 4"),
        ("continue", {"num_steps": M, "width": 16}, SHAPES, 3, r"width 16 \(it has 8\)"),
        ("reuse", {"class_head_weight": 0.0}, SHAPES, 3, r"class_head_weight 0.0 \(it has 1.0\)"),
        ("reuse", {}, SHAPES[::-1], 3, "bar, disc, frame, the dataset has frame, disc, bar"),
        ("reuse", {}, SHAPES[:2], 3, "the dataset has bar, disc"),
        ("generate", {"learning_rate_G": 0.1}, SHAPES, 4, "learning_rate_G differ"),
        ("generate", {}, SHAPES, 3, "seed 3 is the one"),
    ],
)
def test_what_a_checkpoint_cannot_be_started_from_for_is_refused(
    way: Way, changed: dict[str, Any], classes: tuple[str, ...], seed: int, says: str, short: TrainResult
) -> None:
    with pytest.raises((CheckpointError, BadSettingsError), match=says):
        check_start(start_at(short.last, way), Dcgan, tiny("dcgan", **changed), classes, seed)


def test_another_model_is_refused(short: TrainResult) -> None:
    with pytest.raises(CheckpointError, match="one of dcgan, the recipe names gan"):
        check_start(start_at(short.last, "reuse"), MODELS["gan"], tiny("gan"), SHAPES, 3)


@every_model
def test_the_shelf_knows_which_settings_shape_a_model(name: str) -> None:
    shaping = shaping_settings(MODELS[name])
    assert (shaping["resolution"], shaping["width"], shaping["ema_half_life"]) == ("value", "value", "zero")
    data = spec_for(MODELS[name], tiny(name))
    own = shapes_of(MODELS[name], data, tiny(name))
    for setting, shown in (("width", "value"), ("ema_half_life", "zero")):
        twice = {setting: 2 * getattr(tiny(name), setting)}
        assert (shapes_of(MODELS[name], data, tiny(name, **twice)) == own) == (shown == "zero")
    assert not {"learning_rate", "learning_rate_G", "beta1", "num_steps", "augmentation"} & shaping.keys()


# --- the whole pipeline -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunPlan, dict[Any, Any]]:
    plan = write_plan(tmp_path_factory.mktemp("parent"))
    return plan, pipeline.run(plan, Heard())


def test_more_samples_come_from_the_same_checkpoint_without_training_and_none_is_made_again(
    parent: tuple[RunPlan, dict[Any, Any]], tmp_path: Path
) -> None:
    plan, done = parent
    budget = {"kind": "counts", "counts": {"disc": 9, "bar": 3}}
    further: RunPlan = {
        **plan,
        "recipe": {**plan["recipe"], "seed": 4, "budget": budget, "sampler": "random"},
        "out": str(tmp_path / "more"),
        "start": start_at(Path(done["train"]["checkpoint"]), "generate", **done["prepare"]),
    }
    heard = Heard()
    more = pipeline.run(further, heard)
    assert more["train"]["sha256"] == done["train"]["sha256"]
    assert Path(more["train"]["checkpoint"]).is_relative_to(tmp_path)
    assert [event["is_best"] for event in heard.of("checkpoint")] == [True]
    assert heard.of("scalars") == heard.of("preview") == []
    old, new = open_pool(Path(done["generate"]["pool"])), open_pool(Path(more["generate"]["pool"]))
    assert np.bincount(new.label, minlength=3).tolist() == [5, 14, 0]
    assert not set(old.seed.tolist()) & set(new.seed.tolist())
    for folder in ("data", "encoder"):
        for file in (Path(done["prepare"]["data"]).parent / folder).iterdir():
            assert (tmp_path / "more" / folder / file.name).samefile(file)


def test_what_the_earlier_run_prepared_is_made_again_where_it_is_gone_and_is_the_same(
    parent: tuple[RunPlan, dict[Any, Any]], tmp_path: Path
) -> None:
    plan, done = parent
    gone = {"data": str(tmp_path / "nowhere"), "encoder": str(tmp_path / "nowhere")}
    further: RunPlan = {
        **plan,
        "recipe": {**plan["recipe"], "model_settings": {**SETTINGS, "num_steps": 14}},
        "out": str(tmp_path / "longer"),
        "start": start_at(Path(done["train"]["checkpoint"]), "continue", **gone),
    }
    longer = pipeline.run(further, Heard(), last="train")
    for name in ("data/images.npy", "data/pack.json"):
        assert (tmp_path / "longer" / name).read_bytes() == (Path(done["prepare"]["data"]).parent / name).read_bytes()
    assert Path(longer["train"]["checkpoint"]).is_relative_to(tmp_path)


def test_a_start_that_was_altered_makes_nothing(parent: tuple[RunPlan, dict[Any, Any]], tmp_path: Path) -> None:
    plan, done = parent
    file = Path(shutil.copy(done["train"]["checkpoint"], tmp_path))
    start = start_at(file, "generate", **done["prepare"])
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    recipe = {**plan["recipe"], "seed": 4}
    with pytest.raises(CheckpointError, match="not the checkpoint that was saved"):
        pipeline.run({**plan, "recipe": recipe, "out": str(tmp_path), "start": start}, Heard())  # type: ignore[typeddict-item]


def test_a_stop_before_anything_was_taken_over_leaves_the_run_to_start_again(
    parent: tuple[RunPlan, dict[Any, Any]], tmp_path: Path
) -> None:
    plan, done = parent
    start = start_at(Path(done["train"]["checkpoint"]), "generate", **done["prepare"])
    recipe = {**plan["recipe"], "seed": 4}
    with pytest.raises(StopRequested):
        pipeline.run({**plan, "recipe": recipe, "out": str(tmp_path), "start": start}, Heard(), lambda: True)  # type: ignore[typeddict-item]
