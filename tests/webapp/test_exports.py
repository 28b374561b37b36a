"""Exports: what goes in, the texts beside the images, asking and downloading; and who may."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from ml import catalog
from tests.worlds import CLASSES, STUDY_RESULT, make_dataset, make_pool, make_study, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.log import Deed
from webapp.core.models import LogEntry
from webapp.exports import selectors
from webapp.exports.models import Export
from webapp.exports.services.building import create_export, expire_exports, finish_export, settle_abandoned_export
from webapp.exports.services.card import card_of
from webapp.exports.services.provenance import provenance_of
from webapp.gallery.models import Pool, Selection
from webapp.gallery.services.verdicts import decide
from webapp.runs.models import Run
from webapp.studies.models import Study
from webapp.upkeep.services.sweep import sweep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


@pytest.fixture
def api(client_of: ClientOf, researcher: Person) -> APIClient:
    return client_of(researcher)


@pytest.fixture
def catalogue() -> catalog.Catalogue:
    return catalog.load(storage.catalogue_folder())


def ask(client: APIClient, pool: Pool, **wish: Any) -> Any:
    return client.post("/api/v1/exports/", {"selection": str(pool.selections.get().pk), **wish}, format="json")


def make(pool: Pool, content: str = "both", accepted_only: bool = False, max_ratio: float | None = None) -> Export:
    wish = {"content": content, "accepted_only": accepted_only, "max_ratio": max_ratio}
    export = create_export(pool.selections.get(), None, format="image_folder", **wish)
    return selectors.all_exports().get(pk=export.pk)


def ready(pool: Pool, data: bytes) -> Export:
    """An export whose file holds these bytes."""
    export = make(pool)
    held = Export.claim(export.pk, "a test", Export.State.BUILDING)
    assert held is not None
    path = storage.export_folder(held.pk, held.fence) / "dataset.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    finish_export(
        held, path=storage.relative(path), sha256="ab" * 32, size_bytes=len(data), num_real=1, num_synthetic=1
    )
    return selectors.all_exports().get(pk=export.pk)


def judge(pool: Pool, person: Person, value: str, *indexes: int) -> None:
    decide(pool, person, [pool.samples.get(index=index).pk for index in indexes], value)


def indexes(export: Export) -> set[int]:
    return {row["index"] for row in selectors.synthetic_rows(export)}


# --- taking it away ---------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_deleted_export_and_its_file_are_gone(api: APIClient, researcher: Person, pool: Pool) -> None:
    export = ready(pool, BYTES)
    Export.objects.filter(pk=export.pk).update(created_by=researcher)
    assert api.delete(f"/api/v1/exports/{export.pk}/").status_code == 204
    assert api.get(f"/api/v1/exports/{export.pk}/").status_code == 404
    assert sweep()
    assert not storage.all_attempts("exports", export.pk).exists()
    assert not Export.objects.exists()
    assert api.delete(f"/api/v1/exports/{export.pk}/").status_code == 404


def test_what_somebody_else_asked_for_is_deleted_by_an_admin_alone(
    client_of: ClientOf, lab: Lab, member: Callable[..., Person], pool: Pool
) -> None:
    export = ready(pool, BYTES)
    url = f"/api/v1/exports/{export.pk}/"
    assert client_of(member(lab, "researcher")).delete(url).status_code == 403
    assert client_of(member(lab, "admin")).delete(url).status_code == 204


def test_one_that_is_being_built_vanishes_at_once_and_its_row_when_nobody_holds_it(api: APIClient, pool: Pool) -> None:
    asked = ask(api, pool).json()["id"]
    held = Export.claim(asked, "a worker", Export.State.BUILDING)
    assert held is not None
    assert api.delete(f"/api/v1/exports/{asked}/").status_code == 204
    assert api.get("/api/v1/exports/").json()["results"] == []
    assert Export.objects.get().cancel_requested
    assert settle_abandoned_export(Export.objects.get()) is None
    assert not Export.objects.exists()


# --- what goes in -----------------------------------------------------------------------------------------------
def test_selected_and_not_rejected_goes_in_by_default_or_only_accepted(pool: Pool, reviewer: Person) -> None:
    selected = {16, 17, 18, 19, 20, 21, 22, 23}
    judge(pool, reviewer, "accept", 0, 16, 17)
    judge(pool, reviewer, "reject", 1, 18)
    assert indexes(make(pool)) == selected - {18}
    assert indexes(make(pool, accepted_only=True)) == {16, 17}


def test_content_decides_which_side_goes_in(pool: Pool) -> None:
    counts = {
        content: (len(list(selectors.real_rows(make(pool, content)))), len(indexes(make(pool, content))))
        for content in ("both", "real", "synthetic")
    }
    assert counts == {"both": (72, 8), "real": (72, 0), "synthetic": (0, 8)}


def test_real_images_of_every_split_go_in_with_their_files_and_hashes(pool: Pool) -> None:
    rows = list(selectors.real_rows(make(pool)))
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    assert all(Path(row["file"]).exists() for row in rows)
    version = pool.run.version
    assert rows[0]["row"]["sha256"] == version.images.get(index=0).sha256
    assert rows[0]["row"]["dataset_version"]["content_hash"] == version.content_hash


@pytest.mark.parametrize(("direction", "half"), [("A_to_B", "B"), ("B_to_A", "A")])
def test_of_pairs_the_half_goes_in_that_the_images_of_the_run_are_like(
    pool: Pool, catalogue: catalog.Catalogue, direction: str, half: str
) -> None:
    recipe, images = pool.run.recipe, pool.run.version.images
    recipe.model, recipe.model_settings = "pix2pix", {**recipe.model_settings, "direction": direction}
    recipe.save()
    other, whole = "f" * 64, images.get(index=1)
    images.filter(index=0).update(pair_name="A/0.jpg", pair_sha256=other, pair_suffix=".jpg")
    images.filter(index=1).update(pair_name=whole.name, pair_sha256=whole.sha256, pair_suffix=whole.suffix)
    export = make(pool)
    first, second, third = list(selectors.real_rows(export))[:3]
    own = images.get(index=0).sha256
    assert first["row"]["sha256"] == (other if half == "A" else own)
    assert first["file"].endswith(f"{other}.jpg") == (half == "A") == (first["name"] == "A/0.jpg")
    assert (first["half"], second["half"], third["half"]) == ("", half, "")
    assert second["row"]["sha256"] == whole.sha256
    assert f"the image {half} alone" in card_of(export, catalogue)


def test_a_synthetic_row_tells_all_that_the_manifest_promises(pool: Pool, reviewer: Person) -> None:
    judge(pool, reviewer, "accept", 22)
    row = next(row for row in selectors.synthetic_rows(make(pool)) if row["index"] == 22)
    sample = pool.samples.get(index=22)
    told = row["row"]
    assert told["checkpoint_sha256"] == pool.checkpoint_sha256
    assert told["seed"] == sample.seed
    assert told["scores"] == dict(sample.scores.values_list("name", "value"))
    assert told["verdict"] == "accepted"
    assert told["nearest_train_distance"] == sample.nearest[0][1]
    assert (told["recipe"]["number"], told["recipe"]["model"]) == (1, "dcgan")
    assert told["dataset_version"]["number"] == 1
    assert len({row["id"] for row in selectors.synthetic_rows(make(pool))}) == 8


def test_batches_leave_none_out_and_none_twice(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "BATCH", 3)
    rows = [row["index"] for row in selectors.synthetic_rows(make(pool))]
    assert rows == sorted({16, 17, 18, 19, 20, 21, 22, 23})


def test_provenance_names_everything_that_made_it(pool: Pool) -> None:
    told = json.loads(json.dumps(provenance_of(make(pool))))
    assert told["dataset_version"]["content_hash"] == pool.run.version.content_hash
    assert told["recipe"]["model_settings"]["num_steps"] == 40
    assert told["recipe"]["seed"] == 7
    assert told["run"]["id"] == str(pool.run_id)
    assert told["checkpoint"]["sha256"] == pool.checkpoint_sha256
    assert told["selection"]["yields"][CLASSES[0]]["kept"] == 4
    assert told["code_version"]


# --- the cap, the estimate, a version alone ----------------------------------------------------------------------
def test_the_cap_leaves_the_best_of_each_class_and_a_rejected_one_gives_its_place_away(
    pool: Pool, reviewer: Person
) -> None:
    version = pool.run.version
    version.counts["train"] = {"bar": 2, "dot": 1}
    version.save()
    capped = make(pool, max_ratio=1.5)
    assert indexes(capped) == {22, 20, 18, 23}, "three of class 0 and one of class 1, the best by rank"
    judge(pool, reviewer, "reject", 22, 23)
    assert indexes(capped) == {20, 18, 16, 21}
    assert indexes(make(pool, max_ratio=0)) == set()
    assert indexes(make(pool, max_ratio=1000)) == {16, 17, 18, 19, 20, 21}


def test_the_cap_stands_in_the_card_and_in_the_provenance(pool: Pool, catalogue: catalog.Catalogue) -> None:
    version = pool.run.version
    version.counts["train"] = {"bar": 2, "dot": 1}
    version.save()
    capped = make(pool, max_ratio=1.5)
    assert "at most 1.5 synthetic images for one real training image" in card_of(capped, catalogue)
    assert "this left out 4." in card_of(capped, catalogue)
    told = provenance_of(capped)["export"]
    assert (told["max_ratio"], told["caps"]) == (1.5, {"bar": 3, "dot": 1})


def test_more_classes_than_a_database_nests_conditions_are_capped(pool: Pool) -> None:
    names = [f"class {number}" for number in range(2500)]
    Pool.objects.filter(pk=pool.pk).update(classes=names)
    version = pool.run.version
    version.classes, version.counts = names, {"train": dict.fromkeys(names, 1)}
    version.save()
    assert indexes(make(pool, max_ratio=1)) == {22, 23}


def test_what_an_export_would_hold_and_take_is_told_before_it_is_built(api: APIClient, pool: Pool) -> None:
    wish = {"selection": str(pool.selections.get().pk), "max_ratio": 0.125}
    told = api.post("/api/v1/exports/estimate/", wish, format="json").json()
    assert (told["num_real"], told["synthetic"]) == (72, {"bar": 3, "dot": 3})
    assert sum(count for classes in told["real"].values() for count in classes.values()) == 72
    assert told["real"]["train"] == {"bar": 24, "dot": 24}
    assert told["left_out"] == {"bar": 1, "dot": 1}
    real = sum(pool.run.version.images.values_list("size_bytes", flat=True))
    assert real < told["size_bytes"] < real + 78 * 4096
    assert Export.objects.count() == 0
    assert ask(api, pool, max_ratio=0.125).json()["estimated_bytes"] == told["size_bytes"]


def test_a_version_is_exported_without_any_run(api: APIClient, lab: Lab, catalogue: catalog.Catalogue) -> None:
    version = make_dataset(lab)
    answer = api.post("/api/v1/exports/", {"version": str(version.pk), "name": "As it is"}, format="json")
    assert answer.status_code == 202, answer.json()
    told = answer.json()
    assert (told["content"], told["run"], told["selection"], told["name"]) == ("real", None, None, "As it is")
    assert told["file_name"].startswith("as-it-is-v1-real-")
    export = selectors.all_exports().get(pk=told["id"])
    assert (len(list(selectors.real_rows(export))), indexes(export)) == (72, set())
    assert selectors.shape_of(export) == selectors.Shape(16, 1, "crop")
    assert "run" not in provenance_of(export)
    assert "It holds real images only." in card_of(export, catalogue)
    assert [row["id"] for row in api.get(f"/api/v1/exports/?version={version.pk}").json()["results"]] == [told["id"]]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "selection"),
        ({"version": True, "selection": True}, "selection"),
        ({"version": True, "content": "both"}, "content"),
    ],
)
def test_an_export_is_of_a_selection_or_of_a_version_and_not_of_both(
    api: APIClient, pool: Pool, wish: dict[str, Any], field: str
) -> None:
    ids = {"version": str(pool.run.version_id), "selection": str(pool.selections.get().pk)}
    answer = api.post("/api/v1/exports/", {**wish, **{key: ids[key] for key in ids if key in wish}}, format="json")
    assert (answer.status_code, field in answer.json()["fields"]) == (400, True)


@pytest.mark.django_db(transaction=True)
def test_an_export_whose_time_is_over_loses_its_file_and_says_so(api: APIClient, pool: Pool) -> None:
    export = ready(pool, BYTES)
    days = (export.expires_at - export.finished_at).days if export.expires_at and export.finished_at else None
    assert days == 30
    assert expire_exports() == 0
    Export.objects.filter(pk=export.pk).update(expires_at=export.finished_at)
    assert (expire_exports(), expire_exports()) == (1, 0)
    assert not storage.all_attempts("exports", export.pk).exists()
    assert api.get(f"/api/v1/exports/{export.pk}/").json()["state"] == "expired"
    assert api.get(f"/api/v1/exports/{export.pk}/download/").status_code == 410


# --- the card ---------------------------------------------------------------------------------------------------
MEASURED = {
    "kid": {
        "value": 0.0123,
        "low": 0.01,
        "high": 0.015,
        "num_real": 48,
        "num_synthetic": 8,
        "parts": {"precision": {"value": 0.5, "low": 0.25, "high": 0.75}},
        "per_class": {},
        "details": {},
        "caution": "",
    },
    "inception/kid": {
        "value": 0.5,
        "low": 0.25,
        "high": 0.75,
        "num_real": 48,
        "num_synthetic": 8,
        "per_class": {},
        "details": {"space": "Inception", "weights_sha256": "6726825d"},
        "caution": "",
    },
    "fid": {
        "value": None,
        "low": None,
        "high": None,
        "num_real": 48,
        "num_synthetic": 8,
        "per_class": {},
        "details": {},
        "caution": "Too few images.",
    },
}


def test_the_card_counts_cites_and_says_where_synthetic_images_are(pool: Pool, catalogue: catalog.Catalogue) -> None:
    Run.objects.filter(pk=pool.run_id).update(metrics=MEASURED)
    card = card_of(make(pool), catalogue)
    assert "Synthetic images are in the training split only" in card
    assert "| bar | 24 | 8 | 4 | 4 |" in card
    assert "| **all** | 48 | 16 | 8 | 8 |" in card
    assert catalogue.models["dcgan"].card.url in card
    assert catalogue.samplers["class_confidence"].card.title in card
    assert "| bar | 4 | 12 | 4 | not_among_best: 8 |" in card
    assert "| kid | 0.0123 | 0.01 to 0.015 | 48 | 8 |" in card
    assert "| fid | refused |  | 48 | 8 | Too few images. |" in card
    assert "| kid: precision | 0.5 | 0.25 to 0.75 |  |  |  |" in card
    assert "| inception/kid | 0.5 | 0.25 to 0.75 | 48 | 8 |" in card
    assert "come from Inception, trained on ImageNet (weights: sha256 `6726825d`)" in card
    assert "1 of 8 synthetic images here (12.5 %)" in card, "of the kept ones only number 21 is memorised"
    assert pool.checkpoint_sha256 in card
    assert "without the metadata of their files" in card
    assert "licence" in card.lower()


def test_the_card_tells_the_newest_answer_about_the_model_that_made_the_images(
    pool: Pool, catalogue: catalog.Catalogue, researcher: Person
) -> None:
    export = make(pool)
    assert "Nobody has measured whether these images help" in card_of(export, catalogue)
    assert provenance_of(export)["study"] is None
    for model in ("dcgan", "gan"):
        study = make_study(pool.run.version, researcher)
        Study.objects.filter(pk=study.pk).update(model=model, state="finished", result=STUDY_RESULT, finished_at=Now())
    told = card_of(export, catalogue)
    assert "Helped. random:1x@0.25: +2.1 points" in told
    assert "| `none` | 80.0 (75.0 to 85.0) |  | 3 |" in told
    assert "| `random:1x@0.25` | 80.0 (75.0 to 85.0) | +2.1 (+1.0 to +3.2) | 9 |" in told
    assert "have answered 2 studies so far" in told
    assert provenance_of(export)["study"]["result"] == STUDY_RESULT
    assert provenance_of(export)["study"]["model"] == "dcgan"
    assert "not of these very images" in told
    judged = make_study(pool.run.version, researcher, pools=[pool.pk], arms=["none", "random:2"])
    Study.objects.filter(pk=judged.pk).update(state="finished", result=STUDY_RESULT, finished_at=Now())
    assert "It judged 1 pools as they were" in card_of(export, catalogue)
    Study.objects.filter(pk=judged.pk).update(pools=["another"])
    assert "not of these very images" in card_of(export, catalogue), "what others' pools are worth is not told here"
    Study.objects.filter(model="dcgan").update(deleted_at=Now())
    assert "Nobody has measured" in card_of(export, catalogue)


def test_the_card_of_real_images_speaks_of_no_generator(pool: Pool, catalogue: catalog.Catalogue) -> None:
    card = card_of(make(pool, "real"), catalogue)
    assert "It holds real images only." in card
    assert "| bar | 24 | 8 | 4 | 0 |" in card
    assert "dcgan" not in card.lower()


def test_a_name_that_looks_like_markup_stays_a_name(pool: Pool, catalogue: catalog.Catalogue) -> None:
    dataset = pool.run.version.dataset
    dataset.name = "a | b <script> [x](y) `c`\n# heading"
    dataset.save()
    card = card_of(make(pool), catalogue)
    assert "<script>" not in card
    assert "\n# heading" not in card
    assert card.splitlines()[0].startswith("# a \\| b \\<script\\> ")


# --- asking -----------------------------------------------------------------------------------------------------
def test_an_export_is_queued_listed_and_told(api: APIClient, pool: Pool) -> None:
    answer = ask(api, pool, content="synthetic", accepted_only=True)
    assert answer.status_code == 202, answer.json()
    told = answer.json()
    assert (told["state"], told["content"], told["accepted_only"], told["download_url"]) == (
        "queued",
        "synthetic",
        True,
        None,
    )
    listed = api.get(f"/api/v1/exports/?run={pool.run_id}").json()["results"]
    assert [row["id"] for row in listed] == [told["id"]]
    assert api.get(f"/api/v1/exports/?run={pool.pk}").json()["results"] == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [({"format": "papyrus"}, "format"), ({"content": "none"}, "content"), ({"selection": "7"}, "selection")],
)
def test_a_wish_that_cannot_be_meant_is_refused_at_its_field(
    api: APIClient, pool: Pool, wish: dict[str, Any], field: str
) -> None:
    answer = ask(api, pool, **wish)
    assert (answer.status_code, field in answer.json()["fields"]) == (400, True)
    assert Export.objects.count() == 0


def test_a_selection_that_is_not_finished_cannot_be_exported(api: APIClient, pool: Pool) -> None:
    Selection.objects.update(state=Selection.State.SELECTING)
    assert ask(api, pool).status_code == 409


# --- near-copies ------------------------------------------------------------------------------------------------
REASON = "Checked by eye:  they are not copies."
"""With two spaces, of which one is kept."""


def allow(pool: Pool, share: float | None) -> None:
    Lab.objects.filter(pk=pool.run.version.dataset.lab_id).update(max_memorised_share=share)


def test_more_near_copies_than_the_lab_allows_stay_until_a_person_says_why(
    api: APIClient, pool: Pool, researcher: Person, catalogue: catalog.Catalogue
) -> None:
    allow(pool, 0.05)
    refused = ask(api, pool)
    sentence = (
        "1 of 8 synthetic images (12.5 %) may be copies of training images, the lab allows 5 %; reject them in the "
        "gallery, or say why they may go out."
    )
    assert (refused.status_code, refused.json()["code"], refused.json()["message"]) == (
        409,
        "too_many_memorised",
        sentence,
    )
    assert (Export.objects.count(), LogEntry.objects.count()) == (0, 0)
    told = ask(api, pool, memorised_reason=REASON).json()
    assert (told["memorised_reason"], told["created_by"]) == ("Checked by eye: they are not copies.", researcher.name)
    export = selectors.all_exports().get(pk=told["id"])
    card = card_of(export, catalogue)
    assert f"{researcher.name} wrote on {export.created_at:%Y-%m-%d} why they may go out: *Checked by eye:" in card
    assert provenance_of(export)["export"]["memorised"] == {
        "num_memorised": 1,
        "num_synthetic": 8,
        "max_share": 0.05,
        "reason": {
            "text": "Checked by eye: they are not copies.",
            "by": researcher.name,
            "at": export.created_at.isoformat(),
        },
    }
    entry = LogEntry.objects.get()
    assert (entry.deed, entry.person_id) == (Deed.EXPORT_JUSTIFIED, researcher.pk)
    assert entry.detail == "1 of 8 may be copies: Checked by eye: they are not copies."


@pytest.mark.parametrize(
    ("share", "wish", "num_memorised", "refused"),
    [
        (0.125, {}, 1, False),
        (0.1249, {}, 1, True),
        (0.125, {"max_ratio": 0.125}, 1, True),
        (0.0, {"max_ratio": 0.05}, 0, False),
        (0.0, {"max_ratio": 0}, 0, False),
        (0.0, {"accepted_only": True}, 0, False),
        (0.0, {"content": "synthetic"}, 1, True),
        (0.0, {"content": "real"}, 0, False),
        (None, {}, 1, False),
    ],
)
def test_what_is_counted_is_what_goes_in(
    api: APIClient,
    pool: Pool,
    reviewer: Person,
    share: float | None,
    wish: dict[str, Any],
    num_memorised: int,
    refused: bool,
) -> None:
    judge(pool, reviewer, "accept", 16, 22)
    allow(pool, share)
    body = {"selection": str(pool.selections.get().pk), **wish}
    told = api.post("/api/v1/exports/estimate/", body, format="json").json()
    answer = ask(api, pool, **wish)
    assert answer.status_code == (409 if refused else 202), answer.json()
    assert told["refusal"] == (answer.json()["message"] if refused else "")
    assert told["num_memorised"] == num_memorised


def test_a_rejected_near_copy_needs_no_reason(api: APIClient, pool: Pool, reviewer: Person) -> None:
    allow(pool, 0.05)
    judge(pool, reviewer, "reject", 21)
    assert ask(api, pool).status_code == 202


def test_a_new_lab_allows_one_in_twenty(pool: Pool) -> None:
    assert Lab(name="new").max_memorised_share == 0.05


def test_real_images_alone_keep_no_reason(api: APIClient, pool: Pool) -> None:
    assert ask(api, pool, content="real", memorised_reason=REASON).json()["memorised_reason"] == ""
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("reason", ["ok", "x" * 501, "they may " * 100])
def test_a_reason_that_says_nothing_or_too_much_is_refused_at_its_field(
    api: APIClient, pool: Pool, reason: str
) -> None:
    allow(pool, 0.05)
    answer = ask(api, pool, memorised_reason=reason)
    assert (answer.status_code, "memorised_reason" in answer.json()["fields"]) == (400, True)
    assert not Export.objects.exists()


# --- downloading ------------------------------------------------------------------------------------------------
BYTES = bytes(range(256)) * 40


def test_a_download_is_whole_and_has_a_name_that_every_system_can_store(api: APIClient, pool: Pool) -> None:
    pool.run.version.dataset.name = "Röntgen/../ «Hände»\r\n"
    pool.run.version.dataset.save()
    export = ready(pool, BYTES)
    answer = api.get(f"/api/v1/exports/{export.pk}/download/")
    assert (answer.status_code, answer.getvalue(), answer["Content-Length"]) == (200, BYTES, str(len(BYTES)))
    assert answer["Content-Disposition"] == (
        f'attachment; filename="rontgen-hande-v1-augmented-{str(export.pk)[:8]}.zip"'
    )
    assert answer["Content-Type"] == "application/zip"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_download_that_broke_off_goes_on_where_it_was(api: APIClient, pool: Pool) -> None:
    url = f"/api/v1/exports/{ready(pool, BYTES).pk}/download/"
    tag = api.get(url)["ETag"]
    part = api.get(url, headers={"Range": "bytes=100-", "If-Range": tag})
    assert (part.status_code, part.getvalue()) == (206, BYTES[100:])
    assert part["Content-Range"] == f"bytes 100-{len(BYTES) - 1}/{len(BYTES)}"
    changed = api.get(url, headers={"Range": "bytes=100-", "If-Range": '"another"'})
    assert (changed.status_code, changed.getvalue()) == (200, BYTES)
    assert api.get(url, headers={"Range": f"bytes={len(BYTES)}-"}).status_code == 416


def test_head_tells_the_size_and_sends_nothing(api: APIClient, pool: Pool) -> None:
    answer = api.head(f"/api/v1/exports/{ready(pool, BYTES).pk}/download/")
    assert (answer.status_code, answer["Content-Length"], answer.getvalue()) == (200, str(len(BYTES)), b"")


def test_an_export_that_is_not_ready_cannot_be_downloaded(api: APIClient, pool: Pool) -> None:
    assert api.get(f"/api/v1/exports/{make(pool).pk}/download/").status_code == 409


def test_finishing_removes_what_earlier_attempts_left(pool: Pool) -> None:
    export = make(pool)
    stale = storage.export_folder(export.pk, 0)
    stale.mkdir(parents=True)
    (stale / "half.part").write_bytes(b"x")
    held = Export.claim(export.pk, "a test", Export.State.BUILDING)
    assert held is not None
    storage.export_folder(held.pk, held.fence).mkdir()
    finish_export(held, path="x", sha256="0" * 64, size_bytes=1, num_real=0, num_synthetic=1)
    assert [path.name for path in storage.all_attempts("exports", export.pk).iterdir()] == ["f1"]


# --- who may ----------------------------------------------------------------------------------------------------
def everything_of(export: Export) -> list[tuple[str, str, Any, str]]:
    """(method, path, body, role it needs)."""
    return [
        ("get", f"exports/{export.pk}/", None, "viewer"),
        ("get", f"exports/{export.pk}/download/", None, "viewer"),
        ("head", f"exports/{export.pk}/download/", None, "viewer"),
        ("post", "exports/", {"selection": str(export.selection_id)}, "researcher"),
        ("delete", f"exports/{export.pk}/", None, "admin"),
    ]


def test_another_lab_sees_none_of_it(client_of: ClientOf, outsider: Person, pool: Pool) -> None:
    export = ready(pool, BYTES)
    client = client_of(outsider)
    for method, path, body, _ in everything_of(export):
        assert getattr(client, method)(f"/api/v1/{path}", body, format="json").status_code == 404, path
    assert client.get("/api/v1/exports/").json()["results"] == []


def test_nobody_sees_it_without_logging_in(pool: Pool) -> None:
    for method, path, body, _ in everything_of(ready(pool, BYTES)):
        assert getattr(APIClient(), method)(f"/api/v1/{path}", body, format="json").status_code == 401, path


ROLES = ["viewer", "reviewer", "researcher", "admin"]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_it_is_for_and_no_more(
    client_of: ClientOf, member: Callable[..., Person], lab: Lab, pool: Pool, role: str
) -> None:
    export = ready(pool, BYTES)
    client = client_of(member(lab, role))
    for method, path, body, needed in everything_of(export):
        answer = getattr(client, method)(f"/api/v1/{path}", body, format="json")
        assert (answer.status_code < 300) == (ROLES.index(role) >= ROLES.index(needed)), (path, answer.status_code)
