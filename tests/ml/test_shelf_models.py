"""What every model on the shelf must hold; a new file on the shelf inherits all of it."""

import inspect
import math
import os
import subprocess
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import annotated_types
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from ml.checkpoint import Saved, read_checkpoint
from ml.errors import BadSettingsError
from ml.feed import batch_of
from ml.generation import RESULT, generate_with_views
from ml.images import to_model
from ml.model import Model, ModelSettings, TranslationModel
from ml.pack import Pack
from ml.plugin import ONLY_WITH, read_settings, shelf
from ml.score import model_scores
from ml.sources import may_become
from ml.train import Callbacks, TrainResult, generate_images, load_for_generation, train
from tests.ml.shelf_data import pack_for
from tests.ml.tiny_data import write_tiny_pack

MODELS = shelf("models", Model)
TRANSLATIONS = [name for name, model in MODELS.items() if issubclass(model, TranslationModel)]
CPU = torch.device("cpu")
NUM_STEPS = 6
ROOT = Path(__file__).parents[2]

every_model = pytest.mark.parametrize("name", MODELS)
every_translation = pytest.mark.parametrize("name", TRANSLATIONS)


class Recorded(Callbacks):
    """Keeps the scalars, and asks to stop before step `stop_at` + 1."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.scalars: dict[int, dict[str, float]] = {}
        self.step = 0
        self.stop_at = stop_at
        self.asked = 0

    def on_scalars(self, step: int, values: dict[str, float]) -> None:
        self.scalars[step] = dict(values)

    def should_stop(self) -> bool:
        self.asked += 1
        return self.stop_at is not None and self.asked > self.stop_at


@pytest.fixture(scope="module")
def pack_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pack]:
    """The pack that a model is tried on."""
    done: dict[str, Pack] = {}

    def get(name: str) -> Pack:
        if name not in done:
            done[name] = pack_for(MODELS[name], tiny(name), tmp_path_factory.mktemp(f"{name}-data"))
        return done[name]

    return get


@pytest.fixture(scope="module")
def trained(
    pack_of: Callable[[str], Pack], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[TrainResult, Recorded]]:
    """Each model trained once, without interruption."""
    done: dict[str, tuple[TrainResult, Recorded]] = {}

    def get(name: str) -> tuple[TrainResult, Recorded]:
        if name not in done:
            told, out = Recorded(), tmp_path_factory.mktemp(name)
            result = train(MODELS[name], tiny(name), pack_of(name), out, seed=1, callbacks=told)
            done[name] = (result, told)
        return done[name]

    return get


@pytest.fixture(scope="module")
def load(pack_of: Callable[[str], Pack], trained: Any) -> Callable[[str], Model]:
    """The trained model with its sources at hand, read anew from its checkpoint."""
    return lambda name: load_for_generation(trained(name)[0].checkpoint, pack=pack_of(name))


def tiny(name: str) -> Any:
    """The model's own defaults, but small."""
    small = {"resolution": 16, "batch_size": 8, "num_steps": NUM_STEPS, "num_checkpoints": 2, "num_previews": 2}
    return read_settings(MODELS[name], small)


def labels_made(model: Model, number: int | None = None) -> NDArray[np.int64]:
    """The classes that it makes images of, taking turns."""
    made = np.array(model.labels_made(model.settings, len(model.data.classes)), np.int64)
    return made if number is None else np.resize(made, number)


def assert_same_state(first: Saved, second: Saved) -> None:
    assert first.tensors.keys() == second.tensors.keys()
    for path, tensor in first.tensors.items():
        assert torch.equal(tensor, second.tensors[path]), path
    assert first.facts == second.facts


@every_model
def test_training_logs_finite_losses_and_reaches_its_last_step(name: str, trained: Any) -> None:
    result, told = trained(name)
    assert (result.step, result.stopped) == (NUM_STEPS, False)
    losses = [value for values in told.scalars.values() for path, value in values.items() if path.startswith("loss/")]
    assert losses
    assert all(math.isfinite(value) for values in told.scalars.values() for value in values.values())


@every_model
def test_training_changes_every_network(name: str, trained: Any, pack_of: Any, tmp_path: Path) -> None:
    first = train(MODELS[name], tiny(name), pack_of(name), tmp_path, seed=1, callbacks=Recorded(stop_at=0))
    before, after = read_checkpoint(first.last).tensors, read_checkpoint(trained(name)[0].last).tensors
    changed = {path.split("/")[1].split(".")[0] for path in before if not torch.equal(before[path], after[path])}
    networks = {part for path in before if (part := path.split("/")[1].split(".")[0])[0].isupper()}
    assert networks
    assert networks <= changed


@every_model
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(
    name: str, trained: Any, pack_of: Any, tmp_path: Path
) -> None:
    stopped = train(MODELS[name], tiny(name), pack_of(name), tmp_path / "f1", seed=1, callbacks=Recorded(stop_at=4))
    assert (stopped.stopped, stopped.step) == (True, 4)
    resumed = train(MODELS[name], tiny(name), pack_of(name), tmp_path / "f2", seed=1, resume_from=stopped.last)
    assert_same_state(read_checkpoint(resumed.last), read_checkpoint(trained(name)[0].last))


@every_model
def test_the_same_seed_makes_the_same_images_and_another_seed_others(name: str, load: Any) -> None:
    model = load(name)
    labels, seeds = labels_made(model, 6), np.arange(6)
    first = generate_images(model, labels, seeds)
    again = generate_images(load(name), labels, seeds)
    # other noise; of a translation the seed's remainder picks the source, so the next seed means another one
    others = generate_images(model, labels, seeds + (1 if name in TRANSLATIONS else 100))
    assert np.array_equal(first, again)
    assert all(not np.array_equal(one, other) for one, other in zip(first, others, strict=True))


@every_model
def test_an_image_depends_on_its_own_label_and_seed_alone(name: str, load: Any) -> None:
    model = load(name)
    labels, seeds = labels_made(model, 4), np.array([5, 6, 7, 8])
    together = generate_images(model, labels, seeds)
    alone = generate_images(model, labels[2:3], seeds[2:3])
    assert np.abs(together[2].astype(int) - alone[0].astype(int)).max() <= 1


@pytest.mark.parametrize("name", [name for name in MODELS if name not in TRANSLATIONS])
def test_the_class_decides_the_image(name: str, load: Any) -> None:
    images = generate_images(load(name), [0, 1, 2], [9, 9, 9])
    assert images.shape == (3, 16, 16, 1)
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[1], images[2])


@pytest.mark.parametrize("name", [name for name in TRANSLATIONS if MODELS[name].min_classes > 1])
def test_a_source_becomes_another_image_for_each_class_that_it_may_become(name: str, load: Any, pack_of: Any) -> None:
    model, pack = load(name), pack_of(name)
    rows = pack.rows("train")[:8]
    may = np.stack([may_become(MODELS[name], tiny(name), pack, rows, target) for target in range(len(pack.classes))])
    becomes_something = may.any(0)
    assert becomes_something.any()
    assert becomes_something.all() or len(labels_made(model)) < len(pack.classes)
    source = batch_of(pack.read_whole(rows), model.image_range)
    made = [model.generate(source, torch.full((len(rows),), target)) for target in range(len(pack.classes))]
    for row in np.flatnonzero(becomes_something):
        one, *others = [made[target][row] for target in np.flatnonzero(may[:, row])]
        assert all(not torch.equal(one, other) for other in others)


@every_translation
def test_the_source_that_class_and_seed_pick_is_shown_beside_each_image(name: str, load: Any) -> None:
    model = load(name)
    labels, seeds = labels_made(model, 5), np.arange(5) * 7
    shown = generate_with_views(model, labels, seeds)
    assert tuple(shown) == (RESULT, *model.views)
    assert np.array_equal(shown[RESULT], generate_images(model, labels, seeds))
    assert all(view.shape[:3] == (5, 16, 16) and view.shape[3] in (1, 3) for view in shown.values())
    alone = generate_with_views(model, labels[3:], seeds[3:])["source"]
    assert np.array_equal(alone, shown["source"][3:])
    others = generate_with_views(model, labels, seeds + 1)["source"]
    assert all(not np.array_equal(one, other) for one, other in zip(shown["source"], others, strict=True))


@every_model
def test_every_promised_score_is_given(name: str, load: Any, pack_of: Any) -> None:
    model, pack = load(name), pack_of(name)
    available = model.available_scores(model.settings)
    assert available <= {"realism", "class_confidence"}
    scores = model_scores(model, pack.images[:5].copy(), labels_made(model, 5), CPU, np.arange(5))
    assert scores.keys() == available
    assert all(score.shape == (5,) and np.isfinite(score).all() for score in scores.values())
    if "class_confidence" in available:
        with torch.inference_mode():
            confidence = model.class_confidence(to_model(torch.from_numpy(pack.images[:5].copy()), model.image_range))
        assert confidence.shape == (5, len(pack.classes))
        assert ((confidence >= 0) & (confidence <= 1)).all()
        if not pack.attributes:
            assert torch.allclose(confidence.sum(1), torch.ones(5), atol=1e-4)


@every_model
@pytest.mark.parametrize("resolution", [17, 30])
def test_odd_sizes_and_colour_train_too(name: str, resolution: int, tmp_path: Path) -> None:
    settings = tiny(name).model_copy(update={"resolution": resolution, "num_steps": 1})
    pack = pack_for(MODELS[name], settings, tmp_path, resolution, {"disc": 4, "bar": 4}, colour=True)
    result = train(MODELS[name], settings, pack, tmp_path / "out", seed=1)
    model = load_for_generation(result.checkpoint, pack=pack)
    images = generate_images(model, labels_made(model, 2), [1, 2])
    assert images.shape == (2, resolution, resolution, 3)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.min_classes <= 1])
def test_a_single_class_of_few_images_trains_too(name: str, tmp_path: Path) -> None:
    settings = tiny(name).model_copy(update={"num_steps": 2})
    pack = pack_for(MODELS[name], settings, tmp_path, 16, {"disc": 3})
    result = train(MODELS[name], settings, pack, tmp_path / "out", seed=1)
    images = generate_images(load_for_generation(result.checkpoint, pack=pack), [0], [1])
    assert images.shape == (1, 16, 16, pack.channels)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.min_classes > 1])
def test_a_single_class_is_refused_by_a_model_of_several(name: str, tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path, 16, {"disc": 3})
    with pytest.raises(BadSettingsError, match=rf"needs at least {MODELS[name].min_classes} classes .* has 1; choose"):
        train(MODELS[name], tiny(name), pack, tmp_path / "out", seed=1)


@every_model
def test_every_setting_has_help_and_bounds(name: str) -> None:
    assert issubclass(MODELS[name].Settings, ModelSettings)
    for setting, field in MODELS[name].Settings.model_fields.items():
        assert (field.description or "").endswith("."), setting
        assert is_bounded(field), setting


@every_model
def test_a_conflict_names_settings_it_has_is_met_by_what_it_names_and_not_by_the_defaults(name: str) -> None:
    own = MODELS[name].Settings
    defaults = {setting: field.default for setting, field in own.model_fields.items()}
    for conflict in own.conflicts:
        named = {**conflict.when, **conflict.unless}
        assert conflict.at in named
        assert set(named) <= set(defaults)
        assert conflict.sentence.endswith(".")
        met = {setting: values[0] for setting, values in conflict.when.items()}
        assert conflict.holds({**defaults, **dict.fromkeys(conflict.unless), **met})
        assert not conflict.holds(defaults)


@every_model
def test_what_a_setting_needs_to_have_an_effect_are_values_that_others_may_have(name: str) -> None:
    fields = MODELS[name].Settings.model_json_schema()["properties"]
    for setting, field in fields.items():
        for other, values in field.get(ONLY_WITH, {}).items():
            assert other != setting
            assert values
            assert set(values) < set(fields[other]["enum"])


def is_bounded(field: FieldInfo) -> bool:
    if field.annotation in (int, float):
        kinds = {type(part) for part in field.metadata}
        lower, upper = {annotated_types.Ge, annotated_types.Gt}, {annotated_types.Le, annotated_types.Lt}
        return bool(kinds & lower) and bool(kinds & upper)
    if field.annotation is str:
        return annotated_types.MaxLen in {type(part) for part in field.metadata}
    return field.annotation is bool or typing.get_origin(field.annotation) is typing.Literal


@every_model
def test_the_paper_and_every_difference_from_it_are_named(name: str) -> None:
    text = inspect.getmodule(MODELS[name]).__doc__ or ""
    assert "Notation (code -> paper)" in text
    assert "Differs from the paper" in text
    card = MODELS[name].card
    assert all((card.title, card.summary, card.authors, card.paper, card.venue, card.strengths, card.limits))
    assert card.url in text


AUDIT = """
import sys, time
import numpy, pydantic, torch
from ml import model, plugin
touched = []
def refuse(*_): touched.append("clock")
def hook(event, args):
    if event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so")):
        touched.append(f"file {args[0]}")
    elif event.split(".")[0] in ("socket", "urllib", "subprocess", "http", "ftplib", "sqlite3") or event == "os.system":
        touched.append(event)
time.time = time.monotonic = time.perf_counter = refuse
sys.addaudithook(hook)
__import__(sys.argv[1])
sys.stdout.write(";".join(touched))
"""


@every_model
def test_importing_opens_no_file_network_or_clock(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, f"ml.models.{name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
