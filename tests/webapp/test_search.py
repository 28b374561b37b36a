"""Whoever may see a thing finds it by what it is called; nobody else does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.worlds import QUICK, make_dataset, make_study, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core.removal import delete, set_archived
from webapp.datasets.models import Dataset, DatasetVersion
from webapp.recipes.models import Recipe
from webapp.recipes.services import create_recipe
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
FIND = "/api/v1/search/"


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    made = make_dataset(lab, train=4, val=2, test=2)
    Dataset.objects.filter(pk=made.dataset_id).update(name="Lichen plates")
    return DatasetVersion.objects.get(pk=made.pk)


@pytest.fixture
def recipe(lab: Lab, researcher: Person) -> Recipe:
    return create_recipe(lab, researcher, QUICK, name="Small and slow")


@pytest.fixture
def run(version: DatasetVersion, researcher: Person) -> Run:
    return queue_run(version, researcher)


def found(client: APIClient, **query: Any) -> list[tuple[str, str]]:
    answer = client.get(FIND, query)
    assert answer.status_code == 200, answer.content
    return [(row["noun"], row["name"]) for row in answer.json()["results"]]


def test_every_word_must_stand_in_the_name_or_in_what_stands_for_one(
    client_of: ClientOf, viewer: Person, version: DatasetVersion, recipe: Recipe, run: Run
) -> None:
    client = client_of(viewer)
    assert found(client, q="LICHEN plat") == [("run", "dcgan on Lichen plates"), ("dataset", "Lichen plates")]
    assert found(client, q="dcgan lichen") == [("run", "dcgan on Lichen plates")]
    assert found(client, q="slow", noun="recipe") == [("recipe", "Small and slow")]
    assert found(client, q="slow", noun="dataset") == []
    assert found(client, q=str(recipe.number), noun="recipe") == [("recipe", "Small and slow")]
    assert found(client, q="lichen moss") == []
    assert found(client, q="%") == found(client, q="_") == [], "signs of a pattern are signs"


def test_a_study_is_found_by_its_name_its_model_and_its_dataset(
    client_of: ClientOf, viewer: Person, outsider: Person, researcher: Person, version: DatasetVersion
) -> None:
    make_study(make_dataset(version.dataset.lab), researcher, name="Does moss help")
    assert found(client_of(viewer), q="moss") == [("study", "Does moss help")]
    assert found(client_of(viewer), q="dcgan", noun="study") == [("study", "Does moss help")]
    assert found(client_of(outsider), q="moss") == []


def test_an_id_finds_the_one_thing_that_has_it(client_of: ClientOf, viewer: Person, run: Run) -> None:
    assert found(client_of(viewer), q=f" {run.pk} ") == [("run", "dcgan on Lichen plates")]
    row = client_of(viewer).get(FIND, {"q": str(run.pk)}).json()["results"][0]
    assert (row["id"], row["about"]) == (str(run.pk), "dcgan on Lichen plates, version 1, queued")


def test_another_lab_s_things_are_not_found(
    client_of: ClientOf, outsider: Person, viewer: Person, lab: Lab, version: DatasetVersion, run: Run, recipe: Recipe
) -> None:
    for query in ({}, {"q": "lichen"}, {"q": str(run.pk)}, {"lab": str(lab.pk)}):
        assert found(client_of(outsider), **query) == []
    assert len(found(client_of(viewer), lab=str(lab.pk))) == 4, "the run saved a recipe of its own"


def test_what_is_deleted_is_not_found_and_what_is_put_away_says_so(
    client_of: ClientOf, viewer: Person, owner: Person, lab: Lab, version: DatasetVersion, run: Run
) -> None:
    set_archived(run, True, owner, lab.pk)
    client = client_of(viewer)
    rows = client.get(FIND, {"q": "lichen"}).json()["results"]
    assert [(row["noun"], row["is_archived"]) for row in rows] == [("run", True), ("dataset", False)]
    delete(version.dataset, owner, lab, with_dependents=True)
    assert found(client, q="lichen") == []


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_pages_hold_every_thing_once_the_newest_first(
    client_of: ClientOf, viewer: Person, lab: Lab, version: DatasetVersion, limit: int
) -> None:
    for number in range(3):
        Dataset.objects.create(lab=lab, name=f"Lichen {number}")
        create_recipe(lab, None, QUICK, name=f"Lichen {number}")
    Recipe.objects.update(created_at=version.dataset.created_at)  # the id decides between things of one moment
    Dataset.objects.update(created_at=version.dataset.created_at)
    client, pages = client_of(viewer), []
    path = f"{FIND}?q=lichen&limit={limit}"
    while path:
        page = client.get(path).json()
        pages.append([row["id"] for row in page["results"]])
        path = page["next"]
        last = page
    ids = [pk for page in pages for pk in page]
    assert len(ids) == 7
    assert ids == sorted(set(ids), reverse=True)
    if len(pages) > 1:
        before = client.get(last["previous"]).json()
        assert [row["id"] for row in before["results"]] == pages[-2]


def test_a_search_counts_nothing_and_asks_no_more_for_more_rows(
    client_of: ClientOf, viewer: Person, lab: Lab, run: Run
) -> None:
    client = client_of(viewer)
    client.get(FIND, {"q": "lichen"})
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(FIND, {"q": "lichen"})
    for number in range(20):
        Dataset.objects.create(lab=lab, name=f"Lichen {number}")
    with CaptureQueriesContext(connection) as many:
        client.get(FIND, {"q": "lichen"})
    assert len(many) == len(few)
    assert [query["sql"] for query in many if "COUNT(" in query["sql"]] == []


@pytest.mark.parametrize("query", [{"q": "a" * 201}, {"noun": "lab"}, {"lab": "x"}, {"q": "a\0"}, {"limit": "many"}])
def test_what_cannot_be_asked_is_refused(client_of: ClientOf, viewer: Person, query: dict[str, str]) -> None:
    assert client_of(viewer).get(FIND, query).status_code == 400
