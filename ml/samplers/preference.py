"""Preference: what people accepted, and what they would accept.

P. F. Christiano, J. Leike, T. B. Brown, M. Martic, S. Legg, D. Amodei: Deep Reinforcement Learning from Human
Preferences, NeurIPS 2017, https://arxiv.org/abs/1706.03741, for learning from judgements instead of from a measure.
Differs from the paper: people judge single images, not pairs of films; what is learnt is a calibrated logistic
regression (`ml/preference.py`), learnt anew for each selection from the verdicts that there are by then; and it chooses
among images that exist instead of training what makes them.
"""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from ml.narrowing import Narrowing
from ml.plugin import SHOWN_FIRST, Card, Settings
from ml.preference import FEWEST, learn_preference
from ml.ranking import RANKING_REASONS, lots
from ml.sampler import Candidates, Sampler, Selected


class PreferenceSettings(Settings):
    min_chance: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Candidates that people would accept with less than this chance are dropped, also where the budget "
        "has room.",
        json_schema_extra=SHOWN_FIRST,
    )


class PreferenceSampler(Sampler):
    """Accepted ones first, then those most likely to be."""

    name = "preference"
    Settings = PreferenceSettings
    card = Card(
        title="Preference",
        summary="Keeps what people accepted, drops what they rejected, and ranks the rest by what they would say.",
        authors="Paul F. Christiano, Jan Leike, Tom B. Brown, Miljan Martic, Shane Legg, Dario Amodei",
        paper="Deep Reinforcement Learning from Human Preferences",
        venue="NeurIPS 2017",
        url="https://arxiv.org/abs/1706.03741",
        strengths="Carries some hundred verdicts over to a whole pool, with chances that are right on average. It "
        "gives each sample the scores preference and preference uncertainty, by which the gallery is sorted: the most "
        "uncertain ones are those whose verdict teaches most. Select again as verdicts come in.",
        limits=f"Below {FEWEST} accepted and {FEWEST} rejected samples nothing is learnt, and what nobody judged is "
        "drawn by lot; so it is for further selections, not for a run's first. It learns the reviewers' taste, "
        "mistakes included.",
    )
    sees_images = True
    reasons = RANKING_REASONS | {
        "rejected": "People rejected it.",
        "likely_rejected": "By what people said of others, they would sooner reject it.",
        "less_liked": "Other candidates of this class are accepted, or likelier to be, and the budget was full.",
    }

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing = Narrowing(pool, budget)
        pool.seen()
        verdict = np.zeros(len(pool), np.int8) if pool.verdict is None else pool.verdict
        narrowing.drop(verdict < 0, "rejected")
        learnt = learn_preference(pool, verdict, seed)
        if learnt is None:
            report = {"accepted": int((verdict > 0).sum()), "rejected": int((verdict < 0).sum())}
            return narrowing.keep_ranked((verdict > 0) + lots(pool, seed), "less_liked", report)
        narrowing.drop((verdict == 0) & (learnt.chance < self.settings.min_chance), "likely_rejected")
        selected = narrowing.keep_ranked((verdict > 0) + learnt.chance, "less_liked", learnt.report)
        scores = {"preference": learnt.chance, "preference_uncertainty": learnt.uncertainty}
        return Selected(selected.kept, selected.reason, selected.report, scores)
