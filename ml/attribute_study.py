"""Which way of editing attributes works best: all of them on the same images, by the same seeds, in as many steps.

<folder>/arts.json          the arts, shared settings, seed and number of seeds
<folder>/data, encoder      as a run prepares them
<folder>/classifier.safetensors   what recognises the attributes
<folder>/arts/<n>/<seed>/   one training's checkpoints, and edits.json, what was measured of it
<folder>/result.json        the table
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.attribute_arts import Art
from ml.attribute_classifier import AttributeClassifier, kept_classifier
from ml.attribute_edits import Edits, classifier_accuracy, edited_rows, measure_edits
from ml.attribute_model import AttributeModel
from ml.attribute_told import ArtResult, AttributeResult, Spread, verdict
from ml.attributes import AttributeSpace
from ml.checkpoint import step_of
from ml.device import choose_device, memory_advice
from ml.errors import BadDatasetError
from ml.features import Encoder
from ml.generation import load_for_generation
from ml.intervals import mean_interval
from ml.pack import Pack
from ml.protocol import Emit
from ml.seeds import step_seed
from ml.told import ShouldStop, StopRequested, Told
from ml.train import train
from ml.whole import whole_file

OnArt = Callable[[str, int], None]
"""Called with (name of the art, number of the seed) before each training that is not measured yet."""
OnMeasured = Callable[[Path, AttributeResult], None]
"""Called with (folder of the training, the table of all that is known) after each that was measured now."""


def run_arts(
    folder: Path,
    pack: Pack,
    encoder: Encoder,
    arts: Sequence[Art],
    seed: int,
    num_seeds: int,
    emit: Emit = lambda event: None,
    should_stop: ShouldStop = lambda: False,
    on_art: OnArt = lambda name, number: None,
    on_measured: OnMeasured = lambda folder, result: None,
) -> AttributeResult:
    """Train and measure what is not there yet; returns the table, which is written, too.

    Raises: StopRequested, with all saved; BadDatasetError where there is nothing held out to edit; BadSettingsError,
    before any training, where an art does not fit the data or lacks what it needs.
    """
    if not len(edited_rows(pack)):
        raise BadDatasetError("There are no held-out images to edit; give the dataset a val split, or more images.")
    for art in arts:
        art.model(pack.spec(), art.settings).check_supplies()
    classifier = kept_classifier(
        folder / "classifier.safetensors", pack, step_seed(seed, "classifier"), choose_device(), _stoppable(should_stop)
    )
    accuracy, known = classifier_accuracy(pack, classifier), _known_edits(folder, arts, num_seeds)

    def table() -> AttributeResult:
        measured = [(art.name, list(of_art.values())) for art, of_art in zip(arts, known, strict=True) if of_art]
        return table_of(pack, accuracy, measured)

    for place, art in enumerate(arts):
        for number in range(num_seeds):
            if number in known[place]:
                continue
            if should_stop():
                raise StopRequested
            on_art(art.name, number)
            out, own_seed = _folder_of(folder, place, number), step_seed(seed, "art", number)
            known[place][number] = _new_edits(out, art, pack, classifier, encoder, own_seed, emit, should_stop)
            on_measured(out, table())
    result = table()
    result["best"], result["sentence"] = verdict(result["arts"])
    with whole_file(folder / "result.json") as partial:
        partial.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def _folder_of(folder: Path, place: int, number: int) -> Path:
    return folder / "arts" / str(place) / str(number)


def _known_edits(folder: Path, arts: Sequence[Art], num_seeds: int) -> list[dict[int, Edits]]:
    """For each art, by number of the seed, what was measured before."""
    return [
        {
            number: _read_edits(json.loads(file.read_text(encoding="utf-8")))
            for number in range(num_seeds)
            if (file := _folder_of(folder, place, number) / "edits.json").exists()
        }
        for place in range(len(arts))
    ]


def _new_edits(
    out: Path,
    art: Art,
    pack: Pack,
    classifier: AttributeClassifier,
    encoder: Encoder,
    seed: int,
    emit: Emit,
    should_stop: ShouldStop,
) -> Edits:
    """After the training, which goes on from its newest checkpoint; written into edits.json."""
    newest = max(out.glob("checkpoints/*.safetensors"), key=lambda one: step_of(one) or 0, default=None)
    device, on_edited = choose_device(), _stoppable(should_stop)
    with memory_advice(device, art.settings.batch_size, art.settings.resolution):
        trained = train(art.model, art.settings, pack, out, seed, newest, Told(emit, should_stop), device=device)
        if trained.stopped:
            raise StopRequested
        model = load_for_generation(trained.last, device)
        if not isinstance(model, AttributeModel):
            raise TypeError(f"{art.name} is no AttributeModel")
        edits = measure_edits(model, pack, classifier, encoder, device, on_edited)
    with whole_file(out / "edits.json") as partial:
        partial.write_text(
            json.dumps({**asdict(edits), "hits": edits.hits.tolist(), "total": edits.total.tolist()}), encoding="utf-8"
        )
    return edits


def _stoppable(should_stop: ShouldStop) -> Callable[[int, int], None]:
    def on_step(step: int, number: int) -> None:
        if should_stop():
            raise StopRequested

    return on_step


def _read_edits(said: Mapping[str, Any]) -> Edits:
    return Edits(np.array(said["hits"]), np.array(said["total"]), said["identity"], said["reconstruction"])


def table_of(
    pack: Pack, accuracy: NDArray[np.float64], measured: Sequence[tuple[str, Sequence[Edits]]]
) -> AttributeResult:
    """accuracy: of the classifier, see `classifier_accuracy`; measured: each art's name and the edits of its seeds, one
    at least; of which is best nothing is said yet."""
    space = AttributeSpace(pack.spec())
    return {
        "names": list(space.names),
        "co_occurrence": space.relation().tolist(),
        "num_held_out": len(edited_rows(pack)),
        "num_seeds": max(len(of_art) for _, of_art in measured),
        "classifier": [None if np.isnan(value) else float(value) for value in accuracy],
        "arts": [_row(name, of_art) for name, of_art in measured],
        "best": None,
        "sentence": "",
    }


def _row(name: str, of_art: Sequence[Edits]) -> ArtResult:
    rates = np.stack([edits.rates() for edits in of_art])
    return {
        "name": name,
        "num_seeds": len(of_art),
        "by_attribute": [spread(column, 1.0) for column in rates.T],
        # the mean over attributes of each seed, of those that could be edited
        "average": spread(np.array([row[~np.isnan(row)].mean() for row in rates]), 1.0),
        "identity": spread(np.array([edits.identity for edits in of_art])),
        "reconstruction": spread(np.array([edits.reconstruction for edits in of_art])),
    }


def spread(values: NDArray[np.float64], most: float = math.inf) -> Spread:
    """Mean and 95 % interval over seeds, of what is between 0 and `most`."""
    if np.isnan(values).any():
        return {"mean": None, "low": None, "high": None}
    low, high = mean_interval(values.tolist()) if len(values) > 1 else (None, None)
    return {
        "mean": float(values.mean()),
        "low": None if low is None else max(low, 0.0),
        "high": None if high is None else min(high, most),
    }
