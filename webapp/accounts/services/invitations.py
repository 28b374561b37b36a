"""Invitations: a link with which people join a lab."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from webapp.accounts.models import Invitation, Lab, Membership, Person
from webapp.accounts.services.labs import check_reach
from webapp.accounts.services.links import find_link, make_link
from webapp.accounts.services.people import create_person
from webapp.core.errors import AtelierError, ConflictError, ForbiddenError, GoneError, InvalidError
from webapp.core.log import Deed, note
from webapp.core.permissions import includes

PAGE = "join"


def invite(lab: Lab, person: Person, *, role: str, email: str, days: int, max_uses: int) -> tuple[Invitation, str]:
    """An invitation and its link, which is shown this once; the service sends nothing.

    Raises: ForbiddenError for a role above the person's own; InvalidError for one address and several people.
    """
    check_reach(lab, person, role)
    if email and max_uses > 1:
        message = "An invitation for one e-mail address can be used once; leave the address out for several people."
        raise InvalidError(message, fields={"max_uses": [message]})
    expires_at = timezone.now() + timedelta(days=days)
    values = {"lab": lab, "role": role, "email": email.strip().lower(), "max_uses": max_uses, "made_by": person}
    with transaction.atomic():
        note(lab.pk, person, Deed.PERSON_INVITED, values["email"] or f"up to {max_uses}, by link", f"as {role}")
        return make_link(Invitation, PAGE, expires_at, **values)


@transaction.atomic
def revoke_invitation(invitation: Invitation, actor: Person) -> None:
    """From now on the link opens nothing; who joined by it stays. A second call changes nothing."""
    if Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now()):
        for_whom = invitation.email or f"up to {invitation.max_uses}, by link"
        note(invitation.lab_id, actor, Deed.INVITATION_REVOKED, for_whom, f"as {invitation.role}")


def look_at_invitation(key: str) -> Invitation:
    """The invitation, as long as somebody can still join by it.

    Raises: NotFoundError, GoneError.
    """
    invitation = find_link(Invitation, key, "lab", "made_by")
    if invitation.times_used >= invitation.max_uses:
        raise GoneError("This invitation was used already. Ask for a new one.", code="link_used")
    _check_giver(invitation)
    return invitation


def join(key: str, person: Person) -> Membership:
    """Put the person into the lab; somebody who is in it already only ever rises.

    Raises: NotFoundError, GoneError, ForbiddenError for somebody else's invitation, ConflictError without a gain.
    """
    with transaction.atomic():
        invitation = look_at_invitation(key)
        _check_address(invitation, person.email)
        member = Membership.objects.filter(lab=invitation.lab_id, person=person).first()
        if member is not None and includes(member.role, invitation.role):
            raise ConflictError(f"You are in {invitation.lab.name} already, as {member.role}.", code="already_member")
        _use(invitation)
        member = member or Membership(lab=invitation.lab, person=person)
        member.role = invitation.role
        member.save()
        giver = invitation.made_by
        invited = f", invited by {giver.name}" if giver else ""
        note(invitation.lab_id, person, Deed.PERSON_JOINED, person, f"as {member.role}{invited}")
    return member


def register(key: str, *, name: str, email: str, password: str) -> Person:
    """Make an account and join with it.

    Raises: NotFoundError, GoneError, ForbiddenError, InvalidError, ConflictError for an address with an account.
    """
    with transaction.atomic():
        invitation = look_at_invitation(key)
        _check_address(invitation, email)
        if Person.objects.filter(email=email.strip().lower()).exists():
            message = "There is an account with this address; log in with it, then join."
            raise ConflictError(message, code="account_exists", fields={"email": [message]})
        person = create_person(name, email, password)
        join(key, person)
    return person


def _use(invitation: Invitation) -> None:
    """Count one more; of two people at once with the last place, one gets it.

    Raises: GoneError.
    """
    left = Invitation.objects.filter(pk=invitation.pk, revoked_at=None, times_used__lt=F("max_uses"))
    if not left.update(times_used=F("times_used") + 1):
        raise GoneError("This invitation was used already. Ask for a new one.", code="link_used")


def _check_giver(invitation: Invitation) -> None:
    """Whoever invited must still be able to: an invitation does not outlive the rights of its giver."""
    giver = invitation.made_by
    try:
        if giver is not None and giver.is_active:
            check_reach(invitation.lab, giver, invitation.role)
            return
    except AtelierError:
        pass
    raise GoneError("Whoever made this invitation may not invite any more. Ask for a new one.", code="link_revoked")


def _check_address(invitation: Invitation, email: str) -> None:
    if invitation.email and invitation.email != email.strip().lower():
        raise ForbiddenError(
            f"This invitation is for {invitation.email}; use that address, or ask for an invitation of your own.",
            code="invitation_for_another",
        )
