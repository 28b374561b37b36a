"""What would go with a dataset or a version, told before anybody deletes it."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.core.lifecycle import DeletionSerializer, tell_deletion
from webapp.datasets import selectors


class DatasetDeletionView(APIView):
    """What would go with a dataset."""

    @extend_schema(operation_id="datasets_deletion", tags=["datasets"], responses=DeletionSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        person = person_of(request)
        return tell_deletion(selectors.dataset_for(person, pk), person)


class VersionDeletionView(APIView):
    """What would go with a version."""

    @extend_schema(operation_id="versions_deletion", tags=["versions"], responses=DeletionSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        person = person_of(request)
        return tell_deletion(selectors.version_for(person, pk), person)
