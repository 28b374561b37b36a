"""A mail when a run ends: once, to whoever wished it and may still see the run."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend
from rest_framework.test import APIClient

from tests.worlds import make_dataset, queue_run
from webapp.accounts.models import Lab, Membership, Person
from webapp.core.leases import new_owner
from webapp.runs.models import Run, RunState
from webapp.runs.services import attempt, control, notices

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]


@pytest.fixture(autouse=True)
def mail_server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configured server (Django keeps a test's mails in memory), asked in the test's own thread and transaction."""
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example", "https://atelier.example/"
    monkeypatch.setattr(notices._mailers, "submit", lambda act, pk: notices._send_all(pk_only(pk)))


def pk_only(pk: Any) -> Any:
    return notices.RunNotice.objects.filter(run=pk)


@pytest.fixture
def run(lab: Lab, researcher: Person) -> Run:
    return queue_run(make_dataset(lab), researcher)


def ends(run: Run) -> None:
    held = Run.claim(run.pk, new_owner(), RunState.PREPARING)
    assert held is not None
    attempt.failed_run(held, "non_finite_loss", "At step 12 loss/G became nan.")


def test_whoever_wished_it_is_mailed_once_when_the_run_ends(
    client_of: ClientOf,
    viewer: Person,
    reviewer: Person,
    run: Run,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    client, address = client_of(viewer), f"/api/v1/runs/{run.pk}/notice/"
    assert client.get(address).json() == {"can_mail": True, "is_wished": False}
    assert [client.put(address).json()["is_wished"] for _ in range(2)] == [True, True]
    client_of(reviewer).put(address)
    assert client_of(reviewer).delete(address).json()["is_wished"] is False
    with django_capture_on_commit_callbacks(execute=True):
        ends(run)
    notices.send_left_over()
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([viewer.email], f"Run failed: dcgan on {run.version.dataset.name}, version 1")
    assert "At step 12 loss/G became nan." in mail.body
    assert f"https://atelier.example/runs/{run.pk}" in mail.body
    assert client.get(address).json()["is_wished"] is False
    client.put(address)
    control.resume_run(run)
    with django_capture_on_commit_callbacks(execute=True):
        ends(run)
    assert len(mailoutbox) == 2, "a new wish is a new mail"


def test_who_left_the_lab_is_told_nothing(viewer: Person, run: Run, mailoutbox: list[Any]) -> None:
    notices.wish_notice(run, viewer)
    Membership.objects.filter(person=viewer).delete()
    ends(run)
    notices.send_left_over()
    assert mailoutbox == []


def test_a_mail_that_the_server_did_not_take_is_sent_later(
    viewer: Person, run: Run, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailBackend, mails: Any) -> int:
        raise ConnectionRefusedError("nobody listens")

    notices.wish_notice(run, viewer)
    ends(run)
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", refuse)
        notices.send_left_over()
    assert notices.is_wished(run, viewer)
    notices.send_left_over()
    assert len(mailoutbox) == 1


def test_another_lab_cannot_wish_it(client_of: ClientOf, outsider: Person, run: Run) -> None:
    assert client_of(outsider).put(f"/api/v1/runs/{run.pk}/notice/").status_code == 404
