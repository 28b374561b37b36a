"""Multi-task learning of attributes: what is wrong of one teaches related ones, too.

Giovanni Cavallanti, Nicolò Cesa-Bianchi, Claudio Gentile: Linear Algorithms for Online Multitask Classification,
JMLR 11, 2010, https://jmlr.org/papers/v11/cavallanti10a.html. On a discriminator: Binod Bhattarai, Tae-Kyun Kim:
Inducing Optimal Attribute Representations for Conditional GANs, ECCV 2020, https://arxiv.org/abs/2003.06472.

Where attribute i of an image is predicted wrongly, the step that its weights take is also taken by the weights of every
other attribute j, at the rate M[i][j] = P(j present given i present): a mistake of i moves j as far as j comes with i,
and not by how far i comes with j.

Differs from the papers
    Cavallanti et al. update a perceptron by the inverse of an interaction matrix; here the rate is the relation itself,
    the step is that of the cross-entropy, and it is one part of what the optimizer minimises.
"""

import torch
from torch import Tensor, nn


def shared_error(error: Tensor, is_wrong: Tensor, relation: Tensor) -> Tensor:
    """[N, A]: to each attribute j, the sum over wrong ones i != j of M[i][j] times the error [N, A] of i."""
    others = relation.to(error.dtype) * ~torch.eye(len(relation), dtype=torch.bool, device=relation.device)
    shared: Tensor = (error * is_wrong) @ others
    return shared


def multi_task_loss(head: nn.Linear, features: Tensor, shared: Tensor) -> Tensor:
    """0-d, whose slope by row j of the head's weights is the mean over images of shared[j] times their features.

    Its value means nothing. Nothing goes back beyond the head: related attributes share its weights' steps alone.
    """
    logits: Tensor = head(features.detach()).float()
    return (shared.detach() * logits).sum(1).mean()
