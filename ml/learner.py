"""What learns: a model with its optimizers, its averages and its images, step by step.

A step depends on what a checkpoint holds, the seed and its own number alone; whoever tells, shows and saves
(`ml/train.py`) has no part in it, so that several processes can compute the same training.
"""

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml.average import Average
from ml.checkpoint import Saved, load_model, load_optimizers, read_checkpoint
from ml.compute import Compute, num_parts
from ml.device import (
    Precision,
    autocast,
    channels_last,
    choose_device,
    choose_precision,
    compile_networks,
    describe,
    memory_advice,
    prepare,
)
from ml.draw import Draw, check_by_class
from ml.encoder_training import encoder_of
from ml.errors import BadSettingsError
from ml.features import Encoder
from ml.feed import Feed
from ml.model import Model, ModelSettings, Scalars
from ml.pack import Pack
from ml.parts import Parts
from ml.ranks import Ranks
from ml.resume import changes, check_same_run, environment
from ml.seeds import step_seed
from ml.sources import give_sources
from ml.start import check_data
from ml.start_plan import Start
from ml.threads import Threads
from ml.update import Updates


class Learner:
    """A model in training on one device, alone or as one of several ranks."""

    def __init__(
        self,
        model_class: type[Model],
        settings: ModelSettings,
        pack: Pack,
        seed: int,
        device: torch.device,
        compute: Compute,
        ranks: Ranks,
    ) -> None:
        """Raises: BadSettingsError, BadDatasetError when the pack does not fit."""
        self.settings, self.pack, self.seed, self.device, self.ranks = settings, pack, seed, device, ranks
        _check_fit(model_class, settings, pack)
        self.precision: Precision = choose_precision(settings.precision, device)
        number = num_parts(settings.batch_size, compute.micro_batch, ranks.size)
        if model_class.draw == "by_class":
            check_by_class(pack.counts("train"), settings.batch_size, number)
        self._seed("init", 0)
        self.model = channels_last(model_class(pack.spec(), settings), device)
        give_sources(self.model, pack)
        self.optimizers = self.model.optimizers()
        self.rates = {name: [group["lr"] for group in one.param_groups] for name, one in self.optimizers.items()}
        self.update = (
            Updates(self.model, self.optimizers)
            if number == 1
            else Parts(self.model, self.optimizers, number, ranks, device)
        )
        self.average = Average(self.model, settings.ema_half_life, settings.batch_size)
        self.replays = compute.cuda_graphs
        if compute.compile:
            compile_networks(self.model, compute.cuda_graphs)
        rows = pack.rows("train")
        draw = Draw(pack.label[rows], settings.batch_size, seed, model_class.draw, settings.class_balanced_draw)
        self.feed = Feed(pack, rows, draw, model_class.image_range, device)
        self.threads = Threads()
        self.step = 0

    def begin(self, encoder: Encoder | None) -> None:
        """Be ready for step 1 of a new training; encoder: the pack's, learnt anew where it is not at hand.

        Raises: BadWeightsError.
        """
        self.model.begin(lambda: (encoder or encoder_of(self.pack)).net)

    def advance(self) -> Scalars:
        """One step."""
        self.step += 1
        self._set_rates(self.model.rate_share(self.step))
        if self.replays:
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        with autocast(self.device, self.precision):
            scalars = self.update.together(self._part)
        self.average.update()
        return scalars

    def load(self, file: Path) -> tuple[Saved, str]:
        """Be where a checkpoint of the same run was; (what it holds, what is otherwise now in words, "" if nothing).

        Raises: CheckpointError.
        """
        saved = read_checkpoint(file)
        check_same_run(file, saved, self.identity())
        self.threads.keep(saved.facts["environment"]["threads"])
        load_model(self.model, saved)
        load_optimizers(self.optimizers, saved)
        self.step, self.precision = saved.facts["step"], saved.facts["precision"]
        return saved, changes(saved, self.environment())

    def start_from(self, start: Start) -> None:
        """Take over the weights and averages of an earlier run's checkpoint, and the rest too where it is continued.

        Raises: CheckpointError.
        """
        saved = read_checkpoint(Path(start["file"]), start["sha256"])
        check_data(start, saved.facts, self.pack.spec(), self.pack.hash)
        load_model(self.model, saved)
        if start["way"] != "continue":
            return
        load_optimizers(self.optimizers, saved, keep_rates=True)
        self.step = saved.facts["step"]
        if saved.facts["settings"]["precision"] == self.settings.precision:
            self.precision = saved.facts["precision"]

    def identity(self) -> dict[str, Any]:
        """What must agree for a checkpoint to be continued."""
        return {
            "model": self.model.name,
            "settings": self.settings.model_dump(mode="json"),
            "data_hash": self.pack.hash,
            "seed": self.seed,
        }

    def environment(self) -> dict[str, Any]:
        """What else decides the last bits of the result."""
        return environment(self.device) | {"parts": self.update.number, "devices": self.ranks.size}

    def where(self) -> str:
        """Devices and precision for people."""
        one = describe(self.device, self.precision)
        return f"{self.ranks.size} x {one}" if self.ranks.size > 1 else one

    def _set_rates(self, share: float) -> None:
        for name, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self.rates[name], strict=True):
                group["lr"] = rate * share

    def _part(self, part: int) -> Scalars:
        """The training step on one part of the batch, with random numbers of its own."""
        self._seed("step" if self.update.number == 1 else f"part {part} of step", self.step)
        batch = self.feed.batch(self.step, part, self.update.number)
        return self.model.training_step(batch, self.update, self.step)

    def _seed(self, purpose: str, number: int) -> None:
        """Seed every generator that a model may use; nothing about randomness is carried from step to step."""
        seed = step_seed(self.seed, purpose, number)
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed & 0xFFFF_FFFF)


def follow(
    model_class: type[Model],
    settings: ModelSettings,
    pack: Pack,
    seed: int,
    resume_from: Path | None,
    start: Start | None,
    compute: Compute,
    ranks: Ranks,
    encoder: Encoder | None = None,
) -> None:
    """Compute this rank's parts of every batch while rank 0 trains; writes and tells nothing.

    Raises: OutOfMemoryError, CheckpointError, BadSettingsError, DeviceLostError.
    """
    device = ranks.device or choose_device()
    prepare(device)
    with memory_advice(device, settings.batch_size, settings.resolution, compute.micro_batch):
        learner = Learner(model_class, settings, pack, seed, device, compute, ranks)
        if resume_from is not None:
            learner.load(resume_from)
        elif start is not None:
            learner.start_from(start)
        else:
            learner.begin(encoder)
        learner.model.train()
        num_steps = model_class.total_steps(settings, pack.spec())
        while learner.step < num_steps and not ranks.agree(False):
            learner.advance()


def _check_fit(model_class: type[Model], settings: ModelSettings, pack: Pack) -> None:
    if model_class.classes_learnt(settings, pack.classes) != pack.classes:
        raise BadSettingsError(
            f"The pack holds the classes {', '.join(pack.classes)}, which are not those that the settings name; "
            "prepare the data again."
        )
    if pack.resolution != settings.resolution:
        raise BadSettingsError(
            f"The pack holds images of {pack.resolution} pixels, the settings ask for {settings.resolution}; "
            f"prepare the data again."
        )
