"""The client and the OpenAPI document agree, and the client stands alone."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source import ROOT, Source

CLIENT = ROOT / "client"
SOURCES = [Source(path) for path in sorted((CLIENT / "atelier").rglob("*.py"))]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text())
FOR_TORCH = {"torch", "numpy", "PIL"}


def requests() -> list[tuple[str, str, str]]:
    """Every request that the client's source names: where, method, path."""
    found = []
    for source in SOURCES:
        for node in ast.walk(source.tree):
            words = [part.value for part in ast.iter_child_nodes(node) if isinstance(part, ast.Constant)]
            paths = [word for word in words if isinstance(word, str) and word.startswith("/api/")]
            methods = [word for word in words if isinstance(word, str) and re.fullmatch(r"[A-Z]{3,6}", word)]
            found += [(source.name, methods[0] if methods else "GET", path.partition("?")[0]) for path in paths]
    return found


def test_every_request_of_the_client_is_one_that_the_document_describes() -> None:
    assert len(requests()) > 40
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert [request for request in requests() if request[1:] not in described] == []


def test_the_types_are_those_of_the_document() -> None:
    written = runpy.run_path(str(CLIENT / "write_shapes.py"))["text_of"](DOCUMENT)
    assert (CLIENT / "atelier" / "shapes.py").read_text() == written, "run make schema"


def test_the_client_needs_the_standard_library_only() -> None:
    foreign = {
        (source.path.name, name)
        for source in SOURCES
        for name in source.imports() - sys.stdlib_module_names - {"atelier", "typing_extensions"}
    }
    assert foreign == {("torch_data.py", name) for name in FOR_TORCH}


def test_its_source_is_that_of_the_oldest_python_it_promises() -> None:
    promised = re.search(r'requires-python = ">=3\.(\d+)"', (CLIENT / "pyproject.toml").read_text())
    assert promised is not None
    for source in SOURCES:
        ast.parse(source.text, source.name, feature_version=(3, int(promised[1])))


def test_client_and_service_have_one_version() -> None:
    import atelier

    from webapp.settings import VERSION

    stated = re.search(r'^version = "(.+)"', (CLIENT / "pyproject.toml").read_text(), re.MULTILINE)
    assert stated is not None
    assert (atelier.__version__, stated[1]) == (VERSION, VERSION)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment that holds the client and nothing else, not even pip."""
    home = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=120)
    packages = next((home / "lib").glob("python3.*/site-packages"))
    (packages / "client.pth").write_text(str(CLIENT))
    return home / "bin" / "python"


def run_bare(python: Path, *words: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "ATELIER"))}
    done = subprocess.run([python, *words], env=environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_a_bare_python_imports_all_of_it_and_nothing_of_the_server(bare_python: Path) -> None:
    code = """
import importlib, pkgutil, sys, atelier
for module in pkgutil.walk_packages(atelier.__path__, "atelier."):
    if module.name not in ("atelier.__main__", "atelier.torch_data"):
        importlib.import_module(module.name)
print(sorted({"django", "rest_framework", "celery", "redis", "torch", "numpy", "webapp", "ml"} & set(sys.modules)))
"""
    assert run_bare(bare_python, "-c", code) == "[]\n"


def test_the_command_runs_in_a_bare_python(bare_python: Path) -> None:
    assert run_bare(bare_python, "-m", "atelier", "--version") == "atelier 1.0.0\n"
    assert "exit status" in run_bare(bare_python, "-m", "atelier", "--help")


def test_where_torch_is_missing_it_is_said_in_a_sentence(bare_python: Path) -> None:
    code = """
from atelier.errors import AtelierError
try:
    import atelier.torch_data
except AtelierError as error:
    print(error)
"""
    assert "is not installed" in run_bare(bare_python, "-c", code)


def test_it_is_installed_without_a_network_and_without_the_server(bare_python: Path, tmp_path: Path) -> None:
    shutil.copytree(CLIENT, tmp_path / "client", ignore=shutil.ignore_patterns("__pycache__"))
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
    words = [sys.executable, "-m", "pip", "install", *offline, "--target", str(tmp_path / "packages"), "./client"]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=120)
    command = "import sys; sys.path.insert(0, sys.argv.pop(1)); from atelier.command.main import main; sys.exit(main())"
    told = run_bare(bare_python, "-I", "-c", command, str(tmp_path / "packages"), "--version")
    assert told == "atelier 1.0.0\n"
    assert (tmp_path / "packages" / "bin" / "atelier").is_file()
    assert (tmp_path / "packages" / "atelier" / "py.typed").is_file()
