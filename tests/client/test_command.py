"""The command line against the real service: the main job from a folder to a checked file, and every way it can end."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any, cast

import pytest
from atelier.command.main import NOUNS, main, make_parser
from atelier.command.studies import _shown
from atelier.studies import Study

from ml.digits import write_digits
from tests.client.conftest import Desk
from tests.stack import Stack
from tests.worlds import QUICK

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
SETTINGS = [f"--set={name}={value}" for name, value in QUICK["model_settings"].items()]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty images of each of two digits in class folders."""
    folder = tmp_path_factory.mktemp("images") / "digits"
    write_digits(folder)
    for label in folder.iterdir():
        if label.name not in {"0", "1"}:
            shutil.rmtree(label)
            continue
        for path in sorted(label.iterdir())[40:]:
            path.unlink()
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, stack: Stack, begun: dict[str, str]) -> Desk:
    """A machine on which somebody logged in, and knows no variable."""
    desk = Desk(tmp_path_factory.mktemp("home"), "", "")
    done = desk.run("auth", "login", "--url", stack.url, stdin=begun["token"] + "\n")
    assert done.status == 0, done.err
    return desk


@pytest.fixture(scope="module")
def version(home: Desk, digits: Path) -> Any:
    return home.run("dataset", "upload", str(digits), "--name", "Digits", "--json").json()


@pytest.fixture(scope="module")
def run(home: Desk, version: Any) -> Any:
    """A finished run, started and waited for at the command line."""
    words = ["--per-class", "6", "--pool-factor", "3", "--seed", "7", *SETTINGS]
    return home.run("--json", "run", "start", "Digits", *words, "--wait", timeout_s=500).json()


# --- the main job ---------------------------------------------------------------------------------------------------
def test_the_token_is_kept_for_its_owner_only_and_sent_to_its_address_only(home: Desk, stack: Stack) -> None:
    kept = home.home / ".config" / "atelier" / "login.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    told = home.run("auth", "status", "-j").json()
    assert (told["url"], told["labs"][0]["name"]) == (stack.url, "Faults")
    another = home.run("auth", "status", "--url", stack.url.replace("127.0.0.1", "localhost"), "--json")
    assert another.status == 3


def test_a_folder_becomes_a_dataset_version_of_the_same_images(version: Any, home: Desk, digits: Path) -> None:
    assert (version["state"], version["number"], version["classes"]) == ("ready", 1, ["0", "1"])
    assert version["num_images"] == len(list(digits.rglob("*.png")))
    assert "version 1: ready" in home.run("dataset", "get", "Digits").out
    assert [row["name"] for row in home.run("dataset", "list", "--json").json()].count("Digits") == 1
    fetched = home.home / "fetched"
    assert home.run("dataset", "download", "Digits", "--out", str(fetched)).out == f"{fetched}\n"
    from atelier.torch_data import ImageData

    assert sum(len(ImageData(fetched, split)) for split in ("train", "val", "test")) == version["num_images"]
    assert {path.read_bytes() for path in fetched.rglob("*.png")} == {
        path.read_bytes() for path in digits.rglob("*.png")
    }


def test_a_run_is_started_watched_and_finished(run: Any, home: Desk) -> None:
    assert run["state"] == "finished"
    assert run["recipe"]["budget"] == {"kind": "per_class", "count": 6}
    assert run["id"] in home.run("run", "list", "--quiet").out.split()
    words = home.run("run", "watch", run["id"]).out
    assert re.search(r"run\.changed +finished", words)
    events = [json.loads(line) for line in home.run("run", "logs", run["id"], "--json").out.splitlines()]
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})
    assert re.search(r"run\.measured +\w+.* \d", words)
    told = home.run("run", "get", run["id"]).out
    assert re.search(r"^state +finished$", told, re.MULTILINE)
    assert "error" not in told, "what has nothing to say is left out"


def test_samples_are_judged_by_id_and_by_filter(run: Any, home: Desk) -> None:
    rows = home.run("sample", "list", run["id"], "--json").json()
    assert home.run("sample", "accept", run["id"], str(rows[0]["id"])).out.startswith("num changed   1\n")
    act = home.run("sample", "reject", run["id"], "--label", "1", "--reason", "blurred", "--json").json()
    assert act["num_changed"] == sum(row["label"] == "1" for row in rows)
    standing = {row["id"]: row["standing"] for row in home.run("sample", "list", run["id"], "--json").json()}
    assert {standing[row["id"]] for row in rows if row["label"] == "1"} == {"rejected"}
    home.run("sample", "undo", run["id"], "--json").json()
    assert home.run("sample", "list", run["id"], "--standing", "rejected", "--json").json() == []
    kept = home.run("sample", "list", run["id"], "--kept", "--json").json()
    assert len(kept) == 12, "of the run's own selection"
    act = home.run("sample", "reject", run["id"], "--not-kept", "--json").json()
    assert act["num_changed"] == len(rows) - 12
    home.run("sample", "undo", run["id"], "--json").json()
    first, second = str(rows[0]["id"]), str(rows[1]["id"])
    home.run("sample", "rate", run["id"], first, second, "--rating", "4", "--json").json()
    home.run("sample", "star", run["id"], second, "--json").json()
    rated = home.run("sample", "list", run["id"], "--rating-from", "4", "--sort", "rating", "--json").json()
    assert {(row["id"], row["rating"]) for row in rated} == {(rows[0]["id"], 4), (rows[1]["id"], 4)}
    starred = home.run("sample", "list", run["id"], "--starred", "--json").json()
    assert [row["id"] for row in starred] == [rows[1]["id"]]
    picture = home.run("sample", "image", str(rows[0]["id"]), "--json").json()["file"]
    assert (home.home / picture).read_bytes().startswith(b"\x89PNG")


def test_the_map_of_a_pool_is_read_and_an_area_of_it_filters_samples(
    run: Any, stack: Stack, begun: dict[str, str]
) -> None:
    from atelier import Client

    pool = Client(stack.url, begun["token"]).runs.get(run["id"]).pool()
    everything, *_ = pool.map()["views"]
    found = pool.samples(area=f"{everything['name']}:0.0.9999.0.9999.9999.0.9999")
    assert sorted(sample.data["index"] for sample in found) == everything["samples"]["keys"]
    assert list(pool.samples(area="pca:0.0.1.0.1.1")) == []


def test_another_selection_is_made_without_training(run: Any, home: Desk) -> None:
    made = home.run("selection", "create", run["id"], "--sampler", "random", "--per-class", "2", "--json").json()
    assert (made["state"], made["num_kept"]) == ("finished", 4)
    assert [row["number"] for row in home.run("selection", "list", run["id"], "-j").json()] == [1, 2]


def test_ways_of_editing_are_compared_at_the_command_line(version: Any, home: Desk) -> None:
    small = [f"--set={one}" for one in ("num_steps=4", "resolution=16", "batch_size=4", "width=4")]
    asked = ["--question", "attributes", "--arms", "fader", *small, "--study-set", "num_seeds=1"]
    done = home.run("study", "start", "Digits", *asked, "--wait", "--quiet", timeout_s=500)
    (study,) = done.out.split()
    told = home.run("study", "get", study, "--json").json()
    assert (told["state"], told["question"], told["arms"]) == ("finished", "attributes", ["fader"])
    shown = home.run("study", "get", study).out
    assert told["attribute_result"]["sentence"] in shown
    assert "recognised" in shown


@pytest.mark.parametrize(
    ("state", "message"), [("running", None), ("failed", "The images are gone."), ("finished", None)]
)
def test_a_table_that_is_not_whole_says_how_far_it_is_and_what_went_wrong(state: str, message: str | None) -> None:
    half = {"mean": 0.5, "low": None, "high": None}
    data = {
        "state": state,
        "arms": ["fader", "stargan"],
        "settings": {"num_seeds": 2},
        "error": message and {"code": "gone", "message": message},
        "attribute_result": {"arts": [{"name": "fader", "num_seeds": 1, "average": half}], "sentence": ""},
    }
    told, lines = _shown(Study(cast(Any, None), cast(Any, data))).text.splitlines(), list[str]()
    if state != "finished":
        lines = [f"{state}: 1 of 4 trainings are measured", *([message] if message else [])]
    assert told[: len(lines)] == lines
    assert [line.split()[0] for line in told[len(lines) :]] == ["recognised", "50.0"]


def test_a_study_is_asked_and_answered_at_the_command_line(version: Any, home: Desk) -> None:
    arms = ["--arms", "none", "random:1x@0.25"]
    quick = [*SETTINGS, "--study-set", "child_steps=4", "--study-set", "num_child_seeds=3"]
    done = home.run("study", "start", "Digits", *quick, *arms, "--wait", "--quiet", timeout_s=500)
    (study,) = done.out.split()
    told = home.run("study", "get", study, "--json").json()
    assert (told["state"], told["result"]["baseline"], len(told["result"]["arms"])) == ("finished", "none", 2)
    shown = home.run("study", "get", study).out
    assert told["result"]["sentence"] in shown
    assert "random:1x@0.25" in shown
    assert study in [row["id"] for row in home.run("study", "list", "--version-id", told["version"], "-j").json()]
    refused = home.run("study", "start", "Digits", "--arms", "random:1x")
    assert refused.status == 2
    assert "nothing to compare them with" in refused.err
    assert "share, sampling_study" in home.run("study", "start", "Digits", "--preset", "none").err


@pytest.mark.parametrize("format", ["image_folder", "webdataset"])
def test_an_export_is_built_fetched_and_read_by_torch(run: Any, home: Desk, format: str) -> None:
    out = home.home / f"{format}.zip"
    told = home.run("export", "create", run["id"], "--format", format, "--out", str(out), "--json").json()
    assert (told["state"], told["file"]) == ("ready", str(out))
    with zipfile.ZipFile(out) as archive:
        assert "manifest.jsonl" in archive.namelist()
        assert archive.testzip() is None
    from atelier.torch_data import ImageData

    data = ImageData(out, "train", channels=1)
    assert data.classes == ["0", "1"]
    assert sum(row["synthetic"] for row in data.rows) == told["num_synthetic"]
    pixels, label = data[len(data) - 1]
    assert (pixels.ndim, pixels.shape[0], label) == (3, 1, data.classes.index(data.rows[-1]["class"]))
    assert 0.0 <= float(pixels.min()) <= float(pixels.max()) <= 1.0


def test_a_loader_of_several_processes_reads_an_export(
    run: Any, home: Desk, stack: Stack, begun: dict[str, str]
) -> None:
    from atelier import Client
    from torch.utils.data import DataLoader

    client = Client(stack.url, begun["token"])
    export = client.exports.create(client.runs.get(run["id"]).pool().selections[0].id, "webdataset").wait()
    data = export.to_torch(home.home, transform=lambda image: sum(image.tobytes()))
    alone = [value for value, _ in (data[place] for place in range(len(data)))]
    batches = [batch[0].tolist() for batch in DataLoader(data, batch_size=7, num_workers=2)]
    assert [value for batch in batches for value in batch] == alone
    assert export.to_torch(home.home).source == data.source, "what lies there is not fetched again"
    export.delete()


def test_near_copies_need_a_reason_which_the_command_line_asks_for_and_takes(
    run: Any, home: Desk, stack: Stack
) -> None:
    mark = "from webapp.gallery.models import Sample; Sample.objects.filter(pool__run='{}').update(memorised={})"
    stack.manage("shell", "-c", mark.format(run["id"], True))
    refused = home.run("export", "create", run["id"], "--no-wait")
    why = ("--memorised-reason", "They are digits of our own.")
    taken = home.run("export", "create", run["id"], "--no-wait", *why, "--json")
    stack.manage("shell", "-c", mark.format(run["id"], False))
    assert refused.status == 5
    assert "12 of 12 synthetic images (100 %) may be copies of training images, the lab allows 5 %" in refused.err
    assert "--memorised-reason" in refused.err
    assert taken.json()["memorised_reason"] == why[1]
    assert home.run("export", "delete", taken.json()["id"]).status == 0


# --- how a command ends ---------------------------------------------------------------------------------------------
NOBODY = str(uuid.UUID(int=0))


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["run", "go"], 2, "usage"),
        (["run", "list", "--sate", "x"], 2, "usage"),
        (["run", "start", "Digits", "--per-class", "6", "--model", "nothing"], 2, "unknown_model"),
        (["run", "start", "Digits"], 2, "usage"),
        (["run", "list", "-k", "atl_00000000_nobody"], 3, "bad_token"),
        (["run", "get", NOBODY], 4, "not_found"),
        (["dataset", "get", "No such dataset"], 4, "not_found"),
        (["dataset", "upload", ".", "--name", "Digits"], 5, "name_taken"),
        (["run", "list", "--url", "http://127.0.0.1:1"], 6, "unreachable"),
    ],
)
def test_every_refusal_has_its_status_and_one_shape(
    version: Any,
    home: Desk,
    words: list[str],
    status: int,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("ATELIER_TOKEN", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "ATELIER_URL"):
        monkeypatch.setenv(name, home.environment[name])
    monkeypatch.chdir(home.home)
    assert main([*words, "--json"]) == status
    said = capsys.readouterr()
    error = json.loads(said.err)["error"]
    assert (said.out, error["code"]) == ("", code)
    assert set(error) >= {"code", "message", "hint"}
    assert main(words) == status
    assert capsys.readouterr().err.splitlines()[0] == error["message"]


def test_work_that_failed_ends_with_7(home: Desk) -> None:
    (home.home / "bad" / "cat").mkdir(parents=True)
    (home.home / "bad" / "cat" / "1.png").write_bytes(b"no image")
    done = home.run("dataset", "upload", "bad", "--json")
    assert done.status == 7
    assert "rejected" in json.loads(done.err)["error"]["message"]


def test_a_wait_ends_with_8_and_ctrl_c_with_130_and_the_work_goes_on(home: Desk, version: Any) -> None:
    slow = [f"--set=num_steps={10**6}", "--set=num_checkpoints=2", "--set=num_previews=2"]
    started = home.run("run", "start", "Digits", "--per-class", "6", *SETTINGS, *slow, "--json").json()
    done = home.run("run", "wait", started["id"], "--timeout", "0.5", "--json")
    assert (done.status, json.loads(done.err)["error"]["code"]) == (8, "still_working")
    words = [sys.executable, "-m", "atelier", "run", "wait", started["id"]]
    waiting = subprocess.Popen(
        words,
        env=home.environment,
        stderr=subprocess.PIPE,
        text=True,
        # a shell without job control starts what runs in the background with SIGINT ignored, and children inherit it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(4)
    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=30)
    assert (waiting.returncode, "goes on" in err) == (130, True)
    assert home.run("run", "get", started["id"], "-j").json()["state"] not in {"stopped", "cancelled", "failed"}
    assert home.run("run", "cancel", started["id"], "--json").json()["cancel_requested"]
    assert home.run("run", "wait", started["id"]).status == 7


# --- without a service ----------------------------------------------------------------------------------------------
def test_global_flags_may_stand_anywhere() -> None:
    parser = make_parser()
    for words in (["-j", "run", "list"], ["run", "-j", "list"], ["run", "list", "-j"]):
        assert parser.parse_args(words).json is True
    assert parser.parse_args(["--url", "http://a", "run", "list"]).url == "http://a"
    assert parser.parse_args(["run", "list"]).json is False


def test_json_of_a_file_is_read_and_a_broken_one_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATELIER_URL", "http://127.0.0.1:1")
    (tmp_path / "recipe.json").write_text("{")
    assert main(["recipe", "create", "--recipe", f"@{tmp_path}/recipe.json"]) == 2
    assert "this is no JSON" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_noun_and_verb(shell: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, "", "")
    told = desk.run("completion", "install", shell, "--json").json()
    script = Path(told["file"]).read_text()
    assert Path(told["file"]).is_relative_to(tmp_path)
    for noun, (_, verbs) in NOUNS.items():
        assert noun in script
        assert [verb.name for verb in verbs if not re.search(rf"\b{verb.name}\b", script)] == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("atelier ru", "run"), ("atelier run wa", "wait watch"), ("atelier -j run start --per", "--per-class")],
)
def test_bash_completes_what_is_typed(typed: str, expected: str, tmp_path: Path) -> None:
    script = Desk(tmp_path, "", "").run("completion", "show", "bash").out
    words = typed.split()
    ask = f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _atelier; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == sorted(expected.split())


def test_people_see_words_and_programs_see_json() -> None:
    from atelier.command.printing import facts

    row = {"counts": {"train": {"a": 1}}, "actions": ["stop"], "created_at": "2026-11-21T22:43:00.29Z", "ready": True}
    assert facts({**row, "eta_s": None}, ["counts", "actions", "created_at", "ready", "eta_s"]) == [
        "counts      train (a 1)",
        "actions     stop",
        "created at  2026-11-21 22:43",
        "ready       yes",
    ]


def test_names_from_other_people_do_not_steer_the_terminal() -> None:
    from atelier.command.printing import table

    assert table([{"name": "a\x1b[2J\u202eb\nc"}], ["name"])[1] == "a?[2J?b c"


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    command = f"{sys.executable} -m atelier completion show bash | head -n 1"
    environment = {**os.environ, **Desk(tmp_path, "", "").environment}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("# bash completion for atelier\n", "")
