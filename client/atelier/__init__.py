"""The client of an Atelier service.

    from atelier import Client
    client = Client("https://atelier.lab", token)
    version = client.datasets.upload("photos/", name="Birds").version().wait()
    run = client.runs.start(version.id, {"model": "dcgan", ...}).wait()
    export = client.exports.create(run.pool().selections[0].id).wait()
    train = export.to_torch()

Everything here needs the standard library only; `to_torch` needs torch, numpy and Pillow.
"""

from atelier.client import Client
from atelier.errors import (
    AtelierError,
    ConflictError,
    DefectError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StillWorkingError,
    TornFileError,
    UnreachableError,
    WorkFailedError,
)

__version__ = "1.0.0"
__all__ = [
    "AtelierError",
    "Client",
    "ConflictError",
    "DefectError",
    "ForbiddenError",
    "InvalidError",
    "NotFoundError",
    "StillWorkingError",
    "TornFileError",
    "UnreachableError",
    "WorkFailedError",
]
