"""What pairs of reviewers said of the same samples: counters that move with every verdict, so nothing is counted."""

import uuid
from collections import Counter
from collections.abc import Mapping

from django.db.models import F

from webapp.accounts.models import Person
from webapp.gallery.models import Pool, ReviewerPair, Verdict

Value = Verdict.Value
Moves = Counter[tuple[uuid.UUID, str]]
"""(the other person, column of their pair with the one who judges) -> by how much it moves."""


def moves_of(person: Person, before: str, after: str, values: Mapping[uuid.UUID, str]) -> Moves:
    """What one sample's verdict of `person` moves, beside what the others say of it (`values`, with the own one)."""
    moves: Moves = Counter()
    if before == after:
        return moves
    for other, theirs in values.items():
        if other == person.pk:
            continue
        if before:
            moves[other, column_of(person.pk, before, other, theirs)] -= 1
        if after:
            moves[other, column_of(person.pk, after, other, theirs)] += 1
    return moves


def column_of(one: uuid.UUID, value: str, other: uuid.UUID, theirs: str) -> str:
    """The column of a ReviewerPair that counts a sample of which the two say this."""
    if value == theirs:
        return "both_accept" if value == Value.ACCEPT else "both_reject"
    accepts = one if value == Value.ACCEPT else other
    return "only_first_accepts" if accepts == min(one, other) else "only_second_accepts"


def count_pairs(held: Pool, person: Person, moves: Moves) -> None:
    """Store the moves. The pool is locked."""
    for other in {other for (other, _), number in moves.items() if number}:
        first, second = sorted((person.pk, other))
        row, _ = ReviewerPair.objects.get_or_create(pool_id=held.pk, first_id=first, second_id=second)
        moved = {column: F(column) + number for (whose, column), number in moves.items() if whose == other and number}
        ReviewerPair.objects.filter(pk=row.pk).update(**moved)
