"""Threads give way to neighbours that stay, and only where nobody asked for a number of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ml.share import MEASURED, Machine
from ml.threads import Threads, one_thread

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(MEASURED, "1")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def machine(root: Path, busy_s: float) -> Machine:
    """Two cores; the first was busy for so long."""
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc" / "stat").write_text(f"cpu0 {int(busy_s * TICKS)} 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0\n")
    return Machine(frozenset({0, 1}), root)


def test_a_neighbour_that_stays_takes_a_thread_and_is_told_of(tmp_path: Path) -> None:
    threads = Threads(machine(tmp_path, 0), look_after_s=0.0)
    assert threads.give_way() is None
    assert torch.get_num_threads() == 2
    machine(tmp_path, 3600)
    assert "goes on with 1 instead of 2 threads" in (threads.give_way() or "")
    assert torch.get_num_threads() == 1
    assert threads.give_way() is None


def test_a_short_look_says_nothing(tmp_path: Path) -> None:
    threads = Threads(machine(tmp_path, 0), look_after_s=60.0)
    machine(tmp_path, 3600)
    assert threads.give_way() is None
    assert torch.get_num_threads() == 2


def test_a_number_that_was_asked_for_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MEASURED)
    threads = Threads(machine(tmp_path, 0), look_after_s=0.0)
    machine(tmp_path, 3600)
    assert threads.give_way() is None
    threads.keep(1)
    assert torch.get_num_threads() == 2


def test_a_resumed_training_keeps_its_threads_where_they_are_fewer(tmp_path: Path) -> None:
    threads = Threads(machine(tmp_path, 0))
    threads.keep(4)
    assert torch.get_num_threads() == 2
    threads.keep(1)
    assert torch.get_num_threads() == 1


def test_one_thread_is_for_its_context_alone() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
