"""Studies of attributes: what may be asked, what is told while they are measured, and what is no answer of theirs."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from ml.attribute_lines import COMPARED, WORD_VECTORS
from tests.worlds import QUICK_ARTS, STUDY_RESULT, make_attribute_dataset, make_dataset, make_study, make_version
from webapp.accounts.models import Lab, Person
from webapp.core.leases import new_owner
from webapp.core.quota import QuotaError
from webapp.datasets.models import DatasetVersion
from webapp.studies.events import study_changed
from webapp.studies.models import Study
from webapp.studies.selectors import num_answers
from webapp.studies.services import attempt
from webapp.upkeep.services.measuring import measure
from webapp.upkeep.services.quotas import set_quota

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
SPREAD = {"mean": 0.5, "low": 0.4, "high": 0.6}
TABLE: dict[str, Any] = {
    "names": ["red", "large"],
    "co_occurrence": [[1.0, 0.2], [0.4, 1.0]],
    "num_held_out": 12,
    "num_seeds": 2,
    "classifier": [0.9, None],
    "arts": [
        {
            "name": "fader",
            "num_seeds": 2,
            "by_attribute": [SPREAD, {"mean": None, "low": None, "high": None}],
            "average": SPREAD,
            "identity": SPREAD,
            "reconstruction": SPREAD,
        }
    ],
    "best": None,
    "sentence": "",
}


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return make_attribute_dataset(lab)


@pytest.fixture
def api(client_of: ClientOf, researcher: Person) -> APIClient:
    return client_of(researcher)


def problems(api: APIClient, version: DatasetVersion, **other: Any) -> dict[str, str]:
    """Field -> what is wrong with it."""
    body = {"version": str(version.pk), **QUICK_ARTS, **other}
    answer = api.post("/api/v1/studies/validate/", body, format="json")
    assert answer.status_code == 200, answer.json()
    return {problem["field"]: problem["message"] for problem in answer.json()["problems"]}


def held(study: Study) -> Study:
    """As a worker holds it."""
    mine = Study.claim(study.pk, new_owner(), Study.State.RUNNING)
    assert mine is not None
    return mine


def test_it_is_started_with_every_shared_setting_written_out(api: APIClient, version: DatasetVersion) -> None:
    body = {"version": str(version.pk), **QUICK_ARTS, "model_settings": {"num_steps": 9, "width": 4}}
    answer = api.post("/api/v1/studies/", body, format="json")
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["question"], told["model"], told["arms"]) == ("attributes", "", QUICK_ARTS["arms"])
    shared = {"resolution": 32, "fit": "crop", "channels": "auto", "batch_size": 16, "num_steps": 9, "width": 4}
    assert told["model_settings"] == shared
    assert told["settings"] == {"num_seeds": 2, "seed": 0}
    assert (told["result"], told["attribute_result"], told["answer"], told["sentence"]) == (None, None, None, "")


def test_a_viewer_may_look_and_ask_nothing(
    client_of: ClientOf, viewer: Person, version: DatasetVersion, researcher: Person
) -> None:
    study = make_study(version, researcher, **QUICK_ARTS)
    api = client_of(viewer)
    assert api.get(f"/api/v1/studies/{study.pk}/").json()["question"] == "attributes"
    body = {"version": str(version.pk), **QUICK_ARTS}
    assert api.post("/api/v1/studies/", body, format="json").status_code == 403


def test_it_is_said_how_many_trainings_there_would_be(api: APIClient, version: DatasetVersion) -> None:
    body = {"version": str(version.pk), **QUICK_ARTS}
    answer = api.post("/api/v1/studies/validate/", body, format="json").json()
    assert answer == {"problems": [], "num_generators": 4, "num_children": 0}


def test_class_folders_will_do(api: APIClient, lab: Lab) -> None:
    assert problems(api, make_dataset(lab)) == {}


@pytest.mark.parametrize(
    ("other", "field", "words"),
    [
        ({"arms": ["dcgan"]}, "arms", "expected one of the models that edit attributes: attgan, fader"),
        ({"arms": ["rainbow"]}, "arms", "rainbow: expected one of"),
        ({"arms": ["stargan", "stargan"]}, "arms", "named twice"),
        ({"arms": ["stargan:condition_mode"]}, "arms", "has no value"),
        ({"arms": ["stargan:condition_mode=up"]}, "arms", "one of std, diff"),
        ({"arms": ["stargan:colour=1"]}, "arms", "no setting 'colour'"),
        ({"arms": ["stargan:num_steps=5"]}, "arms", "must be alike"),
        ({"arms": ["stargan:condition_type=word2vec"]}, "arms", "needs word vectors, and the server has none"),
        ({"model_settings": {"num_steps": 0}}, "model_settings.num_steps", "at least 1"),
        ({"model_settings": {"z_dim": 8}}, "model_settings.z_dim", "None of the arts has a setting 'z_dim'"),
        ({"settings": {"num_seeds": 0}}, "settings.num_seeds", "at least 1"),
        ({"settings": {"num_child_seeds": 3}}, "settings.num_child_seeds", "no setting"),
        (
            {"arms": COMPARED[:6], "settings": {"num_seeds": 20}},
            "settings.num_seeds",
            "120 trainings, and a",
        ),
    ],
)
def test_what_a_worker_would_refuse_is_refused_at_its_field(
    api: APIClient,
    version: DatasetVersion,
    monkeypatch: pytest.MonkeyPatch,
    other: dict[str, Any],
    field: str,
    words: str,
) -> None:
    monkeypatch.delenv(WORD_VECTORS, raising=False)
    found = problems(api, version, **other)
    assert set(found) == {field}, found
    assert words in found[field]
    answer = api.post("/api/v1/studies/", {"version": str(version.pk), **QUICK_ARTS, **other}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {field}
    assert not Study.objects.exists()


def test_every_art_that_is_offered_can_be_asked_for(
    api: APIClient, version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORD_VECTORS, "/words.json")
    told = api.get("/api/v1/catalogue/").json()["attribute_study"]
    lines = [art["line"] for art in told["arts"]]
    assert lines == list(COMPARED)
    assert set(told["shared_schema"]["properties"]) == {"resolution", "fit", "channels", "batch_size", "num_steps"}
    defaults = {name: field["default"] for name, field in told["shared_schema"]["properties"].items()}
    assert problems(api, version, arms=lines, model_settings=defaults) == {}
    matrix = json.dumps(np.eye(len(version.attributes)).tolist())
    assert problems(api, version, arms=[f"stargan:condition_type=gcn,edges=edited,edited_edges={matrix}"]) == {}


def test_a_dataset_that_cannot_be_edited_is_refused(api: APIClient, lab: Lab, version: DatasetVersion) -> None:
    version.counts["val"] = dict.fromkeys(version.classes, 0)
    version.save()
    assert "no validation images" in problems(api, version)["version"]
    one = make_attribute_dataset(lab)
    one.attributes = ["red"]
    one.save()
    assert "has 1 attributes, and a study of edits needs two at least" in problems(api, one)["version"]
    alone = make_dataset(lab)
    alone.classes = ["bar"]
    alone.save()
    found = problems(api, alone)
    assert "has 1 classes" in found["version"]
    waiting = make_version(lab, state=DatasetVersion.State.INGESTING)
    assert "when it is ready" in problems(api, waiting)["version"]


def test_a_lab_that_is_full_begins_none(lab: Lab, version: DatasetVersion, researcher: Person) -> None:
    measure()
    set_quota(lab, None, 1)
    with pytest.raises(QuotaError):
        make_study(version, researcher, **QUICK_ARTS)


def test_rows_are_told_as_they_are_measured_and_the_end_is_told_once(
    api: APIClient, version: DatasetVersion, researcher: Person
) -> None:
    mine = held(make_study(version, researcher, **QUICK_ARTS))
    attempt.note_table(mine, TABLE)
    told = api.get(f"/api/v1/studies/{mine.pk}/").json()
    assert (told["state"], told["attribute_result"], told["result"]) == ("running", TABLE, None)
    mine.refresh_from_db()
    assert study_changed(mine).data.has_result is False
    attempt.finish_study(mine, {**TABLE, "sentence": "Nothing is told apart."})
    mine.refresh_from_db()
    assert study_changed(mine).data.has_result is True
    row = api.get("/api/v1/studies/").json()["results"][0]
    assert (row["question"], row["answer"], row["sentence"]) == ("attributes", None, "Nothing is told apart.")


def test_it_is_no_answer_to_whether_images_help(version: DatasetVersion, researcher: Person) -> None:
    mine = held(make_study(version, researcher, **QUICK_ARTS))
    attempt.finish_study(mine, TABLE)
    assert num_answers(version.pk) == 0, "it has not read the test images"
    other = make_study(make_dataset(version.dataset.lab), researcher)
    Study.objects.filter(pk=other.pk).update(result=STUDY_RESULT)
    assert num_answers(other.version_id) == 1


def test_an_art_with_a_large_matrix_is_taken_and_shortened_in_lists(
    api: APIClient, version: DatasetVersion, researcher: Person
) -> None:
    number = len(version.attributes)
    rows = [["1" if one == other else "0." + "3" * 1_000 for one in range(number)] for other in range(number)]
    matrix = ", ".join(f"[{', '.join(row)}]" for row in rows)
    long = f"stargan:condition_type=gcn,edges=edited,edited_edges=[{matrix}]"
    assert 25_000 < len(long) < 40_000
    assert problems(api, version, arms=["fader", long]) == {}
    assert len(problems(api, version, arms=["fader", f"{long},width=no"])["arms"]) < 500
    study = make_study(version, researcher, **{**QUICK_ARTS, "arms": [long]})
    (listed,) = api.get("/api/v1/studies/").json()["results"]
    assert [len(arm) for arm in listed["arms"]] == [80]
    assert api.get(f"/api/v1/studies/{study.pk}/").json()["arms"] == [long]
