"""Does synthetic data help? Recipes screened on validation images, and what the best are worth on test images.

    ATELIER_REAL_DATA=… python -m benchmarks.evidence screen [NAME ...]   on validation images
    ATELIER_REAL_DATA=… python -m benchmarks.evidence study [NAME ...]    and on test images
    python -m benchmarks.evidence page                                    write benchmarks/evidence.md again

What is asked stands in benchmarks/evidence_plan.py, the figures in benchmarks/evidence.json. What is measured already
is left out; --out names the folder of the generators and children, by which work that was ended goes on.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.evidence_data import without_test
from benchmarks.evidence_page import page
from benchmarks.evidence_plan import SCREENS, STUDIES, Asked
from ml.answer import compare
from ml.study import Work
from ml.study_child import chosen_file
from ml.study_folder import StudyFolder
from ml.study_result import doubt_about_images
from ml.study_settings import StudySettings
from ml.study_told import ChildDone, StudyResult

SAID_EVERY: Final = 10
HERE = Path(__file__).resolve().parent
RESULTS, PAGE = HERE / "evidence.json", HERE / "evidence.md"
PLANS: Final = {"screen": SCREENS, "study": STUDIES}


def carry_out(asked: Asked, kind: str, folder: Path, images: Path) -> dict[str, Any] | None:
    """The figures of a screening or a study; None where the images are not at hand."""
    if not (folder / "study.json").exists():
        records = asked.cut.records(images)
        if records is None:
            return None
        seen = without_test(records) if kind == "screen" else records
        settings = StudySettings(**asked.study_settings)
        StudyFolder.create(folder, seen, asked.model, dict(asked.model_settings), asked.arms, settings)
    study = StudyFolder.open(folder)
    work = Work(study, lambda event: None, _say, lambda: False)
    for seed in range(study.settings.num_generator_seeds):
        _make_generator(work, seed)
    return _screened(work) if kind == "screen" else _studied(work, work.run())


def _make_generator(work: Work, seed: int) -> None:
    """Keeps how long it took beside it, where it was made at one go."""
    folder = work.study.folder / "generators" / str(seed)
    is_new, began = not folder.exists(), time.perf_counter()
    work.make_generator(seed)
    if is_new:
        (folder / "duration_s").write_text(f"{time.perf_counter() - began:.1f}")


def _screened(work: Work) -> dict[str, Any]:
    """What the page needs; validation images alone judge."""
    work.train_all(work.study.arms)
    answers, val = work.answers_of(work.study.arms), work.study.judged().val.truth()
    arms = {name: round(float(val.balanced_accuracy(one.val).mean()), 4) for name, one in answers.items()}
    return _common(work.study) | {"arms": arms, "num_val": len(val)}


def _studied(work: Work, result: StudyResult) -> dict[str, Any]:
    return _common(work.study) | {
        "kept": {name: [len(np.load(file)) for file in files] for name, files in _chosen(work.study).items()},
        "num_val": result["num_val"],
        "num_test": result["num_test"],
        "result": rounded(result),
        "reinforcement": rounded(_beside_reinforcement(work)),
    }


def _common(study: StudyFolder) -> dict[str, Any]:
    """Training images of each class, and the mean time of a generator with its pool."""
    durations = [float(file.read_text()) for file in sorted(study.folder.glob("generators/*/duration_s"))]
    return {
        "num_train": list(study.pack().counts("train").values()),
        "generator_s": round(float(np.mean(durations)), 1) if durations else None,
    }


def _chosen(study: StudyFolder) -> dict[str, list[Path]]:
    """Arm -> the files of what was kept of each generator's pool."""
    seeds = range(study.settings.num_generator_seeds)
    return {arm.name: [chosen_file(study, arm, seed) for seed in seeds] for arm in study.arms if arm.synthetic}


def _beside_reinforcement(work: Work) -> dict[str, dict[str, Any]]:
    """Arm that differs by its sampler, and how many it kept, alone -> what RL is worth beside it on test images."""
    arms = [arm for arm in work.study.arms if arm.synthetic]
    answers, test = work.answers_of(arms), work.study.judged().test.truth()
    by_reinforcement = {_but_for_sampler(arm.name): arm.name for arm in arms if "+reinforcement:" in arm.name}
    gains = {}
    for name in (arm.name for arm in arms if "+reinforcement:" not in arm.name):
        if (peer := by_reinforcement.get(_but_for_sampler(name))) is None:
            continue
        one = answers[peer]
        scores = test.balanced_accuracy(one.test) - test.balanced_accuracy(answers[name].test)
        found = compare(scores, np.zeros(scores.shape[1]), doubt_about_images(one, answers[name], test))
        gains[name] = {"mean": found.mean, "low": found.low, "high": found.high, "answer": found.answer}
    return gains


def _but_for_sampler(arm: str) -> str:
    """The arm's name without sampler and amount, which stand before its share."""
    return re.sub(r"\w+:\w+@", "@", arm)


def rounded(value: Any) -> Any:
    """Floats to five digits, so that the file can be read."""
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, Mapping):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def _say(child: ChildDone) -> None:
    if child.num_done % SAID_EVERY == 0:
        print(f"{child.num_done}/{child.num_children} {child.arm}", file=sys.stderr, flush=True)


def main() -> int:
    """Measure what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=[*PLANS, "page"])
    parser.add_argument("names", nargs="*", help="of settings or screenings, as the page names them; all by default")
    parser.add_argument("--out", type=Path, default=Path("var/evidence"))
    options = parser.parse_args()
    results: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    plan = PLANS.get(options.kind, {})
    for name in options.names or plan:
        kept = results.setdefault(options.kind, {})
        if name in kept:
            continue
        figures = carry_out(plan[name], options.kind, options.out / options.kind / name, options.out / "images")
        if figures is None:
            print(f"{name}: set ATELIER_REAL_DATA to the folder that holds its images", file=sys.stderr)
            continue
        kept[name] = figures
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
