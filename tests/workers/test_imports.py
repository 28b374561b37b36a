"""Images of another model, uploaded: scored, selected again, judged and exported like a run's own, with origin."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from tests.worlds import CLASSES, make_dataset, make_version, picture
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.datasets.models import DatasetVersion, Upload
from webapp.exports.models import Export
from webapp.gallery.models import Selection
from webapp.runs.models import Run, RunState
from webapp.runs.services.imports import held_source
from workers.export import ExportWork
from workers.run import RunWork
from workers.selection import SelectionWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
PER_CLASS = 7


def archive(classes: list[str] = CLASSES) -> bytes:
    """A zip as another model's user may pack it: class folders, quality in a table, one file that is no image."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        table = ["file_name,quality"]
        for folder, label in zip(classes, CLASSES, strict=True):
            for number in range(PER_CLASS):
                packed.writestr(f"{folder}/{number}.png", picture(label, 500 + number))
                table.append(f"{folder}/{number}.png,{number / 10}")
        packed.writestr("metadata.csv", "\n".join(table))
        packed.writestr(f"{classes[0]}/torn.png", b"\x89PNG\r\n\x1a\n no more")
    return stream.getvalue()


def uploaded(lab: Lab, person: Person, data: bytes) -> Upload:
    upload = Upload.objects.create(
        lab=lab, person=person, file_name="made.zip", size_bytes=len(data), offset=len(data), state="complete"
    )
    file = storage.upload_file(upload.pk)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return upload


def wish(version: DatasetVersion, upload: Upload, **changed: Any) -> dict[str, Any]:
    return {
        "version": str(version.pk),
        "upload": str(upload.pk),
        "model_name": "Stable Diffusion 1.5",
        "licence": "CreativeML Open RAIL-M",
        "note": "prompt: a photo of a bar",
        "resolution": 16,
        "budget": {"kind": "per_class", "count": 4},
        **changed,
    }


def finished(run: Run) -> Run:
    assert supervise(RunWork, run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FINISHED, (run.state, run.error_message)
    return run


def test_an_import_is_scored_selected_judged_and_exported_and_says_where_it_comes_from(
    client_of: ClientOf, researcher: Person, lab: Lab
) -> None:
    api, version = client_of(researcher), make_dataset(lab)
    upload = uploaded(lab, researcher, archive())
    answer = api.post("/api/v1/runs/import/", wish(version, upload), format="json")
    assert answer.status_code == 201, answer.json()
    run = Run.objects.get(pk=answer.json()["id"])
    assert held_source(run).is_file()
    assert not Upload.objects.exists()
    assert not storage.upload_file(upload.pk).exists()
    run = finished(run)
    assert not held_source(run).exists()

    told = api.get(f"/api/v1/runs/{run.pk}/").json()
    outcomes = {"accepted": 2 * PER_CLASS, "failed": 1, "skipped": 1}
    assert told["origin"]["name"] == "Stable Diffusion 1.5"
    assert (told["origin"]["file_name"], told["origin"]["outcomes"] | {"skipped": 1}) == ("made.zip", outcomes)
    assert (told["model"], told["start"], "retry" in told["actions"]) == ("imported", None, False)
    assert told["metrics"]["kid"]["num_synthetic"] == 8
    (torn,) = api.get(f"/api/v1/runs/{run.pk}/files/?outcome=failed").json()["results"]
    assert torn["name"] == f"{CLASSES[0]}/torn.png"
    assert torn["reason"]

    # the gallery
    pool = told["pool"]
    scores = api.get(f"/api/v1/pools/{pool}/").json()["score_names"]
    assert scores == ["classifier_confidence", "nearest_training_distance", "quality"]
    rows = api.get(f"/api/v1/pools/{pool}/samples/?sort=-score:quality").json()["results"]
    assert [row["scores"]["quality"] for row in rows[:4]] == [0.6, 0.6, 0.5, 0.5]
    origin = api.get(f"/api/v1/samples/{rows[0]['id']}/").json()["provenance"]
    assert origin["origin"]["licence"] == "CreativeML Open RAIL-M"
    assert (origin["file_name"], origin["remake"]) == (f"{rows[0]['label']}/6.png", None)
    with pytest.raises(CommandError, match=r"made elsewhere, by Stable Diffusion 1\.5"):
        call_command("remake", str(rows[0]["id"]))
    assert api.put(f"/api/v1/samples/{rows[0]['id']}/verdict/", {"value": "reject"}, format="json").status_code == 200

    assert "imported" not in json.dumps(api.get("/api/v1/recipes/").json())

    # another selection
    more = {"sampler": "class_confidence", "budget": {"kind": "per_class", "count": 2}}
    refused = api.post(f"/api/v1/pools/{pool}/selections/", more, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "unsuitable_sampler")
    more["sampler"] = "random"
    selection = api.post(f"/api/v1/pools/{pool}/selections/", more, format="json").json()
    assert supervise(SelectionWork, Selection.objects.get(pk=selection["id"]).pk)
    assert api.get(f"/api/v1/selections/{selection['id']}/").json()["num_kept"] == 4

    # an export
    first = api.get(f"/api/v1/pools/{pool}/").json()["selections"][0]["id"]
    body = {"selection": first, "format": "image_folder", "content": "synthetic"}
    made = api.post("/api/v1/exports/", body, format="json")
    assert made.status_code == 202, made.json()
    assert supervise(ExportWork, Export.objects.get(pk=made.json()["id"]).pk)
    export = Export.objects.get(pk=made.json()["id"])
    assert export.state == Export.State.READY, export.error_message
    with zipfile.ZipFile(storage.stored(export.path)) as packed:
        manifest = [json.loads(line) for line in packed.read("manifest.jsonl").splitlines()]
        provenance, card = json.loads(packed.read("provenance.json")), packed.read("README.md").decode()
    assert {(row["seed"], row["checkpoint_sha256"], row["origin"]["name"]) for row in manifest} == {
        (None, None, "Stable Diffusion 1.5")
    }
    assert all(row["origin"]["file"].startswith(f"{row['class']}/") for row in manifest)
    assert provenance["origin"]["note"] == "prompt: a photo of a bar"
    assert "They were made elsewhere, by Stable Diffusion 1.5" in card
    assert "CreativeML Open RAIL-M" in card


def test_classes_that_the_version_lacks_end_the_import_with_one_sentence(
    client_of: ClientOf, researcher: Person, lab: Lab
) -> None:
    upload = uploaded(lab, researcher, archive(["cat", "dog"]))
    answer = client_of(researcher).post("/api/v1/runs/import/", wish(make_dataset(lab), upload), format="json")
    run = Run.objects.get(pk=answer.json()["id"])
    supervise(RunWork, run.pk)
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "bad_dataset")
    assert "classes that this dataset version lacks (cat, dog); it has bar, dot" in run.error_message
    again = client_of(researcher).post(f"/api/v1/runs/{run.pk}/retry/")
    assert again.status_code == 409


def test_the_command_line_imports_a_folder_where_it_lies(lab: Lab, tmp_path: Path) -> None:
    version = make_dataset(lab)
    with zipfile.ZipFile(io.BytesIO(archive())) as packed:
        packed.extractall(tmp_path / "made")
    arguments = ["--dataset", version.dataset.name, "--made-by", "StyleGAN3", "--resolution", "16", "--per-class", "2"]
    call_command("import_images", str(tmp_path / "made"), *arguments, stdout=io.StringIO())
    run = finished(Run.objects.get())
    assert (run.name, run.pool.num_samples, run.pool.selections.get().yields["bar"]["kept"]) == (
        "Images of StyleGAN3",
        2 * PER_CLASS,
        2,
    )
    assert (tmp_path / "made" / "bar").is_dir()
    with pytest.raises(CommandError, match="There is no dataset called 'nobody'"):
        call_command("import_images", str(tmp_path), "--dataset", "nobody", "--made-by", "x")


def test_what_cannot_be_imported_is_refused_at_once_at_its_field(
    client_of: ClientOf, researcher: Person, viewer: Person, outsider: Person, lab: Lab
) -> None:
    version, upload = make_dataset(lab), uploaded(lab, researcher, b"bytes")

    def post(person: Person, **changed: Any) -> Any:
        return client_of(person).post("/api/v1/runs/import/", wish(version, upload) | changed, format="json")

    def fields(**changed: Any) -> set[str]:
        answer = post(researcher, **changed)
        assert answer.status_code == 400, answer.json()
        return set(answer.json()["fields"])

    assert post(viewer).status_code == 403
    assert post(outsider).status_code == 404
    assert fields(model_name="") == {"model_name"}
    assert fields(resolution=8) == {"resolution"}
    assert fields(sampler="nobody") == {"sampler"}
    assert fields(budget={"kind": "counts", "counts": {"ghost": 3}}) == {"budget"}
    assert fields(upload="0f0e0d0c-0000-4000-8000-000000000000") == {"upload"}
    waiting = make_version(lab, state=DatasetVersion.State.INGESTING)
    assert post(researcher, version=str(waiting.pk)).status_code == 409
    Upload.objects.filter(pk=upload.pk).update(state="receiving")
    assert post(researcher).json()["code"] == "upload_incomplete"
    assert not Run.objects.exists()
    assert Upload.objects.filter(pk=upload.pk).exists()
