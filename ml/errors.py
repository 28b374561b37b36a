"""Every fault that `ml` reports to a person: a stable code and one sentence that says what was found, what was
expected and what to do."""

from typing import ClassVar


class MlError(Exception):
    """Base of all faults with a sentence for a person; anything else that leaves `ml` is a defect."""

    code: ClassVar[str] = "ml_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownPluginError(MlError):
    """A name that is on no shelf."""

    code = "unknown_plugin"


class BadSettingsError(MlError):
    """Settings that a plug-in refuses; the message names each field."""

    code = "bad_settings"


class BadBudgetError(MlError):
    """A budget that names no image, an unknown class, or too many images."""

    code = "bad_budget"


class BadDatasetError(MlError):
    """A source that holds no usable labelled images, or too few of them."""

    code = "bad_dataset"


class DifferentPixelsError(MlError):
    """An image that was made again is not the one that was expected."""

    code = "different_pixels"


class BadArchiveError(MlError):
    """An archive that is refused as a whole, before or while it is read."""

    code = "bad_archive"


class BadImageError(MlError):
    """One image that cannot be used; the rest goes on."""

    code = "bad_image"


class UnsuitableSamplerError(MlError):
    """A sampler asks for a score that the model, with these settings, cannot give."""

    code = "unsuitable_sampler"


class TooFewSamplesError(MlError):
    """A metric was asked for below the number of images at which it means something."""

    code = "too_few_samples"


class MeaninglessMetricError(MlError):
    """A metric was asked for where its value would mean nothing, however many images there are."""

    code = "meaningless_metric"


class BadWeightsError(MlError):
    """A file of weights that is missing, torn, or another network's."""

    code = "bad_weights"


class NonFiniteLossError(MlError):
    """A loss became NaN or infinite; names the step and the scalar."""

    code = "non_finite_loss"


class OutOfMemoryError(MlError):
    """The device's memory was not enough; names the setting to lower."""

    code = "out_of_memory"


class DeviceLostError(MlError):
    """The process of one of several devices ended while the others trained."""

    code = "device_lost"


class ProcessLostError(MlError):
    """One of several processes that shared work was ended from outside."""

    code = "process_lost"


class CheckpointError(MlError):
    """A checkpoint that is torn, altered, or of another recipe."""

    code = "bad_checkpoint"


class DiskFullError(MlError):
    """The disk took no more; names it, and what is free. Nothing that was whole before is lost."""

    code = "disk_full"


class NoSweepsError(MlError):
    """A sweep was asked of a model that has no codes."""

    code = "no_sweeps"
