"""Sheets of edits: the order of the tiles, what stays, and what the run's own and independent judges say of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ml.__main__ import main
from ml.attribute_model import AttributeModel
from ml.edits import chances_of, columns_for, edited, excluded, row_of, targets_of, wish_for
from ml.errors import BadDatasetError, BadSettingsError
from ml.feed import batch_of
from ml.generation import load_for_generation
from ml.images import to_pixels
from ml.model import DataSpec, Model
from ml.models.stargan import Stargan
from ml.pack import Pack, open_pack
from ml.plugin import find, read_settings, shelf
from ml.run_folder import RunFolder
from tests.ml.rendered_attributes import NAMES, write_attribute_pack
from tests.ml.test_work import work, write
from tests.ml.tiny_data import SHAPES, write_images
from tests.ml.tiny_run import Heard, write_plan

SMALL = {"resolution": 16, "batch_size": 4, "width": 8, "num_blocks": 1}
TINY = {**SMALL, "num_steps": 3, "num_checkpoints": 1, "num_previews": 1}


def build(data: DataSpec) -> Stargan:
    torch.manual_seed(0)
    return Stargan(data, read_settings(Stargan, SMALL)).eval()


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return write_attribute_pack(tmp_path_factory.mktemp("pack"), 60, 10, resolution=16)


@pytest.fixture(scope="module")
def model(pack: Pack) -> Stargan:
    return build(pack.spec())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few steps on three classes."""
    folder = tmp_path_factory.mktemp("trained")
    recipe = write_plan(folder, model="stargan", model_settings=TINY)["recipe"]
    run = RunFolder.create(folder / "run", write_images(folder / "images", num_val=4), recipe)
    run.train(Heard(), lambda: False)
    return folder / "run"


# --- tiles --------------------------------------------------------------------------------------------------------
def test_combinations_count_upwards_with_the_first_attribute_slowest(model: Stargan) -> None:
    wish = wish_for(model.space, ["bright", "large"])
    assert wish.columns == (5, 3)
    assert wish.combinations.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert wish_for(model.space, []).columns == (0, 1, 2, 3, 4)


def test_the_sheet_is_square_or_twice_as_wide_as_high() -> None:
    shapes = [(columns_for(number, are_classes=False), number) for number in range(1, 6)]
    assert [(columns, 2**number // columns) for columns, number in shapes] == [(2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]
    assert [columns_for(number, are_classes=True) for number in (2, 8, 9)] == [2, 8, 8]


def test_tile_t_is_what_the_model_makes_of_combination_t_and_the_last_is_the_image(model: Stargan, pack: Pack) -> None:
    wish = wish_for(model.space, ["large", "outlined", "bright"])
    tiles, own = edited(model, pack, 5, wish)
    source = batch_of(pack.read_whole(np.array([5])), model.image_range)
    assert np.array_equal(tiles[-1], pack.images[5])
    assert own.tolist() == source.attributes[0].tolist()  # type: ignore[index]
    for tile, combination in zip(tiles, wish.combinations, strict=False):
        wanted = torch.from_numpy(own)[None].clone()
        wanted[0, [3, 4, 5]] = torch.from_numpy(combination).float()
        with torch.no_grad():
            made = to_pixels(model.translate(source.image, torch.from_numpy(own)[None], wanted), model.image_range)
        assert np.abs(tile.astype(int) - made[0].numpy().astype(int)).max() <= 1  # a batch of one rounds otherwise
    assert len({tile.tobytes() for tile in tiles}) == 9


def test_an_image_s_own_values_ask_for_its_own_vector_unchanged(model: Stargan, pack: Pack) -> None:
    for row in range(8):
        vectors = model.space.vectors(batch_of(pack.read_whole(np.array([row])), model.image_range))[0]
        wish = wish_for(model.space, list(NAMES[:5]))
        (same,) = np.flatnonzero((wish.combinations == vectors[:5].numpy()).all(1))
        assert targets_of(model.space, vectors, wish)[same].equal(vectors)


@pytest.mark.parametrize("name", [name for name, plugin in shelf("models", Model).items() if plugin.edits])
def test_every_model_that_can_edit_makes_a_sheet(name: str, pack: Pack) -> None:
    plugin = find("models", Model, name)
    torch.manual_seed(0)
    sizes = {field: value for field, value in SMALL.items() if field in plugin.Settings.model_fields}
    model = plugin(pack.spec(), read_settings(plugin, sizes)).eval()
    assert isinstance(model, AttributeModel)
    tiles, _ = edited(model, pack, 5, wish_for(model.space, ["red", "large"]))
    assert tiles.shape == (5, 16, 16, 3)


def test_what_excludes_an_attribute_that_comes_goes_and_the_rest_stays() -> None:
    data = DataSpec(16, 3, ("red", "green", "large", "old"), (2, 2, 1, 1), ("red", "green", "large", "old"), (
        (2, 0, 1, 1), (0, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2),
    ))  # fmt: skip
    space = build(data).space
    own = torch.tensor([1.0, 0.0, 1.0, float("nan")])
    comes = targets_of(space, own, wish_for(space, ["green"]))
    assert comes[:, :3].tolist() == [[1, 0, 1], [0, 1, 1]]
    assert comes[:, 3].isnan().all()
    assert excluded(space, wish_for(space, ["green", "large", "red"]).columns) == [[2], [], [0]]
    both = targets_of(space, own, wish_for(space, ["red", "green"]))
    assert both[:, :2].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_of_classes_there_is_one_tile_each() -> None:
    space = build(DataSpec(16, 3, ("ant", "bee", "cat"), (3, 3, 3))).space
    wish = wish_for(space, ["cat", "ant"])
    assert targets_of(space, torch.tensor([0.0, 1.0, 0.0]), wish).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert len(wish_for(space, []).combinations) == 3


# --- judges -------------------------------------------------------------------------------------------------------
def test_each_tile_is_judged_by_the_model_and_by_the_run_s_encoder(trained: Path) -> None:
    run = RunFolder.open(trained)
    pack = open_pack(Path(run.artefact("prepare")["data"]))
    model = load_for_generation(Path(run.artefact("train")["checkpoint"]))
    assert isinstance(model, Stargan)
    wish = wish_for(model.space, ["frame", "bar"])
    tiles, _ = edited(model, pack, 3, wish)
    chances = chances_of(model, tiles, wish, Path(run.artefact("prepare")["encoder"]))
    assert np.shape(chances["model"]) == np.shape(chances["encoder"]) == (3, 2)
    everything = chances_of(model, tiles, wish_for(model.space, []), Path(run.artefact("prepare")["encoder"]))
    assert np.array(everything["model"]).sum(1) == pytest.approx(1, abs=1e-3)
    assert np.array(everything["encoder"], float).sum(1) == pytest.approx(1, abs=1e-3)
    assert [tile[2] for tile in everything["encoder"]] == [tile[0] for tile in chances["encoder"]]


def test_a_model_without_a_classifier_of_its_own_has_no_view_of_its_own(trained: Path) -> None:
    pack, encoder = open_pack(trained / "data"), trained / "encoder"
    fader = find("models", Model, "fader")
    model = fader(pack.spec(), read_settings(fader, {"resolution": 16, "width": 8})).eval()
    assert isinstance(model, AttributeModel)
    wish = wish_for(model.space, ["disc"])
    chances = chances_of(model, edited(model, pack, 0, wish)[0], wish, encoder)
    assert (chances["model"], np.shape(chances["encoder"])) == ([], (2, 1))


# --- command line and worker --------------------------------------------------------------------------------------
def test_the_command_line_writes_the_sheet_and_says_what_is_on_it(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.png"
    assert main(["edit", str(trained), "--image", "12", "--out", str(sheet)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["attributes"] == list(SHAPES)
    assert told["are_classes"]
    assert told["excludes"] == [[1, 2], [0, 2], [0, 1]]
    assert (told["current"], told["tile"], told["columns"]) == ([1, 0, 0], 16, 3)
    with Image.open(sheet) as picture:
        assert picture.size == (48, 32)
        pixels = np.asarray(picture)
    assert np.array_equal(pixels[16:, :16], open_pack(trained / "data").images[12, ..., 0])
    assert not pixels[16:, 16:].any()


def test_a_worker_s_child_makes_the_same_sheet(trained: Path, tmp_path: Path) -> None:
    done = RunFolder.open(trained).plan["done"]
    plan: dict[str, Any] = {
        "verb": "edit",
        **done["train"],
        **done["prepare"],
        "image": 12,
        "attributes": ["disc"],
        "out": str(tmp_path / "sheet.png"),
    }
    code, events, stderr = work(write(plan, tmp_path / "plan.json"))
    assert code == 0, stderr
    assert [event["event"] for event in events] == ["result"]
    assert events[0]["combinations"] == [[1]]
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.size == (16, 32)
    code, events, _ = work(write({**plan, "sha256": "0" * 64}, tmp_path / "plan.json"))
    assert (code, events[-1]["code"]) == (1, "bad_checkpoint")


# --- refusals -----------------------------------------------------------------------------------------------------
def test_what_cannot_be_edited_is_refused_with_a_sentence(model: Stargan, pack: Pack) -> None:
    with pytest.raises(BadSettingsError, match="knows no blond; choose some of: red, green"):
        wish_for(model.space, ["large", "blond"])
    with pytest.raises(BadSettingsError, match="Found 6 attributes, expected at most 5"):
        wish_for(model.space, NAMES)
    with pytest.raises(BadSettingsError, match="each once"):
        wish_for(model.space, ["red", "red"])
    with pytest.raises(BadDatasetError, match="Image 70 is none of the 70"):
        row_of(pack, 70)


def test_a_model_that_makes_images_from_noise_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write_plan(tmp_path)
    small = {**plan["recipe"]["model_settings"], "num_steps": 1, "num_checkpoints": 1}
    recipe = {**plan["recipe"], "model_settings": small}
    run = RunFolder.create(tmp_path / "run", write_images(tmp_path / "images"), recipe)  # type: ignore[arg-type]
    run.train(Heard(), lambda: False)
    assert main(["edit", str(tmp_path / "run"), "--image", "0", "--out", str(tmp_path / "sheet.png")]) == 1
    assert "The model dcgan cannot edit attributes" in capsys.readouterr().err
    assert not (tmp_path / "sheet.png").exists()
