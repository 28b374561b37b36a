"""What is read of an upload, as it is told before anything is sent; the rules themselves stand where they are held."""

from dataclasses import dataclass

from ml.image_limits import ImageLimits
from ml.label_files import LABEL_FILES
from ml.members import IMAGE_ENDINGS, LITTER
from ml.zip_directory import ZipLimits


@dataclass(frozen=True)
class Intake:
    """Endings and names in lower case, endings without their dot; sides in pixels."""

    image_endings: tuple[str, ...]
    label_files: tuple[str, ...]
    litter: tuple[str, ...]
    """Files and folders that an operating system or a tool makes; whatever begins with a dot is litter, too."""
    max_files: int
    max_image_bytes: int
    min_side: int
    max_side: int


_IMAGE = ImageLimits()
INTAKE = Intake(
    image_endings=tuple(sorted(IMAGE_ENDINGS)),
    label_files=LABEL_FILES,
    litter=tuple(sorted(LITTER)),
    max_files=ZipLimits().max_members,
    max_image_bytes=_IMAGE.max_file_bytes,
    min_side=_IMAGE.min_side,
    max_side=_IMAGE.max_side,
)
