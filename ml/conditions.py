"""How attributes are represented where a generator is told them.

Binod Bhattarai, Tae-Kyun Kim: Inducing Optimal Attribute Representations for Conditional GANs, ECCV 2020,
https://arxiv.org/abs/2003.06472.

Each attribute i has a representation, the row R_i of R. A generator is told the sum over attributes of v_i R_i, where v
is the vector of targets, or of what is to change. R is always [A, A] and its rows have a mean square length of 1, so
that every kind of representation gives a generator as many numbers, of the same size, through the same first layer:

    one_hot             R is the identity: the generator is told v itself
    co_occurrence       R_i is P(j | i)
    word2vec            R_i is the word vector of the attribute's name
    classifier_weights  R_i are the weights by which a classifier of real images finds attribute i
    latent              R_i is the mean of that classifier's features over images that have i, minus those that lack it
    gcn                 R_i comes of a graph whose edges are P(j | i), trained with the generator (`GraphCondition`)

Rows of more than A numbers are turned into the space that they span, of A dimensions at most, which keeps all lengths
and angles between them.

Differs from the paper: that the products are summed up, that all kinds are of one size, gcn's matrices, and what latent
is, are ours.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from ml.attributes import AttributeSpace
from ml.edges import read_edges, why_no_edges
from ml.errors import BadSettingsError
from ml.layers.graph_convolution import AttributeGraph
from ml.word_vectors import word_vectors

ConditionType = Literal["one_hot", "co_occurrence", "word2vec", "classifier_weights", "latent", "gcn"]
Edges = Literal["co_occurrence", "edited", "learned"]
FROM_CLASSIFIER = ("classifier_weights", "latent")
"""Kinds that need a classifier of real images first."""


class Condition(nn.Module):
    """v [N, A] -> what a generator is told, [N, A]."""

    def rows(self) -> Tensor:
        """R [A, A]."""
        raise NotImplementedError

    def forward(self, vectors: Tensor) -> Tensor:
        return vectors @ self.rows().to(vectors.dtype)


class HeldCondition(Condition):
    """R does not learn; it is part of a checkpoint."""

    held: Tensor

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.register_buffer("held", rows)

    def rows(self) -> Tensor:
        return self.held

    def hold(self, rows: Tensor) -> None:
        """From now on R is made of `rows` [A, any]."""
        self.held.copy_(in_own_span(rows))


class GraphCondition(Condition):
    """R_i is what a graph convolutional network makes of attribute i, times a matrix of its own, at the common size.

    Convolutions over co-occurrence make attributes much alike, so much that their sum would not say which of them is
    meant. A generator that sees each product v_i R_i apart weighs each by itself; so do the matrices [A, A, A], before
    as few numbers as other kinds have. They begin such that R is the identity. Classes never come together, so that no
    convolution mixes them up, and have no such matrices.
    """

    def __init__(self, graph: AttributeGraph, are_classes: bool) -> None:
        super().__init__()
        self.graph = graph
        with torch.no_grad():
            nodes = graph()
            shares = nodes / nodes.square().sum(1, keepdim=True).clamp(min=1e-12)
        own = torch.einsum("ij,ik->ijk", shares, torch.eye(len(nodes)))
        self.own = None if are_classes else nn.Parameter(own)

    def rows(self) -> Tensor:
        nodes = self.graph()
        return scaled(nodes if self.own is None else torch.einsum("ij,ijk->ik", nodes, self.own))


def condition_for(
    kind: ConditionType, space: AttributeSpace, edges: Edges = "co_occurrence", edited: str = "", hidden: int = 32
) -> Condition:
    """Those of FROM_CLASSIFIER are the identity until they are given what they hold, and so is word2vec where its
    vectors are not at hand; who trains it asks for them by `ml.word_vectors`.

    Raises: BadSettingsError.
    """
    match kind:
        case "co_occurrence":
            return HeldCondition(in_own_span(space.relation()))
        case "gcn":
            matrix = edges_between(space, edges, edited)
            return GraphCondition(AttributeGraph(matrix, hidden, learned=edges == "learned"), space.are_classes)
        case _:
            return HeldCondition(torch.eye(len(space)))


def edges_between(space: AttributeSpace, edges: Edges, edited: str) -> Tensor:
    """[A, A], at the start where they are learned. Raises: BadSettingsError."""
    return edited_edges(edited, space) if edges == "edited" else space.relation()


def words_of(space: AttributeSpace) -> Tensor:
    """The word vectors of the names, [A, any]. Raises: BadSettingsError."""
    return torch.from_numpy(word_vectors(space.names))


def scaled(rows: Tensor) -> Tensor:
    """Rows of a mean square length of 1."""
    return rows * rows.square().sum(1).mean().clamp(min=1e-12).rsqrt()


def in_own_span(rows: Tensor) -> Tensor:
    """[A, any] -> [A, A]: the same lengths and angles but for a common factor, see `scaled`.

    A square matrix stays as it is, but for that.
    """
    number, width = rows.shape
    if number == width:
        return scaled(rows)
    left, lengths, _ = torch.linalg.svd(rows.double(), full_matrices=False)
    # a singular vector's sign is the machine's choice; its largest part shall be positive
    largest = left.gather(0, left.abs().argmax(0, keepdim=True))
    spanned = left * lengths * torch.where(largest < 0, -1.0, 1.0)
    padded = torch.zeros(number, number, dtype=rows.dtype, device=rows.device)
    padded[:, : spanned.shape[1]] = spanned.to(rows.dtype)
    return scaled(padded)


def edited_edges(text: str, space: AttributeSpace) -> Tensor:
    """[A, A]; the co-occurrence where nothing is written. Raises: BadSettingsError."""
    if refused := why_no_edges(text, space.names):
        raise BadSettingsError(refused)
    rows = read_edges(text)
    return torch.tensor(rows) if rows else space.relation()
