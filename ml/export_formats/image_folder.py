"""`<split>/<class>/<id>.<suffix>`: what torchvision, Hugging Face and most training code read."""

from collections.abc import Iterable, Iterator

from ml.export_format import ExportFormat, ExportImage, Ground, Member
from ml.folder_names import FolderNames
from ml.plugin import Card


class ImageFolder(ExportFormat):
    """Class folders in split folders; a class's true name stands in the manifest."""

    name = "image_folder"
    card = Card(
        title="ImageFolder",
        summary="Folders train, val and test with one folder per class in each.",
        strengths="Read by torchvision's ImageFolder, Hugging Face datasets and most training scripts as it is.",
        limits="Class names that a file system cannot hold get a changed folder name; the manifest has the true one.",
    )
    layout = ("{split}/{class}/*",)

    def members(self, images: Iterable[ExportImage], ground: Ground) -> Iterator[Member]:
        folders = FolderNames()
        for image in images:
            path = f"{image.split}/{folders.of(image.label)}/{image.id}{image.suffix}"
            ground.note({**image.row, "path": path})
            yield Member(path, image.data)
