"""The small normal weights that DCGAN's networks begin with.

Radford, Metz, Chintala: Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks,
ICLR 2016, https://arxiv.org/abs/1511.06434.
"""

from torch import Tensor, nn


def small_normal(layer: nn.Module) -> None:
    """N(0, 0.02^2) for weights, N(1, 0.02^2) for the gains of batch norm, 0 for biases; meant for `Module.apply`."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    bias = getattr(layer, "bias", None)
    if isinstance(bias, Tensor):
        nn.init.zeros_(bias)
