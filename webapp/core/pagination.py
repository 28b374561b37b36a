"""Pages by key, never by offset and never with a COUNT: the last row's values say where the next page starts.

A cursor is signed for one path, one set of filters and one order, so that a cursor that was altered or taken from
another list is refused with 400.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, Q
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.core.errors import InvalidError

M = TypeVar("M", bound=Model)
C = TypeVar("C", bound=Model, covariant=True)
DEFAULT_LIMIT = 50
MAX_LIMIT = 500
PAGING = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
    OpenApiParameter("limit", int, description=f"Rows per page, 1 to {MAX_LIMIT}."),
]
"""Query parameters of every paged list, for the OpenAPI document."""


class Rows(Protocol[C]):
    """What can be ordered, filtered and cut: a QuerySet, or several as one."""

    def order_by(self, *fields: str) -> Self: ...

    def filter(self, *conditions: Any, **values: Any) -> Self: ...

    def __getitem__(self, part: slice, /) -> Iterable[C]: ...


def paginate(
    request: Request,
    rows: Rows[M],
    order: Sequence[str],
    render: Callable[[list[M]], Any],
    default_limit: int = DEFAULT_LIMIT,
    begin: Any = None,
) -> Response:
    """One page: {"results", "next", "previous"}, the last two URL paths or null.

    order: field names, `-` for descending; never null, and together unique. render: rows -> JSON values.
    begin: without a cursor, the value of the first field where the page begins.
    Query parameters: `cursor`, `limit` (1..500).
    """
    limit = _limit(request, default_limit)
    backwards, position = _read_cursor(request, order)
    effective = [_flip(field) for field in order] if backwards else list(order)
    page = rows.order_by(*effective)
    if position is not None:
        page = page.filter(after(effective, position))
    elif begin is not None:
        page = page.filter(**{f"{order[0].removeprefix('-')}__{'lte' if order[0].startswith('-') else 'gte'}": begin})
    found = list(page[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    has_next = bool(found) and (more or backwards)
    has_previous = bool(found) and (more if backwards else position is not None or begin is not None)
    return Response(
        {
            "results": render(found),
            "next": _link(request, order, False, found[-1]) if has_next else None,
            "previous": _link(request, order, True, found[0]) if has_previous else None,
        }
    )


def after(order: Sequence[str], position: Sequence[Any]) -> Q:
    """The rows that come after `position` in `order`.

    (a, b) > (x, y) is written as a >= x and (a > x or (a = x and b > y)): the first term lets both databases use an
    index on (a, b), which they do not for the `or` alone.
    """
    names = [field.removeprefix("-") for field in order]
    signs = ["lt" if field.startswith("-") else "gt" for field in order]
    condition = Q()
    for depth in range(len(names)):
        equal = Q(**{names[i]: position[i] for i in range(depth)})
        condition |= equal & Q(**{f"{names[depth]}__{signs[depth]}": position[depth]})
    return Q(**{f"{names[0]}__{signs[0]}e": position[0]}) & condition


def page_of(item: type[serializers.BaseSerializer[Any]], name: str) -> type[serializers.Serializer[Any]]:
    """The serializer of a page of `item`, for the OpenAPI document; `name` becomes the component's name."""
    members = {
        "results": item(many=True),
        "next": serializers.CharField(allow_null=True, help_text="Path of the next page, or null."),
        "previous": serializers.CharField(allow_null=True, help_text="Path of the page before, or null."),
        "__module__": __name__,
        "__doc__": "One page of a list.",
    }
    return type(name, (serializers.Serializer,), members)


def _limit(request: Request, default: int) -> int:
    text = request.query_params.get("limit", str(default))
    try:
        return min(max(int(text[:20]), 1), MAX_LIMIT)
    except ValueError:
        raise InvalidError(
            f"limit: found {text[:20]!r}, expected a number from 1 to {MAX_LIMIT}.",
            fields={"limit": ["Give a whole number."]},
        ) from None


def _flip(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _salt(request: Request, order: Sequence[str]) -> str:
    filters = sorted((key, value) for key, value in request.query_params.items() if key not in ("cursor", "limit"))
    return f"cursor {request.path} {urlencode(filters)} {' '.join(order)}"


def _read_cursor(request: Request, order: Sequence[str]) -> tuple[bool, list[Any] | None]:
    text = request.query_params.get("cursor")
    if not text:
        return False, None
    try:
        backwards, *position = signing.loads(text, salt=_salt(request, order))
    except (signing.BadSignature, ValueError):
        message = "This cursor does not belong to this list; start again without it."
        raise InvalidError(message, code="bad_cursor", fields={"cursor": [message]}) from None
    return bool(backwards), position


def _link(request: Request, order: Sequence[str], backwards: bool, row: Model) -> str:
    position = [_plain(row, field.removeprefix("-")) for field in order]
    query = request.query_params.copy()
    query["cursor"] = signing.dumps([backwards, *position], salt=_salt(request, order))
    return f"{request.path}?{query.urlencode()}"


def _plain(row: Any, field: str) -> Any:
    """A column's value, also across relations (`version__number`), as JSON can hold it."""
    value = row.__dict__.get(field)
    if value is None:
        value = row
        for part in field.split("__"):
            value = getattr(value, part)
    if isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
