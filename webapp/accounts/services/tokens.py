"""API tokens: made, revoked, recognised."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import ApiToken, Lab, Person
from webapp.accounts.services.keys import is_secret, new_key, read_key
from webapp.core.errors import TooManyError
from webapp.core.log import Deed, note
from webapp.core.permissions import Scope

PREFIX: Final = "atl"
MAX_TOKENS: Final = 50
LAST_USED_EVERY: Final = timedelta(hours=1)


def create_token(
    person: Person, name: str, *, scopes: Iterable[str] = Scope.values, days: int, lab: Lab | None = None
) -> tuple[ApiToken, str]:
    """A token and its full text, which is shown this once and stored nowhere. With a lab it is good there only.

    Raises: TooManyError.
    """
    if person.api_tokens.filter(revoked_at__isnull=True, expires_at__gt=timezone.now()).count() >= MAX_TOKENS:
        raise TooManyError(f"You have {MAX_TOKENS} tokens; revoke one that is not used any more.")
    key = new_key()
    asked = set(scopes)
    with transaction.atomic():
        token = ApiToken.objects.create(
            person=person,
            lab=lab,
            name=name.strip(),
            key_id=key.key_id,
            secret_hash=key.secret_hash,
            scopes=[scope for scope in Scope.values if scope in asked],
            expires_at=timezone.now() + timedelta(days=days),
        )
        _note(token, person, Deed.TOKEN_MADE, f"may {', '.join(['read', *token.scopes])}")
    return token, f"{PREFIX}_{key.text}"


@transaction.atomic
def revoke_token(token: ApiToken, actor: Person) -> None:
    """From now on the token opens nothing; a second call changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        _note(token, actor, Deed.TOKEN_REVOKED, "" if actor.pk == token.person_id else f"of {token.person.name}")


def _note(token: ApiToken, actor: Person, deed: Deed, detail: str) -> None:
    """In the token's lab; one that is good for every lab of its person is noted in each, without its name."""
    if token.lab_id is not None:
        note(token.lab_id, actor, deed, token.name, detail)
        return
    for lab_id in token.person.memberships.values_list("lab", flat=True):
        note(lab_id, actor, deed, "a token for every lab", detail)


def verify_token(text: str) -> ApiToken | None:
    """The token that this text is, when it still opens something. Its person is seen in the token's lab only."""
    prefix, _, rest = text.partition("_")
    key = read_key(rest) if prefix == PREFIX else None
    if key is None:
        return None
    token = next(iter(ApiToken.objects.select_related("person").filter(key_id=key[0])), None)
    same = is_secret(key[1], token.secret_hash if token else None)
    if token is None or not same or token.revoked_at or token.expires_at <= timezone.now():
        return None
    token.person.only_lab, token.person.token_name = token.lab_id, token.name
    return token if token.person.is_active else None


def note_use(token: ApiToken) -> None:
    """Write down that the token was used, at most once an hour: reading must not cost a write."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
