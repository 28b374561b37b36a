"""Attribute vectors, what is wanted, and what occurs together."""

import math

import pytest
import torch

from ml.attributes import AttributeSpace, co_occurrence, exclusive
from ml.model import Batch, DataSpec

NAN = math.nan
CLASSES = DataSpec(16, 1, ("cat", "dog", "owl"), (4, 3, 0))
HAIR = DataSpec(
    16,
    1,
    ("black", "blond", "smiling", "bald", "none"),
    (4, 2, 3, 0, 1),
    ("black", "blond", "smiling", "bald"),
    ((5, 0, 2, 0), (0, 4, 1, 0), (2, 1, 6, 0), (0, 0, 0, 0)),
)


def batch(label: list[int], attributes: list[list[float]] | None = None) -> Batch:
    given = None if attributes is None else torch.tensor(attributes)
    return Batch(torch.zeros(len(label), 1, 16, 16), torch.tensor(label), None, given)


def test_classes_are_vectors_with_a_single_one_and_every_other_class_is_excluded() -> None:
    space = AttributeSpace(CLASSES)
    vectors = space.vectors(batch([2, 0]))
    assert vectors.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert space.targets(vectors, torch.tensor([1, 2])).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert space.names == ("cat", "dog", "owl")


def test_attributes_are_taken_as_they_are_said() -> None:
    space = AttributeSpace(HAIR)
    vectors = space.vectors(batch([0], [[1, 0, NAN, 0]]))
    assert vectors[0, [0, 1, 3]].tolist() == [1, 0, 0]
    assert vectors[0, 2].isnan()
    assert space.filled(vectors)[0, 2].item() == pytest.approx(6 / 10), "the share of training images that have it"


def test_a_target_is_the_source_s_own_vector_with_the_attribute_and_without_what_it_excludes() -> None:
    space = AttributeSpace(HAIR)
    own = torch.tensor([[1.0, 0, 1, 0], [1, 0, NAN, 0], [0, 1, 1, 0], [0, 0, 1, 0]])
    wanted = space.targets(own, torch.tensor([1, 1, 4, 3]))
    assert wanted[0].tolist() == [0, 1, 1, 0], "blond, and so no longer black, and still smiling"
    assert wanted[1, [0, 1, 3]].tolist() == [0, 1, 0]
    assert wanted[1, 2].isnan()
    assert wanted[2].tolist() == [0, 0, 0, 0], "none of them"
    assert wanted[3].tolist() == [0, 0, 1, 1], "bald never occurs in training, so it excludes nothing"
    assert own[0].tolist() == [1, 0, 1, 0], "the source's own stays as it was"


def test_taking_an_attribute_away_changes_nothing_else() -> None:
    space = AttributeSpace(HAIR)
    own = torch.tensor([[1.0, 0, 1, 0]])
    assert space.changed(own, torch.tensor([0]), 0.0).tolist() == [[0, 0, 1, 0]]
    assert space.changed(own, torch.tensor([1]), 1.0).tolist() == [[0, 1, 1, 0]]


def test_the_difference_says_what_comes_and_goes_and_nothing_of_what_is_unknown() -> None:
    space = AttributeSpace(HAIR)
    own, wanted = torch.tensor([[1.0, 0, NAN, 1]]), torch.tensor([[0.0, 1, 1, 1]])
    assert space.condition(own, wanted, as_difference=True).tolist() == [[-1, 1, 0, 0]]
    assert space.condition(own, wanted, as_difference=False).tolist() == [[0, 1, 1, 1]]


def test_co_occurrence_is_the_chance_of_the_column_given_the_row() -> None:
    matrix = co_occurrence(torch.tensor([[8.0, 2, 0], [2, 4, 0], [0, 0, 0]]))
    assert matrix.tolist() == [[1, 0.25, 0], [0.5, 1, 0], [0, 0, 1]]


def test_pairs_that_both_occur_but_never_together_exclude_one_another() -> None:
    found = exclusive(torch.tensor([[8.0, 0, 0], [0, 4, 0], [0, 0, 0]]))
    assert found.tolist() == [[False, True, False], [True, False, False], [False, False, False]]


def test_unknown_attributes_have_no_part_in_the_loss() -> None:
    space = AttributeSpace(HAIR)
    logits = torch.tensor([[0.0, 2.0, -1.0, 5.0], [0.0, 0.0, 0.0, 0.0]], requires_grad=True)
    wanted = torch.tensor([[1.0, 0.0, NAN, NAN], [NAN, NAN, NAN, NAN]])
    loss = space.loss(logits, wanted)
    assert loss.item() == pytest.approx((math.log(2) + math.log(1 + math.exp(2))) / 2)
    loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad != 0).tolist() == [[True, True, False, False], [False] * 4]
    assert torch.allclose(space.error(logits, wanted) / 2, logits.grad), "the error is each image's own slope"
    assert space.is_wrong(logits, wanted).tolist() == [[True, True, False, False], [False] * 4]


def test_of_classes_the_loss_and_the_error_are_those_of_softmax() -> None:
    space = AttributeSpace(CLASSES)
    logits = torch.tensor([[1.0, 0.0, -1.0]], requires_grad=True)
    wanted = torch.tensor([[0.0, 1.0, 0.0]])
    loss = space.loss(logits, wanted)
    assert loss.item() == pytest.approx(math.log(math.e + 1 + 1 / math.e))
    loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.allclose(space.error(logits, wanted), logits.grad)
    assert space.is_wrong(logits, wanted).tolist() == [[True, True, False]]


def test_class_probabilities_follow_the_classes_and_none_is_having_none() -> None:
    logits = torch.tensor([[0.0, 0.0, math.log(3), 0.0]])
    found = AttributeSpace(HAIR).class_probabilities(logits)[0].tolist()
    assert found == pytest.approx([0.5, 0.5, 0.75, 0.5, 0.5 * 0.5 * 0.25 * 0.5])
    assert AttributeSpace(CLASSES).class_probabilities(torch.randn(2, 3)).sum(1).tolist() == pytest.approx([1, 1])


def test_what_results_were_made_to_have_is_told_by_class_and_none_is_having_none() -> None:
    data = DataSpec(16, 1, ("a", "b", "none"), (2, 2, 2), ("a", "b"), ((2, 1), (1, 2)))
    vectors = torch.tensor([[1.0, 0.0], [0.0, 0.0], [torch.nan, 0.0]])
    told = AttributeSpace(data).memberships(vectors)
    assert told[:2].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert told[2, 0].isnan()
    assert told[2, 1:].tolist() == [0, 0]


def test_told_by_difference_nobody_is_held_to_what_he_was_not_told() -> None:
    space = AttributeSpace(HAIR)
    vectors, targets = torch.tensor([[1.0, 0.0, NAN, 0.0]]), torch.tensor([[0.0, 1.0, 1.0, NAN]])
    assert space.condition(vectors, targets, True)[0, 2] == 0
    asked = space.asked(vectors, targets, True)[0]
    assert asked[:2].tolist() == [0, 1]
    assert asked[2:].isnan().all()
    assert space.asked(vectors, targets, False)[0, :3].tolist() == [0, 1, 1]
