"""One child network of a study: the images it is given, its training, and the file that it leaves.

It is given training images alone; the held-out ones are read after it is trained.

    <study>/chosen/<arm>-g<seed>.npy                rows of that generator's pool
    <study>/children/<arm>[-g<seed>]-c<seed>.npz    val, test: float32 [N, C] probabilities; duration_s; without a
                                                    generator gan_test: float64 [arms with one, generators]
"""

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.arms import Arm
from ml.child import Labelled, probabilities, train_child
from ml.device import choose_device, prepare
from ml.errors import BadBudgetError
from ml.pool import open_pool
from ml.run_folder import RunFolder
from ml.seeds import step_seed
from ml.study_folder import StudyFolder
from ml.study_pools import labels_among, membership_of
from ml.study_settings import GEOMETRIC
from ml.told import ShouldStop, StopRequested
from ml.whole import whole_file

MOST_RECOGNISED: Final = 1000
"""Images of an arm and generator that are shown to a child trained on real ones."""


@dataclass(frozen=True)
class Child:
    """One child network to train; generator is None where the arm has no synthetic images."""

    arm: Arm
    generator: int | None
    seed: int

    @property
    def name(self) -> str:
        """Of its file."""
        generator = "" if self.generator is None else f"-g{self.generator}"
        return f"{slug(self.arm)}{generator}-c{self.seed}"

    def file(self, study: StudyFolder) -> Path:
        """Where its answers lie once it is trained."""
        return study.folder / "children" / f"{self.name}.npz"


def slug(arm: Arm) -> str:
    """The arm's name as part of a file's name."""
    return arm.name.replace(":", "=")


def chosen_file(study: StudyFolder, arm: Arm, generator: int) -> Path:
    return study.folder / "chosen" / f"{slug(arm)}-g{generator}.npy"


def train_one(study: StudyFolder, child: Child, should_stop: ShouldStop) -> None:
    """Train it and write its file. Raises: StopRequested; BadBudgetError where it has nothing to learn from."""

    def on_step(step: int, number: int) -> None:
        if should_stop():
            raise StopRequested

    device, settings = own_device(), study.settings
    began = time.perf_counter()
    net = train_child(
        settings.child,
        child.arm,
        real_images(study, child.arm.real_share),
        synthetic_images(study, child),
        len(study.pack().classes),
        settings.child_steps,
        step_seed(settings.seed, "child", child.seed),
        device,
        on_step,
        allowed_transforms(study),
    )
    duration = time.perf_counter() - began
    judged = study.judged()
    several = judged.val.member is not None
    val, test = (probabilities(net, part.pixels, device, several) for part in (judged.val, judged.test))
    told: dict[str, Any] = {"val": val, "test": test, "duration_s": duration}
    if child.arm in study.arms and child.generator is None:
        told["gan_test"] = recognised(study, net, device)
    with whole_file(child.file(study)) as partial:
        np.savez(partial, **told)


def recognised(study: StudyFolder, net: nn.Module, device: torch.device) -> NDArray[np.float64]:
    """float64 [arms with synthetic images, generators]: share of what the sampler kept that is labelled as intended.

    K. Shmelkov, C. Schmid, K. Alahari: How good is my GAN? ECCV 2018, https://arxiv.org/abs/1807.09499. It is NaN where
    nothing was kept. Differs from the paper: at most MOST_RECOGNISED images.
    """
    arms = [arm for arm in study.arms if arm.synthetic is not None]
    shares = np.full((len(arms), study.settings.num_generator_seeds), np.nan)
    for place, arm in enumerate(arms):
        for generator in range(study.settings.num_generator_seeds):
            shown = chosen_images(study, arm, generator, MOST_RECOGNISED)
            if len(shown):
                answers = probabilities(net, shown.pixels, device, shown.member is not None)
                shares[place, generator] = shown.truth().accuracy(answers)
    return shares


@cache
def own_device() -> torch.device:
    """This process's device, made ready."""
    device = choose_device()
    prepare(device)
    return device


def allowed_transforms(study: StudyFolder) -> NDArray[np.bool_] | None:
    """bool [classes, 5], what `geometric` may do, in the order of GEOMETRIC; None where nothing is said of it."""
    if not study.settings.transforms:
        return None
    return np.array(
        [[one in study.settings.transforms_of(name) for one in GEOMETRIC] for name in study.pack().classes], np.bool_
    )


def real_images(study: StudyFolder, share: float) -> Labelled:
    """The training images, or a share of each class's: the first of an order that the study's seed draws."""
    pack = study.pack()
    rows = pack.rows("train")
    if share < 1:
        rng = np.random.default_rng(step_seed(study.settings.seed, "share"))
        shuffled = rng.permutation(rows)
        of_class = [shuffled[pack.label[shuffled] == one] for one in range(len(pack.classes))]
        rows = np.sort(np.concatenate([part[: max(1, round(share * len(part)))] for part in of_class]))
    return Labelled(*pack.read(rows), pack.membership(rows) if pack.attributes else None)


def synthetic_images(study: StudyFolder, child: Child) -> Labelled | None:
    """What the arm's sampler kept. Raises: BadBudgetError where that is nothing and the arm has nothing else."""
    if child.generator is None:
        return None
    chosen = chosen_images(study, child.arm, child.generator)
    if child.arm.synthetic_only and not len(chosen):
        raise BadBudgetError(
            f"The sampler of the arm {child.arm.name} kept no image of generator {child.generator}, so there is "
            f"nothing to learn from; leave the arm out, or choose another sampler."
        )
    return chosen


def chosen_images(study: StudyFolder, arm: Arm, generator: int, most: int | None = None) -> Labelled:
    """What the arm's sampler kept of that generator's pool; at most so many, evenly spread over them."""
    run = RunFolder.open(study.folder / "generators" / str(generator))
    pool = open_pool(Path(run.artefact("generate")["pool"]))
    rows: NDArray[np.int64] = np.load(chosen_file(study, arm, generator), allow_pickle=False)
    if most is not None and len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
    pack = study.pack()
    label = labels_among(pool, rows, pack.classes)
    member = membership_of(pool, rows, label, pack.classes) if pack.attributes else None
    return Labelled(pool.images(rows), label, member)
