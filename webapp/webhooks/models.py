"""Where a lab's news are sent, and each piece of news."""

import uuid
from typing import Final

from django.conf import settings
from django.db import models

from webapp.accounts.models import Lab

MAX_URL_SIGNS: Final = 500
MAX_ANSWER_SIGNS: Final = 300


class Webhook(models.Model):
    """The one address that a lab's news are sent to."""

    lab = models.OneToOneField(Lab, primary_key=True, on_delete=models.CASCADE, related_name="webhook")
    url = models.CharField(max_length=MAX_URL_SIGNS)
    secret = models.CharField(max_length=64, help_text="What its signatures are made with; shown once.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField(auto_now=True)


class Delivery(models.Model):
    """One piece of news on its way. `attempts` is also its fence: only the newest attempt writes what became of it."""

    class State(models.TextChoices):
        """Waiting is also what is being sent at the moment, and what is tried again later."""

        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    subject = models.CharField(max_length=255, blank=True, help_text="What it is about, as it was called then.")
    body = models.TextField(help_text="The JSON as it is sent, in every attempt the same.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(help_text="When it is sent, or tried again, at the earliest.")
    status = models.PositiveIntegerField(null=True, help_text="What the last attempt was answered with.")
    answer = models.CharField(max_length=MAX_ANSWER_SIGNS, blank=True, help_text="The same, or why not, in words.")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_by_webhook"),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]
