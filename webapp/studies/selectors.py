"""What there is to read about studies."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from webapp.core.permissions import HasKey, visible
from webapp.datasets.selectors import VERSION_LAB
from webapp.studies.models import Study

STUDY_LAB = f"version__{VERSION_LAB}"


def all_studies() -> "QuerySet[Study]":
    """Studies with what they are about."""
    return Study.objects.select_related("version__dataset", "created_by")


def studies_visible_to(
    person: HasKey | AnonymousUser,
    lab: uuid.UUID | None = None,
    version: uuid.UUID | None = None,
    run: uuid.UUID | None = None,
) -> "QuerySet[Study]":
    """The studies of the labs that the person is in; only those of a lab, a version, a run where it is given."""
    given = {STUDY_LAB: lab, "version": version, "run": run}
    rows = visible(all_studies(), person, STUDY_LAB)
    return rows.filter(**{path: value for path, value in given.items() if value is not None})


def finished_on(version_id: uuid.UUID) -> "QuerySet[Study]":
    """Studies of a version that have their answer and are not deleted, newest first."""
    rows = Study.objects.filter(version=version_id, state=Study.State.FINISHED, deleted_at__isnull=True)
    return rows.order_by("-finished_at")
