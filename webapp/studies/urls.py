"""Addresses of studies."""

from django.urls import path

from webapp.studies import api

urlpatterns = [
    path("studies/", api.StudiesView.as_view()),
    path("studies/validate/", api.ValidateStudyView.as_view()),
    path("studies/<uuid:pk>/", api.StudyView.as_view()),
    path("studies/<uuid:pk>/deletion/", api.StudyDeletionView.as_view()),
    path("studies/<uuid:pk>/stop/", api.StopStudyView.as_view()),
    path("studies/<uuid:pk>/resume/", api.ResumeStudyView.as_view()),
    path("studies/<uuid:pk>/cancel/", api.CancelStudyView.as_view()),
]
