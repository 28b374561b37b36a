"""The front end's own tests of its parts, as one test of the suite."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parents[1] / "frontend"


@pytest.mark.node
def test_every_unit_test_of_the_front_end_holds() -> None:
    npm = shutil.which("npm")
    if npm is None or not (FRONTEND / "node_modules" / "vitest").exists():
        pytest.skip("Node or the front end's packages are not installed (make install)")
    environment = {**os.environ, "CI": "1", "NO_COLOR": "1"}
    done = subprocess.run([npm, "test", "--silent"], cwd=FRONTEND, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
