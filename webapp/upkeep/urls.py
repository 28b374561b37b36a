"""Addresses of upkeep."""

from django.urls import path

from webapp.upkeep import api

urlpatterns = [
    path("labs/<uuid:pk>/storage/", api.LabStorageView.as_view()),
    path("workers/", api.WorkersView.as_view()),
    path("workers/queues/", api.WorkQueuesView.as_view()),
]
