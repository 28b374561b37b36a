"""Whoever manages a lab sees and closes the keys that open it, and a lab without an owner gets one at the server."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from webapp.accounts.models import ApiToken, Lab, Membership, Person
from webapp.accounts.services import create_token
from webapp.core.models import LogEntry

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], APIClient]
Member = Callable[..., Person]


def test_an_admin_sees_the_tokens_for_the_lab_by_name_and_revokes_them(
    lab: Lab, owner: Person, researcher: Person, member: Member, client_of: ClientOf
) -> None:
    token, text = create_token(owner, "nightly", scopes=["run"], days=1, lab=lab)
    create_token(researcher, "everywhere", days=1)
    client = client_of(member(lab, "admin"))
    answer = client.get(f"/api/v1/labs/{lab.pk}/tokens/")
    assert [(row["name"], row["person_name"], row["scopes"]) for row in answer.json()] == [
        ("nightly", owner.name, ["run"])
    ]
    assert text.rpartition("_")[2] not in answer.content.decode()
    assert token.secret_hash not in answer.content.decode()
    assert client.delete(f"/api/v1/labs/{lab.pk}/tokens/{token.pk}/").status_code == 204
    assert client.get(f"/api/v1/labs/{lab.pk}/tokens/").json() == []
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    assert program.get("/api/v1/datasets/").status_code == 401
    assert LogEntry.objects.get(deed="token.revoked").detail == f"of {owner.name}"


def test_a_token_of_another_lab_or_of_all_labs_is_not_theirs_to_see_or_revoke(
    lab: Lab, owner: Person, outsider: Person, client_of: ClientOf
) -> None:
    theirs, _ = create_token(outsider, "theirs", days=1, lab=outsider.labs.get())
    everywhere, _ = create_token(owner, "everywhere", days=1)
    client = client_of(owner)
    for token in (theirs, everywhere):
        assert client.delete(f"/api/v1/labs/{lab.pk}/tokens/{token.pk}/").status_code == 404
    assert ApiToken.objects.filter(revoked_at=None).count() == 2


def test_a_lab_that_nobody_manages_gets_an_owner_at_the_server(lab: Lab, viewer: Person) -> None:
    call_command("owner", "Vision lab", viewer.email.upper())
    assert Membership.objects.get(lab=lab, person=viewer).role == "owner"
    entry = LogEntry.objects.get()
    assert (entry.person_name, entry.deed, entry.subject) == ("", "role.changed", viewer.name)


@pytest.mark.parametrize(
    ("name", "email", "said"),
    [("No lab", "viewer0@lab.example", "'Vision lab'"), ("Vision lab", "nobody@lab.example", "createsuperuser")],
)
def test_what_the_server_is_told_wrong_is_said_with_what_to_do(
    lab: Lab, viewer: Person, name: str, email: str, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("owner", name, email)
    assert Membership.objects.get(person=viewer).role == "viewer"
