"""The moves of a run, held against the whole matrix."""

import itertools

import pytest

from webapp.runs.models import Run, RunState
from webapp.runs.states import MOVES, STAGES, ForbiddenMoveError, check_move, sources

ALLOWED = """
queued       -> preparing stopped cancelled
preparing    -> training generating scoring selecting finished stopping stopped interrupted failed cancelled queued
training     -> preparing generating scoring selecting finished stopping stopped interrupted failed cancelled queued
generating   -> preparing scoring selecting finished stopping stopped interrupted failed cancelled queued
scoring      -> preparing selecting finished stopping stopped interrupted failed cancelled queued
selecting    -> preparing finished stopping stopped interrupted failed cancelled queued
stopping     -> stopped finished failed cancelled
interrupted  -> preparing stopped failed cancelled
stopped      -> queued cancelled
failed       -> queued
finished     ->
cancelled    ->
"""
TABLE = {
    RunState(before.strip()): {RunState(after) for after in afters.split()}
    for before, _, afters in (line.partition("->") for line in ALLOWED.strip().splitlines())
}


def test_the_table_names_every_state() -> None:
    assert set(TABLE) == set(RunState) == set(MOVES)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(RunState, RunState)))
def test_a_move_is_allowed_exactly_where_the_table_says_so(before: RunState, after: RunState) -> None:
    if after in TABLE[before]:
        check_move(before, after)
        assert before in sources(after)
    else:
        with pytest.raises(ForbiddenMoveError, match=f"is {before.value} cannot become {after.value}"):
            check_move(before, after)
        assert before not in sources(after)


def test_every_state_but_the_first_can_be_reached_and_every_state_but_the_last_two_left() -> None:
    reached = {RunState.QUEUED}
    while more := {after for before in reached for after in MOVES[before]} - reached:
        reached |= more
    assert reached == set(RunState)
    assert {state for state in RunState if not MOVES[state]} == {RunState.FINISHED, RunState.CANCELLED}


def test_a_claim_starts_only_from_states_that_may_become_preparing() -> None:
    waiting = {RunState(state) for state in Run.CLAIMABLE}
    stages = set(STAGES.values())
    assert waiting | stages - {RunState.PREPARING} == set(sources(RunState.PREPARING))
    assert {RunState(state) for state in Run.ACTIVE} == stages | {RunState.STOPPING}
