"""Seeds of a run, one for each purpose."""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
MAX_COLUMNS: Final = 12
"""Columns of the sample wall."""


def step_seed(seed: int, purpose: str, number: int = 0) -> int:
    """A seed in 0..2**63-1 for one purpose and number of a run; unrelated for any other."""
    digest = hashlib.blake2b(f"{seed}/{purpose}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def preview_columns(classes: tuple[str, ...], seed: int, made: tuple[int, ...] | None = None) -> tuple[Labels, Labels]:
    """Labels and noise seeds of the sample wall's columns: whole rounds of the classes, twelve columns at most.

    made: the numbers of those classes that are shown, if not all."""
    shown = np.arange(len(classes), dtype=np.int64) if made is None else np.array(made, np.int64)
    rounds = max(1, MAX_COLUMNS // len(shown))
    number = min(MAX_COLUMNS, rounds * len(shown))
    # 32 bits: a browser must be able to say the seed back exactly
    seeds = np.array([step_seed(seed, "preview", column) & 0xFFFF_FFFF for column in range(number)], np.int64)
    return shown[np.arange(number) % len(shown)], seeds
