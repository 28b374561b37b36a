"""95 % intervals of a share and of a median, with no random draw."""

import math

import numpy as np
from numpy.typing import NDArray


def wilson_interval(hits: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share; stays within 0..1 and is honest at both ends.

    Wilson: Probable Inference, the Law of Succession, and Statistical Inference. JASA 22, 1927.
    """
    z = 1.959963984540054
    share = hits / total
    middle = share + z * z / (2 * total)
    reach = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    # at 0 and 1 rounding may leave the share itself a hair outside
    return max(0.0, min(share, (middle - reach) / scale)), min(1.0, max(share, (middle + reach) / scale))


def median_interval(values: NDArray[np.float32]) -> tuple[float, float]:
    """The 95 % interval of a median from order statistics: no assumption on the distribution, no random draw."""
    ordered = np.sort(values)
    reach = 1.96 * math.sqrt(len(ordered)) / 2
    low = max(0, math.floor(len(ordered) / 2 - reach))
    high = min(len(ordered) - 1, math.ceil(len(ordered) / 2 + reach))
    return float(ordered[low]), float(ordered[high])
