"""`manage.py augment`: the main job at the command line, with and without a running service."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ml.digits import write_digits
from tests.stack import Stack
from webapp.core.machine import BASE_DIR

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
SMALL = [
    "--set",
    "resolution=16",
    "--set",
    "width=4",
    "--set",
    "batch_size=16",
    "--per-class",
    "3",
    "--pool-factor",
    "2",
]
CLASSES = ("0", "1", "7")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty images of each of three digits, as class folders."""
    everything = tmp_path_factory.mktemp("digits") / "all"
    write_digits(everything)
    few = everything.with_name("few")
    for name in CLASSES:
        (few / name).mkdir(parents=True)
        for path in sorted((everything / name).iterdir())[:20]:
            shutil.copy(path, few / name)
    return few


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that the tests of this file share: the catalogue of the shelves is made once."""
    return tmp_path_factory.mktemp("data")


def start(data: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "ATELIER_DATA": str(data), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    environment.pop("REDIS_URL", None)
    return subprocess.Popen(
        [sys.executable, "manage.py", "augment", *arguments],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a shell without job control starts what runs in the background with SIGINT ignored, and children inherit it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def augment(data: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    process = start(data, *arguments)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def check_export(path: Path, per_class: int, real: int) -> None:
    with zipfile.ZipFile(path) as export:
        rows = [json.loads(line) for line in export.read("manifest.jsonl").splitlines()]
        synthetic = [row for row in rows if row["synthetic"]]
        assert len(rows) - len(synthetic) == real
        assert sorted(row["class"] for row in synthetic) == sorted(CLASSES * per_class)
        assert {row["split"] for row in synthetic} == {"train"}
        with export.open(synthetic[0]["path"]) as file, Image.open(file) as image:
            assert image.size == (16, 16)


def test_it_does_the_main_job_with_no_service_and_leaves_nothing_running(
    images: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "augmented.zip"
    out.write_text("an older result")
    code, said, err = augment(data, str(images), *SMALL, "--set", "num_steps=20", "--out", str(out))
    assert code == 0, err
    check_export(out, per_class=3, real=60)
    assert f"{out}: 9 synthetic and 60 real images" in said
    assert "memorised" in said
    assert [line for line in err.splitlines() if line in {"Reading images", "Training", "Writing the export"}] == [
        "Reading images",
        "Training",
        "Writing the export",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["augmented.zip"]
    marked = [path for path in Path("/proc").glob("[0-9]*/environ") if _mentions(path, data)]
    assert marked == []


def _mentions(environ: Path, data: Path) -> bool:
    try:
        return f"ATELIER_DATA={data}\0".encode() in environ.read_bytes()
    except OSError:
        return False


def test_ctrl_c_keeps_a_checkpoint_from_which_it_goes_on(images: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "augmented.zip"
    process = start(data, str(images), *SMALL, "--set", "num_steps=1500", "--name", "long", "--out", str(out))
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Training"):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "the checkpoint is kept" in err
    assert not out.exists()
    run = err.rpartition("--resume ")[2].split()[0]
    stopped_at = int(err.partition("Stopped at step ")[2].split()[0].replace(",", ""))
    assert 0 < stopped_at < 1500

    code, said, err = augment(data, "--resume", run, "--out", str(out), "--json")
    assert code == 0, err
    assert json.loads(said)["run"] == run
    check_export(out, per_class=3, real=60)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("service")) as running:
        yield running


def test_with_a_service_running_its_workers_do_the_work(images: Path, stack: Stack, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"model": "dcgan", "model_settings": {"num_steps": 10}, "seed": 3}))
    out = tmp_path / "augmented.zip"
    code, said, err = augment(
        stack.data_dir,
        str(images),
        *SMALL,
        "--recipe",
        str(recipe),
        "--out",
        str(out),
        "--format",
        "image_folder",
        "--json",
    )
    assert code == 0, err
    assert f"{stack.url}/runs/" in err
    outcome = json.loads(said)
    assert outcome["num_synthetic"] == 9
    assert outcome["classes"]["7"]["generated"] == 6
    assert outcome["seconds"]["train"] >= 0
    assert not (stack.data_dir / "logs" / "without-service").exists()
    assert outcome["run"] in stack.log("compute-0")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "--fill"], "nowhere does not exist"),
        (["EMPTY", "--fill"], "is empty; expected one folder of images per class"),
        (["--fill"], "Name the folder of images"),
        (["IMAGES"], "Say how many synthetic images are wanted"),
        (["IMAGES", "--fill-to", "0"], "found 0, expected at least 1"),
        (["IMAGES", "--fill", "--model", "dcgen"], "There is no model 'dcgen'; choose one of: "),
        (["IMAGES", "--fill", "--sampler", "best"], "There is no sampler 'best'; choose one of:"),
        (["IMAGES", "--fill", "--set", "class_head_weight=0"], "class_confidence"),
        (["IMAGES", "--fill", "--set", "num_stepz=5"], "There is no setting 'num_stepz'"),
        (["IMAGES", "--fill", "--set", "num_steps"], "--set num_steps: expected NAME=VALUE"),
        (["IMAGES", "--fill", "--format", "tarball"], "There is no export format 'tarball'"),
        (["IMAGES", "--fill", "--out", "no/such/folder/a.zip"], "no/such/folder does not exist"),
        (["--resume", "12", "--out", "a.zip"], "There is no run 12"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_before_any_work(
    images: Path, data: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "augmented.zip"
    out.write_text("an older result")
    places = {"IMAGES": str(images), "EMPTY": str(tmp_path / "empty")}
    arguments = [places.get(word, word) for word in arguments]
    if "--out" not in arguments:
        arguments += ["--out", str(out)]
    code, said, err = augment(data, *arguments)
    assert code == 1, err
    assert said == ""
    assert sentence in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert out.read_text() == "an older result"


def test_a_class_with_too_few_images_is_named_and_nothing_is_left(images: Path, data: Path, tmp_path: Path) -> None:
    poor = tmp_path / "poor"
    shutil.copytree(images, poor)
    (poor / "lonely").mkdir()
    shutil.copy(next((images / "1").iterdir()), poor / "lonely" / "one.png")
    with Image.open(poor / "lonely" / "one.png") as image:
        image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(poor / "lonely" / "one.png")
    out = tmp_path / "augmented.zip"
    code, _, err = augment(data, str(poor), "--fill", "--out", str(out))
    assert code == 1
    assert "lonely" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not out.exists()


def test_the_demo_is_made_once_and_its_gallery_is_filled_within_three_minutes(tmp_path: Path) -> None:
    busy = os.getloadavg()[0] > 3  # the promise is for two cores that have nothing else to do
    with Stack(tmp_path / "data") as stack:
        started = time.monotonic()
        said = stack.manage("demo", "--url", stack.url)
        assert busy or time.monotonic() - started < 180
        assert "watch it at" in said
        assert "the run is finished; its gallery is at" in said
        assert stack.manage("demo") == ""
