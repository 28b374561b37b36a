"""Reinforcement: an actor learns which candidates to take from how well a child network does with them.

B. Bhattarai, S. Baek, R. Bodur, T.-K. Kim: Sampling Strategies for GAN Synthetic Data, ICASSP 2020,
https://arxiv.org/abs/1909.04689.
The critic's regulariser is PEER (He, Su, Zhang, Hou, CVPR 2023).

Notation (code -> paper): state -> features and scores of a candidate with what is taken so far; action -> augment or
not; reward -> the child's validation score; peer_weight -> beta.
Differs from the paper: the child is the in-domain encoder with its last layer learnt anew, not a ResNet-50 on pixels,
so that hundreds of children take seconds; its score is the log-likelihood of validation images, since the accuracy on
few of them hardly moves. A reward counts from the score without any synthetic image, in units of how much chance
selections differ; the critic's forecast is the baseline. There is a budget per class: where the actor takes more, the
likeliest are kept.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from ml.actor_critic import ActorCritic
from ml.child_score import ChildScore
from ml.errors import UnsuitableSamplerError
from ml.narrowing import Narrowing
from ml.plugin import SHOWN_FIRST, Card, Settings
from ml.ranking import RANKING_REASONS
from ml.sampler import Candidates, Sampler, Selected
from ml.traits import traits_of

MIN_VALIDATION = 20
FINAL_BLOCK = 512
LARGEST_REWARD = 10.0
NUM_POINTS = 20
"""Points of the learning curve that is reported."""


class ReinforcementSettings(Settings):
    child_trainings: int = Field(
        200,
        ge=20,
        le=20_000,
        description="Child networks that are trained to learn by; all that this sampler costs.",
        json_schema_extra=SHOWN_FIRST,
    )
    episode_size: int = Field(
        256,
        ge=32,
        le=8192,
        description="Candidates that are taken or left before a child is trained on them.",
    )
    peer_weight: float = Field(
        0.0005,
        ge=0,
        le=1,
        description="How much the critic's view of a candidate is kept apart from its slow copy's view of the next one "
        "(PEER's beta); 0 turns it off.",
    )


class Reinforcement(Sampler):
    """Taken by an actor that learnt from children."""

    name = "reinforcement"
    Settings = ReinforcementSettings
    card = Card(
        title="Reinforcement (RL)",
        summary="Learns to take or leave candidates from the validation score of classifiers that are trained on them.",
        authors="Binod Bhattarai, Seungryul Baek, Rumeysa Bodur, Tae-Kyun Kim",
        paper="Sampling Strategies for GAN Synthetic Data",
        venue="ICASSP 2020",
        url="https://arxiv.org/abs/1909.04689",
        strengths="Asks what helps a classifier instead of what looks good, and decides itself how much to take, up to "
        "the budget.",
        limits="The dearest sampler by far. It steers by the validation images, so a classifier that is chosen by them "
        "looks better than it is, and with few of them it learns noise. Compare it with random at the size it chose.",
    )
    sees_images = True
    reasons = RANKING_REASONS | {
        "left": "The actor expects classifiers to do better without it.",
        "less_wanted": "The actor takes it, but others of this class sooner, and the budget was full.",
    }

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing, evidence = Narrowing(pool, budget), pool.seen()
        if len(evidence.val) < MIN_VALIDATION:
            raise UnsuitableSamplerError(
                f"The reward is a score on validation images, and there are {len(evidence.val)}; at least "
                f"{MIN_VALIDATION} are needed, so change the split or choose another sampler."
            )
        rows = np.concatenate([narrowing.left(label) for label in narrowing.classes()] or [np.empty(0, np.int64)])
        child = ChildScore(evidence.train, evidence.val, len(pool.classes))
        order = np.random.default_rng([seed % 2**64, 1]).permutation(rows)
        traits, features = traits_of(pool), evidence.synthetic.features
        agent = ActorCritic(traits.shape[1], seed, self.settings.peer_weight)
        curve = self.learn(agent, child, traits, features, pool.label, rows, seed) if len(rows) else []
        _, chance, action = agent.walk(
            traits[order], pool.label[order], len(pool.classes), lambda chances: chances > 0.5, FINAL_BLOCK
        )
        value = np.full(len(pool), np.nan)
        value[order[action]] = chance[action]
        taken = np.zeros(len(pool), bool)
        taken[order[action]] = True
        narrowing.drop(~taken, "left")
        selected = narrowing.keep_ranked(value, "less_wanted")
        weights = child.train(features[selected.kept], pool.label[selected.kept])
        report: dict[str, JsonValue] = {
            "child_trainings": child.trainings,
            "taken": int(taken.sum()),
            "taken_per_real": round(float(taken.sum()) / max(1, len(evidence.train)), 3),
            "pool_per_real": round(len(pool) / max(1, len(evidence.train)), 3),
            "score_by_child_trainings": curve,
            "score_without_synthetic": child.without,
            "score": child.score_of(weights),
            "accuracy_without_synthetic": child.accuracy_without,
            "accuracy": child.accuracy_of(weights),
        }
        return Selected(selected.kept, selected.reason, report)

    def learn(
        self,
        agent: ActorCritic,
        child: ChildScore,
        traits: NDArray[np.float32],
        features: NDArray[np.float32],
        label: NDArray[np.int64],
        rows: NDArray[np.int64],
        seed: int,
    ) -> list[JsonValue]:
        """Episodes; returns the learning curve: [[child trainings, mean score of the children since then], …]."""
        rng = np.random.default_rng([seed % 2**64, 2])
        number = self.settings.child_trainings
        scores: list[float] = []
        for episode in range(number):
            some = rng.choice(rows, min(self.settings.episode_size, len(rows)), replace=False)
            full, _, action = agent.walk(
                traits[some], label[some], child.num_classes, lambda chances: rng.random(len(chances)) < chances
            )
            taken = some[action]
            scores.append(child.score_of(child.train(features[taken], label[taken])))
            unit = max(float(np.std(scores[: max(10, number // 10)])), 1e-9)
            if episode >= 5:  # before that there is no unit to measure by
                reward = (scores[-1] - child.without) / unit
                agent.learn(full, action, float(np.clip(reward, -LARGEST_REWARD, LARGEST_REWARD)))
        edges = np.linspace(0, number, min(NUM_POINTS, number) + 1).astype(int)
        return [[int(end), float(np.mean(scores[at:end]))] for at, end in pairwise(edges)]
