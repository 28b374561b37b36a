"""A recipe through its stages: what each leaves, what is repeated after a stop, what is refused at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml import vgg, word_vectors
from ml.checkpoint import read_checkpoint
from ml.errors import (
    BadBudgetError,
    BadDatasetError,
    BadSettingsError,
    MlError,
    UnknownPluginError,
    UnsuitableSamplerError,
)
from ml.features import Encoder, FeaturesAndProbabilities, load_encoder
from ml.images import Pixels
from ml.inception import VARIABLE
from ml.inception_net import InceptionNet
from ml.metric import Metric
from ml.pack import open_pack
from ml.pipeline import Run, run
from ml.plans import STAGES, RunPlan, SelectPlan
from ml.plugin import shelf
from ml.pool import open_pool
from ml.records import read_records
from ml.selection import read_selection, select_again
from ml.told import StopRequested
from ml.train import generate_images, load_for_generation
from tests.ml.tiny_data import SHAPES
from tests.ml.tiny_run import SETTINGS, Heard, write_plan

NAMES: list[str] = list(STAGES)
OF_SETS = {name for name, metric in shelf("metrics", Metric).items() if metric.compares is None}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunPlan, Heard]:
    """One run, without interruption."""
    plan = write_plan(tmp_path_factory.mktemp("finished"))
    heard = Heard()
    run(plan, heard)
    return plan, heard


def arrays(file: Path) -> dict[str, Any]:
    with np.load(file, allow_pickle=False) as content:
        return dict(content)


# --- a whole run ------------------------------------------------------------------------------------------------
def test_every_stage_begins_and_ends_in_order_and_leaves_what_it_says(finished: tuple[RunPlan, Heard]) -> None:
    _, heard = finished
    marks = [(event["event"], event["stage"]) for event in heard.events if event["event"].startswith("stage_")]
    assert marks == [(mark, stage) for stage in STAGES for mark in ("stage_started", "stage_finished")]
    for event in heard.of("stage_finished"):
        paths = [Path(value) for key, value in event["artefact"].items() if key != "sha256"]
        assert paths
        assert all(path.is_absolute() and path.exists() for path in paths)
    assert heard.events[-1]["event"] == "result"


def test_progress_of_every_stage_starts_at_nothing_and_reaches_its_end(finished: tuple[RunPlan, Heard]) -> None:
    _, heard = finished
    for stage in ("prepare", "train", "generate", "score"):
        told = [event for event in heard.of("progress") if event["stage"] == stage]
        assert told[0]["step"] == 0
        steps = [event["step"] for event in told]
        assert steps == sorted(steps)
        assert told[-1]["step"] == told[-1]["num_steps"] or stage == "prepare"  # an encoder may be good early
        assert all(event["device"] for event in told)


def test_the_yield_adds_up(finished: tuple[RunPlan, Heard]) -> None:
    _, heard = finished
    yields = heard.of("result")[0]["yields"]
    assert list(yields) == list(SHAPES)
    for row in yields.values():
        assert (row["asked"], row["generated"], row["kept"]) == (20, 30, 20)
        assert row["dropped"] == {"less_confident": 10}


def test_the_pool_holds_what_was_planned_and_its_scores(finished: tuple[RunPlan, Heard]) -> None:
    _, heard = finished
    (told,) = heard.of("pool")
    pool = open_pool(Path(told["path"]))
    assert (len(pool), told["resolution"], told["channels"], told["classes"]) == (90, 16, 1, list(SHAPES))
    assert pool.label[:6].tolist() == [0, 1, 2, 0, 1, 2]
    assert len(set(pool.seed.tolist())) == 90
    assert told["score_names"] == [
        "class_confidence",
        "classifier_confidence",
        "nearest_training_distance",
        "realism",
    ]
    done = {event["stage"]: event["artefact"] for event in heard.of("stage_finished")}
    assert told["checkpoint_sha256"] == done["train"]["sha256"]
    scores = arrays(Path(done["score"]["scores"]))
    for name in told["score_names"]:
        assert scores[name].shape == (90,)
        assert scores[name].dtype == np.float64
        assert np.isfinite(scores[name]).all()
    for name in ("class_confidence", "classifier_confidence"):
        assert ((scores[name] >= 0) & (scores[name] <= 1)).all()
    assert scores["nearest_index"].shape == scores["nearest_distance"].shape == (90, 5)
    assert scores["memorised"].dtype == bool
    assert np.array_equal(scores["nearest_distance"][:, 0].astype(np.float64), scores["nearest_training_distance"])


def test_nearest_images_are_training_images_by_their_place_in_the_version(finished: tuple[RunPlan, Heard]) -> None:
    plan, heard = finished
    train = {row.index for row in read_records(Path(plan["dataset"]["images"])) if row.split == "train"}
    done = {event["stage"]: event["artefact"] for event in heard.of("stage_finished")}
    assert set(arrays(Path(done["score"]["scores"]))["nearest_index"].ravel().tolist()) <= train


def test_the_map_places_the_training_images_and_every_candidate(finished: tuple[RunPlan, Heard]) -> None:
    plan, heard = finished
    train = {row.index: row for row in read_records(Path(plan["dataset"]["images"])) if row.split == "train"}
    done = {event["stage"]: event["artefact"] for event in heard.of("stage_finished")}
    found, pool = arrays(Path(done["score"]["map"])), open_pool(Path(done["generate"]["pool"]))
    assert (found["num_real"], found["num_samples"]) == (len(train), 90)
    for view in ("pca", "tsne"):
        assert found[f"{view}_samples"][:, :2].tolist() == [[row, pool.label[row]] for row in range(90)]
        assert found[f"{view}_real"][:, 0].tolist() == sorted(train)
        assert np.ptp(found[f"{view}_samples"][:, 2:], axis=0).min() > 0


def test_a_candidate_is_made_again_from_its_label_and_seed(finished: tuple[RunPlan, Heard]) -> None:
    _, heard = finished
    done = {event["stage"]: event["artefact"] for event in heard.of("stage_finished")}
    pool = open_pool(Path(done["generate"]["pool"]))
    model = load_for_generation(Path(done["train"]["checkpoint"]), sha256=done["train"]["sha256"])
    rows = np.array([3, 71, 40])
    again = generate_images(model, pool.label[rows], pool.seed[rows])
    assert np.array_equal(again, pool.images(rows))


def test_images_come_from_the_best_checkpoint(finished: tuple[RunPlan, Heard]) -> None:
    _, heard = finished
    best = [event for event in heard.of("checkpoint") if event["is_best"]][-1]
    assert heard.of("stage_finished")[1]["artefact"] == {"checkpoint": best["file"], "sha256": best["sha256"]}
    measured = {
        event["step"]: event["values"]["metric/kid"] for event in heard.of("scalars") if "metric/kid" in event["values"]
    }
    assert sorted(measured) == [4, 8, 12]
    assert min(measured, key=lambda step: measured[step]) == best["step"]


def test_every_metric_is_measured_on_what_was_kept(finished: tuple[RunPlan, Heard]) -> None:
    plan, heard = finished
    (told,) = heard.of("metrics")
    assert set(told["values"]) == OF_SETS
    assert {row["num_synthetic"] for row in told["values"].values()} == {60}
    refused = {name: row["caution"] for name, row in told["values"].items() if row["value"] is None}
    # so few images make no classifier that could judge others
    assert set(refused) == {"inception_score"}
    assert "recognises only" in refused["inception_score"]
    assert json.loads((Path(plan["out"]) / "metrics.json").read_text()) == told["values"]


def test_with_inceptions_weights_what_compares_features_is_measured_in_both_spaces(
    finished: tuple[RunPlan, Heard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.inception_net.SIDE", 75)  # the smallest that leaves a map at the end
    torch.save(InceptionNet().half().state_dict(), tmp_path / "inception.pth")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "inception.pth"))
    plan, before = finished
    done = {event["stage"]: event["artefact"] for event in before.of("stage_finished")}
    heard = Heard()
    work = Run({**plan, "done": done}, heard, lambda: False)
    rows = np.arange(60)
    values = work.measure(work.pool(), rows)
    assert {key for key in values if "/" not in key} == OF_SETS
    in_any_space = [name for name, metric in shelf("metrics", Metric).items() if metric.in_any_space]
    assert {key for key in values if "/" in key} == {f"inception/{name}" for name in in_any_space}
    assert values["inception/kid"]["num_real"] == values["kid"]["num_real"]
    assert {event["num_steps"] for event in heard.of("progress")} == {1, 66 + 60}
    again = Heard()
    assert Run({**plan, "done": done}, again, lambda: False).measure(work.pool(), rows[:0])
    assert again.of("progress")[-1]["num_steps"] == 66


def test_a_bad_file_of_weights_is_said_and_fails_nothing(
    finished: tuple[RunPlan, Heard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone.pth"))
    plan, before = finished
    done = {event["stage"]: event["artefact"] for event in before.of("stage_finished")}
    heard = Heard()
    work = Run({**plan, "done": done}, heard, lambda: False)
    assert set(work.measure(work.pool(), np.arange(60))) == OF_SETS
    (warning,) = heard.of("warning")
    assert warning["code"] == "bad_weights"
    assert "gone.pth" in warning["message"]


def test_the_selection_is_the_top_of_each_class(finished: tuple[RunPlan, Heard]) -> None:
    _, heard = finished
    done = {event["stage"]: event["artefact"] for event in heard.of("stage_finished")}
    pool, selected = open_pool(Path(done["generate"]["pool"])), read_selection(Path(done["select"]["selection"]))
    confidence = arrays(Path(done["score"]["scores"]))["class_confidence"]
    for number in range(3):
        rows = np.flatnonzero(pool.label == number)
        by_hand = sorted(rows, key=lambda row: (-confidence[row], row))[:20]
        assert [row for row in selected.kept.tolist() if pool.label[row] == number] == by_hand


# --- stopping and going on --------------------------------------------------------------------------------------
def stopped_in(stage: str, after: int) -> tuple[Heard, Callable[[], bool]]:
    """What is heard, and a `should_stop` that answers yes at the given question within a stage."""
    heard, asked = Heard(), 0

    def should_stop() -> bool:
        nonlocal asked
        asked += bool(heard.of("stage_started")) and heard.of("stage_started")[-1]["stage"] == stage
        return asked > after

    return heard, should_stop


@pytest.mark.parametrize(("stage", "after"), [("prepare", 5), ("prepare", 80), ("generate", 0), ("score", 0)])
def test_a_stage_that_is_stopped_leaves_nothing_half_done(stage: str, after: int, tmp_path: Path) -> None:
    plan = write_plan(tmp_path)
    heard, should_stop = stopped_in(stage, after)
    with pytest.raises(StopRequested):
        run(plan, heard, should_stop)
    assert heard.stages() == NAMES[: NAMES.index(stage)]
    left = {path.name for path in (tmp_path / "f1").iterdir()}
    assert not {name for name in left if name.startswith(".")}
    assert {"prepare": "encoder", "generate": "pool", "score": "scores.npz"}[stage] not in left


def test_a_stopped_run_goes_on_elsewhere_and_ends_as_if_never_stopped(
    finished: tuple[RunPlan, Heard], tmp_path: Path
) -> None:
    plan = write_plan(tmp_path)
    first, should_stop = stopped_in("train", after=6)
    with pytest.raises(StopRequested):
        run(plan, first, should_stop)
    assert first.stages() == ["prepare"]
    last = first.of("checkpoint")[-1]
    assert last["step"] == 6
    later: RunPlan = {
        **plan,
        "out": str(tmp_path / "f2"),
        "resume_from": last["file"],
        "done": {"prepare": first.of("stage_finished")[0]["artefact"]},
    }
    second = Heard()
    run(later, second)
    assert second.stages() == ["train", "generate", "score", "select"]
    ends = [
        {event["stage"]: event["artefact"] for event in heard.of("stage_finished")} for heard in (finished[1], second)
    ]
    one, other = (read_checkpoint(Path(end["train"]["checkpoint"])) for end in ends)
    assert all(torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items())
    for end in ("generate", "score", "select"):
        pairs = [Path(next(iter(done[end].values()))) for done in ends]
        if end == "generate":
            pairs = [pair / "images-00000.npy" for pair in pairs]
        assert pairs[0].read_bytes() == pairs[1].read_bytes(), end


@pytest.mark.parametrize("number", [3, 4, 5])
def test_finished_stages_are_not_repeated(finished: tuple[RunPlan, Heard], tmp_path: Path, number: int) -> None:
    plan, before = finished
    done = {event["stage"]: event["artefact"] for event in before.of("stage_finished")[:number]}
    heard = Heard()
    run({**plan, "out": str(tmp_path), "done": done}, heard)
    assert heard.stages() == list(STAGES[number:])
    assert heard.of("result") == before.of("result")


def test_every_candidate_is_looked_at_once_and_never_by_a_later_stage(
    finished: tuple[RunPlan, Heard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, before = finished
    looked: list[int] = []
    encode = Encoder.encode

    def counted(self: Encoder, images: Pixels, rows: NDArray[np.int64] | None = None) -> FeaturesAndProbabilities:
        looked.append(len(images) if rows is None else len(rows))
        return encode(self, images, rows)

    monkeypatch.setattr(Encoder, "encode", counted)
    done = {event["stage"]: event["artefact"] for event in before.of("stage_finished")[:3]}
    recipe = {**plan["recipe"], "sampler": "novelty", "budget": {"kind": "per_class", "count": 5}}
    heard = Heard()
    run({**plan, "recipe": recipe, "out": str(tmp_path), "done": done}, heard)
    assert sum(looked) == heard.of("pool")[0]["num_samples"]
    looked.clear()
    told = heard if "score" in heard.stages() else before
    scores = next(event["artefact"]["scores"] for event in told.of("stage_finished") if event["stage"] == "score")
    wish = {"sampler": "novelty", "budget": recipe["budget"], "seed": recipe["seed"], "scores": scores}
    select_again(selection_plan(finished, tmp_path / "s1", **wish), Heard())
    assert looked == []
    for file in tmp_path.glob("pool-*.npy"):
        file.unlink()  # as of a run whose other files alone were brought here
    select_again(selection_plan(finished, tmp_path / "s2", **wish), Heard())
    assert sum(looked) == heard.of("pool")[0]["num_samples"]
    first, second = (read_selection(tmp_path / name / "selection.npz") for name in ("s1", "s2"))
    assert np.array_equal(first.kept, second.kept)


# --- refusals, before anything is done --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("recipe", "error", "says"),
    [
        ({"model": "gan", "model_settings": {}}, UnsuitableSamplerError, "gan cannot give"),
        ({"model_settings": SETTINGS | {"class_head_weight": 0}}, UnsuitableSamplerError, "class_head_weight"),
        ({"model": "no_such"}, UnknownPluginError, "no_such"),
        ({"sampler": "no_such"}, UnknownPluginError, "no_such"),
        ({"model_settings": {"resolution": 4}}, BadSettingsError, "resolution"),
        ({"sampler_settings": {"top": 4}}, BadSettingsError, "top"),
        ({"budget": {"kind": "counts", "counts": {"yak": 1}}}, BadBudgetError, "yak"),
        ({"budget": {"kind": "fill_to_largest"}}, BadBudgetError, "already has 14"),
        ({"pool_factor": 0.5}, BadBudgetError, "pool factor"),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_stage(
    recipe: dict[str, Any], error: type[Exception], says: str, tmp_path: Path
) -> None:
    heard = Heard()
    with pytest.raises(error, match=says):
        run(write_plan(tmp_path, **recipe), heard)
    assert heard.events == []
    assert not (tmp_path / "f1").exists()


@pytest.mark.parametrize("split", ["test", "holdout"])
def test_images_of_the_test_split_are_never_let_in(tmp_path: Path, split: str) -> None:
    plan = write_plan(tmp_path)
    images = Path(plan["dataset"]["images"])
    images.write_text(
        images.read_text()
        + json.dumps(
            {
                "index": 999,
                "file": str(tmp_path / "x.png"),
                "label": "bar",
                "split": split,
            }
        )
    )
    with pytest.raises(BadDatasetError, match="train and val only"):
        run(plan, Heard())


@pytest.mark.parametrize(
    ("model", "settings", "lacking", "said"),
    [
        ("stargan", {"condition_type": "word2vec"}, word_vectors.VARIABLE, "none are supplied"),
        ("srgan", {"losses": "P", "features": "vgg19"}, vgg.VARIABLE, "names no file"),
    ],
)
def test_a_file_that_a_person_is_to_supply_is_missed_before_the_first_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, settings: dict[str, Any], lacking: str, said: str
) -> None:
    monkeypatch.delenv(lacking, raising=False)
    asked = {**SETTINGS, **settings, "resolution": 32}
    with pytest.raises(MlError, match=said):
        run(write_plan(tmp_path, model=model, model_settings=asked, sampler="random"), Heard())
    assert not (tmp_path / "f1" / "data").exists()


def test_an_unknown_class_is_refused_by_name(tmp_path: Path) -> None:
    plan = write_plan(tmp_path)
    plan["dataset"]["classes"] = ["bar", "disc"]
    with pytest.raises(BadDatasetError, match="'frame'"):
        run(plan, Heard())


# --- what a run says on the way ---------------------------------------------------------------------------------
def test_few_images_and_few_candidates_are_said_and_do_not_stop_it(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, num_val=0, budget={"kind": "counts", "counts": {"disc": 6}}, sampler="random")
    lines = Path(plan["dataset"]["images"]).read_text().splitlines()
    kept = [line for line in lines if json.loads(line)["label"] != "bar" or json.loads(line)["index"] < 4]
    Path(plan["dataset"]["images"]).write_text("\n".join(kept))
    heard = Heard()
    run(plan, heard)
    (warning,) = heard.of("warning")
    assert warning["code"] == "few_images"
    assert "bar (4)" in warning["message"]
    values = heard.of("metrics")[0]["values"]
    assert values["fid"]["value"] is None
    assert "at least 50" in values["fid"]["caution"]
    assert heard.of("result")[0]["yields"]["disc"]["kept"] == 6


def test_two_runs_on_the_same_images_are_measured_by_the_same_encoder(
    finished: tuple[RunPlan, Heard], tmp_path: Path
) -> None:
    heard = Heard()
    run(write_plan(tmp_path, seed=99), heard, last="prepare")
    encoders = [
        load_encoder(Path(told.of("stage_finished")[0]["artefact"]["encoder"])).net.state_dict()
        for told in (finished[1], heard)
    ]
    assert all(torch.equal(tensor, encoders[1][name]) for name, tensor in encoders[0].items())
    assert open_pack(tmp_path / "f1" / "data").counts("val") == dict.fromkeys(SHAPES, 8)


# --- another selection ------------------------------------------------------------------------------------------
def selection_plan(finished: tuple[RunPlan, Heard], out: Path, **changed: Any) -> SelectPlan:
    plan, heard = finished
    done = {event["stage"]: event["artefact"] for event in heard.of("stage_finished")}
    return {
        "verb": "select",
        "pool": done["generate"]["pool"],
        "scores": done["score"]["scores"],
        "prepared": done["prepare"],
        "model": "dcgan",
        "model_settings": plan["recipe"]["model_settings"],
        "sampler": "realism",
        "sampler_settings": {},
        "budget": {"kind": "counts", "counts": {"bar": 3, "frame": 40}},
        "seed": 0,
        "train_counts": dict.fromkeys(SHAPES, 14),
        "out": str(out),
        **changed,  # type: ignore[typeddict-item]
    }


def test_another_sampler_and_budget_need_no_training(finished: tuple[RunPlan, Heard], tmp_path: Path) -> None:
    heard = Heard()
    select_again(selection_plan(finished, tmp_path / "s1"), heard)
    (result,) = heard.of("result")
    selected = read_selection(Path(result["selection"]))
    assert result["yields"]["bar"] == {"asked": 3, "generated": 30, "kept": 3, "dropped": {"less_real": 27}}
    assert result["yields"]["disc"] == {"asked": 0, "generated": 30, "kept": 0, "dropped": {"not_asked": 30}}
    assert result["yields"]["frame"] == {"asked": 40, "generated": 30, "kept": 30, "dropped": {}}
    assert len(selected.kept) == 33


def test_a_sampler_that_sees_images_keeps_the_same_within_a_run_and_afterwards(
    finished: tuple[RunPlan, Heard], tmp_path: Path
) -> None:
    plan, told = finished
    done = {event["stage"]: event["artefact"] for event in told.of("stage_finished") if event["stage"] != "select"}
    recipe = {**plan["recipe"], "sampler": "novelty", "budget": {"kind": "per_class", "count": 5}}
    within, heard = run({**plan, "recipe": recipe, "done": done, "out": str(tmp_path / "f2")}, Heard()), Heard()
    wish = {"sampler": "novelty", "budget": recipe["budget"], "seed": recipe["seed"]}
    select_again(selection_plan(finished, tmp_path / "s1", **wish), heard)
    first = read_selection(Path(within["select"]["selection"]))
    second = read_selection(Path(heard.of("result")[0]["selection"]))
    assert len(first.kept) == 15
    assert np.array_equal(first.kept, second.kept)
    assert first.report == second.report
    assert first.report["near_copy"]
    (told,) = heard.of("result")
    assert told["report"]["values"]["near_copy_distance"] > 0, "told as numbers, laid flat"
    assert set(told["report"]["values"]) == {"near_copy_distance", "near_copy_num_reference"}


def test_a_selection_that_cannot_work_is_refused(finished: tuple[RunPlan, Heard], tmp_path: Path) -> None:
    with pytest.raises(BadBudgetError, match="yak"):
        select_again(selection_plan(finished, tmp_path, budget={"kind": "counts", "counts": {"yak": 1}}), Heard())
    unable = SETTINGS | {"class_head_weight": 0}
    with pytest.raises(UnsuitableSamplerError, match="class_head_weight"):
        select_again(selection_plan(finished, tmp_path, sampler="class_confidence", model_settings=unable), Heard())
    with pytest.raises(BadDatasetError, match="prepared images"):
        select_again(selection_plan(finished, tmp_path, sampler="novelty", prepared={}), Heard())
    assert list(tmp_path.iterdir()) == []
