"""Edits: sheets of one real image with every combination of some attributes. A run keeps its newest."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from webapp.accounts.models import Person
from webapp.core import storage
from webapp.core.errors import ConflictError, InvalidError
from webapp.core.queue import call_worker
from webapp.datasets.models import DatasetVersion
from webapp.gallery.events import publish_edit
from webapp.gallery.models import Edit
from webapp.gallery.selectors.edits import Editable, editable, edits_of
from webapp.runs.models import Run

TASK = "edits.make"
KEPT: Final = 50
"""So many edits of a run, the newest, are kept."""
State = Edit.State
REPEATABLE = (State.FAILED, State.CANCELLED)
"""States in which it may be queued again."""


@transaction.atomic
def add_edit(run: Run, person: Person | None, image: int, attributes: Sequence[str] = ()) -> Edit:
    """Queue the sheet of an image, with the first attributes where none are named; the same sheet that is there, or on
    its way, is given back instead.

    Raises: ConflictError where nothing can be edited; InvalidError, each fault at its field.
    """
    able = editable(run)
    if able.refusal:
        raise ConflictError(able.refusal, code=able.code)
    names = _checked(able, attributes)
    _check_image(run.version, image)
    Run.objects.select_for_update(of=("self",)).get(pk=run.pk)  # so that two people at once get one edit
    sha256 = run.artefacts["train"]["sha256"]
    same = run.edits.filter(image=image, attributes=names, checkpoint_sha256=sha256).exclude(state__in=REPEATABLE)
    if (there := same.first()) is not None:
        return there
    edit = Edit.objects.create(run=run, image=image, attributes=names, checkpoint_sha256=sha256, created_by=person)
    forget_old(run)
    publish_edit(edit)
    call_worker(TASK, edit)
    return edit


def _checked(able: Editable, attributes: Sequence[str]) -> list[str]:
    """In the order of the version, each once. Raises: InvalidError."""
    what = "classes" if able.are_classes else "attributes"
    if unknown := [name for name in attributes if name not in able.names]:
        message = f"This version has no {', '.join(unknown)}; choose among: {', '.join(able.names)}."
        raise InvalidError(message, code="unknown_attribute", fields={"attributes": [message]})
    names = [name for name in able.names if name in attributes] or able.names[: able.most]
    if len(names) > able.most:
        message = f"Found {len(names)} {what}, expected at most {able.most} at once; leave some out."
        raise InvalidError(message, code="too_many_attributes", fields={"attributes": [message]})
    return names


def _check_image(version: DatasetVersion, image: int) -> None:
    """Raises: InvalidError for one that the run has not seen."""
    split = version.images.filter(index=image).values_list("split", flat=True).first()
    if split not in ("train", "val"):
        found = "there is no such image" if split is None else "it is of the test split, which is kept for studies"
        message = f"Image {image}: {found}; choose a training or validation image of this version."
        raise InvalidError(message, code="image_not_learnt", fields={"image": [message]})


def forget_old(run: Run) -> None:
    """Remove all but the newest, files and rows; what a worker holds stays."""
    newest = list(edits_of(run).values_list("pk", flat=True)[:KEPT])
    old = run.edits.exclude(pk__in=newest).exclude(state__in=Edit.ACTIVE)
    for edit in old:
        folder = storage.all_attempts("edits", edit.pk)
        edit.delete()
        transaction.on_commit(lambda folder=folder: storage.remove_tree(folder))  # type: ignore[misc]


@transaction.atomic
def cancel_edit(edit: Edit) -> Edit:
    """Give the edit up; a worker that makes it ends within seconds. Asking twice is asking once.

    Raises: ConflictError when it has ended otherwise.
    """
    edit = _locked(edit)
    if edit.state == State.CANCELLED:
        return edit
    if edit.state in Edit.ACTIVE:
        return _update(edit, cancel_requested=True)
    if edit.state not in Edit.CLAIMABLE:
        raise ConflictError(f"An edit that is {edit.state} cannot be cancelled.")
    return _update(edit, state=State.CANCELLED, finished_at=Now(), lease_owner=None, lease_expires_at=None)


@transaction.atomic
def retry_edit(edit: Edit) -> Edit:
    """Queue a failed or cancelled edit again, as it was asked for.

    Raises: ConflictError.
    """
    edit = _locked(edit)
    if edit.state not in REPEATABLE:
        raise ConflictError(f"Only an edit that failed or was cancelled can be made again; this one is {edit.state}.")
    ended = {"finished_at": None, "rung_at": None, "error_code": "", "error_message": ""}
    edit = _update(edit, state=State.QUEUED, attempts=0, cancel_requested=False, **ended)
    call_worker(TASK, edit)
    return edit


def _locked(edit: Edit) -> Edit:
    """As it is now, and nobody else changes it before this transaction ends."""
    return Edit.objects.select_for_update(of=("self",)).get(pk=edit.pk)


def _update(edit: Edit, **values: Any) -> Edit:
    Edit.objects.filter(pk=edit.pk).update(**values)
    edit.refresh_from_db()
    publish_edit(edit)
    return edit


# --- what a worker writes while it holds an edit ----------------------------------------------------------------
def begin_edit(edit: Edit) -> None:
    """Tell that a worker took it."""
    edit.write(error_code="", error_message="")
    edit.refresh_from_db()
    publish_edit(edit)


def finish_edit(edit: Edit, path: str, size_bytes: int, sheet: dict[str, Any]) -> None:
    """The sheet is there."""
    told = {"path": path, "size_bytes": size_bytes, "sheet": sheet, "error_code": "", "error_message": ""}
    edit.release(State.FINISHED, Q(state__in=Edit.ACTIVE), finished_at=Now(), **told)
    edit.refresh_from_db()
    publish_edit(edit)


def fail_edit(edit: Edit, code: str, sentence: str) -> None:
    """It cannot be made, and `sentence` says why."""
    edit.fail(code, sentence)
    publish_edit(edit)


def cancelled_edit(edit: Edit) -> None:
    """Its process was killed because people asked for it."""
    edit.release(State.CANCELLED, Q(state__in=Edit.ACTIVE), finished_at=Now())
    edit.refresh_from_db()
    storage.remove_tree(storage.all_attempts("edits", edit.pk))
    publish_edit(edit)


def interrupt_edit(edit: Edit, code: str, sentence: str) -> None:
    """Its process ended in a way nobody foresaw; another attempt starts anew."""
    edit.interrupt(code, sentence)
    publish_edit(edit)
    call_worker(TASK, edit)


def pause_edit(edit: Edit, code: str, sentence: str) -> None:
    """It cannot go on for now, and `sentence` says why; it is tried again by itself."""
    edit.pause(code, sentence)
    storage.remove_tree(storage.edit_folder(edit.pk, edit.fence))
    publish_edit(edit)


def give_back_edit(edit: Edit) -> None:
    """The worker ends; another one starts anew."""
    edit.give_back()
    publish_edit(edit)
    call_worker(TASK, edit)


def settle_abandoned_edit(edit: Edit) -> Edit | None:
    """What becomes of an edit whose worker vanished; None when it was settled or taken in the meantime."""
    if edit.cancel_requested:
        if not edit.take_back(State.CANCELLED, finished_at=Now()):
            return None
        edit.refresh_from_db()
    elif not edit.settle():
        return None
    publish_edit(edit)
    return edit
