"""One error shape, strict bodies, keyset pages, permissions, storage, spreadsheets."""

import itertools
import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from webapp.accounts.models import Lab, LoginAttempt, Membership, Person
from webapp.core import storage
from webapp.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, answer_error
from webapp.core.pagination import after, paginate
from webapp.core.permissions import ROLES, find, require_role, visible
from webapp.core.spreadsheets import csv_lines
from webapp.core.throttling import ReadAllowance
from webapp.recipes.models import Recipe

Client = Callable[[Person], APIClient]


# --- errors -----------------------------------------------------------------------------------------------------
class Inner(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class Outer(serializers.Serializer[Any]):
    name = serializers.CharField()
    parts = Inner(many=True)


def faults() -> exceptions.ValidationError:
    given = Outer(data={"parts": [{"count": 1}, {"count": "x"}]})
    with pytest.raises(exceptions.ValidationError) as caught:
        given.is_valid(raise_exception=True)
    return caught.value


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ConflictError("No.", code="name_taken"), 409, "name_taken"),
        (InvalidError("No.", fields={"a.b": ["x"]}), 400, "invalid"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.Throttled(wait=2.2), 429, "throttled"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.ParseError("Not JSON."), 400, "parse_error"),
        (OperationalError("database is locked"), 503, "database_busy"),
        (ZeroDivisionError("secret detail"), 500, "internal_error"),
    ],
)
def test_every_error_has_the_one_shape(error: Exception, status: int, code: str) -> None:
    answer = answer_error(error, {})
    assert answer.status_code == status
    assert set(answer.data) == {"code", "message", "fields"}
    assert answer.data["code"] == code
    assert answer.data["message"]
    assert "secret detail" not in str(answer.data)


def test_nested_faults_stand_at_dotted_paths() -> None:
    assert set(answer_error(faults(), {}).data["fields"]) == {"name", "parts.1.count"}


def test_waiting_time_is_rounded_up() -> None:
    assert answer_error(exceptions.Throttled(wait=2.2), {})["Retry-After"] == "3"


def test_an_unforeseen_fault_is_logged_under_the_number_that_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    message = answer_error(ZeroDivisionError("secret detail"), {}).data["message"]
    reference = message.split()[-1].rstrip(".")
    assert len(reference) == 8
    assert reference in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/", "/api/v1/datasets/not-an-id/", "/static/nothing.js"])
def test_unknown_addresses_of_the_api_are_not_the_front_end(path: str) -> None:
    answer = APIClient().get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/a/../b", "/\\evil", "/x/%2e%2e/y"])
def test_crooked_paths_are_no_pages(path: str, db: None) -> None:
    assert APIClient().get(path).status_code == 404


# --- bodies -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[" * 100_000,
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": -Infinity}',
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        '{"a": 1, "a": 2}',
        '{"a": 9223372036854775808}',
        '{"a":' * 40 + "1" + "}" * 40,
        "\x80",
    ],
)
def test_bodies_that_cannot_be_kept_are_refused(researcher: Person, lab: Lab, client_of: Client, body: str) -> None:
    data = body.encode("latin-1")
    answer = client_of(researcher).post(f"/api/v1/recipes/?lab={lab.pk}", data, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["null", "[]", "7", '"text"', "{}"])
def test_bodies_of_another_shape_are_faults_of_the_sender(
    researcher: Person, lab: Lab, client_of: Client, body: str
) -> None:
    client = client_of(researcher)
    for path in (f"recipes/?lab={lab.pk}", "datasets/", "tokens/", "session/login/", "session/setup/"):
        assert client.post(f"/api/v1/{path}", body, content_type="application/json").status_code == 400, path


@pytest.mark.django_db
def test_other_media_types_are_not_read(researcher: Person, client_of: Client) -> None:
    answer = client_of(researcher).post("/api/v1/datasets/", b"lab=1", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 415


# --- pages ------------------------------------------------------------------------------------------------------
def page(path: str, rows: Any, order: tuple[str, ...], limit: int) -> dict[str, Any]:
    separator = "&" if "?" in path else "?"
    request = Request(APIRequestFactory().get(path if "limit=" in path else f"{path}{separator}limit={limit}"))
    answer: dict[str, Any] = paginate(request, rows, order, lambda found: [row.pk for row in found]).data
    return answer


@pytest.mark.django_db
@pytest.mark.parametrize("order", [("id",), ("-id",), ("at", "id"), ("-at", "id"), ("account", "-at", "id")])
def test_pages_hold_every_row_once_in_order_in_both_directions(order: tuple[str, ...]) -> None:
    chance = random.Random(0)
    rows = LoginAttempt.objects.bulk_create(LoginAttempt(account=chance.choice("ab")) for _ in range(47))
    for row in rows:  # many equal times, so that the order hangs on the last field
        row.at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(5))
    LoginAttempt.objects.bulk_update(rows, ["at"])
    expected = list(LoginAttempt.objects.order_by(*order).values_list("pk", flat=True))
    pages = [page("/x/", LoginAttempt.objects.all(), order, 10)]
    while pages[-1]["next"]:
        pages.append(page(pages[-1]["next"], LoginAttempt.objects.all(), order, 10))
    assert list(itertools.chain(*(found["results"] for found in pages))) == expected
    assert pages[0]["previous"] is None
    back = [pages[-1]]
    while back[-1]["previous"]:
        back.append(page(back[-1]["previous"], LoginAttempt.objects.all(), order, 10))
    assert list(itertools.chain(*(found["results"] for found in reversed(back)))) == expected


@pytest.mark.django_db
def test_pages_count_nothing(django_assert_num_queries: Any) -> None:
    LoginAttempt.objects.bulk_create(LoginAttempt(account="a") for _ in range(30))
    with django_assert_num_queries(1) as queries:
        page("/x/", LoginAttempt.objects.all(), ("id",), 10)
    assert "COUNT(" not in queries.captured_queries[0]["sql"].upper()
    assert "OFFSET" not in queries.captured_queries[0]["sql"].upper()


def test_the_condition_of_a_page_can_use_an_index() -> None:
    sql = str(LoginAttempt.objects.filter(after(("account", "-id"), ("a", 5))).query)
    assert '"account" >= a' in sql


@pytest.mark.django_db
def test_cursors_that_were_altered_or_taken_elsewhere_are_refused(
    lab: Lab, researcher: Person, client_of: Client
) -> None:
    for number in range(3):
        Recipe.objects.create(lab=lab, number=number, model="gan", sampler="random", budget={})
    client = client_of(researcher)
    following = client.get("/api/v1/recipes/?limit=1").json()["next"]
    assert client.get(following).status_code == 200
    cursor = following.partition("cursor=")[2]
    for address in (
        f"/api/v1/recipes/?limit=1&cursor={cursor[:-1]}x",
        "/api/v1/recipes/?cursor=abc",
        f"/api/v1/datasets/?cursor={cursor}",
        f"/api/v1/recipes/?lab={lab.pk}&cursor={cursor}",
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), address


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limit", "status"),
    [
        ("1000000000", 200),
        ("-1", 200),
        ("0", 200),
        ("NaN", 400),
        (str(2**63), 200),
        ("٣", 200),
        ("", 400),
    ],
)
def test_limits_are_clamped_or_refused(researcher: Person, client_of: Client, limit: str, status: int) -> None:
    assert client_of(researcher).get("/api/v1/recipes/", {"limit": limit}).status_code == status


# --- permissions ------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_each_role_includes_the_ones_before_it_and_no_other(lab: Lab, member: Callable[..., Person]) -> None:
    recipe = Recipe.objects.create(lab=lab, number=1, model="gan", sampler="random", budget={})
    for have, role in enumerate(ROLES):
        person = member(lab, role)
        for wanted, name in enumerate(ROLES):
            if have >= wanted:
                require_role(person, lab, name)
                assert find(Recipe.objects.all(), person, name, pk=recipe.pk) == recipe
            else:
                with pytest.raises(ForbiddenError):
                    require_role(person, lab, name)
                with pytest.raises(ForbiddenError):
                    find(Recipe.objects.all(), person, name, pk=recipe.pk)


@pytest.mark.django_db
def test_the_role_that_counts_is_the_one_in_that_lab(lab: Lab, outsider: Person, owner: Person) -> None:
    recipe = Recipe.objects.create(lab=lab, number=1, model="gan", sampler="random", budget={})
    for attempt in (
        lambda: find(Recipe.objects.all(), outsider, pk=recipe.pk),
        lambda: require_role(outsider, lab, "viewer"),
        lambda: find(Recipe.objects.all(), owner, pk=uuid.uuid4()),
        lambda: find(Recipe.objects.all(), owner, pk="not an id"),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    Membership.objects.create(lab=lab, person=outsider, role="viewer")
    with pytest.raises(ForbiddenError):
        find(Recipe.objects.all(), outsider, "owner", pk=recipe.pk)
    assert list(visible(Recipe.objects.all(), outsider)) == [recipe]


# --- the rest ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "", "runs/../../x"])
def test_paths_outside_the_data_folder_are_refused(path: str) -> None:
    with pytest.raises(storage.BadPathError):
        storage.stored(path)


def test_links_that_lead_out_of_the_data_folder_are_refused(data_folder: Path, tmp_path: Path) -> None:
    link = data_folder / "uploads"
    link.symlink_to(tmp_path)
    try:
        with pytest.raises(storage.BadPathError):
            storage.stored("uploads/x")
    finally:
        link.unlink()


def test_only_hashes_ids_and_endings_become_paths() -> None:
    lab = uuid.uuid4()
    assert storage.object_file(lab, "a" * 64, ".png").name == "a" * 64 + ".png"
    for sha256, suffix in (("../x", ".png"), ("A" * 64, ".png"), ("a" * 64, "/../x"), ("a" * 64, ".PNG")):
        with pytest.raises(storage.BadPathError):
            storage.object_file(lab, sha256, suffix)
    with pytest.raises(ValueError, match="UUID"):
        storage.upload_file("../../etc/passwd")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_texts_that_a_spreadsheet_would_compute_are_defused(text: str) -> None:
    assert csv_lines([(text, -1.5)]).startswith("\"'")
    assert csv_lines([(text, -1.5)]).endswith(",-1.5\r\n")


def test_an_allowance_refills_steadily() -> None:
    class Small(ReadAllowance):
        burst = 3.0
        per_s = 0.01

    request = Request(APIRequestFactory().get("/x/", REMOTE_ADDR="10.0.0.9"))
    answers = [Small().allow_request(request, None) for _ in range(4)]  # type: ignore[arg-type]
    assert answers == [True, True, True, False]
    throttle = Small()
    throttle.allow_request(request, None)  # type: ignore[arg-type]
    assert 90 < throttle.wait() <= 100


@pytest.mark.django_db
def test_the_openapi_document_in_the_repository_is_the_services_own() -> None:
    root = Path(__file__).resolve().parents[2]
    kept = json.loads((root / "openapi.json").read_text())
    served = APIClient().get("/api/schema/").json()
    assert served == kept, "openapi.json is out of date: run `make schema`"


@pytest.mark.django_db
def test_every_live_event_is_in_the_openapi_document() -> None:
    from webapp.core.events import Event

    schemas = APIClient().get("/api/schema/").json()["components"]["schemas"]
    assert set(schemas["LiveEvent"]["discriminator"]["mapping"]) == set(Event.by_type)
    assert "version.changed" in Event.by_type
