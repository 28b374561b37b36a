"""People, labs, roles and API tokens."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models


class PersonManager(BaseUserManager["Person"]):
    """Makes people; e-mail addresses are kept in lower case, so that one person is one row."""

    def create_user(self, email: str, password: str | None = None, **values: Any) -> "Person":
        """A person; without a password nobody can log in as them."""
        person = self.model(email=email.strip().lower(), **values)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> "Person":
        """For Django's command `createsuperuser`."""
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True} | values)

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email=(username or "").strip().lower())


class Person(AbstractUser):
    """Somebody who logs in, by e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = None  # type: ignore[assignment]  # the e-mail address is the name
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=120)
    keys = models.JSONField(default=dict, help_text="Act of a page -> the key that the person has put it on.")

    only_lab: uuid.UUID | None = None
    """The one lab in which the person is seen while a token of that lab speaks for them; no column."""

    token_name: str = ""
    """The token that speaks for the person now; no column."""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects: ClassVar[PersonManager] = PersonManager()  # type: ignore[assignment]  # made by e-mail, not by user name

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person may do in a lab, each including the ones before it."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    RESEARCHER = "researcher"
    ADMIN = "admin"
    OWNER = "owner"


class Lab(models.Model):
    """The people who share datasets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(Person, through="Membership", related_name="labs")
    max_memorised_share = models.FloatField(
        null=True,
        default=0.05,
        help_text="0 to 1: an export with a greater share of near-copies needs a person's reason; null: none does.",
    )

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role in a lab."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lab", "person"], name="one_role_per_lab")]


class ApiToken(models.Model):
    """A named key for programs; only the hash of its secret is stored, and the secret is shown once.

    It reads what its person may read, in all labs or in one, and does besides what its scopes name.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_tokens")
    lab = models.ForeignKey(Lab, null=True, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=120)
    key_id = models.CharField(max_length=8, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class Link(models.Model):
    """A link that opens one thing to whoever holds it; only the hash of its secret is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_id = models.CharField(max_length=8, unique=True)
    secret_hash = models.CharField(max_length=64)
    made_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Invitation(Link):
    """Lets people join a lab with a role; as many as stated, or the one with this e-mail address."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=12, choices=Role.choices)
    email = models.EmailField(max_length=254, blank=True)
    max_uses = models.PositiveIntegerField(default=1)
    times_used = models.PositiveIntegerField(default=0)


class PasswordLink(Link):
    """Lets a person set a new password, once. `made_by` is None for one that was sent by mail."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="password_links")
    used_at = models.DateTimeField(null=True, blank=True)


class LoginAttempt(models.Model):
    """A login that was wrong, or is being checked; counted to slow down guessing, and forgotten within the hour."""

    account = models.CharField(max_length=64, help_text="sha256 of the e-mail address as typed, in lower case.")
    address = models.CharField(max_length=45, help_text="The address the attempt came from.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["account", "at"]), models.Index(fields=["address", "at"])]
