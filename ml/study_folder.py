"""The folder of a study: what was asked for, the training images, and apart from them what its children are judged on.

<folder>/study.json     settings, arms, model, hash of the training images, run folders of given pools
<folder>/data/          the training and validation images as a pack
<folder>/images.jsonl   the same as files, for the generators
<folder>/judged.npz     pixels, label and split of the validation and test images
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.arms import Arm, read_arms
from ml.budget import parse_budget, resolve
from ml.child import Labelled
from ml.dataset_kind import classes_of
from ml.errors import BadDatasetError, BadSettingsError
from ml.fit import fit_image
from ml.label_map import half_B, is_map_side
from ml.model import Model, ModelSettings, TranslationModel
from ml.pack import OnPacked, Pack, attributes_of, membership, open_pack, write_pack
from ml.plugin import find, read_settings
from ml.records import ImageRecord, read_records
from ml.selection import check_suitable, make_sampler
from ml.study_pools import Shape, adopt, check_given, open_given, refuse_seen
from ml.study_settings import StudySettings, read_study_settings
from ml.whole import whole_file


@dataclass(frozen=True)
class Judged:
    """Images that judge children, and never train them: label int64 [N] of uint8 pixels [N, H, W, C]."""

    val: Labelled
    test: Labelled


@dataclass(frozen=True)
class StudyFolder:
    """An opened study."""

    folder: Path
    settings: StudySettings
    arms: tuple[Arm, ...]
    model: str
    model_settings: dict[str, Any]
    pools: tuple[str, ...] = ()
    """Run folders whose pools stand where generators would be trained."""
    attributes: tuple[str, ...] = ()

    @classmethod
    def create(
        cls,
        folder: Path,
        records: Sequence[ImageRecord],
        model: str,
        model_settings: dict[str, Any],
        arms: Sequence[str],
        settings: StudySettings,
        pools: Sequence[Path] = (),
        on_packed: OnPacked | None = None,
        attributes: Sequence[str] = (),
    ) -> "StudyFolder":
        """Refuses at once what would end the study after hours of training.

        pools: run folders with scored pools; model, its settings and the number of generators are then theirs.
        attributes: names of what the records say.

        Raises: BadSettingsError, UnknownPluginError, UnsuitableSamplerError, BadBudgetError; BadDatasetError where a
        class lacks images to learn or to judge by, or a pool does not fit.
        """
        cls.refuse_used(folder)
        read = read_arms(arms)
        _check_splits(records)
        learnt = [record for record in records if record.split == "train"]
        counts = Counter(name for record in learnt for name in record.classes(attributes))
        classes = classes_of((record.label for record in records), attributes)
        settings.check_classes(classes)
        given = [open_given(pool) for pool in pools]
        if given:
            check_given(given, classes, read, counts)
            shape, model, model_settings = given[0].shape(), given[0].pool.facts.model, given[0].model_settings
            settings = read_study_settings({**settings.model_dump(), "num_generator_seeds": len(given)})
        else:
            shape = _check_model(model, model_settings, read, counts, tuple(classes))
        folder.mkdir(parents=True, exist_ok=True)
        known = [record for record in records if record.split != "test"]
        pack = write_pack(
            known, classes, folder / "data", shape.resolution, shape.fit, shape.channels, on_packed, attributes
        )
        judged = _write_judged(folder / "judged.npz", records, pack)
        refuse_seen(given, pack.images, judged.test.pixels)
        with whole_file(folder / "images.jsonl") as partial:
            partial.write_text("".join(json.dumps(record.row()) + "\n" for record in known), encoding="utf-8")
        asked = {
            "settings": settings.model_dump(mode="json"),
            "arms": [arm.name for arm in read],
            "model": model,
            "model_settings": model_settings,
            "data_hash": pack.hash,
            "attributes": list(attributes),
            "pools": [str(one.folder.absolute()) for one in given],
        }
        for place, one in enumerate(given):
            adopt(one, folder / "generators" / str(place), folder / "images.jsonl", attributes)
        with whole_file(folder / "study.json") as partial:
            partial.write_text(json.dumps(asked, indent=1), encoding="utf-8")
        return cls.open(folder)

    @staticmethod
    def refuse_used(folder: Path) -> None:
        """Raises: BadSettingsError when a study lies there."""
        if (folder / "study.json").exists():
            raise BadSettingsError(f"{folder} already holds a study; add --resume to go on, or name another folder.")

    @classmethod
    def open(cls, folder: Path) -> "StudyFolder":
        """Raises: BadDatasetError when no study lies there."""
        try:
            asked = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadDatasetError(f"{folder} holds no study ({error}); make one with `python -m ml study`.") from error
        return cls(
            folder,
            StudySettings(**asked["settings"]),
            tuple(read_arms(asked["arms"])),
            asked["model"],
            asked["model_settings"],
            tuple(asked.get("pools", ())),
            tuple(asked.get("attributes", ())),
        )

    def pack(self) -> Pack:
        """The training and validation images."""
        return open_pack(self.folder / "data")

    def records(self) -> list[ImageRecord]:
        """The same as files."""
        return list(read_records(self.folder / "images.jsonl"))

    def judged(self) -> Judged:
        """What children are judged on; to be read once they are trained."""
        return _read_judged(self.folder / "judged.npz")


def _check_splits(records: Sequence[ImageRecord]) -> None:
    counts = Counter((record.label, record.split) for record in records)
    for label in sorted({record.label for record in records}):
        for split, words in (("train", "training"), ("val", "validation"), ("test", "test")):
            if not counts[label, split]:
                raise BadDatasetError(
                    f"The class {label!r} has no {words} image; a study needs some of each class in every split."
                )


def _check_model(
    name: str, model_settings: dict[str, Any], arms: Sequence[Arm], counts: Mapping[str, int], classes: tuple[str, ...]
) -> Shape:
    """Whether it makes every class and gives the arms' samplers what they read; returns the shape of its images.

    Raises: UnknownPluginError, BadSettingsError, UnsuitableSamplerError, BadBudgetError.
    """
    plugin = find("models", Model, name)
    settings: ModelSettings = read_settings(plugin, model_settings)
    learnt = plugin.classes_learnt(settings, classes)
    made = [learnt[number] for number in plugin.labels_made(settings, len(learnt))]
    if set(made) != set(classes):
        raise BadSettingsError(
            f"A study asks for images of all {len(classes)} classes, and the model {name} with these settings makes "
            f"{', '.join(made)}; use a dataset of these classes, or give pools that were made."
        )
    if issubclass(plugin, TranslationModel) and plugin.makes_other_half(settings):
        raise BadSettingsError(
            f"A study judges by the images B of pairs, and the model {name} with these settings makes A; turn the "
            "direction around."
        )
    for arm in arms:
        if arm.synthetic is not None:
            check_suitable(make_sampler(arm.synthetic.sampler, {}), plugin, settings)
            resolve(parse_budget(arm.synthetic.amount), counts)
    return Shape(settings.resolution, settings.fit, settings.channels)


def _write_judged(file: Path, records: Sequence[ImageRecord], pack: Pack) -> Judged:
    chosen = [record for record in records if record.split != "train"]
    # as the pack does it: of pairs the half B, a label map in its colours and never blurred
    is_map = is_map_side([record for record in records if record.split == "train"], "B")
    shape = pack.resolution, pack.fit, pack.channels
    pixels = [fit_image(half_B(one, is_map), *shape, nearest=is_map) for one in chosen]
    arrays: dict[str, NDArray[Any]] = {
        "pixels": np.stack(pixels),
        "label": np.array([pack.classes.index(one.label) for one in chosen], np.int64),
        "is_test": np.array([one.split == "test" for one in chosen]),
    }
    if pack.attributes:
        arrays["member"] = membership(
            arrays["label"], attributes_of(chosen, len(pack.attributes)), pack.classes, pack.attributes
        )
    with whole_file(file) as partial:
        np.savez(partial, allow_pickle=False, **arrays)
    return _read_judged(file)


def _read_judged(file: Path) -> Judged:
    with np.load(file, allow_pickle=False) as arrays:
        pixels, label, is_test = arrays["pixels"], arrays["label"], arrays["is_test"]
        member = arrays.get("member")
    val, test = (
        Labelled(pixels[rows], label[rows], None if member is None else member[rows]) for rows in (~is_test, is_test)
    )
    return Judged(val, test)
