"""What is loaded by what, seen in real processes: import-linter reads the source, these look at the result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

HEAVY = ["torch", "torchmetrics", "sklearn", "scipy"]
WEB = ["django", "rest_framework", "channels", "celery", "kombu", "redis", "webapp", "workers"]
LOADED = "import json, sys; print(json.dumps([name for name in {names!r} if name in sys.modules]))"


def shown(code: str, data_dir: Path) -> str:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "webapp.settings", "ATELIER_DATA": str(data_dir)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "start",
    [
        "import webapp.asgi, django; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns",
        "from webapp.celery import app; app.loader.import_default_modules()",
        "import ml.protocol, ml.catalog",
    ],
    ids=["the server", "the worker's parent process", "what the web and the workers see of ml"],
)
def test_torch_is_loaded_by_the_child_that_computes_and_by_nobody_else(start: str, tmp_path: Path) -> None:
    assert json.loads(shown(f"{start}\n{LOADED.format(names=HEAVY)}", tmp_path)) == []


WITHOUT_WEB = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ImportError(f"{{name}} is not there")

sys.meta_path.insert(0, Refuse())
import ml
for module in pkgutil.walk_packages(ml.__path__, "ml."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print("all of ml")
"""


def test_ml_is_whole_where_the_web_is_not_installed(tmp_path: Path) -> None:
    assert shown(WITHOUT_WEB.format(names=WEB), tmp_path) == "all of ml"


QUIET = """
import importlib, pkgutil, sys
import torch, torchmetrics, sklearn, numpy, PIL.Image, safetensors.torch  # theirs is not ours to judge
import ml.model, ml.sampler, ml.metric, ml.dataset_kind, ml.export_format
opened = []
def watch(event, arguments):
    if event.startswith("socket.") or event in {"subprocess.Popen", "os.system"}:
        opened.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        if "__pycache__" not in str(arguments[0]):
            opened.append(f"open {arguments[0]}")
sys.addaudithook(watch)
for shelf in ("models", "samplers", "metrics", "dataset_kinds", "export_formats"):
    package = importlib.import_module(f"ml.{shelf}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"ml.{shelf}.{module.name}")
print(opened)
"""


def test_importing_a_plug_in_opens_no_network_starts_nothing_and_writes_nothing(tmp_path: Path) -> None:
    assert shown(QUIET, tmp_path) == "[]"
