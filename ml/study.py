"""A study: child networks trained with and without augmentation, several seeds, judged on held-out real images.

Generators, one per generator seed, are trained on the training split by the same stages as any run, or stand there as
pools that were given (`ml/study_pools.py`); each arm takes its images from them by its sampler. Each child is one file
(`ml/study_child.py`), so that a study that was stopped or killed goes on with the next one, and several processes can
train children side by side.

    <folder>/generators/<seed>/               a run folder (`ml/run_folder.py`)
    <folder>/chosen/, <folder>/children/      what samplers kept, what children answer
    <folder>/result.json                      the answer (`ml/study_result.py`)
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial

import numpy as np

from ml.arms import Arm
from ml.budget import parse_budget, resolve
from ml.device import choose_device
from ml.processes import in_processes
from ml.protocol import Emit
from ml.run_folder import RunFolder
from ml.seeds import step_seed
from ml.share import process_share, this_machine
from ml.study_child import Child, chosen_file, train_one
from ml.study_folder import StudyFolder
from ml.study_result import Answers, conclude, curve_arms
from ml.study_told import ChildDone, StudyResult
from ml.told import ShouldStop
from ml.truth import Truth
from ml.whole import whole_file

OnChild = Callable[[ChildDone], None]


def usual_processes() -> int:
    """Children trained at once where nobody says how many: one on a GPU, else this process's share of the CPU."""
    return process_share(this_machine()) if choose_device().type == "cpu" else 1


class Work:
    """A study being carried out."""

    def __init__(
        self, study: StudyFolder, emit: Emit, on_child: OnChild, should_stop: ShouldStop, num_processes: int = 1
    ) -> None:
        """`emit` hears of the generators, `on_child` of the children, in order of completion.

        num_processes: children that are trained at once; the result is the same whatever their number.
        """
        self.study, self.emit, self.on_child, self.should_stop = study, emit, on_child, should_stop
        self.settings = study.settings
        self.num_processes = num_processes
        self.num_done = 0

    def run(self) -> StudyResult:
        """Everything that is not there yet, and the answer. Raises: StopRequested, MlError."""
        if any(arm.synthetic for arm in self.study.arms):
            for seed in range(self.settings.num_generator_seeds):
                self.emit(
                    {"event": "generator", "number": seed + 1, "num_generators": self.settings.num_generator_seeds}
                )
                self.make_generator(seed)
        self.train_all(self.study.arms)
        answers = self.answers_of(self.study.arms)
        curve = curve_arms(answers, self.study.arms, self.val_truth)
        self.train_all(curve)
        result = conclude(self.study, answers, self.answers_of(curve))
        with whole_file(self.study.folder / "result.json") as file:
            file.write_text(json.dumps(result, indent=1), encoding="utf-8")
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
                attributes=self.study.pack().attributes,
            )
        if "train" not in run.plan["done"]:
            run.train(self.emit, self.should_stop)
        if "score" not in run.plan["done"]:
            run.generate({"kind": "counts", "counts": self.candidates}, None, self.emit, self.should_stop)
        for arm in self.study.arms:
            if arm.synthetic is not None and not chosen_file(self.study, arm, seed).exists():
                budget = parse_budget(arm.synthetic.amount)
                run.select(arm.synthetic.sampler, {}, budget, step_seed(self.settings.seed, "sampler", seed), self.emit)
                with whole_file(chosen_file(self.study, arm, seed)) as file:
                    np.save(file, run.chosen(), allow_pickle=False)

    @cached_property
    def candidates(self) -> dict[str, int]:
        """Class -> candidates of a pool: what the arm that asks for most of it needs, times the pool factor."""
        attributes, records = self.study.attributes, self.study.records()
        learnt = [record for record in records if record.split == "train"]
        counts = Counter(name for record in learnt for name in record.classes(attributes))
        most: Counter[str] = Counter()
        for arm in self.study.arms:
            if arm.synthetic is not None:
                most |= Counter(resolve(parse_budget(arm.synthetic.amount), counts))
        return {name: int(np.ceil(most[name] * self.settings.pool_factor)) for name in self.study.pack().classes}

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
        """Train those that are not there yet. Raises: StopRequested, MlError."""
        children = list(self.children(arms))
        number = self.num_done + len(children)
        missing = []
        for child in children:
            if child.file(self.study).exists():
                self.tell(child, number)
            else:
                missing.append(child)
        in_processes(
            self.num_processes,
            partial(train_one, self.study),
            missing,
            lambda child, _: self.tell(child, number),
            self.should_stop,
        )

    def tell(self, child: Child, num_children: int) -> None:
        """That it is there."""
        with np.load(child.file(self.study), allow_pickle=False) as arrays:
            accuracy = float(self.val_truth.balanced_accuracy(arrays["val"]))
        self.num_done += 1
        self.on_child(
            ChildDone(child.name, child.arm.name, child.generator, child.seed, accuracy, self.num_done, num_children)
        )

    @cached_property
    def val_truth(self) -> Truth:
        """What the validation images are."""
        return self.study.judged().val.truth()

    # --- what they answer -----------------------------------------------------------------------------------------
    def answers_of(self, arms: Sequence[Arm]) -> dict[str, Answers]:
        """Arm -> what its children answer."""
        answers = {}
        for arm in arms:
            generators = self.settings.num_generator_seeds if arm.synthetic is not None else 1
            files = [child.file(self.study) for child in self.children([arm])]
            answers[arm.name] = Answers.read(arm, files, (generators, self.settings.num_child_seeds))
        return answers
