"""Files of any size leave in small pieces, whole or from any byte on, for whoever may have them."""

import asyncio
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from django.http import StreamingHttpResponse
from django.test import RequestFactory
from rest_framework.test import APIClient

from tests.worlds import make_dataset
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.downloads import PIECE_BYTES, send_file
from webapp.exports.models import Export
from webapp.exports.services.building import export_of_version, finish_export, queue_export

SIZE = 300 * 2**20
MARK = 123_456_789
"""Where the one byte lies that is not zero."""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that takes no room on the disk."""
    file = tmp_path / "large.zip"
    with file.open("wb") as stream:
        stream.seek(MARK)
        stream.write(b"!")
        stream.truncate(SIZE)
    return file


def received(file: Path, **headers: str) -> tuple[int, int, int, int]:
    """Bytes, largest piece, where the mark was in what came, and the most memory that it took."""
    response = send_file(RequestFactory().get("/", headers=headers), file, content_type="application/zip", etag="one")
    assert isinstance(response, StreamingHttpResponse)

    async def read() -> tuple[int, int, int]:
        total = largest = 0
        mark = -1
        async for piece in response:
            if (place := piece.find(b"!")) >= 0:
                mark = total + place
            total, largest = total + len(piece), max(largest, len(piece))
        return total, largest, mark

    tracemalloc.start()
    total, largest, mark = asyncio.run(read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert response["Content-Length"] == str(total)
    return total, largest, mark, peak


def test_hundreds_of_megabytes_take_a_few_of_memory(large: Path) -> None:
    total, largest, mark, peak = received(large)
    assert (total, largest, mark) == (SIZE, PIECE_BYTES, MARK)
    assert peak < 8 * 2**20


def test_a_download_goes_on_from_any_byte_as_long_as_the_file_is_the_same(large: Path) -> None:
    start = MARK - 77
    total, _, mark, _ = received(large, Range=f"bytes={start}-", If_Range='"one"')
    assert (total, mark) == (SIZE - start, 77)
    total, _, mark, _ = received(large, Range=f"bytes={start}-", If_Range='"another"')
    assert (total, mark) == (SIZE, MARK), "a changed file is sent anew as a whole, and never mixed"


@pytest.mark.django_db
@pytest.mark.usefixtures("data_folder")
def test_a_token_downloads_by_head_and_range_and_a_strangers_does_not(
    lab: Lab, viewer: Person, outsider: Person, token_of: Callable[..., str], large: Path
) -> None:
    export = queue_export(export_of_version(make_dataset(lab, train=2, val=1, test=1), format="image_folder"), None)
    held = Export.claim(export.pk, "a test", Export.State.BUILDING)
    assert held is not None
    file = storage.export_folder(held.pk, held.fence) / "dataset.zip"
    file.parent.mkdir(parents=True)
    large.rename(file)
    finish_export(held, path=storage.relative(file), sha256="ab" * 32, size_bytes=SIZE, num_real=8, num_synthetic=0)
    client, address = APIClient(), f"/api/v1/exports/{export.pk}/download/"
    reads = {"Authorization": token_of(viewer, scopes=["export"])}
    head = client.head(address, headers=reads)
    assert (head.status_code, head["Content-Length"], head["Accept-Ranges"]) == (200, str(SIZE), "bytes")
    part = client.get(address, headers={**reads, "Range": f"bytes={MARK}-{MARK + 1}", "If-Range": head["ETag"]})
    assert (part.status_code, part.getvalue()) == (206, b"!\0")
    assert client.head(address, headers={"Authorization": token_of(outsider)}).status_code == 404
    assert client.head(address).status_code == 401
