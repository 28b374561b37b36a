"""The translation models as a file of plain PyTorch trains them: the other side of benchmarks/translation_speed.py.

A function below takes a model for its networks and settings alone and gives one step of training, in the structure
that the public implementations of its paper have: contiguous fp32, torch's own layers, Adam as it comes, a pass of its
own for each batch that a network is shown, `.item()` on each loss at each step. The mathematics are those of
ml/models; losses bear the same names, so that both sides can be compared (tests/test_translation_speed.py).
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, mse_loss, softplus

from benchmarks.training import as_written

Step = Callable[[Tensor, Tensor, int], dict[str, float]]
"""(the two tensors of benchmarks/translation_speed_data.py, the number of the step from 1) -> its losses."""
Pair = tuple[Tensor, Tensor]


# --- networks and optimizers as they come -------------------------------------------------------------------------
@contextmanager
def as_public(model: nn.Module) -> Iterator[None]:
    """What ml/layers does for speed is taken out of a new model's networks: torch's own layers, in contiguous order."""
    as_written(model)
    for parent in list(model.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.GroupNorm) and layer.num_groups == layer.num_channels:
                setattr(parent, name, _instance_norm(layer))
            if isinstance(layer, nn.BatchNorm2d):
                layer.register_forward_pre_hook(lambda layer, maps: maps[0].contiguous())
    with patch("ml.layers.flat._in_order", Tensor.contiguous):
        yield


def _instance_norm(layer: nn.GroupNorm) -> nn.InstanceNorm2d:
    norm = nn.InstanceNorm2d(layer.num_channels, layer.eps, affine=layer.affine)
    norm.weight, norm.bias = layer.weight, layer.bias
    return norm


def _adam(networks: Sequence[nn.Module], rate: float, settings: Any) -> torch.optim.Adam:
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, rate, (settings.beta1, getattr(settings, "beta2", 0.999)))


def _learns(yes: bool, *networks: nn.Module) -> None:
    for network in networks:
        network.requires_grad_(yes)


class _History:
    """Image by image: once it is full, an image is shown as it is or changes places with an older one."""

    def __init__(self, size: int) -> None:
        self.size, self.held = size, list[Tensor]()

    def shown(self, fake: Tensor) -> Tensor:
        chosen = []
        for image in fake.detach():
            if len(self.held) < self.size:
                self.held.append(image.clone())
            elif random.random() < 0.5:
                place = random.randrange(self.size)
                older, self.held[place] = self.held[place], image.clone()
                image = older
            chosen.append(image)
        return torch.stack(chosen)


# --- two sets of images -------------------------------------------------------------------------------------------
def cyclegan(model: Any) -> Step:
    """Both ways and back, identities, both G with both D held still; then each D on real and on pooled images."""
    settings, G_AB, G_BA, D_A, D_B = model.settings, model.G_AB, model.G_BA, model.D_A, model.D_B
    optimizer_G = _adam([G_AB, G_BA], settings.learning_rate_G, settings)
    optimizer_D = _adam([D_A, D_B], settings.learning_rate_D, settings)
    history_A, history_B = _History(settings.pool_size), _History(settings.pool_size)

    def game(logits: Tensor, target: float) -> Tensor:
        return mse_loss(logits, torch.full_like(logits, target))

    def step_D(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        loss = (game(D(real), 1.0) + game(D(fake), 0.0)) * 0.5
        loss.backward()
        return loss

    def step(real_A: Tensor, real_B: Tensor, number: int) -> dict[str, float]:
        fake_B = G_AB(real_A)
        back_A = G_BA(fake_B)
        fake_A = G_BA(real_B)
        back_B = G_AB(fake_A)
        _learns(False, D_A, D_B)
        optimizer_G.zero_grad()
        same_B, same_A = l1_loss(G_AB(real_B), real_B), l1_loss(G_BA(real_A), real_A)
        game_B, game_A = game(D_B(fake_B), 1.0) * 0.5, game(D_A(fake_A), 1.0) * 0.5
        cycle_A, cycle_B = l1_loss(back_A, real_A), l1_loss(back_B, real_B)
        identity_weight = settings.cycle_weight * settings.identity_weight
        loss = game_A + game_B + settings.cycle_weight * (cycle_A + cycle_B) + identity_weight * (same_A + same_B)
        loss.backward()
        optimizer_G.step()
        _learns(True, D_A, D_B)
        optimizer_D.zero_grad()
        loss_A = step_D(D_A, real_A, history_A.shown(fake_A))
        loss_B = step_D(D_B, real_B, history_B.shown(fake_B))
        optimizer_D.step()
        return {
            "loss/G": (game_A.item() + game_B.item()) / 2,
            "loss/cycle": (cycle_A.item() + cycle_B.item()) / 2,
            "loss/identity": (same_A.item() + same_B.item()) / 2,
            "loss/D": (loss_A.item() + loss_B.item()) / 2,
        }

    return step


def discogan(model: Any) -> Step:
    """Both ways and back with features matched, and gradients wherever they go; then each D, on the same fakes."""
    settings, G_AB, G_BA, D_A, D_B = model.settings, model.G_AB, model.G_BA, model.D_A, model.D_B
    optimizer_G = _adam([G_AB, G_BA], settings.learning_rate_G, settings)
    optimizer_D = _adam([D_A, D_B], settings.learning_rate_D, settings)

    def game_of_G(D: Any, real: Tensor, fake: Tensor) -> Pair:
        logits, of_fake = D.look(fake)
        _, of_real = D.look(real)
        gaps = [(one.mean(0) - other.mean(0)).square().mean() for one, other in zip(of_real, of_fake, strict=True)]
        return softplus(-logits).mean(), torch.stack(gaps).sum()

    def step(real_A: Tensor, real_B: Tensor, number: int) -> dict[str, float]:
        optimizer_G.zero_grad()
        fake_B, fake_A = G_AB(real_A), G_BA(real_B)
        back_A, back_B = mse_loss(G_BA(fake_B), real_A), mse_loss(G_AB(fake_A), real_B)
        (game_A, match_A), (game_B, match_B) = game_of_G(D_A, real_A, fake_A), game_of_G(D_B, real_B, fake_B)
        share, weight = model.share_at(number), settings.feature_weight
        game = (1 - weight) * (game_A + game_B) + weight * (match_A + match_B)
        loss_G = (1 - share) * game + share * (back_A + back_B)
        loss_G.backward()
        optimizer_G.step()
        optimizer_D.zero_grad()
        loss_A = softplus(-D_A(real_A)).mean() + softplus(D_A(fake_A.detach())).mean()
        loss_B = softplus(-D_B(real_B)).mean() + softplus(D_B(fake_B.detach())).mean()
        (loss_A + loss_B).backward()
        optimizer_D.step()
        return {
            "loss/G": (game_A.item() + game_B.item()) / 2,
            "loss/features": (match_A.item() + match_B.item()) / 2,
            "loss/reconstruction": (back_A.item() + back_B.item()) / 2,
            "loss/D": (loss_A.item() + loss_B.item()) / 2,
        }

    return step


def simgan(model: Any) -> Step:
    """K_r steps of R, with gradients wherever they go; then D on real images and on refined ones from the buffer."""
    settings, R, D = model.settings, model.R, model.D
    optimizer_R = _adam([R], settings.learning_rate_R, settings)
    optimizer_D = _adam([D], settings.learning_rate_D, settings)
    history = _History(settings.history_size)

    def step(synthetic: Tensor, real: Tensor, number: int) -> dict[str, float]:
        for _ in range(settings.num_refiner_steps):
            optimizer_R.zero_grad()
            refined = R(synthetic)
            loss_self = l1_loss(refined, synthetic)
            loss_R = softplus(D(refined)).mean()
            loss = (number > settings.warmup_steps) * loss_R + settings.self_weight * loss_self
            loss.backward()
            optimizer_R.step()
        optimizer_D.zero_grad()
        shown = history.shown(R(synthetic))
        loss_D = softplus(-D(shown)).mean() + softplus(D(real)).mean()
        loss_D.backward()
        optimizer_D.step()
        return {"loss/D": loss_D.item(), "loss/G": loss_R.item(), "loss/self": loss_self.item()}

    return step


# --- pairs --------------------------------------------------------------------------------------------------------
def pix2pix(model: Any) -> Step:
    """D on both pairs, then G with D held still."""
    settings, G, D = model.settings, model.G, model.D
    optimizer_G = _adam([G], settings.learning_rate_G, settings)
    optimizer_D = _adam([D], settings.learning_rate_D, settings)

    def step(source: Tensor, image: Tensor, number: int) -> dict[str, float]:
        fake = G(source)
        _learns(True, D)
        optimizer_D.zero_grad()
        loss_fake = softplus(D(torch.cat([source, fake.detach()], 1))).mean()
        loss_real = softplus(-D(torch.cat([source, image], 1))).mean()
        ((loss_fake + loss_real) * 0.5).backward()
        optimizer_D.step()
        _learns(False, D)
        optimizer_G.zero_grad()
        loss_G = softplus(-D(torch.cat([source, fake], 1))).mean()
        loss_L1 = l1_loss(fake, image)
        (settings.adversarial_weight * loss_G + settings.l1_weight * loss_L1).backward()
        optimizer_G.step()
        return {"loss/D": loss_fake.item() + loss_real.item(), "loss/G": loss_G.item(), "loss/L1": loss_L1.item()}

    return step


def srgan(model: Any) -> Step:
    """D on true and enlarged images, then G by pixels and by D, with gradients wherever they go."""
    settings, G, D = model.settings, model.G, model.D
    optimizer_G = _adam([G], settings.learning_rate_G, settings)
    optimizer_D = _adam([D], settings.learning_rate_D, settings)

    def step(small: Tensor, image: Tensor, number: int) -> dict[str, float]:
        fake = G(small)
        optimizer_D.zero_grad()
        loss_D = softplus(-D(image)).mean() + softplus(D(fake.detach())).mean()
        loss_D.backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
        loss_pixels = mse_loss(fake, image)
        loss_G = softplus(-D(fake)).mean()
        (loss_pixels + settings.adversarial_weight * loss_G).backward()
        optimizer_G.step()
        return {"loss/D": loss_D.item(), "loss/pixels": loss_pixels.item(), "loss/G": loss_G.item()}

    return step


# --- attributes ---------------------------------------------------------------------------------------------------
def _named(logits: Tensor, wanted: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / len(logits)


def _step_of_critic(
    D: nn.Module, optimizer: torch.optim.Optimizer, settings: Any, attribute_weight: float
) -> Callable[[Tensor, Tensor, Tensor], dict[str, float]]:
    """Real, fake and points between them, each in a pass of its own."""

    def step(real: Tensor, fake: Tensor, vectors: Tensor) -> dict[str, float]:
        scores, logits = D(real)
        loss_real, loss_attributes = -scores.mean(), _named(logits, vectors)
        loss_fake = D(fake.detach())[0].mean()
        mix = torch.rand(len(real), 1, 1, 1)
        between = (mix * fake.detach() + (1 - mix) * real).requires_grad_()
        (slope,) = torch.autograd.grad(D(between)[0].sum(), between, create_graph=True)
        penalty = (slope.flatten(1).square().sum(1).sqrt() - 1).square().mean()
        weight = settings.gradient_penalty_weight
        loss = loss_real + loss_fake + attribute_weight * loss_attributes + weight * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {
            "loss/D": loss_real.item() + loss_fake.item(),
            "loss/attributes_real": loss_attributes.item(),
            "penalty/gradient": penalty.item(),
        }

    return step


def stargan(model: Any) -> Step:
    """D each time; each num_critic_steps-th time G, from the source anew and back, with gradients wherever they go."""
    settings, G, D = model.settings, model.G, model.D
    optimizer_G = _adam([G], settings.learning_rate_G, settings)
    optimizer_D = _adam([D], settings.learning_rate_D, settings)
    step_D = _step_of_critic(D, optimizer_D, settings, settings.attribute_weight)

    def step(real: Tensor, vectors: Tensor, number: int) -> dict[str, float]:
        targets = vectors[torch.randperm(len(vectors))]
        losses = step_D(real, G(real, targets), vectors)
        if number % settings.num_critic_steps:
            return losses
        fake = G(real, targets)
        scores, logits = D(fake)
        loss_G, loss_attributes = -scores.mean(), _named(logits, targets)
        reconstruction = (real - G(fake, vectors)).abs().mean()
        loss = loss_G + settings.reconstruction_weight * reconstruction + settings.attribute_weight * loss_attributes
        optimizer_G.zero_grad()
        loss.backward()
        optimizer_G.step()
        told = {"loss/G": loss_G.item(), "loss/attributes_fake": loss_attributes.item()}
        return losses | told | {"loss/reconstruction": reconstruction.item()}

    return step


def attgan(model: Any) -> Step:
    """D each time; each num_critic_steps-th time G, encoding once and decoding twice, with D held still."""
    return _autoencoder(model, lambda vectors, targets: targets - 0.5)


def stgan(model: Any) -> Step:
    """As AttGAN, told the difference."""
    return _autoencoder(model, lambda vectors, targets: targets - vectors)


def _autoencoder(model: Any, told: Callable[[Tensor, Tensor], Tensor]) -> Step:
    settings, G, D = model.settings, model.G, model.D
    optimizer_G = _adam([G], settings.learning_rate_G, settings)
    optimizer_D = _adam([D], settings.learning_rate_D, settings)
    step_D = _step_of_critic(D, optimizer_D, settings, settings.attribute_weight_D)

    def step(real: Tensor, vectors: Tensor, number: int) -> dict[str, float]:
        targets = vectors[torch.randperm(len(vectors))]
        _learns(True, D)
        losses = step_D(real, G(real, told(vectors, targets))[0], vectors)
        if number % settings.num_critic_steps:
            return losses
        _learns(False, D)
        fake, again = G(real, told(vectors, targets), told(vectors, vectors))
        scores, logits = D(fake)
        loss_G, loss_attributes = -scores.mean(), _named(logits, targets)
        reconstruction = (real - again).abs().mean()
        loss = loss_G + settings.reconstruction_weight * reconstruction + settings.attribute_weight_G * loss_attributes
        optimizer_G.zero_grad()
        loss.backward()
        optimizer_G.step()
        told_G = {"loss/G": loss_G.item(), "loss/attributes_fake": loss_attributes.item()}
        return losses | told_G | {"loss/reconstruction": reconstruction.item()}

    return step


def fader(model: Any) -> Step:
    """The latent discriminator on codes that are made for it; then the autoencoder, encoding anew."""
    settings, G, D = model.settings, model.G, model.D
    optimizer_G = _adam([G], settings.learning_rate, settings)
    optimizer_D = _adam([D], settings.learning_rate, settings)

    def step(image: Tensor, vectors: Tensor, number: int) -> dict[str, float]:
        with torch.no_grad():
            code = G.encoder(image)[-1]
        loss_latent = _named(D(code), vectors)
        optimizer_D.zero_grad()
        loss_latent.backward()
        optimizer_D.step()
        again, code = G(image, vectors)
        reconstruction = mse_loss(again, image)
        hiding = _named(D(code), 1 - vectors)
        optimizer_G.zero_grad()
        (reconstruction + model.latent_weight(number) * hiding).backward()
        optimizer_G.step()
        told = {"loss/latent": loss_latent.item(), "loss/hiding": hiding.item()}
        return told | {"loss/reconstruction": reconstruction.item()}

    return step


def icgan(model: Any) -> Step:
    """A conditional GAN, real and fake images in passes of their own; when it is done, an encoder after the other."""
    settings, G, D, E_z, E_y = model.settings, model.G, model.D, model.E_z, model.E_y
    optimizer = {net: _adam([net], settings.learning_rate, settings) for net in (G, D, E_z, E_y)}

    def minimise(net: nn.Module, loss: Tensor) -> None:
        optimizer[net].zero_grad()
        loss.backward()
        optimizer[net].step()

    def step(real: Tensor, vectors: Tensor, number: int) -> dict[str, float]:
        other, z = vectors[torch.randperm(len(vectors))], torch.randn(len(vectors), settings.z_dim)
        if number > model.gan_steps:
            G.eval()
            with torch.no_grad():
                made = G(z, other)
            loss_noise = mse_loss(E_z(made), z)
            minimise(E_z, loss_noise)
            loss_attributes = _named(E_y(real), vectors)
            minimise(E_y, loss_attributes)
            return {"loss/noise": loss_noise.item(), "loss/attributes": loss_attributes.item()}
        fake = G(z, other)
        loss_D = softplus(-D(real, vectors)).mean() + softplus(D(fake.detach(), other)).mean()
        minimise(D, loss_D)
        loss_G = softplus(-D(fake, other)).mean()
        minimise(G, loss_G)
        return {"loss/D": loss_D.item(), "loss/G": loss_G.item()}

    return step


STEPS: dict[str, Callable[[Any], Step]] = {
    one.__name__: one for one in (cyclegan, discogan, pix2pix, simgan, srgan, stargan, attgan, stgan, fader, icgan)
}
