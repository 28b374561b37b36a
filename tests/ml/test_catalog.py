"""The catalogue: the shelves as the web sees them, without torch, and made anew when a file changes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from ml import catalog
from ml.catalog import Catalogue, CatalogueError, Entry, load
from ml.errors import UnsuitableSamplerError
from ml.model import Model
from ml.plugin import find, read_settings, shelf
from ml.sampler import Sampler
from ml.selection import check_suitable, make_sampler
from ml.shelves import family_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="module")
def shelves(cache: Path) -> Catalogue:
    return load(cache)


@pytest.fixture
def own_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `ml` that a test may change; the catalogue is made from it."""
    source = tmp_path / "source" / "ml"
    shutil.copytree(ROOT / "ml", source, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(catalog, "SOURCE", source)
    return source


def test_every_plug_in_is_there_with_card_and_schema(shelves: Catalogue) -> None:
    for name, model in shelf("models", Model).items():
        entry = shelves.models[name]
        assert entry.card == model.card
        assert entry.schema == json.loads(json.dumps(model.Settings.model_json_schema()))
        assert (entry.family, entry.consumes) == (family_of(model), model.consumes)
        assert entry.provides == dict(model.provides)
    assert {"labelled_image", "translation"} == {entry.family for entry in shelves.models.values()}
    for name, sampler in shelf("samplers", Sampler).items():
        assert shelves.samplers[name].needs == sampler.needs
        assert shelves.samplers[name].reasons == dict(sampler.reasons)
        assert shelves.samplers[name].fills_budget == sampler.fills_budget
    assert {"fid", "kid", "tarr", "nearest_training_distance"} <= set(shelves.metrics)
    assert shelves.metrics["tarr"].better == "higher"
    assert shelves.dataset_kinds["labelled_images"].yields == ("image", "label")
    assert shelves.export_formats["image_folder"].suffix == ".zip"


def test_the_plain_form_is_what_the_api_hands_on(shelves: Catalogue) -> None:
    assert json.loads(json.dumps(shelves.plain)) == shelves.plain
    assert [row["name"] for row in shelves.plain["samplers"]] == sorted(shelves.samplers)


def test_defaults_fit_their_own_schema(shelves: Catalogue) -> None:
    entries: list[Entry] = [*shelves.models.values(), *shelves.samplers.values(), *shelves.metrics.values()]
    for entry in entries:
        jsonschema.validate(entry.defaults(), entry.schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"resolution": 8}, shelves.models["dcgan"].schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"no_such_setting": 8}, shelves.models["dcgan"].schema)


@pytest.mark.parametrize("budget", [{"kind": "per_class", "count": 3}, {"kind": "multiple", "factor": 2}])
def test_budgets_fit_the_schema_of_budgets(shelves: Catalogue, budget: dict[str, object]) -> None:
    jsonschema.validate(budget, shelves.budget_schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(budget | {"more": 1}, shelves.budget_schema)


@pytest.mark.parametrize("settings", [{}, {"class_head_weight": 0}], ids=["defaults", "no class head"])
def test_who_suits_whom_is_what_the_pipeline_says(shelves: Catalogue, settings: dict[str, object]) -> None:
    refusals = 0
    for name, model in shelf("models", Model).items():
        own = {key: value for key, value in settings.items() if key in model.Settings.model_fields}
        for sampler in shelf("samplers", Sampler):
            reason = shelves.suits(name, own, sampler)
            question = make_sampler(sampler, {}), model, read_settings(model, own)
            if reason is None:
                check_suitable(*question)
                continue
            with pytest.raises(UnsuitableSamplerError, match=re.escape(reason)):
                check_suitable(*question)
            refusals += 1
    assert refusals


@pytest.mark.parametrize("floor_by", ["classifier_confidence", "class_confidence", "realism", "optimal_transport"])
@pytest.mark.parametrize("name", ["gan", "dcgan"])
def test_a_score_that_a_setting_asks_for_is_missed_before_the_queue(
    shelves: Catalogue, name: str, floor_by: str
) -> None:
    model = find("models", Model, name)
    own = {"class_head_weight": 0} if "class_head_weight" in model.Settings.model_fields else {}
    reason = shelves.suits(name, own, "combined", {"floor_by": floor_by})
    question = make_sampler("combined", {"floor_by": floor_by}), model, read_settings(model, own)
    assert (reason is not None) == (floor_by == "class_confidence")
    if reason is None:
        check_suitable(*question)
    else:
        with pytest.raises(UnsuitableSamplerError, match=re.escape(reason)):
            check_suitable(*question)


def test_what_a_sampler_reads_is_said_alike_by_the_catalogue_and_the_sampler(shelves: Catalogue) -> None:
    given = {"floor_by": "realism"}
    assert shelves.samplers["combined"].reads(given) == make_sampler("combined", given).wanted() == ("realism",)
    assert shelves.samplers["combined"].reads({}) == ()
    for name in shelf("samplers", Sampler):
        assert shelves.samplers[name].reads({}) == make_sampler(name, {}).wanted()


def test_a_model_that_cannot_give_a_score_is_refused_with_what_to_do(shelves: Catalogue) -> None:
    assert "choose another sampler" in (shelves.suits("gan", {}, "class_confidence") or "")
    assert "class_head_weight above 0" in (shelves.suits("dcgan", {"class_head_weight": 0}, "class_confidence") or "")
    assert shelves.suits("gan", {}, "random") is None
    assert shelves.fits("dcgan", "labelled_images") is None


def test_the_calling_process_imports_no_torch(cache: Path, shelves: Catalogue) -> None:
    code = (
        "import sys, pathlib; from ml import catalog; catalog.load(pathlib.Path(sys.argv[1]));"
        "print(sorted({'torch', 'numpy', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(cache)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.strip() == "[]"


def test_it_is_kept_in_a_file_and_read_from_there(cache: Path, shelves: Catalogue) -> None:
    (file,) = cache.iterdir()
    changed = json.loads(file.read_text())
    changed["models"][0]["card"]["title"] = "read from the file"
    other = cache.with_name("other")
    other.mkdir()
    (other / file.name).write_text(json.dumps(changed))
    assert load(other).plain["models"][0]["card"]["title"] == "read from the file"


@pytest.mark.parametrize("damage", ["{", '{"models": [{"name": 1}]}'])
def test_a_damaged_file_is_made_anew(cache: Path, shelves: Catalogue, tmp_path: Path, damage: str) -> None:
    (file,) = cache.iterdir()
    (tmp_path / file.name).write_text(damage)
    assert load(tmp_path).plain == shelves.plain
    assert json.loads((tmp_path / file.name).read_text()) == shelves.plain


def test_a_new_file_on_a_shelf_appears_and_the_older_catalogue_goes(own_source: Path, tmp_path: Path) -> None:
    before = load(tmp_path / "cache")
    text = (own_source / "samplers" / "random.py").read_text()
    (own_source / "samplers" / "by_lot.py").write_text(text.replace('"random"', '"by_lot"'))
    after = load(tmp_path / "cache")
    assert set(after.samplers) == set(before.samplers) | {"by_lot"}
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_plug_in_that_does_not_import_is_named(own_source: Path, tmp_path: Path) -> None:
    (own_source / "samplers" / "broken.py").write_text('"""Broken."""\n\nimport no_such_module\n')
    with pytest.raises(CatalogueError, match="no_such_module"):
        load(tmp_path / "cache")
    assert not (tmp_path / "cache").exists() or not os.listdir(tmp_path / "cache")
