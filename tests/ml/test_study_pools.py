"""Studies of pools that exist, on handwritten digits: copies that teach nothing, real images that do, refusals."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from ml.__main__ import main
from ml.errors import BadBudgetError, BadDatasetError, BadSettingsError, MlError, UnsuitableSamplerError
from ml.plans import IMPORTED, Artefacts
from ml.pool import open_pool
from ml.records import ImageRecord
from ml.run_folder import RunFolder
from ml.study import Work
from ml.study_child import Child, chosen_file, synthetic_images
from ml.study_folder import StudyFolder
from ml.study_settings import StudySettings
from ml.study_told import StudyResult

CLASSES = (3, 5, 8, 9)
NUM_TRAIN, NUM_VAL, NUM_TEST, NUM_POOL = 4, 8, 60, 20
SETTINGS = StudySettings(child_steps=60, num_child_seeds=3, num_generator_seeds=3)
FILES = ("plan.json", "done.json")


@dataclass(frozen=True)
class Digits:
    """A dataset whose further images became pools; copies, further: run folders."""

    folder: Path
    records: list[ImageRecord]
    copies: list[Path]
    further: list[Path]


def digit(label: int, place: int) -> Image.Image:
    """The image of that class at that place, 16 pixels wide."""
    digits = load_digits()
    pixels: NDArray[np.float64] = digits.images[digits.target == label][place]
    return Image.fromarray(np.round(pixels * 255 / 16).astype(np.uint8)).resize((16, 16))


def write_records(folder: Path) -> list[ImageRecord]:
    records = []
    for label in CLASSES:
        for place in range(NUM_TRAIN + NUM_VAL + NUM_TEST):
            file = folder / f"{label}-{place}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            digit(label, place).save(file)
            split = "train" if place < NUM_TRAIN else "val" if place < NUM_TRAIN + NUM_VAL else "test"
            records.append(ImageRecord(len(records), file, str(label), split))
    return records


def import_pool(
    folder: Path, records: list[ImageRecord], places: Sequence[int], prepared: Artefacts | None = None, **more: Any
) -> Path:
    """A run folder whose pool is the digits at these places."""
    source = folder / "made"
    for label in CLASSES:
        (source / str(label)).mkdir(parents=True)
        for place in places:
            digit(label, place).save(source / str(label) / f"{place}.png")
    settings = {"resolution": 16, "fit": "crop", "channels": "auto", **more}
    run = RunFolder.create(
        folder,
        records,
        {
            "model": IMPORTED,
            "model_settings": settings,
            "sampler": "random",
            "sampler_settings": {},
            "budget": {"kind": "per_class", "count": 1},
            "pool_factor": 1.0,
            "seed": 0,
        },
        imported={"source": str(source), "name": "a scanner"},
    )
    if prepared is not None:
        run.plan["done"]["prepare"] = prepared
    run.train(lambda event: None, lambda: False)
    run.generate({"kind": "per_class", "count": 1}, None, lambda event: None, lambda: False)
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    folder = tmp_path_factory.mktemp("digits")
    records = write_records(folder / "images")
    first = import_pool(folder / "copies-0", records, range(NUM_TRAIN))
    prepared = RunFolder.open(first).artefact("prepare")
    copies = [import_pool(folder / f"copies-{number}", records, range(NUM_TRAIN), prepared) for number in (1, 2)]
    used = NUM_TRAIN + NUM_VAL + NUM_TEST
    further = [
        import_pool(folder / f"further-{start}", records, range(start, start + NUM_POOL), prepared)
        for start in range(used, used + 3 * NUM_POOL, NUM_POOL)
    ]
    return Digits(folder, records, [first, *copies], further)


def create(
    digits: Digits, folder: Path, pools: Sequence[Path], arms: Sequence[str], settings: StudySettings = SETTINGS
) -> StudyFolder:
    return StudyFolder.create(folder, digits.records, "", {}, arms, settings, pools)


def carry_out(study: StudyFolder) -> StudyResult:
    return Work(study, lambda event: None, lambda done: None, lambda: False).run()


@pytest.fixture(scope="module")
def positive(digits: Digits) -> tuple[StudyFolder, StudyResult]:
    study = create(digits, digits.folder / "positive", digits.further, ["none", "random:4x"])
    return study, carry_out(study)


def test_further_real_images_are_told_to_help(positive: tuple[StudyFolder, StudyResult]) -> None:
    study, result = positive
    assert (study.model, study.settings.num_generator_seeds) == ("a scanner", 3)
    assert (result["answer"], result["scope"]) == ("helped", "method")
    arm = result["arms"][1]
    assert (arm["num_generators"], arm["num_children"]) == (3, 9)
    assert arm["gan_test"] is not None
    assert arm["gan_test"]["mean"] == pytest.approx(result["arms"][0]["accuracy"]["mean"], abs=0.1)
    assert arm["balanced_accuracy"]["mean"] > result["arms"][0]["balanced_accuracy"]["mean"] + 0.05


def test_copies_of_the_training_images_are_not_told_to_help(digits: Digits) -> None:
    settings = SETTINGS.model_copy(update={"num_child_seeds": 5})
    result = carry_out(create(digits, digits.folder / "null", digits.copies, ["none", "random:1x"], settings))
    assert result["answer"] != "helped"
    gain = result["arms"][1]["gain"]
    assert gain is not None
    assert abs(gain["mean"]) < 0.05


def test_children_see_the_images_of_their_own_pool_and_the_pool_stays_as_it_was(
    digits: Digits, positive: tuple[StudyFolder, StudyResult]
) -> None:
    study, _ = positive
    for number, given in enumerate(digits.further):
        child = Child(study.arms[1], number, 0)
        chosen = synthetic_images(study, child)
        assert chosen is not None
        assert np.bincount(chosen.label).tolist() == [4 * NUM_TRAIN] * len(CLASSES)
        pool = open_pool(given / "pool")
        rows = np.load(chosen_file(study, child.arm, number))
        assert np.array_equal(chosen.pixels, pool.images(rows))
        assert not (given / "selection.npz").exists()
        assert "select" not in json.loads((given / "done.json").read_text())


def test_one_pool_is_told_of_by_itself_in_words_that_say_so(digits: Digits) -> None:
    result = carry_out(create(digits, digits.folder / "one", digits.further[:1], ["none", "random:4x"]))
    gain = result["arms"][1]["gain"]
    assert gain is not None
    assert gain["low"] is not None
    assert gain["low"] < gain["mean"]
    assert (result["answer"], result["scope"]) == ("helped", "pools")
    assert "This is about this pool: other trainings of the generator may differ" in result["sentence"]


def test_labels_are_those_of_the_study_whatever_order_the_pools_classes_have(digits: Digits, tmp_path: Path) -> None:
    turned = tmp_path / "turned"
    shutil.copytree(digits.further[0], turned)
    facts = json.loads((turned / "pool" / "pool.json").read_text())
    facts["classes"].reverse()
    (turned / "pool" / "pool.json").write_text(json.dumps(facts))
    label = np.load(turned / "pool" / "label.npy")
    np.save(turned / "pool" / "label.npy", len(CLASSES) - 1 - label)
    for name in FILES:
        (turned / name).write_text((turned / name).read_text().replace(str(digits.further[0]), str(turned)))
    study = create(digits, tmp_path / "out", [turned], ["none", "random:4x"])
    work = Work(study, lambda event: None, lambda done: None, lambda: False)
    work.make_generator(0)
    chosen = synthetic_images(study, Child(study.arms[1], 0, 0))
    assert chosen is not None
    pixels = {
        image.tobytes(): of
        for image, of in zip(open_pool(digits.further[0] / "pool").images(np.arange(80)), label, strict=True)
    }
    assert [pixels[image.tobytes()] for image in chosen.pixels] == chosen.label.tolist()


@pytest.mark.parametrize(
    ("arm", "fault", "told"),
    [
        ("random:6x", BadBudgetError, "asks for 24 images of '3', and the pool of .* has 20"),
        ("class_confidence:1x", UnsuitableSamplerError, "ranks by class_confidence, which the pool of .* lacks"),
    ],
)
def test_an_arm_that_the_pools_cannot_serve_is_refused(
    digits: Digits, tmp_path: Path, arm: str, fault: type[MlError], told: str
) -> None:
    with pytest.raises(fault, match=told):
        create(digits, tmp_path / "out", digits.further, ["none", arm])
    assert not (tmp_path / "out").exists()


def test_pools_that_do_not_fit_are_refused(digits: Digits, tmp_path: Path) -> None:
    records, used = digits.records, NUM_TRAIN + NUM_VAL + NUM_TEST
    arms = ["none", "random:1x"]
    with pytest.raises(BadSettingsError, match=r"further-72 and .*further-72 come from the same training"):
        create(digits, tmp_path / "out", [digits.further[0], digits.further[0]], arms)
    larger = import_pool(tmp_path / "larger", records, range(used, used + 4), resolution=32)
    with pytest.raises(BadDatasetError, match=r"images of 32 pixels in grey, fitted by crop, and that of .* of 16"):
        create(digits, tmp_path / "out", [digits.further[0], larger], arms)
    fewer = [record for record in records if record.label != "9"]
    with pytest.raises(BadDatasetError, match="has the classes 3, 5, 8, 9, and the study has 3, 5, 8;"):
        StudyFolder.create(tmp_path / "out", fewer, "", {}, arms, SETTINGS, digits.further)
    unscored = RunFolder.open(digits.further[0])
    unscored.plan["done"].pop("score")
    unscored.folder = tmp_path / "unscored"
    unscored.folder.mkdir()
    unscored.save()
    with pytest.raises(BadDatasetError, match="lacks the stage score"):
        create(digits, tmp_path / "out", [unscored.folder], arms)
    assert not (tmp_path / "out").exists()


def test_a_pool_that_has_seen_the_test_images_is_refused(digits: Digits, tmp_path: Path) -> None:
    prepared, first = RunFolder.open(digits.further[0]).artefact("prepare"), NUM_TRAIN + NUM_VAL
    copied = import_pool(tmp_path / "copied", digits.records, range(first, first + 4), prepared)
    with pytest.raises(BadDatasetError, match="holds 16 of the test images"):
        create(digits, tmp_path / "a", [copied], ["none", "random:1x"])
    swapped = [
        ImageRecord(one.index, one.file, one.label, {"test": "train", "train": "test"}.get(one.split, one.split))
        for one in digits.records
    ]
    with pytest.raises(BadDatasetError, match="was made with 16 of the test images"):
        StudyFolder.create(tmp_path / "b", swapped, "", {}, ["none", "random:4"], SETTINGS, digits.further)


def test_the_command_line_takes_pools_instead_of_a_model(
    digits: Digits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for record in digits.records:
        file = tmp_path / "photos" / record.split / record.label / record.file.name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(record.file, file)
    command = ["study", str(tmp_path / "photos"), "--out", str(tmp_path / "out"), "-q", "--arms", "none", "random:1x"]
    pools = ["--pools", *map(str, digits.further[:2])]
    assert main([*command, *pools, "--model", "dcgan"]) == 1
    assert "--pools brings images that a model has made; leave --model and --set out" in capsys.readouterr().err
    assert main([*command, *pools, "--child-steps", "4", "--child-seeds", "3"]) == 0
    assert "This is about these two pools" in capsys.readouterr().out
