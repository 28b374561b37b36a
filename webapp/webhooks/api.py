"""A lab's webhook, for its admins: its address, its secret, a test, and what became of the last news."""

from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Lab, Role
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import BROWSER_ONLY, find
from webapp.webhooks.models import MAX_URL_SIGNS, Delivery, Webhook
from webapp.webhooks.services import webhooks

FEW = 20


class WebhookSerializer(serializers.Serializer[Any]):
    """Where the lab's news are sent."""

    url = serializers.CharField(allow_null=True, help_text="Null: nowhere.")
    set_by = serializers.CharField(allow_null=True)
    set_at = serializers.DateTimeField(allow_null=True)
    allowed_hosts = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the service may send to; a name that begins with a dot stands for all below it, too.",
    )


class NewWebhookSerializer(WebhookSerializer):
    """The webhook as it was set."""

    secret = serializers.CharField(allow_null=True, help_text="Shown only now, with a lab's first address; else null.")


class WebhookAddressSerializer(serializers.Serializer[Any]):
    """Where the lab's news shall be sent."""

    url = serializers.CharField(max_length=MAX_URL_SIGNS)


class WebhookSecretSerializer(serializers.Serializer[Any]):
    """What signatures are made with: this is the only time it is shown."""

    secret = serializers.CharField()


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One piece of news, and what became of it."""

    state = serializers.ChoiceField(choices=Delivery.State.choices)
    # named, because the bounds of a field of the row depend on the database
    status = serializers.IntegerField(allow_null=True, help_text="What the last attempt was answered with.")

    class Meta:
        model = Delivery
        fields = [
            "id",
            "event",
            "subject",
            "body",
            "state",
            "attempts",
            "status",
            "answer",
            "created_at",
            "due_at",
            "ended_at",
        ]


DeliveryPage = page_of(DeliverySerializer, "DeliveryPage")


class WebhookView(APIView):
    """The address that a lab's news are sent to, signed."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="labs_webhook", tags=["labs"], responses=WebhookSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(WebhookSerializer(_told(_lab(request, pk))).data)

    @extend_schema(
        operation_id="labs_set_webhook",
        tags=["labs"],
        request=WebhookAddressSerializer,
        responses=NewWebhookSerializer,
    )
    def put(self, request: Request, pk: UUID) -> Response:
        lab = _lab(request, pk)
        given = WebhookAddressSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        _, secret = webhooks.set_webhook(lab, person_of(request), given.validated_data["url"])
        return Response(NewWebhookSerializer({**_told(lab), "secret": secret}).data)

    @extend_schema(operation_id="labs_remove_webhook", tags=["labs"], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        webhooks.remove_webhook(_lab(request, pk), person_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookSecretView(APIView):
    """Another secret, where somebody else may know the old one."""

    permission_classes = BROWSER_ONLY

    @extend_schema(
        operation_id="labs_change_webhook_secret",
        tags=["labs"],
        request=None,
        responses={201: WebhookSecretSerializer},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        secret = webhooks.change_secret(_lab(request, pk), person_of(request))
        return Response(WebhookSecretSerializer({"secret": secret}).data, status=status.HTTP_201_CREATED)


class WebhookTestView(APIView):
    """News that say nothing, to see whether they arrive."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="labs_test_webhook", tags=["labs"], request=None, responses={201: DeliverySerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        delivery = webhooks.send_test(_lab(request, pk), person_of(request))
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_201_CREATED)


class DeliveriesView(APIView):
    """What was sent to a lab's webhook, or waits to be, the newest first; kept for 30 days."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="labs_deliveries", tags=["labs"], responses=DeliveryPage, parameters=PAGING)
    def get(self, request: Request, pk: UUID) -> Response:
        rows = Delivery.objects.filter(webhook=_lab(request, pk).pk)
        return paginate(
            request,
            rows,
            ("-created_at", "-id"),
            lambda page: DeliverySerializer(page, many=True).data,
            default_limit=FEW,
        )


def _lab(request: Request, pk: UUID) -> Lab:
    """Raises: NotFoundError, ForbiddenError."""
    return find(Lab.objects.all(), person_of(request), Role.ADMIN, lab_path="", pk=pk)


def _told(lab: Lab) -> dict[str, Any]:
    webhook = Webhook.objects.select_related("set_by").filter(lab=lab).first()
    return {
        "url": webhook and webhook.url,
        "set_by": webhook and webhook.set_by and webhook.set_by.name,
        "set_at": webhook and webhook.set_at,
        "allowed_hosts": settings.WEBHOOK_HOSTS,
    }
