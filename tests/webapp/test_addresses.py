"""HOST on all addresses: the service answers to this machine's names, and to no others."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from webapp.core.addresses import of_this_machine
from webapp.core.machine import BASE_DIR, address


def test_the_machine_knows_its_own_names() -> None:
    found = of_this_machine()
    assert "127.0.0.1" in found
    assert socket.gethostname() in found
    assert not any("%" in name for name in found)


@pytest.mark.parametrize(
    ("environment", "allowed", "refused"),
    [
        ({"HOST": "0.0.0.0"}, socket.gethostname(), "*"),
        ({"HOST": "lab.example"}, "lab.example", socket.gethostname()),
        ({"HOST": "0.0.0.0", "PUBLIC_URL": "https://atelier.example"}, "atelier.example", "*"),
    ],
)
def test_allowed_hosts_follow_where_it_is_served(
    tmp_path: Path, environment: dict[str, str], allowed: str, refused: str
) -> None:
    show = "from webapp import settings as s; print('\\n'.join([*s.ALLOWED_HOSTS, str(s.SESSION_COOKIE_SECURE)]))"
    clean = {name: value for name, value in os.environ.items() if name not in {"HOST", "PUBLIC_URL", "ALLOWED_HOSTS"}}
    shown = subprocess.run(
        [sys.executable, "-c", show],
        cwd=BASE_DIR,
        env={**clean, **environment, "ATELIER_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert allowed in shown
    assert refused not in shown
    assert shown[-1] == str("PUBLIC_URL" in environment)


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80"), ("lab.example", "http://lab.example:80")],
)
def test_the_address_printed_reaches_the_service_from_this_machine(host: str, url: str) -> None:
    assert address(host, 80) == url
