"""VGG-19's maps of images, for perceptual losses, where the operator supplies its weights; nothing is fetched.

Karen Simonyan, Andrew Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015,
https://arxiv.org/abs/1409.1556.
"""

import os
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ml.errors import BadWeightsError

VARIABLE: Final = "ATELIER_VGG_WEIGHTS"
CONVOLUTIONS: Final = (2, 2, 4, 4, 4)
"""In each of the five blocks, between which a map is halved; the widths double from 64 to 512."""
MEAN: Final = (0.485, 0.456, 0.406)
SPREAD: Final = (0.229, 0.224, 0.225)
SCALE: Final = 1 / 12.75
"""Of the maps, so that their squared errors lie where those of pixels do; Ledig et al., SRGAN, section 3.2."""


class Vgg(nn.Module):
    """Images [N, 1 or 3, H, W] in -1..1 -> the maps behind each convolution's ReLU by name, "1_1" to "5_4"."""

    mean: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.names: dict[int, str] = {}
        inputs = 3
        for block, number in enumerate(CONVOLUTIONS, 1):
            outputs = min(32 << block, 512)
            for place in range(1, number + 1):
                layers += [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ReLU()]
                self.names[len(layers) - 1] = f"{block}_{place}"
                inputs = outputs
            layers.append(nn.MaxPool2d(2, ceil_mode=True))  # so that 17 pixels reach the last block
        self.features = nn.Sequential(*layers[:-1])
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor(SPREAD).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        inner = ((image + 1) / 2 - self.mean) / self.spread
        maps = {}
        for place, layer in enumerate(self.features):
            inner = layer(inner)
            if place in self.names:
                maps[self.names[place]] = inner * SCALE
        return maps


def load_vgg(net: Vgg) -> None:
    """Fill the network from the file that the environment names.

    Raises: BadWeightsError without one, or when it is not a VGG-19's.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        raise BadWeightsError(
            f"The features vgg19 need the weights of VGG-19, and {VARIABLE} names no file; set it, or choose the "
            "features in_domain."
        )
    found = _tensors(Path(name))
    wanted = {name: value for name, value in net.state_dict().items() if name.startswith("features.")}
    for key, value in wanted.items():
        if key not in found:
            raise _refusal(name, f"lacks {key}")
        if found[key].shape != value.shape or not bool(found[key].isfinite().all()):
            raise _refusal(name, f"holds {key} as {list(found[key].shape)} where finite {list(value.shape)} belong")
    net.load_state_dict({key: found[key].float() for key in wanted}, strict=False)


def _tensors(file: Path) -> dict[str, Any]:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        found = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise _refusal(str(file), f"cannot be read ({error.strerror})") from None
    except Exception as error:  # a file of any kind raises anything here
        raise _refusal(str(file), "is torn or holds no weights") from error
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise _refusal(str(file), "holds no state dict")
    return found


def _refusal(file: str, found: str) -> BadWeightsError:
    return BadWeightsError(
        f"The VGG-19 weights {file} are not used: the file {found}; expected the published state dict of a VGG-19 "
        f"without batch norm (features.0.weight, ...), as .pth or .safetensors. Set {VARIABLE} to it, or unset it."
    )
