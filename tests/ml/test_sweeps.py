"""Sweep sheets: a row per value of a code, a column per class and noise."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ml.__main__ import main
from ml.errors import NoSweepsError
from ml.generation import generate_images
from ml.model import DataSpec
from ml.models.dcgan import Dcgan, DcganSettings
from ml.models.infogan import Infogan, InfoganSettings
from ml.run_folder import RunFolder
from ml.sweeps import swept_images, write_sweeps
from tests.ml.tiny_data import SHAPES, write_images
from tests.ml.tiny_run import Heard, write_plan

DATA = DataSpec(16, 3, ("ant", "bee"), (5, 5))
LABELS, SEEDS = np.array([0, 1, 1]), np.array([5, 6, 7])


@pytest.fixture(scope="module")
def model() -> Infogan:
    torch.manual_seed(0)
    settings = InfoganSettings(resolution=16, width=4, hidden_width=32, num_categories=3)
    return Infogan(DATA, settings)


def test_a_row_is_what_that_value_makes_of_the_same_noise(model: Infogan) -> None:
    category, code, _ = model.sweeps(model.settings)
    images = swept_images(model, category, LABELS, SEEDS)
    assert images.shape == (3, 3, 16, 16, 3)
    own = model.noise([6])[0, 256:259].argmax()
    assert np.array_equal(images[own, 1], generate_images(model, LABELS, SEEDS)[1])
    rows = swept_images(model, code, LABELS, SEEDS)
    assert all(not np.array_equal(rows[0, column], rows[-1, column]) for column in range(3))


def test_the_sheets_lie_beside_a_file_that_names_rows_and_columns(model: Infogan, tmp_path: Path) -> None:
    sheets = write_sweeps(model, tmp_path, LABELS, SEEDS)
    assert [sheet.file.name for sheet in sheets] == ["category.png", "code_1.png", "code_2.png"]
    facts = json.loads((tmp_path / "sweeps.json").read_text())
    assert facts["tile"] == 16
    assert facts["columns"] == [
        {"class": "ant", "seed": 5},
        {"class": "bee", "seed": 6},
        {"class": "bee", "seed": 7},
    ]
    assert [row["values"] for row in facts["sweeps"]][:2] == [[0, 1, 2], [turn / 4 - 1 for turn in range(9)]]
    for row, sweep in zip(facts["sweeps"], model.sweeps(model.settings), strict=True):
        with Image.open(tmp_path / row["file"]) as sheet:
            assert sheet.size == (3 * 16, len(row["values"]) * 16)
            tiles = np.asarray(sheet).reshape(len(row["values"]), 16, 3, 16, 3).transpose(0, 2, 1, 3, 4)
        assert np.array_equal(tiles, swept_images(model, sweep, LABELS, SEEDS))


def test_a_trained_run_tells_of_its_sheets_and_the_command_line_writes_them_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {"resolution": 16, "batch_size": 8, "width": 4, "hidden_width": 16, "num_steps": 2, "num_checkpoints": 1}
    recipe = write_plan(tmp_path, model="infogan", model_settings=small)["recipe"]
    run, heard = tmp_path / "run", Heard()
    RunFolder.create(run, write_images(tmp_path / "images"), recipe).train(heard, lambda: False)
    sheets = heard.of("sweep")
    assert [sheet["name"] for sheet in sheets] == ["category", "code_1", "code_2"]
    assert [len(sheet["values"]) for sheet in sheets] == [10, 9, 9]
    assert {sheet["tile"] for sheet in sheets} == {16}
    assert [column["class"] for column in sheets[0]["columns"]] == [*SHAPES] * 4
    assert [Path(sheet["file"]) for sheet in sheets] == [run / "sweeps" / f"{sheet['name']}.png" for sheet in sheets]
    assert main(["generate", str(run), "--sweep", str(tmp_path / "more"), "-q"]) == 0
    told = capsys.readouterr().out.split()
    assert told == [str(tmp_path / "more" / f"{sheet['name']}.png") for sheet in sheets]
    for file in ("category.png", "code_1.png", "code_2.png", "sweeps.json"):
        assert (tmp_path / "more" / file).read_bytes() == (run / "sweeps" / file).read_bytes()
    assert not (run / "pool").exists()


def test_a_model_without_codes_says_so(tmp_path: Path) -> None:
    model = Dcgan(DATA, DcganSettings(resolution=16, width=4))
    with pytest.raises(NoSweepsError, match="dcgan has no codes to sweep; train one that has, such as infogan"):
        write_sweeps(model, tmp_path, LABELS, SEEDS)
    assert list(tmp_path.iterdir()) == []
