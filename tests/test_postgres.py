"""What the services promise holds on PostgreSQL too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import NoPostgresError, cluster

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.postgres
@pytest.mark.timeout(1500)
def test_every_test_of_the_web_holds_on_postgresql_as_well(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not stack", "tests/webapp"]
    # who may go where is decided before the database is asked, and the walk through all addresses takes minutes
    command.append("--ignore=tests/webapp/test_access.py")
    try:
        with cluster() as url:
            environment = {**os.environ, "DATABASE_URL": url, "ATELIER_DATA": str(tmp_path), "REQUIRE_ALL": "0"}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    except NoPostgresError as error:
        pytest.skip(str(error))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout.splitlines()[-1]
