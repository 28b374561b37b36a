"""Rows that belong to no single noun."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
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


class LogEntry(models.Model):
    """One thing that somebody did in a lab: written once by `webapp.core.log`, and never changed.

    Names are kept as they were then, so that an entry says the same when the person or the thing is gone.
    """

    lab = models.ForeignKey("accounts.Lab", on_delete=models.CASCADE, related_name="log")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    person_name = models.CharField(max_length=120, blank=True, help_text="Empty: at the server's command line.")
    token_name = models.CharField(max_length=120, blank=True, help_text="The token that spoke for them, if one did.")
    deed = models.CharField(max_length=40)
    subject = models.CharField(max_length=255, blank=True, help_text="To what or whom it was done.")
    detail = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["lab", "-id"], name="log_by_lab"),
            models.Index(fields=["lab", "deed", "-id"], name="log_by_deed"),
            models.Index(fields=["lab", "person", "-id"], name="log_by_person"),
            models.Index(fields=["at"], name="log_by_age"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("an entry of the log is never changed")
        super().save(*args, **kwargs)
