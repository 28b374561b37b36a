"""An actor that takes or leaves candidates and a critic that foretells what the outcome is worth.

The critic's regulariser: Q. He, H. Su, J. Zhang, X. Hou: Frustratingly Easy Regularization on Representation Can Boost
Deep Reinforcement Learning, CVPR 2023, https://arxiv.org/abs/2205.14557.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 32
LEARNING_RATE = 0.01
ENTROPY_WEIGHT = 0.003
TARGET_RATE = 0.05
NUM_COMPOSITION = 3
BLOCK = 32
"""Candidates that are decided on by one composition."""

Composition = NDArray[np.int64]
"""int64 [C]: taken so far of each class."""


class ActorCritic:
    """Both networks, and the step by which they learn from one episode."""

    def __init__(self, num_features: int, seed: int, peer_weight: float) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed % 2**63)
            self.actor = _network(num_features + NUM_COMPOSITION)
            self.critic = _network(num_features + NUM_COMPOSITION)
            self.target = _network(num_features + NUM_COMPOSITION)
        self.target.load_state_dict(self.critic.state_dict())
        self.peer_weight = peer_weight
        self.optimizer = torch.optim.Adam([*self.actor.parameters(), *self.critic.parameters()], lr=LEARNING_RATE)

    @torch.no_grad()
    def walk(
        self,
        state: NDArray[np.float32],
        label: NDArray[np.int64],
        num_classes: int,
        decide: Callable[[NDArray[np.float32]], NDArray[np.bool_]],
        block: int = BLOCK,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        """Go through candidates in order: (states with the composition, chances of being taken, what was taken).

        state: [n, F]; decide: chances [m] -> bool [m]. The composition is that before each block.
        """
        taken = np.zeros(num_classes, np.int64)
        full = np.empty((len(state), state.shape[1] + NUM_COMPOSITION), np.float32)
        chance, action = np.empty(len(state), np.float32), np.empty(len(state), bool)
        for at in range(0, len(state), block):
            rows = slice(at, at + block)
            full[rows, : state.shape[1]] = state[rows]
            full[rows, state.shape[1] :] = _composition(taken, label[rows], at, len(state))
            chance[rows] = self.actor(torch.from_numpy(full[rows]))[:, 0].sigmoid().numpy()
            action[rows] = decide(chance[rows])
            taken += np.bincount(label[rows][action[rows]], minlength=num_classes)
        return full, chance, action

    def learn(self, full: NDArray[np.float32], action: NDArray[np.bool_], reward: float) -> None:
        """One step: the actor by how much better than the critic foretold the episode ended, the critic by how far off.

        The reward comes at the end and is not discounted, so every state of the episode has the same return.
        """
        state, taken = torch.from_numpy(full), torch.from_numpy(action).float()
        logit = self.actor(state)[:, 0]
        seen = self.critic[:-1](state)
        foretold = self.critic[-1](seen)[:, 0]
        advantage = reward - foretold.detach()
        chance = logit.sigmoid()
        entropy = -(chance * F.logsigmoid(logit) + (1 - chance) * F.logsigmoid(-logit)).mean()
        surprise = F.binary_cross_entropy_with_logits(logit, taken, reduction="none")
        # the sum over an episode, by the root of its length: its size does not depend on how many are decided on
        actor_loss = (advantage * surprise).sum() / len(taken) ** 0.5
        loss = actor_loss - ENTROPY_WEIGHT * entropy + (foretold - reward).square().mean() + self._peer(seen, state)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(self.target.parameters(), self.critic.parameters(), strict=True):
                slow.lerp_(fast, TARGET_RATE)

    def _peer(self, seen: Tensor, state: Tensor) -> Tensor:
        """What the critic sees in a state, kept apart from what its target network sees in the next one."""
        with torch.no_grad():
            following = self.target[:-1](state[1:])
        alike: Tensor = (seen[:-1] * following).sum(dim=1).mean()
        return self.peer_weight * alike


def _network(num_inputs: int) -> nn.Sequential:
    last = nn.Linear(WIDTH, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(num_inputs, WIDTH), nn.Tanh(), last)


def _composition(taken: Composition, label: NDArray[np.int64], at: int, number: int) -> NDArray[np.float32]:
    """float32 [n, 3]: share taken so far, how much more of the own class than of the average one, how far it is."""
    total = taken.sum()
    own = taken[label] / max(1, total) - 1 / len(taken)
    same = np.ones(len(label))
    return np.column_stack([same * (total / max(1, at) - 0.5), own, same * (at / number - 0.5)]).astype(np.float32)
