"""A graph convolutional network over attributes, which makes a representation of each of them.

Thomas N. Kipf, Max Welling: Semi-Supervised Classification with Graph Convolutional Networks, ICLR 2017,
https://arxiv.org/abs/1609.02907. Over attributes: Binod Bhattarai, Tae-Kyun Kim: Inducing Optimal Attribute
Representations for Conditional GANs, ECCV 2020, https://arxiv.org/abs/2003.06472.

Notation (code -> Kipf and Welling)
    edges        D^-1 A~, with ones on the diagonal of A~
    nodes        X, H; the first are the identity, for attributes have no other features
    weight       W

Differs from the paper
    Rows are divided by their sum instead of D^-1/2 A~ D^-1/2, which is for symmetric graphs: P(j | i) is not P(i | j).
    So an attribute takes from each other one j as much as j comes with it.
"""

import torch
from torch import Tensor, nn

LEAST = 1e-4
"""An edge that is learnt begins no thinner, for what is exactly 0 could not grow."""


def row_normalised(edges: Tensor) -> Tensor:
    """Rows of [A, A], none of them all 0, that sum to 1."""
    return edges / edges.sum(1, keepdim=True)


class GraphConvolution(nn.Module):
    """nodes [A, F], edges [A, A] -> edges nodes weight [A, outputs]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        return edges @ (nodes @ self.weight)


class AttributeGraph(nn.Module):
    """edges [A, A], 1 on the diagonal, others 0..1 -> two convolutions -> a representation of each attribute, [A, A].

    learned: the edges are trained too, from what they are at the start.
    """

    start: Tensor
    identity: Tensor

    def __init__(self, edges: Tensor, hidden: int, learned: bool) -> None:
        super().__init__()
        number = len(edges)
        self.first, self.second = GraphConvolution(number, hidden), GraphConvolution(hidden, number)
        self.register_buffer("start", row_normalised(edges), persistent=False)
        self.register_buffer("identity", torch.eye(number), persistent=False)
        # a row's softmax is the row itself where these are its logarithms
        self.thickness = nn.Parameter(self.start.clamp(min=LEAST).log()) if learned else None

    def edges(self) -> Tensor:
        """[A, A], rows sum to 1."""
        return self.start if self.thickness is None else self.thickness.softmax(1)

    def forward(self) -> Tensor:
        edges = self.edges()
        nodes: Tensor = self.second(torch.relu(self.first(self.identity, edges)), edges)
        return nodes
