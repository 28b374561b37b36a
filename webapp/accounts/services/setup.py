"""The first visitor: server staff, and owner of the first lab."""

import hmac

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import Lab, Person, Role
from webapp.accounts.selectors import setup_code_needed, setup_needed
from webapp.accounts.services.people import add_member, create_person
from webapp.core.errors import ConflictError, ForbiddenError
from webapp.core.models import Leadership


def check_setup_code(given: str) -> None:
    """Raises: ForbiddenError when the first visitor must prove to have started the service and does not."""
    if not setup_code_needed():
        return
    if not settings.SETUP_CODE:
        raise ForbiddenError(
            "This service can be reached from the network and has no setup code; start it with SETUP_CODE set.",
            code="setup_code_missing",
        )
    if not hmac.compare_digest(given.strip().encode(), settings.SETUP_CODE.encode()):
        raise ForbiddenError(
            "The setup code is wrong; it was printed where the service was started.",
            code="setup_code_wrong",
            fields={"setup_code": ["This is not the code that was printed at the start."]},
        )


def set_up(name: str, email: str, password: str, lab_name: str) -> Person:
    """Make the first person: staff, and owner of the first lab, which is the demo lab where that exists.

    Raises: ConflictError when somebody was first; InvalidError for a weak password.
    """
    with transaction.atomic():
        # One row that everybody locks, so that of two visitors at once the second finds the first one's person.
        Leadership.objects.get_or_create(duty="setup", defaults={"holder": "", "expires_at": timezone.now()})
        Leadership.objects.select_for_update().get(duty="setup")
        if not setup_needed():
            raise ConflictError("The service is set up already; log in.", code="already_set_up")
        person = create_person(name, email, password, is_staff=True)
        lab = Lab.objects.order_by("created_at").first()
        if lab is None:
            lab = Lab.objects.create(name=lab_name.strip() or "Our lab")
        elif lab_name.strip():
            lab.name = lab_name.strip()
            lab.save(update_fields=["name"])
        add_member(lab, person, Role.OWNER)
    return person
