"""Fréchet distance between feature distributions.

Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter: GANs Trained by a Two Time-Scale Update Rule Converge to a Local
Nash Equilibrium. NeurIPS 2017. https://arxiv.org/abs/1706.08500

Notation (code -> paper): mean -> m; covariance -> C; the value |m - m_w|^2 + Tr(C + C_w - 2 (C C_w)^(1/2)).
Differs from the paper: features come from the encoder trained on the user's own images, not from Inception, so values
compare runs on one dataset version only; real images are weighted to the synthetic set's class mix; the trace of the
root is taken from a symmetric matrix, so no complex numbers and no failing square root can appear.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from ml.comparison import Weighted, equal_weights, half_sample_interval, join, weights_of_mix
from ml.errors import TooFewSamplesError
from ml.metric import Evidence, Measurement, Metric
from ml.plugin import Card

MIN_IMAGES = 50
CHUNK = 65_536
LARGEST_PART = 5_000


class Fid(Metric):
    """In-domain FID of the synthetic images against training and validation images together."""

    name = "fid"
    card = Card(
        title="FID (in-domain)",
        summary="How far apart real and synthetic images lie as two clouds of features; 0 is the same distribution.",
        authors="Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter",
        paper="GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
        venue="NeurIPS 2017",
        url="https://arxiv.org/abs/1706.08500",
        strengths="One number for quality and variety together; features come from your own images.",
        limits="Too high by a bias that grows as the number of images falls: compare equal numbers only, or use KID. "
        "Values of different dataset versions cannot be compared.",
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
        low, high = half_sample_interval(frechet_distance, value, real, synthetic, evidence.seed, largest=LARGEST_PART)
        return Measurement(
            value=value,
            low=max(low, 0.0),
            high=high,
            num_real=len(real),
            num_synthetic=len(synthetic),
            details={"reference": "training and validation", "effective_real": round(real.effective_size, 1)},
            caution=_caution(real, synthetic),
        )


def _caution(real: Weighted, synthetic: Weighted) -> str:
    enough = 2 * real.features.shape[1]
    fewest = min(real.effective_size, len(synthetic))
    if fewest >= enough:
        return ""
    return (
        f"Measured on {fewest:.0f} images where {enough} are wanted for {real.features.shape[1]} features: too high by "
        f"a bias, so compare it only with sets of the same size, or read KID."
    )


@dataclass(frozen=True)
class Moments:
    """mean: float64 [D]; covariance: float64 [D, D], unbiased; rows: float64 [N, D] with rows^T rows = covariance.

    `rows` is there only when they are no more than the features.
    """

    mean: Tensor
    covariance: Tensor
    rows: Tensor | None


def moments(sample: Weighted) -> Moments:
    """Weighted mean and covariance, in float64, a chunk of rows at a time."""
    features, weight = torch.from_numpy(sample.features), torch.from_numpy(sample.weight)
    width = features.shape[1]
    mean, covariance = torch.zeros(width, dtype=torch.float64), torch.zeros(width, width, dtype=torch.float64)
    for part, share in _chunks(features, weight):
        mean += share @ part.double()
    scale = weight / (1.0 - weight.square().sum())
    for part, share in _chunks(features, scale):
        rows = (part.double() - mean) * share.sqrt()[:, None]
        covariance += rows.T @ rows
    return Moments(mean, covariance, rows if len(sample) <= width else None)


def _chunks(features: Tensor, weight: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, len(weight), CHUNK):
        yield features[start : start + CHUNK], weight[start : start + CHUNK]


def frechet_distance(first: Weighted, second: Weighted) -> float:
    """Squared Fréchet distance of the Gaussians fitted to both samples, >= 0."""
    a, b = moments(first), moments(second)
    spread = float(a.covariance.trace() + b.covariance.trace())
    return max(float((a.mean - b.mean).square().sum()) + spread - 2 * trace_of_root(a, b), 0.0)


def trace_of_root(a: Moments, b: Moments) -> float:
    """Tr((A B)^(1/2)) for covariances A, B.

    With A = R^T R the eigenvalues of A B are those of the symmetric R B R^T; and with B = S^T S their roots are the
    singular values of R S^T, which is exact and small where there are fewer images than features.
    """
    root = _root(a)
    if a.rows is not None or b.rows is not None:
        return float(torch.linalg.svdvals(root @ _root(b).T).sum())
    return float(torch.linalg.eigvalsh(root @ b.covariance @ root.T).clamp_min(0).sqrt().sum())


def _root(one: Moments) -> Tensor:
    """R with R^T R = covariance."""
    if one.rows is not None:
        return one.rows
    lower, failed = torch.linalg.cholesky_ex(one.covariance)
    if not failed:
        return cast(Tensor, lower.T)
    # a feature that never fires makes the covariance singular; its eigenvectors still give a root
    values, vectors = torch.linalg.eigh(one.covariance)
    return cast(Tensor, values.clamp_min(0).sqrt()[:, None] * vectors.T)
