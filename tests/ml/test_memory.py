"""The estimate of memory: for every model on the shelf, without taking it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ml import memory
from ml.__main__ import main
from ml.errors import OutOfMemoryError
from ml.foretold import ForetellError, foretell_memory
from ml.memory import GIB, MIB, Need, amount, check_memory, estimate, verdict
from ml.model import DataSpec, Model
from ml.plugin import read_settings, shelf
from ml.weightless import Weightless
from tests.ml.shelf_data import spec_for

CPU = torch.device("cpu")
MODELS = shelf("models", Model)


def need(name: str, **values: Any) -> Need:
    settings, data = wish(name, **values)
    return estimate(MODELS[name], settings, data, CPU)


def wish(name: str, **values: Any) -> tuple[Any, DataSpec]:
    settings = read_settings(MODELS[name], {"resolution": 16, "batch_size": 8, "num_steps": 20, **values})
    return settings, spec_for(MODELS[name], settings)


def resident() -> int:
    """Bytes of this process in memory."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


# --- tensors without bytes ----------------------------------------------------------------------------------------
def test_storages_count_from_their_making_until_the_last_reference_is_gone() -> None:
    with Weightless() as tensors:
        x = torch.empty(1000, 10)
        view = x.t()[:3]
        assert tensors.now == 40_000
        y = x * 2
        assert (tensors.now, tensors.peak) == (80_000, 80_000)
        del x
        assert tensors.now == 80_000
        del view, y
        assert (tensors.now, tensors.peak) == (0, 80_000)
        tensors.forget_peak()
        assert tensors.peak == 0


def test_what_autograd_keeps_for_the_way_back_counts() -> None:
    with Weightless() as tensors:
        x = torch.empty(1000, 10, requires_grad=True)
        y = x.exp().exp().sum()  # both exponentials are kept
        assert tensors.now == pytest.approx(120_000, abs=100)
        y.backward()
        del y
        assert tensors.now == 80_000


# --- every model --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_estimated_and_a_larger_batch_takes_more(name: str) -> None:
    settings, data = wish(name)
    learnt = (one for one in MODELS[name](data, settings).parameters() if one.requires_grad)
    weights = sum(4 * one.numel() for one in learnt)
    small, large = need(name), need(name, batch_size=32)
    assert small.state >= 3 * weights  # with both of Adam's moments
    assert small.state == large.state < small.step < large.step
    assert small.saving == 3 * small.state
    assert min(small.images, small.encoder) > 0


def test_a_penalty_with_a_second_derivative_and_one_that_comes_rarely_are_in_the_estimate() -> None:
    plain = need("dcgan", batch_size=64, discriminator_norm="none").step
    assert need("dcgan", batch_size=64, loss="wgan_gp").step > 1.1 * plain
    assert need("dcgan", batch_size=64, r1_weight=1.0, r1_interval=7, num_steps=13).step > 1.1 * plain


def test_networks_that_grow_are_estimated_at_their_full_size() -> None:
    assert need("progressive_gan", resolution=32).step > 3 * need("progressive_gan", resolution=16).step
    assert need("progressive_gan", resolution=32).images > 1.2 * need("progressive_gan", resolution=16).images


def test_an_estimate_takes_next_to_none_of_what_it_foretells() -> None:
    need("dcgan")
    before = resident()
    assert need("dcgan", resolution=256, batch_size=1024, width=64).needed_bytes > 40 * GIB
    assert resident() - before < 200 * MIB


# --- beside what is free ------------------------------------------------------------------------------------------
def test_where_the_batch_does_not_fit_the_largest_that_does_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda device: (600 * MIB, GIB))
    settings, data = wish("dcgan", resolution=64, batch_size=512)
    told = verdict(MODELS["dcgan"], settings, data, CPU)
    assert (told.fits, told.can_ever_fit) == (False, True)
    largest = told.largest_batch_size or 0
    assert f"600 MiB are free on this machine; a batch_size of {largest} would fit, or a micro-batch" in told.sentence
    assert need("dcgan", resolution=64, batch_size=largest).needed_bytes <= 600 * MIB
    assert need("dcgan", resolution=64, batch_size=largest + 16).needed_bytes > 600 * MIB


def test_where_no_batch_fits_the_advice_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda device: (MIB, 2 * GIB))
    settings, data = wish("dcgan")
    told = verdict(MODELS["dcgan"], settings, data, CPU)
    assert told.largest_batch_size is None
    assert "lower the resolution" in told.sentence


@pytest.mark.parametrize(("free", "warned"), [(20 * GIB, []), (400 * MIB, ["memory_is_close"])])
def test_a_run_is_warned_where_memory_is_close_and_not_otherwise(
    free: int, warned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda device: (free, 24 * GIB))
    settings, data = wish("dcgan")
    codes: list[str] = []
    check_memory(MODELS["dcgan"], settings, data, CPU, lambda code, sentence: codes.append(code))
    assert codes == warned


def test_a_run_that_can_never_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda device: (GIB, 2 * GIB))
    settings, data = wish("dcgan", resolution=128, batch_size=1024)
    with pytest.raises(OutOfMemoryError, match=r"a batch_size of \d+ would fit.*\. The run was not started"):
        check_memory(MODELS["dcgan"], settings, data, CPU, lambda code, sentence: None)


@pytest.mark.parametrize(
    ("size", "words"), [(1, "1 MiB"), (350 * MIB, "350 MiB"), (int(1.25 * GIB), "1.2 GiB"), (20 * GIB, "20 GiB")]
)
def test_sizes_are_said_in_two_figures(size: int, words: str) -> None:
    assert amount(size) == words


def test_the_command_line_says_it_in_a_sentence_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    wished = ["memory", "--model", "gan", "--set", "resolution=16", "--classes", "3", "--grey"]
    assert main(wished) == 0
    assert capsys.readouterr().out.startswith("About ")
    assert main([*wished, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["needed_bytes"] > 350 * MIB
    assert told["fits"] is True


def test_a_process_without_torch_is_told_the_same_and_why_it_is_not() -> None:
    told = foretell_memory("gan", {"resolution": 16, "batch_size": 8}, 3, 0, 27, grey=True)
    assert told.needed_bytes == need("gan").needed_bytes
    with pytest.raises(ForetellError, match="magic"):
        foretell_memory("magic", {}, 3, 0, 27, grey=True)


def test_what_is_told_of_attributes_is_foretold_where_a_dataset_has_more_of_them_than_classes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    graph = ["condition_type=gcn", "edges=edited", "edited_edges=[[1,0,0],[0,1,0],[0,0,1]]"]
    wished = ["memory", "--model", "stargan", *(part for pair in graph for part in ("--set", pair)), "--classes", "2"]
    assert main([*wished, "--attributes", "3"]) == 0
    assert capsys.readouterr().out.startswith("About ")
    assert main(wished) != 0
    assert "has 3 rows and columns, and this dataset needs 2" in capsys.readouterr().err
