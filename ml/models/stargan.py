"""StarGAN: one generator for all attributes, or for all classes, told what to change.

Yunjey Choi, Minje Choi, Munyoung Kim, Jung-Woo Ha, Sunghun Kim, Jaegul Choo: StarGAN: Unified Generative Adversarial
Networks for Multi-Domain Image-to-Image Translation, CVPR 2018, https://arxiv.org/abs/1711.09020. Representations of
attributes and multi-task learning: Binod Bhattarai, Tae-Kyun Kim: Inducing Optimal Attribute Representations for
Conditional GANs, ECCV 2020, https://arxiv.org/abs/2003.06472. The difference vector: Ming Liu et al.: STGAN, CVPR 2019,
https://arxiv.org/abs/1904.09709.

Notation (code -> paper)
    G(image, told), D               G(x, c), D_src and D_cls
    vectors, targets                c', c
    told                            c, or c - c' with condition_mode diff
    loss/attributes_real, _fake     L_cls^r, L_cls^f, weight lambda_cls
    loss/reconstruction             L_rec, weight lambda_rec
    penalty/gradient                (|grad D_src| - 1)^2, weight lambda_gp

Differs from the paper
    Representations other than one_hot, the difference vector and multi-task learning are not in the StarGAN paper;
    settings choose them. ml/conditions.py says how each becomes what G is told, ml/multi_task.py what D learns besides.
    A classifier C comes first where the representation is its weights or features; then it stands still.
    D's map is halved to a side of 4 to 7, with a linear head for the attributes. The penalty is taken of the mean of
    D's patches, which is an image's score, not of their sum.
    Adam's step size is 0.0005 and stays; the paper's is 0.0001 for 200,000 steps, the second half falling to 0.
    Widths are half the paper's (64), and there are 3 blocks instead of 6: for tens to thousands of small images.
"""

import json
from typing import Any, ClassVar, Literal, cast

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from ml.attribute_game import AttributeGameSettings, Critic, critic_loss, generator_loss
from ml.attribute_model import AttributeModel
from ml.attributes import AttributeSpace
from ml.conditions import (
    FROM_CLASSIFIER,
    Condition,
    ConditionType,
    Edges,
    HeldCondition,
    condition_for,
    edges_between,
    words_of,
)
from ml.edges import read_edges
from ml.layers.attribute_net import AttributeNet, MeanDifference
from ml.layers.flat import flat
from ml.layers.halving import channels_at, down, halving, up
from ml.layers.instance_norm import instance_norm
from ml.model import Batch, DataSpec, ModelSettings, Scalars, Update
from ml.multi_task import multi_task_loss, shared_error
from ml.optimizers import adam
from ml.plugin import ATTRIBUTE_MATRIX, Card, only_with

SLOPE = 0.01
ConditionMode = Literal["std", "diff"]


class StarganSettings(AttributeGameSettings):
    """The paper's losses, and the ways to tell G what to change."""

    attribute_weight: float = Field(
        1.0, ge=0, le=100, description="Weight of the attribute losses of G and of D (lambda_cls)."
    )
    reconstruction_weight: float = Field(
        10.0, ge=0, le=1000, description="How firmly the way there and back must give the source again (lambda_rec)."
    )
    condition_mode: ConditionMode = Field(
        "std", description="What G is told: the wanted attributes (std), or wanted minus present ones (diff)."
    )
    condition_type: ConditionType = Field(
        "one_hot",
        description="How attributes are represented where G is told them; word2vec needs supplied word vectors.",
    )
    classifier_steps: int = Field(
        400,
        ge=2,
        le=1_000_000,
        description="With classifier_weights and latent: steps, before all others, in which their classifier learns.",
        json_schema_extra=only_with(condition_type=FROM_CLASSIFIER),
    )
    edges: Edges = Field(
        "co_occurrence",
        description="With gcn or multi-task learning: how often attributes come together, or edges that are edited; "
        "learned ones are gcn's alone.",
    )
    edited_edges: str = Field(
        "",
        max_length=40_000,
        description="With edges edited: a row for each attribute, such as [[1, 0.2], [0.5, 1]]; empty: co-occurrence.",
        json_schema_extra=ATTRIBUTE_MATRIX | only_with(edges=["edited"]),
    )
    graph_width: int = Field(
        32,
        ge=8,
        le=1024,
        description="With gcn: numbers of each attribute between its layers.",
        json_schema_extra=only_with(condition_type=["gcn"]),
    )
    multi_task_weight: float = Field(
        0.0,
        ge=0,
        le=10,
        description="How much D's mistakes on one attribute teach related ones; 0 is off, and classes have none.",
    )
    num_blocks: int = Field(3, ge=0, le=12, description="Residual blocks in the middle of G; the paper has 6.")

    @field_validator("edited_edges", mode="before")
    @classmethod
    def _edges(cls, value: Any) -> Any:
        """Raises: ValueError."""
        text = json.dumps(value) if isinstance(value, list) else value
        if isinstance(text, str):
            read_edges(text)
        return text


class Stargan(AttributeModel):
    """A residual G and a critic of patches for all attributes together."""

    relation: Tensor
    name = "stargan"
    card = Card(
        title="StarGAN",
        summary="One generator changes any attribute, or makes any class of any other, and keeps the rest of an image.",
        authors="Yunjey Choi, Minje Choi, Munyoung Kim, Jung-Woo Ha, Sunghun Kim, Jaegul Choo",
        paper="StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation",
        venue="CVPR 2018",
        url="https://arxiv.org/abs/1711.09020",
        strengths="Learns all attributes at once from images without pairs; results keep what they were made from.",
        limits="Changes colour and texture better than shape; rare attributes stay faint.",
        labels="The attribute asked for comes, and those that never occur beside it go; all others stay, as do "
        "boxes, masks and poses. Of classes, the class becomes the one asked for.",
    )
    Settings = StarganSettings
    settings: StarganSettings
    provides: ClassVar[dict[str, str | None]] = {"realism": None, "class_confidence": None}

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "wgan_gp"

    @classmethod
    def total_steps(cls, settings: ModelSettings, data: DataSpec) -> int:
        return settings.num_steps + first_steps(cast(StarganSettings, settings))

    def build(self) -> None:
        settings = self.settings
        self.space = AttributeSpace(self.data)
        number = len(self.space)
        condition = condition_for(
            settings.condition_type, self.space, settings.edges, settings.edited_edges, settings.graph_width
        )
        self.G = Generator(self.data, settings, condition, number)
        self.D = PatchCritic(self.data, settings.width, number)
        edges = edges_between(self.space, settings.edges, settings.edited_edges)
        self.register_buffer("relation", edges, persistent=False)
        if settings.condition_type in FROM_CLASSIFIER:
            self.C = AttributeNet(self.data.resolution, self.data.channels, number)
            self.latent = MeanDifference(number)

    def check_supplies(self) -> None:
        if self.settings.condition_type == "word2vec":
            words_of(self.space)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        optimizers: dict[str, torch.optim.Optimizer] = {
            "G": adam(self.G, settings.learning_rate_G, betas),
            "D": adam(self.D, settings.learning_rate_D, betas),
        }
        if first_steps(settings):
            optimizers["C"] = adam(self.C, CLASSIFIER_RATE)
        return optimizers

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns; then, each num_critic_steps-th time, G. Targets are the attributes of the batch's other images."""
        settings, real, vectors = self.settings, batch.image, self.space.vectors(batch)
        if settings.condition_type in FROM_CLASSIFIER and step <= settings.classifier_steps:
            return self._learn_first(real, vectors, update, step)
        if step == 1 and settings.condition_type == "word2vec":
            self._hold(words_of(self.space))
        targets = vectors[torch.randperm(len(vectors), device=vectors.device)]
        if (step - first_steps(settings)) % settings.num_critic_steps:
            with torch.no_grad():
                fake = self.G(real, self._told(vectors, targets))
            return self._train_D(real, fake, vectors, update)
        with update("G") as minimise:
            fake = self.G(real, self._told(vectors, targets))
            scalars = self._train_D(real, fake.detach(), vectors, update)
            asked = self.space.asked(vectors, targets, settings.condition_mode == "diff")
            loss, own = generator_loss(self.D, fake, asked, self.space, settings.attribute_weight)
            again = self.G(fake, self._told(targets, vectors))
            reconstruction = (again - real).abs().mean()
            minimise(loss + settings.reconstruction_weight * reconstruction)
        return scalars | own | {"loss/reconstruction": reconstruction.detach()}

    def _train_D(self, real: Tensor, fake: Tensor, vectors: Tensor, update: Update) -> Scalars:
        settings = self.settings
        with update("D") as minimise:
            weights = (settings.gradient_penalty_weight, settings.attribute_weight)
            judged = critic_loss(self.D, real, fake, vectors, self.space, weights)
            loss = judged.loss
            if settings.multi_task_weight:
                error, is_wrong = self.space.error(judged.logits, vectors), self.space.is_wrong(judged.logits, vectors)
                shared = shared_error(error, is_wrong, self.relation)
                also = multi_task_loss(self.D.attributes, flat(judged.features), shared)
                loss = loss + settings.attribute_weight * settings.multi_task_weight * also
            minimise(loss)
        return judged.scalars

    def _learn_first(self, real: Tensor, vectors: Tensor, update: Update, step: int) -> Scalars:
        """C learns; with latent, for the last quarter of its steps it stands still and its features are summed up."""
        settings = self.settings
        is_latent = settings.condition_type == "latent"
        if is_latent and step == 1:
            self.latent.clear()  # weights that are taken over bring the sums of other data
        sums_up = is_latent and step > settings.classifier_steps * 3 // 4
        if sums_up:
            self.C.eval()
            with torch.no_grad():
                features = self.C.features(real).float()
            self.C.train()
            self.latent.add(update.whole(features), update.whole(vectors))
            loss = torch.zeros((), device=real.device)
        else:
            with update("C") as minimise:
                loss = self.space.loss(self.C(real), vectors)
                minimise(loss)
        if step == settings.classifier_steps:
            self._hold(self.latent.rows() if is_latent else self.C.attributes.weight.detach())
        return {"loss/classifier": loss.detach()}

    def _hold(self, rows: Tensor) -> None:
        cast(HeldCondition, self.G.condition).hold(rows.to(self.space.share))

    def _told(self, vectors: Tensor, targets: Tensor) -> Tensor:
        return self.space.condition(vectors, targets, self.settings.condition_mode == "diff")

    def translate(self, image: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
        made: Tensor = self.averaged("G")(image, self._told(vectors, targets))
        return made

    def reconstruct(self, image: Tensor, vectors: Tensor, result: Tensor, targets: Tensor) -> Tensor:
        return self.translate(result, targets, vectors)

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        scores: Tensor = self.D(image)[0]
        return scores

    def attribute_logits(self, image: Tensor) -> Tensor:
        logits: Tensor = self.D(image)[1]
        return logits


CLASSIFIER_RATE = 1e-3


def first_steps(settings: StarganSettings) -> int:
    """Steps in which a classifier learns before the game begins."""
    return settings.classifier_steps if settings.condition_type in FROM_CLASSIFIER else 0


class Generator(nn.Module):
    """images [N, C, H, W] in -1..1, v [N, A] -> images of the same shape: down to a quarter of the side, residual
    blocks, up again. What it is told lies beside the image at every pixel."""

    def __init__(self, data: DataSpec, settings: StarganSettings, condition: Condition, num_attributes: int) -> None:
        super().__init__()
        width, side = settings.width, data.resolution
        self.condition = condition
        # zeros around the image matter: what G is told is the same at every pixel, and the norm behind the first layer
        # takes away what is, but for what the borders make of it
        layers: list[nn.Module] = [nn.Conv2d(data.channels + num_attributes, width, 7, 1, 3, bias=False), *_rest(width)]
        layers += [down(width, 2 * width, bias=False), *_rest(2 * width)]
        layers += [down(2 * width, 4 * width, bias=False), *_rest(4 * width)]
        layers += [Residual(4 * width) for _ in range(settings.num_blocks)]
        layers += [up(4 * width, 2 * width, side // 2), *_rest(2 * width)]
        layers += [up(2 * width, width, side), *_rest(width)]
        self.body = nn.Sequential(*layers, nn.Conv2d(width, data.channels, 7, 1, 3, bias=False))

    def forward(self, image: Tensor, vectors: Tensor) -> Tensor:
        told = self.condition(vectors)[:, :, None, None].expand(-1, -1, *image.shape[2:])
        made: Tensor = self.body(torch.cat([image, told.to(image.dtype)], 1))
        return made.float().tanh()


def _rest(width: int) -> list[nn.Module]:
    return [instance_norm(width, affine=True), nn.ReLU(inplace=True)]


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            *_rest(width),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            instance_norm(width, affine=True),
        )

    def forward(self, maps: Tensor) -> Tensor:
        result: Tensor = maps + self.body(maps)
        return result


class PatchCritic(Critic):
    """The score of an image is the mean over a map of patches; the attributes are read from the whole map."""

    def __init__(self, data: DataSpec, width: int, num_attributes: int) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        layers: list[nn.Module] = []
        inputs = data.channels
        for level in range(1, len(sizes)):
            layers += [down(inputs, channels_at(level, width), bias=True), nn.LeakyReLU(SLOPE, inplace=True)]
            inputs = channels_at(level, width)
        self.body = nn.Sequential(*layers)
        self.real = nn.Conv2d(inputs, 1, 3, 1, 1, bias=False)
        self.attributes = nn.Linear(inputs * sizes[-1] ** 2, num_attributes)

    def features(self, image: Tensor) -> Tensor:
        maps: Tensor = self.body(image)
        return maps

    def heads(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return self.real(features).float().mean((1, 2, 3)), self.attributes(flat(features)).float()
