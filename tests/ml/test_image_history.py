"""The history of generated images that D is shown."""

from typing import Any

import pytest
import torch
from torch import Tensor

from ml.image_history import ImageHistory
from ml.update import Updates


def numbered(*numbers: int) -> Tensor:
    """Images of one pixel that hold these numbers."""
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1)


def updates() -> Updates:
    return Updates(torch.nn.Module(), {})


def test_while_it_fills_what_is_new_is_shown_and_kept() -> None:
    history = ImageHistory(5, 1, 1)
    for batch in (numbered(1, 2, 3), numbered(4, 5, 6)):
        assert torch.equal(history.shown(batch, updates()), batch)
    assert history.image.flatten().tolist() == [1, 2, 3, 4, 5]
    assert int(history.held) == 5


def test_about_half_of_the_images_change_places_with_kept_ones_and_none_comes_from_nowhere() -> None:
    torch.manual_seed(0)
    history = ImageHistory(50, 1, 1)
    known, older = set(range(1, 51)), 0
    history.shown(numbered(*range(1, 51)), updates())
    for step in range(200):
        fake = numbered(*range(100 + 4 * step, 104 + 4 * step))
        kept = set(history.image.flatten().int().tolist())
        shown = history.shown(fake, updates())
        for new, seen in zip(fake.flatten().int().tolist(), shown.flatten().int().tolist(), strict=True):
            assert seen == new or seen in kept
            older += seen != new
        known |= set(fake.flatten().int().tolist())
        assert set(history.image.flatten().int().tolist()) <= known
    assert 330 < older < 470, "of 800"
    assert history.image.max() > 800, "and the newer ones have come in"


def test_what_is_shown_depends_on_the_seed_and_the_buffers_alone() -> None:
    whole, resumed = ImageHistory(4, 1, 1), ImageHistory(4, 1, 1)
    batches = [numbered(*range(3 * step, 3 * step + 3)) for step in range(8)]

    def shown(history: ImageHistory, step: int) -> list[float]:
        torch.manual_seed(step)
        told: list[float] = history.shown(batches[step], updates()).flatten().tolist()
        return told

    for step in range(4):
        shown(whole, step)
    resumed.load_state_dict(whole.state_dict())
    assert [shown(whole, step) for step in range(4, 8)] == [shown(resumed, step) for step in range(4, 8)]


def test_the_parts_of_a_batch_leave_the_same_history_each() -> None:
    """Whatever a part draws for its own images, the whole batch is taken in alike by all."""

    class Whole:
        def __init__(self, answers: list[Tensor]) -> None:
            self.answers = iter(answers)

        def whole(self, values: Tensor) -> Tensor:
            return next(self.answers)

    full = {"image": numbered(1, 2, 3), "held": torch.tensor(3)}
    images, places, changes = numbered(7, 8, 9, 10), torch.tensor([1, 1, 0, 2]), torch.tensor([True, True, True, False])
    left = []
    for part in (slice(0, 2), slice(2, 4)):
        history = ImageHistory(3, 1, 1)
        history.load_state_dict(full)
        update: Any = Whole([images, places, changes])
        history.shown(images[part], update)
        left.append(history.image.flatten().tolist())
    assert left == [[9, 8, 3]] * 2, "the last one that goes to a place stays there"


def test_a_history_of_none_shows_what_is_new_and_asks_for_no_random_numbers() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    fake = numbered(1, 2).requires_grad_()
    shown = ImageHistory(0, 1, 1).shown(fake, updates())
    assert torch.equal(shown, fake)
    assert not shown.requires_grad
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [1, 3])
def test_what_is_kept_has_no_way_back(size: int) -> None:
    history = ImageHistory(size, 1, 1)
    fake = numbered(1, 2).requires_grad_()
    assert not history.shown(fake, updates()).requires_grad
    assert not history.image.requires_grad
