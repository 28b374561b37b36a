"""Studies on real parts: tiny generators and children of rendered shapes, through the command line's own doors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_calibration_error

from ml.__main__ import main
from ml.arms import read_arm
from ml.child import probabilities, train_child
from ml.commands import read_transforms
from ml.errors import BadBudgetError, BadDatasetError, BadSettingsError, MlError
from ml.records import ImageRecord
from ml.seeds import step_seed
from ml.study import Work
from ml.study_child import (
    Child,
    allowed_transforms,
    chosen_file,
    chosen_images,
    own_device,
    real_images,
    train_one,
)
from ml.study_folder import StudyFolder
from ml.study_settings import GEOMETRIC, USUAL, StudySettings, read_study_settings
from ml.study_told import ChildDone, StudyResult
from ml.told import StopRequested
from ml.truth import Truth
from tests.ml.tiny_data import SHAPES, render
from tests.ml.tiny_run import SETTINGS

ARMS = ["none", "balanced+geometric", "random:1x", "balanced+class_confidence:4@0.25"]


def write_records(folder: Path, num_train: int = 12, num_judged: int = 6) -> list[ImageRecord]:
    records: list[ImageRecord] = []
    for label in SHAPES:
        for number in range(num_train + 2 * num_judged):
            file = folder / f"{label}-{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            render(label, number).save(file)
            split = "train" if number < num_train else "val" if number < num_train + num_judged else "test"
            records.append(ImageRecord(len(records), file, label, split))
    return records


def create(folder: Path, records: list[ImageRecord], arms: list[str] | None = None, **settings: int) -> StudyFolder:
    few = {"child_steps": 8, "num_child_seeds": 3, "num_generator_seeds": 3, **settings}
    return StudyFolder.create(folder, records, "dcgan", SETTINGS, arms or ARMS, StudySettings(**few))


def carry_out(study: StudyFolder) -> StudyResult:
    return Work(study, lambda event: None, lambda done: None, lambda: False).run()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyFolder, StudyResult]:
    folder = tmp_path_factory.mktemp("study")
    study = create(folder / "out", write_records(folder / "images"))
    return study, carry_out(study)


def test_every_arm_has_a_row_with_intervals_and_those_with_a_generator_a_gain(
    finished: tuple[StudyFolder, StudyResult],
) -> None:
    _, result = finished
    assert [arm["name"] for arm in result["arms"]] == ARMS
    for arm in result["arms"]:
        assert arm["num_children"] == (9 if arm["is_synthetic"] else 3)
        estimate = arm["balanced_accuracy"]
        assert estimate["low"] is not None
        assert estimate["high"] is not None
        assert estimate["low"] <= estimate["mean"] <= estimate["high"]
        assert (arm["gain"] is not None) == arm["is_synthetic"]
        assert set(arm["recall"]) == set(SHAPES)
    assert result["baseline"] in ARMS[:2]
    assert result["best"] in ARMS[2:]
    assert result["answer"] in ("helped", "no_evidence", "hurt")
    assert [point["num_real"] for point in result["curve"]] == [9, 18, 36]


def test_no_image_of_the_test_split_is_among_what_generators_and_children_are_given(
    finished: tuple[StudyFolder, StudyResult],
) -> None:
    study, _ = finished
    test = {pixels.tobytes() for pixels in study.judged().test.pixels}
    assert len(test) == 18
    given = [study.folder / "data", *(study.folder / "generators").glob("*/data")]
    assert len(given) == 4
    for folder in given:
        images = np.load(folder / "images.npy")
        assert not test & {pixels.tobytes() for pixels in images}
        assert set(np.load(folder / "split.npy").tolist()) == {0, 1}
    for listing in study.folder.rglob("images.jsonl"):
        assert '"test"' not in listing.read_text()


def test_what_is_there_is_not_made_again_and_what_is_lost_is_the_same_once_more(
    finished: tuple[StudyFolder, StudyResult],
) -> None:
    study, result = finished
    children = sorted((study.folder / "children").iterdir())
    times = {file: file.stat().st_mtime_ns for file in children[1:]}
    with np.load(children[0]) as arrays:
        before = arrays["test"]
    children[0].unlink()
    again = carry_out(StudyFolder.open(study.folder))
    with np.load(children[0]) as arrays:
        assert np.array_equal(arrays["test"], before)
    assert {file: file.stat().st_mtime_ns for file in children[1:]} == times
    shown = [{**arm, "duration_s": 0.0} for arm in result["arms"]]
    assert [{**arm, "duration_s": 0.0} for arm in again["arms"]] == shown
    assert json.loads((study.folder / "result.json").read_text())["sentence"] == result["sentence"]


def test_children_trained_side_by_side_answer_the_same_to_the_bit_and_each_is_told(
    finished: tuple[StudyFolder, StudyResult], tmp_path: Path
) -> None:
    study, result = finished
    shutil.copytree(study.folder, tmp_path / "out", ignore=shutil.ignore_patterns("children", "result.json"))
    told: list[ChildDone] = []
    again = Work(
        StudyFolder.open(tmp_path / "out"), lambda event: None, told.append, lambda: False, num_processes=2
    ).run()
    assert again["answer"] == result["answer"]
    files = sorted((study.folder / "children").iterdir())
    assert len(files) == 3 + 3 + 9 + 9 + 6
    for file in files:
        with np.load(file) as one, np.load(tmp_path / "out" / "children" / file.name) as other:
            assert np.array_equal(one["val"], other["val"])
            assert np.array_equal(one["test"], other["test"])
    assert sorted(f"{done.name}.npz" for done in told) == [file.name for file in files]
    assert [done.num_done for done in told] == list(range(1, 31))
    assert [done.num_children for done in told] == [24] * 24 + [30] * 6
    by_arm = {name: [done for done in told if done.arm == name] for name in ARMS}
    for arm in again["arms"]:
        accuracies = [done.val_balanced_accuracy for done in by_arm[arm["name"]]]
        assert np.mean(accuracies) == pytest.approx(arm["val_balanced_accuracy"])
        assert {done.generator for done in by_arm[arm["name"]]} == ({0, 1, 2} if arm["is_synthetic"] else {None})


def test_a_study_that_is_stopped_leaves_whole_children_only(tmp_path: Path) -> None:
    study = create(tmp_path / "out", write_records(tmp_path / "images"), ["none", "balanced"])
    asked = iter([False] * 12 + [True])
    with pytest.raises(StopRequested):
        Work(study, lambda event: None, lambda done: None, lambda: next(asked)).run()
    assert [file.name for file in (study.folder / "children").iterdir()] == ["none-c0.npz"]
    assert len(carry_out(study)["arms"]) == 2


def test_the_measures_agree_with_torchmetrics(finished: tuple[StudyFolder, StudyResult]) -> None:
    import torch

    study, result = finished
    label = study.judged().test.label
    with np.load(study.folder / "children" / "none-c1.npz") as arrays:
        probabilities = arrays["test"]
    expected = multiclass_accuracy(torch.from_numpy(probabilities), torch.from_numpy(label), 3, average="macro")
    assert Truth(label).balanced_accuracy(probabilities) == pytest.approx(float(expected))
    errors = []
    for seed in range(3):
        with np.load(study.folder / "children" / f"none-c{seed}.npz") as arrays:
            told = torch.from_numpy(arrays["test"])
        errors.append(float(multiclass_calibration_error(told, torch.from_numpy(label), 3, n_bins=15)))
    assert result["arms"][0]["ece"] == pytest.approx(np.mean(errors))


def test_the_gan_test_is_what_children_of_the_baseline_recognise_of_each_arms_images(
    finished: tuple[StudyFolder, StudyResult],
) -> None:
    study, result = finished
    baseline, device = read_arm(result["baseline"]), own_device()
    augmented = [arm for arm in result["arms"] if arm["is_synthetic"]]
    assert [arm["gan_test"] for arm in result["arms"][:2]] == [None, None]
    shares = []
    for seed in range(3):
        net = train_child(
            "small_cnn",
            baseline,
            real_images(study, 1.0),
            None,
            3,
            8,
            step_seed(study.settings.seed, "child", seed),
            device,
        )
        for row in augmented:
            for generator in range(3):
                seen = chosen_images(study, read_arm(row["name"]), generator)
                shares.append((probabilities(net, seen.pixels, device).argmax(1) == seen.label).mean())
    expected = np.array(shares).reshape(3, 2, 3).mean(axis=(0, 2))
    for row, share in zip(augmented, expected, strict=True):
        assert row["gan_test"] is not None
        assert row["gan_test"]["mean"] == pytest.approx(share)
        assert row["gan_test"]["low"] is not None


def test_of_many_chosen_images_the_gan_test_takes_some_spread_evenly_over_all(
    finished: tuple[StudyFolder, StudyResult],
) -> None:
    study, _ = finished
    every = chosen_images(study, study.arms[2], 0)
    some = chosen_images(study, study.arms[2], 0, most=12)
    assert len(every) == 36
    assert np.bincount(some.label).tolist() == [4, 4, 4]
    assert {image.tobytes() for image in some.pixels} <= {image.tobytes() for image in every.pixels}


def test_a_class_without_images_to_judge_by_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    records = [
        record
        for record in write_records(tmp_path / "images")
        if not (record.label == "disc" and record.split == "test")
    ]
    with pytest.raises(BadDatasetError, match="'disc' has no test image"):
        create(tmp_path / "out", records)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("model", "arm", "told"),
    [
        ("gan", "class_confidence:1x", "class_confidence"),
        ("dcgan", "random:fill", "nothing to fill up"),
        ("dcgan", "no_such:1x", "no_such"),
    ],
)
def test_what_would_end_a_study_after_its_generators_is_refused_before_them(
    tmp_path: Path, model: str, arm: str, told: str
) -> None:
    records = write_records(tmp_path / "images", num_train=2, num_judged=1)
    with pytest.raises(MlError, match=told):
        StudyFolder.create(tmp_path / "out", records, model, {}, ["none", arm], StudySettings())
    assert not (tmp_path / "out").exists()


def test_an_arm_of_synthetic_images_alone_of_which_none_was_kept_ends_with_a_sentence(
    finished: tuple[StudyFolder, StudyResult],
) -> None:
    study, _ = finished
    child = Child(read_arm("synthetic_only+random:3"), 0, 0)
    np.save(chosen_file(study, child.arm, 0), np.empty(0, np.int64))
    with pytest.raises(BadBudgetError, match="kept no image of generator 0"):
        train_one(study, child, lambda: False)


@pytest.mark.parametrize(
    ("arm", "told"),
    [
        ("gemetric", "'gemetric' of the arm"),
        ("random", "'random' of the arm"),
        ("random:many", "names no amount"),
        ("random:1x@1.5", "between 0 and 1"),
        ("random:1x+realism:1x", "two samplers"),
        ("synthetic_only", "no images at all"),
    ],
)
def test_an_arm_that_is_none_is_refused_with_what_was_expected(arm: str, told: str) -> None:
    with pytest.raises(BadSettingsError, match=told):
        read_arm(arm)


def test_arms_that_leave_nothing_to_compare_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettingsError, match="nothing to compare"):
        create(tmp_path / "out", [], ["random:1x"])
    with pytest.raises(BadSettingsError, match="named twice"):
        create(tmp_path / "out", [], ["none", "none"])


def test_no_job_at_all_is_refused_before_anything_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--jobs", "0"]) == 1
    assert capsys.readouterr().err == "error: --jobs is 0; it must be 1 at least, or left out.\n"


def test_transforms_of_classes_reach_the_children_and_those_not_named_have_the_others(tmp_path: Path) -> None:
    command = ["study", str(tmp_path / "images"), "--out", str(tmp_path / "out"), "-q", "--arms", "geometric"]
    for record in write_records(tmp_path / "drawn", num_train=2, num_judged=1):
        file = tmp_path / "images" / record.split / record.label / record.file.name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(record.file, file)
    few = ["--child-steps", "2", "--child-seeds", "1", "--set", "resolution=16"]
    assert main([*command, *few, "--transforms", f"{SHAPES[0]}=shift,zoom", f"{SHAPES[1]}=", "*=mirror"]) == 0
    study = StudyFolder.open(tmp_path / "out")
    assert study.pack().classes == tuple(sorted(SHAPES))
    by_class = {SHAPES[0]: ["zoom", "shift"], SHAPES[1]: [], SHAPES[2]: ["mirror"]}
    allowed = allowed_transforms(study)
    assert allowed is not None
    for name, row in zip(study.pack().classes, allowed, strict=True):
        assert [one for one, may in zip(GEOMETRIC, row, strict=True) if may] == by_class[name]
    assert StudySettings(transforms={"6": ("shift",)}).transforms_of("9") == USUAL


@pytest.mark.parametrize(
    ("transforms", "told"),
    [
        ("owl=shift", "The transforms name the class 'owl', and the 3 classes of the study are"),
        (f"{SHAPES[0]}=rotate", r"transforms.*Input should be 'turn', 'mirror', 'zoom', 'shift' or 'stretch'"),
        ("shift", "names no transforms; write it as 6=shift,zoom"),
    ],
)
def test_an_unknown_class_or_transform_is_refused(tmp_path: Path, transforms: str, told: str) -> None:
    records = write_records(tmp_path / "images", 1, 1)

    def ask() -> None:
        settings = read_study_settings({"transforms": read_transforms([transforms])})
        StudyFolder.create(tmp_path / "out", records, "dcgan", SETTINGS, ["geometric"], settings)

    with pytest.raises(BadSettingsError, match=told):
        ask()
    assert not (tmp_path / "out").exists()
