"""Names, putting away, deleting: what is deleted is gone at every address at once, and swept without a rest."""

import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.errors import ConflictError, NotFoundError
from webapp.core.removal import mark
from webapp.core.subscriptions import CHANNELS
from webapp.datasets import consumers as datasets
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion
from webapp.datasets.services import create_dataset
from webapp.exports import consumers as exports
from webapp.exports.models import Export
from webapp.exports.services.building import create_export, export_of_version, finish_export, queue_export
from webapp.gallery.models import Pool, Sample, Selection, Verdict
from webapp.gallery.services.verdicts import decide
from webapp.recipes.models import Recipe
from webapp.runs import consumers as runs
from webapp.runs.models import Run, RunState
from webapp.runs.services.start import start_again
from webapp.upkeep.services import sweep as sweeping
from webapp.upkeep.services.sweep import remove_objects, sweep
from webapp.upkeep.services.unreferenced import missing, unreferenced

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def api(client_of: ClientOf, researcher: Person) -> APIClient:
    return client_of(researcher)


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    """A dataset of the researcher's with a finished run, a verdict and a ready export."""
    version = make_dataset(lab, train=6, val=2, test=1)
    Dataset.objects.update(created_by=researcher)
    made = make_pool(queue_run(version, researcher))
    decide(made, researcher, [made.samples.get(index=20).pk], "accept")
    built(create_export(made.selections.get(), researcher, format="image_folder", content="both", accepted_only=False))
    return made


def built(export: Export) -> Export:
    held = Export.claim(export.pk, "a test", Export.State.BUILDING)
    assert held is not None
    path = storage.export_folder(held.pk, held.fence) / "dataset.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"zip")
    finish_export(held, path=storage.relative(path), sha256="ab" * 32, size_bytes=3, num_real=1, num_synthetic=1)
    return held


def addresses(pool: Pool) -> dict[str, list[str]]:
    """Noun -> everything that can be read of it and of what hangs on it."""
    run, version = pool.run, pool.run.version
    sample, selection, export = pool.samples.get(index=20), pool.selections.get(), Export.objects.get()
    of_export = [f"exports/{export.pk}/", f"exports/{export.pk}/download/"]
    of_run = [
        *(f"runs/{run.pk}/{part}" for part in ("", "events/", "scalars/", "previews/", "checkpoints/", "deletion/")),
        *(f"pools/{pool.pk}/{part}" for part in ("", "samples/", "selections/")),
        f"samples/{sample.pk}/",
        f"samples/{sample.pk}/image/",
        f"selections/{selection.pk}/",
        *of_export,
    ]
    of_version = [
        *(f"versions/{version.pk}/{part}" for part in ("", "report/", "report.csv", "images/", "deletion/")),
        f"versions/{version.pk}/images/0/original/",
        *of_run,
    ]
    of_dataset = [f"datasets/{version.dataset_id}/", f"datasets/{version.dataset_id}/deletion/", *of_version]
    return {"export": of_export, "run": of_run, "dataset": of_dataset}


def row_of(pool: Pool, noun: str) -> Any:
    return {"export": Export.objects.get(), "run": pool.run, "dataset": pool.run.version.dataset}[noun]


# --- nothing that is deleted stays readable ---------------------------------------------------------------------
@pytest.mark.parametrize("noun", ["export", "run", "dataset"])
def test_what_is_deleted_is_gone_at_every_address_before_anything_is_swept(
    api: APIClient, pool: Pool, noun: str
) -> None:
    paths = addresses(pool)[noun]
    assert {path: api.get(f"/api/v1/{path}").status_code for path in paths} == dict.fromkeys(paths, 200)
    row = row_of(pool, noun)
    assert api.delete(f"/api/v1/{noun}s/{row.pk}/?with_dependents=true").status_code == 204
    assert {path: api.get(f"/api/v1/{path}").status_code for path in paths} == dict.fromkeys(paths, 404)
    assert api.get(f"/api/v1/{noun}s/").json()["results"] == []
    assert Export.objects.exists(), "the rows are still there"


@pytest.mark.parametrize(("noun", "channels"), [("run", ["run", "export"]), ("dataset", ["run", "export", "version"])])
def test_nobody_can_watch_what_is_deleted(researcher: Person, pool: Pool, noun: str, channels: list[str]) -> None:
    assert {datasets.CHANNEL, exports.CHANNEL, runs.CHANNEL} <= set(CHANNELS)
    ids = {"run": pool.run_id, "export": Export.objects.get().pk, "version": pool.run.version_id}
    for channel in channels:
        CHANNELS[channel].check(researcher, ids[channel])
    mark(row_of(pool, noun))
    for channel in channels:
        with pytest.raises(NotFoundError):
            CHANNELS[channel].check(researcher, ids[channel])


def test_what_is_swept_leaves_no_row_and_no_file(pool: Pool) -> None:
    mark(pool.run.version.dataset)
    assert sweep()
    for model in (Dataset, DatasetVersion, DatasetImage, Run, Pool, Sample, Selection, Verdict, Export):
        assert not model._default_manager.exists(), model
    assert list(unreferenced(older_than_s=-60)) == []
    assert [path for path in storage.data_folder().glob("[rle]*/**/*") if path.is_file()] == []


def test_a_sweep_that_is_cut_off_anywhere_is_finished_by_the_next(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 5)
    mark(pool.run.version.dataset)
    rounds = 0
    clock = iter(range(10**6))
    monkeypatch.setattr(sweeping, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    while not sweep(for_s=1):
        rounds += 1
        assert rounds < 100
    assert rounds > 3, "each round did only a part"
    assert not Dataset.objects.exists()
    assert list(unreferenced(older_than_s=-60)) == []


def test_what_somebody_works_on_is_asked_to_end_and_swept_when_it_has(pool: Pool, researcher: Person) -> None:
    run = queue_run(pool.run.version, researcher)
    waiting = queue_run(pool.run.version, researcher)
    held = Run.claim(run.pk, "a worker", RunState.PREPARING)
    assert held is not None
    mark(pool.run.version.dataset)
    assert set(Run.objects.exclude(pk=pool.run_id).values_list("cancel_requested", flat=True)) == {True}
    assert Run.claim(waiting.pk, "another", RunState.PREPARING) is None
    assert sweep()
    assert [row.pk for row in Run.objects.all()] == [run.pk]
    held.release(RunState.CANCELLED)
    assert sweep()
    assert not Dataset.objects.exists()


# --- what depends on what ---------------------------------------------------------------------------------------
def test_what_others_depend_on_is_deleted_only_when_that_is_said(api: APIClient, pool: Pool) -> None:
    refused = api.delete(f"/api/v1/datasets/{pool.run.version.dataset_id}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "dataset_in_use")
    assert "1 run and 1 export depend on it" in refused.json()["message"]
    assert api.delete(f"/api/v1/runs/{pool.run_id}/").json()["code"] == "run_in_use"
    assert api.get(f"/api/v1/runs/{pool.run_id}/").status_code == 200


def test_what_would_go_is_told_before(api: APIClient, pool: Pool) -> None:
    told = api.get(f"/api/v1/runs/{pool.run_id}/deletion/").json()
    parts = {part["noun"]: part["count"] for part in told["parts"]}
    assert parts == {"pool": 1, "selection": 1, "verdict": 1, "export": 1}
    assert told["dependents"] == [{"noun": "export", "count": 1}]
    assert (told["size_bytes"], told["made_by_others"]) == (3, False)
    whole = api.get(f"/api/v1/datasets/{pool.run.version.dataset_id}/deletion/").json()
    assert {"noun": "images", "count": 18} in whole["parts"]


def test_what_others_made_needs_an_admin(
    client_of: ClientOf, lab: Lab, pool: Pool, member: Callable[..., Person]
) -> None:
    Run.objects.update(created_by=member(lab, "researcher"))
    address = f"/api/v1/datasets/{pool.run.version.dataset_id}/?with_dependents=true"
    assert client_of(Person.objects.get(pk=pool.run.version.dataset.created_by_id)).delete(address).status_code == 403
    assert client_of(member(lab, "reviewer")).delete(address).status_code == 403
    assert client_of(member(lab, "admin")).delete(address).status_code == 204


def test_a_run_that_started_from_a_deleted_one_stays_and_says_why_it_cannot_be_repeated(
    api: APIClient, pool: Pool, researcher: Person
) -> None:
    child = queue_run(pool.run.version, researcher)
    Run.objects.filter(pk=child.pk).update(parent=pool.run, start_way="reuse", start_step=1, state=RunState.STOPPED)
    assert api.delete(f"/api/v1/runs/{pool.run_id}/?with_dependents=true").status_code == 204
    assert api.get(f"/api/v1/runs/{child.pk}/").json()["start"] is None
    for _ in range(2):
        child.refresh_from_db()
        with pytest.raises(ConflictError, match="was deleted"):
            start_again(child)
        assert sweep()
    assert Run.objects.get().parent is None


def test_a_version_goes_alone_and_takes_only_files_that_no_other_one_holds(api: APIClient, pool: Pool) -> None:
    first = pool.run.version
    assert api.delete(f"/api/v1/versions/{first.pk}/?with_dependents=true").json()["code"] == "only_version"
    second = DatasetVersion.objects.create(
        dataset=first.dataset, number=2, state="ready", classes=first.classes, counts=first.counts
    )
    shared = first.images.get(index=0)
    DatasetImage.objects.create(**{**columns(shared), "version": second})
    assert api.delete(f"/api/v1/versions/{first.pk}/").json()["code"] == "version_in_use"
    assert api.delete(f"/api/v1/versions/{first.pk}/?with_dependents=true").status_code == 204
    told = api.get(f"/api/v1/datasets/{first.dataset_id}/").json()
    assert [version["number"] for version in told["versions"]] == [2]
    assert sweep()
    files = [path for path in (storage.lab_folder(first.dataset.lab_id) / "objects").rglob("*") if path.is_file()]
    assert [path.stem for path in files] == [shared.sha256]


def columns(image: DatasetImage) -> dict[str, Any]:
    return {
        field.name: getattr(image, field.name) for field in DatasetImage._meta.concrete_fields if field.name != "id"
    }


def test_a_recipe_keeps_its_runs_until_somebody_says_that_they_go_too(api: APIClient, pool: Pool) -> None:
    recipe = f"/api/v1/recipes/{pool.run.recipe_id}/"
    refused = api.delete(recipe)
    assert (refused.status_code, refused.json()["code"]) == (409, "recipe_in_use")
    told = api.get(recipe + "deletion/").json()
    parts = {part["noun"]: part["count"] for part in told["parts"]}
    assert {part["noun"] for part in told["dependents"]} == {"run", "export"}
    assert (parts["run"], parts["export"], parts["pool"]) == (1, 1, 1)
    assert api.delete(recipe + "?with_dependents=true").status_code == 204
    for gone in (recipe, f"/api/v1/runs/{pool.run_id}/", f"/api/v1/pools/{pool.pk}/"):
        assert api.get(gone).status_code == 404, gone
    assert api.get("/api/v1/exports/").json()["results"] == []
    assert sweep()
    assert not Recipe.objects.exists()
    assert not Run.objects.exists()


def test_a_recipe_that_no_run_uses_goes_alone(api: APIClient, pool: Pool) -> None:
    recipe = f"/api/v1/recipes/{pool.run.recipe_id}/"
    assert api.get(recipe).json()["num_runs"] == 1
    api.delete(f"/api/v1/runs/{pool.run_id}/?with_dependents=true")
    assert api.get(recipe).json()["num_runs"] == 0
    assert api.delete(recipe).status_code == 204
    assert api.get(recipe).status_code == 404


# --- files that an ingest may take for granted ------------------------------------------------------------------
def test_a_file_that_an_ingest_may_have_found_is_put_back(
    lab: Lab, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = storage.object_file(lab.pk, "ab" * 32, ".png")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")
    reading = iter([False, True])
    monkeypatch.setattr(sweeping, "_is_reading_in", lambda lab_id: next(reading))
    assert remove_objects(lab.pk, [file]) == []
    assert file.read_bytes() == b"x"
    monkeypatch.undo()
    assert remove_objects(lab.pk, [file]) == [file]
    assert not list(file.parent.iterdir())


# --- names and putting away -------------------------------------------------------------------------------------
def things(pool: Pool) -> Iterator[tuple[str, uuid.UUID]]:
    yield from (
        ("datasets", pool.run.version.dataset_id),
        ("runs", pool.run_id),
        ("exports", Export.objects.get().pk),
        ("recipes", pool.run.recipe_id),
    )


def test_everything_can_be_renamed_put_away_and_brought_back(api: APIClient, pool: Pool) -> None:
    for noun, pk in things(pool):
        one, many = f"/api/v1/{noun}/{pk}/", f"/api/v1/{noun}/"
        assert api.patch(one, {"name": " Better name "}, format="json").json()["name"] == "Better name", noun
        assert api.patch(one, {"archived": True}, format="json").json()["archived_at"], noun
        assert api.get(many).json()["results"] == [], noun
        assert [row["id"] for row in api.get(many + "?archived=only").json()["results"]] == [str(pk)], noun
        assert api.get(one).status_code == 200, "what is put away can still be read"
        back = api.patch(one, {"archived": False}, format="json").json()
        assert (back["archived_at"], back["name"]) == (None, "Better name"), noun
        assert len(api.get(many + "?archived=all").json()["results"]) == 1, noun


def test_reviewers_and_outsiders_rename_nothing(
    client_of: ClientOf, reviewer: Person, outsider: Person, pool: Pool
) -> None:
    for noun, pk in things(pool):
        for person, status in ((reviewer, 403), (outsider, 404)):
            answer = client_of(person).patch(f"/api/v1/{noun}/{pk}/", {"name": "x"}, format="json")
            assert answer.status_code == status, noun


def test_a_name_in_use_is_refused_and_that_of_a_deleted_dataset_is_free_at_once(
    api: APIClient, lab: Lab, pool: Pool, tmp_path: Any
) -> None:
    other = create_dataset(lab, "Other", None, source_path=tmp_path)
    address = f"/api/v1/datasets/{pool.run.version.dataset_id}/"
    assert api.patch(address, {"name": "Other"}, format="json").json()["code"] == "name_taken"
    assert api.patch(address, {"name": " "}, format="json").status_code == 400
    mark(other)
    assert api.patch(address, {"name": "Other"}, format="json").status_code == 200


def test_an_export_of_a_version_alone_is_swept_with_it(lab: Lab, researcher: Person) -> None:
    version = make_dataset(lab, train=2, val=1, test=1)
    built(queue_export(export_of_version(version, format="image_folder"), researcher))
    mark(version.dataset)
    assert sweep()
    assert not Export.objects.exists()
    assert list(missing()) == []
