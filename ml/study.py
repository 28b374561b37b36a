"""A study: child networks trained with and without augmentation, several seeds, judged on held-out real images.

Generators, one per generator seed, are trained on the training split by the same stages as any run; each arm takes its
images from them by its sampler. A child network is given training images alone, and the held-out ones are read after it
is trained. Each child is one file, so that a study that was stopped or killed goes on with the next one.

    <folder>/generators/<seed>/               a run folder (`ml/run_folder.py`)
    <folder>/chosen/<arm>-g<seed>.npy         rows of that generator's pool
    <folder>/children/<arm>[-g<seed>]-c<seed>.npz   val, test: float32 [N, C] probabilities; duration_s
    <folder>/result.json                      the answer (`ml/study_result.py`)
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.arms import Arm
from ml.budget import parse_budget, resolve
from ml.child import Labelled, probabilities, train_child
from ml.device import choose_device, prepare
from ml.errors import BadBudgetError
from ml.pool import open_pool
from ml.protocol import Emit
from ml.run_folder import RunFolder
from ml.seeds import step_seed
from ml.study_folder import StudyFolder
from ml.study_result import Answers, conclude, curve_arms
from ml.study_told import StudyResult
from ml.told import ShouldStop, StopRequested
from ml.whole import whole_file

OnChild = Callable[[str, int, int], None]
"""Called with (the child's name, children there, children in all)."""


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


class Work:
    """A study being carried out."""

    def __init__(self, study: StudyFolder, emit: Emit, on_child: OnChild, should_stop: ShouldStop) -> None:
        """`emit` hears of the generators, `on_child` of the children."""
        self.study, self.emit, self.on_child, self.should_stop = study, emit, on_child, should_stop
        self.settings = study.settings
        self.device = choose_device()
        prepare(self.device)

    def run(self) -> StudyResult:
        """Everything that is not there yet, and the answer. Raises: StopRequested, MlError."""
        if any(arm.synthetic for arm in self.study.arms):
            for seed in range(self.settings.num_generator_seeds):
                self.make_generator(seed)
        self.train_all(self.study.arms)
        answers = self.answers_of(self.study.arms)
        curve = curve_arms(answers, self.study.arms, self.study.judged().val.label)
        self.train_all(curve)
        result = conclude(self.study, answers, self.answers_of(curve))
        with whole_file(self.study.folder / "result.json") as partial:
            partial.write_text(json.dumps(result, indent=1), encoding="utf-8")
        return result

    # --- generators -----------------------------------------------------------------------------------------------
    def make_generator(self, seed: int) -> None:
        """Train it, draw its pool, and let every sampler choose. Raises: StopRequested, MlError."""
        folder = self.study.folder / "generators" / str(seed)
        if (folder / "plan.json").exists():
            run = RunFolder.open(folder)
        else:
            run = RunFolder.create(
                folder,
                self.study.records(),
                {
                    "model": self.study.model,
                    "model_settings": self.study.model_settings,
                    "sampler": "random",
                    "sampler_settings": {},
                    "budget": {"kind": "counts", "counts": self.candidates},
                    "pool_factor": 1.0,
                    "seed": step_seed(self.settings.seed, "generator", seed),
                },
            )
        if "train" not in run.plan["done"]:
            run.train(self.emit, self.should_stop)
        if "score" not in run.plan["done"]:
            run.generate({"kind": "counts", "counts": self.candidates}, None, self.emit, self.should_stop)
        for arm in self.study.arms:
            if arm.synthetic is not None and not self.chosen_file(arm, seed).exists():
                budget = parse_budget(arm.synthetic.amount)
                run.select(arm.synthetic.sampler, {}, budget, step_seed(self.settings.seed, "sampler", seed), self.emit)
                with whole_file(self.chosen_file(arm, seed)) as partial:
                    np.save(partial, run.chosen(), allow_pickle=False)

    @cached_property
    def candidates(self) -> dict[str, int]:
        """Class -> candidates of a pool: what the arm that asks for most of it needs, times the pool factor."""
        counts = self.study.pack().counts("train")
        most: Counter[str] = Counter()
        for arm in self.study.arms:
            if arm.synthetic is not None:
                most |= Counter(resolve(parse_budget(arm.synthetic.amount), counts))
        return {name: int(np.ceil(most[name] * self.settings.pool_factor)) for name in counts}

    def chosen_file(self, arm: Arm, generator: int) -> Path:
        return self.study.folder / "chosen" / f"{slug(arm)}-g{generator}.npy"

    # --- children -------------------------------------------------------------------------------------------------
    def children(self, arms: Sequence[Arm]) -> Iterator[Child]:
        """Every child of the arms; the seeds of children and of generators are crossed."""
        number = self.settings.num_generator_seeds
        for arm in arms:
            generators: Iterable[int | None] = [None] if arm.synthetic is None else range(number)
            for generator in generators:
                for seed in range(self.settings.num_child_seeds):
                    yield Child(arm, generator, seed)

    def train_all(self, arms: Sequence[Arm]) -> None:
        """Train those that are not there yet. Raises: StopRequested."""
        children = list(self.children(arms))
        for place, child in enumerate(children):
            if not self.file_of(child).exists():
                self.train_one(child)
            self.on_child(child.name, place + 1, len(children))

    def train_one(self, child: Child) -> None:
        """Raises: StopRequested."""

        def on_step(step: int, number: int) -> None:
            if self.should_stop():
                raise StopRequested

        began = time.perf_counter()
        net = train_child(
            self.settings.child,
            child.arm,
            self.real(child.arm.real_share),
            self.synthetic(child),
            len(self.study.pack().classes),
            self.settings.child_steps,
            step_seed(self.settings.seed, "child", child.seed),
            self.device,
            on_step,
        )
        duration = time.perf_counter() - began
        judged = self.study.judged()
        val, test = (probabilities(net, part.pixels, self.device) for part in (judged.val, judged.test))
        with whole_file(self.file_of(child)) as partial:
            np.savez(partial, val=val, test=test, duration_s=duration)

    def file_of(self, child: Child) -> Path:
        return self.study.folder / "children" / f"{child.name}.npz"

    def real(self, share: float) -> Labelled:
        """The training images, or a share of each class's: the first of an order that the study's seed draws."""
        pack = self.study.pack()
        rows = pack.rows("train")
        if share < 1:
            rng = np.random.default_rng(step_seed(self.settings.seed, "share"))
            shuffled = rng.permutation(rows)
            of_class = [shuffled[pack.label[shuffled] == one] for one in range(len(pack.classes))]
            rows = np.sort(np.concatenate([part[: max(1, round(share * len(part)))] for part in of_class]))
        return Labelled(*pack.read(rows))

    def synthetic(self, child: Child) -> Labelled | None:
        """What the arm's sampler kept. Raises: BadBudgetError where that is nothing and the arm has nothing else."""
        if child.generator is None:
            return None
        pool = open_pool(self.study.folder / "generators" / str(child.generator) / "pool")
        rows: NDArray[np.int64] = np.load(self.chosen_file(child.arm, child.generator), allow_pickle=False)
        if child.arm.synthetic_only and not len(rows):
            raise BadBudgetError(
                f"The sampler of the arm {child.arm.name} kept no image of generator {child.generator}, so there is "
                f"nothing to learn from; leave the arm out, or choose another sampler."
            )
        return Labelled(pool.images(rows), pool.label[rows])

    # --- what they answer -----------------------------------------------------------------------------------------
    def answers_of(self, arms: Sequence[Arm]) -> dict[str, Answers]:
        """Arm -> what its children answer."""
        answers = {}
        for arm in arms:
            generators = self.settings.num_generator_seeds if arm.synthetic is not None else 1
            files = [self.file_of(child) for child in self.children([arm])]
            answers[arm.name] = Answers.read(arm, files, (generators, self.settings.num_child_seeds))
        return answers


def slug(arm: Arm) -> str:
    """The arm's name as part of a file's name."""
    return arm.name.replace(":", "=")
