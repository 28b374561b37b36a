"""Ingest, further selections and exports under the supervisor, with the real child."""

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.plans import ExportPlan, read_plan
from tests.worlds import CLASSES, make_dataset, make_pool, picture, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.removal import mark
from webapp.datasets.models import DatasetVersion
from webapp.datasets.selectors import Difference, difference
from webapp.datasets.services import create_dataset, next_version
from webapp.datasets.services.versions import Choice, Edits
from webapp.exports.models import Export
from webapp.exports.services.building import create_export, export_of_version, queue_export
from webapp.gallery.models import Pool, SampleScore, Selection
from webapp.gallery.selectors.samples import judged_rows
from webapp.gallery.services.pools import bring_in_learnt
from webapp.gallery.services.selections import add_selection
from webapp.gallery.services.verdicts import decide
from workers.export import ExportWork
from workers.ingest import IngestWork
from workers.selection import SelectionWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


# --- ingest -----------------------------------------------------------------------------------------------------
def folder_of_pictures(root: Path) -> Path:
    for label in CLASSES:
        (root / label).mkdir(parents=True)
        for number in range(10):
            (root / label / f"{number}.png").write_bytes(picture(label, number))
    (root / CLASSES[0] / "broken.png").write_bytes(picture(CLASSES[0], 99)[:60])
    (root / CLASSES[0] / "twin.png").write_bytes(picture(CLASSES[0], 0))
    return root


def ingest(lab: Lab, source: Path) -> DatasetVersion:
    version = create_dataset(lab, "Shapes", None, source_path=source).versions.get()
    assert supervise(IngestWork, version.pk)
    version.refresh_from_db()
    return version


def test_a_folder_becomes_a_version_with_splits_objects_thumbnails_and_a_report(lab: Lab, tmp_path: Path) -> None:
    version = ingest(lab, folder_of_pictures(tmp_path / "shapes"))
    assert (version.state, version.num_images, version.classes) == ("ready", 20, CLASSES), version.error_message
    assert version.outcomes == {"accepted": 20, "failed": 1, "duplicate": 1}
    assert {split: sum(counts.values()) for split, counts in version.counts.items()} == {
        "train": 16,
        "val": 2,
        "test": 2,
    }
    for image in version.images.all():
        data = storage.object_file(lab.pk, image.sha256, image.suffix).read_bytes()
        assert hashlib.sha256(data).hexdigest() == image.sha256
        assert storage.thumbnail_file(lab.pk, image.sha256).exists()
    assert version.lease_owner is None


def test_a_source_with_nothing_in_it_is_rejected_with_the_reason(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    version = ingest(lab, tmp_path / "empty")
    assert version.state == "rejected"
    assert version.error_code
    assert version.error_message


def test_a_source_that_is_gone_is_rejected(lab: Lab, tmp_path: Path) -> None:
    version = ingest(lab, tmp_path / "never")
    assert (version.state, version.error_code) == ("rejected", "gone")


def test_a_next_version_shares_the_files_and_differs_as_was_asked(lab: Lab, tmp_path: Path) -> None:
    first = ingest(lab, folder_of_pictures(tmp_path / "shapes"))
    shutil.rmtree(tmp_path / "shapes")
    stored = sorted((storage.lab_folder(lab.pk) / "objects").rglob("*.png"))
    one = first.images.get(name="dot/3.png")
    edits = Edits(exclude=Choice(classes=["bar"], images=[one.index]), relabel={"spot": Choice(classes=["dot"])})
    version = next_version(first, edits)
    assert supervise(IngestWork, version.pk)
    version.refresh_from_db()
    assert (version.state, version.number, version.classes) == ("ready", 2, ["spot"]), version.error_message
    assert (version.num_images, version.outcomes) == (9, {"accepted": 9, "skipped": 11})
    splits = dict(first.images.filter(label="dot").values_list("name", "split"))
    assert dict(version.images.values_list("name", "split")) == {n: s for n, s in splits.items() if n != "dot/3.png"}
    assert sorted((storage.lab_folder(lab.pk) / "objects").rglob("*.png")) == stored
    assert difference(version, first) == Difference(added=0, removed=11, relabelled=9, moved=0, unchanged=0)

    redrawn = next_version(first, Edits(resplit=True), split_seed=5, split_fractions=[0.5, 0.3, 0.2])
    assert supervise(IngestWork, redrawn.pk)
    redrawn.refresh_from_db()
    assert redrawn.counts == {
        "train": {"bar": 5, "dot": 5},
        "val": {"bar": 3, "dot": 3},
        "test": {"bar": 2, "dot": 2},
    }
    changed = difference(redrawn, first)
    assert (changed.added, changed.removed, changed.relabelled, changed.moved + changed.unchanged) == (0, 0, 0, 20)
    assert changed.moved > 0


# --- selections -------------------------------------------------------------------------------------------------
def select(pool: Pool, count: int, sampler: str = "random", seed: int = 1) -> Selection:
    budget = {"kind": "per_class", "count": count}
    selection = add_selection(pool, None, sampler=sampler, sampler_settings={}, budget=budget, seed=seed)
    assert supervise(SelectionWork, selection.pk)
    selection.refresh_from_db()
    assert selection.state == "finished", selection.error_message
    return selection


def kept(selection: Selection) -> list[tuple[int, int]]:
    rows = selection.choices.filter(kept=True).order_by("sample__label", "rank")
    return list(rows.values_list("sample__index", "rank"))


def test_another_selection_needs_no_training_and_ranks_as_its_sampler_says(pool: Pool) -> None:
    selection = select(pool, 3, "class_confidence")
    assert kept(selection) == [(22, 0), (20, 1), (18, 2), (23, 0), (21, 1), (19, 2)]
    assert selection.choices.count() == pool.num_samples
    assert {name: part["kept"] for name, part in selection.yields.items()} == dict.fromkeys(CLASSES, 3)
    assert selection.report == {"values": {}, "curves": {}}
    assert pool.selections.get(number=1).choices.filter(kept=True).count() == 8, "the run's own selection stays"
    assert not storage.all_attempts("selections", selection.pk).exists()


def test_the_same_seed_chooses_the_same_and_another_one_does_not(pool: Pool) -> None:
    one, same, other = select(pool, 4, seed=1), select(pool, 4, seed=1), select(pool, 4, seed=2)
    assert kept(one) == kept(same) != kept(other)


def test_what_a_sampler_learnt_from_verdicts_orders_the_review_and_is_learnt_anew(
    pool: Pool, reviewer: Person, tmp_path: Path
) -> None:
    decide(pool, reviewer, [pool.samples.get(index=3).pk], "accept")
    decide(pool, reviewer, [pool.samples.get(index=5).pk], "reject")
    assert judged_rows(pool) == {"accepted": [3], "rejected": [5]}
    for low in (0.0, 0.5):
        file = tmp_path / "selection.npz"
        values = low + np.arange(pool.num_samples) / 100
        np.savez(file, **{"score:preference": values})  # type: ignore[arg-type]
        bring_in_learnt(pool, file, lambda: None)
        pool.refresh_from_db()
        assert pool.score_names.count("preference") == 1
        assert pool.score_quantiles["preference"][0] == low
        learnt = SampleScore.objects.filter(pool=pool, name="preference").order_by("value")
        assert [row.sample.index for row in learnt] == list(range(pool.num_samples))
        assert learnt[0].value == low


def test_a_selection_whose_pool_lost_its_scores_fails_with_a_sentence(pool: Pool) -> None:
    storage.stored(pool.run.artefacts["score"]["scores"]).unlink()
    selection = add_selection(
        pool, None, sampler="random", sampler_settings={}, budget={"kind": "per_class", "count": 1}, seed=0
    )
    assert supervise(SelectionWork, selection.pk)
    selection.refresh_from_db()
    assert (selection.state, selection.error_code) == ("failed", "gone")
    assert "run the recipe again" in selection.error_message


# --- exports ----------------------------------------------------------------------------------------------------
def export(pool: Pool, content: str = "both", accepted_only: bool = False) -> tuple[Export, zipfile.ZipFile]:
    made = create_export(
        pool.selections.get(), None, format="image_folder", content=content, accepted_only=accepted_only
    )
    assert supervise(ExportWork, made.pk)
    made.refresh_from_db()
    assert made.state == "ready", made.error_message
    return made, zipfile.ZipFile(storage.stored(made.path))


def test_an_export_holds_every_split_and_synthetic_images_in_train_only(pool: Pool, reviewer: Person) -> None:
    decide(pool, reviewer, [pool.samples.get(index=22).pk], "reject")
    made, archive = export(pool)
    rows = [json.loads(line) for line in archive.read("manifest.jsonl").decode().splitlines()]
    assert (made.num_real, made.num_synthetic, len(rows)) == (72, 7, 79)
    synthetic = [row for row in rows if row["synthetic"]]
    assert {row["split"] for row in synthetic} == {"train"}
    assert {row["split"] for row in rows if not row["synthetic"]} == {"train", "val", "test"}
    for row in rows:
        assert row["path"].startswith(f"{row['split']}/{row['class']}/")
        assert row["path"] in archive.namelist()
    assert {row["checkpoint_sha256"] for row in synthetic} == {pool.checkpoint_sha256}
    assert {row["verdict"] for row in synthetic} == {"undecided"}
    assert all(row["nearest_train_distance"] > 0 and row["scores"] for row in synthetic)
    data = storage.stored(made.path).read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (made.sha256, made.size_bytes)


def test_the_side_files_lie_at_the_root_and_every_sum_is_right(pool: Pool) -> None:
    made, archive = export(pool)
    assert {"manifest.jsonl", "provenance.json", "README.md", "SHA256SUMS"} <= set(archive.namelist())
    sums = dict(reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
    for name, expected in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == expected
    told = json.loads(archive.read("provenance.json"))
    assert told["run"]["id"] == str(pool.run_id)
    assert told["num_synthetic"] == made.num_synthetic
    assert "training split only" in archive.read("README.md").decode()


def test_a_synthetic_png_carries_its_own_manifest_row_and_the_pools_pixels(pool: Pool) -> None:
    _, archive = export(pool, "synthetic")
    rows = [json.loads(line) for line in archive.read("manifest.jsonl").decode().splitlines()]
    assert len(rows) == 8
    with Image.open(io.BytesIO(archive.read(rows[0]["path"]))) as opened:
        picture_row = json.loads(opened.info["atelier"])
    assert picture_row["id"] == rows[0]["id"]
    assert picture_row["seed"] == rows[0]["seed"]


def test_only_accepted_when_asked_and_nothing_at_all_is_a_sentence(pool: Pool, reviewer: Person) -> None:
    made = create_export(pool.selections.get(), None, format="image_folder", content="synthetic", accepted_only=True)
    assert supervise(ExportWork, made.pk)
    made.refresh_from_db()
    assert made.state == "failed"
    assert "no image" in made.error_message
    assert not storage.all_attempts("exports", made.pk).exists()
    decide(pool, reviewer, [pool.samples.get(index=22).pk], "accept")
    again, _ = export(pool, "synthetic", accepted_only=True)
    assert (again.num_real, again.num_synthetic) == (0, 1)


def test_near_copies_that_came_in_after_the_asking_stay_unless_somebody_said_why(
    pool: Pool, lab: Lab, reviewer: Person
) -> None:
    lab.max_memorised_share = 0.2
    lab.save()
    wish = {"format": "image_folder", "content": "synthetic", "accepted_only": True}
    decide(pool, reviewer, [pool.samples.get(index=22).pk], "accept")
    silent = create_export(pool.selections.get(), None, **wish)
    justified = create_export(pool.selections.get(), None, **wish, memorised_reason="They are not copies.")
    decide(pool, reviewer, [pool.samples.get(index=21).pk], "accept")
    for made in (silent, justified):
        assert supervise(ExportWork, made.pk)
        made.refresh_from_db()
    assert (silent.state, silent.error_code) == ("failed", "too_many_memorised")
    assert silent.error_message.startswith("1 of 2 synthetic images (50 %) may be copies")
    assert not storage.all_attempts("exports", silent.pk).exists()
    assert (justified.state, justified.num_synthetic) == ("ready", 2)


def test_a_version_without_a_run_becomes_a_zip_of_equal_squares(lab: Lab) -> None:
    version = make_dataset(lab, train=3, val=1, test=1)
    made = queue_export(export_of_version(version, format="stylegan"), None)
    assert supervise(ExportWork, made.pk)
    made.refresh_from_db()
    assert (made.state, made.num_real, made.num_synthetic) == ("ready", 6, 0), made.error_message
    with zipfile.ZipFile(storage.stored(made.path)) as archive:
        assert len(json.loads(archive.read("dataset.json"))["labels"]) == 6
        assert "run" not in json.loads(archive.read("provenance.json"))


def test_one_that_is_deleted_while_it_is_built_leaves_nothing(
    pool: Pool, researcher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create_export(pool.selections.get(), researcher, format="image_folder", content="both", accepted_only=False)
    plan = ExportWork.plan

    def deleted_meanwhile(work: ExportWork) -> ExportPlan:
        told = plan(work)
        mark(made)
        return told

    monkeypatch.setattr(ExportWork, "plan", deleted_meanwhile)
    assert supervise(ExportWork, made.pk)
    assert not Export.objects.filter(pk=made.pk).exists()
    assert not storage.all_attempts("exports", made.pk).exists()


def test_every_plan_is_one_that_the_child_reads(pool: Pool, tmp_path: Path) -> None:
    made = create_export(pool.selections.get(), None, format="image_folder", content="both", accepted_only=False)
    held = Export.claim(made.pk, "a test", Export.State.BUILDING)
    assert held is not None
    work = ExportWork(held)
    work.folder.mkdir(parents=True)
    (tmp_path / "plan.json").write_text(json.dumps(work.plan()))
    assert read_plan(tmp_path / "plan.json")["verb"] == "export"
