"""What people did in a lab: noted where it is done, in the same transaction; kept for LOG_KEPT_DAYS, and never changed.

No entry holds a secret: of a link or token its name is noted, never its key.
"""

from datetime import timedelta
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import models
from django.utils import timezone

from webapp.core.models import LogEntry

FORGOTTEN_AT_ONCE: Final = 500


class Deed(models.TextChoices):
    """What was done, as `<noun>.<past participle>`."""

    PERSON_INVITED = "person.invited"
    INVITATION_REVOKED = "invitation.revoked"
    PERSON_JOINED = "person.joined"
    PERSON_REMOVED = "person.removed"
    ROLE_CHANGED = "role.changed"
    PASSWORD_LINK_MADE = "password_link.made"  # noqa: S105
    PERSON_SHUT_OUT = "person.shut_out"
    PERSON_LET_IN = "person.let_in"
    TOKEN_MADE = "token.made"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    LAB_MADE = "lab.made"
    LAB_RENAMED = "lab.renamed"
    QUOTA_CHANGED = "quota.changed"
    MEMORISED_SHARE_CHANGED = "memorised_share.changed"
    WEBHOOK_SET = "webhook.set"
    WEBHOOK_REMOVED = "webhook.removed"
    WEBHOOK_SECRET_CHANGED = "webhook_secret.changed"  # noqa: S105
    DATASET_RENAMED = "dataset.renamed"
    DATASET_ARCHIVED = "dataset.archived"
    DATASET_BROUGHT_BACK = "dataset.brought_back"
    DATASET_DELETED = "dataset.deleted"
    VERSION_DELETED = "version.deleted"
    RUN_RENAMED = "run.renamed"
    RUN_ARCHIVED = "run.archived"
    RUN_BROUGHT_BACK = "run.brought_back"
    RUN_DELETED = "run.deleted"
    STUDY_RENAMED = "study.renamed"
    STUDY_ARCHIVED = "study.archived"
    STUDY_BROUGHT_BACK = "study.brought_back"
    STUDY_DELETED = "study.deleted"
    RECIPE_RENAMED = "recipe.renamed"
    RECIPE_ARCHIVED = "recipe.archived"
    RECIPE_BROUGHT_BACK = "recipe.brought_back"
    RECIPE_DELETED = "recipe.deleted"
    EXPORT_JUSTIFIED = "export.justified"
    EXPORT_RENAMED = "export.renamed"
    EXPORT_ARCHIVED = "export.archived"
    EXPORT_BROUGHT_BACK = "export.brought_back"
    EXPORT_DELETED = "export.deleted"
    EXPORT_DOWNLOADED = "export.downloaded"


class HasName(Protocol):
    """A person, known here only by key and name, and by the token that speaks for them."""

    pk: Any
    name: str
    token_name: str


def note(lab_id: Any, person: HasName | None, deed: Deed, subject: object = "", detail: str = "") -> None:
    """Note that `person` did this just now; None stands for the server's command line.

    subject: to what or whom, as it is called now.
    """
    LogEntry.objects.create(
        lab_id=lab_id,
        person_id=person.pk if person else None,
        person_name=person.name[:120] if person else "",
        token_name=person.token_name[:120] if person else "",
        deed=deed,
        subject=str(subject)[:255],
        detail=detail[:255],
    )


def note_life(lab_id: Any, person: HasName | None, row: models.Model, verb: str, detail: str = "") -> None:
    """As `note`, for a thing that was renamed, archived, brought_back or deleted."""
    note(lab_id, person, Deed(f"{row._meta.verbose_name}.{verb}"), row, detail)


def forget_old() -> None:
    """Remove the oldest of the entries whose time is over; 0 days keep them for ever."""
    if not settings.LOG_KEPT_DAYS:
        return
    old = LogEntry.objects.filter(at__lt=timezone.now() - timedelta(days=settings.LOG_KEPT_DAYS))
    LogEntry.objects.filter(pk__in=list(old.order_by("at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])).delete()
