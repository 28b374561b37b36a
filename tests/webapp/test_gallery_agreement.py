"""Several reviewers: what they dispute, and how far each two of them agree."""

from collections.abc import Callable
from importlib import import_module
from itertools import combinations
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core.errors import ConflictError
from webapp.gallery.models import Pool, ReviewerPair, Sample, Verdict, VerdictChange
from webapp.gallery.selectors import lists
from webapp.gallery.selectors.agreement import COUNTERS, agreement_in
from webapp.gallery.services.verdicts import decide, judge, judge_matching, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
VALUES = ("accept", "reject", None)


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    return make_pool(queue_run(make_dataset(lab), researcher), size=8)


@pytest.fixture
def people(lab: Lab, member: Callable[..., Person]) -> list[Person]:
    made = [member(lab, "reviewer") for _ in range(3)]
    for place, person in enumerate(made):
        Person.objects.filter(pk=person.pk).update(name=f"Reviewer {place}")
    return list(Person.objects.filter(pk__in=[person.pk for person in made]).order_by("name"))


def ids(pool: Pool) -> list[int]:
    return list(pool.samples.order_by("index").values_list("pk", flat=True))


def looked_at(pool: Pool) -> tuple[dict[Any, int], set[int]]:
    """Counters by pair and column, and the disputed samples, by looking at each verdict."""
    counts: dict[Any, int] = {}
    disputed = set()
    for sample in pool.samples.all():
        said = sorted(sample.verdicts.exclude(value="").values_list("person", "value"))
        if len({value for _, value in said}) > 1:
            disputed.add(sample.pk)
        for (first, one), (second, other) in combinations(said, 2):
            column = f"both_{one}" if one == other else f"only_{'first' if one == 'accept' else 'second'}_accepts"
            counts[first, second, column] = counts.get((first, second, column), 0) + 1
    return counts, disputed


def kept(pool: Pool) -> tuple[dict[Any, int], set[int]]:
    rows = ReviewerPair.objects.filter(pool=pool)
    counts = {(row.first_id, row.second_id, name): getattr(row, name) for row in rows for name in COUNTERS}
    disputed = set(pool.samples.filter(disputed=True).values_list("pk", flat=True))
    pool.refresh_from_db()
    assert pool.num_disputed == len(disputed)
    return {key: count for key, count in counts.items() if count}, disputed


ACT = st.tuples(st.integers(0, 2), st.sets(st.integers(0, 7), min_size=1), st.sampled_from((*VALUES, "undo", "rate")))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACT, max_size=12))
def test_the_counters_are_what_looking_at_each_verdict_shows(pool: Pool, people: list[Person], acts: Any) -> None:
    samples = ids(pool)
    for who, places, what in acts:
        chosen = [samples[place] for place in places]
        if what == "undo":
            try:
                undo(pool, people[who])
            except ConflictError:
                continue
        elif what == "rate":
            judge(pool, people[who], chosen, {"rating": 3})
        else:
            decide(pool, people[who], chosen, what)
    assert kept(pool) == looked_at(pool)
    for model in (Verdict, VerdictChange, ReviewerPair):
        model._default_manager.all().delete()
    Sample.objects.update(standing="undecided", disputed=False)
    Pool.objects.update(num_accepted=0, num_rejected=0, num_disputed=0, class_standings={})


def test_a_pair_is_told_with_kappa_and_intervals(client_of: ClientOf, pool: Pool, people: list[Person]) -> None:
    samples, (one, other, third) = ids(pool), people
    decide(pool, one, samples[:4], "accept")
    decide(pool, one, samples[4:], "reject")
    decide(pool, other, samples[:5], "accept")
    decide(pool, other, samples[5:7], "reject")
    decide(pool, third, samples[:1], "accept")
    told = client_of(third).get(f"/api/v1/pools/{pool.pk}/agreement/").json()
    assert told["num_disputed"] == 1
    first, *rest = told["pairs"]
    assert {first["first"], first["second"]} == {"Reviewer 0", "Reviewer 1"}
    assert (first["num_both"], first["num_agree"]) == (7, 6)
    assert first["kappa"] == pytest.approx(0.6956, abs=1e-4)
    assert first["kappa_low"] < first["kappa"] < first["kappa_high"] < 1
    assert first["share_low"] < 6 / 7 < first["share_high"]
    assert [(pair["num_both"], pair["kappa"], pair["kappa_low"]) for pair in rest] == [(1, None, None)] * 2


def test_people_who_never_judged_the_same_are_no_pair(pool: Pool, people: list[Person]) -> None:
    decide(pool, people[0], ids(pool)[:3], "accept")
    decide(pool, people[1], ids(pool)[3:], "accept")
    judge(pool, people[1], ids(pool)[:3], {"rating": 2})
    assert agreement_in(pool) == []
    decide(pool, people[1], ids(pool)[:1], "reject")
    undo(pool, people[1])
    assert agreement_in(pool) == []


@pytest.mark.parametrize("few", [0, 5000], ids=["walked", "gathered"])
def test_what_is_disputed_is_listed_told_and_judged_by_filter(
    client_of: ClientOf, pool: Pool, people: list[Person], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(lists, "FEW", few)
    monkeypatch.setattr(lists, "SMALL", 0)
    samples, client = ids(pool), client_of(people[2])
    decide(pool, people[0], samples, "accept")
    answer = client_of(people[1]).post(
        f"/api/v1/pools/{pool.pk}/verdicts/", {"ids": samples[2:5], "value": "reject"}, format="json"
    )
    assert [row["disputed"] for row in answer.json()["samples"]] == [True] * 3
    url = f"/api/v1/pools/{pool.pk}/samples/"
    for sort in ("index", "-score:realism"):
        rows = client.get(f"{url}?disputed=true&sort={sort}").json()["results"]
        assert {row["id"] for row in rows} == set(samples[2:5])
        assert all(row["disputed"] for row in rows)
    assert len(client.get(f"{url}?disputed=false").json()["results"]) == 5
    narrow = client.get(f"{url}?disputed=true&memorised=true").json()["results"]
    assert {row["id"] for row in narrow} == set(
        pool.samples.filter(disputed=True, memorised=True).values_list("pk", flat=True)
    )
    pool.refresh_from_db()
    judge_matching(pool, people[2], lists.Filter(disputed=True), {"value": "reject"})
    assert set(pool.samples.filter(standing="rejected").values_list("pk", flat=True)) == set(samples[2:5])
    assert client.get(f"/api/v1/pools/{pool.pk}/").json()["num_disputed"] == 3


def test_a_verdict_of_a_lone_reviewer_asks_nothing_of_pairs_and_the_answer_counts_nothing(
    client_of: ClientOf, pool: Pool, people: list[Person]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        decide(pool, people[0], ids(pool)[:1], "accept")
    assert not [query for query in queries if "reviewerpair" in query["sql"]]
    decide(pool, people[1], ids(pool)[:1], "accept")
    with CaptureQueriesContext(connection) as queries:
        client_of(people[0]).get(f"/api/v1/pools/{pool.pk}/agreement/")
    assert not [query for query in queries if "COUNT(" in query["sql"].upper() or "gallery_verdict" in query["sql"]]


def test_verdicts_from_before_there_were_counters_are_counted(pool: Pool, people: list[Person]) -> None:
    samples = ids(pool)
    for person, places, value in ((0, range(6), "accept"), (1, range(4, 8), "reject"), (2, range(3, 5), "accept")):
        decide(pool, people[person], [samples[place] for place in places], value)
    judge(pool, people[2], samples[:2], {"rating": 5})
    expected = kept(pool)
    ReviewerPair.objects.all().delete()
    Sample.objects.update(disputed=False)
    Pool.objects.update(num_disputed=0)
    import_module("webapp.gallery.migrations.0005_agreement").count_agreement(apps, None)
    assert kept(pool) == expected
