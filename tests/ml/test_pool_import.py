"""Images made elsewhere become a pool: which files are taken, with which class and scores, what is said of others."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml import pipeline
from ml.errors import BadDatasetError, UnsuitableSamplerError
from ml.folder_source import FolderSource
from ml.import_listing import read_listing
from ml.plans import RunPlan
from ml.pool import open_pool
from ml.pool_import import ImportRun
from tests.ml.tiny_data import SHAPES, render
from tests.ml.tiny_run import Heard, write_plan

PER_CLASS = 6


def make_source(folder: Path) -> Path:
    """Class folders as another model may have left them: six images of each shape, and four files that are no good."""
    for label in SHAPES:
        (folder / label).mkdir(parents=True)
        for number in range(PER_CLASS):
            render(label, 100 + number, size=24, colour=True).save(folder / label / f"{number}.png")
    (folder / "bar" / "torn.png").write_bytes((folder / "bar" / "0.png").read_bytes()[:60])
    (folder / "frame" / "twin.png").write_bytes((folder / "disc" / "0.png").read_bytes())
    (folder / "disc" / "notes.txt").write_text("made by another model")
    (folder / "ghost").mkdir()
    render("bar", 900).save(folder / "ghost" / "0.png")
    return folder


def import_plan(folder: Path, source: Path, sampler: str = "random", **more: Any) -> RunPlan:
    settings = {"resolution": 16, "fit": "crop", "channels": "auto"}
    recipe = {"model": "imported", "model_settings": settings, "sampler": sampler, "pool_factor": 1.0}
    plan = write_plan(folder, budget={"kind": "per_class", "count": 3}, **recipe, **more)
    plan["imported"] = {"source": str(source), "name": "some diffusion model"}
    plan["done"] = {"train": {}}
    return plan


def rows(heard: Heard) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for event in heard.of("ingest_files") for row in event["files"]}


def test_class_folders_become_a_scored_pool_and_a_selection(tmp_path: Path) -> None:
    source, heard = make_source(tmp_path / "made"), Heard()
    done = pipeline.run(import_plan(tmp_path, source), heard, kind=ImportRun)
    assert heard.stages() == ["prepare", "generate", "score", "select"]

    pool = open_pool(Path(done["generate"]["pool"]))
    assert (pool.facts.model, pool.facts.checkpoint_sha256) == ("some diffusion model", "")
    report = rows(heard)
    taken = {row["index"]: name for name, row in report.items() if row["outcome"] == "accepted"}
    assert sorted(taken) == list(range(3 * PER_CLASS))
    for index, name in taken.items():
        assert SHAPES[pool.label[index]] == name.split("/")[0]
        grey = Image.open(source / name).convert("L").resize((16, 16), Image.Resampling.BICUBIC)
        assert np.array_equal(pool.images(np.array([index]))[0, ..., 0], np.asarray(grey))
    assert list(pool.label[:3]) == [0, 1, 2]

    outcomes = {name: row["outcome"] for name, row in report.items() if row["outcome"] != "accepted"}
    assert outcomes == {
        "bar/torn.png": "failed",
        "frame/twin.png": "duplicate",
        "disc/notes.txt": "skipped",
        "ghost/0.png": "skipped",
    }
    assert "no class 'ghost'" in report["ghost/0.png"]["reason"]
    (remark,) = [event["message"] for event in heard.of("warning") if event["code"] == "import_remark"]
    assert remark.startswith("1 of 21 images are of classes that this dataset version lacks (ghost); it has bar, disc")

    (told,) = heard.of("pool")
    assert told["score_names"] == ["classifier_confidence", "nearest_training_distance"]
    with np.load(done["score"]["scores"]) as scores:
        assert scores["nearest_index"].shape == (18, 5)
        assert np.isfinite(scores["classifier_confidence"]).all()
    (result,) = heard.of("result")
    assert {name: part["kept"] for name, part in result["yields"].items()} == dict.fromkeys(SHAPES, 3)
    assert not list((tmp_path / "f1").glob(".imported*"))


def test_rows_of_metadata_give_labels_and_scores_that_a_sampler_ranks_by(tmp_path: Path) -> None:
    source = tmp_path / "made"
    (source / "images").mkdir(parents=True)
    lines = []
    for number in range(12):
        label = SHAPES[number % 3]
        render(label, 200 + number).save(source / "images" / f"{number:02d}.png")
        row = {"file_name": f"images/{number:02d}.png", "label": label, "class_confidence": number / 12, "prompt": "x"}
        lines.append(json.dumps(row))
    (source / "metadata.jsonl").write_text("\n".join([*lines, "{torn", '{"file_name": "../../secret.png"}']))
    heard = Heard()
    done = pipeline.run(import_plan(tmp_path, source, sampler="class_confidence"), heard, kind=ImportRun)
    report = rows(heard)
    with np.load(done["score"]["scores"]) as scores:
        for name, row in report.items():
            if row["outcome"] == "accepted":
                assert scores["class_confidence"][row["index"]] == pytest.approx(int(name[7:9]) / 12)
    kept = np.load(done["select"]["selection"])["kept"]
    assert len(kept) == 9
    best = {name for name, row in report.items() if row.get("index") in set(kept.tolist())}
    assert best == {f"images/{number:02d}.png" for number in range(3, 12)}
    assert "has no file_name" in report["metadata.jsonl, row 13"]["reason"]
    assert "'..'" in report["metadata.jsonl, row 14"]["reason"]
    assert any("passed over: prompt" in event["message"] for event in heard.of("warning"))


def test_what_cannot_become_a_pool_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    source = tmp_path / "made"
    (source / "ghost").mkdir(parents=True)
    render("bar", 1).save(source / "ghost" / "0.png")
    heard = Heard()
    with pytest.raises(
        BadDatasetError, match=r"1 of 1 images are of classes that this dataset version lacks \(ghost\)"
    ):
        pipeline.run(import_plan(tmp_path, source), heard, kind=ImportRun)
    (source / "ghost").rename(source / "bar")
    with pytest.raises(
        UnsuitableSamplerError, match="ranks by class_confidence, which the imported images do not bring"
    ):
        pipeline.run(import_plan(tmp_path, source, sampler="class_confidence"), heard, kind=ImportRun)
    assert heard.events == []


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t")], ids=["plain", "bom", "utf-16"]
)
def test_csv_is_read_as_spreadsheets_write_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    (tmp_path / "a").mkdir()
    for name in ("1.png", "2.png", "3.png"):
        render("bar", 1).save(tmp_path / "a" / name)
    table = [("file_name", "label", "quality"), ("1.png", "bar", "0.5"), ("2.png", "", "0.7"), ("9.png", "disc", "1")]
    (tmp_path / "a" / "metadata.csv").write_text(
        "\r\n".join(delimiter.join(row) for row in table) + "\r\n", encoding=encoding
    )
    listed = read_listing(FolderSource(tmp_path), SHAPES)
    assert [(entry.name, entry.label) for entry in listed.entries] == [("a/1.png", "bar")]
    assert listed.scores == {"quality": {"a/1.png": 0.5}}
    assert {name for name, _ in listed.skipped} == {"a/2.png", "a/3.png", "a/9.png"}


def test_without_labels_in_the_rows_the_folders_are_the_classes(tmp_path: Path) -> None:
    (tmp_path / "bar").mkdir()
    render("bar", 1).save(tmp_path / "bar" / "1.png")
    (tmp_path / "metadata.csv").write_text("file_name,quality,nearest_training_distance,kind\nbar/1.png,0.5,3,x\n")
    listed = read_listing(FolderSource(tmp_path), SHAPES, {"nearest_training_distance"})
    assert [(entry.name, entry.label) for entry in listed.entries] == [("bar/1.png", "bar")]
    assert listed.scores == {"quality": {"bar/1.png": 0.5}}
    (remark,) = listed.remarks
    assert "nearest_training_distance, kind" in remark
