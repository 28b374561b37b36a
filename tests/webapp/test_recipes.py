"""The catalogue, and recipes checked against it."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from webapp.accounts.models import Lab, Person
from webapp.core.errors import InvalidError
from webapp.recipes.catalogue import catalogue
from webapp.recipes.models import Recipe
from webapp.recipes.services import create_recipe
from webapp.recipes.validation import check_selection, problems_of

pytestmark = pytest.mark.django_db
RECIPE: dict[str, Any] = {
    "model": "dcgan",
    "model_settings": {"num_steps": 10},
    "sampler": "class_confidence",
    "budget": {"kind": "per_class", "count": 5},
}


def changed(**parts: Any) -> dict[str, Any]:
    return {**RECIPE, **parts}


def test_catalogue_has_every_shelf_with_forms(viewer: Person, client_of: Callable[[Person], APIClient]) -> None:
    shelves = client_of(viewer).get("/api/v1/catalogue/").json()
    compute, study, of_attributes = (shelves.pop(name) for name in ("compute", "study", "attribute_study"))
    assert set(compute["properties"]) == {"micro_batch", "devices", "compile", "cuda_graphs"}
    assert all(field["description"] for field in compute["properties"].values())
    assert study["schema"]["properties"]["num_generator_seeds"]
    assert of_attributes["schema"]["properties"]["num_seeds"]
    assert {"stargan", "stgan"} <= {art["line"] for art in of_attributes["arts"]}
    assert {"dcgan"} <= {model["name"] for model in shelves["models"]}
    assert set(shelves) == {"models", "samplers", "metrics", "dataset_kinds", "export_formats"}
    for shelf in shelves.values():
        for plugin in shelf:
            assert plugin["card"]["title"], plugin["name"]
            for name, field in plugin["schema"].get("properties", {}).items():
                assert field["description"], f"{plugin['name']}.{name}"


def test_catalogue_needs_a_login() -> None:
    assert APIClient().get("/api/v1/catalogue/").status_code == 401


def test_recipe_is_saved_with_every_setting_written_out_and_numbered_per_lab(
    researcher: Person, lab: Lab, outsider: Person, client_of: Callable[[Person], APIClient]
) -> None:
    client = client_of(researcher)
    first = client.post(f"/api/v1/recipes/?lab={lab.pk}", changed(name="Quick"), format="json")
    assert first.status_code == 201, first.content
    assert first.json()["model_settings"] == {**catalogue().models["dcgan"].defaults(), "num_steps": 10}
    second = client.post(f"/api/v1/recipes/?lab={lab.pk}", RECIPE, format="json").json()
    assert (first.json()["number"], second["number"]) == (1, 2)
    other = create_recipe(outsider.labs.get(), outsider, {**RECIPE, "sampler_settings": {}})
    assert other.number == 1
    listed = client.get(f"/api/v1/recipes/?lab={lab.pk}").json()["results"]
    assert [recipe["number"] for recipe in listed] == [2, 1]
    assert client.get(f"/api/v1/recipes/{first.json()['id']}/").json() == first.json()
    assert client.get(f"/api/v1/recipes/{other.pk}/").status_code == 404


def test_saving_needs_the_role_researcher_in_that_lab(
    reviewer: Person, outsider: Person, lab: Lab, client_of: Callable[[Person], APIClient]
) -> None:
    address = f"/api/v1/recipes/?lab={lab.pk}"
    assert client_of(reviewer).post(address, RECIPE, format="json").status_code == 403
    assert client_of(outsider).post(address, RECIPE, format="json").status_code == 404
    assert client_of(outsider).post("/api/v1/recipes/", RECIPE, format="json").status_code == 400
    assert not Recipe.objects.exists()


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"model": "nothing"}, "model"),
        ({"model": 7}, "model"),
        ({"sampler": "nothing"}, "sampler"),
        ({"model_settings": {"batch_size": 0}}, "model_settings.batch_size"),
        ({"model_settings": {"loss": "began", "r1_weight": 1.0}}, "model_settings.r1_weight"),
        ({"model_settings": {"batch_size": 10**9}}, "model_settings.batch_size"),
        ({"model_settings": {"batch_size": 1.5}}, "model_settings.batch_size"),
        ({"model_settings": {"batch_size": "8"}}, "model_settings.batch_size"),
        ({"model_settings": {"batch_size": None}}, "model_settings.batch_size"),
        ({"model_settings": {"batch_size": True}}, "model_settings.batch_size"),
        ({"model_settings": {"resolution": 7}}, "model_settings.resolution"),
        ({"model_settings": {"fit": "squash"}}, "model_settings.fit"),
        ({"model_settings": {"no_such_setting": 1}}, "model_settings.no_such_setting"),
        ({"model_settings": [1]}, "model_settings"),
        ({"sampler_settings": {"no_such_setting": 1}}, "sampler_settings.no_such_setting"),
        ({"budget": {"kind": "per_class", "count": 0}}, "budget.count"),
        ({"budget": {"kind": "per_class", "count": 5, "factor": 2}}, "budget.factor"),
        ({"budget": {"kind": "everything"}}, "budget.kind"),
        ({"budget": {"kind": ["per_class"]}}, "budget.kind"),
        ({"budget": {"kind": "counts", "counts": {"cat": -1}}}, "budget.counts.cat"),
        ({"budget": {"kind": "multiple", "factor": 0}}, "budget.factor"),
        ({"budget": 7}, "budget"),
        ({"budget": None}, "budget"),
        ({"pool_factor": 0}, "pool_factor"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**53}, "seed"),
        ({"seed": "random"}, "seed"),
    ],
)
def test_each_problem_stands_at_its_field(
    researcher: Person, lab: Lab, client_of: Callable[[Person], APIClient], parts: dict[str, Any], field: str
) -> None:
    answer = client_of(researcher).post(f"/api/v1/recipes/?lab={lab.pk}", changed(**parts), format="json")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Recipe.objects.exists()


def test_all_problems_are_told_at_once_with_what_was_found_and_expected() -> None:
    wrong = {"batch_size": 0, "fit": "squash"}
    problems = problems_of(changed(model_settings=wrong, budget={"kind": "multiple", "factor": 0}))
    assert {problem.field for problem in problems} == {
        "model_settings.batch_size",
        "model_settings.fit",
        "budget.factor",
    }
    said = {problem.field: problem.message for problem in problems}
    assert said["model_settings.batch_size"] == "batch_size: found 0, expected at least 2."
    assert said["model_settings.fit"] == "fit: found 'squash', expected one of crop, pad, stretch."


def test_the_five_budgets_are_taken() -> None:
    for budget in (
        {"kind": "per_class", "count": 5},
        {"kind": "fill_to_largest"},
        {"kind": "fill_to", "count": 500},
        {"kind": "counts", "counts": {"cat": 5}},
        {"kind": "multiple", "factor": 2.5},
    ):
        assert problems_of(changed(budget=budget)) == []


def test_sampler_that_needs_a_score_the_model_cannot_give_is_refused_with_the_reason() -> None:
    shelves = catalogue()
    unsuited = [
        (model, sampler)
        for model in shelves.models
        for sampler in shelves.samplers
        if shelves.suits(model, {}, sampler)
    ]
    assert unsuited, "every sampler suits every model with default settings: this test shows nothing"
    for model, sampler in unsuited:
        problems = problems_of(changed(model=model, model_settings={}, sampler=sampler))
        assert [(problem.code, problem.field) for problem in problems] == [("unsuitable_sampler", "sampler")]
        assert model in problems[0].message
        with pytest.raises(InvalidError, match=model):
            check_selection(model, {}, {"sampler": sampler, "budget": RECIPE["budget"]})


def test_class_names_that_are_words_of_a_language_are_only_names() -> None:
    counts = {"__proto__": 1, "constructor": 2, "toString": 3, "=cmd": 4}
    assert problems_of(changed(budget={"kind": "counts", "counts": counts})) == []


def test_a_floor_by_a_score_the_model_cannot_give_is_refused_before_the_queue() -> None:
    settings = {"floor_by": "class_confidence"}
    wish = changed(model="gan", model_settings={}, sampler="combined", sampler_settings=settings)
    assert [(one.code, one.field) for one in problems_of(wish)] == [("unsuitable_sampler", "sampler")]
    assert problems_of({**wish, "sampler_settings": {"floor_by": "realism"}}) == []
    with pytest.raises(InvalidError, match="gan"):
        check_selection("gan", {}, {"sampler": "combined", "sampler_settings": settings, "budget": RECIPE["budget"]})
