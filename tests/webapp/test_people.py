"""Labs and roles, invitations, passwords, and who is shut out."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from tests.conftest import PASSWORD
from tests.webapp.test_accounts import browser, post
from webapp.accounts.models import ApiToken, Invitation, Lab, Membership, PasswordLink, Person
from webapp.accounts.services import create_person
from webapp.accounts.services.invitations import invite, join
from webapp.accounts.services.labs import remove_member
from webapp.core.errors import ConflictError, GoneError

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "another long passphrase"
ClientOf = Callable[[Person], APIClient]
Member = Callable[..., Person]


def patch(client: APIClient, path: str, body: dict[str, Any]) -> Any:
    return client.patch(f"/api/v1/{path}", body, format="json")


def key_of(url: str) -> str:
    """What stands behind the # of a link."""
    return url.partition("#")[2]


def role_of(person: Person, lab: Lab) -> str | None:
    return Membership.objects.filter(person=person, lab=lab).values_list("role", flat=True).first()


# --- labs and roles ---------------------------------------------------------------------------------------------
def test_server_staff_make_labs_and_others_do_not(owner: Person, lab: Lab, client_of: ClientOf) -> None:
    assert post(client_of(owner), "labs/", {"name": "Feet"}).json()["code"] == "staff_needed"
    Person.objects.filter(pk=owner.pk).update(is_staff=True)
    client = client_of(Person.objects.get(pk=owner.pk))
    assert post(client, "labs/", {"name": "  Feet   and toes "}).json()["name"] == "Feet and toes"
    taken = post(client, "labs/", {"name": "FEET and toes"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert [(one["name"], one["role"]) for one in client.get("/api/v1/session/").json()["labs"]] == [
        ("Feet and toes", "owner"),
        ("Vision lab", "owner"),
    ]


def test_an_admin_renames_the_lab(lab: Lab, outsider: Person, member: Member, client_of: ClientOf) -> None:
    client = client_of(member(lab, "admin"))
    assert patch(client, f"labs/{lab.pk}/", {"name": "Hands"}).json()["name"] == "Hands"
    assert patch(client, f"labs/{lab.pk}/", {"name": "other LAB"}).json()["fields"].keys() == {"name"}


def test_an_admin_says_how_many_near_copies_may_go_out(lab: Lab, member: Member, client_of: ClientOf) -> None:
    client = client_of(member(lab, "admin"))
    told = patch(client, f"labs/{lab.pk}/", {"max_memorised_share": 0.1}).json()
    assert (told["max_memorised_share"], told["name"]) == (0.1, lab.name)
    assert patch(client, f"labs/{lab.pk}/", {"name": "Hands"}).json()["max_memorised_share"] == 0.1
    for wrong in (-0.1, 1.1, "nan"):
        answer = patch(client, f"labs/{lab.pk}/", {"max_memorised_share": wrong})
        assert answer.json()["fields"].keys() == {"max_memorised_share"}
    assert client.get("/api/v1/labs/").json()[0]["max_memorised_share"] == 0.1
    assert patch(client, f"labs/{lab.pk}/", {"max_memorised_share": None}).json()["max_memorised_share"] is None
    assert patch(client_of(member(lab, "researcher")), f"labs/{lab.pk}/", {"max_memorised_share": 1}).status_code == 403


@pytest.mark.parametrize(
    ("actor", "target", "role", "status"),
    [
        ("owner", "viewer", "owner", 200),
        ("owner", "owner", "viewer", 200),
        ("admin", "viewer", "admin", 200),
        ("admin", "admin", "viewer", 200),
        ("admin", "viewer", "owner", 403),
        ("admin", "owner", "viewer", 403),
        ("researcher", "viewer", "reviewer", 403),
        ("owner", "viewer", "superuser", 400),
    ],
)
def test_nobody_gives_or_takes_a_role_above_their_own(
    lab: Lab, member: Member, client_of: ClientOf, actor: str, target: str, role: str, status: int
) -> None:
    who, whom = member(lab, actor), member(lab, target)
    assert patch(client_of(who), f"labs/{lab.pk}/members/{whom.pk}/", {"role": role}).status_code == status
    assert role_of(whom, lab) == (role if status == 200 else target)


def test_the_last_owner_can_neither_go_nor_step_down(lab: Lab, owner: Person, member: Member, client_of: Any) -> None:
    client, address = client_of(owner), f"labs/{lab.pk}/members/{owner.pk}/"
    for refused in (patch(client, address, {"role": "admin"}), client.delete(f"/api/v1/{address}")):
        assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    second = member(lab, "owner")
    Person.objects.filter(pk=second.pk).update(is_active=False)
    assert client.delete(f"/api/v1/{address}").status_code == 409, "an owner who is shut out does not count"
    Person.objects.filter(pk=second.pk).update(is_active=True)
    assert client.delete(f"/api/v1/{address}").status_code == 204


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_the_same_moment_one_stays(lab: Lab, member: Member) -> None:
    owners, together, outcomes = [member(lab, "owner"), member(lab, "owner")], threading.Barrier(2), []

    def leave(person: Person) -> None:
        together.wait()
        try:
            remove_member(lab, person, person.pk)
            outcomes.append("left")
        except ConflictError:
            outcomes.append("stays")
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(person,)) for person in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["left", "stays"]


def test_anybody_may_leave_and_admins_remove_those_up_to_their_role(
    lab: Lab, owner: Person, viewer: Person, reviewer: Person, member: Member, client_of: ClientOf
) -> None:
    def remove(who: Person, whom: Person) -> int:
        return client_of(who).delete(f"/api/v1/labs/{lab.pk}/members/{whom.pk}/").status_code

    admin = member(lab, "admin")
    assert remove(viewer, reviewer) == 403
    assert remove(viewer, viewer) == 204
    assert remove(admin, owner) == 403
    assert remove(admin, reviewer) == 204
    assert [one.person_id for one in lab.memberships.order_by("role")] == [admin.pk, owner.pk]


def test_members_see_names_and_admins_at_a_browser_addresses(
    lab: Lab, viewer: Person, owner: Person, client_of: ClientOf, token_of: Callable[..., str]
) -> None:
    address = f"/api/v1/labs/{lab.pk}/members/"
    assert {one["email"] for one in client_of(owner).get(address).json()} == {viewer.email, owner.email}
    for told in (
        client_of(viewer).get(address).json(),
        APIClient().get(address, HTTP_AUTHORIZATION=token_of(owner)).json(),
    ):
        assert [(one["name"], one["email"]) for one in told] == [(owner.name, None), (viewer.name, None)]


@pytest.mark.parametrize("value", [True, "true", 1, "1", [True]])
def test_rights_are_not_set_by_what_a_body_adds(
    lab: Lab, viewer: Person, owner: Person, client_of: ClientOf, value: Any
) -> None:
    more = {"is_staff": value, "is_superuser": value, "role": "owner", "email": "x@x.example", "id": str(owner.pk)}
    assert patch(client_of(viewer), "session/person/", {"name": "V", **more}).status_code == 200
    patch(client_of(owner), f"labs/{lab.pk}/members/{viewer.pk}/", {**more, "role": "reviewer"})
    person = Person.objects.get(pk=viewer.pk)
    assert (person.name, person.email) == ("V", viewer.email)
    assert (person.is_staff, person.is_superuser) == (False, False)


# --- invitations ------------------------------------------------------------------------------------------------
@pytest.fixture
def url(lab: Lab, owner: Person) -> str:
    return invite(lab, owner, role="reviewer", email="", days=7, max_uses=1)[1]


def registration(url: str, **values: Any) -> dict[str, Any]:
    return {"key": key_of(url), "name": "Grace", "email": "Grace@lab.example", "password": PASSWORD, **values}


def test_an_invitation_makes_an_account_and_logs_it_in(lab: Lab, url: str) -> None:
    client = browser()
    told = post(client, "invitations/look/", {"key": key_of(url)}).json()
    assert (told["lab_name"], told["role"], told["email"]) == ("Vision lab", "reviewer", "")
    answer = post(client, "session/register/", registration(url))
    assert answer.status_code == 201
    assert [(one["name"], one["role"]) for one in answer.json()["labs"]] == [("Vision lab", "reviewer")]
    person = Person.objects.get(email="grace@lab.example")
    assert (person.is_staff, person.is_superuser) == (False, False)
    again = post(browser(), "invitations/look/", {"key": key_of(url)})
    assert (again.status_code, again.json()["code"]) == (410, "link_used")


def test_the_link_is_shown_once_and_stored_as_a_hash(lab: Lab, owner: Person, client_of: ClientOf) -> None:
    client = client_of(owner)
    made = post(client, f"labs/{lab.pk}/invitations/", {"role": "viewer"}).json()
    key_id, secret = key_of(made["url"]).split("_")
    assert (len(key_id), len(secret)) == (8, 43)
    assert secret not in f"{Invitation.objects.get().__dict__}"
    listed = client.get(f"/api/v1/labs/{lab.pk}/invitations/").json()
    assert ([one["id"] for one in listed], "url" in listed[0]) == ([made["id"]], False)


def test_a_link_leads_to_the_configured_address_whatever_host_the_request_names(
    lab: Lab, owner: Person, client_of: ClientOf, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_URL = "https://atelier.example/"
    client = client_of(owner)
    made = client.post(
        f"/api/v1/labs/{lab.pk}/invitations/", {"role": "viewer"}, format="json", HTTP_HOST="evil.example"
    )
    assert made.json()["url"].startswith("https://atelier.example/join#")


def test_somebody_with_an_account_joins_with_it(url: str, lab: Lab, outsider: Person, client_of: ClientOf) -> None:
    answer = post(client_of(outsider), "invitations/accept/", {"key": key_of(url)})
    assert {one["name"]: one["role"] for one in answer.json()["labs"]} == {
        "Other lab": "owner",
        "Vision lab": "reviewer",
    }


def test_an_invitation_never_lowers_a_role_and_is_not_used_up_by_trying(
    url: str, lab: Lab, researcher: Person, viewer: Person, client_of: ClientOf
) -> None:
    refused = post(client_of(researcher), "invitations/accept/", {"key": key_of(url)})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_member")
    assert post(client_of(viewer), "invitations/accept/", {"key": key_of(url)}).status_code == 200
    assert (role_of(researcher, lab), role_of(viewer, lab)) == ("researcher", "reviewer")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda: Invitation.objects.update(expires_at=timezone.now()), "link_expired"),
        (lambda: Invitation.objects.update(revoked_at=timezone.now()), "link_revoked"),
        (lambda: Invitation.objects.update(times_used=1), "link_used"),
        (lambda: Invitation.objects.update(secret_hash="0" * 64), "link_unknown"),
        (lambda: Membership.objects.update(role="researcher"), "link_revoked"),
        (lambda: Membership.objects.all().delete(), "link_revoked"),
        (lambda: Person.objects.update(is_active=False), "link_revoked"),
    ],
    ids=["expired", "revoked", "used", "wrong secret", "giver lowered", "giver gone", "giver shut out"],
)
def test_a_link_that_is_not_good_any_more_says_why_and_lets_nobody_in(url: str, spoil: Any, code: str) -> None:
    spoil()
    for answer in (
        post(browser(), "invitations/look/", {"key": key_of(url)}),
        post(browser(), "session/register/", registration(url)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404 if code == "link_unknown" else 410, code)
        assert "Ask for a new one" in answer.json()["message"] or code == "link_unknown"
    assert not Person.objects.filter(name="Grace").exists()


@pytest.mark.parametrize("key", ["", "x", "_", "a" * 300, "ünïcödé1_x", "12345678_" + "x" * 250])
def test_what_is_no_key_is_no_invitation(url: str, key: str) -> None:
    assert post(browser(), "invitations/look/", {"key": key}).status_code in (400, 404)


def test_an_invitation_for_an_address_is_for_nobody_else(
    lab: Lab, owner: Person, outsider: Person, client_of: ClientOf
) -> None:
    url = invite(lab, owner, role="viewer", email=" Grace@Lab.example", days=1, max_uses=1)[1]
    assert (
        post(client_of(outsider), "invitations/accept/", {"key": key_of(url)}).json()["code"]
        == "invitation_for_another"
    )
    refused = post(browser(), "session/register/", registration(url, email="eve@lab.example"))
    assert refused.json()["code"] == "invitation_for_another"
    assert post(browser(), "session/register/", registration(url)).status_code == 201


def test_an_address_with_an_account_is_told_to_log_in(url: str, outsider: Person) -> None:
    refused = post(browser(), "session/register/", registration(url, email=outsider.email.upper()))
    assert (refused.status_code, refused.json()["code"]) == (409, "account_exists")
    assert Invitation.objects.get().times_used == 0


def test_a_weak_password_uses_no_invitation_up(url: str) -> None:
    assert post(browser(), "session/register/", registration(url, password="short")).json()["fields"].keys() == {
        "password"
    }
    assert Invitation.objects.get().times_used == 0


def test_nobody_invites_above_their_own_role(lab: Lab, member: Member, client_of: ClientOf) -> None:
    client = client_of(member(lab, "admin"))
    assert post(client, f"labs/{lab.pk}/invitations/", {"role": "owner"}).status_code == 403
    assert post(client, f"labs/{lab.pk}/invitations/", {"role": "admin"}).status_code == 201


def test_a_revoked_invitation_is_listed_no_more(lab: Lab, owner: Person, url: str, client_of: ClientOf) -> None:
    client, address = client_of(owner), f"/api/v1/labs/{lab.pk}/invitations/"
    assert client.delete(f"{address}{Invitation.objects.get().pk}/").status_code == 204
    assert client.get(address).json() == []
    assert post(browser(), "invitations/look/", {"key": key_of(url)}).json()["code"] == "link_revoked"


@pytest.mark.django_db(transaction=True)
def test_of_people_at_the_same_moment_as_many_join_as_were_invited(lab: Lab, owner: Person, member: Member) -> None:
    url = invite(lab, owner, role="viewer", email="", days=1, max_uses=2)[1]
    people, together, outcomes = [member() for _ in range(4)], threading.Barrier(4), []

    def enter(person: Person) -> None:
        together.wait()
        try:
            join(key_of(url), person)
            outcomes.append("in")
        except GoneError:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=enter, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "in", "late", "late"]
    assert lab.memberships.count() == 3


def test_one_address_and_several_people_do_not_go_together(lab: Lab, owner: Person, client_of: ClientOf) -> None:
    answer = post(
        client_of(owner), f"labs/{lab.pk}/invitations/", {"role": "viewer", "email": "a@b.example", "max_uses": 2}
    )
    assert answer.json()["fields"].keys() == {"max_uses"}


# --- passwords --------------------------------------------------------------------------------------------------
@pytest.fixture
def ada() -> Person:
    return create_person("Ada", "ada@lab.example", PASSWORD)


def log_in(password: str = PASSWORD) -> APIClient:
    client = browser()
    answer = post(client, "session/login/", {"email": "ada@lab.example", "password": password})
    if answer.status_code == 200:
        client.credentials(HTTP_X_CSRFTOKEN=answer.json()["csrf_token"])
    return client


def is_in(client: APIClient) -> bool:
    return client.get("/api/v1/session/").json()["person"] is not None


def test_changing_the_password_asks_for_the_old_one_and_ends_the_other_sessions(ada: Person) -> None:
    here, elsewhere = log_in(), log_in()
    wrong = post(here, "session/password/", {"old_password": "x", "password": NEW_PASSWORD})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    weak = post(here, "session/password/", {"old_password": PASSWORD, "password": "short"})
    assert weak.json()["fields"].keys() == {"password"}
    assert post(here, "session/password/", {"old_password": PASSWORD, "password": NEW_PASSWORD}).status_code == 200
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert is_in(log_in(NEW_PASSWORD))
    assert not is_in(log_in(PASSWORD))


def test_guessing_the_old_password_is_slowed_down(ada: Person) -> None:
    client = log_in()
    guess = {"old_password": "x", "password": NEW_PASSWORD}
    assert [post(client, "session/password/", guess).status_code for _ in range(6)] == [403] * 5 + [429]


@pytest.fixture
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    settings.PUBLIC_URL = "https://atelier.example"


def sent(count: int) -> list[Any]:
    """The mails that were sent, when they are so many."""
    deadline = time.monotonic() + 10
    while len(mail.outbox) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return list(mail.outbox)


def test_a_forgotten_password_is_set_anew_by_mail(ada: Person, mail_server: None) -> None:
    old = log_in()
    known = post(browser(), "session/forgotten/", {"email": "ADA@lab.example"})
    unknown = post(browser(), "session/forgotten/", {"email": "nobody@lab.example"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    (letter,) = sent(1)
    assert letter.to == ["ada@lab.example"]
    found = re.search(r"https://atelier\.example/reset#(\S+)", letter.body)
    assert found is not None
    reset = {"key": found[1], "password": NEW_PASSWORD}
    assert post(browser(), "session/reset/", {**reset, "password": "short"}).status_code == 400
    assert post(browser(), "session/reset/", reset).status_code == 204
    assert (is_in(old), is_in(log_in(NEW_PASSWORD))) == (False, True)
    assert post(browser(), "session/reset/", reset).json()["code"] == "link_used"


def test_mails_about_one_account_are_few(ada: Person, mail_server: None) -> None:
    answers = [post(browser(), "session/forgotten/", {"email": "ada@lab.example"}).status_code for _ in range(6)]
    assert answers == [202] * 5 + [429]
    assert PasswordLink.objects.count() == 3


def test_without_a_mail_server_people_are_sent_to_people(ada: Person) -> None:
    assert browser().get("/api/v1/session/").json()["can_mail"] is False
    refused = post(browser(), "session/forgotten/", {"email": "ada@lab.example"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_mail")


def password_link(client: APIClient, lab: Lab, person: Person) -> Any:
    return post(client, f"labs/{lab.pk}/members/{person.pk}/password-link/", {})


def test_an_admin_hands_a_link_over_and_only_the_newest_opens(
    lab: Lab, ada: Person, member: Member, client_of: Any
) -> None:
    Membership.objects.create(lab=lab, person=ada, role="researcher")
    client = client_of(member(lab, "admin"))
    first, second = (password_link(client, lab, ada).json()["url"] for _ in range(2))
    refused = post(browser(), "session/reset/", {"key": key_of(first), "password": NEW_PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (410, "link_revoked")
    assert post(browser(), "session/reset/", {"key": key_of(second), "password": NEW_PASSWORD}).status_code == 204
    assert is_in(log_in(NEW_PASSWORD))


@pytest.mark.parametrize("more", ["a higher role", "a place in another lab", "staff", "superuser", "oneself"])
def test_no_admin_takes_over_somebody_with_rights_they_lack(
    lab: Lab, ada: Person, member: Member, client_of: ClientOf, more: str
) -> None:
    Membership.objects.create(lab=lab, person=ada, role="owner" if more == "a higher role" else "viewer")
    if more == "a place in another lab":
        Membership.objects.create(lab=Lab.objects.create(name="B"), person=ada, role="viewer")
    Person.objects.filter(pk=ada.pk).update(is_staff=more == "staff", is_superuser=more == "superuser")
    admin = member(lab, "admin")
    assert password_link(client_of(admin), lab, admin if more == "oneself" else ada).status_code == 403
    assert not PasswordLink.objects.exists()


def test_a_link_is_void_when_the_person_has_since_joined_where_the_giver_may_nothing(
    lab: Lab, ada: Person, member: Member, client_of: ClientOf
) -> None:
    Membership.objects.create(lab=lab, person=ada, role="viewer")
    url = password_link(client_of(member(lab, "admin")), lab, ada).json()["url"]
    Membership.objects.create(lab=Lab.objects.create(name="B"), person=ada, role="viewer")
    refused = post(browser(), "session/reset/", {"key": key_of(url), "password": NEW_PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (410, "link_revoked")
    assert is_in(log_in())


def test_a_changed_password_voids_the_links_made_before(lab: Lab, ada: Person, member: Member, client_of: Any) -> None:
    Membership.objects.create(lab=lab, person=ada, role="viewer")
    url = password_link(client_of(member(lab, "admin")), lab, ada).json()["url"]
    post(log_in(), "session/password/", {"old_password": PASSWORD, "password": NEW_PASSWORD})
    assert post(browser(), "session/reset/", {"key": key_of(url), "password": PASSWORD}).status_code == 410


# --- the staff of the server ------------------------------------------------------------------------------------
@pytest.fixture
def staff(member: Member, client_of: ClientOf) -> APIClient:
    person = member(name="Staff")
    Person.objects.filter(pk=person.pk).update(is_staff=True)
    return client_of(Person.objects.get(pk=person.pk))


def test_who_is_shut_out_loses_sessions_tokens_and_links_for_good(
    ada: Person, staff: APIClient, lab: Lab, token_of: Callable[..., str]
) -> None:
    Membership.objects.create(lab=lab, person=ada, role="viewer")
    session, header = log_in(), token_of(ada)
    url = post(staff, f"people/{ada.pk}/password-link/", {}).json()["url"]
    assert patch(staff, f"people/{ada.pk}/", {"is_active": False}).json()["is_active"] is False
    assert not is_in(session)
    assert APIClient().get("/api/v1/session/", HTTP_AUTHORIZATION=header).status_code == 401
    assert not is_in(log_in())
    assert patch(staff, f"people/{ada.pk}/", {"is_active": True}).json()["labs"] == ["Vision lab"]
    assert not is_in(session), "letting somebody in again does not bring old sessions back"
    assert ApiToken.objects.get().revoked_at is not None
    assert post(browser(), "session/reset/", {"key": key_of(url), "password": NEW_PASSWORD}).status_code == 410
    assert is_in(log_in())


def test_staff_reach_no_superuser_and_not_themselves(staff: APIClient, ada: Person) -> None:
    Person.objects.filter(pk=ada.pk).update(is_superuser=True)
    assert patch(staff, f"people/{ada.pk}/", {"is_active": False}).status_code == 403
    assert post(staff, f"people/{ada.pk}/password-link/", {}).status_code == 403
    own = staff.get("/api/v1/session/").json()["person"]["id"]
    assert patch(staff, f"people/{own}/", {"is_active": False}).json()["code"] == "oneself"


def test_staff_see_people_and_no_lab_s_things(staff: APIClient, ada: Person, lab: Lab) -> None:
    assert {one["email"] for one in staff.get("/api/v1/people/").json()} >= {"ada@lab.example"}
    assert staff.get(f"/api/v1/labs/{lab.pk}/members/").status_code == 404


def test_links_outlive_no_lab(lab: Lab, owner: Person, url: str) -> None:
    assert Invitation.objects.get().expires_at - timezone.now() <= timedelta(days=7)
    lab.delete()
    assert post(browser(), "invitations/look/", {"key": key_of(url)}).status_code == 404


def test_own_keys_are_kept_told_and_taken_back(client_of: Callable[[Person], APIClient], viewer: Person) -> None:
    client = client_of(viewer)
    assert client.get("/api/v1/session/").json()["person"]["keys"] == {}
    for keys in ({"accept": "y", "undo": "mod+y"}, {}):
        assert client.put("/api/v1/session/keys/", {"keys": keys}, format="json").json() == {"keys": keys}
        assert client.get("/api/v1/session/").json()["person"]["keys"] == keys


@pytest.mark.parametrize(
    "keys", [{"accept": "y", "reject": "y"}, {"accept": "x" * 21}, {"not an act": "y"}, {"accept": ""}, [], None]
)
def test_keys_that_cannot_be_meant_are_refused_and_change_nothing(
    client_of: Callable[[Person], APIClient], viewer: Person, keys: Any
) -> None:
    answer = client_of(viewer).put("/api/v1/session/keys/", {"keys": keys}, format="json")
    assert answer.status_code in (400, 422)
    assert client_of(viewer).get("/api/v1/session/").json()["person"]["keys"] == {}
