"""Peak signal-to-noise ratio of translations and what they should look like.

Notation (code -> text): psnr -> 10 log10(255^2 / MSE), for each image over all its pixels and channels; the value is
the mean over images. Where literature on super-resolution measures brightness alone and cuts borders, this does not.
"""

from ml.likeness import TRUTH, measure_pairs, psnr
from ml.metric import Evidence, Measurement, Metric
from ml.plugin import Card


class Psnr(Metric):
    """How close results are to the true images, pixel by pixel."""

    name = "psnr"
    unit = "dB"
    better = "higher"
    compares = TRUTH
    card = Card(
        title="Peak signal-to-noise ratio (PSNR)",
        summary="How close translations of held-out images are to the true ones, pixel by pixel.",
        strengths="Simple, and comparable with published figures on the same pixels.",
        limits="Rewards blur: the mean of all that could be true scores best. Read it beside SSIM and the perceptual "
        "distance. Exact images count as 58.9 dB, where rounding hides any difference.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        return measure_pairs(evidence, TRUTH, lambda first, second, look: psnr(first, second))
