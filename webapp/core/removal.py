"""Deleting: a mark on one row hides it and all that hangs on it, at every address, in one transaction.

`webapp.core.permissions` asks after these marks for every row that anybody reads, so that no list, detail, picture or
socket can forget it. What hangs on what stands at the models (`HANGS_ON`) and nowhere else. Work beneath is asked to
end; rows and files are swept by `webapp.upkeep`, which waits for whoever still holds a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q, QuerySet, Sum
from django.db.models.functions import Now

from webapp.core.errors import ConflictError
from webapp.core.leases import Leased
from webapp.core.log import HasName, note_life
from webapp.core.models import Removable
from webapp.core.permissions import HasKey, HasMemberships, marks_on, require_role


@dataclass(frozen=True)
class Part:
    """So many rows of one kind."""

    noun: str
    count: int


@dataclass(frozen=True)
class Deletion:
    """What goes with a row: everything of it, what others made of it, and the bytes that become free at most."""

    parts: list[Part]
    dependents: list[Part]
    size_bytes: int
    made_by_others: bool


def beneath(row: Removable) -> "Iterator[QuerySet[Any]]":
    """The rows of each kind that hang on this one, or on what is marked with it, and are not deleted themselves."""
    yield from _hanging(type(row), [row.pk])
    for rows in _marked_with(row):
        yield from _hanging(rows.model, list(rows.values_list("pk", flat=True)))


def _hanging(above: type[Model], keys: list[Any]) -> "Iterator[QuerySet[Any]]":
    for model in apps.get_models():
        path = getattr(model, "HANGS_ON", {}).get(_name(above))
        if path is not None:
            yield model._default_manager.filter(alive(model), **{f"{path}__in": keys})


def _marked_with(row: Removable) -> "Iterator[QuerySet[Any]]":
    for model in apps.get_models():
        if issubclass(model, Removable) and _name(type(row)) == model.MARKED_WITH:
            path = model.HANGS_ON[model.MARKED_WITH]
            yield model._default_manager.filter(alive(model), **{path: row.pk})


def what_goes(row: Removable, person: HasKey) -> Deletion:
    """What a person is shown before they delete."""
    parts, dependents, size, others = [], [], _own_bytes(row), _is_others(row, person)
    for rows in beneath(row):
        count = rows.count()
        if not count:
            continue
        parts.append(Part(_noun(rows.model, count), count))
        if issubclass(rows.model, Removable):
            if _name(type(row)) != rows.model.GOES_WITH:
                dependents.append(parts[-1])
            if _has(rows.model, "size_bytes"):
                size += rows.aggregate(sum=Sum("size_bytes"))["sum"] or 0
            if _has(rows.model, "created_by"):
                others = others or rows.exclude(created_by=person.pk).exists()
    return Deletion(parts, dependents, size, others)


def delete(row: Removable, person: HasName, lab: HasMemberships, *, with_dependents: bool = False) -> None:
    """Hide the row with all that hangs on it, and ask work on any of it to end.

    Researchers delete what they made themselves; what others made needs an admin.
    Raises: ForbiddenError; ConflictError, naming them, while others depend on it and nobody said that they go too.
    """
    found = what_goes(row, person)
    if found.dependents and not with_dependents:
        listed = " and ".join(f"{part.count} {part.noun}" for part in found.dependents)
        raise ConflictError(
            f"{listed} depend on it. Delete them first, or say that they go too (with_dependents).",
            code=f"{_noun(type(row), 1)}_in_use",
        )
    if found.made_by_others:
        require_role(person, lab, "admin")
    with transaction.atomic():
        gone = ", ".join(f"{part.count} {part.noun}" for part in found.dependents)
        note_life(lab.pk, person, row, "deleted", f"with {gone}" if gone else "")
        mark(row)


@transaction.atomic
def mark(row: Removable) -> None:
    """From now on the row, and all that hangs on it, is there for nobody; work on any of it is asked to end."""
    for rows in _marked_with(row):
        for one in rows:
            mark(one)
    type(row)._default_manager.filter(pk=row.pk, deleted_at__isnull=True).update(deleted_at=Now())
    for rows in (type(row)._default_manager.filter(pk=row.pk), *_leased_beneath(row)):
        if issubclass(rows.model, Leased):
            model = rows.model
            rows.filter(state__in=(*model.CLAIMABLE, *model.ACTIVE)).update(cancel_requested=True)


@transaction.atomic
def set_archived(row: Removable, archived: bool, person: HasName, lab_id: Any) -> None:
    """Lists leave it out, or show it again; everything else stays as it is."""
    rows = type(row)._default_manager.filter(pk=row.pk, archived_at__isnull=archived)
    if rows.update(archived_at=Now() if archived else None):
        note_life(lab_id, person, row, "archived" if archived else "brought_back")


@transaction.atomic
def rename(row: Removable, name: str, person: HasName, lab_id: Any) -> None:
    """Another name for a thing; `row` keeps the one it had."""
    rows: QuerySet[Any] = type(row)._default_manager.filter(pk=row.pk)
    if rows.exclude(name=name).update(name=name):
        note_life(lab_id, person, row, "renamed", f"now {name}" if name else "now without a name of its own")


# --- what is deleted --------------------------------------------------------------------------------------------
def alive(model: type[Model]) -> Q:
    """Rows that are not deleted, nor anything that they hang on."""
    return Q(*((f"{path}__isnull", True) for path in _marks(model)))


def dead(model: type[Model]) -> Q:
    """Rows that are deleted, or that hang on something that is."""
    return Q(*((f"{path}__isnull", False) for path in _marks(model)), _connector=Q.OR)


def _leased_beneath(row: Removable) -> "Iterator[QuerySet[Any]]":
    """As the mark has been made by now, the rows beneath are not alive any more."""
    name = _name(type(row))
    for model in apps.get_models():
        if issubclass(model, Leased) and name in getattr(model, "HANGS_ON", {}):
            yield model._default_manager.filter(**{model.HANGS_ON[name]: row.pk})  # type: ignore[attr-defined]


@lru_cache(maxsize=64)
def _marks(model: type[Model]) -> tuple[str, ...]:
    """Paths to every `deleted_at` that hides the model's rows."""
    paths = {"deleted_at"} if issubclass(model, Removable) else set()
    for path in getattr(model, "HANGS_ON", {}).values():
        paths |= set(marks_on(model, path))
    return tuple(sorted(paths))


def _name(model: type[Model]) -> str:
    return str(model._meta.model_name)


def _noun(model: type[Model], count: int) -> str:
    return str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural)


def _has(model: type[Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)


def _own_bytes(row: Removable) -> int:
    return getattr(row, "size_bytes", 0) or 0


def _is_others(row: Removable, person: HasKey) -> bool:
    return hasattr(row, "created_by_id") and row.created_by_id != person.pk
