"""Measuring: every metric on the images that were kept, and the short measure that training is steered by."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.comparison import equal_weights, reference_of, weights_of_mix
from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.evaluation import Evaluate, Evaluation, Generate, Translate
from ml.features import POOL, Encoder, FeaturesAndProbabilities, found_features
from ml.held_out import HeldOut
from ml.images import Pixels
from ml.likeness import has_views, likeness
from ml.metric import IN_DOMAIN, Evidence, ImageSet, Measurement, Metric, Space
from ml.metrics.kid import kernel_distance
from ml.pack import Pack
from ml.plugin import shelf
from ml.pool import Pool
from ml.protocol import MeasurementRow
from ml.recognition import recognised
from ml.vitals import Realism, VitalSigns

NUM_STEERING = 512
"""Images of the averaged generator by which a checkpoint is judged; half as many above 64 pixels."""

CHUNK = 4096

Labels = NDArray[np.int64]


def measure_all(
    evidence: Evidence, before_each: Callable[[str], None] = lambda name: None
) -> dict[str, MeasurementRow]:
    """Every metric on the shelf that has a meaning in the evidence's space, by the keys of that space.

    One that refuses has no value, and its sentence as the caution.
    """
    rows: dict[str, MeasurementRow] = {}
    for name, plugin in shelf("metrics", Metric).items():
        if not (plugin.in_any_space or evidence.space == IN_DOMAIN) or not has_views(evidence, plugin.compares):
            continue
        before_each(name)
        try:
            rows[evidence.space.key(name)] = _row(plugin(plugin.Settings()).measure(evidence), evidence.space)
        except (TooFewSamplesError, MeaninglessMetricError) as error:
            rows[evidence.space.key(name)] = _refused(error.message, evidence)
    return rows


def checkpoint_measure(
    encoder: Encoder,
    pack: Pack,
    train: ImageSet,
    val: ImageSet,
    seed: int,
    held_out: HeldOut | None = None,
    made: tuple[int, ...] | None = None,
) -> Evaluate:
    """What the loop asks at every checkpoint: KID and TARR of some images with the real class mix, and vital signs; for
    a model that translates, also how like the truth, or their sources, the translations of held-out images are.

    Labels and noise are the same at every checkpoint, so that only training makes the difference. made: numbers of the
    classes that the model makes, if not all.
    """
    if made is not None:
        train, val = (images.take(np.flatnonzero(np.isin(images.label, made))) for images in (train, val))
    # every class is wanted, hence the training images stand for the synthetic ones
    reference, _ = reference_of(Evidence(train, val, train, pack.classes))
    labels, seeds = _steering(reference, encoder.facts.resolution, seed)
    signs = VitalSigns(pack, train, labels, seed)
    all_seeds = np.concatenate([seeds, signs.more_seeds])

    def evaluate(generate: Generate, realism: Realism | None, translate: Translate) -> Evaluation:
        pixels = generate(signs.label, all_seeds)
        features, probabilities = encoder.encode(pixels)
        number = len(labels)
        synthetic = ImageSet(features[:number], labels, probabilities[:number], several=encoder.facts.several)
        values = {
            "metric/kid": kernel_distance(weights_of_mix(reference, synthetic), equal_weights(synthetic)),
            "metric/tarr": float(recognised(synthetic).mean()),
        }
        if held_out is not None:
            values |= likeness(translate(held_out.sources, held_out.label, held_out.seed))
        return Evaluation(values, signs.take(pixels, features, realism))

    return evaluate


def _steering(reference: ImageSet, resolution: int, seed: int) -> tuple[Labels, Labels]:
    """Labels mixed as in the reference, and seeds."""
    number = NUM_STEERING if resolution <= 64 else NUM_STEERING // 2
    rng = np.random.default_rng([seed % 2**64, 0x5EED])
    labels = np.resize(rng.permutation(reference.label), number)
    return labels, rng.integers(0, 2**53, number, dtype=np.int64)


def _row(measurement: Measurement, space: Space) -> MeasurementRow:
    row = asdict(measurement)
    return {
        "value": row["value"],
        "low": row["low"],
        "high": row["high"],
        "num_real": row["num_real"],
        "num_synthetic": row["num_synthetic"],
        "parts": dict(row["parts"]),
        "per_class": dict(row["per_class"]),
        "details": {"space": space.name, **space.facts, **row["details"]},
        "caution": " ".join(sentence for sentence in (row["caution"], space.caution) if sentence),
    }


def _refused(sentence: str, evidence: Evidence) -> MeasurementRow:
    return {
        "value": None,
        "low": None,
        "high": None,
        "num_real": len(evidence.train),
        "num_synthetic": len(evidence.synthetic),
        "parts": {},
        "per_class": {},
        "details": {"space": evidence.space.name, **evidence.space.facts},
        "caution": sentence,
    }


def pool_as_seen(encoder: Encoder, pool: Pool, folder: Path) -> ImageSet:
    """How the encoder sees a pool's images: as scoring kept it in `folder`, beside the scores, or looked at again."""

    def appearance(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return encoder.appearance(pool.images(rows))

    found = found_features(folder, POOL)
    if found is None or len(found[0]) != len(pool):
        found = encode_pool(encoder.encode, pool, np.arange(len(pool)))
    return ImageSet(found[0], pool.label, found[1], appearance, encoder.facts.several)


def encode_pool(
    encode: Callable[[Pixels], FeaturesAndProbabilities], pool: Pool, rows: NDArray[np.int64]
) -> FeaturesAndProbabilities:
    """Some of the pool's images in one space, at most `CHUNK` of them in memory."""
    parts = [rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK)] or [rows]
    features, probabilities = zip(*(encode(pool.images(part)) for part in parts), strict=True)
    return np.concatenate(features), np.concatenate(probabilities)
