"""Setup, login, tokens."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from tests.conftest import PASSWORD
from webapp.accounts.logins import begin_attempt
from webapp.accounts.models import ApiToken, Lab, LoginAttempt, Membership, Person
from webapp.accounts.services import create_person, set_up
from webapp.core.errors import ConflictError, TooManyError

pytestmark = pytest.mark.django_db
SETUP = {"name": "Ada", "email": "Ada@Lab.example", "password": PASSWORD}


def browser() -> APIClient:
    """A visitor with the CSRF token of the page."""
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_X_CSRFTOKEN=client.get("/api/v1/session/").json()["csrf_token"])
    return client


def post(client: APIClient, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/{path}", body, format="json")


def test_first_visitor_becomes_owner_of_the_first_lab_and_staff() -> None:
    client = browser()
    assert client.get("/api/v1/session/").json()["setup_needed"] is True
    answer = post(client, "session/setup/", {**SETUP, "lab_name": "Hands"})
    assert answer.status_code == 201
    assert answer.json()["labs"] == [{"id": answer.json()["labs"][0]["id"], "name": "Hands", "role": "owner"}]
    person = Person.objects.get()
    assert (person.email, person.is_staff, person.is_superuser) == ("ada@lab.example", True, False)
    assert client.get("/api/v1/session/").json()["person"]["email"] == "ada@lab.example"


def test_first_visitor_takes_over_the_demo_lab(lab: Lab) -> None:
    post(browser(), "session/setup/", SETUP)
    assert Membership.objects.get().lab == lab
    assert Lab.objects.count() == 1


def test_setup_happens_once() -> None:
    assert post(browser(), "session/setup/", SETUP).status_code == 201
    second = post(browser(), "session/setup/", {**SETUP, "email": "eve@lab.example"})
    assert (second.status_code, second.json()["code"]) == (409, "already_set_up")
    assert Person.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_visitors_at_the_same_moment_one_becomes_the_owner() -> None:
    together, outcomes = threading.Barrier(4), []

    def visit(number: int) -> None:
        together.wait()
        try:
            set_up(f"Visitor {number}", f"v{number}@lab.example", PASSWORD, "")
            outcomes.append("owner")
        except ConflictError:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["late", "late", "late", "owner"]
    assert (Person.objects.count(), Lab.objects.count(), Membership.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_like_guesses_one_after_the_other() -> None:
    together, outcomes = threading.Barrier(12), []

    def guess() -> None:
        together.wait()
        try:
            begin_attempt("ada@lab.example", "10.0.0.1")
            outcomes.append("looked at")
        except TooManyError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("looked at") <= 5


def test_weak_password_is_refused_at_its_field() -> None:
    answer = post(browser(), "session/setup/", {**SETUP, "password": "short"})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["password"]
    assert not Person.objects.exists()


def test_setup_asks_for_the_code_when_the_network_can_reach_it(settings: Any) -> None:
    settings.IS_LOOPBACK = False
    settings.SETUP_CODE = ""
    assert post(browser(), "session/setup/", SETUP).json()["code"] == "setup_code_missing"
    settings.SETUP_CODE = "7F3A"
    assert browser().get("/api/v1/session/").json()["setup_code_needed"] is True
    assert post(browser(), "session/setup/", {**SETUP, "setup_code": "0000"}).json()["code"] == "setup_code_wrong"
    assert post(browser(), "session/setup/", {**SETUP, "setup_code": "7F3A"}).status_code == 201


def test_guessing_the_setup_code_is_slowed_down(settings: Any) -> None:
    settings.SETUP_CODE = "7F3A"
    codes = [post(browser(), "session/setup/", {**SETUP, "setup_code": str(n)}).status_code for n in range(6)]
    assert codes == [403] * 5 + [429]


def test_login_by_email_in_any_case_and_logout() -> None:
    create_person("Ada", "ada@lab.example", PASSWORD)
    client = browser()
    answer = post(client, "session/login/", {"email": "ADA@lab.example", "password": PASSWORD})
    assert answer.status_code == 200
    client.credentials(HTTP_X_CSRFTOKEN=answer.json()["csrf_token"])
    assert post(client, "session/logout/", {}).json()["person"] is None
    assert client.get("/api/v1/session/").json()["person"] is None


def test_login_without_csrf_token_is_refused() -> None:
    create_person("Ada", "ada@lab.example", PASSWORD)
    answer = post(APIClient(enforce_csrf_checks=True), "session/login/", {"email": "a", "password": "b"})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_sixth_wrong_login_in_a_minute_waits_and_a_right_one_forgives() -> None:
    create_person("Ada", "ada@lab.example", PASSWORD)
    wrong, right = {"email": "ada@lab.example", "password": "wrong"}, {"email": "ada@lab.example", "password": PASSWORD}
    client = browser()
    for _ in range(4):
        assert post(client, "session/login/", wrong).json()["code"] == "wrong_login"
    assert post(browser(), "session/login/", right).status_code == 200
    for _ in range(5):
        assert post(client, "session/login/", wrong).status_code == 403
    refused = post(browser(), "session/login/", right)
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    LoginAttempt.objects.update(at=timezone.now() - timedelta(seconds=61))
    assert post(browser(), "session/login/", right).status_code == 200


def test_wrong_logins_on_many_accounts_from_one_address_are_slowed_down() -> None:
    codes = []
    for n in range(21):
        LoginAttempt.objects.update(at=timezone.now())  # on the slowest machine too, all lie within the minute
        codes.append(post(browser(), "session/login/", {"email": f"p{n}@x.example", "password": "x"}).status_code)
    assert codes == [403] * 20 + [429]


def test_unknown_and_wrong_password_answer_the_same() -> None:
    create_person("Ada", "ada@lab.example", PASSWORD)
    one = post(browser(), "session/login/", {"email": "ada@lab.example", "password": "x"})
    two = post(browser(), "session/login/", {"email": "nobody@lab.example", "password": "x"})
    assert (one.status_code, one.content) == (two.status_code, two.content)


def test_token_is_shown_once_and_stored_as_a_hash(researcher: Person, client_of: Callable[[Person], APIClient]) -> None:
    client = client_of(researcher)
    made = post(client, "tokens/", {"name": "notebook"}).json()
    prefix, key_id, secret = made["secret"].split("_")
    assert (prefix, len(key_id), len(secret)) == ("atl", 8, 43)
    token = ApiToken.objects.get()
    assert secret not in f"{token.__dict__}"
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    assert "secret" not in client.get("/api/v1/tokens/").json()[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: text.replace("atl_", "xyz_"),
        lambda text: text[:20],
        lambda text: text + "x" * 10_000,
        lambda text: "Token",
        lambda text: "Token atl_ünïcödé_x",
    ],
)
def test_spoilt_tokens_are_refused(researcher: Person, token_of: Callable[..., str], spoil: Any) -> None:
    answer = APIClient().get("/api/v1/datasets/", HTTP_AUTHORIZATION=spoil(token_of(researcher)))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"


def test_expired_revoked_and_deactivated_tokens_are_refused(researcher: Person, token_of: Callable[..., str]) -> None:
    header = token_of(researcher)
    token = ApiToken.objects.get()

    def status() -> int:
        return APIClient().get("/api/v1/session/", HTTP_AUTHORIZATION=header).status_code

    assert status() == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert status() == 401
    ApiToken.objects.update(expires_at=token.expires_at, revoked_at=timezone.now())
    assert status() == 401
    ApiToken.objects.update(revoked_at=None)
    Person.objects.update(is_active=False)
    assert status() == 401


def test_reading_token_does_not_write(researcher: Person, lab: Lab, token_of: Callable[..., str]) -> None:
    header = token_of(researcher, [])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert client.get("/api/v1/session/").json()["person"]["name"] == researcher.name
    answer = post(client, f"recipes/?lab={lab.pk}", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "token_scope")


def test_a_token_does_what_its_scopes_name_and_no_more(
    researcher: Person, lab: Lab, token_of: Callable[..., str], client_of: Callable[[Person], APIClient]
) -> None:
    made = post(client_of(researcher), "tokens/", {"name": "notebook", "scopes": ["export", "run"]}).json()
    assert (made["scopes"], made["lab"]) == (["run", "export"], None)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {made['secret']}")
    assert post(client, f"recipes/?lab={lab.pk}", {}).status_code == 400
    refused = post(client, "datasets/", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "token_scope")
    assert "scope upload" in refused.json()["message"]
    unknown = post(client_of(researcher), "tokens/", {"name": "notebook", "scopes": ["everything"]})
    assert list(unknown.json()["fields"]) == ["scopes.0"]


def test_a_token_of_one_lab_sees_no_other(member: Any, lab: Lab, outsider: Person, client_of: Any) -> None:
    person, other = member(lab, "owner"), outsider.labs.get()
    Membership.objects.create(lab=other, person=person, role="owner")
    client = client_of(person)
    assert post(client, "tokens/", {"name": "t", "lab": str(uuid.uuid4())}).json()["fields"].keys() == {"lab"}
    made = post(client, "tokens/", {"name": "t", "lab": str(other.pk)}).json()
    assert made["lab_name"] == "Other lab"
    by_token = APIClient()
    by_token.credentials(HTTP_AUTHORIZATION=f"Token {made['secret']}")
    assert [one["name"] for one in by_token.get("/api/v1/session/").json()["labs"]] == ["Other lab"]
    assert post(by_token, f"recipes/?lab={lab.pk}", {}).status_code == 404
    assert post(by_token, f"recipes/?lab={other.pk}", {}).status_code == 400
    assert len(client.get("/api/v1/session/").json()["labs"]) == 2


def test_token_makes_no_token(researcher: Person, token_of: Callable[..., str]) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=token_of(researcher))
    assert post(client, "tokens/", {"name": "another"}).status_code == 403
    assert ApiToken.objects.count() == 1


def test_revoking_is_for_own_tokens_and_at_once(
    researcher: Person, viewer: Person, token_of: Callable[..., str], client_of: Callable[[Person], APIClient]
) -> None:
    header = token_of(researcher)
    address = f"/api/v1/tokens/{ApiToken.objects.get().pk}/"
    assert client_of(viewer).delete(address).status_code == 404
    assert client_of(researcher).delete(address).status_code == 204
    assert APIClient().get("/api/v1/session/", HTTP_AUTHORIZATION=header).status_code == 401


def test_session_names_the_labs_and_roles(viewer: Person, outsider: Person, client_of: Any) -> None:
    assert [(lab["name"], lab["role"]) for lab in client_of(viewer).get("/api/v1/session/").json()["labs"]] == [
        ("Vision lab", "viewer")
    ]
