"""Where the service is reached: this machine's names and no others, and a path of a host that it shares."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from webapp.core.addresses import of_this_machine
from webapp.core.asgi import UnderPath
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


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/shared/atelier/api/v1/runs/", "/api/v1/runs/"),
        ("/api/v1/runs/", "/api/v1/runs/"),  # the proxy took the path away
        ("/shared/atelier", "/"),
        ("/shared/atelierx/", "/shared/atelierx/"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_proxy_may_pass_the_path_on_or_take_it_away(asked: str, seen: str, kind: str) -> None:
    told: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        told.append(scope["path"])

    queue: asyncio.Queue[Any] = asyncio.Queue()
    asyncio.run(UnderPath(app, "/shared/atelier")({"type": kind, "path": asked}, queue.get, queue.put))
    assert told == [seen]
