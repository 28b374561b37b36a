"""Ratings and stars: a person's own, the mean of all, in lists and exports, taken back like verdicts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.exports import selectors as exports
from webapp.exports.services.building import create_export
from webapp.gallery.models import Pool, SampleScore, Verdict
from webapp.gallery.services.verdicts import decide, judge, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher))


def ids(pool: Pool, *indexes: int) -> list[int]:
    return [pool.samples.get(index=index).pk for index in indexes]


def page(client: APIClient, pool: Pool, query: str = "") -> dict[int, dict[str, Any]]:
    """Index -> sample, in the order of the list."""
    answer = client.get(f"/api/v1/pools/{pool.pk}/samples/?{query}")
    assert answer.status_code == 200, answer.json()
    return {row["index"]: row for row in answer.json()["results"]}


def test_a_rating_is_ones_own_and_its_mean_everybodys(
    client_of: ClientOf, pool: Pool, lab: Lab, member: Callable[..., Person]
) -> None:
    one, other, viewer = member(lab, "reviewer"), member(lab, "reviewer"), member(lab, "viewer")
    url = f"/api/v1/samples/{ids(pool, 3)[0]}/verdict/"
    client_of(one).put(url, {"rating": 5}, format="json")
    (told,) = client_of(other).put(url, {"rating": 2}, format="json").json()["samples"]
    assert (told["rating"], told["mean_rating"], told["verdict"], told["standing"]) == (2, 3.5, None, "undecided")
    seen = [page(client_of(person), pool)[3] for person in (one, other, viewer)]
    assert [(row["rating"], row["mean_rating"]) for row in seen] == [(5, 3.5), (2, 3.5), (None, 3.5)]
    assert "rating" not in " ".join(seen[0]["scores"])
    client_of(one).put(url, {"rating": 0}, format="json")
    client_of(other).put(url, {"rating": 0}, format="json")
    assert page(client_of(viewer), pool)[3]["mean_rating"] is None
    assert not Verdict.objects.exists()
    assert not SampleScore.objects.filter(name=SampleScore.RATING).exists()


def test_verdict_rating_and_star_leave_one_another_alone(client_of: ClientOf, reviewer: Person, pool: Pool) -> None:
    client, (sample,) = client_of(reviewer), ids(pool, 4)
    url = f"/api/v1/samples/{sample}/verdict/"
    for body in ({"value": "reject", "reason": "blurred"}, {"rating": 2}, {"starred": True}):
        assert client.put(url, body, format="json").status_code == 200
    row = Verdict.objects.get()
    assert (row.value, row.reason, row.rating, row.starred) == ("reject", "blurred", 2, True)
    client.delete(url)
    row.refresh_from_db()
    assert (row.value, row.reason, row.rating, row.starred) == ("", "", 2, True)
    assert pool.samples.get(pk=sample).standing == "undecided"


def test_many_are_rated_at_once_and_undo_goes_back_through_verdicts_and_ratings(
    client_of: ClientOf, reviewer: Person, pool: Pool
) -> None:
    client, url = client_of(reviewer), f"/api/v1/pools/{pool.pk}/verdicts/"
    client.post(url, {"ids": ids(pool, 1, 2, 3), "rating": 4}, format="json")
    client.post(url, {"ids": ids(pool, 2), "value": "accept"}, format="json")
    client.post(url, {"filter": {"rating_from": 4}, "rating": 1, "starred": True}, format="json")
    states = [{(row["rating"], row["verdict"], row["starred"]) for row in page(client, pool, "rating_from=1").values()}]
    for _ in range(2):
        assert client.post(f"{url}undo/").status_code == 200
        rows = page(client, pool, "rating_from=1").values()
        states.append({(row["rating"], row["verdict"], row["starred"]) for row in rows})
    assert states == [
        {(1, None, True), (1, "accept", True)},
        {(4, None, False), (4, "accept", False)},
        {(4, None, False)},
    ]
    undo(pool, reviewer)
    assert page(client, pool, "rating_from=1") == {}


def test_lists_are_ordered_and_filtered_by_the_mean_and_by_ones_own_stars(
    client_of: ClientOf, pool: Pool, lab: Lab, member: Callable[..., Person]
) -> None:
    one, other = member(lab, "reviewer"), member(lab, "reviewer")
    for person, rating, indexes in ((one, 5, (2, 9)), (other, 2, (9, 4)), (one, 1, (7,))):
        judge(pool, person, ids(pool, *indexes), {"rating": rating})
    judge(pool, one, ids(pool, 4, 6), {"starred": True})
    assert list(page(client_of(one), pool, "sort=-rating")) == [2, 9, 4, 7]
    assert list(page(client_of(one), pool, "sort=rating&rating_from=2&rating_to=4")) == [4, 9]
    assert list(page(client_of(one), pool, "rating_to=2")) == [4, 7]
    assert list(page(client_of(one), pool, "starred=true")) == [4, 6]
    assert list(page(client_of(one), pool, "starred=true&sort=rating")) == [4]
    assert page(client_of(other), pool, "starred=true") == {}
    assert len(page(client_of(one), pool, "starred=false")) == 22


def test_a_star_is_seen_by_nobody_else(client_of: ClientOf, reviewer: Person, viewer: Person, pool: Pool) -> None:
    (sample,) = ids(pool, 5)
    judge(pool, reviewer, [sample], {"starred": True})
    detail = client_of(viewer).get(f"/api/v1/samples/{sample}/").json()
    assert (detail["starred"], detail["verdicts"]) == (False, [])
    judge(pool, reviewer, [sample], {"rating": 3})
    (told,) = client_of(viewer).get(f"/api/v1/samples/{sample}/").json()["verdicts"]
    assert (told["person"], told["value"], told["rating"]) == (reviewer.name, None, 3)
    assert "starred" not in told


@pytest.mark.parametrize(
    "body", [{"rating": 6}, {"rating": -1}, {"rating": "best"}, {"rating": None}, {"starred": "perhaps"}]
)
def test_a_rating_that_cannot_be_meant_is_refused(
    client_of: ClientOf, reviewer: Person, pool: Pool, body: dict[str, Any]
) -> None:
    answer = client_of(reviewer).put(f"/api/v1/samples/{ids(pool, 1)[0]}/verdict/", body, format="json")
    assert answer.status_code == 400
    assert not Verdict.objects.exists()


@pytest.mark.parametrize("query", ["rating_from=0", "rating_to=six", "starred=perhaps", "sort=rating:own"])
def test_a_filter_by_rating_that_cannot_be_meant_is_refused(
    client_of: ClientOf, viewer: Person, pool: Pool, query: str
) -> None:
    answer = client_of(viewer).get(f"/api/v1/pools/{pool.pk}/samples/?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["fields"]


def test_an_export_tells_the_mean_rating(pool: Pool, lab: Lab, member: Callable[..., Person]) -> None:
    for rating in (5, 4):
        judge(pool, member(lab, "reviewer"), ids(pool, 22), {"rating": rating})
    wish: dict[str, Any] = {"content": "both", "accepted_only": False, "max_ratio": None}
    made = create_export(pool.selections.get(), None, format="image_folder", **wish)
    export = exports.all_exports().get(pk=made.pk)
    told = {row["index"]: row["row"] for row in exports.synthetic_rows(export)}
    assert (told[22]["rating"], told[20]["rating"]) == (4.5, None)
    assert set(told[22]["scores"]) == set(pool.score_names)


def test_a_verdict_costs_no_more_queries_where_there_are_ratings(
    pool: Pool, lab: Lab, member: Callable[..., Person]
) -> None:
    counts = []
    person, other = member(lab, "reviewer"), member(lab, "reviewer")
    for index, is_rated in ((1, False), (2, True)):
        (sample,) = ids(pool, index)
        if is_rated:
            judge(pool, other, [sample], {"rating": 3})
        with CaptureQueriesContext(connection) as queries:
            decide(pool, person, [sample], "accept")
        counts.append(len(queries))
    assert counts[0] == counts[1]
