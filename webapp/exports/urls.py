"""Addresses of exports."""

from django.urls import path

from webapp.exports import api

urlpatterns = [
    path("exports/", api.ExportsView.as_view()),
    path("exports/estimate/", api.ExportEstimateView.as_view()),
    path("exports/<uuid:pk>/", api.ExportView.as_view()),
    path("exports/<uuid:pk>/deletion/", api.ExportDeletionView.as_view()),
    path("exports/<uuid:pk>/download/", api.ExportDownloadView.as_view()),
]
