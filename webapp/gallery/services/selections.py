"""Selections: the run's own, and those that people add to a pool without training again."""

from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from ml import catalog
from webapp.accounts.models import Person
from webapp.core import storage
from webapp.core.errors import ConflictError, InvalidError
from webapp.core.queue import call_worker
from webapp.gallery.events import publish_selection
from webapp.gallery.models import Pool, Selection
from webapp.recipes.catalogue import catalogue
from webapp.recipes.validation import check_selection
from webapp.runs.forecast import learnt_counts

TASK = "selections.execute"
State = Selection.State
REPEATABLE = (State.FAILED, State.CANCELLED)
"""States in which it may be queued again."""


def first_selection(pool: Pool, yields: dict[str, Any], report: dict[str, Any]) -> Selection:
    """The run's own selection, as its recipe asked for; seen together with the pool."""
    recipe = pool.run.recipe
    return Selection.objects.create(
        pool=pool,
        number=1,
        state=State.FINISHED,
        sampler=recipe.sampler,
        sampler_settings=recipe.sampler_settings,
        budget=recipe.budget,
        seed=recipe.seed,
        yields=yields,
        report=report,
        created_by=pool.run.created_by,
        finished_at=Now(),
    )


@transaction.atomic
def add_selection(
    pool: Pool, person: Person | None, sampler: str, sampler_settings: dict[str, Any], budget: dict[str, Any], seed: int
) -> Selection:
    """Queue another selection from the pool.

    Raises: InvalidError, each fault at its field, for what the worker would refuse.
    """
    recipe = pool.run.recipe
    wish = {"sampler": sampler, "sampler_settings": sampler_settings, "budget": budget}
    check_selection(recipe.model, recipe.model_settings, wish)
    if pool.run.origin:
        _check_scores(pool, sampler, sampler_settings)
    try:
        catalog.resolve(budget, learnt_counts(pool.run.version, recipe.model, recipe.model_settings))
    except catalog.BadBudgetError as error:
        raise InvalidError(error.message, code=error.code, fields={"budget": [error.message]}) from None
    Pool.objects.select_for_update().get(pk=pool.pk)  # so that two people at once get two numbers
    number = pool.selections.aggregate(last=Max("number"))["last"] or 0
    selection = Selection.objects.create(
        pool=pool,
        number=number + 1,
        sampler=sampler,
        sampler_settings=sampler_settings,
        budget=budget,
        seed=seed,
        created_by=person,
    )
    publish_selection(selection)
    call_worker(TASK, selection)
    return selection


def _check_scores(pool: Pool, sampler: str, sampler_settings: dict[str, Any]) -> None:
    """Raises: InvalidError when imported images lack a score that the sampler ranks by."""
    missing = [
        score for score in catalogue().samplers[sampler].reads(sampler_settings) if score not in pool.score_names
    ]
    if missing:
        message = (
            f"The sampler {sampler} ranks by {', '.join(missing)}, which these imported images lack; choose another "
            "sampler, or import them with a column of that name."
        )
        raise InvalidError(message, code="unsuitable_sampler", fields={"sampler": [message]})


@transaction.atomic
def cancel_selection(selection: Selection) -> Selection:
    """Give the selection up; a worker that makes it ends within seconds. Asking twice is asking once.

    Raises: ConflictError when it has ended otherwise.
    """
    selection = _locked(selection)
    if selection.state == State.CANCELLED:
        return selection
    if selection.state in Selection.ACTIVE:
        return _update(selection, cancel_requested=True)
    if selection.state not in Selection.CLAIMABLE:
        raise ConflictError(f"A selection that is {selection.state} cannot be cancelled.")
    return _update(selection, state=State.CANCELLED, finished_at=Now(), lease_owner=None, lease_expires_at=None)


@transaction.atomic
def retry_selection(selection: Selection) -> Selection:
    """Queue a failed or cancelled selection again, as it was asked for.

    Raises: ConflictError.
    """
    selection = _locked(selection)
    if selection.state not in REPEATABLE:
        raise ConflictError(
            f"Only a selection that failed or was cancelled can be made again; this one is {selection.state}."
        )
    selection = _update(
        selection,
        state=State.QUEUED,
        attempts=0,
        cancel_requested=False,
        finished_at=None,
        rung_at=None,
        error_code="",
        error_message="",
    )
    call_worker(TASK, selection)
    return selection


def _locked(selection: Selection) -> Selection:
    """As it is now, and nobody else changes it before this transaction ends."""
    return Selection.objects.select_for_update(of=("self",)).get(pk=selection.pk)


def _update(selection: Selection, **values: Any) -> Selection:
    Selection.objects.filter(pk=selection.pk).update(**values)
    selection.refresh_from_db()
    publish_selection(selection)
    return selection


# --- what a worker writes while it holds a selection ------------------------------------------------------------
def begin_selection(selection: Selection) -> None:
    """Tell that a worker took it."""
    selection.write(error_code="", error_message="")
    selection.refresh_from_db()
    publish_selection(selection)


def finish_selection(selection: Selection, yields: dict[str, Any], report: dict[str, Any]) -> None:
    """All its choices are in."""
    told = {"yields": yields, "report": report, "error_code": "", "error_message": ""}
    selection.release(State.FINISHED, Q(state__in=Selection.ACTIVE), finished_at=Now(), **told)
    selection.refresh_from_db()
    storage.remove_tree(storage.all_attempts("selections", selection.pk))  # everything in it is rows now
    publish_selection(selection)


def fail_selection(selection: Selection, code: str, sentence: str) -> None:
    """It cannot be made, and `sentence` says why."""
    selection.fail(code, sentence)
    publish_selection(selection)


def cancelled_selection(selection: Selection) -> None:
    """Its process was killed because people asked for it."""
    selection.release(State.CANCELLED, Q(state__in=Selection.ACTIVE), finished_at=Now())
    selection.refresh_from_db()
    storage.remove_tree(storage.all_attempts("selections", selection.pk))
    publish_selection(selection)


def interrupt_selection(selection: Selection, code: str, sentence: str) -> None:
    """Its process ended in a way nobody foresaw; another attempt starts anew."""
    selection.interrupt(code, sentence)
    publish_selection(selection)
    call_worker(TASK, selection)


def pause_selection(selection: Selection, code: str, sentence: str) -> None:
    """It cannot go on for now, and `sentence` says why; it is tried again by itself."""
    selection.pause(code, sentence)
    storage.remove_tree(storage.selection_folder(selection.pk, selection.fence))
    publish_selection(selection)


def give_back_selection(selection: Selection) -> None:
    """The worker ends; another one starts anew."""
    selection.give_back()
    publish_selection(selection)
    call_worker(TASK, selection)


def settle_abandoned_selection(selection: Selection) -> Selection | None:
    """What becomes of a selection whose worker vanished; None when it was settled or taken in the meantime."""
    if selection.cancel_requested:
        if not selection.take_back(State.CANCELLED, finished_at=Now()):
            return None
        selection.refresh_from_db()
    elif not selection.settle():
        return None
    publish_selection(selection)
    return selection
