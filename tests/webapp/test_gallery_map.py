"""The map of a pool: who may see it, what it says, areas as a filter of lists and verdicts, runs without one."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.gallery.models import Pool, Sample
from webapp.gallery.selectors.image_map import inside, map_path
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
STEP = "pca:250.250.650.250.650.650.250.650"
"""Samples 3 to 6 lie in it."""
CASES = json.loads((Path(__file__).parents[2] / "frontend/src/features/gallery/map/inside.json").read_text())


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


@pytest.fixture
def api(client_of: ClientOf, viewer: Person) -> APIClient:
    return client_of(viewer)


def indexes(client: APIClient, pool: Pool, query: str) -> list[int]:
    answer = client.get(f"/api/v1/pools/{pool.pk}/samples/?{query}")
    assert answer.status_code == 200, answer.json()
    return [row["index"] for row in answer.json()["results"]]


def forget_map(pool: Pool) -> None:
    """As a run has it that was scored before there were maps."""
    run = Run.objects.get(pk=pool.run_id)
    Run.objects.filter(pk=run.pk).update(
        artefacts={**run.artefacts, "score": {"scores": run.artefacts["score"]["scores"]}}
    )


def test_the_map_tells_keys_classes_and_places_in_columns(api: APIClient, pool: Pool) -> None:
    answer = api.get(f"/api/v1/pools/{pool.pk}/map/")
    told = answer.json()
    assert (told["num_real"], told["num_samples"]) == (48, 24)
    (view,) = told["views"]
    assert view["name"] == "pca"
    assert view["samples"]["x"] == view["samples"]["y"] == [100 * row for row in range(24)]
    assert view["samples"]["keys"] == list(range(24))
    assert view["real"]["labels"] == [0, 1] * 5
    assert "immutable" in answer["Cache-Control"]
    assert api.get(f"/api/v1/pools/{pool.pk}/").json()["has_map"] is True


def test_another_lab_and_nobody_see_no_map(client_of: ClientOf, outsider: Person, pool: Pool) -> None:
    assert client_of(outsider).get(f"/api/v1/pools/{pool.pk}/map/").status_code == 404
    assert client_of(outsider).get(f"/api/v1/pools/{pool.pk}/samples/?area={STEP}").status_code == 404
    assert APIClient().get(f"/api/v1/pools/{pool.pk}/map/").status_code == 401


def test_twenty_thousand_points_are_less_than_a_megabyte(api: APIClient, pool: Pool) -> None:
    random = np.random.default_rng(0)
    columns = {
        f"{view}_{source}": np.column_stack([np.arange(size), *random.integers(0, [[100], [9999], [9999]], (3, size))])
        for view, size in (("pca", 10_000), ("tsne", 1_000))
        for source in ("real", "samples")
    }
    np.savez(storage.stored(map_path(pool) or ""), num_real=10_000, num_samples=10_000, **columns)
    told = api.get(f"/api/v1/pools/{pool.pk}/map/")
    assert len(told.content) < 1_000_000
    assert sum(len(view[name]["x"]) for view in told.json()["views"] for name in ("real", "samples")) == 22_000


def test_an_area_shows_the_samples_that_lie_in_it_and_goes_with_other_filters(api: APIClient, pool: Pool) -> None:
    assert indexes(api, pool, f"area={STEP}") == [3, 4, 5, 6]
    assert indexes(api, pool, f"area={STEP}&label=dot") == [3, 5]
    assert indexes(api, pool, f"area={STEP}&sort=-score:class_confidence") == [6, 5, 4, 3]
    assert indexes(api, pool, "area=pca:5000.5000.5010.5000.5010.5010") == []


def test_what_lies_in_an_area_is_judged_at_once(client_of: ClientOf, researcher: Person, pool: Pool) -> None:
    body = {"filter": {"area": STEP}, "value": "reject"}
    answer = client_of(researcher).post(f"/api/v1/pools/{pool.pk}/verdicts/", body, format="json")
    assert answer.json()["num_changed"] == 4
    rejected = Sample.objects.filter(pool=pool, standing=Sample.Standing.REJECTED)
    assert sorted(rejected.values_list("index", flat=True)) == [3, 4, 5, 6]


@pytest.mark.parametrize(
    "area",
    ["pca", "pca:", "umap:0.0.5.0.5.5", "pca:0.0.5.0.5", "pca:0.0.5.0", "pca:0.0.5.0.5.-5", "pca:0.0.5.0.5.10000",
     "pca:0.0.5.0.5.٣", "pca:" + ".".join(["1"] * 130), "tsne:0.0.5.0.5.5"],
)  # fmt: skip
def test_what_is_no_area_of_this_map_is_refused_with_the_field(api: APIClient, pool: Pool, area: str) -> None:
    answer = api.get(f"/api/v1/pools/{pool.pk}/samples/", {"area": area})
    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == {"area"}


def test_a_run_that_was_scored_before_there_were_maps_says_so(api: APIClient, pool: Pool) -> None:
    forget_map(pool)
    assert api.get(f"/api/v1/pools/{pool.pk}/").json()["has_map"] is False
    for url in (f"/api/v1/pools/{pool.pk}/map/", f"/api/v1/pools/{pool.pk}/samples/?area={STEP}"):
        answer = api.get(url)
        assert answer.status_code == 404
        assert "before there were maps" in answer.json()["message"]
    assert len(indexes(api, pool, "")) == 24


def test_a_map_whose_file_is_gone_is_answered_410(api: APIClient, pool: Pool) -> None:
    storage.stored(map_path(pool) or "").unlink()
    assert api.get(f"/api/v1/pools/{pool.pk}/map/").status_code == 410


@pytest.mark.parametrize("case", CASES, ids=[case["about"] for case in CASES])
def test_inside_is_decided_as_the_page_decides_it(case: dict[str, Any]) -> None:
    x, y = np.array(case["points"], np.int32).T
    corners = [(x, y) for x, y in case["corners"]]
    assert inside(corners, x, y).tolist() == case["inside"]


def test_inside_agrees_with_angles_on_random_polygons() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        turns = np.sort(random.random(9)) * 2 * math.pi
        radius = random.uniform(800, 4000, 9)
        corners = [
            (int(5000 + r * math.cos(t)), int(5000 + r * math.sin(t))) for r, t in zip(radius, turns, strict=True)
        ]
        x, y = random.integers(0, 9999, (2, 60)).astype(np.int32)
        found = inside(corners, x, y)
        for px, py, one in zip(x.tolist(), y.tolist(), found.tolist(), strict=True):
            around = [math.atan2(cy - py, cx - px) for cx, cy in corners]
            steps = [
                (b - a + math.pi) % (2 * math.pi) - math.pi
                for a, b in zip(around, around[1:] + around[:1], strict=True)
            ]
            assert one is (abs(sum(steps)) > math.pi)
