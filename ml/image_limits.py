"""What one image file may be and cost."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageLimits:
    """What one image may cost. `memory_bytes` and `cpu_s` bind the child process that decodes."""

    formats: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
    min_side: int = 8
    max_side: int = 8192
    max_pixels: int = 64_000_000
    max_aspect: int = 20
    max_file_bytes: int = 64 * 2**20
    memory_bytes: int = 480 * 2**20
    cpu_s: int = 5
    wall_s: int = 60


INGESTED = ImageLimits(min_side=1, max_side=65_535, max_aspect=65_535)
"""What a file of a dataset version must still keep: its ingest judged the shape, perhaps by limits of its own."""
