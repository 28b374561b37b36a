"""The training loop: one story for every model.

    build the model -> (resume, or start from an earlier run's checkpoint) -> for each step: seed, draw, train, average
    -> now and then: log, show, measure, save

Networks, losses and the order of updates are the model's; a step is `ml/learner.py`'s. Steps count from 1. A step
depends on the checkpoint's state, the seed and its own number alone, so that a resumed run equals an uninterrupted one
bit for bit on a CPU.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from ml.callbacks import Callbacks
from ml.checkpoint import (
    Written,
    carry,
    checkpoint_file,
    model_tensors,
    optimizer_state,
    prune,
    sweep,
    write_checkpoint,
)
from ml.compute import Compute
from ml.device import (
    choose_device,
    memory_advice,
    prepare,
)
from ml.errors import CheckpointError
from ml.evaluation import Evaluate, Evaluation, Generate
from ml.features import Encoder
from ml.generation import generate_images, generate_with_views, load_for_generation, realism_of
from ml.health import Judge
from ml.images import Pixels, strip, write_png
from ml.learner import Learner
from ml.model import DataSpec, Model, ModelSettings, SourceImages, TranslationModel
from ml.pace import Pace
from ml.pack import Pack
from ml.ranks import Ranks
from ml.scalars import ScalarLog, check_finite
from ml.seeds import preview_columns, step_seed
from ml.sources import labels_shown
from ml.start_plan import Start
from ml.vitals import Floats, Labels

__all__ = [
    "Callbacks",
    "Evaluate",
    "Evaluation",
    "Generate",
    "TrainResult",
    "generate_images",
    "load_for_generation",
    "preview_columns",
    "step_seed",
    "train",
]

BEST_BY: Final = "metric/kid"
"""The value of `evaluate` that decides which checkpoint is best; lower is better."""
SAVE_EVERY_S: Final = 300.0
"""A checkpoint is also saved when this long has passed since the last one; it is not measured."""


@dataclass(frozen=True)
class TrainResult:
    """How training ended.

    checkpoint, sha256: the best checkpoint, which makes the images (the newest without `evaluate`, or when stopped);
    last: the newest one, from which to resume; stopped: whether people asked to go on later.
    """

    checkpoint: Path
    sha256: str
    last: Path
    step: int
    num_steps: int
    stopped: bool
    best_value: float | None


def train(
    model_class: type[Model],
    settings: ModelSettings,
    pack: Pack,
    out: Path,
    seed: int,
    resume_from: Path | None = None,
    callbacks: Callbacks | None = None,
    evaluate: Evaluate | None = None,
    device: torch.device | None = None,
    num_kept: int = 2,
    start: Start | None = None,
    compute: Compute | None = None,
    ranks: Ranks | None = None,
    encoder: Encoder | None = None,
) -> TrainResult:
    """Train a model on a pack's training split and leave `out/checkpoints` and `out/previews`.

    `resume_from` goes on from a checkpoint of the same recipe, data and seed, here or of an earlier attempt elsewhere.
    `start` begins from a checkpoint of an earlier run (`ml/start.py`) where there is none to resume from; what it
    begins with is saved, shown and measured first, as a checkpoint of this run, so that nothing hangs on the other.
    `evaluate` is called at each planned checkpoint and decides, by BEST_BY, which one is best. The best and the newest
    `num_kept` checkpoints are kept. `compute` says in how many parts a batch is computed, `ranks` who shares them.
    `encoder` is the pack's, for models that learn from its features.

    Raises: NonFiniteLossError, OutOfMemoryError, CheckpointError, BadSettingsError when the pack does not fit.
    """
    device, compute, ranks = device or choose_device(), compute or Compute(), ranks or Ranks()
    prepare(device)
    told = callbacks or Callbacks()
    with memory_advice(device, settings.batch_size, settings.resolution, compute.micro_batch):
        run = _Training(model_class, settings, pack, out, seed, told, evaluate, device, num_kept, compute, ranks)
        run.begin(resume_from, start, encoder)
        while run.step < run.num_steps:
            may_finish = run.may_finish()
            if ranks.agree(may_finish or run.callbacks.should_stop()):
                if may_finish:
                    break
                return run.stop()
            run.advance()
            if run.callbacks.should_show() or run.step in run.preview_steps:
                run.show()
            if run.step in run.planned_steps:
                run.save(measured=True)
            elif run.save_is_due():
                run.save(measured=False)
            run.report()
        return run.finish()


class _Training:
    """The state of one training, and the sentences that `train` is told in."""

    def __init__(
        self,
        model_class: type[Model],
        settings: ModelSettings,
        pack: Pack,
        out: Path,
        seed: int,
        callbacks: Callbacks,
        evaluate: Evaluate | None,
        device: torch.device,
        num_kept: int,
        compute: Compute,
        ranks: Ranks,
    ) -> None:
        self.learner = Learner(model_class, settings, pack, seed, device, compute, ranks)
        self.model, self.optimizers = self.learner.model, self.learner.optimizers
        self.settings, self.device = settings, device
        self.callbacks, self.evaluate, self.num_kept = callbacks, evaluate, num_kept
        self.checkpoints, self.previews = out / "checkpoints", out / "previews"
        self.spec = pack.spec()
        self.num_steps = model_class.total_steps(settings, self.spec)
        self.preview_steps = frozenset(model_class.preview_steps(settings, self.spec))
        self.planned_steps = _evenly_spread(self.num_steps, settings.num_checkpoints)
        self.judge = Judge(settings, self.model.game(settings), self.num_steps)
        self.log = ScalarLog(self.num_steps, self.callbacks.on_scalars, lambda values: self.judge.note(values))
        made = labels_shown(model_class, settings, pack)
        self.columns = preview_columns(self.spec.classes, seed, made)
        self.best: tuple[int, float | None] | None = None
        self.last: Written | None = None

    # --- the sentences ------------------------------------------------------------------------------------------
    def begin(self, resume_from: Path | None, start: Start | None = None, encoder: Encoder | None = None) -> None:
        """Be ready for the next step: at the start, or where a checkpoint was."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        sweep(self.checkpoints)
        if resume_from is not None:
            self._resume(resume_from)
        elif start is not None:
            self.learner.start_from(start)
            if start["way"] == "continue" and self.model.continuing:
                self.callbacks.on_warning("continued_otherwise", self.model.continuing)
        else:
            self.learner.begin(encoder)
        self.model.train()
        self.pace = Pace(self.settings.batch_size)
        self.saved_at = time.monotonic()
        if resume_from is None and start is None:
            self.show_sources()
        if resume_from is None and start is not None:
            self.show()
            self.save(measured=True)
        self._tell_progress()

    @property
    def step(self) -> int:
        """Steps done."""
        return self.learner.step

    def advance(self) -> None:
        """One step."""
        scalars = self.learner.advance()
        self.log.add(self.step, scalars)
        self.pace.count()

    def report(self) -> None:
        """Log and tell where training is, about twice a second."""
        if self.pace.is_due():
            self.log.flush()
            self._tell_progress()

    def show(self) -> None:
        """A row of the sample wall: the same noise, or sources, and classes at every step."""
        self._show(self._generate(*self.columns))

    def show_sources(self) -> None:
        """What a translation starts from, as the wall's row of step 0."""
        if isinstance(self.model, TranslationModel) and "source" in self.model.views:
            made = generate_with_views(self.model, *self.columns, self.device, self.learner.precision)
            self._show(made["source"])

    def _show(self, pixels: Pixels) -> None:
        labels, seeds = self.columns
        file = self.previews / f"step-{self.step:08d}.png"
        write_png(file, strip(pixels))
        named = [
            {"class": self.spec.classes[label], "seed": int(seed)} for label, seed in zip(labels, seeds, strict=True)
        ]
        self.callbacks.on_preview(self.step, file, self.spec.resolution, named, len(named))
        self.pace.pause()

    def save_is_due(self) -> bool:
        """Whether a kill now would lose more than SAVE_EVERY_S of work."""
        return time.monotonic() - self.saved_at > SAVE_EVERY_S

    def save(self, measured: bool) -> Written:
        """Check, measure if asked, and write a checkpoint; then drop what is neither best nor new."""
        self.log.flush()
        tensors = model_tensors(self.model)
        for name, tensor in tensors.items():
            if tensor.is_floating_point():
                check_finite(self.step, name, float(tensor.sum(dtype=torch.float64)))
        is_best = self._measure() if measured else self.evaluate is None
        if is_best and self.evaluate is None:
            self.best = (self.step, None)
        if sentence := self.learner.threads.give_way():
            self.callbacks.on_warning("fewer_threads", sentence)
        states, plain = optimizer_state(self.optimizers)
        self.last = write_checkpoint(self.checkpoints, self.step, {**tensors, **states}, self._facts(plain))
        self._tell_checkpoint(self.last, is_best)
        for file in prune(self.checkpoints, self.best[0] if self.best else None, self.num_kept):
            self.callbacks.on_checkpoint_removed(file)
        self.saved_at = time.monotonic()
        self.pace.pause()
        return self.last

    def may_finish(self) -> bool:
        """Whether to end before the last step: people asked for it, and there is a checkpoint to make images with."""
        return self.last is not None and self.callbacks.should_finish()

    def stop(self) -> TrainResult:
        """Leave early with everything saved."""
        if self.last is None or self.last.step != self.step:
            self.save(measured=False)
        self._tell_progress()
        return self._result(stopped=True)

    def finish(self) -> TrainResult:
        self.log.flush()
        self._tell_progress()
        return self._result(stopped=False)

    # --- their parts --------------------------------------------------------------------------------------------
    def _generate(self, labels: Labels, seeds: Labels) -> Pixels:
        return generate_images(self.model, labels, seeds, self.device, self.learner.precision)

    def _realism(self, pixels: Pixels, labels: Labels) -> Floats:
        return realism_of(self.model, pixels, labels, self.device, self.learner.precision)

    def _translate(self, sources: SourceImages, labels: Labels, seeds: Labels) -> dict[str, Pixels]:
        return generate_with_views(self.model, labels, seeds, self.device, self.learner.precision, sources)

    def _can_ask_D(self) -> bool:
        alone = not isinstance(self.model, TranslationModel) or self.model.judges_alone(self.settings)
        return self.judge.asks_D and alone

    def _measure(self) -> bool:
        """Ask for the quality of the model as it is; returns whether it is the best so far."""
        if self.evaluate is None:
            return True
        evaluation = self.evaluate(self._generate, self._realism if self._can_ask_D() else None, self._translate)
        finite = evaluation.finite()
        if finite:
            self.callbacks.on_scalars(self.step, finite)
        value = finite.get(BEST_BY)
        before = self.best[1] if self.best else None
        is_best = before is None or (value is not None and value < before)
        if is_best:
            self.best = (self.step, value)
        if evaluation.vitals is not None:
            best_step = self.best[0] if self.best else None
            self.callbacks.on_health(self.step, best_step, self.judge.hear(self.step, evaluation.vitals, best_step))
        return is_best

    def _facts(self, optimizers: dict[str, Any]) -> dict[str, Any]:
        """All that a checkpoint says besides tensors."""
        data = self.spec
        return {
            **self.learner.identity(),
            "data": {
                "resolution": data.resolution,
                "channels": data.channels,
                "classes": list(data.classes),
                "counts": list(data.counts),
                **_further(data),
            },
            "num_steps": self.num_steps,
            "num_images": self.step * self.settings.batch_size,
            "precision": self.learner.precision,
            "best": {"step": self.best[0], "value": self.best[1]} if self.best else None,
            "health": self.judge.memory(),
            "optimizers": optimizers,
            "environment": self.learner.environment(),
        }

    def _resume(self, file: Path) -> None:
        saved, changed = self.learner.load(file)
        if changed:
            self.callbacks.on_warning(
                "resume_not_identical",
                f"Resumed under other conditions ({changed}); the result may not be identical to the bit.",
            )
        self.judge = Judge(self.settings, self.model.game(self.settings), self.num_steps, saved.facts.get("health"))
        if best := saved.facts["best"]:
            self._carry_best(file, best["step"], best["value"])
        self.last = self._carry(file, is_best=False) if self.best is None or self.best[0] != self.step else self.last

    def _carry_best(self, resumed: Path, step: int, value: float | None) -> None:
        """Have the best checkpoint of earlier attempts in this attempt's folder too."""
        file = checkpoint_file(resumed.parent, step)
        try:
            written = self._carry(file, is_best=True)
        except CheckpointError:
            self.callbacks.on_warning("best_checkpoint_lost", f"The best checkpoint so far, {file.name}, is gone.")
            return
        self.best = (step, value)
        if step == self.step:
            self.last = written

    def _carry(self, file: Path, is_best: bool) -> Written:
        written = carry(file, self.checkpoints)
        if file.parent.resolve() != self.checkpoints.resolve():
            self._tell_checkpoint(written, is_best)
        return written

    def _result(self, stopped: bool) -> TrainResult:
        best, last = self.best, self.last
        if last is None:
            raise RuntimeError("training ended without a checkpoint, although its last step is a planned one")
        chosen = last
        if not stopped and best is not None and best[0] != last.step:
            chosen = carry(checkpoint_file(self.checkpoints, best[0]), self.checkpoints)
        return TrainResult(
            chosen.file, chosen.sha256, last.file, self.step, self.num_steps, stopped, best[1] if best else None
        )

    def _tell_checkpoint(self, written: Written, is_best: bool) -> None:
        self.callbacks.on_checkpoint(written.step, written.file, written.sha256, written.size_bytes, is_best)

    def _tell_progress(self) -> None:
        rate = self.pace.images_per_s()
        left = (self.num_steps - self.step) * self.settings.batch_size
        self.callbacks.on_progress(self.step, self.num_steps, rate, left / rate if rate else None, self.learner.where())


def _further(data: DataSpec) -> dict[str, Any]:
    """What data of pairs or attributes say besides."""
    facts: dict[str, Any] = {}
    if data.attributes:
        facts |= {"attributes": list(data.attributes), "together": [list(row) for row in data.together]}
    if data.source_channels:
        facts["source_channels"] = data.source_channels
    return facts


def _evenly_spread(num_steps: int, number: int) -> frozenset[int]:
    """The steps after which `number` checkpoints are saved and measured; the last step is one of them."""
    return frozenset(max(1, round(num_steps * (turn + 1) / number)) for turn in range(number))
