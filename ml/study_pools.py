"""Pools that exist, as the generators of a study: each was made by a run, or imported, and counts as one generator.

A given pool stays where it is; the study reads its images and scores, and keeps its own selections.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml.arms import Arm
from ml.budget import parse_budget, resolve
from ml.errors import BadBudgetError, BadDatasetError, BadSettingsError, UnsuitableSamplerError
from ml.fit import Fit
from ml.images import Pixels
from ml.pack import Pack, open_pack
from ml.pool import Pool, open_pool
from ml.run_folder import RunFolder
from ml.score import read_scores
from ml.selection import make_sampler


@dataclass(frozen=True)
class Shape:
    """How images become squares of one size."""

    resolution: int
    fit: Fit
    channels: Literal["auto", "grey", "colour"]


@dataclass(frozen=True)
class GivenPool:
    """A scored pool, and the real images as its run saw them."""

    run: RunFolder
    pool: Pool
    pack: Pack
    scores: frozenset[str]

    @property
    def folder(self) -> Path:
        return self.run.folder

    @property
    def model_settings(self) -> dict[str, Any]:
        return self.run.plan["recipe"]["model_settings"]

    def shape(self) -> Shape:
        """Of its images, and so of the study's."""
        facts = self.pool.facts
        return Shape(facts.resolution, self.pack.fit, "grey" if facts.channels == 1 else "colour")


def open_given(folder: Path) -> GivenPool:
    """The pool of a run folder. Raises: BadDatasetError where there is none, or nothing has scored it."""
    run = RunFolder.open(folder)
    pool = open_pool(Path(run.artefact("generate")["pool"]))
    scores = read_scores(Path(run.artefact("score")["scores"]))
    return GivenPool(run, pool, open_pack(Path(run.artefact("prepare")["data"])), frozenset(scores))


def check_given(given: Sequence[GivenPool], classes: Sequence[str], arms: Iterable[Arm], counts: Counter[str]) -> None:
    """Whether a study of these classes and arms can use them; counts: training images of each class.

    Raises: BadSettingsError, BadDatasetError, UnsuitableSamplerError, BadBudgetError.
    """
    _check_independent(given)
    for one in given:
        if set(one.pool.facts.classes) != set(classes):
            raise BadDatasetError(
                f"The pool of {one.folder} has the classes {', '.join(one.pool.facts.classes)}, and the study has "
                f"{', '.join(classes)}; give pools that were made for these images."
            )
        if one.shape() != given[0].shape():
            raise BadDatasetError(
                f"The pool of {one.folder} has images of {_size(one)}, and that of {given[0].folder} of "
                f"{_size(given[0])}; give pools of one size."
            )
        for arm in arms:
            if arm.synthetic is not None:
                _check_serves(one, arm, arm.synthetic.sampler, resolve(parse_budget(arm.synthetic.amount), counts))


def _check_independent(given: Sequence[GivenPool]) -> None:
    """A method is judged by several trainings of it, so nothing may count twice. Raises: BadSettingsError."""
    models = sorted({one.pool.facts.model for one in given})
    if len(models) > 1:
        raise BadSettingsError(
            f"The pools were made by {' and by '.join(models)}; a study says what one method is worth, so give pools "
            f"of one model."
        )
    made: dict[str, Path] = {}
    for one in given:
        maker = one.pool.facts.checkpoint_sha256 or str(one.pool.folder.resolve())
        if maker in made:
            raise BadSettingsError(
                f"The pools of {made[maker]} and {one.folder} come from the same training, which counts once; give one "
                f"of them, or train again with another seed."
            )
        made[maker] = one.folder


def _check_serves(one: GivenPool, arm: Arm, sampler: str, wanted: Mapping[str, int]) -> None:
    missing = [score for score in make_sampler(sampler, {}).wanted() if score not in one.scores]
    if missing:
        raise UnsuitableSamplerError(
            f"The arm {arm.name} ranks by {', '.join(missing)}, which the pool of {one.folder} lacks; choose another "
            f"sampler, or pools that have it."
        )
    for place, name in enumerate(one.pool.facts.classes):
        candidates = int((one.pool.label == place).sum())
        if candidates < wanted[name]:
            raise BadBudgetError(
                f"The arm {arm.name} asks for {wanted[name]} images of {name!r}, and the pool of {one.folder} has "
                f"{candidates}; ask for fewer, or give larger pools."
            )


def refuse_seen(given: Sequence[GivenPool], known: Pixels, test: Pixels) -> None:
    """Refuse pools whose run, or whose candidates, hold images that only the last judgement may see.

    known, test: uint8 [N, H, W, C], images of the study that generators may see, and its test images; what is in both
    is no secret.

    Raises: BadDatasetError.
    """
    secret = {image.tobytes() for image in test} - {image.tobytes() for image in known}
    for one in given:
        learnt = sum(image.tobytes() in secret for image in one.pack.images)
        copied = sum(image.tobytes() in secret for _, images in one.pool.chunks() for image in images)
        if learnt or copied:
            found = f"was made with {learnt}" if learnt else f"holds {copied}"
            raise BadDatasetError(
                f"The pool of {one.folder} {found} of the test images of this study, which only its last judgement may "
                f"see; give pools that were made from its training images (the same split and split seed)."
            )


def adopt(one: GivenPool, folder: Path, images: Path, attributes: Sequence[str]) -> None:
    """A run folder in the study whose pool is the given one; images and attributes, of the study, say what `1x` is."""
    run = one.run
    folder.mkdir(parents=True, exist_ok=True)
    done = {stage: artefact for stage, artefact in run.plan["done"].items() if stage != "select"}
    dataset: dict[str, Any] = {"classes": list(one.pool.facts.classes), "images": str(images.absolute())}
    if attributes:
        dataset["attributes"] = list(attributes)
    adopted = {**run.plan, "dataset": dataset, "out": str(folder.absolute()), "done": {"train": {}, **done}}
    RunFolder(folder, adopted).save()  # type: ignore[arg-type]


def labels_among(pool: Pool, rows: NDArray[np.int64], classes: Sequence[str]) -> NDArray[np.int64]:
    """int64 [len(rows)]: places in `classes`, whose order may be another than the pool's."""
    place = np.array([classes.index(name) for name in pool.facts.classes], np.int64)
    return np.asarray(place[pool.label[rows]], np.int64)


def membership_of(
    pool: Pool, rows: NDArray[np.int64], label: NDArray[np.int64], classes: Sequence[str]
) -> NDArray[np.float32]:
    """float32 [len(rows), classes]: what candidates have (1) and lack (0) of classes that are attributes.

    A translation says all that it was made to have; of any other candidate only the class asked for is known.
    """
    member = np.full((len(rows), len(classes)), np.nan, np.float32)
    if pool.member is not None:
        place = [classes.index(name) for name in pool.facts.classes]
        member[:, place] = pool.member[rows]
    member[np.arange(len(rows)), label] = 1
    return member


def _size(one: GivenPool) -> str:
    shape = one.shape()
    return f"{shape.resolution} pixels in {shape.channels}, fitted by {shape.fit}"
