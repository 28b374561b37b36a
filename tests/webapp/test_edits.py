"""Edits: asked for at a run, each fault at its field, told live, kept in a small number, gone with the run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.removal import mark
from webapp.gallery.models import Edit
from webapp.gallery.services import edits
from webapp.gallery.services.edits import KEPT, add_edit
from webapp.runs.models import Run
from webapp.upkeep.services.sweep import sweep
from webapp.upkeep.services.unreferenced import missing, remove_unreferenced

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
NAMES = ["red", "green", "large", "old", "round", "bright"]
SHEET: dict[str, Any] = {
    "attributes": ["red"],
    "are_classes": False,
    "combinations": [[0], [1]],
    "current": [1],
    "excludes": [[]],
    "tile": 16,
    "columns": 2,
    "chances": {"model": [[0.1], [0.9], [0.8]], "encoder": [[0.2], [0.7], [0.9]]},
}


def trained(lab: Lab, person: Person | None, attributes: list[str] | None = None) -> Run:
    """A run of stargan whose training is over; its files are those of another."""
    run = make_pool(queue_run(make_dataset(lab), person)).run
    type(run.recipe)._default_manager.filter(pk=run.recipe_id).update(model="stargan", model_settings={})
    type(run.version)._default_manager.filter(pk=run.version_id).update(attributes=attributes or [])
    return Run.objects.select_related("recipe", "version__dataset").get(pk=run.pk)


@pytest.fixture
def run(lab: Lab, researcher: Person) -> Run:
    return trained(lab, researcher, NAMES)


@pytest.fixture
def api(client_of: ClientOf, researcher: Person) -> APIClient:
    return client_of(researcher)


def ask(api: APIClient, run: Run, **wish: Any) -> Any:
    return api.post(f"/api/v1/runs/{run.pk}/edits/", wish, format="json")


def finished(edit: Edit) -> Path:
    """As a worker leaves it."""
    held = Edit.claim(edit.pk, "tests", Edit.State.MAKING)
    assert held is not None
    edits.begin_edit(held)
    file = storage.edit_folder(held.pk, held.fence) / "sheet.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x89PNG sheet")
    edits.finish_edit(held, storage.relative(file), file.stat().st_size, SHEET)
    return file


# --- asking -----------------------------------------------------------------------------------------------------
def test_what_can_be_changed_is_told_with_the_edits(api: APIClient, run: Run, lab: Lab) -> None:
    told = api.get(f"/api/v1/runs/{run.pk}/edits/").json()
    assert told == {"names": NAMES, "are_classes": False, "most": 5, "code": "", "refusal": "", "edits": []}
    of_classes = api.get(f"/api/v1/runs/{trained(lab, None).pk}/edits/").json()
    assert (of_classes["names"], of_classes["are_classes"], of_classes["most"]) == (["bar", "dot"], True, 32)
    assert api.get(f"/api/v1/runs/{run.pk}/").json()["can_edit"]


def test_an_edit_is_queued_once_for_the_same_image_attributes_and_checkpoint(api: APIClient, run: Run) -> None:
    first = ask(api, run, image=3, attributes=["old", "red"])
    assert first.status_code == 202
    row = first.json()
    assert (row["image"], row["attributes"], row["state"], row["sheet"]) == (3, ["red", "old"], "queued", None)
    assert row["actions"] == ["cancel"]
    assert ask(api, run, image=3, attributes=["red", "old"]).json()["id"] == row["id"]
    finished(Edit.objects.get())
    again = ask(api, run, image=3, attributes=["red", "old"]).json()
    assert (again["id"], again["state"], again["sheet"]) == (row["id"], "finished", SHEET)
    assert ask(api, run, image=4, attributes=["red", "old"]).json()["id"] != row["id"]
    assert ask(api, run, image=3, attributes=["red"]).json()["id"] != row["id"]
    trains_on = {**run.artefacts, "train": {**run.artefacts["train"], "sha256": "b" * 64}}
    Run.objects.filter(pk=run.pk).update(artefacts=trains_on)
    assert ask(api, run, image=3, attributes=["red", "old"]).json()["id"] != row["id"]


def test_without_names_the_first_few_are_changed(api: APIClient, run: Run) -> None:
    assert ask(api, run, image=0).json()["attributes"] == NAMES[:5]


@pytest.mark.parametrize(
    ("wish", "code", "field"),
    [
        ({"image": 999}, "image_not_learnt", "image"),
        ({"image": 64}, "image_not_learnt", "image"),
        ({"image": 0, "attributes": ["blond"]}, "unknown_attribute", "attributes"),
        ({"image": 0, "attributes": NAMES}, "too_many_attributes", "attributes"),
    ],
    ids=["no such image", "of the test split", "unknown", "six"],
)
def test_a_fault_stands_at_its_field(api: APIClient, run: Run, wish: dict[str, Any], code: str, field: str) -> None:
    assert run.version.images.get(index=64).split == "test"
    refused = ask(api, run, **wish)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert list(refused.json()["fields"]) == [field]
    assert not Edit.objects.exists()


def test_a_run_that_cannot_edit_says_why(api: APIClient, lab: Lab, researcher: Person, run: Run) -> None:
    noise = make_pool(queue_run(make_dataset(lab), researcher)).run
    refused = ask(api, noise, image=0)
    assert (refused.status_code, refused.json()["code"]) == (409, "model_cannot_edit")
    told = api.get(f"/api/v1/runs/{noise.pk}/edits/").json()
    assert (told["code"], told["refusal"]) == ("model_cannot_edit", refused.json()["message"])
    assert "stargan" in told["refusal"]
    assert not api.get(f"/api/v1/runs/{noise.pk}/").json()["can_edit"]
    Run.objects.filter(pk=run.pk).update(artefacts={})
    assert ask(api, run, image=0).json()["code"] == "not_trained"


# --- life -------------------------------------------------------------------------------------------------------
def test_a_sheet_is_there_when_it_is_finished_and_never_changes(api: APIClient, run: Run) -> None:
    edit = add_edit(run, None, 0, ["red"])
    assert api.get(f"/api/v1/edits/{edit.pk}/sheet/").status_code == 404
    finished(edit)
    sheet = api.get(f"/api/v1/edits/{edit.pk}/sheet/")
    assert b"".join(sheet) == b"\x89PNG sheet"
    assert (sheet["Content-Type"], "immutable" in sheet["Cache-Control"]) == ("image/png", True)
    file = storage.stored(Edit.objects.get().path)
    assert file not in [found.path for found in missing()]
    file.unlink()
    assert file in [found.path for found in missing()]


def test_a_run_s_edits_are_told_without_their_sheets(api: APIClient, run: Run) -> None:
    edit = add_edit(run, None, 0, ["red"])
    finished(edit)
    (row,) = api.get(f"/api/v1/runs/{run.pk}/edits/").json()["edits"]
    whole = api.get(f"/api/v1/edits/{edit.pk}/").json()
    assert whole.pop("sheet") == SHEET
    assert row == whole


def test_a_sheet_from_before_exclusions_were_told_excludes_nothing(api: APIClient, run: Run) -> None:
    edit = add_edit(run, None, 0, ["red"])
    finished(edit)
    Edit.objects.update(sheet={name: value for name, value in SHEET.items() if name != "excludes"})
    assert api.get(f"/api/v1/edits/{edit.pk}/").json()["sheet"] == SHEET


def test_an_edit_is_cancelled_and_made_again(api: APIClient, run: Run) -> None:
    edit = add_edit(run, None, 0)
    assert api.post(f"/api/v1/edits/{edit.pk}/cancel/").json()["state"] == "cancelled"
    assert api.post(f"/api/v1/edits/{edit.pk}/cancel/").status_code == 200
    assert api.get(f"/api/v1/edits/{edit.pk}/").json()["actions"] == ["retry"]
    assert api.post(f"/api/v1/edits/{edit.pk}/retry/").json()["state"] == "queued"
    assert api.post(f"/api/v1/edits/{edit.pk}/retry/").status_code == 409
    finished(edit)
    assert api.post(f"/api/v1/edits/{edit.pk}/cancel/").status_code == 409


def test_one_that_failed_says_why_and_does_not_stand_in_the_way_of_another(api: APIClient, run: Run) -> None:
    edit = add_edit(run, None, 0)
    held = Edit.claim(edit.pk, "tests", Edit.State.MAKING)
    assert held is not None
    edits.fail_edit(held, "gone", "The checkpoint is gone.")
    told = api.get(f"/api/v1/edits/{edit.pk}/").json()
    assert (told["state"], told["error"]) == ("failed", {"code": "gone", "message": "The checkpoint is gone."})
    assert ask(api, run, image=0).json()["id"] != str(edit.pk)


def test_every_state_is_told_to_who_watches(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(edits, "publish_edit", lambda edit: told.append(edit.state))
    finished(add_edit(run, None, 0))
    assert told == ["queued", "making", "finished"]


# --- what goes --------------------------------------------------------------------------------------------------
def test_a_run_keeps_its_newest_edits(run: Run, django_capture_on_commit_callbacks: Callable[..., Any]) -> None:
    oldest = add_edit(run, None, 0, ["red"])
    file = finished(oldest)
    busy = add_edit(run, None, 1, ["red"])
    assert Edit.claim(busy.pk, "tests", Edit.State.MAKING) is not None
    with django_capture_on_commit_callbacks(execute=True):
        for place in range(KEPT):
            names = [name for bit, name in enumerate(NAMES) if (place + 1) >> bit & 1][:5]
            add_edit(run, None, 2, names)
    assert not Edit.objects.filter(pk=oldest.pk).exists()
    assert not file.exists()
    assert set(run.edits.values_list("state", flat=True)) == {"queued", "making"}
    assert run.edits.count() == KEPT + 1


def test_edits_go_with_their_run(run: Run, api: APIClient) -> None:
    edit = add_edit(run, None, 0)
    file = finished(edit)
    mark(run)
    assert api.get(f"/api/v1/edits/{edit.pk}/").status_code == 404
    assert sweep(60.0)
    assert not Edit.objects.exists()
    assert not file.exists()
    assert not Run.objects.filter(pk=run.pk).exists()


def test_a_folder_that_no_edit_names_is_removed(run: Run) -> None:
    kept = finished(add_edit(run, None, 0))
    lost = storage.edit_folder(run.pk, 1)
    lost.mkdir(parents=True)
    (lost / "sheet.png").write_bytes(b"lost")
    remove_unreferenced(-60.0)
    assert kept.exists()
    assert not lost.exists()
