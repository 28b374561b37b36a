"""Fréchet distance between feature distributions.

Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter: GANs Trained by a Two Time-Scale Update Rule Converge to a Local
Nash Equilibrium. NeurIPS 2017. https://arxiv.org/abs/1706.08500

Notation (code -> paper): mean -> m; covariance -> C; the value |m - m_w|^2 + Tr(C + C_w - 2 (C C_w)^(1/2)).
Differs from the paper: features come from the encoder trained on the user's own images, so that values compare runs on
one dataset version only, and from Inception where its weights are supplied; real images are weighted to the synthetic
set's class mix; the trace of the root is taken from a symmetric matrix, so that no complex numbers and no failing
square root can appear.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from ml.comparison import Floats, Weighted, by_class, equal_weights, half_sample_interval, join, weights_of_mix
from ml.errors import TooFewSamplesError
from ml.metric import Evidence, Measurement, Metric
from ml.plugin import Card

MIN_IMAGES = 50
CHUNK = 1_024
ENOUGH_PER_FEATURE = 5
"""At Inception's 2,048 features these are the 10,000 images that the authors ask for."""
WIDE = 512


class Fid(Metric):
    """FID of the synthetic images against training and validation images together."""

    name = "fid"
    in_any_space = True
    card = Card(
        title="FID",
        summary="How far apart real and synthetic images lie as two clouds of features; 0 is the same distribution.",
        authors="Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter",
        paper="GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
        venue="NeurIPS 2017",
        url="https://arxiv.org/abs/1706.08500",
        strengths="One number for quality and variety together.",
        limits="Too high by a bias that grows as the number of images falls: compare equal numbers only, or use KID. "
        "In the encoder's space, values of different dataset versions cannot be compared.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        real = weights_of_mix(join(evidence.train, evidence.val), evidence.synthetic)
        synthetic = equal_weights(evidence.synthetic)
        if min(len(real), len(synthetic)) < MIN_IMAGES:
            raise TooFewSamplesError(
                f"FID needs at least {MIN_IMAGES} real and {MIN_IMAGES} synthetic images of the same classes; there "
                f"are {len(real)} and {len(synthetic)}. Use KID, or a larger budget."
            )
        value = frechet_distance(real, synthetic)
        largest, repeats = _effort(real.features.shape[1])
        low, high = half_sample_interval(
            frechet_distance, value, real, synthetic, evidence.seed, largest=largest, repeats=repeats
        )
        of_classes = _per_class(evidence) if real.features.shape[1] <= WIDE else {}
        return Measurement(
            value=value,
            low=max(low, 0.0),
            high=high,
            num_real=len(real),
            num_synthetic=len(synthetic),
            per_class=of_classes,
            details={"reference": "training and validation", "effective_real": round(real.effective_size, 1)},
            caution=_caution(real, synthetic, _smallest(evidence, of_classes)),
        )


def _per_class(evidence: Evidence) -> dict[str, float]:
    real = join(evidence.train, evidence.val)
    return by_class(frechet_distance, real, evidence.synthetic, evidence.classes, MIN_IMAGES)


def _smallest(evidence: Evidence, of_classes: Mapping[str, float]) -> int:
    rows = [np.bincount(one.label, minlength=len(evidence.classes)) for one in (evidence.train, evidence.val)]
    fewer = np.minimum(sum(rows), np.bincount(evidence.synthetic.label, minlength=len(evidence.classes)))
    return min((int(fewer[evidence.classes.index(name)]) for name in of_classes), default=len(evidence.synthetic))


def _effort(width: int) -> tuple[int, int]:
    """Images in a part and number of parts for the interval; a distance costs the cube of the smaller of images, width.

    Near 0 the distance varies as 1 / m and not as 1 / sqrt(m), so that smaller parts make the interval wider, never
    narrower, than it need be.
    """
    return (5_000, 50) if width <= WIDE else (1_000, 20)


def _caution(real: Weighted, synthetic: Weighted, smallest: int) -> str:
    """smallest: images of the smallest class that has a value."""
    enough = ENOUGH_PER_FEATURE * real.features.shape[1]
    fewest = min(real.effective_size, len(synthetic))
    if fewest >= enough:
        few = f"Values of classes are too high by a bias: {enough} images are wanted of each, and there are {smallest}."
        return few if smallest < enough else ""
    return (
        f"Measured on {fewest:.0f} images where {enough} are wanted for {real.features.shape[1]} features: too high by "
        f"a bias, so compare it only with sets of the same size, or read KID."
    )


@dataclass(frozen=True)
class Moments:
    """mean: float64 [D]; covariance: float64 [D, D], unbiased; rows: float64 [N, D] with rows^T rows = covariance.

    `rows` is there only when they are no more than the features.
    """

    mean: Floats
    covariance: Floats
    rows: Floats | None


def moments(sample: Weighted) -> Moments:
    """Weighted mean and covariance, in float64, a chunk of rows at a time."""
    width = sample.features.shape[1]
    mean, covariance = np.zeros(width), np.zeros((width, width))
    for rows, weight in _chunks(sample):
        mean += weight @ rows
    unbiased = 1.0 / (1.0 - (sample.weight**2).sum())
    for rows, weight in _chunks(sample):
        rows -= mean
        rows *= np.sqrt(weight * unbiased)[:, None]
        covariance += rows.T @ rows  # numpy sees the symmetry and computes one half
    return Moments(mean, covariance, _scaled_rows(sample, mean, unbiased) if len(sample) <= width else None)


def _chunks(sample: Weighted) -> Iterator[tuple[Floats, Floats]]:
    """Rows as float64 with their weights; all chunks share one buffer, which stays in the cache."""
    buffer = np.empty((min(CHUNK, len(sample)), sample.features.shape[1]))
    for start in range(0, len(sample), CHUNK):
        part = sample.features[start : start + CHUNK]
        rows = buffer[: len(part)]
        np.copyto(rows, part)
        yield rows, sample.weight[start : start + CHUNK]


def _scaled_rows(sample: Weighted, mean: Floats, unbiased: float) -> Floats:
    return np.asarray((sample.features - mean) * np.sqrt(sample.weight * unbiased)[:, None])


def frechet_distance(first: Weighted, second: Weighted) -> float:
    """Squared Fréchet distance of the Gaussians fitted to both samples, >= 0."""
    return distance_of_moments(moments(first), moments(second))


def distance_of_moments(a: Moments, b: Moments) -> float:
    """Squared Fréchet distance of two Gaussians, >= 0."""
    spread = float(a.covariance.trace() + b.covariance.trace())
    return max(float(((a.mean - b.mean) ** 2).sum()) + spread - 2 * trace_of_root(a, b), 0.0)


def trace_of_root(a: Moments, b: Moments) -> float:
    """Tr((A B)^(1/2)) for covariances A, B.

    With B = L L^T the eigenvalues of A B are those of the symmetric L^T A L; and with A = R^T R, B = S^T S their roots
    are the singular values of R S^T, which is exact and small where there are fewer images than features.
    """
    if a.rows is None and b.rows is None:
        with suppress(np.linalg.LinAlgError):
            return float(np.sqrt(_eigenvalues_of_product(a.covariance, b.covariance).clip(0)).sum())
    return float(np.linalg.svd(_root(a) @ _root(b).T, compute_uv=False).sum())


def _eigenvalues_of_product(a: Floats, b: Floats) -> Floats:
    """Those of A B, of which LAPACK sees one half of the symmetric L^T A L only.

    Raises: numpy.linalg.LinAlgError when B is singular, as with a feature that never fires.
    """
    # transposed, the symmetric matrices lie in memory as LAPACK wants them
    return np.asarray(eigh(a.T, b.T, type=2, eigvals_only=True, driver="gv", check_finite=False))


def _root(one: Moments) -> Floats:
    """R with R^T R = covariance."""
    if one.rows is not None:
        return one.rows
    values, vectors = np.linalg.eigh(one.covariance)
    return np.asarray(np.sqrt(values.clip(0))[:, None] * vectors.T)
