"""How the in-domain encoder learns: about ten seconds for a thousand small images on one CPU thread."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ml.device import channels_last
from ml.errors import BadDatasetError
from ml.exactness import exact_arithmetic
from ml.features import Encoder, EncoderFacts, EncoderNet, load_encoder
from ml.pack import Pack
from ml.threads import one_thread

BATCH = 64
PEAK_RATE = 6e-3
MIN_VALIDATION = 20
NUM_CHECKS = 20
PATIENCE = 7
"""Checks without a better state after which training ends."""

OnStep = Callable[[int, int], None]
"""Called with (step, number of steps); may raise to end the work."""


def encoder_of(pack: Pack, device: torch.device | None = None, on_step: OnStep | None = None) -> Encoder:
    """The one encoder of a pack: the same images, the same encoder, so that all runs on a dataset version are measured
    by one ruler."""
    return train_encoder(pack, int(pack.hash[:15], 16), device, on_step)


def kept_encoder(
    folder: Path, pack: Pack, device: torch.device | None = None, on_step: OnStep | None = None
) -> Encoder:
    """The one in `folder`, where it learnt from this very pack, perhaps on another machine; else `encoder_of`."""
    try:
        encoder = load_encoder(folder, device)
    except BadDatasetError:
        return encoder_of(pack, device, on_step)
    return encoder if encoder.facts.data_hash == pack.hash else encoder_of(pack, device, on_step)


def train_encoder(
    pack: Pack, seed: int = 0, device: torch.device | None = None, on_step: OnStep | None = None
) -> Encoder:
    """A new encoder for a pack; the random generators of this process are left as they were."""
    device = device or torch.device("cpu")
    with torch.random.fork_rng(devices=[]), exact_arithmetic(), one_thread():
        torch.manual_seed(seed)
        training = _Training(pack, seed, device)
        for step in range(1, training.num_steps + 1):
            training.advance()
            if on_step is not None:
                on_step(step, training.num_steps)
            if training.is_check(step) and training.has_ended():
                break
    return training.finish(step)


def num_steps(num_images: int) -> int:
    """Enough for small sets, three rounds for large ones, and no more than sixty rounds for tiny ones."""
    return max(20, min(max(25_000, 3 * num_images), 60 * num_images, 200_000) // BATCH)


class _Training:
    """Classes in equal parts, images shifted a little, one rise and fall of the rate, best state by validation loss."""

    def __init__(self, pack: Pack, seed: int, device: torch.device) -> None:
        self.pack, self.device, self.several = pack, device, bool(pack.attributes)
        self.train, self.val = pack.rows("train"), pack.rows("val")
        label = pack.label[self.train]
        self.rows_of_class = [self.train[label == one] for one in np.unique(label)]
        self.rng = np.random.default_rng(seed % 2**64)
        self.net = channels_last(EncoderNet(pack.resolution, pack.channels, len(pack.classes)), device)
        self.num_steps = num_steps(len(self.train))
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=PEAK_RATE, weight_decay=0.01)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, PEAK_RATE, total_steps=self.num_steps)
        self.best: tuple[float, dict[str, Tensor]] | None = None
        self.checks_since_best = 0

    def advance(self) -> None:
        self.net.train()
        pixels, label = self._batch()
        _, logits = self.net(pixels)
        loss = self._loss(logits, label)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.schedule.step()

    def is_check(self, step: int) -> bool:
        every = max(1, self.num_steps // NUM_CHECKS)
        return len(self.val) >= MIN_VALIDATION and (step % every == 0 or step == self.num_steps)

    def has_ended(self) -> bool:
        """Remember the state if it is the best so far; whether none has been better for long."""
        loss, _ = self._validate()
        if self.best is None or loss < self.best[0]:
            self.best = (loss, {name: value.clone() for name, value in self.net.state_dict().items()})
            self.checks_since_best = 0
        else:
            self.checks_since_best += 1
        return self.checks_since_best >= PATIENCE

    def finish(self, step: int) -> Encoder:
        """The best state, its features brought to zero mean and mean variance 1 over the training split."""
        if self.best is not None:
            self.net.load_state_dict(self.best[1])
        features, _ = self._encoder(step).encode(self.pack.images, self.train)
        spread = float(features.var(axis=0, dtype=np.float64).mean())
        self.net.mean.copy_(torch.from_numpy(features.mean(axis=0, dtype=np.float64)))
        self.net.scale.fill_(max(spread, 1e-12) ** 0.5)
        self.net.eval().requires_grad_(False)
        return self._encoder(step, self._validate()[1] if len(self.val) >= MIN_VALIDATION else None)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Every class equally often, however rare; the whole batch moved by up to a sixteenth of its side."""
        turns = self.rng.integers(0, len(self.rows_of_class), BATCH)
        places = self.rng.random(BATCH)
        rows = np.sort(
            [
                self.rows_of_class[turn][int(place * len(self.rows_of_class[turn]))]
                for turn, place in zip(turns, places, strict=True)
            ]
        )
        pixels, label = self.pack.read(rows)
        target = self.pack.membership(rows) if self.several else label
        moved = torch.from_numpy(self._moved(pixels)).to(self.device)
        return moved, torch.from_numpy(target).to(self.device)

    def _loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Of attributes each is a question of its own, and one that nobody answered counts for nothing."""
        if not self.several:
            return F.cross_entropy(logits, target, label_smoothing=0.05)
        known = ~target.isnan()
        return F.binary_cross_entropy_with_logits(logits[known], target[known])

    def _moved(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        side = self.pack.resolution
        reach = side // 16
        down, right = self.rng.integers(0, 2 * reach + 1, 2)
        padded = np.pad(pixels, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
        return np.ascontiguousarray(padded[:, down : down + side, right : right + side])

    def _validate(self) -> tuple[float, float]:
        """Loss and accuracy on validation images, each the mean over classes."""
        label = self.pack.label[self.val]
        _, probabilities = self._encoder(0).encode(self.pack.images, self.val)
        if self.several:
            return _validate_attributes(self.pack.membership(self.val), probabilities)
        losses = -np.log(probabilities[np.arange(len(label)), label].clip(1e-7))
        hits = probabilities.argmax(axis=1) == label
        classes = np.unique(label)
        loss, accuracy = (float(np.mean([part[label == one].mean() for one in classes])) for part in (losses, hits))
        return loss, accuracy

    def _encoder(self, step: int, accuracy: float | None = None) -> Encoder:
        pack = self.pack
        facts = (pack.classes, pack.resolution, pack.channels, pack.hash, step, accuracy, self.several)
        return Encoder(self.net, EncoderFacts(*facts))


def _validate_attributes(member: NDArray[np.float32], probabilities: NDArray[np.float32]) -> tuple[float, float]:
    """Loss, and accuracy as the mean of that on images with and without each attribute."""
    losses, hits = [], []
    for has in (0, 1):
        for place in range(member.shape[1]):
            right = np.abs(1 - has - probabilities[member[:, place] == has, place])
            if len(right):
                losses.append(-np.log(right.clip(1e-7)).mean())
                hits.append((right > 0.5).mean())
    return float(np.mean(losses)), float(np.mean(hits))
