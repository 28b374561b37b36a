"""95 % intervals of a share, a median and a mean, with no random draw."""

import math
from collections.abc import Iterable, Sequence


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


def median_interval(values: Iterable[float]) -> tuple[float, float]:
    """The 95 % interval of a median from order statistics: no assumption on the distribution, no random draw."""
    ordered = sorted(map(float, values))
    reach = 1.96 * math.sqrt(len(ordered)) / 2
    low = max(0, math.floor(len(ordered) / 2 - reach))
    high = min(len(ordered) - 1, math.ceil(len(ordered) / 2 + reach))
    return ordered[low], ordered[high]


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Student's 95 % interval of a mean, for few values that lie about as a bell does; two at least.

    Student: The Probable Error of a Mean. Biometrika 6, 1908.
    """
    number = len(values)
    mean = math.fsum(values) / number
    variance = math.fsum((value - mean) ** 2 for value in values) / (number - 1)
    reach = _student_quantile(number - 1) * math.sqrt(variance / number)
    return mean - reach, mean + reach


def _student_quantile(freedom: int) -> float:
    """What the size of Student's t exceeds in 5 % of all cases; found by halving, to the last bits."""
    low, high = 1.0, 13.0  # 12.71 at one degree of freedom
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """How often |T| < t: the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    is_odd = freedom % 2
    term = total = math.cos(angle) if is_odd else 1.0
    for k in range(2 + is_odd, freedom, 2):
        term *= math.cos(angle) ** 2 * (k - 1) / k
        total += term
    if not is_odd:
        return math.sin(angle) * total
    return (angle + math.sin(angle) * (total if freedom > 1 else 0.0)) * 2 / math.pi
