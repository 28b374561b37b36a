"""The worker's child process: only events on stdout, three ways to end, and no life after its parent."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest

from ml.plans import read_plan
from ml.protocol import EXIT_DONE, EXIT_FAULT, EXIT_STOPPED, read_event
from tests.ml.tiny_run import SETTINGS, write_plan

ROOT = Path(__file__).parents[2]
WORK = [sys.executable, "-m", "ml", "work"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def write(plan: Any, file: Path) -> Path:
    file.write_text(json.dumps(plan))
    return file


def work(plan: Path) -> tuple[int, list[Any], str]:
    """Exit code, events, stderr."""
    done = subprocess.run(
        [*WORK, str(plan)], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def endless(folder: Path) -> Path:
    """A run that trains for as long as one lets it."""
    plan = write_plan(folder, model_settings=SETTINGS | {"num_steps": 1_000_000, "num_checkpoints": 1})
    return write(plan, folder / "plan.json")


def wait_for_training(child: "subprocess.Popen[str]") -> None:
    assert child.stdout is not None
    for line in child.stdout:
        event = cast(Any, read_event(line))
        if event["event"] == "progress" and event["stage"] == "train" and event["step"] > 2:
            return
    raise AssertionError("the child ended before it trained")


def test_a_run_speaks_in_events_alone_and_ends_with_a_result(tmp_path: Path) -> None:
    code, events, stderr = work(write(write_plan(tmp_path), tmp_path / "plan.json"))
    assert code == EXIT_DONE, stderr
    assert [event["event"] for event in events if event["event"] in ("error", "result")] == ["result"]
    assert events[0] == {"event": "stage_started", "stage": "prepare"}


def test_sigterm_saves_and_leaves_with_its_own_code(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*WORK, str(endless(tmp_path))], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as child:
        wait_for_training(child)
        child.send_signal(signal.SIGTERM)
        rest = [json.loads(line) for line in child.stdout or []]
        assert child.wait(timeout=60) == EXIT_STOPPED
    (saved,) = [event for event in rest if event["event"] == "checkpoint"]
    assert Path(saved["file"]).stat().st_size == saved["size_bytes"]
    assert not [event for event in rest if event["event"] in ("error", "result", "stage_finished")]


def test_it_does_not_outlive_its_parent(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, flush=True)\n"
        "for line in child.stdout: print(line, end='', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent, *WORK, str(endless(tmp_path))],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        wait_for_training(process)
        process.kill()
    for _ in range(100):
        if not is_alive(pid):
            return
        time.sleep(0.1)
    raise AssertionError(f"process {pid} still trains")


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_fault_with_a_sentence_is_told_as_an_event(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, budget={"kind": "per_class", "count": 0})
    code, events, stderr = work(write(plan, tmp_path / "plan.json"))
    assert code == EXIT_FAULT
    (event,) = events
    assert (event["event"], event["code"]) == ("error", "bad_budget")
    assert "count" in event["message"]
    assert "Traceback" not in stderr


def test_a_defect_is_a_traceback_on_stderr_and_no_event(tmp_path: Path) -> None:
    code, events, stderr = work(write({"verb": "run"}, tmp_path / "plan.json"))
    assert (code, events) == (EXIT_FAULT, [])
    assert "is no plan" in stderr


def test_the_verb_ingest_is_carried_out_too(tmp_path: Path) -> None:
    write_plan(tmp_path)  # for its images
    code, events, stderr = work(
        write(
            {
                "verb": "ingest",
                "source": str(tmp_path / "source"),
                "source_name": "shapes",
                "out": str(tmp_path / "out"),
                "store": str(tmp_path / "store"),
                "kind": None,
                "split_seed": 0,
                "split_fractions": [0.8, 0.1, 0.1],
                "limits": {},
            },
            tmp_path / "plan.json",
        )
    )
    assert code == EXIT_DONE, stderr
    assert events[-1]["classes"] == ["bar", "disc", "frame"]


def test_stdout_is_kept_for_events_whoever_prints(tmp_path: Path) -> None:
    code = (
        "import os; from ml.protocol import claim_stdout, emit; claim_stdout();"
        "print('noise'); os.write(1, b'noise\\n'); os.system('echo noise');"
        "emit({'event': 'stage_started', 'stage': 'train'})"
    )
    child = [sys.executable, "-c", code]
    done = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == {"event": "stage_started", "stage": "train"}
    assert done.stderr.count("noise") == 3


def test_what_is_not_finite_is_not_said() -> None:
    from ml.protocol import emit

    with pytest.raises(ValueError, match="JSON compliant"):
        emit({"event": "scalars", "step": 1, "values": {"loss/G": float("nan")}})


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"no": "event"}', '{"event": 3}', '{"event": "progr'])
def test_a_torn_line_is_no_event(line: str) -> None:
    assert read_event(line) is None


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = write_plan(tmp_path)
    assert read_plan(write(plan, tmp_path / "plan.json")) == plan
