"""The shelves, as the rest of the web sees them."""

from ml import catalog
from ml.catalog import Catalogue
from webapp.core import storage
from webapp.core.errors import UnavailableError

__all__ = ["Catalogue", "catalogue"]


def catalogue() -> Catalogue:
    """The catalogue of the shelves as they are now.

    Raises: UnavailableError when a plug-in does not import; the log names it.
    """
    try:
        return catalog.load(storage.catalogue_folder())
    except catalog.CatalogueError as error:
        raise UnavailableError(f"The shelves cannot be read: {error}", code="catalogue_broken") from error
