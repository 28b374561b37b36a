import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from ml import checkpoint
from ml.checkpoint import (
    Saved,
    carry,
    checkpoint_file,
    file_hash,
    load_model,
    load_optimizers,
    model_tensors,
    optimizer_state,
    prune,
    read_checkpoint,
    read_facts,
    step_of,
    sweep,
    write_checkpoint,
)
from ml.errors import CheckpointError

TENSORS = {"b": torch.arange(6.0).view(2, 3), "a": torch.tensor(3), "empty": torch.empty(0, 2)}


def test_what_was_written_is_read_back_exactly(tmp_path: Path) -> None:
    written = write_checkpoint(tmp_path, 7, TENSORS, {"model": "dcgan", "lr": 0.1 + 0.2, "best": None})
    saved = read_checkpoint(written.file, written.sha256)
    assert saved.tensors.keys() == TENSORS.keys()
    assert all(torch.equal(saved.tensors[name], tensor) for name, tensor in TENSORS.items())
    assert (saved.facts["step"], saved.facts["lr"], saved.facts["best"]) == (7, 0.1 + 0.2, None)
    assert read_facts(written.file) == saved.facts
    assert (written.sha256, written.size_bytes) == (file_hash(written.file), written.file.stat().st_size)


def test_equal_state_gives_equal_files(tmp_path: Path) -> None:
    first = write_checkpoint(tmp_path / "1", 7, TENSORS, {"model": "dcgan"})
    second = write_checkpoint(tmp_path / "2", 7, dict(reversed(TENSORS.items())), {"model": "dcgan"})
    assert first.sha256 == second.sha256


def test_memory_order_and_shared_tensors_survive(tmp_path: Path) -> None:
    weight = torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last)
    written = write_checkpoint(tmp_path, 1, {"one": weight, "other": weight}, {})
    saved = read_checkpoint(written.file)
    assert torch.equal(saved.tensors["one"], weight)
    assert torch.equal(saved.tensors["other"], weight)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 3)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def flip_a_bit_of_a_tensor(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(data)


def pickle_instead(file: Path) -> None:
    torch.save({"x": torch.ones(1)}, file)


@pytest.mark.parametrize("damage", [cut, empty, flip_a_bit_of_a_tensor, pickle_instead, Path.unlink])
def test_a_damaged_checkpoint_is_refused_without_anyone_knowing_its_hash(
    damage: Callable[[Path], None], tmp_path: Path
) -> None:
    file = write_checkpoint(tmp_path, 1, TENSORS, {}).file
    damage(file)
    with pytest.raises(CheckpointError, match="step-00000001"):
        read_checkpoint(file)


def test_another_file_than_the_noted_one_is_refused(tmp_path: Path) -> None:
    noted = write_checkpoint(tmp_path / "1", 1, TENSORS, {"seed": 1}).sha256
    other = write_checkpoint(tmp_path / "2", 1, TENSORS, {"seed": 2}).file
    with pytest.raises(CheckpointError, match="sha256 differs"):
        read_checkpoint(other, noted)


def test_another_format_is_refused_with_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", 2)
    file = write_checkpoint(tmp_path, 1, TENSORS, {}).file
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="format 2, this version reads 1"):
        read_checkpoint(file)


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_older_file_and_no_stray(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write_checkpoint(tmp_path, 1, TENSORS, {"seed": 1})

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, refuse)
    with pytest.raises(OSError, match="No space"):
        write_checkpoint(tmp_path, 1, TENSORS, {"seed": 2})
    assert [file.name for file in tmp_path.iterdir()] == [before.file.name]
    assert file_hash(before.file) == before.sha256


def test_sweeping_removes_strays_of_a_killed_process_only(tmp_path: Path) -> None:
    kept = write_checkpoint(tmp_path, 1, TENSORS, {}).file
    (tmp_path / ".step-00000002.safetensors.99.tmp").write_bytes(b"half")
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [kept]


def test_pruning_keeps_the_newest_and_the_best(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4, 10):
        write_checkpoint(tmp_path, step, {}, {})
    removed = prune(tmp_path, best_step=2, num_kept=2)
    assert [step_of(file) for file in removed] == [1, 3]
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        checkpoint_file(tmp_path, step).name for step in (2, 4, 10)
    ]


def test_carrying_makes_the_same_checkpoint_stand_in_another_folder(tmp_path: Path) -> None:
    written = write_checkpoint(tmp_path / "f1", 3, TENSORS, {"seed": 1})
    carried = carry(written.file, tmp_path / "f2")
    assert (carried.step, carried.sha256) == (3, written.sha256)
    written.file.unlink()
    assert torch.equal(read_checkpoint(carried.file).tensors["b"], TENSORS["b"])


def network() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def learn(net: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        torch.manual_seed(step)
        optimizer.zero_grad()
        net(torch.randn(8, 3, 4, 4)).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("fused", [False, True])
def test_an_optimizer_goes_on_to_the_bit_also_with_weights_in_another_memory_order(fused: bool, tmp_path: Path) -> None:
    def adam(net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(net.parameters(), 0.05, (0.5, 0.9), fused=fused)

    whole = network()
    learn(whole, adam(whole), range(10))

    first = network()
    optimizer = adam(first)
    learn(first, optimizer, range(5))
    tensors, plain = optimizer_state({"G": optimizer})
    file = write_checkpoint(tmp_path, 5, {**model_tensors(first), **tensors}, {"optimizers": plain}).file

    second = network()
    optimizer = adam(second)
    saved = read_checkpoint(file)
    load_model(second, saved)
    load_optimizers({"G": optimizer}, saved)
    learn(second, optimizer, range(5, 10))
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name


def test_a_changed_learning_rate_travels_with_the_optimizer() -> None:
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    optimizer.param_groups[0]["lr"] = 0.01
    tensors, plain = optimizer_state({"G": optimizer})
    other = torch.optim.Adam(net.parameters(), 0.05)
    load_optimizers({"G": other}, Saved(tensors, {"optimizers": plain}))
    assert other.param_groups[0]["lr"] == 0.01
    assert other.param_groups[0]["betas"] == (0.9, 0.999)


def test_a_checkpoint_of_other_networks_or_optimizers_is_refused() -> None:
    with pytest.raises(CheckpointError, match="does not fit the model"):
        load_model(network(), Saved(model_tensors(nn.Linear(2, 2)), {}))
    other = Saved({}, {"optimizers": {"D": {"groups": [], "values": {}}}})
    with pytest.raises(CheckpointError, match="has the optimizers D, the model G"):
        load_optimizers({"G": torch.optim.Adam(network().parameters())}, other)
