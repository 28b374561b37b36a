"""One name for one thing: the same file names in every app, and none that says nothing."""

import ast

import pytest

from tests.architecture.source import ROOT, sources

FILES_OF_AN_APP = {
    "__init__", "admin", "api", "apps", "checks", "consumers", "events", "management", "migrations", "models",
    "selectors", "services", "urls",
}  # fmt: skip
FILES_OF_ONE_APP: dict[str, dict[str, str]] = {
    "accounts": {
        "authentication": "who is asking: a session or a program's token",
        "logins": "logging in, and slowing down whoever guesses",
        "schema": "how the OpenAPI document describes the two ways of saying who one is",
    },
    "recipes": {
        "catalogue": "the one place that reads ml.catalog for the other apps",
        "validation": "whether a recipe can be run, said field by field",
    },
    "datasets": {"tus": "chunks of uploads, taken before Django would read their bodies"},
    "runs": {
        "forecast": "how long runs take, from what earlier ones took here",
        "states": "the moves of a run, checked in one place",
        "turns": "whose run starts next, and how many one person may have, in one place",
    },
}
"""App -> file -> why this app alone has it."""
APPS = sorted(path.parent.name for path in (ROOT / "webapp").glob("*/apps.py"))
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "stuff", "base"}


@pytest.mark.parametrize("app", [app for app in APPS if app != "core"])
def test_an_app_has_the_same_file_names_as_every_other(app: str) -> None:
    found = {path.stem for path in (ROOT / "webapp" / app).iterdir() if path.name != "__pycache__"}
    assert found - FILES_OF_AN_APP - FILES_OF_ONE_APP.get(app, {}).keys() == set()


def test_no_exception_to_the_file_names_is_kept_after_its_file_is_gone() -> None:
    listed = {f"webapp/{app}/{name}" for app, names in FILES_OF_ONE_APP.items() for name in names}
    assert {name for name in listed if not (ROOT / f"{name}.py").exists() and not (ROOT / name).is_dir()} == set()


def test_no_file_name_says_nothing() -> None:
    found = [source.name for source in sources("ml", "webapp", "workers", "client", "tests", "benchmarks")]
    found += [path.relative_to(ROOT).as_posix() for path in (ROOT / "frontend" / "src").rglob("*.ts*")]
    assert [name for name in found if name.rpartition("/")[2].partition(".")[0] in SAYS_NOTHING] == []


def test_every_error_is_called_one() -> None:
    wrong = []
    for source in sources():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ClassDef):
                continue
            parents = {parent.id for parent in node.bases if isinstance(parent, ast.Name)}
            raised = any(name.endswith(("Error", "Exception")) for name in parents - {"BaseException"})
            if raised and not node.name.endswith("Error"):
                wrong.append(f"{source.name}: {node.name}")
    assert wrong == []


def test_no_file_is_about_more_than_one_thing() -> None:
    """Past 400 lines a file becomes a package with a file for each noun."""
    assert [source.name for source in sources() if source.text.count("\n") > 400] == []
