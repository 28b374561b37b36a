"""Setting a lab's webhook, and trying it."""

import secrets
from typing import Final

from django.db import transaction

from webapp.accounts.models import Lab, Person
from webapp.core.errors import ConflictError, InvalidError
from webapp.core.log import Deed, note
from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.services.addresses import RefusedError, read_target
from webapp.webhooks.services.deliveries import TEST_EVENT, announce

SECRET_BYTES: Final = 32


@transaction.atomic
def set_webhook(lab: Lab, person: Person, url: str) -> tuple[Webhook, str | None]:
    """From now on the lab's news go to `url`, those that wait, too. With a first address comes a secret, told once.

    Raises: InvalidError.
    """
    try:
        host = read_target(url).host
    except RefusedError as error:
        raise InvalidError("News cannot be sent there.", fields={"url": [str(error)]}) from error
    secret = _new_secret()
    webhook, is_new = Webhook.objects.update_or_create(
        lab=lab,
        defaults={"url": url, "set_by": person},
        create_defaults={"url": url, "set_by": person, "secret": secret},
    )
    note(lab.pk, person, Deed.WEBHOOK_SET, host)  # the rest of an address is often what lets one in
    return webhook, secret if is_new else None


@transaction.atomic
def remove_webhook(lab: Lab, person: Person) -> None:
    """Nothing is sent any more; what was sent is forgotten. Asking twice is asking once."""
    if Webhook.objects.filter(lab=lab).delete()[0]:
        note(lab.pk, person, Deed.WEBHOOK_REMOVED, lab)


@transaction.atomic
def change_secret(lab: Lab, person: Person) -> str:
    """Another secret for all that is sent from now on; told once. Raises: ConflictError."""
    secret = _new_secret()
    if not Webhook.objects.filter(lab=lab).update(secret=secret):
        raise _no_webhook()
    note(lab.pk, person, Deed.WEBHOOK_SECRET_CHANGED, lab)
    return secret


@transaction.atomic
def send_test(lab: Lab, person: Person) -> Delivery:
    """News that say nothing. Raises: ConflictError where there is no webhook, or a test is still on its way."""
    webhook = Webhook.objects.select_for_update().filter(lab=lab).first()
    if webhook is None:
        raise _no_webhook()
    if webhook.deliveries.filter(event=TEST_EVENT, state=Delivery.State.WAITING).exists():
        raise ConflictError("A test is still on its way; see below what becomes of it.")
    delivery = announce(lab.pk, TEST_EVENT, f"asked for by {person.name}", {"person": {"name": person.name}})
    if delivery is None:  # removed meanwhile, where rows cannot be locked
        raise _no_webhook()
    return delivery


def _no_webhook() -> ConflictError:
    return ConflictError("The lab has no webhook; set its address first.")


def _new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)
