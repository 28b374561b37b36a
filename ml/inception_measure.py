"""The metrics that any space serves, in that of Inception, where its weights are supplied."""

from collections.abc import Callable
from pathlib import Path

import torch

from ml.errors import BadWeightsError
from ml.inception import load_inception, supplied_weights
from ml.measure import encode_pool, measure_all
from ml.metric import Evidence, ImageSet
from ml.pack import Pack, Rows
from ml.pool import Pool
from ml.protocol import MeasurementRow
from ml.told import Meter


def measure_by_inception(
    pack: Pack,
    pool: Pool,
    rows: Rows,
    folder: Path,
    seed: int,
    device: torch.device,
    meter_of: Callable[[int], Meter],
    warn: Callable[[str, str], None],
) -> dict[str, MeasurementRow]:
    """Some of a pool's images beside a pack's; nothing without weights. folder: where the pack's features are kept.

    A file that is no good is told of, and fails no run.
    """
    file = supplied_weights()
    if file is None:
        return {}
    try:
        inception = load_inception(file, device)
    except BadWeightsError as error:
        warn(error.code, error.message)
        return {}
    number, seen = len(pack.label) + len(rows), 0
    meter = meter_of(number)

    def looked(more: int) -> None:
        nonlocal seen
        seen += more
        meter.to(seen)

    train, val = (inception.split_set(pack, split, folder, looked) for split in ("train", "val"))
    features, probabilities = encode_pool(lambda images: inception.encode(images, looked=looked), pool, rows)
    synthetic = ImageSet(features, pool.label[rows], probabilities)
    evidence = Evidence(train, val, synthetic, pack.classes, seed, inception.space)
    return measure_all(evidence, before_each=lambda name: meter.to(number))
