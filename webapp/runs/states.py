"""The states of a run and every move between them, in one place.

A move is written as one UPDATE that names the states it may start from (`sources`), so that two people, or a person and
a worker, who move a run at the same moment cannot both succeed.
"""

from collections.abc import Mapping

from webapp.runs.models import RunState

S = RunState

STAGES: Mapping[str, RunState] = {
    "prepare": S.PREPARING,
    "train": S.TRAINING,
    "generate": S.GENERATING,
    "score": S.SCORING,
    "select": S.SELECTING,
}
"""Stage of the pipeline -> state of the run while it lasts."""

_ORDER = tuple(STAGES.values())
_LEAVING = frozenset(
    {
        S.PREPARING,  # another worker took the run over
        S.FINISHED,
        S.STOPPING,
        S.STOPPED,
        S.FAILED,
        S.CANCELLED,
        S.INTERRUPTED,
        S.QUEUED,  # the worker was told to end, saved and gave the run back
    }
)

MOVES: Mapping[RunState, frozenset[RunState]] = {
    S.QUEUED: frozenset({S.PREPARING, S.STOPPED, S.CANCELLED}),
    # Stages that an earlier attempt finished are passed over, so every later stage may follow.
    **{state: (frozenset(_ORDER[place + 1 :]) | _LEAVING) - {state} for place, state in enumerate(_ORDER)},
    # The last step may finish the run before the request to stop reaches it.
    S.STOPPING: frozenset({S.STOPPED, S.FINISHED, S.FAILED, S.CANCELLED}),
    S.INTERRUPTED: frozenset({S.PREPARING, S.STOPPED, S.FAILED, S.CANCELLED}),
    S.STOPPED: frozenset({S.QUEUED, S.CANCELLED}),
    S.FAILED: frozenset({S.QUEUED}),
    S.FINISHED: frozenset(),
    S.CANCELLED: frozenset(),
}

ENDED = (S.FINISHED, S.STOPPED, S.FAILED, S.CANCELLED)
"""States that no run leaves by itself."""
RESUMABLE = (S.STOPPED, S.FAILED)
"""States that a person may send back to the queue. (A worker that ends gives back a run in any stage.)"""
REPEATABLE = (S.STOPPED, S.FAILED, S.CANCELLED)
"""States in which the same may be started again from the beginning, as a run of its own."""


FINISHABLE = frozenset({S.QUEUED, S.INTERRUPTED, S.PREPARING, S.TRAINING, S.STOPPED, S.FAILED})
"""States in which training may lie ahead; it can then end with the best checkpoint there is."""


def actions_in(
    state: RunState, is_stopping: bool, is_cancelling: bool, can_finish: bool, is_previewing: bool = False
) -> list[str]:
    """What a person may ask of a run now: stop, finish, preview, resume, cancel, retry.

    can_finish: it has a checkpoint, its training is not over, and nobody asked for that yet. is_previewing: a preview
    was asked for and is not there yet.
    """
    if is_cancelling:
        return ["retry"] if state == S.CANCELLED else []
    allowed = {
        "stop": S.STOPPING in MOVES[state] or state in (S.QUEUED, S.INTERRUPTED),
        "finish": can_finish and state in FINISHABLE,
        "preview": state == S.TRAINING and not is_previewing,
        "resume": state in RESUMABLE,
        "cancel": S.CANCELLED in MOVES[state],
        "retry": state in REPEATABLE,
    }
    return [action for action, is_allowed in allowed.items() if is_allowed and not (is_stopping and action == "stop")]


class ForbiddenMoveError(Exception):
    """A run cannot go from where it is to where it was asked to go."""

    def __init__(self, before: RunState, after: RunState) -> None:
        super().__init__(f"A run that is {before.label.lower()} cannot become {after.label.lower()}.")
        self.before = before
        self.after = after


def check_move(before: RunState, after: RunState) -> None:
    """Raises: ForbiddenMoveError."""
    if after not in MOVES[before]:
        raise ForbiddenMoveError(before, after)


def sources(after: RunState) -> list[RunState]:
    """The states from which a run may become `after`."""
    return [before for before in RunState if after in MOVES[before]]
