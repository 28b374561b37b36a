"""Passwords: changed by who knows the old one, set anew by a link that is mailed or handed over."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import PasswordLink, Person, Role
from webapp.accounts.services.links import find_link, make_link
from webapp.accounts.services.mail import post_mail
from webapp.accounts.services.people import check_password_strength
from webapp.core.errors import AtelierError, ForbiddenError, GoneError
from webapp.core.log import Deed, note
from webapp.core.permissions import includes, role_in

PAGE: Final = "reset"
MAILED_LASTS: Final = timedelta(hours=1)
HANDED_LASTS: Final = timedelta(days=2)
MAILS_PER_HOUR: Final = 3


class WrongPasswordError(AtelierError):
    """The old password is not the person's."""

    code = "wrong_password"
    status = 403


def change_password(person: Person, old: str, new: str) -> None:
    """Set another password; every session with the old one ends.

    Raises: WrongPasswordError; InvalidError, at the field `password`, for a new one that is too easy to guess.
    """
    if not person.check_password(old):
        message = "This is not your password."
        raise WrongPasswordError(message, fields={"old_password": [message]})
    _set_password(person, new)


def mail_link(email: str) -> None:
    """Send a link to whom the address belongs, if it is anybody's; who asks learns nothing of that."""
    person = Person.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        return
    lately = person.password_links.filter(made_by=None, created_at__gt=timezone.now() - timedelta(hours=1))
    if lately.count() >= MAILS_PER_HOUR:
        return
    _, url = _new_link(person, MAILED_LASTS, None)
    post_mail(
        person.email,
        "A new password for Atelier",
        f"Hello {person.name},\n\nwith this link you can set a new password within an hour:\n\n{url}\n\n"
        "If you did not ask for it, do nothing: your password stays as it is.\n",
    )


def hand_over_link(person: Person, giver: Person) -> tuple[PasswordLink, str]:
    """A link to be handed to the person; links made before open nothing any more.

    Raises: ForbiddenError when it would give the giver more than they have.
    """
    _check_may_hand_over(person, giver)
    with transaction.atomic():
        for lab_id in person.memberships.values_list("lab", flat=True):
            note(lab_id, giver, Deed.PASSWORD_LINK_MADE, person)
        return _new_link(person, HANDED_LASTS, giver)


def reset_password(key: str, password: str) -> Person:
    """Set the password of whom the link belongs to; every session and every other link of theirs ends.

    Raises: NotFoundError, GoneError, InvalidError.
    """
    with transaction.atomic():
        link = look_at_link(key)
        if not PasswordLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None).update(used_at=timezone.now()):
            raise _used()
        _set_password(link.person, password)
    return link.person


def look_at_link(key: str) -> PasswordLink:
    """Raises: NotFoundError, GoneError."""
    link = find_link(PasswordLink, key, "person", "made_by")
    if link.used_at is not None or not link.person.is_active:
        raise _used()
    if link.made_by is not None:
        _check_still_may(link.person, link.made_by)
    return link


def revoke_links(person: Person) -> None:
    """No link that was made for the person opens anything any more."""
    person.password_links.filter(revoked_at=None, used_at=None).update(revoked_at=timezone.now())


def _used() -> GoneError:
    return GoneError("This link was used already. Ask for a new one.", code="link_used")


def _new_link(person: Person, lasts: timedelta, giver: Person | None) -> tuple[PasswordLink, str]:
    with transaction.atomic():
        revoke_links(person)
        return make_link(PasswordLink, PAGE, timezone.now() + lasts, person=person, made_by=giver)


def _set_password(person: Person, password: str) -> None:
    check_password_strength(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    revoke_links(person)


def _check_still_may(person: Person, giver: Person) -> None:
    """A link does not outlive the rights of its giver: the person may have joined another lab since.

    Raises: GoneError.
    """
    try:
        if giver.is_active:
            _check_may_hand_over(person, giver)
            return
    except ForbiddenError:
        pass
    raise GoneError("Whoever made this link may not do so any more. Ask for a new one.", code="link_revoked")


def _check_may_hand_over(person: Person, giver: Person) -> None:
    """Who sets somebody's password can be them. So the giver must be above them in everything they are."""
    if person.pk == giver.pk:
        raise ForbiddenError("This is for others; change your own password under your account.")
    if person.is_superuser and not giver.is_superuser:
        raise ForbiddenError("Only a superuser can make a link for a superuser.")
    if giver.is_staff:
        return
    if person.is_staff:
        raise ForbiddenError(f"{person.name} is staff of this server; only staff can make a link for them.")
    for member in person.memberships.select_related("lab"):
        own = role_in(member.lab, giver)
        if not (includes(own, Role.ADMIN) and includes(own, member.role)):
            raise ForbiddenError(
                f"{person.name} has rights that you do not have, here or in another lab; ask the staff of this server "
                "for a link."
            )
