"""The command line on a folder, with no web: what it prints, what it leaves, how it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.__main__ import main
from ml.budget import parse_budget
from ml.checkpoint import read_facts
from ml.errors import BadBudgetError
from ml.plugin import SHELVES
from ml.pool import open_pool
from ml.run_folder import RunFolder
from tests.ml.tiny_data import SHAPES, render

ROOT = Path(__file__).parents[2]
TINY = ["--set", "resolution=16", "--set", "batch_size=8", "--set", "width=4", "--set", "num_previews=1"]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of class folders."""
    folder = tmp_path_factory.mktemp("shapes")
    for label in SHAPES:
        (folder / label).mkdir()
        for number in range(20):
            render(label, number).save(folder / label / f"{number}.png")
    (folder / "notes.txt").write_text("not an image")
    return folder


@pytest.fixture(scope="module")
def trained(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a pool."""
    folder = tmp_path_factory.mktemp("run") / "first"
    steps = ["--set", "num_steps=4", "--set", "num_checkpoints=1"]
    assert main(["train", str(shapes), *TINY, *steps, "--out", str(folder), "-q"]) == 0
    assert main(["generate", str(folder), "--per-class", "30", "-q"]) == 0
    return folder


def python_m_ml(*arguments: str, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "ml", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


# --- list and help ----------------------------------------------------------------------------------------------
def test_the_list_names_every_shelf_as_json() -> None:
    done = python_m_ml("list", "--json")
    shelves = json.loads(done.stdout)
    assert tuple(shelves) == SHELVES
    assert {"dcgan", "gan"} <= {row["name"] for row in shelves["models"]}
    assert {"class_confidence", "novelty", "random", "realism"} <= {row["name"] for row in shelves["samplers"]}


def test_names_and_help_import_nothing_heavy() -> None:
    for arguments in (["list", "--json"], ["--help"], ["train", "--help"]):
        code = (
            f"import sys; from ml.__main__ import main\ntry: main({arguments!r})\nexcept SystemExit: pass\n"
            "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, arguments


def test_every_command_and_option_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("list", "train", "generate", "remake", "select", "evaluate", "work", "pages"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        text = capsys.readouterr().out
        assert "exit codes" in text
        for option in re.findall(r"^  (-\S+.*)$", text, re.MULTILINE):
            assert re.search(r"\s{2,}\S", option) or f"{option}\n  " in text, option


def test_a_plug_in_shows_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "dcgan"]) == 0
    shown = capsys.readouterr().out
    assert "num_steps" in shown
    assert ">= 1, <= 10000000" in shown
    assert main(["list", "no_such"]) == 1
    assert "error: There is no 'no_such'" in capsys.readouterr().err


def test_the_table_of_everything_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted((line.split()[0] for line in lines[1:]), key=SHELVES.index)
    assert any("cl-sam" in line for line in lines)


# --- the main job -----------------------------------------------------------------------------------------------
def test_a_folder_becomes_chosen_images(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = tmp_path / "chosen"
    options = ["--sampler", "realism", "--budget", "bar=5,disc=2", "--images", str(chosen), "-q"]
    assert main(["select", str(trained), *options]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1:] == [
        ["bar", "5", "30", "5", "less_real", "25"],
        ["disc", "2", "30", "2", "less_real", "28"],
        ["frame", "0", "30", "0", "not_asked", "30"],
    ]
    files = sorted(chosen.rglob("*.png"))
    assert [file.parent.name for file in files] == ["bar"] * 5 + ["disc"] * 2
    with Image.open(files[0]) as image:
        assert (image.size, image.mode) == ((16, 16), "L")


def test_the_test_split_stays_out_of_the_run(trained: Path) -> None:
    rows = [json.loads(line) for line in (trained / "images.jsonl").read_text().splitlines()]
    assert {row["split"] for row in rows} == {"train", "val"}
    assert len(rows) == 60 - 6


def test_what_was_chosen_is_measured(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", str(trained), "--budget", "20", "-q"]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(trained), "--json", "-q"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values == json.loads((trained / "metrics.json").read_text())
    assert values["kid"]["num_synthetic"] == 60
    assert values["tarr"]["value"] is not None


def test_a_second_pool_replaces_the_first_and_its_selection(trained: Path) -> None:
    assert main(["select", str(trained), "--budget", "2", "-q"]) == 0
    assert main(["generate", str(trained), "--per-class", "30", "--seed", "5", "-q"]) == 0
    done = json.loads((trained / "done.json").read_text())
    assert sorted(done) == ["generate", "prepare", "score", "train"]


def test_ctrl_c_saves_and_resume_goes_on(shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "ml",
        "train",
        str(shapes),
        *TINY,
        "--set",
        "num_steps=600",
        "--set",
        "num_checkpoints=1",
        "--out",
        str(folder),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        said = ""
        while "train on" not in said:
            said += child.stderr.read(1)
        child.send_signal(signal.SIGINT)
        said += child.stderr.read()
        assert child.wait(timeout=60) == 75
    assert "--resume" in said
    (saved,) = folder.glob("checkpoints/*.safetensors")
    assert saved.stem != "step-00000600"
    assert main(["train", str(shapes), "--out", str(folder), "-q"]) == 1
    assert "already holds a run" in capsys.readouterr().err
    assert main(["train", str(shapes), "--out", str(folder), "--resume", "-q"]) == 0
    assert capsys.readouterr().out.strip().endswith("step-00000600.safetensors")


# --- refusals ---------------------------------------------------------------------------------------------------
def test_refusals_are_one_sentence_and_code_1(shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    for arguments, says in [
        (["train", str(tmp_path / "nowhere"), "--out", out], "no folder"),
        (["train", str(shapes), "--out", out, "--set", "num_steps"], "has no value"),
        (["generate", str(tmp_path)], "holds no run"),
        (["select", str(tmp_path)], "holds no run"),
        (["evaluate", str(tmp_path)], "holds no run"),
    ]:
        assert main([*arguments, "-q"]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert says in error
        assert error.count("\n") == 1


def test_a_setting_that_does_not_fit_is_refused_with_its_bounds(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(shapes), "--out", str(tmp_path / "run"), "--set", "num_steps=many", "-q"]
    assert main(command) == 1
    assert "num_steps" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_stage_that_is_missing_is_named_with_its_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunFolder.create(
        tmp_path,
        [],
        {
            "model": "dcgan",
            "model_settings": {},
            "sampler": "random",
            "sampler_settings": {},
            "budget": {"kind": "per_class", "count": 1},
            "pool_factor": 1.0,
            "seed": 0,
        },
    )
    for command, needs in (("generate", "train"), ("select", "generate"), ("evaluate", "generate")):
        assert main([command, str(tmp_path), "-q"]) == 1
        assert f"run `python -m ml {needs}`" in capsys.readouterr().err


def test_wrong_usage_is_code_2() -> None:
    for arguments in ([], ["dance"], ["train"]):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("200", {"kind": "per_class", "count": 200}),
        ("2x", {"kind": "multiple", "factor": 2.0}),
        ("0.5x", {"kind": "multiple", "factor": 0.5}),
        ("fill", {"kind": "fill_to_largest"}),
        ("fill:500", {"kind": "fill_to", "count": 500}),
        ("cat=5, big dog=2", {"kind": "counts", "counts": {"cat": 5, "big dog": 2}}),
        ("a=b=3", {"kind": "counts", "counts": {"a=b": 3}}),
    ],
)
def test_a_budget_is_typed_in_five_ways(text: str, budget: dict[str, object]) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["", "many", "x", "fill:", "fill:x", "cat=", "cat=two", "1.5", "=", "2 x 3"])
def test_a_budget_that_says_nothing_is_refused_with_the_five_ways(text: str) -> None:
    with pytest.raises(BadBudgetError, match="expected 200"):
        parse_budget(text)


# --- more from a checkpoint -------------------------------------------------------------------------------------
def test_training_goes_on_from_a_checkpoint_in_a_run_of_its_own(trained: Path, shapes: Path, tmp_path: Path) -> None:
    first = trained / "checkpoints" / "step-00000004.safetensors"
    longer = ["--continue-from", str(first), "--set", "num_steps=6", "--out", str(tmp_path / "longer"), "-q"]
    assert main(["train", str(shapes), *longer]) == 0
    facts = read_facts(tmp_path / "longer" / "checkpoints" / "step-00000006.safetensors")
    assert (facts["model"], facts["settings"]["width"], facts["num_images"]) == ("dcgan", 4, 48)
    assert (tmp_path / "longer" / "start" / first.name).samefile(first)
    reused = ["--reuse-from", str(first), "--set", "num_steps=2", "--seed", "9", "--out", str(tmp_path / "reused")]
    assert main(["train", str(shapes), *reused, "-q"]) == 0
    assert read_facts(tmp_path / "reused" / "checkpoints" / "step-00000002.safetensors")["seed"] == 9


def test_what_a_checkpoint_is_no_start_for_is_one_sentence_and_makes_no_run_twice(
    trained: Path, shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trained / "checkpoints" / "step-00000004.safetensors"
    assert main(["train", str(shapes), "--continue-from", str(first), "--out", str(tmp_path / "out"), "-q"]) == 1
    assert "4 steps in all, and the checkpoint has learnt 4; ask for more." in capsys.readouterr().err
    assert main(["train", str(shapes), "--reuse-from", str(tmp_path / "none"), "--out", str(tmp_path / "o")]) == 1
    assert "no readable checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_candidates_are_made_by_class_and_by_the_checkpoint_that_is_named(trained: Path, tmp_path: Path) -> None:
    run = shutil.copytree(trained, tmp_path / "run")
    for name in ("plan.json", "done.json"):
        (run / name).write_text((run / name).read_text().replace(str(trained), str(run)))
    named = run / "checkpoints" / "step-00000004.safetensors"
    options = ["--budget", "bar=3,frame=5", "--seed", "11", "--checkpoint", str(named), "-q"]
    assert main(["generate", str(run), *options]) == 0
    pool = open_pool(run / "pool")
    assert np.bincount(pool.label, minlength=3).tolist() == [3, 0, 5]
    assert not set(pool.seed.tolist()) & set(open_pool(trained / "pool").seed.tolist())
