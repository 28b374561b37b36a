import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ml.checkpoint import read_checkpoint
from ml.compute import Compute
from ml.device import choose_precision, compile_networks, cpu_has_amx_bf16, memory_advice, prepare
from ml.errors import OutOfMemoryError
from ml.models.dcgan import Dcgan, DcganSettings
from ml.share import Machine
from ml.train import train
from tests.ml.tiny_data import write_tiny_pack

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("flags", "answer"),
    [("fpu avx512_bf16 amx_bf16 amx_tile", True), ("fpu avx512_bf16", False), ("", False)],
)
def test_only_the_amx_bf16_flag_makes_bf16_worth_while_on_a_cpu(
    flags: str, answer: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert cpu_has_amx_bf16(cpuinfo) is answer
    monkeypatch.setattr("ml.device.cpu_has_amx_bf16", lambda: answer)
    assert choose_precision("auto", CPU) == ("bf16" if answer else "fp32")


def test_a_wish_is_obeyed_and_an_unknown_system_counts_as_plain(tmp_path: Path) -> None:
    assert choose_precision("bf16", CPU) == "bf16"
    assert choose_precision("fp32", CPU) == "fp32"
    assert not cpu_has_amx_bf16(tmp_path / "missing")


@pytest.mark.parametrize(("wish", "threads"), [(None, 1), ("1", 1), ("x", 1), ("2", 2)])
def test_one_thread_unless_more_were_claimed(wish: str | None, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.device.this_machine", lambda: Machine(frozenset(range(4))))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if wish is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", wish)
    before = torch.get_num_threads()
    try:
        prepare(CPU)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_every_way_of_running_out_of_memory_names_the_setting_to_lower(error: Exception) -> None:
    with (
        pytest.raises(
            OutOfMemoryError, match="for 64 images at once at resolution 128; resume with a micro-batch of 32 "
        ),
        memory_advice(CPU, 64, 128),
    ):
        raise error


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), memory_advice(CPU, 64, 128):
        raise RuntimeError("shapes differ")


def test_compiled_networks_train_as_plain_ones_even_through_slopes_of_slopes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the compiler's own road without its code for GPUs: the graphs it takes, and the ways back it makes."""
    monkeypatch.setattr(
        "ml.learner.compile_networks", lambda model, replays: compile_networks(model, replays, "aot_eager")
    )
    pack = write_tiny_pack(tmp_path / "data")
    wanted = DcganSettings(
        resolution=16, batch_size=4, width=4, num_steps=3, num_checkpoints=1, precision="fp32", loss="wgan_gp"
    )
    plain, compiled = (
        read_checkpoint(train(Dcgan, wanted, pack, tmp_path / str(asked), 3, compute=Compute(compile=asked)).last)
        for asked in (False, True)
    )
    for name, tensor in plain.tensors.items():
        torch.testing.assert_close(compiled.tensors[name], tensor, rtol=1e-4, atol=1e-5, msg=name)
    torch.compiler.reset()


def test_a_prepared_process_takes_the_memory_of_its_tensors_once() -> None:
    """512 pages a tensor of 2 MiB, and a step of a hundred tensors takes none anew."""
    code = (
        "import platform, resource, torch; from ml.device import prepare; prepare(torch.device('cpu'))\n"
        "def step(): tensors = [torch.ones(1 << 19) for _ in range(100)]\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "step(); step(); before = faults()\n"
        "for _ in range(5): step()\n"
        "print(platform.libc_ver()[0], faults() - before)\n"
    )
    library, faults = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert library != "glibc" or int(faults) < 5 * 512
