"""Runs of models that learn two of a dataset's classes, or what not every dataset has."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.worlds import QUICK, make_version
from webapp.accounts.models import Lab, Person
from webapp.datasets.models import DatasetVersion
from webapp.runs.forecast import learnt_counts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
COUNTS = {"bar": 20, "disc": 30, "frame": 1}
PER_CLASS = {"kind": "per_class", "count": 5}


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    """Three classes, of which one has too few images."""
    return make_version(lab, classes=list(COUNTS), counts={"train": COUNTS, "val": dict.fromkeys(COUNTS, 3)})


@pytest.fixture
def check(client_of: Callable[[Person], APIClient], researcher: Person) -> Callable[..., Any]:
    """What validating a recipe of cyclegan says; keywords replace parts of the recipe."""

    def ask(version: DatasetVersion, settings: dict[str, Any] | None = None, **changed: Any) -> Any:
        recipe = {**QUICK, "model": "cyclegan", "model_settings": settings or {}, "sampler": "random", **changed}
        body = {"version": str(version.pk), "recipe": {"budget": PER_CLASS, **recipe}}
        return client_of(researcher).post("/api/v1/runs/validate/", body, format="json").json()

    return ask


def told(answer: Any) -> list[tuple[str, str]]:
    return [(problem["code"], problem["field"]) for problem in answer["problems"]]


def test_the_budget_is_of_the_two_classes_that_are_learnt(version: DatasetVersion, check: Any) -> None:
    answer = check(version, budget=PER_CLASS, pool_factor=2)
    assert told(answer) == []
    assert answer["estimate"]["budget"] == {"bar": 5, "disc": 5}
    assert answer["estimate"]["num_candidates"] == 20
    other = check(version, {"domain_a": "disc", "domain_b": "bar"}, budget={"kind": "fill_to_largest"})
    assert other["estimate"]["budget"] == {"disc": 0, "bar": 10}


def test_a_class_that_is_learnt_needs_images_and_another_one_does_not(version: DatasetVersion, check: Any) -> None:
    assert told(check(version, {"domain_b": "frame"})) == [("too_few_images", "version")]
    assert told(check(version, model="dcgan")) == [("too_few_images", "version")]


@pytest.mark.parametrize(
    ("settings", "setting", "says"),
    [
        ({"domain_a": "bars"}, "domain_a", "choose one of: bar, disc, frame"),
        ({"domain_b": "Disc"}, "domain_b", "no class of the dataset"),
        ({"domain_a": "disc", "domain_b": "disc"}, "domain_b", "Both domains are 'disc'"),
    ],
)
def test_a_domain_that_is_no_class_of_the_version_is_refused_at_its_setting(
    version: DatasetVersion, check: Any, settings: dict[str, str], setting: str, says: str
) -> None:
    answer = check(version, settings)
    assert ("unsuitable_class", f"recipe.model_settings.{setting}") in told(answer)
    assert any(says in problem["message"] for problem in answer["problems"])


def test_a_dataset_of_one_class_is_refused_at_the_model(lab: Lab, check: Any) -> None:
    one = make_version(lab, classes=["bar"], counts={"train": {"bar": 20}})
    answer = check(one)
    assert told(answer) == [("too_few_classes", "recipe.model")]
    assert "at least 2 classes and the dataset has 1" in answer["problems"][0]["message"]


def test_images_of_a_class_that_is_not_learnt_are_refused_at_the_budget_and_none_of_them_are_not(
    version: DatasetVersion, check: Any
) -> None:
    answer = check(version, budget={"kind": "counts", "counts": {"bar": 3, "frame": 2}})
    assert told(answer) == [("bad_budget", "recipe.budget")]
    assert "'frame'" in answer["problems"][0]["message"]
    assert "these are 'bar', 'disc'" in answer["problems"][0]["message"]
    answer = check(version, budget={"kind": "counts", "counts": {"bar": 3, "frame": 0}})
    assert answer["estimate"]["budget"] == {"bar": 3, "disc": 0}


def test_pairs_are_asked_for_at_the_setting_that_needs_them(lab: Lab, check: Any) -> None:
    plain = make_version(lab, classes=["bar", "disc"], counts={"train": {"bar": 20, "disc": 20}})
    answer = check(plain, {"pairs": "given"}, model="pix2pix")
    assert told(answer) == [("missing_field", "recipe.model_settings.pairs")]
    assert "no pairs of images" in answer["problems"][0]["message"]
    assert told(check(plain, {"pairs": "grey_to_colour"}, model="pix2pix")) == []


@pytest.mark.parametrize(("attributes", "size"), [([], 3), (["red", "large"], 2)])
def test_edited_edges_that_do_not_fit_the_dataset_are_refused_at_their_setting(
    version: DatasetVersion, check: Any, attributes: list[str], size: int
) -> None:
    DatasetVersion.objects.filter(pk=version.pk).update(
        attributes=attributes, counts={"train": dict.fromkeys(COUNTS, 9)}
    )
    graph = {"condition_type": "gcn", "edges": "edited"}
    at = [("unsuitable_matrix", "recipe.model_settings.edited_edges")]

    def answer(rows: Any, **settings: Any) -> Any:
        return check(version, {**settings, "edited_edges": json.dumps(rows)}, model="stargan")

    fitting = [[float(row == column) for column in range(size)] for row in range(size)]
    assert told(answer(fitting, **graph)) == []
    refused = answer([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], **graph)
    assert told(refused) == at
    assert f"has 4 rows and columns, and this dataset needs {size}" in refused["problems"][0]["message"]
    assert told(answer([[1]])) == [], "without effect there, so of any size"
    assert told(answer([[0.5]])) == at, "the worker would refuse it whatever its size"


def test_a_model_that_learns_all_classes_or_is_on_no_shelf_counts_all(version: DatasetVersion) -> None:
    assert learnt_counts(version, "dcgan", {}) == learnt_counts(version, "imported", {}) == COUNTS
    assert learnt_counts(version, "cyclegan", {"domain_a": "no such class"}) == COUNTS
