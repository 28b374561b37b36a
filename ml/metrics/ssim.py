"""Structural similarity of translations and what they should look like.

Zhou Wang, Alan Bovik, Hamid Sheikh, Eero Simoncelli: Image Quality Assessment: From Error Visibility to Structural
Similarity. IEEE Transactions on Image Processing 13, 2004, https://doi.org/10.1109/TIP.2003.819861.
"""

from ml.likeness import TRUTH, measure_pairs, ssim
from ml.metric import Evidence, Measurement, Metric
from ml.plugin import Card


class Ssim(Metric):
    """How alike results and true images are in brightness, contrast and structure around each pixel."""

    name = "ssim"
    unit = "of 1"
    better = "higher"
    compares = TRUTH
    card = Card(
        title="Structural similarity (SSIM)",
        summary="How alike translations of held-out images and the true ones are around each pixel; 1 is the same.",
        authors="Zhou Wang, Alan Bovik, Hamid Sheikh, Eero Simoncelli",
        paper="Image Quality Assessment: From Error Visibility to Structural Similarity",
        venue="IEEE Transactions on Image Processing 2004",
        url="https://doi.org/10.1109/TIP.2003.819861",
        strengths="Sees lost contrast and structure, and forgives a small change in brightness.",
        limits="A texture that is right but lies elsewhere counts as wrong. The mean over channels, without a border "
        "cut off.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        return measure_pairs(evidence, TRUTH, lambda first, second, look: ssim(first, second))
