"""The container files name only what exists: commands, variables, paths, pinned images, and no secret."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from tests.architecture.source import ROOT
from webapp.core.consumers import PATH as SOCKET
from webapp.settings import UPLOAD_CHUNK_MAX_BYTES, VERSION

DOCKER = ROOT / "docker"
FILES = {path.name: yaml.safe_load(path.read_text()) for path in sorted(DOCKER.glob("compose*.yaml"))}
SERVICES = [(file, name, service) for file, content in FILES.items() for name, service in content["services"].items()]
WHOLE = [(file, name, service) for file, name, service in SERVICES if "image" in service]
OURS = [(file, name, service) for file, name, service in WHOLE if service["image"].startswith("atelier:")]
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}")
OF_THE_PRODUCT = ("webapp/settings.py", "webapp/core/machine.py", "webapp/core/shift.py")
KEYS_OF_A_BUCKET = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
"""boto3 reads them itself."""
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|CODE")
Service = tuple[str, str, dict[str, Any]]


def named(found: list[Service]) -> list[Any]:
    return [pytest.param(service, id=f"{file}-{name}") for file, name, service in found]


def variables_of_the_product() -> set[str]:
    """What the code reads from the environment."""
    text = "\n".join((ROOT / name).read_text() for name in OF_THE_PRODUCT)
    return set(re.findall(r"""(?:env|environ\.get)\(\s*"([A-Z0-9_]+)\"""", text))


def test_there_is_a_file_for_each_way_to_run() -> None:
    assert set(FILES) == {"compose.yaml", "compose.gpu.yaml", "compose.lab.yaml", "compose.worker.yaml"}
    assert len(OURS) >= 5


@pytest.mark.parametrize("service", named(OURS))
def test_a_service_runs_a_command_that_takes_these_words(service: dict[str, Any]) -> None:
    python, door, name, *words = service["command"]
    assert (python, door) == ("python", "manage.py")
    application = get_commands()[name]
    command = load_command_class(application, name) if isinstance(application, str) else application
    command.create_parser("manage.py", name).parse_args(words)


@pytest.mark.parametrize("service", named([(file, name, s) for file, name, s in SERVICES if "image" not in s] + OURS))
def test_a_service_sets_only_variables_that_the_product_reads(service: dict[str, Any]) -> None:
    assert set(service.get("environment", {})) - variables_of_the_product() - KEYS_OF_A_BUCKET == set()


@pytest.mark.parametrize("service", named(OURS))
def test_a_service_ends_in_good_order_and_has_no_more_rights_than_it_needs(service: dict[str, Any]) -> None:
    assert service["init"] is True, "somebody must reap what a killed child leaves"
    assert service["restart"] == "unless-stopped"
    assert int(service["stop_grace_period"].rstrip("s")) > 25, "a worker saves a checkpoint within 25 s"
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert service["image"] == f"atelier:{VERSION}"
    assert any(mount.endswith(":/data") for mount in service["volumes"])


@pytest.mark.parametrize("service", named(OURS))
def test_health_is_asked_of_what_answers_and_of_nothing_else(service: dict[str, Any]) -> None:
    answers = service["command"][2] in {"up", "serve"}
    assert service.get("healthcheck", {}).get("disable", False) is not answers


@pytest.mark.parametrize("service", named(WHOLE))
def test_every_image_is_one_exact_version(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-bookworm)?", service["image"])


@pytest.mark.parametrize("service", named(SERVICES))
def test_no_secret_stands_in_a_file_and_none_has_a_default(service: dict[str, Any]) -> None:
    for name, value in service.get("environment", {}).items():
        if SECRET.search(name) or "://" in str(value):
            used = VARIABLE.findall(str(value))
            assert used, f"{name} is written out"
            assert [default for _, sign, default in used if sign == "-" and default] == [], name
            left = VARIABLE.sub("", str(value))
            assert not re.search(r":[^/@:]+@", left), f"{name} holds a password"


def test_every_variable_is_explained_once_and_none_is_left_over() -> None:
    used = {match[0] for path in DOCKER.glob("compose*.yaml") for match in VARIABLE.findall(path.read_text())}
    lines = (DOCKER / ".env.example").read_text().splitlines()
    given = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(given) == sorted(used)
    assert [line for line in lines if "=" in line and not line.startswith("#") and not line.endswith("=")] == []
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "/docker/.env" in ignored


def test_only_the_proxy_and_the_single_machine_are_reached_from_outside() -> None:
    open_to_all = {
        (file, name)
        for file, name, service in SERVICES
        for port in service.get("ports", [])
        if not port.startswith(("${BIND:-127.0.0.1}:", "${LAB_ADDRESS:?"))
    }
    assert open_to_all == {("compose.lab.yaml", "proxy")}


def test_the_override_for_gpus_is_laid_over_services_that_are_there() -> None:
    assert set(FILES["compose.gpu.yaml"]["services"]) <= set(FILES["compose.yaml"]["services"])


def test_redis_asks_for_a_password_and_outlives_a_restart() -> None:
    script = FILES["compose.lab.yaml"]["services"]["redis"]["command"][-1]
    for words in ("requirepass %s", "$$REDIS_PASSWORD", "appendonly yes", "umask 077"):
        assert words in script


# --- the image ------------------------------------------------------------------------------------------------------
def instructions() -> list[tuple[str, str]]:
    """Word and rest of every instruction, lines joined."""
    text = re.sub(r"\\\n", " ", (DOCKER / "Dockerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def copied(stage: str) -> list[tuple[str, str]]:
    """Source and target of every COPY of a stage, from the repository or from another stage."""
    found, current = [], ""
    for word, rest in instructions():
        if word == "FROM":
            current = rest.split()[-1]
        if word == "COPY" and current == stage:
            parts = shlex.split(rest)
            found += [
                (f"{parts[0]} {name}" if parts[0].startswith("--from") else name, parts[-1]) for name in _names(parts)
            ]
    return found


def _names(parts: list[str]) -> list[str]:
    return [part for part in parts[:-1] if not part.startswith("--")]


def test_everything_that_is_copied_is_there_and_reaches_the_builder() -> None:
    allowed = {
        line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    names = [name for stage in ("pages", "packages", "service") for name, _ in copied(stage) if "--from" not in name]
    assert len(names) >= 8
    assert [name for name in names if not (ROOT / name).exists() or name.partition("/")[0] not in allowed] == []


def test_the_image_starts_without_rights_and_without_a_shell() -> None:
    words = dict(instructions())  # the last of each
    assert words["USER"] == "atelier"
    assert words["CMD"] == '["python", "manage.py", "up"]'
    assert words["HEALTHCHECK"].endswith('CMD ["python", "-m", "webapp.core.machine"]')
    assert "ENTRYPOINT" not in words


def test_the_images_it_is_built_on_are_exact_and_safe_versions() -> None:
    images = dict(rest.split("=", 1) for word, rest in instructions() if word == "ARG" and "=" in rest)
    python = re.fullmatch(r"python:(\d+\.\d+)\.(\d+)-slim-bookworm", images["PYTHON_IMAGE"])
    node = re.fullmatch(r"node:(\d+\.\d+\.\d+)-bookworm-slim", images["NODE_IMAGE"])
    assert python is not None
    assert node is not None
    floors = tomllib.loads((ROOT / "webapp/core/version_floors.toml").read_text())["python"]["floors"]
    assert any(
        python[1] == floor.rpartition(".")[0] and int(python[2]) >= int(floor.rpartition(".")[2]) for floor in floors
    )
    assert f"NODE_VERSION := {node[1]}" in (ROOT / "Makefile").read_text()


def test_what_the_image_sets_is_what_the_product_reads() -> None:
    settings = next(rest for word, rest in instructions() if word == "ENV")
    names = set(re.findall(r"([A-Z_]+)=", settings))
    others = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "NVIDIA_DRIVER_CAPABILITIES"}
    assert names - others - variables_of_the_product() == set()


# --- the proxy ------------------------------------------------------------------------------------------------------
def test_the_proxy_lets_sockets_and_chunks_through() -> None:
    text = re.sub(r"#.*", "", (DOCKER / "nginx.conf").read_text())
    assert text.count("{") == text.count("}")
    assert [line for line in map(str.strip, text.splitlines()) if line and line[-1] not in "{};"] == []
    sockets = text.partition(f"location {SOCKET} {{")[2].partition("}")[0]
    for line in (
        "Upgrade           $http_upgrade",
        "Connection        $connection_upgrade",
        "X-Forwarded-Proto $scheme",
    ):
        assert line in sockets, "a location that sets a header of its own inherits none"
    limit = re.search(r"client_max_body_size (\d+)m;", text)
    assert limit is not None
    assert int(limit[1]) * 2**20 > UPLOAD_CHUNK_MAX_BYTES
    upstreams = set(re.findall(r"proxy_pass http://([a-z]+):8000;", text))
    assert upstreams <= set(FILES["compose.lab.yaml"]["services"])
    assert "alias" not in text, "a path of the proxy's own would be a way around the service"


def test_the_page_about_containers_names_files_that_are_there() -> None:
    text = (DOCKER / "README.md").read_text()
    named_files = set(re.findall(r"docker/[\w.]+(?:\.yaml|\.example)", text)) | {"docker/nginx.conf"}
    assert [name for name in named_files if not Path(ROOT / name).exists()] == []
