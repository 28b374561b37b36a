"""What is wrong of one attribute teaches related ones, at the rate of their relation."""

import math

import torch
from torch import nn

from ml.attributes import AttributeSpace
from ml.model import DataSpec
from ml.multi_task import multi_task_loss, shared_error

RELATION = torch.tensor([[1.0, 0.5], [0.125, 1.0]])


def test_a_mistake_of_one_moves_the_other_by_its_row_of_the_relation() -> None:
    error = torch.tensor([[-0.75, 0.5]])
    assert shared_error(error, torch.tensor([[True, False]]), RELATION).tolist() == [[0, -0.375]]
    assert shared_error(error, torch.tensor([[False, True]]), RELATION).tolist() == [[0.0625, 0]]
    assert shared_error(error, torch.tensor([[False, False]]), RELATION).tolist() == [[0, 0]]


def test_the_step_of_a_related_attribute_is_the_step_of_the_mistaken_one_at_that_rate() -> None:
    """By hand: image (1, 2), head of zeros, smiling wrongly found absent, and its relation to `open` is 1/2."""
    space = AttributeSpace(DataSpec(16, 1, ("smiling", "open"), (4, 4), ("smiling", "open"), ((8, 4), (4, 32))))
    assert space.relation().tolist() == [[1, 0.5], [0.125, 1]]
    head = nn.Linear(2, 2)
    nn.init.zeros_(head.weight)
    head.bias.data = torch.tensor([-math.log(3), math.log(3)])
    features = torch.tensor([[1.0, 2.0]], requires_grad=True)
    vectors = torch.tensor([[1.0, 1.0]])
    logits = head(features)
    error, wrong = space.error(logits, vectors), space.is_wrong(logits, vectors)
    assert torch.allclose(error, torch.tensor([[-0.75, -0.25]])), "probabilities of 1/4 and 3/4, both present"
    assert wrong.tolist() == [[True, False]]
    multi_task_loss(head, features, shared_error(error, wrong, space.relation())).backward()  # type: ignore[no-untyped-call]
    assert torch.allclose(head.weight.grad, torch.tensor([[0.0, 0.0], [-0.375, -0.75]])), "half of -0.75 (1, 2)"
    assert torch.allclose(head.bias.grad, torch.tensor([0.0, -0.375]))
    assert features.grad is None, "nothing goes back beyond the head"


def test_classes_share_nothing_for_they_never_come_together() -> None:
    space = AttributeSpace(DataSpec(16, 1, ("cat", "dog"), (4, 4)))
    error = torch.tensor([[-0.5, 0.5]])
    assert not shared_error(error, torch.ones(1, 2, dtype=torch.bool), space.relation()).any()
