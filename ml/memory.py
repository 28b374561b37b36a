"""How much memory a run needs, told before it starts: its stages are gone through on tensors without bytes.

    estimate        weights, gradients, averages, optimizer state and activations, by stage
    verdict         beside what this machine has free: whether it fits, and which batch would

Nothing is known of any model here: whatever has a step and makes images is followed through both.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
from torch.nn.functional import cross_entropy

from ml.average import Average
from ml.device import autocast, choose_precision, device_name
from ml.encoder_training import BATCH as ENCODER_BATCH
from ml.errors import OutOfMemoryError
from ml.features import CHUNK as ENCODER_CHUNK
from ml.features import EncoderNet
from ml.feed import belongs_on_device
from ml.generation import CHUNK as IMAGES_CHUNK
from ml.model import Batch, DataSpec, Model, ModelSettings, TranslationModel
from ml.pool import CHUNK as SCORE_CHUNK
from ml.pool import shard_size
from ml.share import this_machine
from ml.update import Updates
from ml.weightless import Weightless

MIB, GIB = 2**20, 2**30
PROCESS_BYTES: Final = {"cpu": 350 * MIB, "cuda": 500 * MIB}
"""What a training holds before its first tensor: Python, torch and its kernels; on a GPU the CUDA context."""
KERNEL_FACTOR: Final = {"cpu": 1.4, "cuda": 1.25}
"""Memory in use over living tensors: what kernels reorder and the allocator keeps. Measured: benchmarks/memory.md."""
CLOSE: Final = 0.9
"""A share of the free memory above which a run is warned: others may need some of it too."""
MIN_BATCH: Final = 2


@dataclass(frozen=True)
class Need:
    """Bytes of living tensors (and arrays) at the peak of each stage.

    state: weights, averages and optimizer state, which the steps and the saving contain; resident: data on the device.
    """

    device_type: str
    state: int
    step: int
    saving: int
    images: int
    encoder: int
    resident: int

    @property
    def tensors(self) -> int:
        """The least that the run cannot do without."""
        return self.resident + max(self.step, self.saving, self.images, self.encoder)

    @property
    def needed_bytes(self) -> int:
        """What the process will take at its peak."""
        kind = self.device_type
        return PROCESS_BYTES[kind] + int(KERNEL_FACTOR[kind] * self.tensors)


@dataclass(frozen=True)
class Verdict:
    """needed_bytes beside what is free now and what there is at all on `device`.

    largest_batch_size: what would fit, where the wished one does not; None where it does, or where none would.
    """

    needed_bytes: int
    available_bytes: int
    total_bytes: int
    device: str
    fits: bool
    can_ever_fit: bool
    largest_batch_size: int | None

    @property
    def sentence(self) -> str:
        """For a person, with what to do where it does not fit."""
        where = "this machine" if self.device == "cpu" else self.device
        facts = f"About {amount(self.needed_bytes)} of memory; {amount(self.available_bytes)} are free on {where}"
        if self.fits:
            return f"{facts}."
        if self.largest_batch_size is None:
            return f"{facts}, too little for any batch_size; lower the resolution or the width of the networks."
        return f"{facts}; a batch_size of {self.largest_batch_size} would fit, or a micro-batch of no more."


def estimate(model_class: type[Model], settings: ModelSettings, data: DataSpec, device: torch.device) -> Need:
    """What each stage of a run holds at its peak."""
    stages = _Stages(model_class, settings, data, device)
    state, step, images = stages.training()
    on_gpu = device.type == "cuda"
    pixels = data.resolution**2 * data.channels
    resident = data.num_images * pixels if belongs_on_device(device, data.num_images * pixels) else 0
    shard = 0 if on_gpu else shard_size(data.resolution, data.channels) * pixels
    return Need(
        device.type,
        state,
        step,
        # a checkpoint is copied and put into one piece in the machine's own memory
        state if on_gpu else 3 * state,
        images + shard,
        stages.encoder(),
        resident,
    )


def verdict(model_class: type[Model], settings: ModelSettings, data: DataSpec, device: torch.device) -> Verdict:
    """The estimate beside this machine's memory as it is now."""
    need = estimate(model_class, settings, data, device)
    available, total = memory_of(device)
    fits = need.needed_bytes <= available
    return Verdict(
        need.needed_bytes,
        available,
        total,
        "cpu" if device.type == "cpu" else device_name(device),
        fits,
        need.tensors <= total,
        None if fits else _largest_batch(model_class, settings, data, device, need, available),
    )


def check_memory(
    model_class: type[Model],
    settings: ModelSettings,
    data: DataSpec,
    device: torch.device,
    warn: Callable[[str, str], None],
) -> None:
    """Warn of a run that may not fit; refuse one whose tensors alone exceed all the memory there is.

    `warn` gets a code and a sentence. Raises: OutOfMemoryError.
    """
    told = verdict(model_class, settings, data, device)
    if not told.can_ever_fit:
        raise OutOfMemoryError(
            f"{told.sentence} The run was not started, because all of the memory, {amount(told.total_bytes)}, is less "
            f"than its numbers alone take."
        )
    if told.needed_bytes > CLOSE * told.available_bytes:
        warn("memory_is_close", f"{told.sentence} It may end for want of memory.")


def memory_of(device: torch.device) -> tuple[int, int]:
    """(free now, all there is for this process) of the memory that a run on the device computes in, in bytes."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return int(free), int(total)
    machine = this_machine()
    return machine.memory_available(), machine.memory_total()


def amount(size: int) -> str:
    """A size in bytes for people: `350 MiB`, `1.2 GiB`, `20 GiB`."""
    if size < GIB:
        return f"{max(1, round(size / MIB))} MiB"
    return f"{size / GIB:.1f} GiB" if size < 10 * GIB else f"{size / GIB:.0f} GiB"


def _largest_batch(
    model_class: type[Model],
    settings: ModelSettings,
    data: DataSpec,
    device: torch.device,
    need: Need,
    available: int,
) -> int | None:
    """A step's memory grows by the same for each image, so two batches tell all; the answer is rounded down."""
    least = settings.model_copy(update={"batch_size": MIN_BATCH})
    small = estimate(model_class, least, data, device)
    if small.needed_bytes > available or settings.batch_size <= MIN_BATCH:
        return None
    kind = device.type
    room = (available - PROCESS_BYTES[kind]) / KERNEL_FACTOR[kind] - need.resident - small.step
    per_image = max(1.0, (need.step - small.step) / (settings.batch_size - MIN_BATCH))
    largest = min(settings.batch_size - 1, MIN_BATCH + int(room / per_image))
    return largest if largest < 16 else largest // 8 * 8


class _Stages:
    """The stages of one run, each on tensors without bytes."""

    def __init__(self, model_class: type[Model], settings: ModelSettings, data: DataSpec, device: torch.device) -> None:
        self.model_class, self.settings, self.data = model_class, settings, _as_learnt(model_class, settings, data)
        # sizes are the same on every device; which products run in bf16 is decided by the real one
        self.device, self.precision = torch.device("cpu"), choose_precision(settings.precision, device)

    def training(self) -> tuple[int, int, int]:
        """(state, peak of a step, peak while images are made and scored) in bytes.

        Two steps are gone through: number 0, in which everything happens that comes every so many steps, and the last
        one, in which networks that grow have grown. The previews are made while the state is there.
        """
        with Weightless() as tensors:
            model = self.model_class(self.data, self.settings)
            optimizers = model.optimizers()
            update = Updates(model, optimizers)
            average = Average(model, self.settings.ema_half_life, self.settings.batch_size)
            _fill(optimizers)
            model.train()
            state = tensors.now
            for number in (0, self.model_class.total_steps(self.settings, self.data)):
                batch = self._batch()
                with autocast(self.device, self.precision):
                    model.training_step(batch, update, number)
                average.update()
            step = tensors.peak
            del batch
            tensors.forget_peak()
            with suppress(
                DataDependentOutputException, DynamicOutputShapeException
            ):  # then it counts as far as it went
                self._make_and_score(model)
            return state, step, tensors.peak

    @torch.no_grad()
    def _make_and_score(self, model: Model) -> None:
        model.eval()
        with autocast(self.device, self.precision):
            model.generate(model.blank_inputs(IMAGES_CHUNK), self._labels(IMAGES_CHUNK))
        image, label = self._images(SCORE_CHUNK), self._labels(SCORE_CHUNK)
        scores = model.available_scores(self.settings)
        if "realism" in scores:
            _realism(model, image, label)
        if "class_confidence" in scores:
            model.class_confidence(image)

    def encoder(self) -> int:
        """A step of the in-domain encoder, and the images it looks at while it validates."""
        with Weightless() as tensors:
            net = EncoderNet(self.data.resolution, self.data.channels, len(self.data.classes))
            optimizer = torch.optim.AdamW(net.parameters())
            _fill({"encoder": optimizer})
            _, logits = net(self._pixels(ENCODER_BATCH))
            cross_entropy(logits, self._labels(ENCODER_BATCH)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            with torch.no_grad():
                net.maps(self._pixels(ENCODER_CHUNK))
            return tensors.peak

    # --- their parts --------------------------------------------------------------------------------------------
    def _batch(self) -> Batch:
        """As many of each class, which suits every way of drawing."""
        number, data = self.settings.batch_size, self.data
        source = torch.empty(number, data.source_channels, data.resolution, data.resolution)
        attributes = torch.zeros(number, len(data.attributes))
        return Batch(
            self._images(number),
            torch.arange(number) * len(data.classes) // number,
            source if data.source_channels else None,
            attributes if data.attributes else None,
        )

    def _images(self, number: int) -> Tensor:
        return torch.empty(number, self.data.channels, self.data.resolution, self.data.resolution)

    def _pixels(self, number: int) -> Tensor:
        return torch.empty(number, self.data.resolution, self.data.resolution, self.data.channels, dtype=torch.uint8)

    @staticmethod
    def _labels(number: int) -> Tensor:
        return torch.zeros(number, dtype=torch.int64)


def _as_learnt(model_class: type[Model], settings: ModelSettings, data: DataSpec) -> DataSpec:
    """The classes that the method learns, and a half of pairs, in colour, where its settings ask for one."""
    classes = model_class.classes_learnt(settings, data.classes)
    counts = tuple(data.counts[data.classes.index(name)] for name in classes)
    asks = model_class.also_consumes.get("source")
    paired = asks is not None and getattr(settings, asks[0]) == asks[1]
    return replace(data, classes=classes, counts=counts, source_channels=data.source_channels or 3 * paired)


def _realism(model: Model, image: Tensor, label: Tensor) -> None:
    if isinstance(model, TranslationModel):
        model.realism_beside(image, label, model.blank_inputs(len(label)))
    else:
        model.realism(image, label)


def _fill(optimizers: dict[str, torch.optim.Optimizer]) -> None:
    """Have every optimizer make its state, which it does at its first step."""
    for optimizer in optimizers.values():
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
