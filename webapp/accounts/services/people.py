"""People: made, renamed, shut out and let in again."""

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import Lab, Membership, Person, Role
from webapp.core.errors import ConflictError, ForbiddenError, InvalidError
from webapp.core.log import Deed, note


def create_person(name: str, email: str, password: str, *, is_staff: bool = False) -> Person:
    """Raises: InvalidError, at the field `password`, for one that is too easy to guess."""
    person = Person(name=name.strip(), email=email.strip().lower(), is_staff=is_staff)
    check_password_strength(password, person)
    person.set_password(password)
    person.save()
    return person


def check_password_strength(password: str, person: Person) -> None:
    """Raises: InvalidError, at the field `password`."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InvalidError(" ".join(error.messages), fields={"password": error.messages}) from None


def rename_person(person: Person, name: str) -> Person:
    """The name that others see."""
    person.name = name.strip()
    person.save(update_fields=["name"])
    return person


def set_keys(person: Person, keys: dict[str, str]) -> Person:
    """Act -> key, where the person wants another than the page's own."""
    person.keys = keys
    person.save(update_fields=["keys"])
    return person


def set_active(actor: Person, person: Person, is_active: bool) -> Person:
    """Shut somebody out, or let them in again. Who is shut out loses sessions, tokens and links at once; sockets
    close within seconds. Their places in labs stay.

    Raises: ConflictError for oneself, ForbiddenError for a superuser.
    """
    if person.pk == actor.pk:
        raise ConflictError("You cannot shut yourself out; ask somebody else of the staff.", code="oneself")
    if person.is_superuser and not actor.is_superuser:
        raise ForbiddenError("Only a superuser can do this to a superuser.")
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(is_active=is_active)
        for lab_id in person.memberships.values_list("lab", flat=True):
            note(lab_id, actor, Deed.PERSON_LET_IN if is_active else Deed.PERSON_SHUT_OUT, person)
        if not is_active:
            now = timezone.now()
            person.api_tokens.filter(revoked_at=None).update(revoked_at=now)
            person.password_links.filter(revoked_at=None, used_at=None).update(revoked_at=now)
            _end_sessions(person)
    person.refresh_from_db()
    return person


def _end_sessions(person: Person) -> None:
    """Sessions know their person only inside; a server has few enough to look into each."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


# --- for the command line and the demo --------------------------------------------------------------------------
def get_or_create_lab(name: str) -> Lab:
    """The lab called so."""
    return Lab.objects.get_or_create(name=name)[0]


def add_member(lab: Lab, person: Person, role: Role) -> Membership:
    """Put the person into the lab, or change the role there."""
    return Membership.objects.update_or_create(lab=lab, person=person, defaults={"role": role})[0]
