"""The service runs from exactly what the image holds: nothing it needs was left out of the COPY lines."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.docker.test_compose import copied
from tests.stack import Api
from webapp.core.redis_server import free_port

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder /opt/atelier of the image; without built pages where the front end is not built."""
    root = tmp_path / "opt"
    for source, target in copied("service"):
        here = ROOT / "frontend" / "dist" if source.endswith("/frontend/dist") else ROOT / source
        if "--from=packages" in source or not here.exists():
            continue
        if here.is_dir():
            shutil.copytree(here, root / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            root.mkdir(exist_ok=True)
            shutil.copy(here, root / target / here.name)
    return root


def test_the_default_command_serves_is_healthy_and_ends_when_asked(image: Path, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATELIER", "DJANGO"))}
    port = free_port()
    own = {"ATELIER_DATA": str(tmp_path / "data"), "HOST": "0.0.0.0", "PORT": str(port), "SETUP_CODE": "a-code"}
    environment = {**kept, **own, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with (tmp_path / "said").open("wb") as said:
        up = [sys.executable, "manage.py", "up", "--no-demo"]
        process = subprocess.Popen(up, cwd=image, env=environment, stdout=said, stderr=said, start_new_session=True)
    try:
        health = [sys.executable, "-m", "webapp.core.machine"]
        deadline = time.monotonic() + 120
        while subprocess.run(health, cwd=image, env=environment, capture_output=True).returncode != 0:
            assert process.poll() is None, (tmp_path / "said").read_text()
            assert time.monotonic() < deadline, (tmp_path / "said").read_text()
            time.sleep(0.5)
        api = Api(f"http://127.0.0.1:{port}")
        assert api.get("/api/v1/session/")["setup_code_needed"] is True
        assert api.request("GET", "/").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        if process.poll() is None:
            process.kill()
