"""Optimal transport: a candidate stays where transport to the real classes sends it to the class it was asked for.

C. Feng, Y. Ren, X. Xie: OT-Filter: An Optimal Transport Filter for Learning With Noisy Labels, CVPR 2023.

Notation (code -> paper): prototypes -> the clean representations; a candidate is kept where the plan agrees with its
label.
Differs from the paper: what may be wrong is not an annotator's label but what the generator drew. The representations
are the mean directions of the real training images, which are clean, so nothing is estimated anew in rounds. The
marginal of the classes is relaxed, since a strict one punishes uneven pools; the cost is cosine, the plan entropic.

With one prototype per class the plan is the nearest prototype with a correction for each class; how often they agree is
told in the report, since a plain nearest prototype is often as good.
"""

from collections.abc import Mapping

from pydantic import Field

from ml.narrowing import Narrowing
from ml.plugin import SHOWN_FIRST, Card, Settings
from ml.ranking import RANKING_REASONS
from ml.sampler import Candidates, Sampler, Selected
from ml.transport import class_agreement


class OptimalTransportSettings(Settings):
    relaxation: float = Field(
        0.05,
        gt=0,
        le=100,
        description="How firmly each class must receive as much as the pool holds of it: small lets images of another "
        "class be dropped, large divides the pool up whatever it shows.",
        json_schema_extra=SHOWN_FIRST,
    )
    entropy: float = Field(
        0.05,
        ge=0.005,
        le=1,
        description="How softly a candidate is shared out between classes, in units of cosine distance.",
    )


class OptimalTransport(Sampler):
    """Transported to its own class, the surest first."""

    name = "optimal_transport"
    Settings = OptimalTransportSettings
    card = Card(
        title="Optimal transport",
        summary="Keeps a candidate only where transporting the whole pool to the real classes sends it to its own.",
        authors="Chuanwen Feng, Yilong Ren, Xike Xie",
        paper="OT-Filter: An Optimal Transport Filter for Learning With Noisy Labels",
        venue="CVPR 2023",
        strengths="Removes images of another class, also where synthetic images as a whole look a little different "
        "from real ones. Needs no class head and no number of wrong images.",
        limits="One prototype per class: a class of several unlike looks is judged by their mean. Often no better than "
        "the nearest prototype, which its report counts beside it. The surest are the most typical.",
    )
    sees_images = True
    reasons = RANKING_REASONS | {
        "sent_elsewhere": "Transport sends it to another class than the one that was asked for.",
        "less_agreed": "Transport agrees more with other candidates of this class, and the budget was full.",
    }

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing = Narrowing(pool, budget)
        own, winner, margin = class_agreement(pool, self.settings.entropy, self.settings.relaxation)
        narrowing.drop(winner != pool.label, "sent_elsewhere")
        stays, by_nearest = winner == pool.label, margin > 0
        report = {
            "agreed": int(stays.sum()),
            "agreed_by_nearest_prototype": int(by_nearest.sum()),
            "agreed_by_both": int((stays & by_nearest).sum()),
        }
        return narrowing.keep_ranked(own, "less_agreed", report)
