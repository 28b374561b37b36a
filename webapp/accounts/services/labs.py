"""Labs, and who is in them with which role. Nobody reaches above their own role, and no lab loses its last owner."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from webapp.accounts.models import Lab, Membership, Person, Role
from webapp.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from webapp.core.log import Deed, note
from webapp.core.permissions import includes, require_role, role_in


def create_lab(person: Person, name: str) -> Lab:
    """A lab that the person owns.

    Raises: ConflictError for a name that another lab has.
    """
    with transaction.atomic():
        lab = _named(Lab(), name)
        Membership.objects.create(lab=lab, person=person, role=Role.OWNER)
        note(lab.pk, person, Deed.LAB_MADE, lab)
    return lab


@transaction.atomic
def change_lab(lab: Lab, actor: Person, changes: Mapping[str, Any]) -> Lab:
    """What `changes` holds of `name` and `max_memorised_share`; the rest stays.

    Raises: ConflictError for a name that another lab has.
    """
    if "name" in changes:
        rename_lab(lab, actor, changes["name"])
    if "max_memorised_share" in changes:
        set_memorised_share(lab, actor, changes["max_memorised_share"])
    return lab


@transaction.atomic
def set_memorised_share(lab: Lab, actor: Person, share: float | None) -> None:
    """share: 0 to 1, of an export's synthetic images; None lets every export out. Exports that are ready stay."""
    lab.max_memorised_share = share
    lab.save(update_fields=["max_memorised_share"])
    note(
        lab.pk,
        actor,
        Deed.MEMORISED_SHARE_CHANGED,
        lab,
        "now no limit" if share is None else f"now {100 * share:.4g} %",
    )


@transaction.atomic
def rename_lab(lab: Lab, actor: Person, name: str) -> Lab:
    """Raises: ConflictError for a name that another lab has."""
    before = lab.name
    _named(lab, name)
    note(lab.pk, actor, Deed.LAB_RENAMED, before, f"now {lab.name}")
    return lab


def change_role(lab: Lab, actor: Person, person_id: UUID, role: str) -> Membership:
    """Give a member another role.

    Raises: NotFoundError, ForbiddenError above the actor's own role, ConflictError for the last owner.
    """
    with transaction.atomic():
        member = _lock(lab, person_id)
        check_reach(lab, actor, member.role)
        check_reach(lab, actor, role)
        if role != Role.OWNER:
            _check_owner_stays(member)
        note(lab.pk, actor, Deed.ROLE_CHANGED, member.person, f"from {member.role} to {role}")
        member.role = role
        member.save(update_fields=["role"])
    return member


def remove_member(lab: Lab, actor: Person, person_id: UUID) -> None:
    """Take somebody out of the lab; one may always leave by oneself. What they made stays.

    Raises: NotFoundError, ForbiddenError for a member above the actor's own role, ConflictError for the last owner.
    """
    with transaction.atomic():
        member = _lock(lab, person_id)
        if member.person_id != actor.pk:
            check_reach(lab, actor, member.role)
        _check_owner_stays(member)
        member.delete()
        note(lab.pk, actor, Deed.PERSON_REMOVED, member.person, f"was {member.role}")


@transaction.atomic
def name_owner(lab: Lab, person: Person) -> Membership:
    """At the server's command line: put the person into the lab as an owner, whatever they were there before."""
    member, _ = Membership.objects.update_or_create(lab=lab, person=person, defaults={"role": Role.OWNER})
    note(lab.pk, None, Deed.ROLE_CHANGED, person, f"to {Role.OWNER}")
    return member


def check_reach(lab: Lab, actor: Person, role: str) -> None:
    """Raises: NotFoundError, ForbiddenError unless the actor is admin and `role` not above their own."""
    require_role(actor, lab, Role.ADMIN)
    own = role_in(lab, actor)
    if not includes(own, role):
        raise ForbiddenError(f"The role {role} is above yours, {own}; an owner of the lab can do this.")


def _named(lab: Lab, name: str) -> Lab:
    lab.name = " ".join(name.split())
    if not lab.name:
        raise InvalidError("The name is empty.", fields={"name": ["Give the lab a name."]})
    if Lab.objects.filter(name__iexact=lab.name).exclude(pk=lab.pk).exists():
        raise _name_taken(lab.name)
    try:
        with transaction.atomic():
            lab.save()
    except IntegrityError:
        raise _name_taken(lab.name) from None
    return lab


def _name_taken(name: str) -> ConflictError:
    message = f"There is a lab called {name!r} already; choose another name."
    return ConflictError(message, code="name_taken", fields={"name": [message]})


def _lock(lab: Lab, person_id: UUID) -> Membership:
    """The membership, with the lab locked, so that of two owners who leave at once the second stays.

    Raises: NotFoundError.
    """
    Lab.objects.select_for_update().get(pk=lab.pk)
    member = Membership.objects.select_related("person").filter(lab=lab, person_id=person_id).first()
    if member is None:
        raise NotFoundError
    return member


def _check_owner_stays(member: Membership) -> None:
    if member.role != Role.OWNER:
        return
    others = Membership.objects.filter(lab=member.lab_id, role=Role.OWNER, person__is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise ConflictError("The last owner of a lab stays; make somebody else an owner first.", code="last_owner")
