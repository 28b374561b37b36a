"""Addresses of the webhook of a lab."""

from django.urls import path

from webapp.webhooks import api

OF_LAB = "labs/<uuid:pk>/webhook/"
urlpatterns = [
    path(OF_LAB, api.WebhookView.as_view()),
    path(f"{OF_LAB}secret/", api.WebhookSecretView.as_view()),
    path(f"{OF_LAB}test/", api.WebhookTestView.as_view()),
    path(f"{OF_LAB}deliveries/", api.DeliveriesView.as_view()),
]
