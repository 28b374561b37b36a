"""What each sampler would keep is told before anything is drawn: by rule, from the lab's selections, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from tests.worlds import CLASSES, QUICK, make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.datasets.models import DatasetVersion
from webapp.gallery.models import Pool, Selection
from webapp.gallery.selectors import yields
from webapp.recipes.catalogue import catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return make_dataset(lab)


@pytest.fixture
def pool(version: DatasetVersion, researcher: Person) -> Pool:
    return make_pool(queue_run(version, researcher))


@pytest.fixture
def picky(monkeypatch: pytest.MonkeyPatch) -> None:
    """`realism` has a floor, and says of itself that it may keep fewer than asked for."""
    shelves = catalogue()
    schema = {"properties": {"floor": {"default": 0.1}}}
    entry = replace(shelves.samplers["realism"], fills_budget=False, schema=schema)
    changed = replace(shelves, samplers={**shelves.samplers, "realism": entry})
    monkeypatch.setattr(yields, "catalogue", lambda: changed)


def ask(client: APIClient, version: DatasetVersion, **parts: Any) -> Any:
    body = {"version": str(version.pk), "recipe": {**QUICK, **parts}}
    return client.post("/api/v1/selections/yields/", body, format="json")


def foretold(client: APIClient, version: DatasetVersion, sampler: str = "realism") -> Any:
    told = ask(client, version, budget={"kind": "per_class", "count": 50}, pool_factor=4).json()
    assert (told["asked"], told["num_candidates"]) == (100, 400)
    return next(one for one in told["samplers"] if one["sampler"] == sampler)


def selected(pool: Pool, kept: int, asked: int = 10, **values: Any) -> Selection:
    """A finished selection that kept so many of each class."""
    part = {"asked": asked, "generated": 12, "kept": kept, "dropped": {}}
    fixed = {"sampler": "realism", "budget": {"kind": "per_class", "count": asked}}
    state = {"state": Selection.State.FINISHED, "finished_at": Now(), "yields": dict.fromkeys(CLASSES, part)}
    return Selection.objects.create(pool=pool, number=pool.selections.count() + 1, **{**fixed, **state, **values})


def test_a_sampler_that_fills_the_budget_keeps_what_is_asked_for(
    client_of: ClientOf, viewer: Person, version: DatasetVersion
) -> None:
    told = ask(client_of(viewer), version).json()
    assert [one["sampler"] for one in told["samplers"]] == sorted(catalogue().samplers)
    certain = {one["sampler"]: one["kept"] for one in told["samplers"] if one["is_certain"]}
    assert {name: certain[name] for name in ("class_confidence", "random", "realism")} == {
        "class_confidence": 12,
        "random": 12,
        "realism": 12,
    }


@pytest.mark.usefixtures("picky")
def test_another_is_told_from_finished_selections_as_median_and_range(
    client_of: ClientOf, viewer: Person, pool: Pool, version: DatasetVersion
) -> None:
    client = client_of(viewer)
    assert foretold(client, version)["kept"] is None
    assert foretold(client, version)["told_from"].startswith("Not known yet")
    for kept in (2, 9, 5):
        selected(pool, kept)
    selected(pool, 1, state=Selection.State.FAILED)
    selected(pool, 0, asked=0)
    told = foretold(client, version)
    assert (told["least"], told["kept"], told["most"]) == (20, 50, 90)
    assert (told["is_certain"], told["num_selections"]) == (False, 3)
    assert "3 selections of this lab" in told["told_from"]


@pytest.mark.usefixtures("picky")
def test_selections_with_the_same_settings_count_before_the_others(
    client_of: ClientOf, viewer: Person, pool: Pool, version: DatasetVersion
) -> None:
    client = client_of(viewer)
    selected(pool, 2, sampler_settings={"floor": 0.5})
    assert foretold(client, version)["told_from"].endswith("with other settings.")
    assert foretold(client, version)["kept"] == 20
    for written in ({}, {"floor": 0.1}):
        selected(pool, 8, sampler_settings=written)
    assert foretold(client, version)["told_from"].endswith("with these settings.")
    assert (foretold(client, version)["kept"], foretold(client, version)["num_selections"]) == (80, 2)


@pytest.mark.usefixtures("picky")
def test_selections_of_other_labs_and_deleted_runs_say_nothing(
    client_of: ClientOf, outsider: Person, viewer: Person, version: DatasetVersion, pool: Pool
) -> None:
    other = make_dataset(Lab.objects.get(memberships__person=outsider))
    selected(make_pool(queue_run(other, outsider)), 3)
    assert foretold(client_of(viewer), version)["kept"] is None
    selected(pool, 4)
    assert foretold(client_of(viewer), version)["kept"] == 40
    pool.run.deleted_at = Now()
    pool.run.save()
    assert foretold(client_of(viewer), version)["kept"] is None


def test_a_budget_that_asks_for_nothing_is_said_at_its_field(
    client_of: ClientOf, viewer: Person, version: DatasetVersion
) -> None:
    answer = ask(client_of(viewer), version, budget={"kind": "counts", "counts": {}})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["recipe.budget"])
    assert ask(client_of(viewer), version, sampler_settings={"no": 1}).status_code == 200
