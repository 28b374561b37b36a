"""Security headers on every kind of answer, cookies, hosts, and the front end's page."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.db import connection
from rest_framework.test import APIClient

from tests.conftest import PASSWORD
from tests.webapp.served import Served
from webapp.accounts.models import Lab, Person
from webapp.accounts.services import create_person
from webapp.core.checks import (
    check_inception_weights,
    check_live_layer,
    check_reachable,
    check_secret_key,
    check_sqlite_is_on_a_local_disk,
    check_sqlite_settings,
    file_system_of,
)

pytestmark = pytest.mark.django_db
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/", 200),
        ("get", "/runs/7", 200),
        ("get", "/api/v1/session/", 200),
        ("get", "/api/v1/datasets/", 401),
        ("get", "/api/v1/nothing/", 404),
        ("post", "/api/v1/session/login/", 403),
        ("get", "/health/live", 200),
        ("get", "/health/ready", 200),
        ("get", "/api/schema/", 200),
        ("get", "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css", 200),
    ],
)
def test_every_answer_carries_the_headers(method: str, path: str, status: int) -> None:
    answer = getattr(APIClient(enforce_csrf_checks=True), method)(path)
    assert answer.status_code == status
    for name, value in ALWAYS.items():
        assert answer[name] == value, name
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in answer["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in answer


def test_answers_of_the_api_are_not_kept() -> None:
    assert APIClient().get("/api/v1/session/")["Cache-Control"] == "no-store"
    assert APIClient().get("/api/v1/datasets/")["Cache-Control"] == "no-store"


def test_other_origins_get_no_leave(viewer: Person, client_of: Callable[[Person], APIClient]) -> None:
    for origin in ("https://evil.example", "null"):
        answer = client_of(viewer).get("/api/v1/session/", HTTP_ORIGIN=origin)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_unknown_hosts_are_refused() -> None:
    answer = APIClient().get("/api/v1/session/", HTTP_HOST="evil.example")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    create_person("Ada", "ada@lab.example", PASSWORD)
    client = APIClient()
    client.get("/")
    assert client.cookies[product.CSRF_COOKIE_NAME]["samesite"] == "Lax"
    client.post("/api/v1/session/login/", {"email": "ada@lab.example", "password": PASSWORD}, format="json")
    session = client.cookies[product.SESSION_COOKIE_NAME]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")


def test_changes_without_the_pages_csrf_token_are_refused(researcher: Person, lab: Lab) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(researcher)
    for path in ("datasets/", f"recipes/?lab={lab.pk}", "tokens/", "uploads/", "session/logout/"):
        answer = client.post(f"/api/v1/{path}", {}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed"), path


# --- the front end ----------------------------------------------------------------------------------------------
def test_every_other_address_is_the_front_end_and_says_when_it_is_not_built(settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    for path in ("/", "/runs/abc", "/datasets/1/images"):
        answer = APIClient().get(path)
        assert b"Atelier" in answer.content
        assert b"not built" in answer.content
        assert product.CSRF_COOKIE_NAME in answer.cookies


def test_the_page_gets_a_new_nonce_each_time_and_only_styles_may_use_it(settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    (tmp_path / "index.html").write_text('<meta property="csp-nonce" nonce="__CSP_NONCE__"><title>Atelier</title>')
    nonces = set()
    for _ in range(2):
        answer = APIClient().get("/")
        nonce = answer.content.decode().split('nonce="')[1].split('"')[0]
        assert f"style-src 'self' 'nonce-{nonce}'" in answer["Content-Security-Policy"]
        assert "script-src 'self';" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "no-cache"
        nonces.add(nonce)
    assert len(nonces) == 2


def test_the_pages_text_follows_a_new_build(settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    page = tmp_path / "index.html"
    page.write_text("one")
    assert APIClient().get("/").content == b"one"
    page.write_text("two")
    assert APIClient().get("/").content == b"two"


def test_files_named_by_their_content_are_kept_for_ever(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-Dk3x_9aB.js").write_text("1")
    (tmp_path / "assets" / "plain.js").write_text("2")
    settings.STATICFILES_DIRS = [tmp_path]
    client = APIClient()
    assert "immutable" in client.get("/static/assets/index-Dk3x_9aB.js")["Cache-Control"]
    assert "immutable" not in client.get("/static/assets/plain.js")["Cache-Control"]
    assert client.get("/static/assets/nothing.js").status_code == 404


def test_a_front_end_built_under_the_running_service_is_served_at_once(tmp_path: Path, settings: Any) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "index-Dk3x_9aB.js").write_text("1")
    settings.STATICFILES_DIRS = [tmp_path]
    client = APIClient()
    assert client.get("/static/assets/index-Dk3x_9aB.js").content == b"1"
    (assets / "index-Dk3x_9aB.js").unlink()
    (assets / "index-Zq81_77c.js").write_text("2")
    new = client.get("/static/assets/index-Zq81_77c.js")
    assert (new.content, "immutable" in new["Cache-Control"]) == (b"2", True)
    assert client.get("/static/assets/index-Dk3x_9aB.js").status_code == 404


def test_the_api_browser_runs_from_this_server_alone() -> None:
    answer = APIClient().get("/api/schema/view/")
    assert answer.status_code == 200
    assert b"http://" not in answer.content.replace(b"http://testserver", b"")
    assert b"https://" not in answer.content
    assert "script-src 'self';" in answer["Content-Security-Policy"]


@pytest.mark.django_db(transaction=True)
def test_the_real_server_sends_them_too_and_names_no_version(transactional_db: None) -> None:
    with Served() as server:
        for path, status in (("/", 200), ("/api/v1/session/", 200), ("/assets/none.js", 404), ("//evil.com/x", 404)):
            answer = server.ask("GET", path)
            assert answer.status == status
            for name, value in ALWAYS.items():
                assert answer.headers[name] == value


# --- settings ---------------------------------------------------------------------------------------------------
def ids(found: list[Any]) -> list[str]:
    return [message.id for message in found]


def test_risky_settings_are_said_with_what_to_do(settings: Any) -> None:
    assert ids(check_secret_key(None)) == []
    settings.SECRET_KEY = "x" * 60
    assert ids(check_secret_key(None)) == ["atelier.E001"]
    assert ids(check_reachable(None)) == []
    settings.IS_LOOPBACK = False
    settings.ALLOWED_HOSTS = ["*"]
    assert ids(check_reachable(None)) == ["atelier.W001", "atelier.W002", "atelier.E003"]
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert ids(check_live_layer(None)) == ["atelier.E004"]
    assert all(message.hint for message in check_reachable(None) + check_live_layer(None) + check_secret_key(None))


def test_inception_weights_that_are_missing_torn_or_another_file_are_said(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "inception.pth"
    assert check_inception_weights(None) == []
    settings.INCEPTION_WEIGHTS = str(file)
    for start, size, fault in (
        (None, 0, "is not there"),
        (b"x", 1_000_000, "is torn or another file (1 MiB)"),
        (b"PK", 95_000_000, "is torn or another file (91 MiB)"),
        (b"\x80\x02", 95_000_000, ""),
    ):
        if start is not None:
            file.write_bytes(start)
            os.truncate(file, size)
        found = check_inception_weights(None)
        assert ids(found) == (["atelier.W003"] if fault else [])
        assert all(fault in message.msg and str(file) in message.msg and message.hint for message in found)
    settings.INCEPTION_WEIGHTS = "inception.pth"
    assert "no absolute path" in check_inception_weights(None)[0].msg


def test_sqlite_on_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda / ext4 rw 0 0\nserver:/lab /mnt/the\\040lab nfs4 rw 0 0\n")
    assert file_system_of(Path("/mnt/the lab/atelier"), mounts) == "nfs4"
    assert file_system_of(Path("/mnt/other"), mounts) == "ext4"
    assert ids(check_sqlite_is_on_a_local_disk(None)) == []
    if connection.vendor == "sqlite":
        monkeypatch.setattr("webapp.core.checks.file_system_of", lambda folder: "nfs4")
        assert ids(check_sqlite_is_on_a_local_disk(None)) == ["atelier.E007"]


def test_sqlite_without_wal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the tests run on another database")
    assert ids(check_sqlite_settings(None)) == []
    monkeypatch.setitem(product.DATABASES["default"], "OPTIONS", {})
    assert ids(check_sqlite_settings(None)) == ["atelier.E005"]


def test_a_disk_that_is_almost_full_is_said_and_keeps_nobody_from_reading(settings: Any) -> None:
    settings.DISK_FLOOR_BYTES = 10**18
    answer = APIClient().get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "disk": "is almost full"})


# --- the front end's files --------------------------------------------------------------------------------------
SCRIPT = b"export const answer = 42;\n" * 200


@pytest.fixture
def built(tmp_path: Path, settings: Any) -> APIClient:
    """A service whose front end consists of one script with its compressed twins, and one without."""
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    for name in ("index-DK0HiEe3.js", "plain.js"):
        (assets / name).write_bytes(SCRIPT)
    (assets / "index-DK0HiEe3.js.br").write_bytes(b"brotli")
    (assets / "index-DK0HiEe3.js.gz").write_bytes(gzip.compress(SCRIPT))
    settings.STATICFILES_DIRS = [tmp_path / "dist"]
    return APIClient()


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [("gzip, deflate, br", "br", b"brotli"), ("gzip", "gzip", gzip.compress(SCRIPT)), ("", None, SCRIPT)],
)
def test_a_script_goes_out_as_small_as_the_browser_takes_it_and_is_kept_forever(
    built: APIClient, accepted: str, encoding: str | None, content: bytes
) -> None:
    answer = built.get("/static/assets/index-DK0HiEe3.js", HTTP_ACCEPT_ENCODING=accepted)
    assert (answer.status_code, answer.get("Content-Encoding")) == (200, encoding)
    assert gzip.decompress(answer.content) == SCRIPT if encoding == "gzip" else answer.content == content
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "max-age=315360000, public, immutable"
    assert answer["Vary"] == "Accept-Encoding"


def test_a_file_of_a_name_that_stays_is_asked_for_again(built: APIClient) -> None:
    answer = built.get("/static/assets/plain.js", HTTP_ACCEPT_ENCODING="br")
    assert answer.content == SCRIPT
    assert answer["Cache-Control"] == "max-age=60, public"


def test_the_build_lays_compressed_twins_beside_every_text_of_some_size() -> None:
    dist: Path = product.FRONTEND_DIST
    texts = [path for path in dist.rglob("*") if path.suffix in {".js", ".css"} and path.stat().st_size >= 1024]
    if not texts:
        pytest.skip("the front end is not built (make install)")
    for path in texts:
        assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == path.read_bytes(), path.name
        assert path.with_name(f"{path.name}.br").stat().st_size < path.stat().st_size, path.name
