"""Who is who, and who is in which lab."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, QuerySet
from django.utils import timezone

from webapp.accounts.models import ApiToken, Invitation, Lab, Membership, Person
from webapp.core.models import LogEntry
from webapp.core.threads import in_thread

LOG_COLUMNS: Final = ("at", "person", "token", "deed", "subject", "detail")
LOG_ROWS_AT_ONCE: Final = 500


def setup_needed() -> bool:
    """Whether nobody exists yet: the next visitor becomes the owner of the first lab."""
    return not Person.objects.exists()


def setup_code_needed() -> bool:
    """Whether the first visitor must prove to be whoever started the service: always when others can reach it."""
    return bool(settings.SETUP_CODE) or not settings.IS_LOOPBACK


def memberships_of(person: Person) -> "QuerySet[Membership]":
    """The person's labs, by name; one, while a token of that lab speaks for them."""
    rows = person.memberships.select_related("lab").order_by("lab__name")
    return rows if person.only_lab is None else rows.filter(lab=person.only_lab)


def lab_by_name(name: str) -> Lab | None:
    """The lab called so."""
    return Lab.objects.filter(name=name).first()


def all_labs() -> "QuerySet[Lab]":
    """Labs with their numbers of members."""
    return Lab.objects.annotate(num_members=Count("memberships")).order_by("name")


def members_of(lab: Lab) -> "QuerySet[Membership]":
    """The lab's members by name."""
    return lab.memberships.select_related("person").order_by("person__name", "person_id")


def invitations_of(lab: Lab) -> "QuerySet[Invitation]":
    """The lab's invitations by which somebody can join, newest first."""
    rows = lab.invitations.select_related("made_by").filter(revoked_at=None, expires_at__gt=timezone.now())
    return rows.filter(times_used__lt=F("max_uses")).order_by("-created_at")


def log_of(lab: Lab, person: UUID | None = None, deed: str = "") -> "QuerySet[LogEntry]":
    """What was done in the lab, or only what one person did, or deeds of one kind."""
    wanted = {"person": person, "deed": deed}
    return LogEntry.objects.filter(lab=lab, **{name: value for name, value in wanted.items() if value})


async def log_rows(entries: "QuerySet[LogEntry]") -> AsyncIterator[list[tuple[str, ...]]]:
    """As LOG_COLUMNS, the newest first, some hundred rows at a time."""
    last: int | None = None
    while batch := await in_thread(_log_batch)(entries, last):
        last = batch[-1].pk
        yield [
            (one.at.isoformat(), one.person_name, one.token_name, one.deed, one.subject, one.detail) for one in batch
        ]


def _log_batch(entries: "QuerySet[LogEntry]", last: int | None) -> list[LogEntry]:
    rows = entries if last is None else entries.filter(pk__lt=last)
    return list(rows.order_by("-pk")[:LOG_ROWS_AT_ONCE])


def people() -> "QuerySet[Person]":
    """Everybody on this server, with the names of their labs."""
    return Person.objects.prefetch_related("memberships__lab").order_by("name", "id")


def tokens_of(person: Person) -> "QuerySet[ApiToken]":
    """The person's tokens that are not revoked, newest first; those that expired lately are still shown."""
    return _shown(person.api_tokens.select_related("lab"))


def tokens_in(lab: Lab) -> "QuerySet[ApiToken]":
    """The same of everybody in the lab, of those that are good for this lab alone."""
    return _shown(lab.api_tokens.select_related("person").filter(person__memberships__lab=lab))


def _shown(tokens: "QuerySet[ApiToken]") -> "QuerySet[ApiToken]":
    shown_since = timezone.now() - timedelta(days=30)
    return tokens.filter(revoked_at__isnull=True, expires_at__gt=shown_since).order_by("-created_at")
