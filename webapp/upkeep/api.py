"""What a lab stores, what takes most of it, and what it may store; and for the staff of the server, who works."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Lab, Role
from webapp.core.errors import ForbiddenError, NotFoundError
from webapp.core.permissions import STAFF_ONLY, find
from webapp.core.storage import free_bytes
from webapp.upkeep.models import Worker
from webapp.upkeep.selectors import storage, workers
from webapp.upkeep.services.quotas import set_quota


class StoredThingSerializer(serializers.Serializer[Any]):
    """A dataset, run, study or export, and what it takes."""

    noun = serializers.ChoiceField(choices=["dataset", "run", "study", "export"])
    id = serializers.UUIDField()
    name = serializers.CharField()
    target = serializers.UUIDField(allow_null=True, help_text="The dataset, run or study whose page shows it.")
    size_bytes = serializers.IntegerField()
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)


class StorageSerializer(serializers.Serializer[Any]):
    """Bytes; the sizes of runs and datasets are those of the last look, some minutes old at most."""

    quota_bytes = serializers.IntegerField(allow_null=True, help_text="Null: no limit but the disk.")
    used_bytes = serializers.IntegerField()
    free_bytes = serializers.IntegerField(help_text="On the disk of the service.")
    originals_bytes = serializers.IntegerField(help_text="Images of datasets, each counted once.")
    uploads_bytes = serializers.IntegerField(help_text="Uploads under way, with what they have yet to send.")
    runs_bytes = serializers.IntegerField(help_text="Checkpoints, pools, previews.")
    pools_bytes = serializers.IntegerField(help_text="The part of the runs' bytes that are pools.")
    studies_bytes = serializers.IntegerField(help_text="Generators and child networks.")
    exports_bytes = serializers.IntegerField()
    biggest = StoredThingSerializer(many=True)


class QuotaSerializer(serializers.Serializer[Any]):
    """What the lab may store; null leaves it to the service's own setting."""

    quota_bytes = serializers.IntegerField(min_value=0, max_value=2**60, allow_null=True)


class LabStorageView(APIView):
    """What a lab stores."""

    @extend_schema(operation_id="labs_storage", tags=["labs"], responses=StorageSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        lab = find(Lab.objects.all(), person_of(request), Role.VIEWER, lab_path="", pk=pk)
        used = storage.usage_of(lab.pk)
        return Response(
            StorageSerializer(
                {
                    "quota_bytes": storage.quota_of(lab.pk),
                    "used_bytes": used.total,
                    "free_bytes": free_bytes(),
                    "originals_bytes": used.originals,
                    "uploads_bytes": used.uploads,
                    "runs_bytes": used.runs,
                    "pools_bytes": storage.pools_bytes(lab.pk),
                    "studies_bytes": used.studies,
                    "exports_bytes": used.exports,
                    "biggest": storage.biggest_of(lab.pk),
                }
            ).data
        )

    @extend_schema(operation_id="labs_set_quota", tags=["labs"], request=QuotaSerializer, responses=QuotaSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Only who runs the service; of a lab that they are not in, they learn nothing by it."""
        if not person_of(request).is_staff:
            raise ForbiddenError("Only who runs the service sets how much a lab may store.")
        given = QuotaSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        lab = Lab.objects.filter(pk=pk).first()
        if lab is None:
            raise NotFoundError
        set_quota(lab, person_of(request), given.validated_data["quota_bytes"])
        return Response(given.data)


class DeviceSerializer(serializers.Serializer[Any]):
    """A GPU, as its driver told of it."""

    name = serializers.CharField()
    memory_bytes = serializers.IntegerField(allow_null=True)
    used_bytes = serializers.IntegerField(allow_null=True, help_text="By whatever runs there, of this service or not.")
    busy = serializers.IntegerField(allow_null=True, help_text="0 to 100: how much of the last moments it computed.")


class PieceSerializer(serializers.Serializer[Any]):
    """What a worker works on; of labs that the person is not in, only that it does."""

    noun = serializers.ChoiceField(choices=["run", "version", "selection", "edit", "study", "export"])
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    lab = serializers.CharField()
    state = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)


class WorkerSerializer(serializers.ModelSerializer[Worker]):
    """A worker process, its machine, and what it does."""

    queues = serializers.ListField(child=serializers.CharField())
    devices = DeviceSerializer(many=True, allow_null=True, help_text="Its GPUs; null: they could not be asked.")
    is_here = serializers.BooleanField(help_text="False: it has not said a word for a while.")
    works_on = PieceSerializer(many=True)

    class Meta:
        model = Worker
        fields = [
            "name",
            "host",
            "pid",
            "queues",
            "cores",
            "memory_bytes",
            "free_bytes",
            "devices",
            "started_at",
            "seen_at",
            "is_here",
            "works_on",
        ]


class WorkQueueSerializer(serializers.Serializer[Any]):
    """A queue, how much waits in it, and how many workers serve it."""

    name = serializers.CharField()
    waiting = serializers.IntegerField()
    num_workers = serializers.IntegerField()


class CrewSerializer(serializers.Serializer[Any]):
    """Everybody who works for the service, on whatever machine."""

    workers = WorkerSerializer(many=True)
    queues = WorkQueueSerializer(many=True)


class WorkersView(APIView):
    """Who works for the service, on what, and with what left to take."""

    permission_classes = STAFF_ONLY

    @extend_schema(operation_id="workers_list", tags=["workers"], responses=CrewSerializer)
    def get(self, request: Request) -> Response:
        work, found = workers.work_of_each(person_of(request)), list(workers.workers())
        for worker in found:
            worker.works_on = work.get(worker.name, [])  # type: ignore[attr-defined]
        return Response(CrewSerializer({"workers": found, "queues": _served(found)}).data)


class WorkQueuesView(APIView):
    """How much waits in each queue, and whether anybody is there to take it; for everybody."""

    @extend_schema(operation_id="workers_queues", tags=["workers"], responses=WorkQueueSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(WorkQueueSerializer(_served(list(workers.workers())), many=True).data)


def _served(found: list[Worker]) -> list[dict[str, Any]]:
    """The queues, with how many of these workers serve each and are here."""
    return [
        {
            "name": queue.name,
            "waiting": queue.waiting,
            "num_workers": sum(worker.is_here and queue.name in worker.queues for worker in found),  # type: ignore[attr-defined]
        }
        for queue in workers.queues()
    ]
