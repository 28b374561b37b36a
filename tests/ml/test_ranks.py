"""Two processes that share each batch learn what one learns in two parts."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from ml import pipeline
from ml.checkpoint import read_checkpoint
from ml.errors import BadSettingsError
from ml.plans import RunPlan
from ml.protocol import EXIT_FAULT, EXIT_STOPPED
from ml.ranks import Ranks, num_devices
from tests.ml.tiny_run import SETTINGS, Heard, write_plan

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def start(plan: RunPlan, file: Path) -> "subprocess.Popen[str]":
    file.write_text(json.dumps(plan))
    command = [sys.executable, str(Path(__file__).with_name("two_devices.py")), "work", str(file)]
    return subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def wait_for_step(child: "subprocess.Popen[str]", step: int) -> list[Any]:
    """Everything it said until it had trained so far."""
    said = []
    for line in child.stdout or []:
        said.append(json.loads(line))
        if said[-1]["event"] == "progress" and said[-1]["stage"] == "train" and said[-1]["step"] >= step:
            return said
    raise AssertionError(f"the child ended before it trained: {said[-1:]}")


def others_of(child: "subprocess.Popen[str]") -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()]


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_two_processes_stopped_and_resumed_end_as_one_in_two_parts(tmp_path: Path) -> None:
    long = {**SETTINGS, "num_steps": 150, "num_checkpoints": 1}
    plan = write_plan(tmp_path, model_settings=long)
    with start(plan, tmp_path / "first.json") as child:
        said = wait_for_step(child, 3)
        (other,) = others_of(child)
        child.send_signal(signal.SIGTERM)
        said += [json.loads(line) for line in child.stdout or []]
        assert child.wait(timeout=60) == EXIT_STOPPED
    deadline = time.monotonic() + 10
    while not has_ended(other):
        assert time.monotonic() < deadline, "the other process outlived the run"
        time.sleep(0.05)
    (saved,) = [event for event in said if event["event"] == "checkpoint"]
    assert 3 <= saved["step"] < 150
    done = {event["stage"]: event["artefact"] for event in said if event["event"] == "stage_finished"}

    short = {**plan, "recipe": {**plan["recipe"], "model_settings": long}, "done": done, "out": str(tmp_path / "f2")}
    with start(short | {"resume_from": saved["file"]}, tmp_path / "second.json") as child:  # type: ignore[arg-type]
        said = [json.loads(line) for line in child.stdout or []]
        assert child.wait(timeout=120) == 0
    assert [event["event"] for event in said].count("result") == 1
    assert not [event for event in said if event["event"] == "warning" and event["code"] == "resume_not_identical"]
    two = [event for event in said if event["event"] == "checkpoint"][-1]

    heard = Heard()
    one_plan: Any = {**plan, "done": done, "out": str(tmp_path / "one"), "compute": {"micro_batch": 4}}
    pipeline.run(one_plan, heard, last="train")
    one = heard.of("checkpoint")[-1]
    ours, theirs = read_checkpoint(Path(two["file"])), read_checkpoint(Path(one["file"]))
    assert (ours.facts["step"], ours.facts["environment"]["devices"], ours.facts["environment"]["parts"]) == (150, 2, 2)
    for name, tensor in theirs.tensors.items():
        torch.testing.assert_close(ours.tensors[name], tensor, rtol=0, atol=0, msg=name)


def test_the_loss_of_one_process_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, model_settings={**SETTINGS, "num_steps": 1_000_000, "num_checkpoints": 1})
    with start(plan, tmp_path / "plan.json") as child:
        wait_for_step(child, 3)
        os.kill(others_of(child)[0], signal.SIGKILL)
        said = [json.loads(line) for line in child.stdout or []]
        assert child.wait(timeout=60) == EXIT_FAULT
    (fault,) = [event for event in said if event["event"] == "error"]
    assert fault["code"] == "device_lost"
    assert "another of the 2 devices ended" in fault["message"]


def test_all_devices_that_can_share_a_batch_are_used_or_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    gpu = torch.device("cuda")
    assert [num_devices(None, size, gpu) for size in (64, 6, 7, 4)] == [4, 3, 1, 2]
    assert num_devices(2, 64, gpu) == 2
    assert num_devices(None, 64, torch.device("cpu")) == 1
    with pytest.raises(BadSettingsError, match="8 devices were asked for, and this worker has 4"):
        num_devices(8, 64, gpu)


def test_a_process_by_itself_agrees_with_itself() -> None:
    alone = Ranks()
    values = torch.ones(3)
    alone.sum([values])
    assert (alone.agree(True), alone.share("x"), alone.gather(values) is values, alone.speaks) == (
        True,
        "x",
        True,
        True,
    )
