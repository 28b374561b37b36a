"""The end of a D that is told the class, with a class head beside it.

The class into the score: Miyato, Koyama: cGANs with Projection Discriminator, ICLR 2018,
https://arxiv.org/abs/1802.05637. The class head: Odena, Olah, Shlens: Conditional Image Synthesis with Auxiliary
Classifier GANs, ICML 2017, https://arxiv.org/abs/1610.09585.
"""

from typing import Protocol

from torch import Tensor, nn


class MakeLinear(Protocol):
    """A linear layer of whichever sort the network is made of."""

    def __call__(self, inputs: int, outputs: int, /, bias: bool = True) -> nn.Module: ...


class LabelHead(nn.Module):
    """features phi [N, num_features], label [N] -> (raw scores [N], class logits [N, classes] or None).

    raw score = psi(phi) + <embed(label), phi>; `with_classes` says whether there is a class head.
    """

    def __init__(
        self, num_features: int, num_classes: int, with_classes: bool, make_linear: MakeLinear = nn.Linear
    ) -> None:
        super().__init__()
        self.real = make_linear(num_features, 1)
        self.matching = make_linear(num_features, num_classes, bias=False)
        self.classes = make_linear(num_features, num_classes) if with_classes else None

    def forward(self, features: Tensor, label: Tensor) -> tuple[Tensor, Tensor | None]:
        matching = self.matching(features).gather(1, label[:, None])
        logits = (self.real(features) + matching).squeeze(1).float()
        return logits, None if self.classes is None else self.class_logits(features)

    def class_logits(self, features: Tensor) -> Tensor:
        """[N, classes].

        Raises: RuntimeError when there is no class head.
        """
        if self.classes is None:
            raise RuntimeError("This D has no class head: class_head_weight is 0.")
        logits: Tensor = self.classes(features).float()
        return logits
