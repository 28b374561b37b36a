"""Attributes as numbers: the vectors of a batch, those that are wanted, and how attributes occur together.

A dataset without attributes has its classes instead: an image has its own and lacks all others. Where a dataset has
attributes, its classes bear their names; a class of another name is that of images that have none of them.
"""

import math

from torch import Tensor, eye, nn, tensor, where
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from ml.model import Batch, DataSpec


class AttributeSpace(nn.Module):
    """What vectors [N, A] of one dataset mean: 1 has, 0 lacks, NaN nobody said.

    names: A of them; are_classes: whether they are the dataset's classes, of which an image has exactly one. What is
    kept here is constant and no part of a checkpoint.
    """

    together: Tensor
    share: Tensor
    excludes: Tensor
    column: Tensor

    def __init__(self, data: DataSpec) -> None:
        super().__init__()
        self.are_classes = not data.attributes
        self.names = data.attributes or data.classes
        number = len(self.names)
        rows = [[own * (i == j) for j in range(number)] for i, own in enumerate(data.counts)]
        together = tensor(rows if self.are_classes else data.together, dtype=eye(1).dtype)
        excludes = ~eye(number).bool() if self.are_classes else exclusive(together)
        columns = [self.names.index(name) if name in self.names else -1 for name in data.classes]
        self.register_buffer("together", together, persistent=False)
        self.register_buffer("share", together.diagonal() / max(1, data.num_images), persistent=False)
        self.register_buffer("excludes", excludes, persistent=False)
        self.register_buffer("column", tensor(columns), persistent=False)

    def __len__(self) -> int:
        return len(self.names)

    # --- vectors --------------------------------------------------------------------------------------------------
    def vectors(self, batch: Batch) -> Tensor:
        """What the images of a batch have."""
        if batch.attributes is not None and not self.are_classes:
            return batch.attributes
        return one_hot(batch.label, len(self)).to(batch.image.dtype)

    def targets(self, vectors: Tensor, label: Tensor) -> Tensor:
        """What images with `vectors` should have as members of the classes `label`: their own, with the class's
        attribute, without those that never occur beside it. Nothing, for a class that is no attribute."""
        column = self.column[label]
        wanted = self.changed(vectors, column.clamp(min=0), 1.0)
        return where(column[:, None] < 0, 0.0, wanted)

    def changed(self, vectors: Tensor, column: Tensor, value: float) -> Tensor:
        """`vectors` with attribute column[n] of image n set; those that exclude it go where it comes."""
        chosen = one_hot(column, len(self)).bool()
        kept = where(self.excludes[column], 0.0, vectors) if value else vectors
        return where(chosen, value, kept)

    def filled(self, vectors: Tensor) -> Tensor:
        """What nobody said as the share of training images that are known to have it."""
        return where(vectors.isnan(), self.share.to(vectors.dtype), vectors)

    def condition(self, vectors: Tensor, targets: Tensor, as_difference: bool) -> Tensor:
        """What a generator is told: the targets, or what is to change, -1 goes, 0 stays, 1 comes.

        Where nobody said what an image has or should have, nothing is to change.
        """
        return (targets - vectors).nan_to_num(0.0) if as_difference else self.filled(targets)

    def memberships(self, vectors: Tensor) -> Tensor:
        """[N, number of classes]; of a class that is no attribute, 1 where an image is known to have none."""
        none = where((vectors == 0).all(1, keepdim=True), 1.0, 0.0)
        return where(self.column < 0, none, vectors[:, self.column.clamp(min=0)])

    def asked(self, vectors: Tensor, targets: Tensor, as_difference: bool) -> Tensor:
        """The targets that a generator can be held to: told by difference, it hears nothing of an attribute that its
        source is not known to have or lack."""
        return where(vectors.isnan(), math.nan, targets) if as_difference else targets

    # --- a classifier's logits [N, A] -----------------------------------------------------------------------------
    def loss(self, logits: Tensor, wanted: Tensor) -> Tensor:
        """Mean over images of the cross-entropy: of the class, or summed over the attributes that are known."""
        logits = logits.float()
        if self.are_classes:
            return cross_entropy(logits, wanted.argmax(1))
        known = ~wanted.isnan()
        losses = binary_cross_entropy_with_logits(logits, wanted.nan_to_num(0.0).to(logits.dtype), reduction="none")
        return (losses * known).sum(1).mean()

    def error(self, logits: Tensor, wanted: Tensor) -> Tensor:
        """The slope of each image's own loss by its logits [N, A]: probability minus truth, 0 where unknown."""
        return ((self.probabilities(logits) - wanted.nan_to_num(0.0)) * ~wanted.isnan()).detach()

    def is_wrong(self, logits: Tensor, wanted: Tensor) -> Tensor:
        """bool [N, A]: known attributes that are predicted otherwise than they are."""
        said = one_hot(logits.argmax(1), len(self)) > 0 if self.are_classes else logits > 0
        return (said != (wanted > 0.5)) & ~wanted.isnan()

    def probabilities(self, logits: Tensor) -> Tensor:
        """[N, A]; they sum to 1 where attributes are classes."""
        logits = logits.float()
        return logits.softmax(1) if self.are_classes else logits.sigmoid()

    def class_probabilities(self, logits: Tensor) -> Tensor:
        """[N, number of classes]: of a class that is no attribute, the probability of having none."""
        own = self.probabilities(logits)
        none = (1 - own).prod(1, keepdim=True)
        return where(self.column < 0, none, own[:, self.column.clamp(min=0)])

    def relation(self) -> Tensor:
        """M [A, A], see `co_occurrence`."""
        return co_occurrence(self.together)


def co_occurrence(together: Tensor) -> Tensor:
    """M [A, A] of counts: M[i][j] = P(j present given i present). Not symmetric; 1 on the diagonal, also where an
    attribute never occurs."""
    own = together.diagonal().clamp(min=1.0)
    diagonal = eye(len(together), dtype=together.dtype, device=together.device)
    return where(diagonal > 0, diagonal, together / own[:, None])


def exclusive(together: Tensor) -> Tensor:
    """bool [A, A]: pairs that never occur together in training, though each of them does."""
    occurs = together.diagonal() > 0
    found: Tensor = (together == 0) & occurs[:, None] & occurs[None, :]
    return found
