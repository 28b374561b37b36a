"""How a run is computed: in how many parts, on how many devices, how a GPU is driven. It is no part of the recipe,
because it says nothing of what is learnt."""

from typing import Any, ClassVar

from pydantic import Field, ValidationError

from ml.errors import BadSettingsError
from ml.plugin import Conflict, Settings, fault_sentence

SMALLEST = 2
"""Images of a part: batch norm needs two."""


class Compute(Settings):
    """The options, and thereby their form."""

    micro_batch: int | None = Field(
        default=None,
        ge=SMALLEST,
        le=1024,
        description="Images computed at once, a divisor of the batch size; fewer take less memory and more time. The "
        "networks learn from the whole batch all the same; only layers that look at a whole batch, such as batch norm, "
        "then look at this many images. Empty: the whole batch.",
    )
    devices: int | None = Field(
        default=None, ge=1, le=64, description="GPUs that share each batch. Empty: all that the worker has."
    )
    compile: bool = Field(
        default=False,
        description="Let torch.compile fuse the networks' layers; the first steps then take minutes. GPU only.",
    )
    cuda_graphs: bool = Field(
        default=False, description="With compile: record the GPU's work once and replay it, which helps small networks."
    )

    conflicts: ClassVar[tuple[Conflict, ...]] = (
        Conflict(
            at="cuda_graphs",
            sentence="CUDA graphs are recorded by the compiler; switch compile on, too, or cuda_graphs off.",
            when={"cuda_graphs": [True], "compile": [False]},
        ),
        Conflict(
            at="compile",
            sentence="Micro-batches compute G's way back anew, which the compiler cannot follow; switch compile off.",
            when={"compile": [True]},
            unless={"micro_batch": [None]},
        ),
    )


def read_compute(values: dict[str, Any]) -> Compute:
    """Raises: BadSettingsError."""
    try:
        return Compute(**values)
    except ValidationError as error:
        faults = "; ".join(fault_sentence(fault) for fault in error.errors())
        raise BadSettingsError(f"The compute options do not fit: {faults}.") from error


def why_indivisible(micro_batch: int | None, batch_size: int) -> str | None:
    """None when the batch can be cut into such parts; else one sentence why not."""
    if micro_batch is None or batch_size % micro_batch == 0:
        return None
    fitting = ", ".join(str(size) for size in range(SMALLEST, batch_size + 1) if batch_size % size == 0)
    return f"A batch of {batch_size} images cannot be cut into equal parts of {micro_batch}; choose one of: {fitting}."


def why_no_gpu(compute: Compute) -> tuple[str, str] | None:
    """(option, sentence) of what was asked for that a CPU cannot give or that does not pay there; None when nothing."""
    if compute.compile:
        return "compile", "torch.compile gains nothing on a CPU, and there is no GPU here; switch compile off."
    if (compute.devices or 1) > 1:
        return "devices", f"{compute.devices} GPUs were asked for, and there is none here; leave devices empty."
    return None


def refuse_without_gpu(compute: Compute, has_gpu: bool) -> None:
    """Raises: BadSettingsError."""
    if not has_gpu and (refused := why_no_gpu(compute)):
        raise BadSettingsError(refused[1])


def num_parts(batch_size: int, micro_batch: int | None, num_devices: int = 1) -> int:
    """Parts that a batch is cut into, a multiple of the devices that share it.

    Raises: BadSettingsError.
    """
    if refusal := why_indivisible(micro_batch, batch_size):
        raise BadSettingsError(refusal)
    number = num_devices if micro_batch is None else batch_size // micro_batch
    if number % num_devices:
        number = num_devices
    if batch_size % number or batch_size // number < SMALLEST:
        raise BadSettingsError(
            f"A batch of {batch_size} images cannot be shared equally by {num_devices} devices with at least "
            f"{SMALLEST} images each; choose another number of devices, or a batch_size that is a multiple of it."
        )
    return number


def smaller_micro_batch(batch_size: int, used: int | None) -> int | None:
    """The largest micro-batch of at most half the images that were computed at once; None when there is none."""
    most = (used or batch_size) // 2
    return next((size for size in range(most, SMALLEST - 1, -1) if batch_size % size == 0), None)
