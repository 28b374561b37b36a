"""What the API says of pairs and attributes, and how a kind is chosen or recognised."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.webapp.test_datasets import RESULT, accepted, claimed, uploaded
from tests.worlds import make_dataset
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.datasets import services
from webapp.datasets.models import Dataset, DatasetVersion
from webapp.datasets.services.ingest import keep_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
Client = Callable[[Person], APIClient]
Ask = Callable[..., Any]


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    """14 images with the attributes Hat: Red and Beard; the first 8 are of the training split."""
    version = make_dataset(lab, 4, 2, 1)
    said = ["11", "10", "1?", "00", "01", "0?", "10", "11", *["10"] * 6]
    for index, attributes in enumerate(said):
        version.images.filter(index=index).update(attributes=attributes)
    version.attributes = ["Hat: Red", "Beard"]
    version.save()
    return version


@pytest.fixture
def ask(version: DatasetVersion, viewer: Person, client_of: Client) -> Ask:
    """ask(what, **query) -> the answer's JSON for the version."""

    def get(what: str, status: int = 200, **query: Any) -> Any:
        answer = client_of(viewer).get(f"/api/v1/versions/{version.pk}/{what}", query)
        assert answer.status_code == status, answer.content
        return answer.json()

    return get


# --- attributes ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("Beard:1", [0, 4, 7]),
        ("Beard:?", [2, 5]),
        ("Hat: Red:0", [3, 4, 5]),
    ],
)
def test_images_are_filtered_by_what_is_said_of_an_attribute(ask: Ask, attribute: str, expected: list[int]) -> None:
    assert [image["index"] for image in ask("images/", attribute=attribute)["results"]] == expected
    assert ask("images/indices/", attribute=attribute) == {"indices": expected}
    assert ask("charts/", attribute=attribute)["images"] == len(expected)


def test_attribute_and_class_go_together(ask: Ask, version: DatasetVersion) -> None:
    bars = set(version.images.filter(label="bar").values_list("index", flat=True))
    found = ask("images/indices/", attribute="Hat: Red:1", label="bar")["indices"]
    assert set(found) == bars & {0, 1, 2, 6, *range(7, 14)}


@pytest.mark.parametrize("attribute", ["Nose:1", "Beard", "Beard:2", "Beard:"])
def test_an_attribute_that_is_none_is_refused_at_its_name(ask: Ask, attribute: str) -> None:
    for what in ("images/", "images/indices/", "charts/"):
        assert list(ask(what, status=400, attribute=attribute)["fields"]) == ["attribute"]


def test_the_balance_counts_has_lacks_and_unknown_and_obeys_other_filters(ask: Ask) -> None:
    assert ask("charts/")["attributes"] == [
        {"name": "Hat: Red", "has": 11, "lacks": 3, "unknown": 0},
        {"name": "Beard", "has": 3, "lacks": 9, "unknown": 2},
    ]
    beards = ask("charts/", split="train", attribute="Beard:1")["attributes"]
    assert beards[1] == {"name": "Beard", "has": 3, "lacks": 3, "unknown": 2}, "its own bars stay in sight"


def test_the_co_occurrence_is_of_the_training_split_and_not_symmetric(ask: Ask) -> None:
    # of the first 8: Hat 0 1 2 6 7, Beard 0 4 7, both 0 7
    assert ask("attributes/") == {
        "attributes": ["Hat: Red", "Beard"],
        "images": [5, 3],
        "matrix": [[1.0, 2 / 5], [2 / 3, 1.0]],
    }


def test_what_no_training_image_has_occurs_with_nothing(ask: Ask, version: DatasetVersion) -> None:
    version.images.update(attributes="10")
    assert ask("attributes/")["matrix"] == [[1.0, 0.0], [None, None]]


def test_a_version_without_attributes_has_none_to_tell(ask: Ask, version: DatasetVersion) -> None:
    version.images.update(attributes="")
    version.attributes = []
    version.save()
    assert ask("charts/")["attributes"] == []
    assert ask("attributes/") == {"attributes": [], "images": [], "matrix": []}
    assert ask("images/")["results"][0]["attributes"] == ""


# --- pairs --------------------------------------------------------------------------------------------------------
def test_an_image_shows_its_other_half(
    ask: Ask, version: DatasetVersion, viewer: Person, outsider: Person, client_of: Client
) -> None:
    other = "ab" * 32
    version.images.filter(index=0).update(pair_name="A/0.png", pair_sha256=other, pair_suffix=".png")
    second = version.images.get(index=1)
    version.images.filter(index=1).update(pair_name=second.name, pair_sha256=second.sha256, pair_suffix=".png")
    lab = version.dataset.lab_id
    for path, data in ((storage.object_file(lab, other, ".png"), b"A"), (storage.thumbnail_file(lab, other), b"a")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    first, both, single = ask("images/")["results"][:3]
    assert (both["pair"], single["pair"]) == (None, None)
    assert first["pair"]["name"] == "A/0.png"
    viewing = client_of(viewer)
    assert viewing.get(first["pair"]["thumbnail"]).getvalue() == b"a"
    original = viewing.get(first["pair"]["original"])
    assert original.getvalue() == b"A"
    assert "000000-other-half.png" in original["Content-Disposition"]
    assert viewing.get(first["pair"]["thumbnail"].replace("/0/", "/2/")).status_code == 404
    assert client_of(outsider).get(first["pair"]["thumbnail"]).status_code == 404


# --- kinds --------------------------------------------------------------------------------------------------------
def test_a_kind_that_nobody_chose_is_recognised_and_kept(lab: Lab, researcher: Person, client_of: Client) -> None:
    body = {"lab": str(lab.pk), "name": "Pets", "upload": str(uploaded(lab, researcher).pk)}
    made = client_of(researcher).post("/api/v1/datasets/", body, format="json")
    assert (made.status_code, made.json()["kind"]) == (202, "")
    held = claimed(DatasetVersion.objects.get())
    services.begin_ingest(held)
    services.save_ingested_files(held, [accepted(0, attributes="1", pair_sha256="c" * 64, pair_suffix=".png")])
    result = RESULT | {"kind": "attribute_images", "num_images": 1, "attributes": ["Hat"], "recognised": "Because."}
    services.finish_ingest(held, result)
    shown = client_of(researcher).get(f"/api/v1/datasets/{made.json()['id']}/").json()
    assert shown["kind"] == "attribute_images"
    assert (shown["versions"][0]["recognised"], shown["versions"][0]["attributes"]) == ("Because.", ["Hat"])


def test_a_kind_that_was_chosen_is_not_changed_by_what_was_read(lab: Lab, researcher: Person) -> None:
    upload = uploaded(lab, researcher)
    version = services.create_dataset(lab, "Pets", researcher, upload=upload, kind="images").versions.get()
    held = claimed(version)
    services.begin_ingest(held)
    services.save_ingested_files(held, [accepted(0)])
    services.finish_ingest(held, RESULT | {"num_images": 1})
    assert Dataset.objects.get().kind == "images"


# --- files --------------------------------------------------------------------------------------------------------
def test_both_halves_go_into_the_bucket_and_one_that_another_version_has_goes_not_again(
    lab: Lab, researcher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[list[str]] = []
    monkeypatch.setattr("webapp.core.bucket.is_on", lambda: True)
    monkeypatch.setattr("webapp.core.bucket.push_all", lambda files: pushed.append(sorted(f.name for f in files)))
    there, new = "ab" * 32, "cd" * 32
    older = make_dataset(lab, 1, 0, 0)
    older.images.filter(index=0).update(pair_sha256=there, pair_suffix=".png")
    file = accepted(0, pair_name="A/0.png", pair_sha256=new, pair_suffix=".png")
    for sha256 in (there, new, file["sha256"]):
        path = storage.object_file(lab.pk, sha256, ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    version = services.create_dataset(lab, "Pets", researcher, upload=uploaded(lab, researcher)).versions.get()
    keep_files(version, [file, accepted(1, sha256=there)])
    assert pushed == [sorted([f"{new}.png", f"{file['sha256']}.png"])]
