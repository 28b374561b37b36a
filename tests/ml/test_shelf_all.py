"""What every plug-in of the shelves beside the models must hold; a new file on a shelf inherits all of it."""

import inspect
import os
import subprocess
import sys
import typing
from pathlib import Path

import annotated_types
import pytest
from pydantic.fields import FieldInfo

from ml.dataset_kind import DatasetKind
from ml.errors import BadSettingsError
from ml.export_format import ExportFormat
from ml.metric import Better, Metric
from ml.model import TranslationModel
from ml.plugin import Plugin, find, read_settings, shelf
from ml.sampler import Sampler
from ml.score import FACTS
from ml.shelves import names

ROOT = Path(__file__).parents[2]
CONTRACTS: dict[str, type[Plugin]] = {
    "samplers": Sampler,
    "metrics": Metric,
    "dataset_kinds": DatasetKind,
    "export_formats": ExportFormat,
}
PLUG_INS = {
    (folder, name): plugin for folder, base in CONTRACTS.items() for name, plugin in shelf(folder, base).items()
}
SCORES = {"class_confidence", "realism", "classifier_confidence", "nearest_training_distance"}
"""What the stage `score` computes."""

every_plug_in = pytest.mark.parametrize(("folder", "name"), PLUG_INS, ids="/".join)


@every_plug_in
def test_it_is_found_by_the_name_of_its_file(folder: str, name: str) -> None:
    plugin = PLUG_INS[folder, name]
    assert find(folder, CONTRACTS[folder], name) is plugin
    assert Path(inspect.getfile(plugin)).stem == plugin.name == name
    assert name in names()[folder]


@every_plug_in
def test_its_card_and_its_file_say_what_it_is(folder: str, name: str) -> None:
    plugin = PLUG_INS[folder, name]
    assert plugin.card.title
    assert plugin.card.summary.endswith(".")
    assert plugin.card.limits.endswith(".")
    if issubclass(plugin, TranslationModel):
        assert plugin.card.labels.endswith("."), "what of a source stays true is said"
    text = sys.modules[plugin.__module__].__doc__ or ""
    assert len(text) > 40
    assert plugin.card.url in text


@every_plug_in
def test_every_setting_has_a_default_help_and_bounds(folder: str, name: str) -> None:
    fields = PLUG_INS[folder, name].Settings.model_fields
    for setting, field in fields.items():
        assert not field.is_required(), setting
        assert (field.description or "").endswith("."), setting
        assert is_bounded(field), setting


def is_bounded(field: FieldInfo) -> bool:
    if field.annotation in (int, float):
        kinds = {type(part) for part in field.metadata}
        lower, upper = {annotated_types.Ge, annotated_types.Gt}, {annotated_types.Le, annotated_types.Lt}
        return bool(kinds & lower) and bool(kinds & upper)
    return field.annotation is bool or typing.get_origin(field.annotation) is typing.Literal


@every_plug_in
def test_a_setting_it_does_not_have_is_refused_by_name(folder: str, name: str) -> None:
    with pytest.raises(BadSettingsError, match=f"{name} do not fit: no_such_setting"):
        read_settings(PLUG_INS[folder, name], {"no_such_setting": 1})


@pytest.mark.parametrize("name", shelf("samplers", Sampler))
def test_a_sampler_reads_scores_that_exist_and_explains_every_reason(name: str) -> None:
    sampler = shelf("samplers", Sampler)[name]
    assert set(sampler.needs) <= SCORES - set(FACTS)
    assert all(sentence.endswith(".") and len(code) <= 60 for code, sentence in sampler.reasons.items())


@pytest.mark.parametrize("name", shelf("metrics", Metric))
def test_a_metric_says_which_way_is_better(name: str) -> None:
    assert shelf("metrics", Metric)[name].better in typing.get_args(Better)


AUDIT = """
import sys, time
import numpy, pydantic, scipy.linalg, torch, PIL.Image
from ml import dataset_kind, export_format, metric, plugin, ranking, sampler
touched = []
def refuse(*_): touched.append("clock")
def hook(event, args):
    if event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so")):
        touched.append(f"file {args[0]}")
    elif event.split(".")[0] in ("socket", "urllib", "subprocess", "http", "ftplib", "sqlite3") or event == "os.system":
        touched.append(event)
time.time = time.monotonic = time.perf_counter = refuse
sys.addaudithook(hook)
for name in sys.argv[1:]:
    __import__(name)
    if touched:
        sys.exit(f"{name}: {touched}")
"""


def test_importing_opens_no_file_network_or_clock() -> None:
    modules = [f"ml.{folder}.{name}" for folder in CONTRACTS for name in names()[folder]]
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_nothing_stands_on_a_shelf_unseen() -> None:
    for folder, base in CONTRACTS.items():
        assert names()[folder] == sorted(shelf(folder, base))
