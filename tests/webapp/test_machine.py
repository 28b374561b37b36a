"""Which processes one machine runs."""

import pytest

from ml.share import PEERS
from webapp.core.machine import visible_gpus, worker_programs


@pytest.mark.parametrize(
    ("chosen", "gpus"), [("0,2", ["0", "2"]), ("GPU-1f,GPU-2e", ["GPU-1f", "GPU-2e"]), ("", []), ("-1", [])]
)
def test_only_the_gpus_that_were_chosen_are_used(chosen: str, gpus: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == gpus


def test_there_is_one_worker_for_training_on_each_gpu_and_it_sees_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1f,GPU-2e")
    programs = {program.role: program for program in worker_programs({"ATELIER_DATA": "x"})}
    assert sorted(programs) == ["compute-0", "compute-1", "io"]
    expected = {"ATELIER_DATA": "x", "CUDA_VISIBLE_DEVICES": "GPU-2e", PEERS: "2"}
    assert programs["compute-1"].environment == expected
    assert "compute" in programs["compute-1"].command
    assert "CUDA_VISIBLE_DEVICES" not in programs["io"].environment


@pytest.mark.parametrize(
    ("wish", "shared_out"),
    [("2", ["0,1", "2"]), ("3", ["0,1,2"]), ("9", ["0,1,2"]), ("all", ["0", "1", "2"]), ("0", ["0", "1", "2"])],
)
def test_several_gpus_may_share_a_run(wish: str, shared_out: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    monkeypatch.setenv("ATELIER_GPUS_PER_RUN", wish)
    compute = [program for program in worker_programs({}) if program.role != "io"]
    assert [program.environment["CUDA_VISIBLE_DEVICES"] for program in compute] == shared_out
    assert {program.environment[PEERS] for program in compute} == {str(len(shared_out))}


def test_without_a_gpu_there_is_one_worker_for_training_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [program.role for program in worker_programs({})] == ["compute-0", "io"]


def test_each_training_is_told_how_many_share_the_cores_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert {program.environment[PEERS] for program in worker_programs({}, compute_workers=3)} == {"3"}
