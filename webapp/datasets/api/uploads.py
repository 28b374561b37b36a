"""Uploads by tus 1.0: creation, offset, termination. The bytes (PATCH) are taken by `webapp.datasets.tus`."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.catalog import INTAKE
from webapp.accounts.authentication import person_of
from webapp.accounts.models import Lab
from webapp.core.errors import AtelierError, InvalidError, NotFoundError
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.queries import read_uuid
from webapp.datasets import selectors
from webapp.datasets.models import Upload
from webapp.datasets.services.uploads import LengthRequiredError, abandon_upload, create_upload, own_upload
from webapp.datasets.tus import ALGORITHM, VERSION, TusVersionError

MAX_METADATA_SIGNS: Final = 4096
TUS_HEADERS: Final = [
    OpenApiParameter("Tus-Resumable", str, OpenApiParameter.HEADER, required=True, enum=[VERSION]),
]
TUS_ANSWER: Final = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """A file on its way; every byte below `offset` is on the server's disk."""

    class Meta:
        model = Upload
        fields = ["id", "lab", "file_name", "size_bytes", "offset", "state"]


class OpenUploadSerializer(UploadSerializer):
    """An upload of the person's own of which nothing was made yet."""

    expires_at = serializers.SerializerMethodField(help_text="Its bytes are removed then, unless more arrive.")

    class Meta(UploadSerializer.Meta):
        fields = [*UploadSerializer.Meta.fields, "created_at", "expires_at"]

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_expires_at(self, upload: Upload) -> str:
        return (upload.touched_at + timedelta(hours=settings.UPLOAD_EXPIRES_H)).isoformat()


OpenUploadPage = page_of(OpenUploadSerializer, "OpenUploadPage")


class UploadLimitsSerializer(serializers.Serializer[Any]):
    """What is taken: to be told before anything is sent. Endings and names are in lower case, without a dot."""

    max_bytes = serializers.IntegerField(help_text="Of one upload.")
    max_open = serializers.IntegerField(help_text="Uploads of one person on their way at a time.")
    kept_hours = serializers.IntegerField(help_text="An upload that nobody goes on with is removed after so long.")
    max_files = serializers.IntegerField(help_text="In one archive or folder.")
    max_image_bytes = serializers.IntegerField()
    min_side = serializers.IntegerField(help_text="Pixels.")
    max_side = serializers.IntegerField(help_text="Pixels.")
    image_endings = serializers.ListField(child=serializers.CharField(), help_text="Files that are read as images.")
    label_files = serializers.ListField(child=serializers.CharField(), help_text="Files that are read for labels.")
    litter = serializers.ListField(child=serializers.CharField(), help_text="Made by an operating system or a tool.")


class UploadsView(APIView):
    """Start an upload, or find those that are not finished."""

    def get_permissions(self) -> Sequence[Any]:
        return [AllowAny()] if self.request.method == "OPTIONS" else super().get_permissions()

    @extend_schema(
        operation_id="uploads_create",
        tags=["uploads"],
        request=None,
        parameters=[
            *TUS_HEADERS,
            OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER, required=True, description="Bytes."),
            OpenApiParameter(
                "Upload-Metadata",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="`filename <base64>,lab <base64 of the lab's id>`",
            ),
        ],
        responses={201: OpenApiResponse(UploadSerializer, description="`Location` is the upload's address.")},
    )
    def post(self, request: Request) -> Response:
        check_version(request)
        metadata = read_metadata(request.headers.get("Upload-Metadata", ""))
        lab = Lab.objects.filter(pk=read_lab(metadata)).first()
        if lab is None:
            raise NotFoundError("There is no such lab.")
        upload = create_upload(person_of(request), lab, metadata.get("filename", ""), read_length(request))
        headers = {**TUS_ANSWER, "Location": f"{request.path}{upload.pk}/", "Upload-Offset": "0"}
        return Response(UploadSerializer(upload).data, status=201, headers=headers)

    @extend_schema(
        operation_id="uploads_list",
        tags=["uploads"],
        responses=OpenUploadPage,
        parameters=[OpenApiParameter("lab", OpenApiTypes.UUID, description="Only this lab's."), *PAGING],
    )
    def get(self, request: Request) -> Response:
        """The person's own that are on their way, or arrived and became nothing yet."""
        rows = selectors.open_uploads_of(person_of(request), read_uuid(request, "lab"))
        return paginate(request, rows, ("-created_at", "-id"), lambda page: OpenUploadSerializer(page, many=True).data)

    @extend_schema(exclude=True)
    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(
            status=204,
            headers={
                **TUS_ANSWER,
                "Tus-Version": VERSION,
                "Tus-Extension": "creation,termination,checksum",
                "Tus-Checksum-Algorithm": ALGORITHM,
                "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
                "Allow": "POST, OPTIONS",
            },
        )


class UploadLimitsView(APIView):
    """What an upload may hold."""

    @extend_schema(operation_id="uploads_limits", tags=["uploads"], responses=UploadLimitsSerializer)
    def get(self, request: Request) -> Response:
        limits = {
            **asdict(INTAKE),
            "max_bytes": settings.UPLOAD_MAX_BYTES,
            "max_open": settings.MAX_OPEN_UPLOADS,
            "kept_hours": settings.UPLOAD_EXPIRES_H,
        }
        return Response(UploadLimitsSerializer(limits).data)


class UploadView(APIView):
    """One upload of the person."""

    @extend_schema(
        operation_id="uploads_offset",
        tags=["uploads"],
        parameters=TUS_HEADERS,
        responses={200: OpenApiResponse(description="`Upload-Offset` and `Upload-Length`.")},
    )
    def head(self, request: Request, pk: uuid.UUID) -> Response:
        check_version(request)
        upload = own_upload(pk, person_of(request))
        return Response(
            headers={
                **TUS_ANSWER,
                "Upload-Offset": str(upload.offset),
                "Upload-Length": str(upload.size_bytes),
            }
        )

    @extend_schema(operation_id="uploads_delete", tags=["uploads"], parameters=TUS_HEADERS, responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        check_version(request)
        abandon_upload(own_upload(pk, person_of(request)))
        return Response(status=204, headers=TUS_ANSWER)

    @extend_schema(
        operation_id="uploads_append",
        tags=["uploads"],
        parameters=[
            *TUS_HEADERS,
            OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True),
            OpenApiParameter("Upload-Checksum", str, OpenApiParameter.HEADER, description="`sha256 <base64>`"),
        ],
        request={"application/offset+octet-stream": OpenApiTypes.BINARY},
        responses={204: OpenApiResponse(description="`Upload-Offset`: every byte below it is on disk.")},
    )
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Append a chunk of at most 16 MiB. The ASGI server's own handler takes it; here nothing arrives."""
        raise AtelierError("Chunks are taken by the ASGI server only; this one is another kind.", code="not_asgi")


class UploadStatusView(APIView):
    """How far an upload is, for people and programs that do not speak tus."""

    @extend_schema(operation_id="uploads_status", tags=["uploads"], responses=UploadSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(UploadSerializer(own_upload(pk, person_of(request))).data)


def check_version(request: Request) -> None:
    """Raises: TusVersionError."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise TusVersionError


def read_length(request: Request) -> int:
    """Raises: LengthRequiredError, InvalidError."""
    text = request.headers.get("Upload-Length", "")
    if not text:
        raise LengthRequiredError("Upload-Length is missing; say how many bytes the file has.")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise InvalidError(f"Upload-Length is {text[:30]!r}; expected a number of bytes.")
    return int(text)


def read_metadata(text: str) -> dict[str, str]:
    """`key base64,key base64,…` as texts; keys nobody asks for are kept and ignored.

    Raises: InvalidError.
    """
    if len(text) > MAX_METADATA_SIGNS:
        raise InvalidError(f"Upload-Metadata has {len(text)} signs; at most {MAX_METADATA_SIGNS} are taken.")
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise InvalidError(f"Upload-Metadata: the value of {key[:40]!r} is not base64.") from None
    return found


def read_lab(metadata: dict[str, str]) -> uuid.UUID:
    """Raises: InvalidError."""
    try:
        return uuid.UUID(metadata.get("lab", ""))
    except ValueError:
        raise InvalidError(
            "Upload-Metadata must hold `lab`, the id of the lab that the file is for.", fields={"lab": ["Give its id."]}
        ) from None
