"""The compute options: what fits, and what is refused in words."""

from typing import Any

import pytest

from ml.compute import Compute, num_parts, read_compute, refuse_without_gpu, smaller_micro_batch, why_indivisible
from ml.errors import BadSettingsError


@pytest.mark.parametrize(
    ("micro_batch", "devices", "parts"), [(None, 1, 1), (32, 1, 2), (None, 2, 2), (16, 2, 4), (64, 2, 2), (2, 1, 32)]
)
def test_a_batch_is_cut_into_parts_that_the_devices_share_alike(
    micro_batch: int | None, devices: int, parts: int
) -> None:
    assert num_parts(64, micro_batch, devices) == parts


def test_parts_that_are_not_equal_are_refused_with_those_that_would_be() -> None:
    assert why_indivisible(4, 12) is None
    assert why_indivisible(5, 12) == (
        "A batch of 12 images cannot be cut into equal parts of 5; choose one of: 2, 3, 4, 6, 12."
    )
    with pytest.raises(BadSettingsError, match="choose one of: 2, 3, 4, 6, 12"):
        num_parts(12, 5)
    with pytest.raises(BadSettingsError, match="cannot be shared equally by 3 devices"):
        num_parts(64, None, 3)


def test_the_next_smaller_micro_batch_halves_and_fits_or_is_none() -> None:
    assert [smaller_micro_batch(64, None), smaller_micro_batch(64, 32), smaller_micro_batch(64, 3)] == [32, 16, None]
    assert [smaller_micro_batch(100, None), smaller_micro_batch(100, 50), smaller_micro_batch(7, None)] == [
        50,
        25,
        None,
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"micro_batch": 1}, "greater than or equal to 2"),
        ({"colour": 1}, "colour"),
        ({"cuda_graphs": True}, "switch compile on"),
    ],
)
def test_options_that_mean_nothing_are_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSettingsError, match=sentence):
        read_compute(values)


def test_what_needs_a_gpu_is_refused_without_one() -> None:
    refuse_without_gpu(Compute(compile=True, devices=2), has_gpu=True)
    refuse_without_gpu(Compute(micro_batch=8, devices=1), has_gpu=False)
    with pytest.raises(BadSettingsError, match="switch compile off"):
        refuse_without_gpu(Compute(compile=True), has_gpu=False)
    with pytest.raises(BadSettingsError, match="2 GPUs were asked for"):
        refuse_without_gpu(Compute(devices=2), has_gpu=False)
