"""Models that change what an image has: one generator for all attributes, or for all classes."""

from typing import ClassVar

from torch import Tensor

from ml.attributes import AttributeSpace
from ml.model import Batch, TranslationModel


class AttributeModel(TranslationModel):
    """A translation told by vectors [N, A] of what images have and should have; `build` begins with `space`."""

    views: ClassVar[tuple[str, ...]] = ("source", "reconstruction")
    edits = True
    space: AttributeSpace

    def translate(self, image: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
        """Images in `image_range` that have `targets` instead of `vectors`, both [N, A] with NaN where nobody said."""
        raise NotImplementedError

    def reconstruct(self, image: Tensor, vectors: Tensor, result: Tensor, targets: Tensor) -> Tensor:
        """The sources `image` again, as the method's own loss has them: from themselves, or from the results."""
        raise NotImplementedError

    def attribute_logits(self, image: Tensor) -> Tensor:
        """[N, A] of the method's own classifier of images in `image_range`."""
        raise NotImplementedError

    def generate(self, inputs: Batch, label: Tensor) -> Tensor:
        vectors = self.space.vectors(inputs)
        return self.translate(inputs.image, vectors, self.space.targets(vectors, label))

    def members(self, source: Batch, label: Tensor) -> Tensor | None:
        if self.space.are_classes:
            return None
        return self.space.memberships(self.space.targets(self.space.vectors(source), label))

    def views_of(self, source: Batch, label: Tensor, result: Tensor) -> dict[str, Tensor]:
        vectors = self.space.vectors(source)
        again = self.reconstruct(source.image, vectors, result, self.space.targets(vectors, label))
        return {"source": source.image, "reconstruction": again}

    def class_confidence(self, image: Tensor) -> Tensor:
        return self.space.class_probabilities(self.attribute_logits(image))
