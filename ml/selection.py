"""From a scored pool to a selection: the sampler's answer, kept in a file, and its yield.

<file>.npz  kept    int64 [K], best first within each class
            reason  str [N], "" where kept, else the code of why not
            report  str [], JSON: what the sampler says of itself
            score:<name>  float64 [N], what the sampler learnt of each candidate
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from ml.budget import resolve
from ml.device import choose_device
from ml.errors import BadDatasetError, UnsuitableSamplerError
from ml.features import load_encoder, split_features
from ml.measure import pool_as_seen
from ml.metric import Evidence
from ml.model import Model, ModelSettings
from ml.pack import open_pack
from ml.plans import IMPORTED, Artefacts, SelectPlan, Verdicts
from ml.plugin import find, read_settings
from ml.pool import Pool, open_pool
from ml.protocol import Emit, Report, RunResult, Yield
from ml.sampler import Candidates, Sampler, Selected
from ml.score import read_scores
from ml.suitability import why_unsuitable
from ml.whole import whole_file

SCORE = "score:"


def make_sampler(name: str, settings: Mapping[str, Any]) -> Sampler:
    """Raises: UnknownPluginError, BadSettingsError."""
    plugin = find("samplers", Sampler, name)
    return plugin(read_settings(plugin, dict(settings)))


def candidates_of(pool: Pool, scores: Path) -> Candidates:
    """The pool as samplers see it."""
    return Candidates(pool.facts.classes, pool.label, pool.seed, read_scores(scores))


def select(
    sampler: Sampler,
    pool: Pool,
    scores: Path,
    budget: Mapping[str, int],
    seed: int,
    file: Path,
    evidence: Callable[[], Evidence],
    verdicts: Verdicts | None = None,
) -> dict[str, Yield]:
    """Write what the sampler keeps to `file`; returns the yield per class. `evidence` is asked for where it is read.

    Raises: UnsuitableSamplerError.
    """
    candidates = candidates_of(pool, scores)
    if sampler.sees_images:
        candidates = replace(candidates, evidence=evidence())
    if verdicts is not None:
        candidates = replace(candidates, verdict=standing(verdicts, len(candidates)))
    selected = sampler.select(candidates, budget, seed)
    with whole_file(file) as partial:
        report = np.array(json.dumps(dict(selected.report)))
        learnt = {f"{SCORE}{name}": values for name, values in selected.scores.items()}
        np.savez(partial, allow_pickle=False, kept=selected.kept, reason=selected.reason, report=report, **learnt)
    return yields_of(selected, candidates, budget)


def standing(verdicts: Verdicts, number: int) -> NDArray[np.int8]:
    """int8 [number]: 1 accepted, -1 rejected, 0 neither."""
    answer = np.zeros(number, np.int8)
    answer[verdicts["accepted"]] = 1
    answer[verdicts["rejected"]] = -1
    return answer


def evidence_of(pool: Pool, scores: Path, prepared: Artefacts, seed: int) -> Evidence:
    """A pool, with its file of scores, and the real images, training and validation, as the run's encoder sees them.

    Raises: BadDatasetError.
    """
    if not prepared:
        raise BadDatasetError(
            "The run's prepared images and encoder are not on the disk any more, and this sampler compares images; run "
            "the recipe again, or choose another sampler."
        )
    pack, folder = open_pack(Path(prepared["data"])), Path(prepared["encoder"])
    encoder = load_encoder(folder, choose_device())
    train, val = (split_features(encoder, pack, split, folder) for split in ("train", "val"))
    synthetic = pool_as_seen(encoder, pool, scores.parent)
    return Evidence(train, val, synthetic, pack.classes, seed)


def read_selection(file: Path) -> Selected:
    """The selection in a file."""
    with np.load(file, allow_pickle=False) as arrays:
        report = json.loads(str(arrays["report"])) if "report" in arrays else {}
        scores = {name.removeprefix(SCORE): arrays[name] for name in arrays if name.startswith(SCORE)}
        return Selected(arrays["kept"], arrays["reason"], report, scores)


def yields_of(selected: Selected, candidates: Candidates, budget: Mapping[str, int]) -> dict[str, Yield]:
    """Class -> asked, generated, kept, dropped by reason, as plain values."""
    return {name: cast(Yield, asdict(result)) for name, result in selected.yields(candidates, budget).items()}


def result_of(selected: Selected, candidates: Candidates, budget: Mapping[str, int]) -> RunResult:
    """The end of a run."""
    return {"event": "result", "yields": yields_of(selected, candidates, budget), "report": report_of(selected)}


def report_of(selected: Selected) -> Report:
    """The finite numbers and the curves of what the sampler says of itself, with its mappings laid flat."""
    report: Report = {"values": {}, "curves": {}}
    for name, value in _flat(selected.report):
        if isinstance(value, list):
            points = cast(list[list[float]], value)
            report["curves"][name] = [point for point in points if np.isfinite(point).all()]
        elif isinstance(value, int | float) and np.isfinite(value):
            report["values"][name] = value
    return report


def _flat(report: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for name, value in report.items():
        if isinstance(value, dict):
            yield from ((f"{name}_{part}", inner) for part, inner in value.items())
        else:
            yield name, value


def select_again(plan: SelectPlan, emit: Emit) -> None:
    """Another selection from a pool that is there, with another sampler, budget or seed.

    Raises: UnsuitableSamplerError, BadBudgetError, BadSettingsError.
    """
    sampler = make_sampler(plan["sampler"], plan["sampler_settings"])
    if plan["model"] == IMPORTED:
        sampler.check_scores(frozenset(read_scores(Path(plan["scores"]))), plan["model"])
    else:
        model = find("models", Model, plan["model"])
        check_suitable(sampler, model, read_settings(model, plan["model_settings"]))
    budget = resolve(plan["budget"], plan["train_counts"])
    file, pool = Path(plan["out"]) / "selection.npz", open_pool(Path(plan["pool"]))
    evidence = partial(evidence_of, pool, Path(plan["scores"]), plan["prepared"], plan["seed"])
    yields = select(sampler, pool, Path(plan["scores"]), budget, plan["seed"], file, evidence, plan.get("verdicts"))
    report = report_of(read_selection(file))
    emit({"event": "result", "yields": yields, "report": report, "selection": str(file)})


def check_suitable(sampler: Sampler, model: type[Model], settings: ModelSettings) -> None:
    """Raises: UnsuitableSamplerError, with the reason."""
    reason = why_unsuitable(sampler.name, sampler.wanted(), model.name, model.provides, settings.model_dump())
    if reason:
        raise UnsuitableSamplerError(reason)
