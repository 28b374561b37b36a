"""The pixels of samples: one by one, in sheets, and the views that are kept beside translations."""

import hashlib
from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags, quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.downloads import FOREVER
from webapp.core.errors import InvalidError
from webapp.core.headers import SANDBOX
from webapp.core.permissions import find
from webapp.gallery.models import Pool
from webapp.gallery.selectors import samples as selectors
from webapp.gallery.selectors.pixels import IMAGES, MAX_ON_SHEET, MAX_SCALE, SHEET_COLUMNS, sample_png, sheet_png
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools
from webapp.gallery.selectors.samples import SAMPLE_LAB

VIEW = OpenApiParameter(
    "view", str, description="One of the pool's `views` instead: what is kept beside each sample of a translation."
)


class PoolSheetView(APIView):
    """The pixels of many samples in one PNG: what a grid shows, in one request for every hundred pictures."""

    @extend_schema(
        operation_id="pools_sheet",
        tags=["gallery"],
        parameters=[
            OpenApiParameter(
                "rows",
                str,
                required=True,
                description=f"Rows of the pool with dots between them, at most {MAX_ON_SHEET}; {SHEET_COLUMNS} stand "
                "beside each other, in this order.",
            ),
            VIEW,
        ],
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        pool = find(whole_pools(), person_of(request), Role.VIEWER, POOL_LAB, pk=pk)
        rows, view = _read_rows(request, pool), _read_view(request, pool)
        tag = quote_etag(hashlib.sha256(f"{pool.pk} {rows} {view}".encode()).hexdigest()[:32])
        return _immutable(request, tag, lambda: sheet_png(pool, rows, view))


class SampleImageView(APIView):
    """The pixels of one sample."""

    @extend_schema(
        operation_id="samples_image",
        tags=["gallery"],
        parameters=[
            OpenApiParameter("scale", int, description=f"1 to {MAX_SCALE}: each pixel is drawn so often."),
            VIEW,
        ],
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        sample = find(selectors.pooled_samples(), person_of(request), Role.VIEWER, SAMPLE_LAB, pk=pk)
        scale, view = _read_scale(request), _read_view(request, sample.pool)
        tag = quote_etag(f"{sample.pool.checkpoint_sha256[:16]}-{sample.index}-{scale}-{view}")
        return _immutable(request, tag, lambda: sample_png(sample.pool, sample.index, scale, view))


def _immutable(request: Request, tag: str, png: Callable[[], bytes]) -> HttpResponse:
    """Pixels that never change under this address."""
    response = HttpResponse(status=304)
    if tag not in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(png(), content_type="image/png")
    response["ETag"] = tag
    response["Cache-Control"] = FOREVER
    response["Vary"] = "Cookie, Authorization"
    response["Content-Security-Policy"] = SANDBOX
    return response


def _read_rows(request: Request, pool: Pool) -> list[int]:
    """Raises: InvalidError."""
    parts = request.query_params.get("rows", "").split(".")[: MAX_ON_SHEET + 1]
    rows = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) <= 9]
    if len(rows) != len(parts) or len(rows) > MAX_ON_SHEET or max(rows) >= pool.num_samples:
        message = f"rows: expected 1 to {MAX_ON_SHEET} rows of the pool, 0 to {pool.num_samples - 1}, dots between."
        raise InvalidError(message, fields={"rows": [message]})
    return rows


def _read_view(request: Request, pool: Pool) -> str:
    """The shards to read. Raises: InvalidError for a view that the pool does not keep."""
    view = request.query_params.get("view", "")
    if view and view not in pool.views:
        kept = f"it keeps {', '.join(pool.views)}" if pool.views else "it keeps none"
        message = f"view: found {view[:40]!r}, and {kept} beside its samples."
        raise InvalidError(message, fields={"view": [message]})
    return view or IMAGES


def _read_scale(request: Request) -> int:
    text = request.query_params.get("scale", "1")
    if text not in {str(scale) for scale in range(1, MAX_SCALE + 1)}:
        message = f"scale: found {text[:20]!r}, expected a whole number from 1 to {MAX_SCALE}."
        raise InvalidError(message, fields={"scale": [message]})
    return int(text)
