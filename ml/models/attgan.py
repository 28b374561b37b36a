"""AttGAN: an autoencoder that is told the wanted attributes, judged by a critic that names them.

Zhenliang He, Wangmeng Zuo, Meina Kan, Shiguang Shan, Xilin Chen: AttGAN: Facial Attribute Editing by Only Changing What
You Want, IEEE Transactions on Image Processing 28, 2019, https://arxiv.org/abs/1711.10678.

Notation (code -> paper)
    G                              G_enc and G_dec
    D                              D and C, on one body
    vectors, targets               a, b
    loss/reconstruction            L_rec, weight lambda_1
    loss/attributes_fake           L_cls_g, weight lambda_2
    loss/attributes_real           L_cls_c, weight lambda_3

Differs from the paper
    G and D halve a side to 4 to 7, and are half as wide; with attributes of which nobody said anything, G is told the
    share of training images that have it, and the losses leave them out. Of classes the loss is the softmax's.
    Adam's step size is 0.0005 and stays; the paper's is 0.0002.
"""

from torch import Tensor, nn

from ml.attribute_autoencoder import AttributeAutoencoder, AutoencoderSettings, DenseCritic
from ml.attributes import AttributeSpace
from ml.layers.attribute_coder import Decoder, Encoder
from ml.model import DataSpec
from ml.plugin import Card


class AttganSettings(AutoencoderSettings):
    """The paper's losses."""


class Attgan(AttributeAutoencoder):
    """An autoencoder with one skip, told the wanted attributes at its narrowest and once more."""

    name = "attgan"
    card = Card(
        title="AttGAN",
        summary="An autoencoder changes the attributes asked for, and gives an image back when told its own.",
        authors="Zhenliang He, Wangmeng Zuo, Meina Kan, Shiguang Shan, Xilin Chen",
        paper="AttGAN: Facial Attribute Editing by Only Changing What You Want",
        venue="IEEE Transactions on Image Processing 2019",
        url="https://arxiv.org/abs/1711.10678",
        strengths="One pass of G for each image, no way back and forth; changes shape more readily than StarGAN.",
        limits="What does not pass its narrow middle is lost, so results are softer than their sources.",
        labels="The attribute asked for comes, and those that never occur beside it go; all others stay, and boxes, "
        "masks and poses nearly so. Of classes, the class becomes the one asked for.",
    )
    Settings = AttganSettings
    settings: AttganSettings

    def build(self) -> None:
        self.space = AttributeSpace(self.data)
        number = len(self.space)
        self.G = Generator(self.data, self.settings.width, number)
        self.D = DenseCritic(self.data, self.settings.width, number)

    def _told(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """The wanted attributes as -1/2 and 1/2."""
        return self.space.filled(targets) - 0.5


class Generator(nn.Module):
    """images [N, C, H, W], told [N, A] each -> images of the same shape for each of them."""

    def __init__(self, data: DataSpec, width: int, num_attributes: int) -> None:
        super().__init__()
        self.encoder = Encoder(data.resolution, data.channels, width)
        self.decoder = Decoder(data.resolution, data.channels, width, num_attributes, num_told=2, num_skips=1)

    def forward(self, image: Tensor, *told: Tensor) -> tuple[Tensor, ...]:
        *skips, code = self.encoder(image)
        return tuple(self.decoder(code, one, skips[::-1]) for one in told)
