"""Reading a query string: each parameter is what it must be, or the answer says which one is not."""

import uuid
from collections.abc import Sequence

from rest_framework.request import Request

from webapp.core.errors import InvalidError


def read_uuid(request: Request, name: str) -> uuid.UUID | None:
    """An id, None when it is not there.

    Raises: InvalidError.
    """
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidError(f"{name} must be an id.", fields={name: ["This is not an id."]}) from None


def read_choice(request: Request, name: str, choices: Sequence[str]) -> str:
    """One of the choices, "" when it is not there.

    Raises: InvalidError.
    """
    text = request.query_params.get(name, "")
    if text and text not in choices:
        message = f"Choose one of: {', '.join(choices)}."
        raise InvalidError(f"{name} is {text[:40]!r}. {message}", fields={name: [message]})
    return text


def read_text(request: Request, name: str, max_signs: int = 255) -> str:
    """A text that a column could hold, "" when it is not there.

    Raises: InvalidError.
    """
    text = request.query_params.get(name, "")
    if len(text) > max_signs or "\0" in text:
        message = f"Give a text of at most {max_signs} signs."
        raise InvalidError(f"{name}: {message}", fields={name: [message]})
    return text
