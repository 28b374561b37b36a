"""How far two people who judged the same things agree, beyond what chance alone would bring."""

from dataclasses import dataclass

from ml.intervals import wilson_interval


@dataclass(frozen=True)
class Agreement:
    """Of two people, on what both of them judged; each share with its 95 % interval.

    kappa: 1 is full agreement, 0 what chance brings, None where chance alone agrees always: both gave one and the same
    verdict throughout.
    """

    num_both: int
    num_agree: int
    share: float
    share_low: float
    share_high: float
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None


def agreement_of(both_accept: int, both_reject: int, only_first_accepts: int, only_second_accepts: int) -> Agreement:
    """Cohen's kappa: A Coefficient of Agreement for Nominal Scales. Educational and Psychological Measurement 20, 1960.

    The interval is Wilson's of the share that agrees, carried over with the chance agreement held at its value, as the
    paper's own standard error holds it; so it says something at full agreement on few, too. One thing at least was
    judged by both.
    """
    num_both = both_accept + both_reject + only_first_accepts + only_second_accepts
    num_agree = both_accept + both_reject
    share, (low, high) = num_agree / num_both, wilson_interval(num_agree, num_both)
    first, second = both_accept + only_first_accepts, both_accept + only_second_accepts
    by_chance = first * second + (num_both - first) * (num_both - second)  # in whole numbers, so that 1 is exact
    if by_chance == num_both * num_both:
        return Agreement(num_both, num_agree, share, low, high, None, None, None)
    chance = by_chance / (num_both * num_both)
    beyond = [(value - chance) / (1 - chance) for value in (share, low, high)]
    return Agreement(num_both, num_agree, share, low, high, *beyond)
