"""The loop, told with a small real model."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ml.checkpoint import file_hash, read_checkpoint, read_facts
from ml.errors import BadSettingsError, CheckpointError, NonFiniteLossError, OutOfMemoryError
from ml.evaluation import Translate
from ml.generation import CHUNK
from ml.judgement import Judgement, ToldJudgement
from ml.model import Batch, Scalars, Update
from ml.models.dcgan import Dcgan, DcganSettings
from ml.pack import Pack
from ml.plugin import read_settings
from ml.train import (
    Callbacks,
    Evaluation,
    Generate,
    TrainResult,
    generate_images,
    load_for_generation,
    step_seed,
    train,
)
from ml.vitals import Overfitting, Realism, Vitals
from tests.ml.tiny_data import SHAPES, write_tiny_pack

ROOT = Path(__file__).parents[2]
NUM_STEPS = 12


def settings(**changed: Any) -> DcganSettings:
    small = {
        "resolution": 16,
        "batch_size": 6,
        "width": 4,
        "num_steps": NUM_STEPS,
        "num_checkpoints": 4,
        "num_previews": 3,
        "precision": "fp32",
    }
    answer = read_settings(Dcgan, {**small, **changed})
    assert isinstance(answer, DcganSettings)
    return answer


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return write_tiny_pack(tmp_path_factory.mktemp("tiny"))


class Told(Callbacks):
    """Keeps everything it is told; stops before step `stop_at` + 1, or asks to finish from `finish_at` on."""

    def __init__(self, stop_at: int | None = None, finish_at: int | None = None) -> None:
        self.stop_at, self.finish_at = stop_at, finish_at
        self.health: list[tuple[int, int | None, list[ToldJudgement]]] = []
        self.step = 0
        self.progress: list[tuple[int, int]] = []
        self.scalars: list[tuple[int, dict[str, float]]] = []
        self.previews: list[tuple[int, Path, int, list[dict[str, Any]]]] = []
        self.checkpoints: list[tuple[int, Path, str, bool]] = []
        self.removed: list[Path] = []
        self.warnings: list[tuple[str, str]] = []
        self.asked = 0

    def on_progress(
        self, step: int, num_steps: int, images_per_s: float | None, eta_s: float | None, device: str
    ) -> None:
        self.progress.append((step, num_steps))
        assert device

    def on_scalars(self, step: int, values: dict[str, float]) -> None:
        self.scalars.append((step, dict(values)))

    def on_preview(self, step: int, file: Path, tile: int, columns: list[dict[str, Any]], num_columns: int) -> None:
        assert num_columns == len(columns)
        self.previews.append((step, file, tile, columns))

    def on_checkpoint(self, step: int, file: Path, sha256: str, size_bytes: int, is_best: bool) -> None:
        assert file.stat().st_size == size_bytes
        self.checkpoints.append((step, file, sha256, is_best))

    def on_checkpoint_removed(self, file: Path) -> None:
        self.removed.append(file)

    def on_warning(self, code: str, message: str) -> None:
        self.warnings.append((code, message))

    def on_health(self, step: int, best_step: int | None, judgements: Sequence[Judgement]) -> None:
        self.health.append((step, best_step, [judgement.told() for judgement in judgements]))

    def should_finish(self) -> bool:
        return self.finish_at is not None and self.asked >= self.finish_at

    def should_stop(self) -> bool:
        self.asked += 1
        return self.stop_at is not None and self.asked > self.stop_at


def assert_same(first: Path, second: Path) -> None:
    one, other = read_checkpoint(first), read_checkpoint(second)
    assert one.tensors.keys() == other.tensors.keys()
    differing = [name for name, tensor in one.tensors.items() if not torch.equal(tensor, other.tensors[name])]
    assert differing == []
    assert one.facts == other.facts


VARIANTS: list[dict[str, Any]] = [
    {},
    {"loss": "wgan_gp", "num_critic_steps": 3},
    {"loss": "hinge", "spectral_norm": True, "discriminator_norm": "none"},
    {"augmentation": "colour,translation,cutout", "ema_half_life": 0},
    {"class_head_weight": 0.0, "class_balanced_draw": False},
    {"precision": "bf16"},
    {"loss": "began", "began_rate": 0.1},
    {"loss": "f_kl", "augmentation_mode": "adaptive", "ada_images": 100, "r1_weight": 1.0, "r1_interval": 2},
]


@pytest.mark.parametrize("changed", VARIANTS, ids=lambda changed: ",".join(map(str, changed.values())) or "defaults")
def test_a_run_stopped_and_resumed_at_any_step_ends_as_one_that_was_not(
    changed: dict[str, Any], pack: Pack, tmp_path: Path
) -> None:
    wanted = settings(num_steps=7, **changed)
    whole = train(Dcgan, wanted, pack, tmp_path / "whole", 3)
    last = None
    for attempt, steps in enumerate((0, 2, 1, 4)):
        part = train(Dcgan, wanted, pack, tmp_path / f"f{attempt}", 3, resume_from=last, callbacks=Told(steps))
        last = part.last
    assert (part.stopped, part.step) == (False, 7)
    assert_same(whole.last, part.last)


def test_a_run_killed_in_the_middle_ends_as_one_that_was_not(pack: Pack, tmp_path: Path) -> None:
    """The process is killed with SIGKILL after it told of step 6's checkpoint."""
    program = f"""
        import os, signal, sys
        from pathlib import Path
        from ml.pack import open_pack
        from ml.train import Callbacks, train
        from tests.ml.test_train import settings
        from ml.models.dcgan import Dcgan
        class Kill(Callbacks):
            def on_scalars(self, step, values):
                if step == 8: os.kill(os.getpid(), signal.SIGKILL)
        pack, out = open_pack(Path({str(pack.folder)!r})), Path({str(tmp_path / "f1")!r})
        train(Dcgan, settings(), pack, out, 3, callbacks=Kill())
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert killed.returncode == -signal.SIGKILL
    left = sorted((tmp_path / "f1" / "checkpoints").glob("step-*"))
    assert left[-1].name == "step-00000006.safetensors"
    resumed = train(Dcgan, settings(), pack, tmp_path / "f2", 3, resume_from=left[-1])
    assert_same(train(Dcgan, settings(), pack, tmp_path / "whole", 3).last, resumed.last)


def test_a_kill_between_the_last_checkpoint_and_the_end_finishes_cleanly(pack: Pack, tmp_path: Path) -> None:
    whole = train(Dcgan, settings(), pack, tmp_path / "f1", 3)
    told = Told()
    again = train(Dcgan, settings(), pack, tmp_path / "f2", 3, resume_from=whole.last, callbacks=told)
    assert (again.step, again.stopped, again.sha256) == (NUM_STEPS, False, whole.sha256)
    assert again.checkpoint.parent == tmp_path / "f2" / "checkpoints"
    assert (told.scalars, told.previews) == ([], [])


def test_two_seeds_train_differently_and_one_seed_alike(pack: Pack, tmp_path: Path) -> None:
    first, again, other = (
        train(Dcgan, settings(), pack, tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first.sha256 == again.sha256
    images = [generate_images(load_for_generation(run.checkpoint), [0], [5]) for run in (first, other)]
    assert not np.array_equal(*images)


@pytest.mark.parametrize(
    ("changed", "seed", "words"),
    [({"learning_rate_G": 2e-3}, 3, "another settings"), ({"num_steps": 20}, 3, "another settings"), ({}, 4, "seed")],
)
def test_a_checkpoint_of_another_recipe_is_refused(
    changed: dict[str, Any], seed: int, words: str, pack: Pack, tmp_path: Path
) -> None:
    last = train(Dcgan, settings(num_steps=2), pack, tmp_path / "f1", 3).last
    with pytest.raises(CheckpointError, match=words):
        train(Dcgan, settings(**{"num_steps": 2, **changed}), pack, tmp_path / "f2", seed, resume_from=last)


def test_a_checkpoint_of_another_dataset_is_refused(pack: Pack, tmp_path: Path) -> None:
    last = train(Dcgan, settings(num_steps=2), pack, tmp_path / "f1", 3).last
    other = write_tiny_pack(tmp_path / "other", counts=dict.fromkeys(SHAPES, 11))
    with pytest.raises(CheckpointError, match="another dataset"):
        train(Dcgan, settings(num_steps=2), other, tmp_path / "f2", 3, resume_from=last)


def test_a_pack_of_another_size_is_refused(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(BadSettingsError, match="16 pixels, the settings ask for 32"):
        train(Dcgan, settings(resolution=32), pack, tmp_path, 3)


def test_the_wall_shows_the_same_classes_and_noise_at_every_planned_step(pack: Pack, tmp_path: Path) -> None:
    told = Told()
    result = train(Dcgan, settings(), pack, tmp_path, 3, callbacks=told)
    assert [step for step, *_ in told.previews] == [4, 8, 12]
    assert told.previews[0][2:] == told.previews[1][2:] == told.previews[2][2:]
    _, file, tile, columns = told.previews[-1]
    assert [column["class"] for column in columns] == list(SHAPES) * 4
    assert len({column["seed"] for column in columns}) == 12
    row = np.asarray(Image.open(file))
    assert row.shape == (tile, 12 * tile)
    labels = [SHAPES.index(column["class"]) for column in columns]
    seeds = [column["seed"] for column in columns]
    shown = generate_images(load_for_generation(result.last), labels, seeds)
    assert np.array_equal(row, np.concatenate(list(shown[..., 0]), axis=1))
    assert json.loads(json.dumps(columns)) == columns


def test_samples_are_shown_after_the_next_step_when_somebody_asks(pack: Pack, tmp_path: Path) -> None:
    class Asked(Told):
        def should_show(self) -> bool:
            return wishes.pop(0)

    told, wishes = Asked(), [step == 5 for step in range(1, 13)]
    result = train(Dcgan, settings(), pack, tmp_path / "asked", 3, callbacks=told)
    assert [step for step, *_ in told.previews] == [4, 5, 8, 12]
    plain = train(Dcgan, settings(), pack, tmp_path / "plain", 3)
    first, second = read_checkpoint(result.last).tensors, read_checkpoint(plain.last).tensors
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_showing_and_saving_do_not_change_what_is_learnt(pack: Pack, tmp_path: Path) -> None:
    often = train(Dcgan, settings(num_previews=12, num_checkpoints=12), pack, tmp_path / "often", 3)
    once = train(Dcgan, settings(num_previews=1, num_checkpoints=1), pack, tmp_path / "once", 3)
    first, second = read_checkpoint(often.last).tensors, read_checkpoint(once.last).tensors
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_checkpoints_are_spread_evenly_and_old_ones_go(pack: Pack, tmp_path: Path) -> None:
    told = Told()
    result = train(Dcgan, settings(), pack, tmp_path, 3, callbacks=told)
    assert [step for step, *_ in told.checkpoints] == [3, 6, 9, 12]
    kept = sorted((tmp_path / "checkpoints").iterdir())
    assert [read_facts(file)["step"] for file in kept] == [9, 12]
    assert {file for _, file, *_ in told.checkpoints} == {*kept, *told.removed}
    assert result.checkpoint == result.last == kept[-1]
    assert all(file_hash(file) == sha256 for _, file, sha256, _ in told.checkpoints if file in kept)


class Scripted:
    """An `evaluate` that answers from a list and looks at real images."""

    def __init__(self, values: list[float]) -> None:
        self.values = iter(values)

    def __call__(self, generate: Generate, realism: Realism | None, translate: Translate) -> Evaluation:
        assert generate(np.array([0, 1]), np.array([1, 2])).shape == (2, 16, 16, 1)
        return Evaluation({"metric/kid": next(self.values), "metric/other": 1.0})


def looked_at(generate: Generate, realism: Realism | None, translate: Translate) -> Evaluation:
    """An `evaluate` whose values and vital signs are the model's own."""
    labels = np.arange(70) % len(SHAPES)
    images = generate(labels, np.arange(70))
    assert realism is not None
    scores = realism(images, labels)
    assert scores.shape == (70,)
    variety = {name: float(images[labels == number].std()) / 255 for number, name in enumerate(SHAPES)}
    return Evaluation({"metric/kid": float(images.mean())}, Vitals(Overfitting(float(scores.mean()), 0.0, 9), variety))


def test_the_lowest_kid_is_best_and_is_kept_however_old(pack: Pack, tmp_path: Path) -> None:
    told = Told()
    result = train(
        Dcgan, settings(), pack, tmp_path, 3, callbacks=told, evaluate=Scripted([0.5, 0.1, math.nan, 0.3]), num_kept=1
    )
    assert [is_best for *_, is_best in told.checkpoints] == [True, True, False, False]
    assert (read_facts(result.checkpoint)["step"], read_facts(result.last)["step"]) == (6, 12)
    assert result.best_value == 0.1
    assert result.sha256 == file_hash(result.checkpoint)
    logged = {step: values for step, values in told.scalars if "metric/other" in values}
    assert logged[3] == {"metric/kid": 0.5, "metric/other": 1.0}
    assert logged[9] == {"metric/other": 1.0}


def test_the_best_checkpoint_of_an_earlier_attempt_stays_the_best_and_moves_along(pack: Pack, tmp_path: Path) -> None:
    stopped = train(
        Dcgan, settings(), pack, tmp_path / "f1", 3, callbacks=Told(7), evaluate=Scripted([0.1, 0.2]), num_kept=1
    )
    assert read_facts(stopped.last)["step"] == 7
    told = Told()
    result = train(
        Dcgan,
        settings(),
        pack,
        tmp_path / "f2",
        3,
        resume_from=stopped.last,
        callbacks=told,
        evaluate=Scripted([0.3, 0.4]),
        num_kept=1,
    )
    assert result.checkpoint == tmp_path / "f2" / "checkpoints" / "step-00000003.safetensors"
    assert result.sha256 == file_hash(result.checkpoint)
    assert [(step, best) for step, _, _, best in told.checkpoints] == [(3, True), (7, False), (9, False), (12, False)]


def test_looking_at_a_model_changes_nothing_in_it(pack: Pack, tmp_path: Path) -> None:
    unseen = train(Dcgan, settings(), pack, tmp_path / "unseen", 3)
    seen = train(Dcgan, settings(), pack, tmp_path / "seen", 3, evaluate=looked_at)
    one, other = read_checkpoint(unseen.last), read_checkpoint(seen.last)
    assert [name for name, tensor in one.tensors.items() if not torch.equal(tensor, other.tensors[name])] == []


@pytest.mark.parametrize("stop_at", [4, 7, 9])
def test_a_resumed_training_is_judged_as_one_that_was_not_interrupted(stop_at: int, pack: Pack, tmp_path: Path) -> None:
    whole_told, first_told, then_told = Told(), Told(stop_at), Told()
    whole = train(Dcgan, settings(), pack, tmp_path / "whole", 3, callbacks=whole_told, evaluate=looked_at)
    first = train(Dcgan, settings(), pack, tmp_path / "f1", 3, callbacks=first_told, evaluate=looked_at)
    then = train(
        Dcgan, settings(), pack, tmp_path / "f2", 3, resume_from=first.last, callbacks=then_told, evaluate=looked_at
    )
    assert_same(whole.last, then.last)
    assert [step for step, *_ in whole_told.health] == [3, 6, 9, 12]
    assert first_told.health + then_told.health == whole_told.health


def test_a_training_that_is_to_finish_ends_with_its_best_checkpoint_as_if_it_were_over(
    pack: Pack, tmp_path: Path
) -> None:
    told = Told(finish_at=8)
    result = train(Dcgan, settings(), pack, tmp_path, 3, callbacks=told, evaluate=Scripted([0.1, 0.2]))
    assert (result.stopped, result.step, result.best_value) == (False, 8, 0.1)
    assert (read_facts(result.checkpoint)["step"], read_facts(result.last)["step"]) == (3, 6)


def test_a_training_that_is_to_finish_goes_on_until_it_has_a_checkpoint(pack: Pack, tmp_path: Path) -> None:
    result = train(Dcgan, settings(), pack, tmp_path, 3, callbacks=Told(finish_at=0), evaluate=Scripted([0.1]))
    assert (result.stopped, result.step, read_facts(result.checkpoint)["step"]) == (False, 3, 3)


def test_a_stopped_training_that_is_to_finish_takes_no_further_step(pack: Pack, tmp_path: Path) -> None:
    stopped = train(Dcgan, settings(), pack, tmp_path / "f1", 3, callbacks=Told(7), evaluate=Scripted([0.1, 0.2]))
    told = Told(finish_at=0)
    finished = train(
        Dcgan, settings(), pack, tmp_path / "f2", 3, resume_from=stopped.last, callbacks=told, evaluate=Scripted([])
    )
    assert (finished.step, read_facts(finished.checkpoint)["step"], finished.stopped) == (7, 3, False)


def test_a_lost_best_checkpoint_is_said_and_the_run_goes_on(pack: Pack, tmp_path: Path) -> None:
    stopped = train(Dcgan, settings(), pack, tmp_path / "f1", 3, callbacks=Told(7), evaluate=Scripted([0.1, 0.2]))
    (tmp_path / "f1" / "checkpoints" / "step-00000003.safetensors").unlink()
    told = Told()
    result = train(
        Dcgan,
        settings(),
        pack,
        tmp_path / "f2",
        3,
        resume_from=stopped.last,
        callbacks=told,
        evaluate=Scripted([0.3, 0.4]),
    )
    assert [code for code, _ in told.warnings] == ["best_checkpoint_lost"]
    assert read_facts(result.checkpoint)["step"] == 9


def test_stopping_saves_at_once_and_says_so(pack: Pack, tmp_path: Path) -> None:
    told = Told(stop_at=5)
    result = train(Dcgan, settings(), pack, tmp_path, 3, callbacks=told)
    assert (result.stopped, result.step, result.num_steps) == (True, 5, NUM_STEPS)
    assert read_facts(result.last)["step"] == told.checkpoints[-1][0] == 5
    assert told.progress[0] == (0, NUM_STEPS)
    assert told.progress[-1] == (5, NUM_STEPS)


def test_a_slow_run_is_also_saved_between_its_planned_checkpoints_but_not_measured(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.train.SAVE_EVERY_S", 0.0)
    told = Told(stop_at=5)
    train(Dcgan, settings(), pack, tmp_path, 3, callbacks=told, evaluate=Scripted([0.5]))
    assert [(step, is_best) for step, _, _, is_best in told.checkpoints] == [
        (1, False),
        (2, False),
        (3, True),
        (4, False),
        (5, False),
    ]


def test_a_long_run_logs_sparingly(pack: Pack, tmp_path: Path) -> None:
    told = Told(stop_at=11)
    train(Dcgan, settings(num_steps=10_000), pack, tmp_path, 3, callbacks=told)
    assert [step for step, _ in told.scalars] == [1, 5, 10]


class Breaking(Dcgan):
    """A DCGAN that goes wrong at step 5, in a way the test chooses."""

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        scalars = super().training_step(batch, update, step)
        if step == 5:
            self.go_wrong(scalars)
        return scalars

    def go_wrong(self, scalars: Scalars) -> None:
        raise NotImplementedError


def test_a_loss_that_is_not_finite_stops_with_step_and_scalar_and_saves_nothing_after(
    pack: Pack, tmp_path: Path
) -> None:
    class BadLoss(Breaking):
        def go_wrong(self, scalars: Scalars) -> None:
            scalars["loss/G"] = torch.tensor(math.nan)

    with pytest.raises(NonFiniteLossError, match="At step 5 loss/G became nan"):
        train(BadLoss, settings(num_steps=10_000, num_checkpoints=1000), pack, tmp_path, 3)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_weight_that_is_not_finite_is_found_before_it_is_saved(pack: Pack, tmp_path: Path) -> None:
    class BadAverage(Breaking):
        def go_wrong(self, scalars: Scalars) -> None:
            weight = self.averaged("G").get_parameter("named.label.weight")
            weight.data[0, 0] = math.nan

    with pytest.raises(NonFiniteLossError, match=r"At step 6 model/G_ema.named.label.weight became nan"):
        train(BadAverage, settings(), pack, tmp_path, 3)
    assert [read_facts(file)["step"] for file in (tmp_path / "checkpoints").iterdir()] == [3]


def test_memory_that_runs_out_becomes_one_sentence_with_the_setting_to_lower(pack: Pack, tmp_path: Path) -> None:
    class Greedy(Breaking):
        def go_wrong(self, scalars: Scalars) -> None:
            torch.empty(2**60)

    with pytest.raises(
        OutOfMemoryError, match="for 6 images at once at resolution 16; resume with a micro-batch of 3 "
    ):
        train(Greedy, settings(), pack, tmp_path, 3)


def test_another_machine_is_said_on_resume(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = train(Dcgan, settings(), pack, tmp_path / "f1", 3, callbacks=Told(2)).last
    monkeypatch.setattr("ml.resume.device_name", lambda device: "another CPU")
    told = Told()
    train(Dcgan, settings(), pack, tmp_path / "f2", 3, resume_from=last, callbacks=told)
    assert [code for code, _ in told.warnings] == ["resume_not_identical"]
    assert "-> another CPU" in told.warnings[0][1]


def test_the_precision_chosen_at_the_start_is_kept_on_resume(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = settings(precision="auto", num_steps=4)
    monkeypatch.setattr("ml.device.cpu_has_amx_bf16", lambda: True)
    last = train(Dcgan, wanted, pack, tmp_path / "f1", 3, callbacks=Told(2)).last
    monkeypatch.setattr("ml.device.cpu_has_amx_bf16", lambda: False)
    end = train(Dcgan, wanted, pack, tmp_path / "f2", 3, resume_from=last).last
    assert read_facts(last)["precision"] == read_facts(end)["precision"] == "bf16"


def test_a_checkpoint_says_what_it_came_from(pack: Pack, tmp_path: Path) -> None:
    facts = read_facts(train(Dcgan, settings(), pack, tmp_path, 3).last)
    assert (facts["model"], facts["seed"], facts["data_hash"]) == ("dcgan", 3, pack.hash)
    assert (facts["step"], facts["num_steps"], facts["num_images"]) == (12, 12, 72)
    assert facts["settings"] == settings().model_dump(mode="json")
    assert facts["data"] == {"resolution": 16, "channels": 1, "classes": list(SHAPES), "counts": [10, 10, 10]}
    assert facts["environment"]["torch"] == torch.__version__


def test_seeds_of_purposes_and_steps_are_unrelated() -> None:
    seeds = {step_seed(seed, purpose, step) for seed in (0, 1) for purpose in ("step", "init") for step in range(100)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.fixture(scope="module")
def result(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return train(Dcgan, settings(num_steps=30), pack, tmp_path_factory.mktemp("result"), 3)


def test_any_number_of_images_can_be_made(result: TrainResult) -> None:
    model = load_for_generation(result.checkpoint, sha256=result.sha256)
    for number in (0, 1, CHUNK, CHUNK + 1):
        assert generate_images(model, np.zeros(number, np.int64), np.arange(number)).shape == (number, 16, 16, 1)
    with pytest.raises(ValueError, match="one seed per label"):
        generate_images(model, [0, 1], [1])


def test_images_come_from_the_average_where_there_is_one(result: TrainResult) -> None:
    model = load_for_generation(result.checkpoint)
    before = generate_images(model, [0, 1], [1, 2])
    model.get_submodule("G").apply(lambda layer: [value.data.zero_() for value in layer.parameters()] and None)
    assert np.array_equal(generate_images(model, [0, 1], [1, 2]), before)


def test_generation_leaves_the_model_in_the_mode_it_had(result: TrainResult) -> None:
    model = load_for_generation(result.checkpoint)
    model.get_submodule("D").train()
    modes = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    generate_images(model, [0], [1])
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
