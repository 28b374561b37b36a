"""Rows that belong to no single noun."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models


class Leadership(models.Model):
    """Who does a duty that only one process may do at a time (the reconciler), by the database's clock."""

    duty = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=200)
    expires_at = models.DateTimeField()


class Removable(models.Model):
    """What people put away and delete. Deleting is a mark that hides the row, and all that hangs on it, at once
    (`webapp.core.removal`); rows and files are swept afterwards.

    HANGS_ON, on any model: model name of a removable row above -> the path there. GOES_WITH: the one above with which
    it goes without being asked about. MARKED_WITH: the one above whose deletion marks this row too, because what hangs
    on this row does not ask after that one.
    """

    HANGS_ON: ClassVar[Mapping[str, str]] = {}
    GOES_WITH: ClassVar[str] = ""
    MARKED_WITH: ClassVar[str] = ""

    archived_at = models.DateTimeField(null=True, blank=True, help_text="Since when lists leave it out.")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is gone for everybody.")

    class Meta:
        abstract = True
