"""People, and their places in labs."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from webapp.accounts.models import Lab, Membership, Person, Role
from webapp.core.errors import InvalidError


def create_person(name: str, email: str, password: str, *, is_staff: bool = False) -> Person:
    """Raises: InvalidError, at the field `password`, for one that is too easy to guess."""
    person = Person(name=name.strip(), email=email.strip().lower(), is_staff=is_staff)
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InvalidError(" ".join(error.messages), fields={"password": error.messages}) from None
    person.set_password(password)
    person.save()
    return person


def get_or_create_lab(name: str) -> Lab:
    """The lab called so; for the command line and the demo."""
    return Lab.objects.get_or_create(name=name)[0]


def add_member(lab: Lab, person: Person, role: Role) -> Membership:
    """Put the person into the lab, or change the role there."""
    return Membership.objects.update_or_create(lab=lab, person=person, defaults={"role": role})[0]
