"""Who may do what: the ladder of roles in a lab, the two questions every view asks, and what a token may.

An object of a lab the person is not in does not exist for them (404); in their own lab a role too low is refused (403).
A token reads what its person may read, in the one lab it is bound to where it is bound; anything else needs a scope.
Only the names of relations are known here: every lab-owned model reaches its lab by a path such as `dataset__lab`, and
a lab has `memberships` with `person` and `role`.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet, TextChoices
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request

from webapp.core.errors import ForbiddenError, NotFoundError
from webapp.core.models import Removable

if TYPE_CHECKING:  # importing it would load the authentication classes, and with them the apps above this one
    from rest_framework.views import APIView

ROLES = ("viewer", "reviewer", "researcher", "admin", "owner")
"""Each includes the ones before it."""

M = TypeVar("M", bound=Model)


class HasKey(Protocol):
    """A person, known here only by the primary key."""

    @property
    def pk(self) -> Any: ...


class HasMemberships(Protocol):
    """A lab, known here only by its memberships."""

    pk: Any
    memberships: Any


def includes(role: str | None, wanted: str) -> bool:
    """Whether `role` is `wanted` or above it; None (not a member) includes nothing."""
    return role is not None and ROLES.index(role) >= ROLES.index(wanted)


def role_in(lab: HasMemberships, person: HasKey) -> str | None:
    """The person's role in the lab, None when not a member."""
    if (only := _only_lab(person)) is not None and lab.pk != only:
        return None
    role: str | None = lab.memberships.filter(person_id=person.pk).values_list("role", flat=True).first()
    return role


def require_role(person: HasKey, lab: HasMemberships, role: str) -> None:
    """Raises: NotFoundError for somebody who is not in the lab, ForbiddenError for a role below `role`."""
    _check(role_in(lab, person), role)


def visible(rows: "QuerySet[M]", person: HasKey | AnonymousUser, lab_path: str = "lab") -> "QuerySet[M]":
    """The rows of the labs that the person is in; of one, while a token of that lab speaks for them; none that is
    deleted, or hangs on something that is.
    """
    if not person.pk:
        return rows.none()
    if (only := _only_lab(person)) is not None:
        rows = rows.filter(**{lab_path or "pk": only})
    return rows.filter(_not_deleted(rows.model, lab_path), **{f"{_step(lab_path)}memberships__person": person.pk})


@lru_cache(maxsize=128)
def _not_deleted(model: type[Model], lab_path: str) -> Q:
    paths = [lab_path, *getattr(model, "HANGS_ON", {}).values()]
    return Q(*{(f"{mark}__isnull", True) for path in paths for mark in marks_on(model, path)})


@lru_cache(maxsize=256)
def marks_on(model: type[Model], path: str) -> tuple[str, ...]:
    """Paths to the `deleted_at` of the model itself and of everything on the way that `path` goes."""
    found, at, prefix = [], model, ""
    for step in ("", *filter(None, path.split("__"))):
        if step:
            at, prefix = at._meta.get_field(step).related_model, f"{prefix}{step}__"  # type: ignore[assignment]
        if issubclass(at, Removable):
            found.append(f"{prefix}deleted_at")
    return tuple(found)


def find(
    rows: "QuerySet[M]", person: HasKey | AnonymousUser, role: str = "viewer", lab_path: str = "lab", **lookup: Any
) -> M:
    """The one row that `lookup` names, when the person has `role` in its lab.

    Raises: NotFoundError, ForbiddenError.
    """
    # the annotation reuses the join of the filter, so it is this person's role and nobody else's
    own = visible(rows, person, lab_path).annotate(person_role=F(f"{_step(lab_path)}memberships__role"))
    try:
        # not `first`: sorting the one row would make the database's answer no other, and writing the query dearer
        row = next(iter(own.filter(**lookup).order_by()[:1]), None)
    except (ValueError, ValidationError):
        row = None
    if row is None:
        raise NotFoundError
    _check(row.person_role, role)  # type: ignore[attr-defined]
    return row


def _only_lab(person: HasKey | AnonymousUser) -> Any:
    """The lab that a token binds its person to, or None."""
    return getattr(person, "only_lab", None)


def _step(lab_path: str) -> str:
    """What leads from a row to its lab, "" when the row is the lab."""
    return f"{lab_path}__" if lab_path else ""


def _check(actual: str | None, wanted: str) -> None:
    if actual is None:
        raise NotFoundError
    if not includes(actual, wanted):
        raise ForbiddenError(
            f"This needs the role {wanted} in the lab; yours is {actual}. Ask an owner or admin of the lab for it."
        )


# --- tokens -----------------------------------------------------------------------------------------------------
class Scope(TextChoices):
    """What a token may do besides reading. Making tokens, passwords and people need a login in the browser."""

    REVIEW = "review", "Give and take back verdicts"
    UPLOAD = "upload", "Upload, make, change and delete datasets"
    RUN = "run", "Save recipes, start and steer runs and studies, select again"
    EXPORT = "export", "Build and delete exports, download them and original images"


SCOPE_OF_APP: Final = {
    "datasets": Scope.UPLOAD,
    "recipes": Scope.RUN,
    "runs": Scope.RUN,
    "gallery": Scope.REVIEW,
    "studies": Scope.RUN,
    "exports": Scope.EXPORT,
}
"""What changing something of an app needs. A view that needs another scope says so in `token_scopes`."""


def scope_of(view: type, method: str) -> str | None:
    """The scope that a token needs for this method of a view; None: every token may, "": none does."""
    method = "GET" if method in SAFE_METHODS else method
    own: dict[str, str] = getattr(view, "token_scopes", {})
    if method in own or method == "GET":
        return own.get(method)
    return SCOPE_OF_APP.get(view.__module__.split(".")[1], "")


def require_scope(token: Any, scope: str | None) -> None:
    """Raises: ForbiddenError for a token without this scope; a session (None) has them all."""
    if token is None or scope is None or scope in token.scopes:
        return
    needed = f"it needs the scope {scope}; make one with it" if scope else "no token may; log in"
    raise ForbiddenError(f"This token may not do this: {needed} in the browser.", code="token_scope")


class TokenHasScope(BasePermission):
    """A token does only what it was made for."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        require_scope(request.auth, scope_of(type(view), request.method or "GET"))
        return True


class NotByToken(BasePermission):
    """What only a person at a browser may do: make tokens, change a password."""

    message = "This needs a login in the browser; a token is not enough."
    code = "login_needed"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.auth is None


class IsServerStaff(BasePermission):
    """Who runs the server; in a lab they are only what they are there."""

    message = "This is for the staff of this server."
    code = "staff_needed"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return bool(getattr(request.user, "is_staff", False))


BROWSER_ONLY: Final = [IsAuthenticated, NotByToken]
"""The permissions of views for a person at a browser."""
STAFF_ONLY: Final = [*BROWSER_ONLY, IsServerStaff]
