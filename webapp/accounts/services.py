"""Setting up the service, people, labs and tokens: each change in one place."""

import hashlib
import hmac
import secrets
import string
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import ApiToken, Lab, Membership, Person, Role
from webapp.accounts.selectors import setup_code_needed, setup_needed
from webapp.core.errors import ConflictError, ForbiddenError, InvalidError, TooManyError
from webapp.core.models import Leadership

TOKEN_PREFIX: Final = "atl"  # noqa: S105 - no secret
ALPHABET: Final = string.ascii_letters + string.digits
KEY_ID_SIGNS: Final = 8
SECRET_SIGNS: Final = 43
"""43 signs of 62 are 256 bits: too many to guess, so that a fast hash guards them."""
MAX_TOKENS: Final = 50
LAST_USED_EVERY: Final = timedelta(hours=1)


# --- the first visitor ------------------------------------------------------------------------------------------
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


# --- people and labs --------------------------------------------------------------------------------------------
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


# --- tokens -----------------------------------------------------------------------------------------------------
def create_token(person: Person, name: str, *, can_write: bool, days: int) -> tuple[ApiToken, str]:
    """A token and its full text, which is shown this once and stored nowhere.

    Raises: TooManyError.
    """
    if person.api_tokens.filter(revoked_at__isnull=True, expires_at__gt=timezone.now()).count() >= MAX_TOKENS:
        raise TooManyError(f"You have {MAX_TOKENS} tokens; revoke one that is not used any more.")
    key_id, secret = _random(KEY_ID_SIGNS), _random(SECRET_SIGNS)
    token = ApiToken.objects.create(
        person=person,
        name=name.strip(),
        key_id=key_id,
        secret_hash=hash_secret(secret),
        can_write=can_write,
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token, f"{TOKEN_PREFIX}_{key_id}_{secret}"


def revoke_token(token: ApiToken) -> None:
    """From now on the token opens nothing; a second call changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())


def verify_token(text: str) -> ApiToken | None:
    """The token that this text is, when it still opens something; it is compared in constant time."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != TOKEN_PREFIX or len(key_id) != KEY_ID_SIGNS or not key_id.isascii() or len(secret) > 200:
        return None
    token = ApiToken.objects.select_related("person").filter(key_id=key_id).first()
    same = hmac.compare_digest(hash_secret(secret), token.secret_hash if token else "0" * 64)
    if token is None or not same or token.revoked_at or token.expires_at <= timezone.now():
        return None
    return token if token.person.is_active else None


def note_use(token: ApiToken) -> None:
    """Write down that the token was used, at most once an hour: reading must not cost a write."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def hash_secret(secret: str) -> str:
    """sha256 in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
